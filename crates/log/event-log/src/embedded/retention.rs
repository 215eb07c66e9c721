//! What may be dropped: records past `retention.ms`, and older records of a key where
//! `cleanup.policy` is `compact`.
//!
//! Contract: `cti.events` is never touched, whatever its settings say. Only whole chunks
//! are dropped by time, from the low end. Compaction keeps the newest record of each key,
//! its offset unchanged.

use std::collections::HashMap;

use bytes::Bytes;
use redb::{ReadableTable, Table};

use super::chunk;
use super::store::{self, Topic};
use crate::Record;

type Heads<'t> = Table<'t, (u32, i32), (i64, i64, i64)>;
type Chunks<'t> = Table<'t, (u32, i32, i64), &'static [u8]>;

/// Drops what may be dropped as of `now_ms`; returns how many records went.
///
/// # Errors
/// The storage failed.
pub fn trim(
    topics: &impl ReadableTable<&'static str, &'static [u8]>,
    heads: &mut Heads<'_>,
    chunks: &mut Chunks<'_>,
    now_ms: i64,
) -> Result<u64, redb::Error> {
    let mut names = Vec::new();
    for row in topics.iter()? {
        names.push(row?.0.value().to_owned());
    }
    let mut dropped = 0;
    for name in names.iter().filter(|n| *n != model::TOPIC_EVENTS) {
        let Some(topic) = store::topic(topics, name)? else { continue };
        for partition in 0..topic.partitions {
            if topic.setting("cleanup.policy").is_some_and(|p| p.contains("compact")) {
                dropped += compact(heads, chunks, topic.id, partition)?;
            } else if let Some(before) = horizon(&topic, now_ms) {
                dropped += expire(heads, chunks, topic.id, partition, before)?;
            }
        }
    }
    Ok(dropped)
}

fn horizon(topic: &Topic, now_ms: i64) -> Option<i64> {
    let kept_ms: i64 = topic.setting("retention.ms")?.parse().ok()?;
    (kept_ms >= 0).then(|| now_ms.saturating_sub(kept_ms))
}

fn expire(
    heads: &mut Heads<'_>,
    chunks: &mut Chunks<'_>,
    topic: u32,
    partition: i32,
    before: i64,
) -> Result<u64, redb::Error> {
    let (marks, last_ms) = store::partition_head(heads, topic, partition)?;
    let mut old = Vec::new();
    let mut low = marks.low;
    let mut dropped = 0;
    for row in chunks.range((topic, partition, 0)..(topic, partition, i64::MAX))? {
        let (key, value) = row?;
        let head = chunk::head(value.value()).map_err(corrupted)?;
        if head.last_ms >= before {
            break;
        }
        let base = key.value().2;
        old.push(base);
        low = base + i64::from(head.last_delta) + 1;
        dropped += u64::from(head.count);
    }
    for base in old {
        chunks.remove((topic, partition, base))?;
    }
    if dropped > 0 {
        heads.insert((topic, partition), (low, marks.high, last_ms))?;
    }
    Ok(dropped)
}

/// Rewrites a partition with only the newest record of each key. Keys of compacted topics
/// are few (a queue of a switch), so the newest of all fit in memory.
fn compact(heads: &Heads<'_>, chunks: &mut Chunks<'_>, topic: u32, partition: i32) -> Result<u64, redb::Error> {
    let (marks, _) = store::partition_head(heads, topic, partition)?;
    let mut newest: HashMap<Bytes, Record> = HashMap::new();
    let (mut bases, mut total) = (Vec::new(), 0_u64);
    for row in chunks.range((topic, partition, marks.low)..(topic, partition, i64::MAX))? {
        let (key, value) = row?;
        let base = key.value().2;
        bases.push(base);
        for r in chunk::decode(partition, base, value.value()).map_err(corrupted)? {
            total += 1;
            // Own copies: a record's buffer is that of its whole chunk.
            newest.insert(Bytes::copy_from_slice(&r.key), Record { value: Bytes::copy_from_slice(&r.value), ..r });
        }
    }
    let dropped = total - newest.len() as u64;
    // Rewriting costs as much as it keeps: wait until half would go.
    if dropped * 2 < total || dropped == 0 {
        return Ok(0);
    }
    for base in bases {
        chunks.remove((topic, partition, base))?;
    }
    let mut kept: Vec<Record> = newest.into_values().collect();
    kept.sort_by_key(|r| r.offset);
    for run in kept.chunks(64) {
        let (Some(first), Some(bytes)) = (run.first(), chunk::encode(run)) else { continue };
        chunks.insert((topic, partition, first.offset), bytes.as_slice())?;
    }
    Ok(dropped)
}

fn corrupted(e: chunk::BadChunk) -> redb::Error {
    redb::Error::Corrupted(e.to_string())
}
