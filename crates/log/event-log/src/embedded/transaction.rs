//! What one commit of the log does.
//!
//! Contract: the requests of a group are done in order, in one transaction. A request
//! that is refused changes nothing; an error of the storage undoes the group.

use std::collections::BTreeMap;

use redb::{Database, ReadableTable, Table};

use super::store::{self, Topic};
use super::writer::{Done, Wish};
use super::{chunk, retention};
use crate::{LogError, NewRecord, Record, TopicSpec, partition_for};

type Answer = Result<Done, LogError>;

/// The largest record taken, bytes.
const MAX_RECORD: usize = 64 * 1024 * 1024;

/// Does the wishes and commits.
///
/// # Errors
/// The storage failed: nothing was kept.
pub fn run(db: &Database, wishes: Vec<Wish>) -> Result<Vec<Answer>, redb::Error> {
    let txn = db.begin_write()?;
    let mut answers = Vec::with_capacity(wishes.len());
    {
        let mut work = Work {
            topics: txn.open_table(store::TOPICS)?,
            heads: txn.open_table(store::HEADS)?,
            chunks: txn.open_table(store::CHUNKS)?,
            groups: txn.open_table(store::GROUPS)?,
            leases: txn.open_table(store::LEASES)?,
            known: BTreeMap::new(),
            parts: BTreeMap::new(),
        };
        for wish in wishes {
            answers.push(work.one(wish)?);
        }
        work.close_all()?;
    }
    txn.commit()?;
    Ok(answers)
}

/// A partition that this group appends to.
struct Part {
    low: i64,
    high: i64,
    last_ms: i64,
    open: Vec<Record>,
    bytes: usize,
}

struct Work<'t> {
    topics: Table<'t, &'static str, &'static [u8]>,
    heads: Table<'t, (u32, i32), (i64, i64, i64)>,
    chunks: Table<'t, (u32, i32, i64), &'static [u8]>,
    groups: Table<'t, (&'static str, u32, i32), i64>,
    leases: Table<'t, &'static str, u64>,
    known: BTreeMap<String, Topic>,
    parts: BTreeMap<(u32, i32), Part>,
}

