//! The log on Apache Kafka, through librdkafka.
//!
//! Contract: that of `EventLog`. Plain appends share one idempotent producer; leased ones
//! are transactions of the lease's own. Readers see what is committed. Offsets have gaps
//! where transactions ended; `Watermarks::high` is the offset after the last record, so
//! that a reader who has read everything stands at `high`.

#[cfg(feature = "bench")]
pub mod bare;
mod client;
mod copy_out;
mod ends;
mod fetcher;
mod group;
mod lane;
mod lease;
mod open_out;
mod producer;
mod topics;
mod trouble;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use model::Instant;
use rdkafka::consumer::Consumer;
use rdkafka::{Offset, TopicPartitionList};

pub use self::client::KafkaConfig;
use self::client::{ASK_WITHIN, Clients};
use self::copy_out::{CopyOut, Take};
use self::fetcher::{Fetcher, Outcome, Want};
use self::group::Groups;
use self::lane::Reader;
use self::open_out::OpenOut;
use self::producer::Shared;
use crate::{EventLog, Lease, LogError, Membership, NewRecord, Opened, Record, TopicSpec, Watermarks};

/// Readers of one partition at different places before they must share.
const READERS: usize = 8;
/// The log on Kafka. Cheap to clone.
#[derive(Clone)]
pub struct KafkaLog {
    inner: Arc<Inner>,
}

struct Inner {
    clients: Clients,
    producer: Shared,
    fetcher: Fetcher,
    /// Looks for the last record, apart from readers so that none is moved.
    prober: Fetcher,
    groups: Groups,
    counts: Mutex<HashMap<String, i32>>,
    /// By partition: a broker's high watermark, and the end of the records below it.
    ends: Mutex<HashMap<(String, i32), (i64, i64)>>,
}

/// Runs blocking work off the runtime's threads.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, LogError> + Send + 'static,
) -> Result<T, LogError> {
    tokio::task::spawn_blocking(work).await.map_err(|e| LogError::Fatal(format!("work on Kafka failed: {e}")))?
}

impl KafkaLog {
    /// Connects, and returns when a broker has answered.
    ///
    /// # Errors
    /// `Denied` (wrong password, certificate or protocol; says which broker), `Transient`
    /// where none answers within 20 s, `Fatal` for settings that are refused.
    pub async fn connect(config: &KafkaConfig) -> Result<Self, LogError> {
        let clients = Clients::new(config)?;
        blocking(move || {
            let fetcher = Fetcher::new(clients.clone(), READERS, "100")?;
            let prober = Fetcher::new(clients.clone(), 1, "5")?;
            topics::reach(&clients, &prober.consumer())?;
            let inner = Inner {
                producer: Shared::new(clients.clone()),
                prober,
                groups: Groups::new(clients.clone()),
                fetcher,
                clients,
                counts: Mutex::default(),
                ends: Mutex::default(),
            };
            Ok(Self { inner: Arc::new(inner) })
        })
        .await
    }

    /// Whether readers see the record at `offset`, which this process has committed; blocks.
    fn is_visible(&self, topic: &str, partition: i32, offset: i64) -> bool {
        let inner = &self.inner;
        let Ok((_, high)) = inner.asker().fetch_watermarks(topic, partition, ASK_WITHIN) else {
            return false;
        };
        if high == offset + 2 {
            // Our own mark and nothing else: `end` need not look for the last record.
            let mut ends = inner.ends.lock().unwrap_or_else(PoisonError::into_inner);
            ends.insert((topic.to_owned(), partition), (high, offset + 1));
        }
        high > offset
    }

    async fn check(&self, topic: &str, partition: i32) -> Result<(), LogError> {
        let count = self.partitions(topic).await?;
        crate::check_partition(topic, count, partition)
    }

    async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Inner) -> Result<T, LogError> + Send + 'static,
    ) -> Result<T, LogError> {
        let inner = self.inner.clone();
        blocking(move || work(&inner)).await
    }
}

impl Inner {
    /// Who is asked about topics, watermarks and times. Not a consumer that reads: a broker
    /// answers one connection in order, so a question would stand behind a fetch that the
    /// broker keeps until there is something.
    fn asker(&self) -> Arc<Reader> {
        self.prober.consumer()
    }

    fn watermarks(&self, topic: &str, partition: i32) -> Result<Watermarks, LogError> {
        let what = format!("asking how far {topic}/{partition} goes");
        let consumer = self.asker();
        let (low, high) = self.clients.insist(&what, || consumer.fetch_watermarks(topic, partition, ASK_WITHIN))?;
        Ok(Watermarks { low, high: self.end(topic, partition, low, high)? })
    }

    fn read<T: Take>(&self, topic: &str, partition: i32, offset: i64, want: Want) -> Result<Vec<T::Out>, LogError> {
        let outside = |w: Watermarks| {
            let topic = topic.to_owned();
            Err(LogError::OutOfRange { topic, partition, offset, low: w.low, high: w.high })
        };
        if offset < 0 {
            return outside(self.watermarks(topic, partition)?);
        }
        match self.fetcher.read::<T>(topic, partition, offset, want)? {
            Outcome::Records(records, _) => Ok(records),
            Outcome::Outside => outside(self.watermarks(topic, partition)?),
        }
    }

