//! Reading Kafka by offset, quickly where a reader goes on where it stopped.
//!
//! Contract: a read returns records from the offset asked for on, in order, only what is
//! committed. Each place that is read from has a queue of its own which fetches ahead, so
//! a reader that walks pays no round trip. Several readers of one partition (stages of one
//! process) each get their own. Queues left alone are given up.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::error::KafkaError;

use super::client::Clients;
use super::copy_out::Take;
pub use super::lane::Want;
use super::lane::{Key, Lane, Reader, Slot, fill};
use crate::LogError;

/// A queue that nobody read for this long is given up.
const IDLE: Duration = Duration::from_secs(60);
/// How a read ended.
pub enum Outcome<R> {
    /// Records, or none within the time; and whether everything committed was read.
    Records(Vec<R>, bool),
    /// The broker has no such offset.
    Outside,
}

/// All readers of a log.
pub struct Fetcher {
    clients: Clients,
    most: usize,
    patience_ms: &'static str,
    lanes: Mutex<Vec<Arc<Lane>>>,
    swept: Mutex<Instant>,
}

/// Locks; what a panicking thread left behind is still whole here.
pub fn lock<T>(m: &Mutex<T>) -> MutexGuard<'_, T> {
    m.lock().unwrap_or_else(PoisonError::into_inner)
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
    pub fn read<T: Take>(
        &self,
        topic: &str,
        partition: i32,
        offset: i64,
        want: Want,
    ) -> Result<Outcome<T::Out>, LogError> {
        let what = format!("reading {topic}/{partition} from {offset}");
        let key = (topic.to_owned(), partition);
        let (lane, result) = loop {
            let (lane, slot) = self.place(&key, offset).map_err(|e| self.meaning(&what, e))?;
            let mut slot = lock(&slot);
            // Another reader may have moved on with the queue, or given it up, in between.
            if slot.next == offset && !slot.closed {
                break (lane, fill::<T>(&mut slot, partition, want).map(|r| (r, slot.at_end)));
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
        let (mut empty, mut oldest) = (None, None::<(Instant, Arc<Lane>)>);
        for lane in lanes.iter() {
            let Some(slot) = lock(&lane.slots).get(key).cloned() else {
                empty = empty.or_else(|| Some(lane.clone()));
                continue;
            };
            // A locked queue is another reader's.
            let Ok(s) = slot.try_lock() else { continue };
            if s.next == offset {
                drop(s);
                return Ok((lane.clone(), slot));
            }
            if oldest.as_ref().is_none_or(|(used, _)| s.used < *used) {
                oldest = Some((s.used, lane.clone()));
            }
        }
        let lane = match (empty, oldest) {
            (Some(lane), _) => lane,
            (None, Some((_, lane))) if lanes.len() >= self.most => {
                lane.close(key);
                lane
            }
            _ => {
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
