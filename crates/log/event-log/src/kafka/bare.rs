//! A consumer's own loop and nothing else: the rate that the benchmark compares with.
//!
//! librdkafka's own settings, but that offsets are not committed and that the end of each
//! partition is told. What is read is counted and dropped.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::{Offset, TopicPartitionList};

use super::client::{ASK_WITHIN, Clients, KafkaConfig};
use crate::LogError;

/// Without a message or an end for so long, the loop gives up.
const PATIENCE: Duration = Duration::from_secs(30);

/// What the loop read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BareRun {
    /// Records.
    pub records: u64,
    /// Bytes of keys and values.
    pub bytes: u64,
    /// From the assignment to the end of the last partition.
    pub seconds: f64,
}

/// Reads a topic from the beginning of every partition to its end; blocks.
///
/// # Errors
/// Kafka cannot be reached, or the topic is not there.
pub fn read_all(config: &KafkaConfig, topic: &str) -> Result<BareRun, LogError> {
    let clients = Clients::new(config)?;
    let failed = |e: KafkaError| clients.trouble.error("reading barely", &e);
    let fixed = [
        ("group.id", "ringledger-bench"),
        ("enable.auto.commit", "false"),
        ("enable.auto.offset.store", "false"),
        ("auto.offset.reset", "error"),
        ("enable.partition.eof", "true"),
    ];
    let consumer: BaseConsumer = clients.config(&[], &fixed).create().map_err(failed)?;
    let told = consumer.fetch_metadata(Some(topic), ASK_WITHIN).map_err(failed)?;
    let mut open: HashSet<i32> =
        told.topics().iter().flat_map(|t| t.partitions()).map(rdkafka::metadata::MetadataPartition::id).collect();
    let mut list = TopicPartitionList::new();
    for partition in &open {
        list.add_partition_offset(topic, *partition, Offset::Beginning).map_err(failed)?;
    }
    let begun = Instant::now();
    consumer.assign(&list).map_err(failed)?;
    let (mut records, mut bytes) = (0_u64, 0_u64);
    while !open.is_empty() {
        match consumer.poll(PATIENCE) {
            Some(Ok(m)) => {
                records += 1;
                bytes += (m.key_len() + m.payload_len()) as u64;
            }
            Some(Err(KafkaError::PartitionEOF(partition))) => {
                open.remove(&partition);
            }
            Some(Err(e)) => return Err(failed(e)),
            None => return Err(LogError::Transient(format!("Kafka gave nothing of {topic} for {PATIENCE:?}"))),
        }
    }
    Ok(BareRun { records, bytes, seconds: begun.elapsed().as_secs_f64() })
}
