//! The log: the one source of truth. Append, read, offsets, dead letters.
//!
//! Contract (both implementations pass the suite in `contract`):
//! - Order: records of one partition are read in the order in which they were appended;
//!   offsets grow, and are never used twice.
//! - Durability: `append` returns after the records survive `kill -9` (embedded) or are
//!   acknowledged by all in-sync replicas (Kafka). Nothing acknowledged is lost.
//! - Duplicates: `append` may be retried by its caller only where the error says that
//!   nothing landed or that it is unknown; readers drop repeats by source, epoch and
//!   sequence.
//! - Memory: a read returns at most what was asked for, but at least one record where
//!   there is one.

pub mod contract;
pub mod copy;
pub mod dead_letters;
mod embedded;
mod events;
mod kafka;
mod topics;

use async_trait::async_trait;
use bytes::Bytes;
pub use events::Opened;
use model::{Instant, Name};
pub use topics::{PARTITIONS, TOPIC_LEASES, topics};

pub use embedded::EmbeddedLog;
#[cfg(feature = "bench")]
pub use kafka::bare as bench;
pub use kafka::{KafkaConfig, KafkaLog};

/// A header: key and raw value. (A key of up to 23 bytes, as all of CloudEvents are, costs
/// no allocation.)
pub type Header = (Name, Bytes);

/// A record to append.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRecord {
    /// The ordering unit; its hash chooses the partition where none is given.
    pub key: Bytes,
    /// The partition, where the caller chose it (`log copy`).
    pub partition: Option<i32>,
    /// Append time to keep (`log copy`); `None`: now.
    pub timestamp_ms: Option<i64>,
    /// Headers, in order.
    pub headers: Vec<Header>,
    /// The value.
    pub value: Bytes,
}

/// A record as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its partition.
    pub partition: i32,
    /// Its offset.
    pub offset: i64,
    /// When it was appended, milliseconds since the epoch.
    pub timestamp_ms: i64,
    /// Its key.
    pub key: Bytes,
    /// Its headers.
    pub headers: Vec<Header>,
    /// Its value.
    pub value: Bytes,
}

/// Where a partition begins and ends: `low` is the first offset kept, `high` the next to
/// be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Watermarks {
    /// First offset kept.
    pub low: i64,
    /// Offset that the next record gets.
    pub high: i64,
}

/// How a topic is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicSpec {
    /// Its name.
    pub name: String,
    /// Its partition count: refused where the topic has another.
    pub partitions: i32,
    /// Topic settings by their Kafka names (`retention.ms`, `cleanup.policy`).
    pub settings: Vec<(String, String)>,
}

/// What can go wrong, and what the caller can do.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// No such topic or partition.
    #[error("{0}")]
    Unknown(String),
    /// An offset outside the watermarks.
    #[error(
        "offset {offset} of {topic}/{partition} is outside the log, which holds {low}..{high}; \
             records before {low} are gone, or this is another log"
    )]
    OutOfRange {
        /// Topic.
        topic: String,
        /// Partition.
        partition: i32,
        /// Asked for.
        offset: i64,
        /// First kept.
        low: i64,
        /// Next to be written.
        high: i64,
    },
    /// The disk is full: nothing of this batch was kept; free space and try again.
    #[error(
        "the disk of the log at {path} is full: free space and start again; nothing of this batch was kept ({cause})"
    )]
    DiskFull {
        /// Where.
        path: String,
        /// What the system said.
        cause: String,
    },
    /// Another process holds the log.
    #[error(
        "the data directory {0} is in use by another ringledger process; stop it, or choose another with --data-dir"
    )]
    InUse(String),
    /// Refused: a wrong password, certificate or right.
    #[error("{0}")]
    Denied(String),
    /// This producer was replaced by a newer holder of the same lease.
    #[error("the lease of source '{0}' was taken over by another process")]
    Fenced(String),
    /// May pass: try again later.
    #[error("{0}")]
    Transient(String),
    /// Will not pass by itself.
    #[error("{0}")]
    Fatal(String),
}

/// The log.
#[async_trait]
pub trait EventLog: Send + Sync {
    /// Makes the topic where it is absent; where it is there, checks its partition count.
    ///
    /// # Errors
    /// Another partition count than asked for (says both), or the log is not reachable.
    async fn ensure_topic(&self, spec: &TopicSpec) -> Result<(), LogError>;

    /// Partitions of a topic.
    ///
    /// # Errors
    /// Unknown topic.
    async fn partitions(&self, topic: &str) -> Result<i32, LogError>;

    /// The partition that a key goes to (the Java client's murmur2, both implementations).
    ///
    /// # Errors
    /// Unknown topic.
    async fn partition_of(&self, topic: &str, key: &[u8]) -> Result<i32, LogError> {
        Ok(partition_for(key, self.partitions(topic).await?))
    }

    /// Appends a batch durably; returns `(partition, offset)` of each, in order.
    ///
    /// # Errors
    /// See `LogError`; after an error the batch may have landed in part.
    async fn append(&self, topic: &str, batch: Vec<NewRecord>) -> Result<Vec<(i32, i64)>, LogError>;

    /// Reads from `offset` on, at most `max_records` and about `max_bytes`; waits up to
    /// `wait` for the first record. Empty where nothing came.
    ///
    /// # Errors
    /// `OutOfRange` where `offset` lies outside the watermarks.
    async fn read(
        &self,
        topic: &str,
        partition: i32,
        offset: i64,
        max_records: usize,
        max_bytes: usize,
        wait: std::time::Duration,
    ) -> Result<Vec<Record>, LogError>;

