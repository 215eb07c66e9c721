//! Contacts that wait for their CRM rows: newest revisions, and how far the stage's
//! position may go.
//!
//! Contract: the position of a partition of `cti.calls` passes a record only when the
//! contact it tells of needs no row (yet) or every row of it has an outcome; so a stage
//! that is killed reads again what it had not finished. Bounded: a full queue stops the
//! reading, which delays only this CRM.

use std::collections::BTreeMap;

use crm::MappingSettings;
use crm::mapping::{Due, due};
use model::facts::Call;
use model::{Instant, Name};

/// Contacts waiting at most; the reading stops there.
pub const MOST: usize = 50_000;

/// One waiting contact.
#[derive(Clone, Debug)]
pub struct Waiting {
    /// Its newest revision.
    pub call: Call,
    /// Not before this instant (a failure said so).
    pub not_before: Instant,
    partition: i32,
    /// First offset that told of it and is not finished.
    offset: i64,
}

/// The queue.
#[derive(Default)]
pub struct CrmQueue {
    calls: BTreeMap<(Name, Name), Waiting>,
    next: BTreeMap<i32, i64>,
}

impl CrmQueue {
    /// Where reading goes on in a partition, if anything of it was read.
    pub fn next(&self, partition: i32) -> Option<i64> {
        self.next.get(&partition).copied()
    }

    /// A partition is read from `offset` on.
    pub fn start(&mut self, partition: i32, offset: i64) {
        self.next.insert(partition, offset);
    }

    /// Contacts that wait.
    pub fn len(&self) -> usize {
        self.calls.len()
    }

    /// Nothing waits.
    pub fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }

    /// Takes in one record; an older revision than the one that waits is passed over.
    pub fn take(&mut self, partition: i32, offset: i64, call: Call, settings: &MappingSettings) {
        self.next.insert(partition, offset + 1);
        let key = (call.switch.clone(), call.call_id.clone());
        let waiting = self.calls.get(&key);
        if waiting.is_some_and(|w| w.call.revision >= call.revision) || call.crm_only {
            return;
        }
        if due(&call, settings) == Due::Never {
            self.calls.remove(&key);
            return;
        }
        let (not_before, offset) = waiting.map_or((Instant::default(), offset), |w| (w.not_before, w.offset));
        self.calls.insert(key, Waiting { call, not_before, partition, offset });
    }

    /// Takes out what is due: at most `most`; `released` (the input has ended) does not
    /// wait for recordings or notes.
    pub fn due(&mut self, now: Instant, released: bool, most: usize, settings: &MappingSettings) -> Vec<Waiting> {
        let is_due = |w: &Waiting| {
            w.not_before <= now
                && match due(&w.call, settings) {
                    Due::Never => false,
                    Due::Now => true,
                    Due::At(at) => released || at <= now,
                }
        };
        let keys: Vec<_> = self.calls.iter().filter(|(_, w)| is_due(w)).map(|(k, _)| k.clone()).take(most).collect();
        keys.iter().filter_map(|k| self.calls.get(k).cloned()).collect()
    }

    /// Every row of this revision has an outcome.
    pub fn done(&mut self, finished: &Waiting) {
        let key = (finished.call.switch.clone(), finished.call.call_id.clone());
        if self.calls.get(&key).is_some_and(|w| w.call.revision <= finished.call.revision) {
            self.calls.remove(&key);
        }
    }

    /// It is to be given again, not before `at`.
    pub fn later(&mut self, put_off: &Waiting, at: Instant) {
        let key = (put_off.call.switch.clone(), put_off.call.call_id.clone());
        if let Some(w) = self.calls.get_mut(&key) {
            w.not_before = at;
        }
    }

    /// How far each partition is finished: the next offset to read after a restart.
    pub fn positions(&self) -> Vec<(i32, i64)> {
        let finished = |partition: i32, next: i64| {
            let outstanding = self.calls.values().filter(|w| w.partition == partition).map(|w| w.offset).min();
            (partition, outstanding.unwrap_or(next))
        };
        self.next.iter().map(|(p, next)| finished(*p, *next)).collect()
    }
}
