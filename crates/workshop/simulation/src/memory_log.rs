//! The log in memory: a stand-in that passes the contract suite where it applies (nothing
//! of it survives its process).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use event_log::{
    EventLog, Lease, LogError, Membership, NewRecord, Rebalance, Record, TopicSpec, Watermarks, partition_for,
};
use model::Instant;
use tokio::sync::Notify;

#[derive(Default)]
struct Inner {
    topics: BTreeMap<String, Vec<Vec<Record>>>,
    groups: BTreeMap<(String, String, i32), i64>,
    leases: BTreeMap<String, u64>,
}

/// The log; clones are the same.
#[derive(Clone, Default)]
pub struct MemoryLog {
    inner: Arc<Mutex<Inner>>,
    grown: Arc<Notify>,
}

fn unknown(topic: &str) -> LogError {
    LogError::Unknown(format!("there is no topic {topic}"))
}

impl Inner {
    fn topic(&self, topic: &str) -> Result<&Vec<Vec<Record>>, LogError> {
        self.topics.get(topic).ok_or_else(|| unknown(topic))
    }

    fn partition(&self, topic: &str, partition: i32) -> Result<&Vec<Record>, LogError> {
        let partitions = self.topic(topic)?;
        let index = usize::try_from(partition).ok();
        index.and_then(|i| partitions.get(i)).ok_or_else(|| {
            LogError::Unknown(format!("topic {topic} has the partitions 0..{}, not {partition}", partitions.len()))
        })
    }

    fn append(&mut self, topic: &str, batch: Vec<NewRecord>) -> Result<Vec<(i32, i64)>, LogError> {
        let now = pipeline::clock::now().millis();
        let partitions = self.topics.get_mut(topic).ok_or_else(|| unknown(topic))?;
        let count = i32::try_from(partitions.len()).unwrap_or(i32::MAX);
        let mut places = Vec::with_capacity(batch.len());
        for new in batch {
            let partition = new.partition.unwrap_or_else(|| partition_for(&new.key, count));
            let records = usize::try_from(partition).ok().and_then(|i| partitions.get_mut(i));
            let Some(records) = records else { return Err(unknown(&format!("{topic}/{partition}"))) };
            let last = records.last().map_or(i64::MIN, |r| r.timestamp_ms);
            let offset = i64::try_from(records.len()).unwrap_or(i64::MAX);
            records.push(Record {
                partition,
                offset,
                timestamp_ms: new.timestamp_ms.unwrap_or(now).max(last),
                key: new.key,
                headers: new.headers,
                value: new.value,
            });
            places.push((partition, offset));
        }
        Ok(places)
    }
}

impl MemoryLog {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All records of a topic, partition by partition.
    pub fn all(&self, topic: &str) -> Vec<Vec<Record>> {
        self.lock().topics.get(topic).cloned().unwrap_or_default()
    }

    fn append_as(&self, lease: Option<(&str, u64)>, topic: &str, batch: Vec<NewRecord>) -> Appended {
        let mut inner = self.lock();
        if let Some((source, epoch)) = lease
            && inner.leases.get(source) != Some(&epoch)
        {
            return Err(LogError::Fenced(source.to_owned()));
        }
        let places = inner.append(topic, batch)?;
        self.grown.notify_waiters();
        Ok(places)
    }

    fn read_now(&self, topic: &str, partition: i32, offset: i64, records: usize, bytes: usize) -> ReadNow {
        let inner = self.lock();
        let all = inner.partition(topic, partition)?;
        let high = i64::try_from(all.len()).unwrap_or(i64::MAX);
        let Some(from) = usize::try_from(offset).ok().filter(|_| offset <= high) else {
            return Err(LogError::OutOfRange { topic: topic.to_owned(), partition, offset, low: 0, high });
        };
        let mut size = 0;
        let fits = |r: &&Record| {
            let first = size == 0;
            size += 1 + r.key.len() + r.value.len();
            first || size <= bytes
        };
        Ok(all[from..].iter().take(records).take_while(fits).cloned().collect())
    }
}

