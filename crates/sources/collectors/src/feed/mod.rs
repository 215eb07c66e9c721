//! Framed native records into the log: ids, masking, envelopes, batches.
//!
//! Order: records are appended in the order of the stream. Duplicates: a record whose id
//! is known is passed over (its masker state is already rebuilt). Failure: what waited
//! when an append failed waits again; tried once more it may stand in the log twice, with
//! the same sequence, which folds drop. A feed that is dropped loses only what waited:
//! another one reads back and goes on.
//!
//! Times: an event without one of its own has that of the event before it; on a live
//! connection that of its receipt. Events without a time at the head of a file wait for
//! the first that has one.

mod write;

use std::sync::Arc;

use dialects::{Framed, Masker, NativeRecord};
use event_log::{EventLog, Lease, LogError, NewRecord};
use model::{Act, Dialect, Instant, Name};

use crate::ids::{letter_id, record_id};
use crate::known::{Known, Whose};
use crate::times::{plausible, writable};

/// Events at the head of a file that wait for a first time, and their bytes.
const LEADING: (usize, usize) = (10_000, 8 << 20);

/// Which source is fed.
#[derive(Clone, Debug)]
pub struct FeedTarget {
    /// The switch: partition key.
    pub switch: Name,
    /// The centre.
    pub center: Name,
    /// The dialect.
    pub dialect: Dialect,
}

impl FeedTarget {
    /// `ce_source`.
    pub fn source(&self) -> Name {
        format!("/switch/{}", self.switch).into()
    }

    /// The name under which the source's lease is held: one per switch and dialect.
    pub fn lease_name(&self) -> String {
        format!("{}/{}", self.switch, self.dialect.as_str())
    }
}

/// What a feed did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FeedCounts {
    /// Events appended.
    pub appended: u64,
    /// Events that the log had already.
    pub known: u64,
    /// Records that went to the dead letters.
    pub dead_letters: u64,
    /// Values masked.
    pub masked: u64,
    /// Appends that were tried once more.
    pub retries: u64,
}

/// An event that waits for the first time of its file.
struct Leading {
    id: Name,
    record: NativeRecord,
    received: Instant,
}

/// Feeds one source.
pub struct Feed {
    log: Arc<dyn EventLog>,
    lease: Box<dyn Lease>,
    target: FeedTarget,
    source: Name,
    masker: Box<dyn Masker>,
    known: Known,
    /// A source without an end: its new ids are not remembered, they cannot come again.
    endless: bool,
    sequence: u64,
    last_time: Option<Instant>,
    last_id: Option<Name>,
    stream: String,
    streams: u64,
    preface: Vec<Act>,
    leading: Vec<Leading>,
    leading_bytes: usize,
    batch: Vec<NewRecord>,
    dead: Vec<NewRecord>,
    /// What was done so far.
    pub counts: FeedCounts,
}

impl Feed {
    /// Takes the lease of the source and reads back what the log has of it.
    ///
    /// # Errors
    /// The log cannot be read, or the lease cannot be had.
    pub async fn open(
        log: Arc<dyn EventLog>,
        target: FeedTarget,
        mut masker: Box<dyn Masker>,
    ) -> Result<Self, LogError> {
        let lease = log.lease(&target.lease_name()).await?;
        let source = target.source();
        let whose = Whose { switch: &target.switch, source: &source, dialect: &target.dialect };
        let known = Known::read_back(&*log, whose, &mut *masker).await?;
        Ok(Self::with(log, lease, target, masker, known, false))
    }

    /// As [`Feed::open`] for a live source: reads back only as far as its last record.
    ///
    /// # Errors
    /// The log cannot be read, or the lease cannot be had.
    pub async fn open_live(
        log: Arc<dyn EventLog>,
        target: FeedTarget,
        mut masker: Box<dyn Masker>,
    ) -> Result<Self, LogError> {
        let lease = log.lease(&target.lease_name()).await?;
        let source = target.source();
        let whose = Whose { switch: &target.switch, source: &source, dialect: &target.dialect };
        let known = Known::read_tail(&*log, whose, &mut *masker).await?;
        Ok(Self::with(log, lease, target, masker, known, true))
    }

