//! The records of the log behind a contact, as they are kept.
//!
//! Contract: those at the positions that the contact's events name, and at its first and
//! last event, in the order of the log (what `ringledger explain call` lists). Masking came
//! before the log. At most [`PAGE`] records an answer and [`LONGEST`] bytes of each; one that
//! the log does not give says why, and the others stand.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use event_log::{EventLog, LogError, Record};
use futures::{StreamExt as _, stream};
use model::facts::EventRow;
use model::{Position, TOPIC_EVENTS};
use serde::Serialize;
use tables::Contact;
use utoipa::ToSchema;

/// Records of an answer.
pub(super) const PAGE: usize = 200;
/// Bytes of a record's value that are given; what is more is cut off.
pub(super) const LONGEST: usize = 32 << 10;
/// Records read at once.
const AT_ONCE: usize = 8;
/// Room of one read, bytes: the largest record that the log takes.
const ROOM: usize = 4 << 20;
/// How long the log is waited for, each record.
const WAIT: Duration = Duration::from_secs(2);

/// Some of the records behind a contact.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct RawList {
    /// The records, in the order of the log.
    pub records: Vec<RawRecord>,
    /// How many there are in all.
    pub total: usize,
    /// The `cursor` of the next page; null where there is none.
    pub next: Option<String>,
}

/// A record of the log.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct RawRecord {
    /// `topic/partition/offset`.
    pub position: String,
    /// The topic.
    pub topic: String,
    /// The partition.
    pub partition: i32,
    /// The offset.
    pub offset: i64,
    /// When the log took it, RFC 3339; null where it is not given.
    pub appended_at: Option<String>,
    /// What it was understood as, in order.
    pub events: Vec<RawEvent>,
    /// Its headers (the attributes of the CloudEvent), in order.
    pub headers: Vec<RawHeader>,
    /// How `value` is written: `utf-8` or `base64`.
    pub encoding: String,
    /// The bytes as the log keeps them.
    pub value: String,
    /// How many bytes the log keeps.
    pub bytes: usize,
    /// Whether `value` was cut off.
    pub cut: bool,
    /// Why the log does not give it.
    pub trouble: Option<String>,
}

/// A header.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct RawHeader {
    /// Its key.
    pub key: String,
    /// Its value; what is no UTF-8 in it is replaced.
    pub value: String,
}

/// An event as the tables have it.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct RawEvent {
    /// Its id.
    pub event_id: String,
    /// The word of the vocabulary (`docs/events.md`, section 3).
    #[serde(rename = "type")]
    pub kind: String,
    /// When, RFC 3339.
    pub at: String,
    /// Who said it.
    pub source: String,
    /// The queue.
    pub queue: Option<String>,
    /// The agent.
    pub agent: Option<String>,
    /// The number or connection that it concerns.
    pub party: Option<String>,
    /// What it says beyond that: an object, or a word alone.
    pub details: serde_json::Value,
}

/// The records behind `contact` after `after`, at most `page` of them.
pub(super) async fn read(log: &dyn EventLog, contact: &Contact, after: Option<Position>, page: usize) -> RawList {
    let mut behind: BTreeMap<Position, Vec<RawEvent>> = BTreeMap::new();
    for event in &contact.events {
        behind.entry(event.position).or_default().push(RawEvent::of(event));
    }
    for position in [contact.call.first_event, contact.call.last_event] {
        behind.entry(position).or_default();
    }
    let total = behind.len();
    let wanted: Vec<_> = behind.into_iter().filter(|(p, _)| after.is_none_or(|a| *p > a)).collect();
    let more = wanted.len() > page;
    let reads = wanted.into_iter().take(page).map(|(position, events)| one(log, position, events));
    let records: Vec<RawRecord> = stream::iter(reads).buffered(AT_ONCE).collect().await;
    let next = records.last().filter(|_| more).map(|r| r.position.clone());
    RawList { records, total, next }
}

async fn one(log: &dyn EventLog, position: Position, events: Vec<RawEvent>) -> RawRecord {
    let read = log.read(TOPIC_EVENTS, position.partition, position.offset, 1, ROOM, WAIT).await;
    let found = read.map(|records| records.into_iter().find(|r| r.offset == position.offset));
    let record = RawRecord {
        position: position.to_string(),
        topic: TOPIC_EVENTS.to_owned(),
        partition: position.partition,
        offset: position.offset,
        appended_at: None,
        events,
        headers: Vec::new(),
        encoding: "utf-8".to_owned(),
        value: String::new(),
        bytes: 0,
        cut: false,
        trouble: None,
    };
    match found {
        Ok(Some(found)) => record.with(&found),
        Ok(None) => RawRecord { trouble: Some("the log gives no record at this position".to_owned()), ..record },
        Err(e @ LogError::OutOfRange { .. }) => RawRecord { trouble: Some(e.to_string()), ..record },
        Err(e) => {
            tracing::warn!(error = %e, %position, "a raw event cannot be read");
            RawRecord { trouble: Some("the log cannot be read now; try again".to_owned()), ..record }
        }
    }
}

