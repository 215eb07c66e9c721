//! The fold of one partition: everything up to an offset, by switch.
//!
//! It reads nothing but its own partition, so one offset orders everything that it knows.
//! Records whose envelope cannot be read, that cannot be decoded, or that came too late
//! are returned as rejects: the stage makes dead letters of them.

use chrono_tz::Tz;
use event_log::Opened;
use metrics::LiveRecord;
use model::facts::Facts;
use model::{Envelope, Instant, Name, Position};
use rustc_hash::FxHashMap;

use crate::switch_fold::{Applied, FoldConfig, SwitchFold};

/// A record that did not go into the fold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reject {
    /// Where it stands.
    pub position: Position,
    /// A word for the kind: `envelope`, `undecodable`, `too_late`.
    pub reason: &'static str,
    /// What is wrong and what to do.
    pub text: String,
    /// Its switch, where known.
    pub switch: Option<Name>,
    /// Its source, where known.
    pub source: Option<Name>,
    /// Its centre, where known.
    pub center: Option<Name>,
    /// Its dialect, where known.
    pub dialect: Option<Name>,
    /// Its value as it was.
    pub value: bytes::Bytes,
}

/// Counts of what became of records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FoldCounts {
    /// Records folded.
    pub folded: u64,
    /// Repeats dropped.
    pub repeated: u64,
    /// Records of a dialect that does not make the figures, by dialect and switch.
    pub other_dialect: u64,
    /// Records of a dialect without a decoder.
    pub no_decoder: u64,
    /// Rejects.
    pub rejected: u64,
}

/// State of one partition.
pub struct PartitionFold {
    pub(crate) partition: i32,
    pub(crate) config: FoldConfig,
    pub(crate) switches: FxHashMap<Name, SwitchFold>,
    /// Next offset to fold.
    pub(crate) next: i64,
    /// What became of records since the process began.
    pub counts: FoldCounts,
}

impl PartitionFold {
    /// A fold at the beginning of a partition.
    pub fn new(partition: i32, config: FoldConfig) -> Self {
        Self { partition, config, switches: FxHashMap::default(), next: 0, counts: FoldCounts::default() }
    }

    /// Next offset to fold.
    pub fn next_offset(&self) -> i64 {
        self.next
    }

    /// Folds one record; rows go to `out`.
    ///
    /// # Errors
    /// The record cannot be taken in; it becomes a dead letter. The fold goes on.
    pub fn apply(&mut self, record: &Opened, out: &mut Facts) -> Result<(), Box<Reject>> {
        let position = Position { partition: self.partition, offset: record.offset };
        self.next = record.offset + 1;
        let envelope = match &record.envelope {
            Ok(envelope) => envelope,
            Err(e) => return Err(self.reject(record, position, "envelope", e.to_string(), None)),
        };
        let switch = match self.switches.get_mut(&envelope.switch) {
            Some(s) => s,
            None => self.switches.entry(envelope.switch.clone()).or_insert_with(|| {
                SwitchFold::new(envelope.center.clone(), envelope.switch.clone(), self.config.clone())
            }),
        };
        match switch.apply(envelope, position, Instant::from_millis(record.timestamp_ms), out) {
            Applied::Folded => self.counts.folded += 1,
            Applied::Repeated => self.counts.repeated += 1,
            Applied::OtherDialect => self.counts.other_dialect += 1,
            Applied::NoDecoder => self.counts.no_decoder += 1,
            Applied::Undecodable(e) => {
                return Err(self.reject(record, position, "undecodable", e.to_string(), Some(envelope)));
            }
            Applied::TooLate(text) => return Err(self.reject(record, position, "too_late", text, Some(envelope))),
        }
        Ok(())
    }

    fn reject(
        &mut self,
        record: &Opened,
        position: Position,
        reason: &'static str,
        text: String,
        envelope: Option<&Envelope>,
    ) -> Box<Reject> {
        self.counts.rejected += 1;
        Box::new(Reject {
            position,
            reason,
            text,
            switch: envelope.map(|e| e.switch.clone()),
            source: envelope.map(|e| e.source.clone()),
            center: envelope.map(|e| e.center.clone()),
            dialect: envelope.map(|e| e.dialect.as_str().into()),
            value: record.value.clone(),
        })
    }
}

impl PartitionFold {
    /// Which partition it is.
    pub fn partition(&self) -> i32 {
        self.partition
    }

    /// Visits changed after their close.
    pub fn restated(&self) -> u64 {
        self.switches.values().map(|s| s.timeline.counters().restated).sum()
    }

    /// Each switch that was heard since the process began: when the log took its last event,
    /// and that event's own time.
    pub fn heard(&self) -> impl Iterator<Item = (&Name, Instant, Instant)> {
        self.switches.values().filter_map(|s| s.heard.map(|(known_at, at)| (&s.switch, known_at, at)))
    }

    /// Live figures of every switch, as `terms` says of each: as of when (`None`: of its last
    /// event), and the zone that says when today began.
    pub fn live(&self, terms: &dyn Fn(&Name) -> (Option<Instant>, Tz)) -> Vec<LiveRecord> {
        let mut switches: Vec<_> = self.switches.values().collect();
        switches.sort_by(|a, b| a.switch.cmp(&b.switch));
        switches.into_iter().flat_map(|s| s.live_records(terms(&s.switch))).collect()
    }
}