    fn offset_at(&self, topic: &str, partition: i32, at: Instant) -> Result<i64, LogError> {
        let what = format!("asking for {topic}/{partition} at {at}");
        // Rounded up: an append at 12:00:00.000 is before 12:00:00.000001.
        let at_ms = at.0.div_euclid(1000) + i64::from(at.0.rem_euclid(1000) != 0);
        let marks = self.watermarks(topic, partition)?;
        let consumer = self.asker();
        let told = self.clients.insist(&what, || {
            let mut list = TopicPartitionList::new();
            list.add_partition_offset(topic, partition, Offset::Offset(at_ms.max(0)))?;
            let told = consumer.offsets_for_times(list, ASK_WITHIN)?;
            told.elements_for_topic(topic).iter().try_for_each(|p| p.error())?;
            Ok(told)
        })?;
        Ok(match told.find_partition(topic, partition).map(|p| p.offset()) {
            Some(Offset::Offset(n)) => n.min(marks.high),
            _ => marks.high,
        })
    }
}

#[async_trait]
impl EventLog for KafkaLog {
    async fn ensure_topic(&self, spec: &TopicSpec) -> Result<(), LogError> {
        topics::ensure(&self.inner.clients, &self.inner.asker(), spec).await
    }

    async fn partitions(&self, topic: &str) -> Result<i32, LogError> {
        if let Some(n) = self.inner.counts.lock().unwrap_or_else(PoisonError::into_inner).get(topic) {
            return Ok(*n);
        }
        let name = topic.to_owned();
        let count = self
            .with(move |inner| topics::count(&inner.clients, &inner.asker(), &name))
            .await?
            .ok_or_else(|| LogError::Unknown(format!("there is no topic {topic} on this Kafka")))?;
        self.inner.counts.lock().unwrap_or_else(PoisonError::into_inner).insert(topic.to_owned(), count);
        Ok(count)
    }

    async fn append(&self, topic: &str, batch: Vec<NewRecord>) -> Result<Vec<(i32, i64)>, LogError> {
        let partitions = self.partitions(topic).await?;
        self.inner.producer.append(topic, partitions, batch).await
    }

    async fn read(
        &self,
        topic: &str,
        partition: i32,
        offset: i64,
        max_records: usize,
        max_bytes: usize,
        wait: Duration,
    ) -> Result<Vec<Record>, LogError> {
        self.check(topic, partition).await?;
        let topic = topic.to_owned();
        let want = Want { records: max_records, bytes: max_bytes, wait, to_end: false };
        self.with(move |inner| inner.read::<CopyOut>(&topic, partition, offset, want)).await
    }

    async fn read_events(
        &self,
        topic: &str,
        partition: i32,
        offset: i64,
        max_records: usize,
        max_bytes: usize,
        wait: Duration,
    ) -> Result<Vec<Opened>, LogError> {
        self.check(topic, partition).await?;
        let topic = topic.to_owned();
        let want = Want { records: max_records, bytes: max_bytes, wait, to_end: false };
        self.with(move |inner| inner.read::<OpenOut>(&topic, partition, offset, want)).await
    }

    async fn watermarks(&self, topic: &str, partition: i32) -> Result<Watermarks, LogError> {
        self.check(topic, partition).await?;
        let topic = topic.to_owned();
        self.with(move |inner| inner.watermarks(&topic, partition)).await
    }

    async fn offset_at(&self, topic: &str, partition: i32, at: Instant) -> Result<i64, LogError> {
        self.check(topic, partition).await?;
        let topic = topic.to_owned();
        self.with(move |inner| inner.offset_at(&topic, partition, at)).await
    }

    async fn commit(&self, group: &str, topic: &str, partition: i32, next_offset: i64) -> Result<(), LogError> {
        let (group, topic) = (group.to_owned(), topic.to_owned());
        self.with(move |inner| inner.groups.commit(&group, &topic, partition, next_offset)).await
    }

    async fn committed(&self, group: &str, topic: &str, partition: i32) -> Result<Option<i64>, LogError> {
        let (group, topic) = (group.to_owned(), topic.to_owned());
        self.with(move |inner| inner.groups.committed(&group, &topic, partition)).await
    }

    async fn join(&self, group: &str, topic: &str) -> Result<Box<dyn Membership>, LogError> {
        self.partitions(topic).await?;
        let (group, topic) = (group.to_owned(), topic.to_owned());
        let member = self.with(move |inner| inner.groups.join(&group, &topic)).await?;
        Ok(Box::new(member))
    }

    async fn lease(&self, source: &str) -> Result<Box<dyn Lease>, LogError> {
        Ok(Box::new(lease::take(self, &self.inner.clients, source).await?))
    }
}
