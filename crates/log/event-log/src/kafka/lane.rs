//! One Kafka consumer with a queue for each partition that is read through it.
//!
//! Contract: a queue starts at an offset and walks on; it holds what was fetched ahead. The
//! consumer's other events (errors, log lines, tokens) are served by a thread of its own.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rdkafka::consumer::base_consumer::PartitionQueue;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::message::{BorrowedMessage, Message};
use rdkafka::{Offset, TopicPartitionList};

use super::client::{Clients, Context, passes};
use super::copy_out::{Take, take_all};
use super::fetcher::lock;
use crate::LogError;

/// Settings of every reader that a user may change.
const DEFAULTS: [(&str, &str); 5] = [
    // What one partition holds in memory ahead of its reader.
    ("queued.max.messages.kbytes", "16384"),
    ("queued.min.messages", "40000"),
    ("fetch.queue.backoff.ms", "2"),
    ("fetch.message.max.bytes", "4194304"),
    ("fetch.error.backoff.ms", "100"),
];
const FIXED: [(&str, &str); 6] = [
    ("group.id", "ringledger-reader"),
    ("enable.auto.commit", "false"),
    ("enable.auto.offset.store", "false"),
    ("auto.offset.reset", "error"),
    ("isolation.level", "read_committed"),
    ("enable.partition.eof", "true"),
];
/// A new place is given this long to answer, whatever the caller's patience: "nothing"
/// must mean that there is nothing.
const FIRST_ANSWER: Duration = Duration::from_secs(10);
/// A batch that has begun waits so long for more where the end was not told: the client
/// fetches in bursts, and many small batches cost more than they hasten.
const LINGER: Duration = Duration::from_millis(2);

/// How long a broker may take to say where a topic lies; if it takes longer the client looks
/// for itself.
const MEET_WITHIN: Duration = Duration::from_secs(1);

/// The consumer of a lane.
pub type Reader = BaseConsumer<Context>;
/// Topic and partition.
pub type Key = (String, i32);

/// What a read asks for.
#[derive(Clone, Copy)]
pub struct Want {
    /// Records at most.
    pub records: usize,
    /// Bytes, about; one record is always returned where there is one.
    pub bytes: usize,
    /// How long to wait for the first record.
    pub wait: Duration,
    /// Wait on until the broker says that there is no more.
    pub to_end: bool,
}

/// One consumer with a queue for each partition read through it.
pub struct Lane {
    /// Also asked about topics, watermarks and times.
    pub consumer: Arc<Reader>,
    /// Its queues.
    pub slots: Mutex<HashMap<Key, Arc<Mutex<Slot>>>>,
    /// Topics that the consumer knows.
    met: Mutex<HashSet<String>>,
    stop: Arc<AtomicBool>,
}

/// A queue and where it stands.
pub struct Slot {
    queue: PartitionQueue<Context>,
    /// The next offset that it gives.
    pub next: i64,
    /// No answer came yet since the queue was placed.
    pub fresh: bool,
    /// Everything committed was read up to `next`.
    pub at_end: bool,
    /// Given up: the queue may serve another place by now.
    pub closed: bool,
    /// When it was read last.
    pub used: Instant,
}

impl Lane {
    /// Makes the consumer; it connects by itself.
    ///
    /// # Errors
    /// Settings are refused.
    pub fn new(clients: &Clients, patience_ms: &str) -> Result<Arc<Self>, LogError> {
        let failed = |e: KafkaError| clients.trouble.error("making a reader", &e);
        let consumer: Reader = clients
            .config(&[&DEFAULTS[..], &[("fetch.wait.max.ms", patience_ms)]].concat(), &FIXED)
            .create_with_context(clients.context())
            .map_err(failed)?;
        let consumer = Arc::new(consumer);
        let stop = Arc::new(AtomicBool::new(false));
        let (served, ended) = (consumer.clone(), stop.clone());
        // Errors, log lines and tokens arrive beside the partition queues.
        std::thread::Builder::new()
            .name("ringledger-kafka".into())
            .spawn(move || {
                while !ended.load(Ordering::Relaxed) {
                    if let Some(Ok(m)) = served.poll(Duration::from_millis(200)) {
                        tracing::warn!(topic = m.topic(), offset = m.offset(), "a record came beside its queue");
                    }
                }
            })
            .map_err(|e| LogError::Fatal(format!("the Kafka reader's thread cannot start: {e}")))?;
        Ok(Arc::new(Self { consumer, slots: Mutex::default(), met: Mutex::default(), stop }))
    }

