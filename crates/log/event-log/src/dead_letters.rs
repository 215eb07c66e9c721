//! What could not be read, with reason, original bytes and position: `cti.dead-letters`.
//!
//! A letter's value is the original bytes; everything else is in headers. Its id tells
//! what it is about, so that the same letter written twice is known as one.

use std::collections::HashSet;
use std::time::Duration;

use bytes::Bytes;
use model::{Instant, Name, Position, TOPIC_DEAD_LETTERS};

use crate::{EventLog, LogError, NewRecord, Record};

/// Reason of the mark that says that a letter was taken in since.
pub const TAKEN_IN: &str = "taken_in";

/// One dead letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    /// Tells what it is about: the position in `cti.events`, or place and content of a
    /// record that never came so far.
    pub id: Name,
    /// A word for the kind: `unframed`, `envelope`, `undecodable`, `too_late`.
    pub reason: Name,
    /// What is wrong and what to do.
    pub text: String,
    /// `ce_source`, where known.
    pub source: Option<Name>,
    /// The switch, where known.
    pub switch: Option<Name>,
    /// The dialect, where known.
    pub dialect: Option<Name>,
    /// The centre, where known.
    pub center: Option<Name>,
    /// Where it stands in `cti.events`, where it does.
    pub position: Option<Position>,
    /// When it was found. A wall-clock value.
    pub at: Instant,
    /// The bytes as they were.
    pub bytes: Bytes,
}

impl DeadLetter {
    /// The record of this letter.
    pub fn to_record(&self) -> NewRecord {
        let mut headers = Vec::new();
        let mut put = |key: &str, value: Option<String>| {
            headers.extend(value.map(|v| (key.into(), Bytes::from(v))));
        };
        put("ce_id", Some(self.id.to_string()));
        put("reason", Some(self.reason.to_string()));
        put("text", Some(self.text.clone()));
        put("source", self.source.as_ref().map(ToString::to_string));
        put("switch", self.switch.as_ref().map(ToString::to_string));
        put("dialect", self.dialect.as_ref().map(ToString::to_string));
        put("center", self.center.as_ref().map(ToString::to_string));
        put("position", self.position.map(|p| p.to_string()));
        put("at", Some(self.at.to_rfc3339()));
        NewRecord {
            key: Bytes::copy_from_slice(self.switch.as_deref().unwrap_or_default().as_bytes()),
            partition: None,
            timestamp_ms: None,
            headers,
            value: self.bytes.clone(),
        }
    }

    /// The letter of a record; what is missing in it stays empty.
    pub fn from_record(record: &Record) -> Self {
        let header = |key: &str| -> Option<Name> {
            let (_, value) = record.headers.iter().find(|(k, _)| k == key)?;
            std::str::from_utf8(value).ok().map(Name::from)
        };
        Self {
            id: header("ce_id").unwrap_or_default(),
            reason: header("reason").unwrap_or_default(),
            text: header("text").unwrap_or_default().to_string(),
            source: header("source"),
            switch: header("switch"),
            dialect: header("dialect"),
            center: header("center"),
            position: header("position").and_then(|p| p.parse().ok()),
            at: header("at").and_then(|a| Instant::parse_rfc3339(&a).ok()).unwrap_or_default(),
            bytes: record.value.clone(),
        }
    }
}

/// All letters, oldest first by partition; a letter written twice comes once.
///
/// # Errors
/// The log cannot be read.
pub async fn list(log: &dyn EventLog) -> Result<Vec<DeadLetter>, LogError> {
    let mut letters = Vec::new();
    newest(log, i64::MAX, |_, letter| letters.push(letter)).await?;
    Ok(letters)
}

/// Hands the newest letters, at most `most` of a partition, to `each`, with where they stand
/// in the topic; oldest first by partition, a letter written twice once. Whether there are
/// older ones.
///
/// # Errors
/// The log cannot be read.
pub async fn newest(
    log: &dyn EventLog,
    most: i64,
    mut each: impl FnMut(Position, DeadLetter),
) -> Result<bool, LogError> {
    let (mut seen, mut older) = (HashSet::new(), false);
    for partition in 0..log.partitions(TOPIC_DEAD_LETTERS).await? {
        let marks = log.watermarks(TOPIC_DEAD_LETTERS, partition).await?;
        let mut offset = marks.low.max(marks.high.saturating_sub(most));
        older |= offset > marks.low;
        while offset < marks.high {
            let records =
                log.read(TOPIC_DEAD_LETTERS, partition, offset, 1_000, 16 << 20, Duration::from_secs(5)).await?;
            let Some(last) = records.last() else { break };
            offset = last.offset + 1;
            for record in &records {
                let letter = DeadLetter::from_record(record);
                if seen.insert((letter.id.clone(), letter.reason.clone())) {
                    each(Position { partition, offset: record.offset }, letter);
                }
            }
        }
    }
    Ok(older)
}

/// The letter that stands there in the topic, if any does.
///
/// # Errors
/// The log cannot be read.
pub async fn at(log: &dyn EventLog, place: Position) -> Result<Option<DeadLetter>, LogError> {
    let (partition, offset) = (place.partition, place.offset);
    match log.read(TOPIC_DEAD_LETTERS, partition, offset, 1, 4 << 20, Duration::ZERO).await {
        Ok(records) => Ok(records.first().filter(|r| r.offset == offset).map(DeadLetter::from_record)),
        Err(LogError::OutOfRange { .. } | LogError::Unknown(_)) => Ok(None),
        Err(e) => Err(e),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_goes_there_and_back() {
        let letter = DeadLetter {
            id: "cti.events/3/42".into(),
            reason: "undecodable".into(),
            text: "asterisk.queue_log: two fields, wanted five".into(),
            source: Some("/switch/pbx1".into()),
            switch: Some("pbx1".into()),
            dialect: None,
            center: Some("main".into()),
            position: Some(Position { partition: 3, offset: 42 }),
            at: Instant(1_795_326_272_591_017),
            bytes: Bytes::from_static(b"\xff\x00"),
        };
        let new = letter.to_record();
        let record =
            Record { partition: 0, offset: 0, timestamp_ms: 0, key: new.key, headers: new.headers, value: new.value };
        assert_eq!(DeadLetter::from_record(&record), letter);
    }
}
