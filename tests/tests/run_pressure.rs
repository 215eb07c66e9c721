//! Who is slow delays itself: a CRM that hangs stops no fold and no drain; a store that
//! hangs stops the reading, so that no more is held than the limits say.
#![cfg(feature = "real-parts")]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use event_log::{EmbeddedLog, EventLog, NewRecord};
use model::{Dialect, Envelope, Instant, TOPIC_EVENTS};
use pipeline::facts_stage::{FactsConfig, FactsStage};
use pipeline::limits::{FLUSH_ROWS, READ_RECORDS};
use pipeline::snapshots::Snapshots;
use pipeline::switch_fold::FoldConfig;
use pipeline::waits::Waits;
use tables::{Filter, Lake};
use tests::crm_records::values;
use tests::figures;
use tests::group;
use tests::kafka::Kafka;
use tests::rig::{self, Rig, until};
use tests::s3::S3;
use tests::switch::{Switch, capture};

const PATIENCE: Duration = Duration::from_secs(180);

#[tokio::test(flavor = "multi_thread")]
async fn a_crm_that_hangs_delays_only_itself() {
    let (kafka, s3, mut rig) = (Kafka::start(), S3::start("ringledger"), Rig::new());
    rig.use_keys_of(&s3);
    let (sandbox, crm) = rig.sandbox();
    let switch = Switch::start(&capture("ami-calls.raw.gz"));
    switch.hold_at(0.5);
    let parts = [
        rig::kafka(&kafka.brokers()),
        rig::stores(&s3, "shared"),
        rig::source("pbx1", switch.port()),
        rig::switch("pbx1", false),
        rig::salesforce(&crm),
        rig::http(&rig),
        rig::limits(),
    ];
    let pipeline = rig.pipeline("pressure", &parts);
    let mut running = rig.run("run", &pipeline, "data");
    let address = format!("http://{}", running.wait_for("listening on http://", PATIENCE));
    until("a first Task", PATIENCE, || async {
        if values(&crm, "Task", "PBX_Call_Key__c").await?.is_empty() { Err("none".to_owned()) } else { Ok(()) }
    })
    .await;
    sandbox.pause();
    switch.release();
    switch.wait_played(PATIENCE);
    let lake = figures::on_s3(&s3, "shared").await;
    let contacts = group::contacts_of_an_import(&rig).await;
    until("every contact in the tables", PATIENCE, || async {
        let keys = group::keys(&lake).await?;
        if keys.len() == contacts { Ok(()) } else { Err(format!("{} of {contacts}", keys.len())) }
    })
    .await;
    until("no lag", PATIENCE, || async {
        let lag = rig::metric(&address, "ringledger_lag_records").await?;
        if lag == 0.0 { Ok(()) } else { Err(lag.to_string()) }
    })
    .await;
    // A request hangs; the drain leaves it and is no failure for that.
    let status = running.terminate(rig::DRAINS);
    assert!(status.success(), "{status:?}\n{}", running.said());
    sandbox.resume();
    let mut again = rig.run("again", &pipeline, "data");
    group::tasks_of_contacts(&lake, &crm, contacts).await;
    assert!(again.terminate(rig::DRAINS).success(), "{}", again.said());
}

/// Calls, three rows of queue_log each, and each many rows of tables.
const CALLS: usize = 25_000;
const BEGIN: i64 = 1_795_326_272;

fn row(sequence: usize, at: i64, call: i64, (event, data): (&str, &[&str])) -> NewRecord {
    let agent = if event == "ENTERQUEUE" { "NONE" } else { "Alice" };
    let callid = format!("{}.{call}", BEGIN + call);
    let mut text = serde_json::json!({ "time": at.to_string(), "callid": callid, "queue": "sales", "agent": agent });
    text["event"] = event.into();
    text["data"] = data.into();
    let envelope = Envelope {
        id: format!("{sequence}").into(),
        source: "/switch/pbx1".into(),
        dialect: Dialect::AsteriskQueueLog,
        time: Instant::from_secs(at),
        received: Instant::from_secs(at),
        epoch: 1,
        sequence: sequence as u64,
        center: "main".into(),
        switch: "pbx1".into(),
        data: Bytes::from(text.to_string()),
    };
    NewRecord::event(&envelope)
}

