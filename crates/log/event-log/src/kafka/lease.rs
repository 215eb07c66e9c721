//! The lease of a source: a transactional id, which fences the holder before.
//!
//! Contract: `take` returns when no older holder can append any more. Epochs of a source
//! grow: each holder writes its own into `cti.leases` within a transaction, which a fenced
//! holder cannot commit. An append is one transaction: all of it is read, or nothing.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::message::Message;
use rdkafka::producer::Producer;
use rdkafka::{Offset, TopicPartitionList};

use super::client::{Clients, Context};
use super::producer::{self, Sender};
use super::{KafkaLog, blocking};
use crate::topics::{self, TOPIC_LEASES as TOPIC};
use crate::{EventLog, Lease, LogError, NewRecord};

const TRANSACTION: Duration = Duration::from_secs(15);
const VISIBLE: Duration = Duration::from_secs(5);
const TAKE: Duration = Duration::from_secs(30);

/// A lease.
pub struct KafkaLease {
    log: KafkaLog,
    holder: Arc<Holder>,
    epoch: u64,
}

struct Holder {
    source: String,
    clients: Clients,
    sender: Sender,
    /// One transaction at a time.
    turn: Mutex<()>,
}

/// Takes the lease of a source.
///
/// # Errors
/// `Fenced` where another process takes it at the same time; else as `EventLog::lease`.
pub async fn take(log: &KafkaLog, clients: &Clients, source: &str) -> Result<KafkaLease, LogError> {
    log.ensure_topic(&topics::leases()).await?;
    let (clients, source) = (clients.clone(), source.to_owned());
    let (holder, epoch) = blocking(move || {
        let sender = producer::make(&clients, Some(&format!("ringledger-{source}")))?;
        let holder = Holder { source, clients, sender, turn: Mutex::new(()) };
        holder.sender.init_transactions(TAKE).map_err(|e| holder.error("taking the lease", &e))?;
        let epoch = last_epoch(&holder.clients, &holder.source)? + 1;
        let record = NewRecord {
            key: holder.source.clone().into(),
            partition: Some(0),
            timestamp_ms: None,
            headers: Vec::new(),
            value: epoch.to_string().into(),
        };
        holder.transact(TOPIC, 1, &[record])?;
        Ok((holder, epoch))
    })
    .await?;
    Ok(KafkaLease { log: log.clone(), holder: Arc::new(holder), epoch })
}

/// The highest epoch ever written for a source, also by transactions that are still open
/// or were aborted: an epoch may be skipped, never used twice.
fn last_epoch(clients: &Clients, source: &str) -> Result<u64, LogError> {
    let failed = |e: KafkaError| clients.trouble.error("reading the leases", &e);
    let fixed = [
        ("group.id", "ringledger-reader"),
        ("enable.auto.commit", "false"),
        ("auto.offset.reset", "earliest"),
        ("isolation.level", "read_uncommitted"),
        ("enable.partition.eof", "true"),
    ];
    let consumer: BaseConsumer<Context> =
        clients.config(&[], &fixed).create_with_context(clients.context()).map_err(failed)?;
    let mut list = TopicPartitionList::new();
    list.add_partition_offset(TOPIC, 0, Offset::Beginning).map_err(failed)?;
    consumer.assign(&list).map_err(failed)?;
    let mut highest = 0;
    let until = Instant::now() + TAKE;
    while Instant::now() < until {
        match consumer.poll(Duration::from_millis(200)) {
            Some(Ok(m)) if m.key() == Some(source.as_bytes()) => {
                let text = String::from_utf8_lossy(m.payload().unwrap_or_default()).into_owned();
                highest = highest.max(text.parse().unwrap_or(0));
            }
            Some(Ok(_)) | None => {}
            Some(Err(KafkaError::PartitionEOF(_))) => return Ok(highest),
            Some(Err(e)) if clients.trouble.denial().is_some() => return Err(failed(e)),
            Some(Err(e)) => tracing::debug!("reading {TOPIC}: {e}"),
        }
    }
    Err(LogError::Transient(format!("the leases in {TOPIC} could not be read within {} s", TAKE.as_secs())))
}

impl Holder {
    fn transact(&self, topic: &str, partitions: i32, batch: &[NewRecord]) -> Result<Vec<(i32, i64)>, LogError> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let what = format!("appending {} records to {topic} for {}", batch.len(), self.source);
        match self.attempt(topic, partitions, batch) {
            Ok(places) => {
                self.clients.trouble.fine();
                Ok(places)
            }
            Err(e) => {
                let meant = self.error(&what, &e);
                if !matches!(meant, LogError::Fenced(_))
                    && let Err(e) = self.sender.abort_transaction(TRANSACTION)
                {
                    tracing::warn!(source = self.source, "a transaction could not be aborted: {e}");
                    if self.is_fenced(&e) {
                        return Err(LogError::Fenced(self.source.clone()));
                    }
                }
                Err(meant)
            }
        }
    }

    fn attempt(&self, topic: &str, partitions: i32, batch: &[NewRecord]) -> Result<Vec<(i32, i64)>, KafkaError> {
        self.sender.begin_transaction()?;
        let told = producer::send(&self.sender, topic, partitions, batch)?;
        // Before the commit, whose own waiting looks only ten times a second.
        let places = told.blocking_recv().unwrap_or(Err(KafkaError::Canceled))?;
        let until = Instant::now() + TRANSACTION;
        loop {
            match self.sender.commit_transaction(TRANSACTION) {
                Err(KafkaError::Transaction(e)) if e.is_retriable() && Instant::now() < until => {}
                Err(e) => return Err(e),
                Ok(()) => break,
            }
        }
        Ok(places)
    }

    fn is_fenced(&self, e: &KafkaError) -> bool {
        let fenced = |c: Code| matches!(c, Code::Fenced | Code::ProducerFenced | Code::InvalidProducerEpoch);
        e.rdkafka_error_code().is_some_and(fenced)
            || self.sender.client().fatal_error().is_some_and(|(code, _)| fenced(code))
    }

    fn error(&self, what: &str, e: &KafkaError) -> LogError {
        if self.is_fenced(e) {
            return LogError::Fenced(self.source.clone());
        }
        if let Some((_, text)) = self.sender.client().fatal_error() {
            return LogError::Fatal(format!("{what}: {text}; take the lease again"));
        }
        self.clients.trouble.error(what, e)
    }
}

/// A commit is acknowledged shortly before its marks stand in the partitions: waits for
/// them, so that who appends and then asks how far the log goes is told of his records.
/// What is committed stays so if another source's open transaction holds the view up.
fn wait_until_visible(log: &KafkaLog, topic: &str, places: &[(i32, i64)]) {
    let mut last = BTreeMap::new();
    for (partition, offset) in places {
        last.insert(*partition, *offset);
    }
    let until = Instant::now() + VISIBLE;
    for (partition, offset) in last {
        while !log.is_visible(topic, partition, offset) && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

#[async_trait]
impl Lease for KafkaLease {
    fn epoch(&self) -> u64 {
        self.epoch
    }

    async fn append(&self, topic: &str, batch: Vec<NewRecord>) -> Result<Vec<(i32, i64)>, LogError> {
        if batch.is_empty() {
            return Ok(Vec::new());
        }
        let partitions = self.log.partitions(topic).await?;
        let (log, holder, topic) = (self.log.clone(), self.holder.clone(), topic.to_owned());
        // In a thread of its own: a caller that goes away leaves no transaction open.
        blocking(move || {
            let places = holder.transact(&topic, partitions, &batch)?;
            wait_until_visible(&log, &topic, &places);
            Ok(places)
        })
        .await
    }
}
