//! Ids that came in within the last seven days: source and id of an event are its identity.
//!
//! Memory: about 50 bytes an id, at most a stated number of them; over it the oldest are
//! forgotten early, and counted. Kept are 128 bits of a SHA-256, so that no sender can
//! choose an id that hides another one's event.

use std::collections::VecDeque;

use event_log::{EventLog, LogError};
use model::{Dialect, Envelope, Instant, TOPIC_EVENTS};
use rustc_hash::FxHashSet;
use sha2::{Digest, Sha256};

use super::limits::REMEMBERED_MS;
use crate::scan;

/// An event's identity, shortened.
pub type Key = u128;

/// The ids.
pub struct Ids {
    set: FxHashSet<Key>,
    /// Oldest first.
    order: VecDeque<(Instant, Key)>,
    most: usize,
    /// Ids forgotten before their time.
    pub forgotten_early: u64,
}

/// The key of an event.
pub fn key(event: &Envelope) -> Key {
    let mut hash = Sha256::new();
    hash.update((event.source.len() as u64).to_be_bytes());
    hash.update(event.source.as_bytes());
    hash.update(event.id.as_bytes());
    let digest = hash.finalize();
    digest.iter().take(16).fold(0, |key, byte| (key << 8) | Key::from(*byte))
}

impl Ids {
    /// None yet; at most `most`.
    pub fn new(most: usize) -> Self {
        Self { set: FxHashSet::default(), order: VecDeque::new(), most: most.max(1), forgotten_early: 0 }
    }

    /// Reads back the adapters' events of the last seven days, of every partition.
    ///
    /// # Errors
    /// The log cannot be read.
    pub async fn read_back(log: &dyn EventLog, now: Instant, most: usize) -> Result<Self, LogError> {
        Self::read_since(log, now.plus_millis(-REMEMBERED_MS), most).await
    }

    /// As [`Ids::read_back`], from any time on.
    ///
    /// # Errors
    /// The log cannot be read.
    pub async fn read_since(log: &dyn EventLog, since: Instant, most: usize) -> Result<Self, LogError> {
        let mut found = Vec::new();
        for partition in 0..log.partitions(TOPIC_EVENTS).await? {
            let high = log.watermarks(TOPIC_EVENTS, partition).await?.high;
            let from = log.offset_at(TOPIC_EVENTS, partition, since).await?;
            scan::range(log, TOPIC_EVENTS, partition, (from, high), |record| {
                let adapters = record.headers.iter().any(|(k, v)| k == "ce_type" && v == Dialect::CtiAdapter.as_str());
                if !adapters {
                    return;
                }
                if let Ok(event) = record.envelope() {
                    found.push((event.received, key(&event)));
                }
                if found.len() >= most.saturating_mul(2) {
                    keep_newest(&mut found, most);
                }
            })
            .await?;
        }
        keep_newest(&mut found, most);
        let mut ids = Self::new(most);
        for (at, key) in found {
            ids.remember(key, at);
        }
        Ok(ids)
    }

    /// Whether an id is known.
    pub fn contains(&self, key: Key) -> bool {
        self.set.contains(&key)
    }

    /// Remembers an id that came in `at`; says whether it is new.
    pub fn remember(&mut self, key: Key, at: Instant) -> bool {
        if !self.set.insert(key) {
            return false;
        }
        self.order.push_back((at, key));
        while self.order.len() > self.most {
            self.forgotten_early += 1;
            self.forget_oldest();
        }
        true
    }

    /// Forgets what came in more than seven days before `now`.
    pub fn expire(&mut self, now: Instant) {
        let limit = now.plus_millis(-REMEMBERED_MS);
        while self.order.front().is_some_and(|(at, _)| *at < limit) {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        if let Some((_, key)) = self.order.pop_front() {
            self.set.remove(&key);
        }
    }
}

fn keep_newest(found: &mut Vec<(Instant, Key)>, most: usize) {
    found.sort_unstable();
    found.drain(..found.len().saturating_sub(most));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_forgotten_after_seven_days_and_never_more_than_stated_are_kept() {
        let day = |n: i64| Instant::from_millis(n * 86_400_000);
        let mut ids = Ids::new(3);
        assert!(ids.remember(1, day(0)) && ids.remember(2, day(1)));
        assert!(!ids.remember(1, day(2)));
        ids.expire(day(7));
        assert!(ids.contains(1), "seven days are not over");
        ids.expire(day(7).plus_millis(1));
        assert!(!ids.contains(1) && ids.contains(2));
        assert_eq!(ids.forgotten_early, 0);
        for key in 3..6 {
            ids.remember(key, day(8));
        }
        assert!(!ids.contains(2) && ids.contains(5));
        assert_eq!((ids.forgotten_early, ids.order.len(), ids.set.len()), (1, 3, 3));
    }
}