    /// As `read`, with the envelope of each record read on the way, and without headers.
    ///
    /// # Errors
    /// As `read`; a record that is no readable event says so itself.
    async fn read_events(
        &self,
        topic: &str,
        partition: i32,
        offset: i64,
        max_records: usize,
        max_bytes: usize,
        wait: std::time::Duration,
    ) -> Result<Vec<Opened>, LogError> {
        let records = self.read(topic, partition, offset, max_records, max_bytes, wait).await?;
        Ok(records.iter().map(Record::open).collect())
    }

    /// Watermarks of a partition.
    ///
    /// # Errors
    /// Unknown topic or partition.
    async fn watermarks(&self, topic: &str, partition: i32) -> Result<Watermarks, LogError>;

    /// First offset whose append time is at or after `at` (`high` where there is none).
    ///
    /// # Errors
    /// Unknown topic or partition.
    async fn offset_at(&self, topic: &str, partition: i32, at: Instant) -> Result<i64, LogError>;

    /// Tells where a group stands: the next offset to read. Only so that lag can be seen.
    ///
    /// # Errors
    /// The log is not reachable.
    async fn commit(&self, group: &str, topic: &str, partition: i32, next_offset: i64) -> Result<(), LogError>;

    /// Where a group stands, if it ever said.
    ///
    /// # Errors
    /// The log is not reachable.
    async fn committed(&self, group: &str, topic: &str, partition: i32) -> Result<Option<i64>, LogError>;

    /// A membership in a group: partitions are assigned and revoked through it.
    ///
    /// # Errors
    /// The log is not reachable.
    async fn join(&self, group: &str, topic: &str) -> Result<Box<dyn Membership>, LogError>;

    /// Takes the lease of a source: from now on only the returned lease appends for it;
    /// an older holder gets `Fenced`.
    ///
    /// # Errors
    /// The log is not reachable.
    async fn lease(&self, source: &str) -> Result<Box<dyn Lease>, LogError>;
}

/// What a group membership tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rebalance {
    /// These partitions are ours now (added to those that we had).
    Assigned(Vec<i32>),
    /// These are no longer ours: already flushed work stands, drop their state.
    Revoked(Vec<i32>),
}

/// A membership in a consumer group; dropped: left.
#[async_trait]
pub trait Membership: Send {
    /// The next change of assignment; pending for ever where there is none.
    ///
    /// # Errors
    /// The membership is lost.
    async fn changed(&mut self) -> Result<Rebalance, LogError>;
}

/// The right to append for one source.
#[async_trait]
pub trait Lease: Send + Sync {
    /// The epoch of this lease: higher than that of every holder before.
    fn epoch(&self) -> u64;

    /// As `EventLog::append`, fenced by the lease.
    ///
    /// # Errors
    /// `Fenced` where a newer holder has taken over; else as `EventLog::append`.
    async fn append(&self, topic: &str, batch: Vec<NewRecord>) -> Result<Vec<(i32, i64)>, LogError>;
}

/// Kafka's default partitioner: murmur2 of the key, its sign bit cleared, modulo the
/// count (Apache Kafka, `org.apache.kafka.common.utils.Utils.murmur2` / `toPositive`).
pub fn partition_for(key: &[u8], partitions: i32) -> i32 {
    (murmur2(key) & 0x7fff_ffff) % partitions.max(1)
}

fn murmur2(data: &[u8]) -> i32 {
    const M: u32 = 0x5bd1_e995;
    let mut h: u32 = 0x9747_b28c ^ (data.len() as u32);
    let mut chunks = data.chunks_exact(4);
    for c in &mut chunks {
        let mut k = u32::from_le_bytes([c[0], c[1], c[2], c[3]]).wrapping_mul(M);
        k ^= k >> 24;
        h = h.wrapping_mul(M) ^ k.wrapping_mul(M);
    }
    let rest = chunks.remainder();
    for (i, b) in rest.iter().enumerate().rev() {
        h ^= u32::from(*b) << (8 * i);
        if i == 0 {
            h = h.wrapping_mul(M);
        }
    }
    h ^= h >> 13;
    h = h.wrapping_mul(M);
    (h ^ (h >> 15)) as i32
}

/// A topic's partition count is fixed when it is made: more would move keys elsewhere.
fn check_count(topic: &str, has: i32, asked: i32) -> Result<(), LogError> {
    if has == asked {
        return Ok(());
    }
    Err(LogError::Fatal(format!(
        "topic {topic} has {has} partitions, {asked} were asked for; a topic keeps its count: set it back to {has}, \
         or copy the log into a new topic (`log copy`) and replay"
    )))
}

fn check_partition(topic: &str, partitions: i32, partition: i32) -> Result<(), LogError> {
    if (0..partitions).contains(&partition) {
        return Ok(());
    }
    Err(LogError::Unknown(format!("topic {topic} has the partitions 0..{partitions}, not {partition}")))
}

/// The wall clock, ms since the epoch.
fn now_ms() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |d| i64::try_from(d.as_millis()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values of Apache Kafka's own `UtilsTest.testMurmur2`.
    #[test]
    fn murmur2_is_the_java_clients() {
        assert_eq!(murmur2(b"21"), -973_932_308);
        assert_eq!(murmur2(b"foobar"), -790_332_482);
        assert_eq!(murmur2(b"a-little-bit-long-string"), -985_981_536);
        assert_eq!(murmur2(b"a-little-bit-longer-string"), -1_486_304_829);
        assert_eq!(murmur2(b"abc"), 479_470_107);
    }
}