impl Work<'_> {
    fn one(&mut self, wish: Wish) -> Result<Answer, redb::Error> {
        match wish {
            Wish::Topic(spec) => self.make_topic(spec),
            Wish::Append { topic, lease, batch } => self.append(&topic, lease, batch),
            Wish::Offset { group, topic, partition, next } => {
                let t = match self.topic(&topic)? {
                    Ok(t) => t,
                    Err(e) => return Ok(Err(e)),
                };
                self.groups.insert((group.as_str(), t.id, partition), next)?;
                Ok(Ok(Done::Nothing))
            }
            Wish::Lease(source) => {
                let epoch = self.leases.get(source.as_str())?.map_or(0, |v| v.value()) + 1;
                self.leases.insert(source.as_str(), epoch)?;
                Ok(Ok(Done::Number(epoch)))
            }
            Wish::Trim(now_ms) => {
                self.close_all()?;
                retention::trim(&self.topics, &mut self.heads, &mut self.chunks, now_ms).map(|n| Ok(Done::Number(n)))
            }
        }
    }

    fn topic(&mut self, name: &str) -> Result<Result<Topic, LogError>, redb::Error> {
        if let Some(t) = self.known.get(name) {
            return Ok(Ok(t.clone()));
        }
        let Some(t) = store::topic(&self.topics, name)? else { return Ok(Err(super::no_topic(name))) };
        self.known.insert(name.to_owned(), t.clone());
        Ok(Ok(t))
    }

    fn make_topic(&mut self, spec: TopicSpec) -> Result<Answer, redb::Error> {
        if let Ok(t) = self.topic(&spec.name)? {
            return Ok(super::check_count(&t, &spec).map(|()| Done::Nothing));
        }
        if spec.partitions < 1 {
            return Ok(Err(LogError::Fatal(format!("topic {} needs at least one partition", spec.name))));
        }
        use redb::ReadableTableMetadata as _;
        let id = u32::try_from(self.topics.len()?).unwrap_or(u32::MAX);
        let topic = Topic { id, name: spec.name.clone(), partitions: spec.partitions, settings: spec.settings };
        let text = serde_json::to_vec(&topic).map_err(|e| redb::Error::Corrupted(e.to_string()))?;
        self.topics.insert(spec.name.as_str(), text.as_slice())?;
        Ok(Ok(Done::Nothing))
    }

    fn append(
        &mut self,
        name: &str,
        lease: Option<(String, u64)>,
        batch: Vec<NewRecord>,
    ) -> Result<Answer, redb::Error> {
        if let Some((source, epoch)) = lease
            && self.leases.get(source.as_str())?.map(|v| v.value()) != Some(epoch)
        {
            return Ok(Err(LogError::Fenced(source)));
        }
        let topic = match self.topic(name)? {
            Ok(t) => t,
            Err(e) => return Ok(Err(e)),
        };
        if let Some(e) = batch.iter().find_map(|r| refuse(&topic, r)) {
            return Ok(Err(e));
        }
        let now = crate::now_ms();
        let mut places = Vec::with_capacity(batch.len());
        for r in batch {
            let partition = r.partition.unwrap_or_else(|| partition_for(&r.key, topic.partitions));
            places.push((partition, self.put(topic.id, partition, r, now)?));
        }
        Ok(Ok(Done::Appended(places)))
    }

    fn put(&mut self, topic: u32, partition: i32, r: NewRecord, now: i64) -> Result<i64, redb::Error> {
        let size = chunk::size_of(&r.key, &r.headers, &r.value);
        if self.parts.get(&(topic, partition)).is_some_and(|p| p.bytes + size > chunk::TARGET_BYTES) {
            self.close(topic, partition)?;
        }
        if !self.parts.contains_key(&(topic, partition)) {
            let (w, last_ms) = store::partition_head(&self.heads, topic, partition)?;
            let part = Part { low: w.low, high: w.high, last_ms, open: Vec::new(), bytes: 0 };
            self.parts.insert((topic, partition), part);
        }
        let Some(part) = self.parts.get_mut(&(topic, partition)) else {
            return Err(redb::Error::Corrupted("a partition was lost in memory".into()));
        };
        // Append times never go back, so that a start by time can be searched for.
        let timestamp_ms = r.timestamp_ms.unwrap_or(now).max(part.last_ms);
        let offset = part.high;
        part.high += 1;
        part.last_ms = timestamp_ms;
        part.bytes += size;
        part.open.push(Record { partition, offset, timestamp_ms, key: r.key, headers: r.headers, value: r.value });
        Ok(offset)
    }

    /// Writes the open chunk of a partition.
    fn close(&mut self, topic: u32, partition: i32) -> Result<(), redb::Error> {
        let Some(part) = self.parts.get_mut(&(topic, partition)) else { return Ok(()) };
        let records = std::mem::take(&mut part.open);
        part.bytes = 0;
        let Some(first) = records.first() else { return Ok(()) };
        let bytes = chunk::encode(&records).ok_or_else(|| redb::Error::Corrupted("a chunk is too large".into()))?;
        self.chunks.insert((topic, partition, first.offset), bytes.as_slice())?;
        self.heads.insert((topic, partition), (part.low, part.high, part.last_ms))?;
        Ok(())
    }

    fn close_all(&mut self) -> Result<(), redb::Error> {
        for (topic, partition) in self.parts.keys().copied().collect::<Vec<_>>() {
            self.close(topic, partition)?;
        }
        self.parts.clear();
        Ok(())
    }
}

fn refuse(topic: &Topic, r: &NewRecord) -> Option<LogError> {
    let size = chunk::size_of(&r.key, &r.headers, &r.value);
    if size > MAX_RECORD || r.headers.len() > usize::from(u16::MAX) {
        return Some(LogError::Fatal(format!(
            "a record of {size} bytes and {} headers is too large for the log ({MAX_RECORD} bytes, {} headers)",
            r.headers.len(),
            u16::MAX
        )));
    }
    r.partition.and_then(|p| crate::check_partition(&topic.name, topic.partitions, p).err())
}