    /// Starts a queue at an offset.
    ///
    /// # Errors
    /// The client refuses.
    pub fn open(&self, key: &Key, offset: i64) -> Result<Arc<Mutex<Slot>>, KafkaError> {
        let queue = self
            .consumer
            .split_partition_queue(&key.0, key.1)
            .ok_or_else(|| KafkaError::Subscription(format!("no queue for {}/{}", key.0, key.1)))?;
        self.meet(&key.0);
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(&key.0, key.1, Offset::Offset(offset))?;
        self.consumer.incremental_assign(&list)?;
        let slot = Slot { queue, next: offset, fresh: true, at_end: false, closed: false, used: Instant::now() };
        let slot = Arc::new(Mutex::new(slot));
        lock(&self.slots).insert(key.clone(), slot.clone());
        Ok(slot)
    }

    /// Asks where the topic lies, once: a consumer that is assigned what it does not know
    /// looks for the leader by itself, but only once a second.
    fn meet(&self, topic: &str) {
        let mut met = lock(&self.met);
        if !met.contains(topic) && self.consumer.fetch_metadata(Some(topic), MEET_WITHIN).is_ok() {
            met.insert(topic.to_owned());
        }
    }

    /// Gives a queue up.
    pub fn close(&self, key: &Key) {
        let Some(slot) = lock(&self.slots).remove(key) else { return };
        lock(&slot).closed = true;
        let mut list = TopicPartitionList::new();
        list.add_partition(&key.0, key.1);
        if let Err(e) = self.consumer.incremental_unassign(&list) {
            tracing::debug!("a Kafka queue could not be given up: {e}");
        }
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// Takes what the queue holds, up to the limit. `None`: the offset is outside.
///
/// # Errors
/// The brokers refuse.
pub fn fill<T: Take>(slot: &mut Slot, partition: i32, want: Want) -> Result<Option<Vec<T::Out>>, KafkaError> {
    let began = Instant::now();
    let mut found: Vec<BorrowedMessage<'_>> = Vec::new();
    let (mut bytes, mut next) = (0, slot.next);
    let (mut fresh, mut at_end, mut dry) = (slot.fresh, slot.at_end, false);
    while found.len() < want.records.max(1) && bytes < want.bytes.max(1) {
        // Once the place has answered, the caller's patience counts.
        let all = if fresh { want.wait.max(FIRST_ANSWER) } else { want.wait };
        let content = !found.is_empty() && !want.to_end;
        let patience = match content {
            // (Without patience the client reads no clock: it is asked for every record.)
            true if at_end || !dry => Duration::ZERO,
            true => LINGER,
            false => all.saturating_sub(began.elapsed()),
        };
        match slot.queue.poll(patience) {
            None if content && !at_end && !dry => dry = true,
            None if content || patience.is_zero() || began.elapsed() >= all => break,
            None => {}
            Some(Ok(m)) if m.offset() < next => {}
            Some(Ok(m)) => {
                (fresh, at_end, dry) = (false, false, false);
                next = m.offset() + 1;
                bytes += size(&m);
                found.push(m);
            }
            Some(Err(KafkaError::PartitionEOF(_))) => {
                (fresh, at_end) = (false, true);
                if want.to_end {
                    break;
                }
            }
            Some(Err(e)) => match e.rdkafka_error_code() {
                Some(Code::AutoOffsetReset | Code::OffsetOutOfRange) if found.is_empty() => return Ok(None),
                // The client looks for the leader by itself; the caller's patience decides.
                _ if passes(&e) => {}
                _ if !found.is_empty() => break,
                _ => return Err(e),
            },
        }
    }
    let out = take_all::<T>(partition, found);
    (slot.next, slot.fresh, slot.at_end, slot.used) = (next, fresh, at_end, Instant::now());
    Ok(Some(out))
}

fn size(m: &BorrowedMessage<'_>) -> usize {
    m.key_len() + m.payload_len() + 64
}