type Appended = Result<Vec<(i32, i64)>, LogError>;
type ReadNow = Result<Vec<Record>, LogError>;

#[async_trait]
impl EventLog for MemoryLog {
    async fn ensure_topic(&self, spec: &TopicSpec) -> Result<(), LogError> {
        let mut inner = self.lock();
        let wanted = usize::try_from(spec.partitions).unwrap_or(0);
        let has = inner.topics.entry(spec.name.clone()).or_insert_with(|| vec![Vec::new(); wanted]).len();
        if has == wanted {
            return Ok(());
        }
        Err(LogError::Fatal(format!("topic {} has {has} partitions, {wanted} were asked for", spec.name)))
    }

    async fn partitions(&self, topic: &str) -> Result<i32, LogError> {
        Ok(i32::try_from(self.lock().topic(topic)?.len()).unwrap_or(i32::MAX))
    }

    async fn append(&self, topic: &str, batch: Vec<NewRecord>) -> Appended {
        self.append_as(None, topic, batch)
    }

    async fn read(
        &self,
        topic: &str,
        partition: i32,
        offset: i64,
        max_records: usize,
        max_bytes: usize,
        wait: Duration,
    ) -> ReadNow {
        let until = tokio::time::Instant::now() + wait;
        loop {
            let grown = self.grown.notified();
            let found = self.read_now(topic, partition, offset, max_records, max_bytes)?;
            if !found.is_empty() || wait.is_zero() || tokio::time::timeout_at(until, grown).await.is_err() {
                return Ok(found);
            }
        }
    }

    async fn watermarks(&self, topic: &str, partition: i32) -> Result<Watermarks, LogError> {
        let inner = self.lock();
        let high = i64::try_from(inner.partition(topic, partition)?.len()).unwrap_or(i64::MAX);
        Ok(Watermarks { low: 0, high })
    }

    async fn offset_at(&self, topic: &str, partition: i32, at: Instant) -> Result<i64, LogError> {
        let inner = self.lock();
        let before = |r: &Record| Instant::from_millis(r.timestamp_ms) < at;
        Ok(i64::try_from(inner.partition(topic, partition)?.partition_point(before)).unwrap_or(i64::MAX))
    }

    async fn commit(&self, group: &str, topic: &str, partition: i32, next_offset: i64) -> Result<(), LogError> {
        self.lock().groups.insert((group.to_owned(), topic.to_owned(), partition), next_offset);
        Ok(())
    }

    async fn committed(&self, group: &str, topic: &str, partition: i32) -> Result<Option<i64>, LogError> {
        Ok(self.lock().groups.get(&(group.to_owned(), topic.to_owned(), partition)).copied())
    }

    async fn join(&self, _group: &str, topic: &str) -> Result<Box<dyn Membership>, LogError> {
        Ok(Box::new(Alone(Some((0..self.partitions(topic).await?).collect()))))
    }

    async fn lease(&self, source: &str) -> Result<Box<dyn Lease>, LogError> {
        let mut inner = self.lock();
        let epoch = inner.leases.entry(source.to_owned()).or_insert(0);
        *epoch += 1;
        Ok(Box::new(MemoryLease { log: self.clone(), source: source.to_owned(), epoch: *epoch }))
    }
}

/// The membership of the only member: everything, once. (A simulation moves partitions
/// itself.)
struct Alone(Option<Vec<i32>>);

#[async_trait]
impl Membership for Alone {
    async fn changed(&mut self) -> Result<Rebalance, LogError> {
        match self.0.take() {
            Some(all) => Ok(Rebalance::Assigned(all)),
            None => std::future::pending().await,
        }
    }
}

struct MemoryLease {
    log: MemoryLog,
    source: String,
    epoch: u64,
}

#[async_trait]
impl Lease for MemoryLease {
    fn epoch(&self) -> u64 {
        self.epoch
    }

    async fn append(&self, topic: &str, batch: Vec<NewRecord>) -> Appended {
        self.log.append_as(Some((&self.source, self.epoch)), topic, batch)
    }
}