impl RawRecord {
    fn with(self, record: &Record) -> Self {
        let (encoding, value, cut) = written(&record.value);
        let header = |(key, value): &event_log::Header| RawHeader {
            key: key.to_string(),
            value: String::from_utf8_lossy(value).into_owned(),
        };
        Self {
            appended_at: Some(model::Instant::from_millis(record.timestamp_ms).to_rfc3339()),
            headers: record.headers.iter().map(header).collect(),
            encoding: encoding.to_owned(),
            value,
            bytes: record.value.len(),
            cut,
            ..self
        }
    }
}

/// Bytes as text where they are some, else in base64; cut off at [`LONGEST`], never within
/// a character.
fn written(bytes: &[u8]) -> (&'static str, String, bool) {
    let cut = bytes.len() > LONGEST;
    match std::str::from_utf8(bytes) {
        Ok(text) => {
            let end = text.floor_char_boundary(LONGEST);
            ("utf-8", text[..end].to_owned(), cut)
        }
        Err(_) => ("base64", STANDARD.encode(&bytes[..bytes.len().min(LONGEST)]), cut),
    }
}

impl RawEvent {
    fn of(event: &EventRow) -> Self {
        let text = |name: &Option<model::Name>| name.as_ref().map(ToString::to_string);
        let details = serde_json::from_str(&event.details).unwrap_or_else(|_| event.details.as_str().into());
        Self {
            event_id: event.event_id.to_string(),
            kind: event.kind.to_string(),
            at: event.at.to_rfc3339(),
            source: event.source.to_string(),
            queue: text(&event.queue),
            agent: text(&event.agent),
            party: text(&event.party),
            details,
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use event_log::{EmbeddedLog, NewRecord, TopicSpec};
    use model::event::Body;

    use super::*;
    use crate::calls::story::samples::{call, event};

    #[tokio::test]
    async fn a_record_that_is_gone_says_so_and_the_others_stand() {
        let folder = tempfile::tempdir().unwrap();
        let log = EmbeddedLog::open(folder.path()).unwrap();
        let spec = TopicSpec { name: TOPIC_EVENTS.to_owned(), partitions: 1, settings: Vec::new() };
        log.ensure_topic(&spec).await.unwrap();
        let record = |value: &'static [u8]| NewRecord {
            key: Bytes::from_static(b"pbx1"),
            partition: None,
            timestamp_ms: Some(1_000),
            headers: vec![("ce_type".into(), Bytes::from_static(b"asterisk.ami"))],
            value: Bytes::from_static(value),
        };
        log.append(TOPIC_EVENTS, vec![record(b"{\"a\":1}"), record(&[0xff, 0xfe])]).await.unwrap();
        // Two events of the record at 0, one of that at 1; nothing stands at 7.
        let events =
            vec![event(0, None, &Body::Held), event(0, Some("Ann"), &Body::Retrieved), event(1, None, &Body::Held)];
        let mut call = call();
        call.last_event = Position { partition: 0, offset: 7 };
        let contact = Contact { call, visits: Vec::new(), legs: Vec::new(), events };
        let all = read(&log, &contact, None, PAGE).await;
        let told: Vec<_> =
            all.records.iter().map(|r| (r.offset, r.encoding.as_str(), r.value.as_str(), r.events.len())).collect();
        assert_eq!(told, [(0, "utf-8", "{\"a\":1}", 2), (1, "base64", "//4=", 1), (7, "utf-8", "", 0)]);
        assert_eq!((all.total, &all.next), (3, &None));
        assert_eq!(all.records[0].headers, [RawHeader { key: "ce_type".into(), value: "asterisk.ami".into() }]);
        assert_eq!(all.records[0].appended_at.as_deref(), Some("1970-01-01T00:00:01Z"));
        assert!(all.records[..2].iter().all(|r| r.trouble.is_none()));
        assert!(all.records[2].trouble.as_ref().is_some_and(|t| t.contains("outside the log")), "{:?}", all.records[2]);
        let page = read(&log, &contact, None, 1).await;
        assert_eq!((page.records.len(), page.next.as_deref()), (1, Some("cti.events/0/0")));
        let rest = read(&log, &contact, page.next.and_then(|n| n.parse().ok()), PAGE).await;
        assert_eq!(rest.records, all.records[1..]);
    }

    #[test]
    fn bytes_are_text_or_base64_and_never_longer_than_the_limit() {
        assert_eq!(written(br#"{"a":"<b>"}"#), ("utf-8", r#"{"a":"<b>"}"#.to_owned(), false));
        assert_eq!(written(&[0xff, 0, 1]), ("base64", "/wAB".to_owned(), false));
        let long = "ü".repeat(LONGEST / 2 + 1);
        let (encoding, text, cut) = written(long.as_bytes());
        assert_eq!((encoding, text.len(), cut), ("utf-8", LONGEST, true));
        let (_, text, cut) = written(format!("a{long}").as_bytes());
        assert_eq!((text.len(), cut), (LONGEST - 1, true), "no character is cut through");
        assert!(written(&vec![0xff; LONGEST + 1]).2);
    }
}
