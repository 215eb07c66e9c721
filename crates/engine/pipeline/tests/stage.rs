//! The stage over a real log and real tables: whatever stops it, the rows end as if it had
//! run undisturbed.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use event_log::{EmbeddedLog, EventLog, NewRecord};
use model::{Dialect, Envelope, Instant, TOPIC_EVENTS};
use pipeline::facts_stage::{FactsConfig, FactsStage};
use pipeline::fold::PartitionFold;
use pipeline::limits::{Pace, READ_RECORDS};
use pipeline::snapshots::Snapshots;
use pipeline::switch_fold::FoldConfig;
use tables::{Filter, Lake, LakeConfig};

/// Calls, three rows of queue_log each.
const CALLS: usize = 3_500;
const BEGIN: i64 = 1_795_326_272;

fn row(sequence: usize, at: i64, call: i64, event: &str, data: &[&str]) -> NewRecord {
    let agent = if event == "ENTERQUEUE" { "NONE" } else { "Alice" };
    let mut text = serde_json::json!({
        "time": at.to_string(), "callid": format!("{}.{call}", BEGIN + call), "queue": "sales",
        "agent": agent, "event": event,
    });
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
    let mut out = Vec::new();
    for call in 0..CALLS as i64 {
        let at = BEGIN + call;
        let rows: [(i64, &str, &[&str]); 3] = [
            (0, "ENTERQUEUE", &["", "01632960123", "1"]),
            (3, "CONNECT", &["3", "x", "2"]),
            (9, "COMPLETECALLER", &["3", "6", "1"]),
        ];
        for (later, event, data) in rows {
            out.push(row(out.len() + 1, at + later, call, event, data));
        }
    }
    out
}

async fn log(root: &Path) -> Arc<dyn EventLog> {
    let log: Arc<dyn EventLog> = Arc::new(EmbeddedLog::open(&root.join("log")).unwrap());
    for topic in event_log::topics() {
        log.ensure_topic(&topic).await.unwrap();
    }
    log.append(TOPIC_EVENTS, calls()).await.unwrap();
    log
}

async fn lake(root: &Path) -> Arc<Lake> {
    let lake = Lake::open(LakeConfig::folder(root.join("lake"), "g1")).await.unwrap();
    lake.ensure_tables().await.unwrap();
    Arc::new(lake)
}

async fn stage(root: &Path, log: &Arc<dyn EventLog>) -> FactsStage {
    std::fs::create_dir_all(root.join("state")).unwrap();
    let store = object_store::local::LocalFileSystem::new_with_prefix(root.join("state")).unwrap();
    let fold = FoldConfig {
        late_horizon_ms: 86_400_000,
        force_figures: None,
        decoders: Arc::new(|d, s, c| dialects::registry::decoder(d, s, c)),
    };
    let config = FactsConfig { group: "g".into(), generation: "g1".into(), fold, publish: true };
    let snapshots = Snapshots::new(Arc::new(store), "facts", "g1");
    let mut stage = FactsStage::new(log.clone(), lake(root).await, snapshots, config);
    let partition = log.partition_of(TOPIC_EVENTS, b"pbx1").await.unwrap();
    stage.take(partition).await.unwrap();
    stage
}

async fn rows(root: &Path) -> Vec<String> {
    let lake = lake(root).await;
    let all = Filter::default();
    let mut out: Vec<String> = Vec::new();
    out.extend(lake.visits(&all).await.unwrap().iter().map(|r| format!("{r:?}")));
    out.extend(lake.legs(&all).await.unwrap().iter().map(|r| format!("{r:?}")));
    out.extend(lake.stretches(&all).await.unwrap().iter().map(|r| format!("{r:?}")));
    out.extend(lake.intervals(&all).await.unwrap().iter().map(|r| format!("{r:?}")));
    out.sort();
    out
}

#[tokio::test]
async fn stopped_anywhere_it_ends_as_undisturbed() {
    const { assert!(3 * CALLS > 2 * READ_RECORDS, "it is stopped between reads") };
    let (a, b, shared) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let log = log(shared.path()).await;
    let mut whole = stage(a.path(), &log).await;
    whole.run_until_idle(&|_| {}).await.unwrap();
    assert_eq!(whole.counts.records, 3 * CALLS as u64);

    // Dropped after a read: before its flush, behind it, behind a snapshot, and with a
    // snapshot that is ahead of the tables.
    for stop in 0..4 {
        let mut cut = stage(b.path(), &log).await;
        cut.step(Duration::ZERO).await.unwrap();
        match stop {
            1 => cut.flush().await.unwrap(),
            2 => cut.finish().await.unwrap(),
            3 => cut.snapshot_all().await.unwrap(),
            _ => {}
        }
    }
    let mut last = stage(b.path(), &log).await;
    last.run_until_idle(&|_| {}).await.unwrap();
    let (undisturbed, disturbed) = (rows(a.path()).await, rows(b.path()).await);
    assert!(undisturbed.len() >= 2 * CALLS, "{} rows", undisturbed.len());
    assert!(undisturbed == disturbed, "{} and {} rows", undisturbed.len(), disturbed.len());
}

#[tokio::test]
async fn two_owners_double_nothing() {
    let (a, b, shared) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let log = log(shared.path()).await;
    stage(a.path(), &log).await.run_until_idle(&|_| {}).await.unwrap();

    let mut one = stage(b.path(), &log).await;
    let mut other = stage(b.path(), &log).await;
    one.step(Duration::ZERO).await.unwrap();
    other.step(Duration::ZERO).await.unwrap();
    other.step(Duration::ZERO).await.unwrap();
    one.flush().await.unwrap();
    other.flush().await.unwrap();
    assert_eq!(other.counts.overtaken, 1, "it folds anew from where the tables stand");
    other.run_until_idle(&|_| {}).await.unwrap();
    one.run_until_idle(&|_| {}).await.unwrap();
    assert!(rows(a.path()).await == rows(b.path()).await);
}

#[tokio::test]
async fn a_kill_costs_no_more_than_the_time_between_two_snapshots() {
    let folder = tempfile::tempdir().unwrap();
    let log = log(folder.path()).await;
    let stands = |stage: &FactsStage| stage.folds().map(PartitionFold::next_offset).collect::<Vec<_>>();
    let mut killed = stage(folder.path(), &log).await;
    killed.step(Duration::ZERO).await.unwrap();
    killed.flush().await.unwrap();
    drop(killed);
    assert_eq!(stands(&stage(folder.path(), &log).await), [0], "five minutes have not passed");

    let pace = Pace { snapshot_ms: 0, ..Pace::default() };
    let mut killed = stage(folder.path(), &log).await.pacing(pace);
    killed.step(Duration::ZERO).await.unwrap();
    killed.flush().await.unwrap();
    let stood = stands(&killed);
    drop(killed);
    assert!(stood[0] > 0 && stands(&stage(folder.path(), &log).await) == stood, "{stood:?}");
}