fn calls() -> Vec<NewRecord> {
    let mut out = Vec::with_capacity(3 * CALLS);
    for call in 0..CALLS as i64 {
        let at = BEGIN + call;
        let rows: [(i64, (&str, &[&str])); 3] = [
            (0, ("ENTERQUEUE", &["", "01632960123", "1"])),
            (3, ("CONNECT", &["3", "x", "2"])),
            (9, ("COMPLETECALLER", &["3", "6", "1"])),
        ];
        for (later, what) in rows {
            out.push(row(out.len() + 1, at + later, call, what));
        }
    }
    out
}

async fn stage(root: &Path, lake: Lake, waits: &Waits) -> FactsStage {
    let log: Arc<dyn EventLog> = Arc::new(EmbeddedLog::open(&root.join("log")).expect("a log"));
    for topic in event_log::topics() {
        log.ensure_topic(&topic).await.expect("a topic");
    }
    log.append(TOPIC_EVENTS, calls()).await.expect("appended");
    std::fs::create_dir_all(root.join("state")).expect("a folder");
    let store = object_store::local::LocalFileSystem::new_with_prefix(root.join("state")).expect("a store");
    let fold = FoldConfig {
        late_horizon_ms: 86_400_000,
        force_figures: None,
        decoders: Arc::new(|d, s, c| dialects::registry::decoder(d, s, c)),
    };
    let config = FactsConfig { group: "g".into(), generation: figures::GENERATION.into(), fold, publish: true };
    let snapshots = Snapshots::new(Arc::new(store), "facts", figures::GENERATION);
    lake.ensure_tables().await.expect("tables");
    let partition = log.partition_of(TOPIC_EVENTS, b"pbx1").await.expect("a partition");
    let mut stage = FactsStage::new(log, Arc::new(lake), snapshots, config).telling(waits.clone());
    stage.take(partition).await.expect("taken");
    stage
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_hangs_stops_the_reading_and_no_more_is_held_than_stated() {
    let (s3, dir, waits) = (S3::start("pressure"), tempfile::tempdir().expect("a folder"), Waits::default());
    let lake = figures::on_s3(&s3, "slow").await;
    let mut stage = stage(dir.path(), lake.clone(), &waits).await;
    let (read, held) = (AtomicU64::new(0), AtomicUsize::new(0));
    s3.pause();
    let folding = async {
        while read.load(Ordering::SeqCst) < 3 * CALLS as u64 {
            let more = stage.step(Duration::ZERO).await.expect("reads");
            read.fetch_add(more as u64, Ordering::SeqCst);
            held.fetch_max(stage.waiting_rows(), Ordering::SeqCst);
        }
        stage.flush().await.expect("lands");
    };
    let looking = async {
        until("the tables are waited for", PATIENCE, || async {
            let told = waits.told();
            if told.iter().any(|(what, _)| what.starts_with("table ")) { Ok(()) } else { Err(format!("{told:?}")) }
        })
        .await;
        let before = read.load(Ordering::SeqCst);
        s3.resume();
        before
    };
    let ((), before) = tokio::join!(folding, looking);
    assert!(before < 3 * CALLS as u64, "it read all, whatever the store took");
    // A flush is begun with what one further read brings, at most.
    let most = FLUSH_ROWS + 20 * READ_RECORDS;
    let held = held.load(Ordering::SeqCst);
    assert!((FLUSH_ROWS / 2..most).contains(&held), "{held} rows were held back, {most} at most");
    assert_eq!(stage.waiting_rows(), 0);
    assert!(waits.told().is_empty(), "{:?}", waits.told());
    let visits = lake.visits(&Filter::default()).await.expect("visits");
    assert!(visits.len() == CALLS && visits.iter().all(|v| v.closed), "{} visits", visits.len());
}
