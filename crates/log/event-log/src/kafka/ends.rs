//! Where the records of a partition end.
//!
//! Contract: transactions leave marks behind their records, which take offsets but are
//! never read. The end is the offset after the last record, so that who has read
//! everything stands at it. It is looked for once for each new high watermark.

use std::sync::PoisonError;
use std::time::Duration;

use super::Inner;
use super::copy_out::CopyOut;
use super::fetcher::{Outcome, Want};
use crate::LogError;

/// How long a broker may take to say that a partition ends.
const PROBE: Duration = Duration::from_secs(5);

impl Inner {
    /// The offset after the last record below `high`: what lies between are marks of
    /// transactions, which no reader is ever given.
    ///
    /// # Errors
    /// The brokers cannot be asked.
    pub(super) fn end(&self, topic: &str, partition: i32, low: i64, high: i64) -> Result<i64, LogError> {
        let key = (topic.to_owned(), partition);
        let known = self.ends.lock().unwrap_or_else(PoisonError::into_inner).get(&key).copied();
        if let Some((_, end)) = known.filter(|(h, _)| *h == high) {
            return Ok(end);
        }
        // Below `floor` an earlier question has settled everything.
        let floor = known.map_or(low, |(_, end)| end.max(low)).min(high);
        let end = if high == low || self.fetcher.stands_at(topic, partition, high) {
            high
        } else {
            let end = self.probe(topic, partition, floor, high);
            self.prober.leave(topic, partition);
            end?
        };
        self.ends.lock().unwrap_or_else(PoisonError::into_inner).insert(key, (high, end));
        Ok(end)
    }

    fn probe(&self, topic: &str, partition: i32, floor: i64, high: i64) -> Result<i64, LogError> {
        // Most often one mark stands behind the last record.
        let mut back = 2;
        loop {
            let from = (high - back).max(floor);
            if let Some(last) = self.last_record(topic, partition, from, high)? {
                return Ok(last + 1);
            }
            if from <= floor {
                return Ok(floor);
            }
            back *= 16;
        }
    }

    /// The last record of `from..high`.
    fn last_record(&self, topic: &str, partition: i32, from: i64, high: i64) -> Result<Option<i64>, LogError> {
        let want = Want { records: 10_000, bytes: 1 << 20, wait: PROBE, to_end: true };
        let (mut at, mut last) = (from, None);
        loop {
            let Outcome::Records(records, at_end) = self.prober.read::<CopyOut>(topic, partition, at, want)? else {
                // Records went by retention while we asked.
                return Ok(Some(high - 1));
            };
            last = records.iter().map(|r| r.offset).filter(|o| *o < high).max().or(last);
            if at_end || last == Some(high - 1) {
                return Ok(last);
            }
            if records.is_empty() {
                let why = format!("{topic}/{partition} does not tell where its records end; try again");
                return Err(LogError::Transient(why));
            }
            at = records.last().map_or(at, |r| r.offset + 1);
            if at >= high {
                return Ok(last);
            }
        }
    }
}
