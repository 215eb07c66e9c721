//! What the tests share: an embedded log in a folder of its own, the bundled capture, and
//! what the log holds in the end.
#![allow(dead_code)]

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use collectors::feed::{Feed, FeedTarget};
use dialects::Framed;
use event_log::dead_letters::DeadLetter;
use event_log::{EmbeddedLog, EventLog, topics};
use model::{Act, Dialect, Envelope, Instant, TOPIC_EVENTS};

/// The time of receipt in the tests: after the capture.
pub const NOW: Instant = Instant::from_secs(1_795_400_000);

pub fn now() -> Instant {
    NOW
}

/// A log with its topics; the folder lives as long as the first part.
pub async fn log() -> (tempfile::TempDir, Arc<dyn EventLog>) {
    let dir = tempfile::tempdir().expect("a folder");
    let log = EmbeddedLog::open(dir.path()).expect("a log");
    for spec in topics() {
        log.ensure_topic(&spec).await.expect("a topic");
    }
    (dir, Arc::new(log))
}

pub fn target(dialect: Dialect) -> FeedTarget {
    FeedTarget { switch: "pbx1".into(), center: "main".into(), dialect }
}

pub async fn feed(log: &Arc<dyn EventLog>, dialect: Dialect) -> Feed {
    let masker = dialects::registry::masker(&dialect).expect("a masker");
    Feed::open(log.clone(), target(dialect), masker).await.expect("a feed")
}

pub async fn live_feed(log: &Arc<dyn EventLog>, dialect: Dialect) -> Feed {
    let masker = dialects::registry::masker(&dialect).expect("a masker");
    Feed::open_live(log.clone(), target(dialect), masker).await.expect("a feed")
}

pub fn capture_path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../tests/data/asterisk-a").join(name)
}

pub fn capture(name: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    collectors::open::open(&capture_path(name)).and_then(|mut r| r.read_to_end(&mut bytes)).expect("the capture");
    bytes
}

pub fn frame(dialect: &Dialect, bytes: &[u8]) -> Vec<Framed> {
    let mut framer = dialects::registry::framer(dialect).expect("a framer");
    let mut out = Vec::new();
    framer.push(bytes, &mut out);
    framer.finish(&mut out);
    out
}

/// Every event of the log, by partition, in order.
pub async fn events(log: &dyn EventLog) -> Vec<Envelope> {
    let mut all = Vec::new();
    for partition in 0..log.partitions(TOPIC_EVENTS).await.expect("a topic") {
        let marks = log.watermarks(TOPIC_EVENTS, partition).await.expect("marks");
        let mut offset = marks.low;
        while offset < marks.high {
            let wait = Duration::from_secs(1);
            let records = log.read(TOPIC_EVENTS, partition, offset, 10_000, 16 << 20, wait).await.expect("records");
            offset = records.last().expect("a record below the high mark").offset + 1;
            all.extend(records.iter().map(|r| r.envelope().expect("a readable event")));
        }
    }
    all
}

pub async fn of(log: &dyn EventLog, dialect: Dialect) -> Vec<Envelope> {
    events(log).await.into_iter().filter(|e| e.dialect == dialect).collect()
}

pub async fn acts(log: &dyn EventLog) -> Vec<Act> {
    let acts = of(log, Dialect::Ringledger).await;
    acts.iter().map(|e| serde_json::from_slice(&e.data).expect("an act")).collect()
}

pub async fn letters(log: &dyn EventLog) -> Vec<DeadLetter> {
    event_log::dead_letters::list(log).await.expect("letters")
}

/// An event without what only the run tells: epoch and time of receipt.
pub type Told = (String, String, String, Instant, u64, String);

pub async fn told(log: &dyn EventLog) -> Vec<Told> {
    let plain = |e: Envelope| {
        let data = String::from_utf8(e.data.to_vec()).expect("JSON");
        (e.id.to_string(), e.source.to_string(), e.dialect.as_str().to_owned(), e.time, e.sequence, data)
    };
    events(log).await.into_iter().map(plain).collect()
}

/// Waits until `done` says so, at most a minute.
pub async fn until<F: Future<Output = bool>>(what: &str, mut done: impl FnMut() -> F) {
    for _ in 0..2_400 {
        if done().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("not within a minute: {what}");
}
