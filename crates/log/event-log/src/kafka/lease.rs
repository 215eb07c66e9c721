//! The lease of a source: a transactional id, which fences the holder before.
//!
//! Contract: `take` returns when no older holder can append any more. Epochs of a source
//! grow: each holder writes its own into `cti.leases` within a transaction, which a fenced
//! holder cannot commit. An append is one transaction: all of it is read, or nothing.
//! A broker that is away for longer than a transaction may last leaves its producer of no
//! use: it is made anew, unless somebody else has taken the lease since, and the append
//! may be tried again.

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
    /// One transaction at a time.
    sender: Mutex<Sender>,
}

/// Takes the lease of a source.
///
/// # Errors
/// `Fenced` where another process takes it at the same time; else as `EventLog::lease`.
pub async fn take(log: &KafkaLog, clients: &Clients, source: &str) -> Result<KafkaLease, LogError> {
    log.ensure_topic(&topics::leases()).await?;
    let (clients, source) = (clients.clone(), source.to_owned());
    let (holder, epoch) = blocking(move || {
        let sender = ready(&clients, &source)?;
        let holder = Holder { source, clients, sender: Mutex::new(sender) };
        let epoch = last_epoch(&holder.clients, &holder.source)? + 1;
        let record = NewRecord {
            key: holder.source.clone().into(),
            partition: Some(0),
            timestamp_ms: None,
            headers: Vec::new(),
            value: epoch.to_string().into(),
        };
        holder.transact(epoch, TOPIC, 1, &[record])?;
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

/// A producer of the source that has fenced every one before it.
fn ready(clients: &Clients, source: &str) -> Result<Sender, LogError> {
    let sender = producer::make(clients, Some(&format!("ringledger-{source}")))?;
    sender.init_transactions(TAKE).map_err(|e| meaning(clients, source, &sender, "taking the lease", &e))?;
    Ok(sender)
}

fn is_fenced(sender: &Sender, e: &KafkaError) -> bool {
    e.rdkafka_error_code().is_some_and(fences) || sender.client().fatal_error().is_some_and(|(code, _)| fences(code))
}

fn fences(code: Code) -> bool {
    matches!(code, Code::Fenced | Code::ProducerFenced | Code::InvalidProducerEpoch)
}

fn meaning(clients: &Clients, source: &str, sender: &Sender, what: &str, e: &KafkaError) -> LogError {
    if is_fenced(sender, e) {
        return LogError::Fenced(source.to_owned());
    }
    if let Some((_, text)) = sender.client().fatal_error() {
        return LogError::Transient(format!("{what}: {text}; its producer is made anew"));
    }
    clients.trouble.error(what, e)
}

impl Holder {
    fn transact(
        &self,
        epoch: u64,
        topic: &str,
        partitions: i32,
        batch: &[NewRecord],
    ) -> Result<Vec<(i32, i64)>, LogError> {
        let mut sender = self.sender.lock().unwrap_or_else(PoisonError::into_inner);
        match sender.client().fatal_error() {
            Some((code, _)) if fences(code) => return Err(LogError::Fenced(self.source.clone())),
            Some((_, text)) => *sender = self.renewed(epoch, &text)?,
            None => {}
        }
        let what = format!("appending {} records to {topic} for {}", batch.len(), self.source);
        match attempt(&sender, topic, partitions, batch) {
            Ok(places) => {
                self.clients.trouble.fine();
                Ok(places)
            }
            Err(e) => {
                let meant = meaning(&self.clients, &self.source, &sender, &what, &e);
                if !matches!(meant, LogError::Fenced(_))
                    && let Err(e) = sender.abort_transaction(TRANSACTION)
                {
                    tracing::warn!(source = self.source, "a transaction could not be aborted: {e}");
                    if is_fenced(&sender, &e) {
                        return Err(LogError::Fenced(self.source.clone()));
                    }
                }
                Err(meant)
            }
        }
    }

    /// A new producer in place of one of no use, where the lease is still ours: who took it
    /// since has written a higher epoch. (One who takes it in this very moment is fenced by
    /// us, and we are told by the second look: both take it again, one after the other.)
    fn renewed(&self, epoch: u64, why: &str) -> Result<Sender, LogError> {
        self.still_ours(epoch)?;
        let sender = ready(&self.clients, &self.source)?;
        self.still_ours(epoch)?;
        tracing::warn!(source = self.source, why, "the producer was of no use any more; a new one goes on");
        Ok(sender)
    }

    fn still_ours(&self, epoch: u64) -> Result<(), LogError> {
        if last_epoch(&self.clients, &self.source)? > epoch {
            return Err(LogError::Fenced(self.source.clone()));
        }
        Ok(())
    }
}

fn attempt(sender: &Sender, topic: &str, partitions: i32, batch: &[NewRecord]) -> Result<Vec<(i32, i64)>, KafkaError> {
    sender.begin_transaction()?;
    let told = producer::send(sender, topic, partitions, batch)?;
    // Before the commit, whose own waiting looks only ten times a second.
    let places = told.blocking_recv().unwrap_or(Err(KafkaError::Canceled))?;
    let until = Instant::now() + TRANSACTION;
    loop {
        match sender.commit_transaction(TRANSACTION) {
            Err(KafkaError::Transaction(e)) if e.is_retriable() && Instant::now() < until => {}
            Err(e) => return Err(e),
            Ok(()) => break,
        }
    }
    Ok(places)
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
        let (log, holder, epoch, topic) = (self.log.clone(), self.holder.clone(), self.epoch, topic.to_owned());
        // In a thread of its own: a caller that goes away leaves no transaction open.
        blocking(move || {
            let places = holder.transact(epoch, &topic, partitions, &batch)?;
            wait_until_visible(&log, &topic, &places);
            Ok(places)
        })
        .await
    }
}