    fn with(
        log: Arc<dyn EventLog>,
        lease: Box<dyn Lease>,
        target: FeedTarget,
        masker: Box<dyn Masker>,
        known: Known,
        endless: bool,
    ) -> Self {
        Self {
            log,
            lease,
            source: target.source(),
            masker,
            endless,
            sequence: known.sequence,
            last_time: known.last_time,
            last_id: known.last_id.clone(),
            known,
            target,
            stream: String::new(),
            streams: 0,
            preface: Vec::new(),
            leading: Vec::new(),
            leading_bytes: 0,
            batch: Vec::new(),
            dead: Vec::new(),
            counts: FeedCounts::default(),
        }
    }

    /// An act that shapes the rows of what comes next: it goes into the log before the
    /// next new event, at that event's time, unless it says what is in force already.
    pub fn preface(&mut self, act: Act) {
        self.preface.push(act);
    }

    /// Id of the last event that the log had of this source, or that was taken since.
    pub fn last_id(&self) -> Option<Name> {
        self.last_id.clone()
    }

    /// The dialect's `ce_type`.
    pub fn dialect(&self) -> Name {
        self.target.dialect.as_str().into()
    }

    /// The last believed time of an event.
    pub fn last_time(&self) -> Option<Instant> {
        self.last_time
    }

    /// When the last event that the log had at the start was received. A wall-clock value.
    pub fn last_received(&self) -> Option<Instant> {
        self.known.last_received
    }

    /// A new connection begins: its offsets begin at 0, so its ids get a name of their own
    /// (no other connection of any process ever has it); digits are masked until a call's
    /// state is known.
    pub fn new_connection(&mut self, after_gap: bool) {
        self.streams += 1;
        self.stream = format!("{}.{}", self.lease.epoch(), self.streams);
        if after_gap {
            self.masker.gap();
        }
    }

    /// Takes one framed record into the batch. `received` is now.
    pub fn push(&mut self, framed: Framed, received: Instant) {
        let id = record_id(&self.stream, framed.offset, &framed.raw);
        match framed.record {
            Ok(record) if self.is_new(&id) => self.take(id, record, framed.raw.len(), received),
            Ok(_) => {
                self.counts.known += 1;
                self.last_id = Some(id);
            }
            Err(error) => {
                let id = letter_id(&self.source, &self.target.dialect, &id);
                if self.is_new(&id) {
                    self.bury(id, &error.to_string(), &framed.raw, received);
                }
            }
        }
    }

    /// (What an endless source begins to read again is its last record.)
    fn is_new(&mut self, id: &str) -> bool {
        if self.endless {
            return self.last_id.as_deref() != Some(id) && !self.known.contains(id.as_bytes());
        }
        self.known.remember(id.as_bytes())
    }

    fn take(&mut self, id: Name, record: NativeRecord, size: usize, received: Instant) {
        let believed = record.time.filter(|t| plausible(*t, received));
        if believed.is_none() && self.last_time.is_none() && self.stream.is_empty() {
            self.leading_bytes += size;
            self.leading.push(Leading { id, record, received });
            if self.leading.len() >= LEADING.0 || self.leading_bytes >= LEADING.1 {
                self.release_leading(received);
            }
            return;
        }
        let before = if self.stream.is_empty() { self.last_time } else { None };
        let at = believed.or(before).unwrap_or(received);
        self.release_leading(at);
        self.append(id, record, at, received);
    }

    /// The events at the head get the time of the first that has one; where none has, that
    /// of their receipt.
    fn release_leading(&mut self, at: Instant) {
        self.leading_bytes = 0;
        for one in std::mem::take(&mut self.leading) {
            self.append(one.id, one.record, at, one.received);
        }
    }

    /// Appends an event at its own time, else at `at`.
    fn append(&mut self, id: Name, mut record: NativeRecord, at: Instant, received: Instant) {
        self.write_preface(at, received);
        self.counts.masked += u64::from(self.masker.mask(&mut record));
        let time = record.time.map_or(at, writable);
        if plausible(time, received) {
            self.last_time = Some(time);
        }
        self.last_id = Some(id.clone());
        self.sequence += 1;
        let data = serde_json::Value::Object(record.data).to_string();
        let envelope = self.envelope(id, time, received, data);
        self.batch.push(NewRecord::event(&envelope));
        self.counts.appended += 1;
    }

    /// Records that wait for [`Feed::flush`].
    pub fn waiting(&self) -> usize {
        self.batch.len() + self.dead.len()
    }
}
