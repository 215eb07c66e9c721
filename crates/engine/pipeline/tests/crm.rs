//! The stage `crm` over a real log, with a CRM that fails as it is told.

mod common;
#[path = "common/fake.rs"]
mod fake;

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crm::MappingSettings;
use event_log::{EmbeddedLog, EventLog};
use fake::{Fake, Mood};
use model::facts::{Call, QueueInterval};
use model::{Act, Instant, Name, TOPIC_CALLS, TOPIC_EVENTS};
use pipeline::crm_stage::CrmStage;
use pipeline::publish;

fn call(n: usize) -> Call {
    common::abandoned(format!("{}.1", 1_795_326_271 + n), Some(format!("4420794600{n:02}").into()))
}

async fn log(folder: &Path) -> Arc<dyn EventLog> {
    let log: Arc<dyn EventLog> = Arc::new(EmbeddedLog::open(folder).unwrap());
    for topic in event_log::topics() {
        log.ensure_topic(&topic).await.unwrap();
    }
    log
}

fn stage(log: &Arc<dyn EventLog>, fake: &Arc<Fake>) -> CrmStage {
    CrmStage::new(log.clone(), fake.clone(), MappingSettings::default(), HashMap::new())
}

/// Everything that was told, in the order of the log.
async fn acts(log: &Arc<dyn EventLog>) -> Vec<Act> {
    let mut acts = Vec::new();
    for partition in 0..log.partitions(TOPIC_EVENTS).await.unwrap() {
        let records = log.read(TOPIC_EVENTS, partition, 0, 10_000, 8 << 20, Duration::ZERO).await.unwrap();
        acts.extend(records.iter().map(|r| serde_json::from_slice(&r.envelope().unwrap().data).unwrap()));
    }
    acts
}

#[tokio::test]
async fn a_crm_that_answers_no_question_is_not_asked_about_every_contact() {
    let folder = tempfile::tempdir().unwrap();
    let log = log(folder.path()).await;
    publish::calls(&*log, &(0..50).map(call).collect::<Vec<_>>()).await.unwrap();
    let fake = Fake::new(Mood::Mute);
    let mut stage = stage(&log, &fake);
    stage.round(true).await.unwrap();
    let asked = fake.asked.load(Ordering::SeqCst);
    assert!(asked < 10, "{asked} questions to a CRM that does not answer");
    assert_eq!((stage.counts.later, stage.waiting()), (50, 50), "nobody is forgotten");
    fake.turns(Mood::Works);
    while stage.round(true).await.unwrap() {}
    assert_eq!((stage.counts.written["Task"], stage.waiting()), (50, 0));
}

#[tokio::test]
async fn a_few_contacts_wait_for_more_and_a_full_batch_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let log = log(folder.path()).await;
    let mut stage = stage(&log, &Fake::new(Mood::Works));
    publish::calls(&*log, &[call(0)]).await.unwrap();
    stage.round(false).await.unwrap();
    assert_eq!(stage.counts.written["Task"], 1, "the first goes at once");
    publish::calls(&*log, &[call(1)]).await.unwrap();
    stage.round(false).await.unwrap();
    assert_eq!((stage.counts.written["Task"], stage.waiting()), (1, 1));
    publish::calls(&*log, &(2..300).map(call).collect::<Vec<_>>()).await.unwrap();
    stage.round(false).await.unwrap();
    assert_eq!((stage.counts.written["Task"], stage.waiting()), (300, 0));
}

#[tokio::test]
async fn one_contact_that_cannot_be_asked_about_holds_up_nobody_else() {
    let folder = tempfile::tempdir().unwrap();
    let log = log(folder.path()).await;
    publish::calls(&*log, &(0..20).map(call).collect::<Vec<_>>()).await.unwrap();
    let mut stage = stage(&log, &Fake::new(Mood::MuteAbout("442079460003")));
    stage.round(true).await.unwrap();
    assert_eq!((stage.counts.written["Task"], stage.waiting()), (19, 1));
    let committed = async |p| log.committed("ringledger-crm-fake", TOPIC_CALLS, p).await.unwrap().unwrap_or(0);
    let mut sum = 0;
    for partition in 0..log.partitions(TOPIC_CALLS).await.unwrap() {
        sum += committed(partition).await;
    }
    assert!(sum < 20, "the position waits for the one");
}

#[tokio::test]
async fn an_interval_that_was_parked_and_then_taken_is_told_as_written() {
    let folder = tempfile::tempdir().unwrap();
    let log = log(folder.path()).await;
    let start = Instant::from_secs(1_795_327_200);
    let end = start.plus_millis(900_000);
    let (center, switch, queue): (Name, Name, Name) = ("main".into(), "pbx1".into(), "sales".into());
    let part = QueueInterval {
        center,
        switch,
        queue,
        interval_start: start,
        interval_end: end,
        revision: 1,
        ..QueueInterval::default()
    };
    let fake = Fake::new(Mood::Refuses);
    stage(&log, &fake).intervals(std::slice::from_ref(&part)).await.unwrap();
    let parked = acts(&log).await;
    let Some(Act::CrmParked { call_id: key, .. }) = parked.first() else { panic!("{parked:?}") };
    // Another process goes on, once the CRM takes it.
    fake.turns(Mood::Works);
    let mut next = stage(&log, &fake);
    next.parked_before([key.to_string()]);
    next.intervals(std::slice::from_ref(&part)).await.unwrap();
    let told = acts(&log).await;
    assert!(matches!(&told[1..], [Act::CrmWritten { call_id, .. }] if call_id == key), "{told:?}");
    // One that never was parked is no news.
    stage(&log, &fake).intervals(&[part]).await.unwrap();
    assert_eq!(acts(&log).await.len(), 2);
}
