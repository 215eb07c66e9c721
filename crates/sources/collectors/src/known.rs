//! What of a source is in the log already: read back once before the source goes on.
//!
//! Memory: 8 bytes an id of that source. A repeated append is kept out here; what slips
//! through (a kill between append and answer) is dropped by the fold's sequence check.

use std::hash::{Hash, Hasher};

use bytes::Bytes;
use dialects::Masker;
use event_log::{EventLog, LogError};
use model::{Act, Dialect, Envelope, Instant, Name, TOPIC_DEAD_LETTERS, TOPIC_EVENTS};
use rustc_hash::{FxHashSet, FxHasher};

use crate::scan;
use crate::times::plausible;

/// Records before the source's last one that [`Known::read_tail`] looks at.
const TAIL: i64 = 100_000;

/// Which source is read back.
#[derive(Clone, Copy, Debug)]
pub struct Whose<'a> {
    /// Its switch: chooses the partition.
    pub switch: &'a Name,
    /// `ce_source`.
    pub source: &'a Name,
    /// Its dialect.
    pub dialect: &'a Dialect,
}

/// An act of a kind of which one is in force at a time.
#[derive(Default)]
struct InForce {
    data: Option<Bytes>,
    /// How many there have been: tells one that returns to an older state from that one.
    changes: u64,
}

impl InForce {
    fn set(&mut self, data: &Bytes) -> bool {
        let changed = self.data.replace(data.clone()).as_ref() != Some(data);
        self.changes += u64::from(changed);
        changed
    }
}

/// What is in the log of one source and dialect.
#[derive(Default)]
pub struct Known {
    ids: FxHashSet<u64>,
    /// Highest sequence.
    pub sequence: u64,
    /// Time of the last record whose time is believed.
    pub last_time: Option<Instant>,
    /// When the last record was received. A wall-clock value.
    pub last_received: Option<Instant>,
    /// Id of the last record.
    pub last_id: Option<Name>,
    roster: InForce,
    settings: InForce,
}

impl Known {
    /// Reads back everything of the source; `masker` sees each record, so that its state
    /// is that of an undisturbed run. Ids of our own acts on that switch count as known
    /// too.
    ///
    /// # Errors
    /// The log cannot be read.
    pub async fn read_back(log: &dyn EventLog, whose: Whose<'_>, masker: &mut dyn Masker) -> Result<Self, LogError> {
        let mut known = Self::default();
        let partition = log.partition_of(TOPIC_EVENTS, whose.switch.as_bytes()).await?;
        let marks = log.watermarks(TOPIC_EVENTS, partition).await?;
        known.read(log, whose, partition, (marks.low, marks.high), masker).await?;
        for partition in 0..log.partitions(TOPIC_DEAD_LETTERS).await? {
            scan::whole(log, TOPIC_DEAD_LETTERS, partition, |record| {
                if let Some((_, id)) = record.headers.iter().find(|(k, _)| k == "ce_id") {
                    known.remember(id);
                }
            })
            .await?;
        }
        Ok(known)
    }

    /// As [`Known::read_back`], but only the last stretch up to the source's last record:
    /// enough to go on with its sequence and its calls' masking.
    ///
    /// # Errors
    /// The log cannot be read.
    pub async fn read_tail(log: &dyn EventLog, whose: Whose<'_>, masker: &mut dyn Masker) -> Result<Self, LogError> {
        let mut known = Self::default();
        let partition = log.partition_of(TOPIC_EVENTS, whose.switch.as_bytes()).await?;
        let marks = log.watermarks(TOPIC_EVENTS, partition).await?;
        let (mut until, mut window) = (marks.high, TAIL);
        while until > marks.low {
            let from = (until - window).max(marks.low);
            let mut last = None;
            scan::range(log, TOPIC_EVENTS, partition, (from, until), |record| {
                if record.envelope().is_ok_and(|e| whose.wrote(&e)) {
                    last = Some(record.offset);
                }
            })
            .await?;
            if let Some(last) = last {
                known.read(log, whose, partition, ((last - TAIL).max(marks.low), marks.high), masker).await?;
                break;
            }
            (until, window) = (from, window.saturating_mul(2));
        }
        Ok(known)
    }

    async fn read(
        &mut self,
        log: &dyn EventLog,
        whose: Whose<'_>,
        partition: i32,
        span: (i64, i64),
        masker: &mut dyn Masker,
    ) -> Result<(), LogError> {
        scan::range(log, TOPIC_EVENTS, partition, span, |record| {
            if let Ok(envelope) = record.envelope()
                && envelope.switch == *whose.switch
            {
                self.take(&envelope, whose, masker);
            }
        })
        .await
    }

    fn take(&mut self, envelope: &Envelope, whose: Whose<'_>, masker: &mut dyn Masker) {
        if envelope.dialect == Dialect::Ringledger {
            self.remember(envelope.id.as_bytes());
            self.take_act(&envelope.data);
        } else if whose.wrote(envelope) && envelope.sequence == 0 {
            // Taken in out of its place (`retake`): it says nothing of how far the source is.
            self.remember(envelope.id.as_bytes());
        } else if whose.wrote(envelope) {
            self.remember(envelope.id.as_bytes());
            self.sequence = self.sequence.max(envelope.sequence);
            if plausible(envelope.time, envelope.received) {
                self.last_time = Some(envelope.time);
            }
            self.last_received = Some(envelope.received);
            self.last_id = Some(envelope.id.clone());
            masker.observe(envelope);
        }
    }

    /// Keeps what shapes rows, to tell whether it changes.
    fn take_act(&mut self, data: &Bytes) {
        match serde_json::from_slice(data) {
            Ok(Act::RosterSet { .. }) => self.roster.set(data),
            Ok(Act::SettingsSet { .. }) => self.settings.set(data),
            _ => false,
        };
    }

    /// Whether `act` (in force from now on) differs from the one of its kind that is in
    /// force; acts of other kinds always do. `Some` gives the how-manieth of its kind it is.
    pub fn changes(&mut self, act: &Act, data: &Bytes) -> Option<u64> {
        let slot = match act {
            Act::RosterSet { .. } => &mut self.roster,
            Act::SettingsSet { .. } => &mut self.settings,
            _ => return Some(0),
        };
        slot.set(data).then_some(slot.changes)
    }

    /// Counts an id as known; says whether it is new.
    pub fn remember(&mut self, id: &[u8]) -> bool {
        self.ids.insert(hash(id))
    }

    /// Whether an id is known.
    pub fn contains(&self, id: &[u8]) -> bool {
        self.ids.contains(&hash(id))
    }
}

impl Whose<'_> {
    /// Whether an event is of this source.
    fn wrote(&self, envelope: &Envelope) -> bool {
        envelope.dialect == *self.dialect && envelope.source == *self.source && envelope.switch == *self.switch
    }
}

fn hash(id: &[u8]) -> u64 {
    let mut h = FxHasher::default();
    id.hash(&mut h);
    h.finish()
}
