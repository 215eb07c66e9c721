//! The contract of `EventLog` as a suite of checks that every implementation passes.
//!
//! Contract: each check takes a log, makes its own topics (named after `Ground::name`),
//! leaves other topics alone, and panics with what was expected where the log falls
//! short. Tests call them; no product code does.

mod groups;
mod kill;
mod reading;

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use bytes::Bytes;

pub use groups::{leases_fence, memberships_and_offsets};
pub use kill::{acknowledge, verify_acknowledged};
pub use reading::{
    counts_are_remembered, events_are_opened_records, headers_and_large_records, many_partitions, order_and_resume,
    reading_while_writing, start_by_time, watermarks_and_range,
};

use crate::{EventLog, NewRecord, Record, TopicSpec};

static TOPICS: AtomicU32 = AtomicU32::new(0);

/// Runs every check that needs no outside help (no killing, no full disk).
///
/// # Panics
/// Where the log falls short of its contract.
pub async fn all(log: &dyn EventLog) {
    order_and_resume(log).await;
    events_are_opened_records(log).await;
    headers_and_large_records(log).await;
    watermarks_and_range(log).await;
    start_by_time(log).await;
    many_partitions(log).await;
    counts_are_remembered(log).await;
    reading_while_writing(log).await;
    memberships_and_offsets(log).await;
    leases_fence(log).await;
}

/// Makes a topic of this run's own.
pub(crate) async fn topic(log: &dyn EventLog, what: &str, partitions: i32) -> String {
    let n = TOPICS.fetch_add(1, Ordering::Relaxed);
    let name = format!("contract.{what}.{}.{n}", std::process::id());
    let spec = TopicSpec { name: name.clone(), partitions, settings: vec![("retention.ms".into(), "-1".into())] };
    log.ensure_topic(&spec).await.expect("a new topic is made");
    name
}

/// A record with a key and a value.
pub(crate) fn record(key: &str, value: impl Into<Bytes>) -> NewRecord {
    NewRecord {
        key: Bytes::copy_from_slice(key.as_bytes()),
        partition: None,
        timestamp_ms: None,
        headers: vec![("ce_id".into(), Bytes::from_static(b"1"))],
        value: value.into(),
    }
}

/// Reads a partition from `from` until `count` records came; panics where they do not
/// come within a minute.
pub async fn read_all(log: &dyn EventLog, topic: &str, partition: i32, from: i64, count: usize) -> Vec<Record> {
    let mut out: Vec<Record> = Vec::new();
    let until = std::time::Instant::now() + Duration::from_secs(60);
    while out.len() < count {
        assert!(std::time::Instant::now() < until, "{} of {count} records of {topic}/{partition} came", out.len());
        let next = out.last().map_or(from, |r| r.offset + 1);
        let wait = Duration::from_millis(500);
        out.extend(log.read(topic, partition, next, 1000, 1 << 20, wait).await.expect("a read"));
    }
    out
}
