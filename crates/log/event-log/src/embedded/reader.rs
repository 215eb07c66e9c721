//! Reading the embedded log.
//!
//! Contract: sees only what is committed; a read holds at most one decoded chunk more
//! than it returns. The chunks read last are kept decoded, so that a reader that walks in
//! small steps decompresses each once.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use redb::{ReadOnlyTable, ReadTransaction, ReadableTable};

use super::{chunk, store};
use crate::{Record, Watermarks};

type Key = (u32, i32, i64);
/// Decoded chunks kept: readers of a process are few.
const KEPT: usize = 8;

/// Chunks that were read last.
#[derive(Default)]
pub struct Cache(Mutex<VecDeque<(Key, Vec<Record>)>>);

impl Cache {
    fn get(&self, key: Key, length: u32) -> Option<Vec<Record>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // A chunk rewritten by compaction has another length under the same key.
        kept.iter().find(|(k, r)| *k == key && r.len() == length as usize).map(|(_, r)| r.clone())
    }

    fn put(&self, key: Key, records: Vec<Record>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|(k, _)| *k != key);
        if kept.len() >= KEPT {
            kept.pop_front();
        }
        kept.push_back((key, records));
    }
}

/// What a read found.
pub enum Found {
    /// Records, or none yet.
    Records(Vec<Record>),
    /// The offset lies outside.
    Outside(Watermarks),
}

/// How much a read may return.
#[derive(Clone, Copy)]
pub struct Limit {
    /// Records at most.
    pub records: usize,
    /// Bytes, about; one record is always returned where there is one.
    pub bytes: usize,
}

/// Reads from `offset` on.
///
/// # Errors
/// The storage failed.
pub fn read(
    view: &ReadTransaction,
    cache: &Cache,
    topic: u32,
    partition: i32,
    offset: i64,
    limit: Limit,
) -> Result<Found, redb::Error> {
    let marks = watermarks(view, topic, partition)?;
    if offset < marks.low || offset > marks.high {
        return Ok(Found::Outside(marks));
    }
    let chunks = view.open_table(store::CHUNKS)?;
    let mut out = Vec::new();
    let mut bytes = 0;
    let first = base_before(&chunks, topic, partition, offset)?.unwrap_or(offset);
    for row in chunks.range((topic, partition, first)..(topic, partition, i64::MAX))? {
        let (key, value) = row?;
        for r in records(cache, key.value(), value.value())? {
            if r.offset < offset {
                continue;
            }
            let size = chunk::size_of(&r.key, &r.headers, &r.value);
            if out.len() >= limit.records || (!out.is_empty() && bytes + size > limit.bytes) {
                return Ok(Found::Records(out));
            }
            bytes += size;
            out.push(r);
        }
        if out.len() >= limit.records || (!out.is_empty() && bytes >= limit.bytes) {
            break;
        }
    }
    Ok(Found::Records(out))
}

fn records(cache: &Cache, key: Key, bytes: &[u8]) -> Result<Vec<Record>, redb::Error> {
    let head = chunk::head(bytes).map_err(corrupted)?;
    if let Some(kept) = cache.get(key, head.count) {
        return Ok(kept);
    }
    let records = chunk::decode(key.1, key.2, bytes).map_err(corrupted)?;
    cache.put(key, records.clone());
    Ok(records)
}

/// Watermarks of a partition.
///
/// # Errors
/// The storage failed.
pub fn watermarks(view: &ReadTransaction, topic: u32, partition: i32) -> Result<Watermarks, redb::Error> {
    Ok(store::partition_head(&view.open_table(store::HEADS)?, topic, partition)?.0)
}

/// First offset appended at or after `at_ms`; append times never go back, so the chunk is
/// found by halving.
///
/// # Errors
/// The storage failed.
pub fn offset_at(
    view: &ReadTransaction,
    cache: &Cache,
    topic: u32,
    partition: i32,
    at_ms: i64,
) -> Result<i64, redb::Error> {
    let marks = watermarks(view, topic, partition)?;
    let chunks = view.open_table(store::CHUNKS)?;
    // Invariant: everything before `from` is older; `to` and all after are not.
    let (mut from, mut to) = (marks.low, marks.high);
    while from < to {
        let middle = from + (to - from) / 2;
        let Some((base, bytes)) = chunk_at(&chunks, topic, partition, middle)? else {
            from = middle + 1;
            continue;
        };
        let head = chunk::head(bytes.value()).map_err(corrupted)?;
        if head.last_ms < at_ms {
            from = (base + i64::from(head.last_delta) + 1).max(middle + 1);
        } else if head.first_ms >= at_ms {
            to = base.min(middle);
        } else {
            let inside = records(cache, (topic, partition, base), bytes.value())?;
            return Ok(inside.iter().find(|r| r.timestamp_ms >= at_ms).map_or(marks.high, |r| r.offset));
        }
    }
    Ok(to)
}

type Table = ReadOnlyTable<(u32, i32, i64), &'static [u8]>;
/// A chunk's first offset and its bytes.
type Based<'a> = (i64, redb::AccessGuard<'a, &'static [u8]>);

fn base_before(chunks: &Table, topic: u32, partition: i32, offset: i64) -> Result<Option<i64>, redb::Error> {
    Ok(chunk_at(chunks, topic, partition, offset)?.map(|(base, _)| base))
}

/// The chunk that holds `offset`, or the last before it.
fn chunk_at(chunks: &Table, topic: u32, partition: i32, offset: i64) -> Result<Option<Based<'_>>, redb::Error> {
    let mut before = ReadableTable::range(chunks, (topic, partition, 0)..=(topic, partition, offset))?;
    let Some(row) = before.next_back() else { return Ok(None) };
    let (key, value) = row?;
    Ok(Some((key.value().2, value)))
}

fn corrupted(e: chunk::BadChunk) -> redb::Error {
    redb::Error::Corrupted(e.to_string())
}
