//! Reading Kafka by offset, quickly where a reader goes on where it stopped.
//!
//! Contract: a read returns records from the offset asked for on, in order, only what is
//! committed. Each place that is read from has a queue of its own which fetches ahead, so
//! a reader that walks pays no round trip. Several readers of one partition (stages of one
//! process) each get their own. Queues left alone are given up.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::consumer::base_consumer::PartitionQueue;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::message::{BorrowedMessage, Message};
use rdkafka::{Offset, TopicPartitionList};

use super::client::{Clients, Context, passes};
use super::copy_out::CopyOut;
use crate::{LogError, Record};

/// Settings of every reader that a user may change.
const DEFAULTS: [(&str, &str); 5] = [
    // What one partition holds in memory ahead of its reader.
    ("queued.max.messages.kbytes", "8192"),
    ("queued.min.messages", "20000"),
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
/// A queue that nobody read for this long is given up.
const IDLE: Duration = Duration::from_secs(60);
/// A new place is given this long to answer, whatever the caller's patience: "nothing"
/// must mean that there is nothing.
const FIRST_ANSWER: Duration = Duration::from_secs(10);

type Reader = BaseConsumer<Context>;
type Key = (String, i32);

/// How a read ended.
pub enum Outcome {
    /// Records, or none within the time; and whether everything committed was read.
    Records(Vec<Record>, bool),
    /// The broker has no such offset.
    Outside,
}

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
struct Lane {
    consumer: Arc<Reader>,
    slots: Mutex<HashMap<Key, Arc<Mutex<Slot>>>>,
    stop: Arc<AtomicBool>,
}

struct Slot {
    queue: PartitionQueue<Context>,
    next: i64,
    /// No answer came yet since the queue was placed.
    fresh: bool,
    /// Everything committed was read up to `next`.
    at_end: bool,
    /// Given up: the queue may serve another place by now.
    closed: bool,
    used: Instant,
}

/// All readers of a log.
pub struct Fetcher {
    clients: Clients,
    most: usize,
    patience_ms: &'static str,
    lanes: Mutex<Vec<Arc<Lane>>>,
    swept: Mutex<Instant>,
}

fn lock<T>(m: &Mutex<T>) -> MutexGuard<'_, T> {
    m.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Lane {
    fn new(clients: &Clients, patience_ms: &str) -> Result<Arc<Self>, LogError> {
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
        Ok(Arc::new(Self { consumer, slots: Mutex::default(), stop }))
    }

    /// Starts a queue at an offset.
    fn open(&self, key: &Key, offset: i64) -> Result<Arc<Mutex<Slot>>, KafkaError> {
        let queue = self
            .consumer
            .split_partition_queue(&key.0, key.1)
            .ok_or_else(|| KafkaError::Subscription(format!("no queue for {}/{}", key.0, key.1)))?;
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(&key.0, key.1, Offset::Offset(offset))?;
        self.consumer.incremental_assign(&list)?;
        let slot = Slot { queue, next: offset, fresh: true, at_end: false, closed: false, used: Instant::now() };
        let slot = Arc::new(Mutex::new(slot));
        lock(&self.slots).insert(key.clone(), slot.clone());
        Ok(slot)
    }

    /// Gives a queue up.
    fn close(&self, key: &Key) {
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

impl Fetcher {
    /// Nothing is read yet. At most `most` readers of one partition at different places;
    /// more share. A broker keeps a question at the end of a partition for `patience_ms`;
    /// only its answer tells that the end is reached.
    ///
    /// # Errors
    /// Settings are refused.
    pub fn new(clients: Clients, most: usize, patience_ms: &'static str) -> Result<Self, LogError> {
        let first = Lane::new(&clients, patience_ms)?;
        Ok(Self { clients, most, patience_ms, lanes: Mutex::new(vec![first]), swept: Mutex::new(Instant::now()) })
    }

    /// A consumer to ask about topics, watermarks and times.
    pub fn consumer(&self) -> Arc<Reader> {
        lock(&self.lanes)
            .first()
            .map_or_else(|| unreachable!("the first lane is never removed"), |l| l.consumer.clone())
    }

    /// Whether a reader stands at `offset`: it has read the record before.
    pub fn stands_at(&self, topic: &str, partition: i32, offset: i64) -> bool {
        let key = (topic.to_owned(), partition);
        let lanes = lock(&self.lanes).clone();
        lanes.iter().any(|lane| {
            let slot = lock(&lane.slots).get(&key).cloned();
            slot.is_some_and(|s| s.try_lock().is_ok_and(|s| !s.fresh && s.next == offset))
        })
    }

    /// Reads from `offset` on; blocks up to `want.wait` for the first record.
    ///
    /// # Errors
    /// The brokers refuse or cannot be reached.
    pub fn read(&self, topic: &str, partition: i32, offset: i64, want: Want) -> Result<Outcome, LogError> {
        let what = format!("reading {topic}/{partition} from {offset}");
        let key = (topic.to_owned(), partition);
        let (lane, result) = loop {
            let (lane, slot) = self.place(&key, offset).map_err(|e| self.meaning(&what, e))?;
            let mut slot = lock(&slot);
            // Another reader may have moved on with the queue, or given it up, in between.
            if slot.next == offset && !slot.closed {
                break (lane, fill(&mut slot, partition, want).map(|r| (r, slot.at_end)));
            }
        };
        self.sweep();
        match result {
            Ok((Some(records), end)) => {
                if end || !records.is_empty() {
                    self.clients.trouble.fine();
                }
                Ok(Outcome::Records(records, end))
            }
            Ok((None, _)) => {
                lane.close(&key);
                Ok(Outcome::Outside)
            }
            Err(e) => {
                lane.close(&key);
                Err(self.clients.trouble.error(&what, &e))
            }
        }
    }

    /// Gives up the queues of a partition.
    pub fn leave(&self, topic: &str, partition: i32) {
        for lane in lock(&self.lanes).clone() {
            lane.close(&(topic.to_owned(), partition));
        }
    }

    fn meaning(&self, what: &str, e: Failed) -> LogError {
        match e {
            Failed::Kafka(e) => self.clients.trouble.error(what, &e),
            Failed::Log(e) => e,
        }
    }

    /// A queue that stands at `offset`: one that does, a new one, or one moved there.
    fn place(&self, key: &Key, offset: i64) -> Result<(Arc<Lane>, Arc<Mutex<Slot>>), Failed> {
        let mut lanes = lock(&self.lanes);
        let mut oldest: Option<(Instant, usize)> = None;
        let mut empty = None;
        for (i, lane) in lanes.iter().enumerate() {
            let Some(slot) = lock(&lane.slots).get(key).cloned() else {
                empty = empty.or(Some(i));
                continue;
            };
            // A locked queue is another reader's.
            let Ok(s) = slot.try_lock() else { continue };
            if s.next == offset {
                drop(s);
                return Ok((lane.clone(), slot));
            }
            if oldest.is_none_or(|(used, _)| s.used < used) {
                oldest = Some((s.used, i));
            }
        }
        let lane = match (empty, oldest) {
            (Some(i), _) => lanes.get(i).cloned(),
            (None, Some((_, i))) if lanes.len() >= self.most => {
                let lane = lanes.get(i).cloned();
                if let Some(lane) = &lane {
                    lane.close(key);
                }
                lane
            }
            _ => None,
        };
        let lane = match lane {
            Some(lane) => lane,
            None => {
                let lane = Lane::new(&self.clients, self.patience_ms).map_err(Failed::Log)?;
                lanes.push(lane.clone());
                lane
            }
        };
        let slot = lane.open(key, offset).map_err(Failed::Kafka)?;
        Ok((lane, slot))
    }

    fn sweep(&self) {
        let mut swept = lock(&self.swept);
        if swept.elapsed() < IDLE / 4 {
            return;
        }
        *swept = Instant::now();
        for lane in lock(&self.lanes).iter() {
            let idle: Vec<Key> = lock(&lane.slots)
                .iter()
                .filter(|(_, s)| s.try_lock().is_ok_and(|s| s.used.elapsed() > IDLE))
                .map(|(k, _)| k.clone())
                .collect();
            for key in idle {
                lane.close(&key);
            }
        }
    }
}

enum Failed {
    Kafka(KafkaError),
    Log(LogError),
}

/// Takes what the queue holds, up to the limit. `None`: the offset is outside.
fn fill(slot: &mut Slot, partition: i32, want: Want) -> Result<Option<Vec<Record>>, KafkaError> {
    let began = Instant::now();
    let mut out = CopyOut::new(partition, want.records);
    let (mut bytes, mut next) = (0, slot.next);
    let (mut fresh, mut at_end) = (slot.fresh, slot.at_end);
    while out.len() < want.records.max(1) && bytes < want.bytes.max(1) {
        // Once the place has answered, the caller's patience counts.
        let all = if fresh { want.wait.max(FIRST_ANSWER) } else { want.wait };
        let content = out.len() > 0 && !want.to_end;
        let patience = if content { Duration::ZERO } else { all.saturating_sub(began.elapsed()) };
        match slot.queue.poll(patience) {
            None if patience.is_zero() || began.elapsed() >= all => break,
            None => {}
            Some(Ok(m)) if m.offset() < next => {}
            Some(Ok(m)) => {
                (fresh, at_end) = (false, false);
                next = m.offset() + 1;
                bytes += size(&m);
                out.push(&m);
            }
            Some(Err(KafkaError::PartitionEOF(_))) => {
                (fresh, at_end) = (false, true);
                if want.to_end {
                    break;
                }
            }
            Some(Err(e)) => match e.rdkafka_error_code() {
                Some(Code::AutoOffsetReset | Code::OffsetOutOfRange) if out.len() == 0 => return Ok(None),
                // The client looks for the leader by itself; the caller's patience decides.
                _ if passes(&e) => {}
                _ if out.len() > 0 => break,
                _ => return Err(e),
            },
        }
    }
    (slot.next, slot.fresh, slot.at_end, slot.used) = (next, fresh, at_end, Instant::now());
    Ok(Some(out.finish()))
}

fn size(m: &BorrowedMessage<'_>) -> usize {
    m.key_len() + m.payload_len() + 64
}
