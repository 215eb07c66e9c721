//! Framed native records into the log: ids, masking, envelopes, batches.
//!
//! Order: records are appended in the order of the stream. Duplicates: a record whose id
//! is known is passed over (its masker state is already rebuilt). Failure: an append that
//! fails leaves the feed usable for a second try by its caller only after a new read-back.

use std::sync::Arc;

use bytes::Bytes;
use dialects::{Framed, Masker};
use event_log::dead_letters::DeadLetter;
use event_log::{EventLog, Lease, LogError, NewRecord};
use model::{Act, Dialect, Envelope, Instant, Name, TOPIC_DEAD_LETTERS, TOPIC_EVENTS};

use crate::ids::{act_id, record_id};
use crate::known::Known;

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
}

/// Feeds one source.
pub struct Feed {
    log: Arc<dyn EventLog>,
    lease: Box<dyn Lease>,
    target: FeedTarget,
    source: Name,
    masker: Box<dyn Masker>,
    known: Known,
    sequence: u64,
    last_time: Option<Instant>,
    stream: String,
    preface: Vec<Act>,
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
        let known = Known::read_back(&*log, &target.switch, &source, &target.dialect, &mut *masker).await?;
        Ok(Self::with(log, lease, target, source, masker, known))
    }

    fn with(
        log: Arc<dyn EventLog>,
        lease: Box<dyn Lease>,
        target: FeedTarget,
        source: Name,
        masker: Box<dyn Masker>,
        known: Known,
    ) -> Self {
        Self {
            log,
            lease,
            source,
            masker,
            sequence: known.sequence,
            last_time: known.last_time,
            known,
            target,
            stream: String::new(),
            preface: Vec::new(),
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

    fn write_preface(&mut self, at: Instant, received: Instant) {
        for act in std::mem::take(&mut self.preface) {
            let envelope = self.act_envelope("import", &act, at, received);
            if self.known.changes(&act, &envelope.data) {
                self.known.remember(envelope.id.as_bytes());
                self.batch.push(NewRecord::event(&envelope));
            }
        }
    }

    /// Id of the last event that the log had of this source when the feed was opened.
    pub fn last_id(&self) -> Option<Name> {
        self.known.last_id.clone()
    }

    /// The dialect's `ce_type`.
    pub fn dialect(&self) -> Name {
        self.target.dialect.as_str().into()
    }

    /// Time of the last event taken.
    pub fn last_time(&self) -> Option<Instant> {
        self.last_time
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
        let known = Known::read_tail(&*log, &target.switch, &source, &target.dialect, &mut *masker).await?;
        Ok(Self::with(log, lease, target, source, masker, known))
    }

    /// A new stream of the source begins (a new connection): its offsets begin at 0, so
    /// `stream` tells its ids apart; digits are masked until a call's state is known.
    pub fn new_stream(&mut self, stream: String, after_gap: bool) {
        self.stream = stream;
        if after_gap {
            self.masker.gap();
        }
    }

    /// Takes one framed record into the batch. `received` is now.
    pub fn push(&mut self, framed: Framed, received: Instant) {
        let id = record_id(&self.stream, framed.offset, &framed.raw);
        let fresh = self.known.remember(id.as_bytes());
        match framed.record {
            Ok(_) if !fresh => {
                self.counts.known += 1;
            }
            Ok(mut record) => {
                self.counts.masked += u64::from(self.masker.mask(&mut record));
                let time = record.time.or(self.last_time).unwrap_or(received);
                self.last_time = Some(time);
                self.write_preface(time, received);
                self.sequence += 1;
                let data = serde_json::Value::Object(record.data).to_string();
                let envelope = self.envelope(id, time, received, data);
                self.batch.push(NewRecord::event(&envelope));
                self.counts.appended += 1;
            }
            Err(_) if !fresh => {}
            Err(error) => {
                self.counts.dead_letters += 1;
                self.dead.push(self.dead_letter(id, "unframed", error.to_string(), framed.raw, received));
            }
        }
    }

    fn envelope(&self, id: Name, time: Instant, received: Instant, data: String) -> Envelope {
        Envelope {
            id,
            source: self.source.clone(),
            dialect: self.target.dialect.clone(),
            time,
            received,
            epoch: self.lease.epoch(),
            sequence: self.sequence,
            center: self.target.center.clone(),
            switch: self.target.switch.clone(),
            data: Bytes::from(data),
        }
    }

    fn act_envelope(&self, stage: &str, act: &Act, at: Instant, received: Instant) -> Envelope {
        let text = serde_json::to_string(act).unwrap_or_default();
        let id = act_id(&format!("{stage} {} {text}", at.0));
        act.envelope(stage, id, (&self.target.center, &self.target.switch), at, received)
    }

    fn dead_letter(&self, id: Name, reason: &str, text: String, raw: Bytes, at: Instant) -> NewRecord {
        DeadLetter {
            id,
            reason: reason.into(),
            text,
            source: Some(self.source.clone()),
            switch: Some(self.target.switch.clone()),
            dialect: Some(self.target.dialect.as_str().into()),
            center: Some(self.target.center.clone()),
            position: None,
            at,
            bytes: raw,
        }
        .to_record()
    }

    /// Records that wait for [`Feed::flush`].
    pub fn waiting(&self) -> usize {
        self.batch.len() + self.dead.len()
    }

    /// Appends what waits; returns after it is durable.
    ///
    /// # Errors
    /// As `Lease::append`; what was waiting is lost to this feed: read back and start over.
    pub async fn flush(&mut self) -> Result<(), LogError> {
        if !self.dead.is_empty() {
            self.log.append(TOPIC_DEAD_LETTERS, std::mem::take(&mut self.dead)).await?;
        }
        if !self.batch.is_empty() {
            self.lease.append(TOPIC_EVENTS, std::mem::take(&mut self.batch)).await?;
        }
        Ok(())
    }

    /// Appends an act of ours about this switch, unless the log has it already.
    ///
    /// # Errors
    /// The log cannot be written.
    pub async fn act(&mut self, stage: &str, act: &Act, at: Instant, received: Instant) -> Result<bool, LogError> {
        self.write_preface(at, received);
        self.flush().await?;
        let envelope = self.act_envelope(stage, act, at, received);
        if !self.known.remember(envelope.id.as_bytes()) {
            return Ok(false);
        }
        self.log.append(TOPIC_EVENTS, vec![NewRecord::event(&envelope)]).await?;
        Ok(true)
    }
}

