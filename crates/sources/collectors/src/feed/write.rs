//! What goes into the log, and the append itself.

use std::time::Duration;

use bytes::Bytes;
use dialects::masking::{blot, luhn};
use event_log::dead_letters::DeadLetter;
use event_log::{LogError, NewRecord};
use model::{Act, Envelope, Instant, Name, TOPIC_DEAD_LETTERS, TOPIC_EVENTS};

use super::Feed;
use crate::ids::act_id;

/// Pauses before an append that failed for the moment is tried again.
const PAUSES_MS: [u64; 5] = [250, 500, 1_000, 2_000, 4_000];
/// The pause of a source without an end thereafter: it says nothing a second time.
const PATIENT_MS: u64 = 5_000;

impl Feed {
    pub(super) fn envelope(&self, id: Name, time: Instant, received: Instant, data: String) -> Envelope {
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

    fn act_envelope(&self, stage: &str, act: &Act, nth: u64, at: Instant, received: Instant) -> Envelope {
        let text = serde_json::to_string(act).unwrap_or_default();
        let id = act_id(&format!("{stage} {} {nth} {text}", at.0));
        act.envelope(stage, id, (&self.target.center, &self.target.switch), at, received)
    }

    pub(super) fn write_preface(&mut self, at: Instant, received: Instant) {
        for act in std::mem::take(&mut self.preface) {
            let mut envelope = self.act_envelope("import", &act, 0, at, received);
            let Some(nth) = self.known.changes(&act, &envelope.data) else { continue };
            if nth > 0 {
                envelope = self.act_envelope("import", &act, nth, at, received);
            }
            if self.known.remember(envelope.id.as_bytes()) {
                self.batch.push(NewRecord::event(&envelope));
            }
        }
    }

    /// Bytes that are no record go to the dead letters, without card data.
    pub(super) fn bury(&mut self, id: Name, text: &str, raw: &[u8], at: Instant) {
        let letter = DeadLetter {
            id,
            reason: "unframed".into(),
            text: luhn::masked(text).unwrap_or_else(|| text.to_owned()),
            source: Some(self.source.clone()),
            switch: Some(self.target.switch.clone()),
            dialect: Some(self.target.dialect.as_str().into()),
            center: Some(self.target.center.clone()),
            position: None,
            at,
            bytes: Bytes::from(blot(raw)),
        };
        self.dead.push(letter.to_record());
        self.counts.dead_letters += 1;
    }

    /// Appends what waits, also what waits for a first time; returns after it is durable.
    ///
    /// # Errors
    /// As [`Feed::write`].
    pub async fn flush(&mut self) -> Result<(), LogError> {
        if let Some(last) = self.leading.last() {
            let at = last.received;
            self.release_leading(at);
        }
        self.write().await
    }

    /// Appends what waits; returns after it is durable. What may pass by itself is tried
    /// again a few times; for a source without an end until it passes, since what a live
    /// connection said is nowhere else. Meanwhile nothing more is read, so no more waits.
    ///
    /// # Errors
    /// As `Lease::append`; what was waiting waits again.
    pub async fn write(&mut self) -> Result<(), LogError> {
        let mut pauses = PAUSES_MS.into_iter();
        loop {
            let pause = pauses.next().or(self.endless.then_some(PATIENT_MS));
            match (self.attempt().await, pause) {
                (Err(LogError::Transient(why)), Some(pause)) => {
                    self.counts.retries += 1;
                    tracing::warn!(source = %self.source, why, pause_ms = pause, "the log does not take events: trying again");
                    tokio::time::sleep(Duration::from_millis(pause)).await;
                }
                (done, _) => return done,
            }
        }
    }

    async fn attempt(&mut self) -> Result<(), LogError> {
        if !self.dead.is_empty() {
            self.log.append(TOPIC_DEAD_LETTERS, self.dead.clone()).await?;
            self.dead.clear();
        }
        if !self.batch.is_empty() {
            self.lease.append(TOPIC_EVENTS, self.batch.clone()).await?;
            self.batch.clear();
        }
        Ok(())
    }

    /// Appends an act of ours about this switch, unless the log has it already; says
    /// whether it was new. `stage` is who acts.
    ///
    /// # Errors
    /// As [`Feed::write`].
    pub async fn act(&mut self, stage: &str, act: &Act, at: Instant, received: Instant) -> Result<bool, LogError> {
        if !self.leading.is_empty() {
            self.release_leading(at);
        }
        self.write_preface(at, received);
        let envelope = self.act_envelope(stage, act, 0, at, received);
        let new = self.known.remember(envelope.id.as_bytes());
        if new {
            self.batch.push(NewRecord::event(&envelope));
        }
        self.write().await?;
        Ok(new)
    }
}
