//! The envelope of every record in `cti.events`: CloudEvents 1.0.
//!
//! Kafka binding, binary mode: attributes are `ce_*` headers, the value is the native
//! event as JSON. Structured mode (`application/cloudevents+json`) is read too.
//! Source: CloudEvents 1.0.2 and its Kafka protocol binding, sections 3.2 and 3.3.

use std::borrow::Cow;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::{Instant, Name};

/// The language in which a source speaks.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Dialect {
    /// Asterisk Manager Interface.
    AsteriskAmi,
    /// Asterisk `queue_log` rows.
    AsteriskQueueLog,
    /// Asterisk channel event logging.
    AsteriskCel,
    /// Our own adapter events (softphone, screen pop, notes).
    CtiAdapter,
    /// What Ringledger itself did or decided (`crate::acts`).
    Ringledger,
    /// A dialect that this build does not know; kept, counted, never decoded.
    Other(Name),
}

impl Dialect {
    /// The `ce_type` of the dialect.
    pub fn as_str(&self) -> &str {
        match self {
            Self::AsteriskAmi => "asterisk.ami",
            Self::AsteriskQueueLog => "asterisk.queue_log",
            Self::AsteriskCel => "asterisk.cel",
            Self::CtiAdapter => "cti.adapter",
            Self::Ringledger => "ringledger.act",
            Self::Other(name) => name,
        }
    }

    /// The dialect of a `ce_type`.
    pub fn of(ce_type: &str) -> Self {
        match ce_type {
            "asterisk.ami" => Self::AsteriskAmi,
            "asterisk.queue_log" => Self::AsteriskQueueLog,
            "asterisk.cel" => Self::AsteriskCel,
            "cti.adapter" => Self::CtiAdapter,
            "ringledger.act" => Self::Ringledger,
            other => Self::Other(other.into()),
        }
    }

    /// Whether this dialect alone can make a switch's figures.
    pub fn makes_figures(&self) -> bool {
        matches!(self, Self::AsteriskAmi | Self::AsteriskQueueLog | Self::AsteriskCel)
    }

    /// Whether this dialect announces recordings: where it does not make the figures and the
    /// one which does announces none, recordings are taken from it.
    pub fn announces_recordings(&self) -> bool {
        matches!(self, Self::AsteriskAmi)
    }
}

/// One CloudEvent: the attributes, and the native event as JSON bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// `ce_id`; with `source` the identity of the event.
    pub id: Name,
    /// `ce_source`: `/switch/<name>`, `/adapter/<name>` or `/ringledger/<stage>`.
    pub source: Name,
    /// `ce_type`.
    pub dialect: Dialect,
    /// `ce_time`: the switch's own time where it gives one, else the time of receipt
    /// (in an import: that of the event before it).
    pub time: Instant,
    /// `ce_receivedtime`: when a collector took it. A wall-clock value.
    pub received: Instant,
    /// `ce_epoch`: the holder of the source's lease; lower epochs are dropped by folds.
    pub epoch: u64,
    /// `ce_sequence`: monotonic per source within and across epochs.
    pub sequence: u64,
    /// `ce_center`.
    pub center: Name,
    /// `ce_switch`: also the partition key.
    pub switch: Name,
    /// The native event, JSON.
    pub data: Bytes,
}

/// Why a record is no readable CloudEvent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    /// A required attribute is absent.
    #[error("the CloudEvents attribute '{0}' is missing")]
    Missing(&'static str),
    /// An attribute cannot be read.
    #[error("the CloudEvents attribute '{0}' is not readable: '{1}'")]
    Bad(&'static str, String),
    /// The structured form is no JSON object of that shape.
    #[error("no structured CloudEvent: {0}")]
    Structured(String),
}

/// The header that tells a structured record.
pub const CONTENT_TYPE: &str = "content-type";
/// The content type of a structured record.
pub const STRUCTURED: &str = "application/cloudevents+json";

impl Envelope {
    /// The attributes as Kafka headers (binary mode), in a fixed order.
    pub fn headers(&self) -> Vec<(&'static str, Name)> {
        vec![
            ("ce_specversion", Name::new_static("1.0")),
            ("ce_id", self.id.clone()),
            ("ce_source", self.source.clone()),
            ("ce_type", self.dialect.as_str().into()),
            ("ce_time", self.time.to_rfc3339().into()),
            ("ce_receivedtime", self.received.to_rfc3339().into()),
            ("ce_epoch", self.epoch.to_string().into()),
            ("ce_sequence", self.sequence.to_string().into()),
            ("ce_center", self.center.clone()),
            ("ce_switch", self.switch.clone()),
            (CONTENT_TYPE, Name::new_static("application/json")),
        ]
    }

    /// Reads a record: binary mode by its `ce_*` headers, structured mode by content type.
    ///
    /// # Errors
    /// Which attribute is missing or unreadable.
    pub fn from_record<'a>(
        headers: impl Iterator<Item = (&'a str, &'a [u8])>,
        value: &Bytes,
    ) -> Result<Self, EnvelopeError> {
        match Self::from_headers(headers)? {
            Some(envelope) => Ok(Self { data: value.clone(), ..envelope }),
            None => Self::from_structured(value),
        }
    }

    /// Reads the attributes of a record in binary mode, without its `data`; `None` where the
    /// record is a structured one, whose value holds everything.
    ///
    /// # Errors
    /// Which attribute is missing or unreadable.
    pub fn from_headers<'a>(headers: impl Iterator<Item = (&'a str, &'a [u8])>) -> Result<Option<Self>, EnvelopeError> {
        let mut parts = Parts::default();
        for (key, raw) in headers {
            let Ok(text) = std::str::from_utf8(raw) else { continue };
            if let Some(attribute) = key.strip_prefix("ce_") {
                parts.set(attribute, text);
            } else if key == CONTENT_TYPE && text.starts_with(STRUCTURED) {
                return Ok(None);
            }
        }
        parts.build(Bytes::new()).map(Some)
    }

    /// Reads the structured JSON form: one object, attributes beside `data`.
    ///
    /// # Errors
    /// The text is no JSON object, or an attribute is missing or unreadable.
    pub fn from_structured(value: &[u8]) -> Result<Self, EnvelopeError> {
        let object: serde_json::Map<String, serde_json::Value> =
            serde_json::from_slice(value).map_err(|e| EnvelopeError::Structured(e.to_string()))?;
        let attributes: Vec<(&str, Cow<'_, str>)> = object
            .iter()
            .filter_map(|(key, v)| match v {
                serde_json::Value::String(s) => Some((key.as_str(), Cow::Borrowed(s.as_str()))),
                serde_json::Value::Number(n) => Some((key.as_str(), Cow::Owned(n.to_string()))),
                _ => None,
            })
            .collect();
        let mut parts = Parts::default();
        attributes.iter().for_each(|(key, text)| parts.set(key, text));
        let data = object.get("data").cloned().unwrap_or(serde_json::Value::Null);
        parts.build(Bytes::from(data.to_string()))
    }

    /// The structured form: what `ringledger log cat` prints.
    pub fn to_structured(&self) -> serde_json::Value {
        let mut object = serde_json::Map::new();
        for (key, value) in self.headers() {
            let Some(key) = key.strip_prefix("ce_") else { continue };
            object.insert(key.to_owned(), value.as_str().into());
        }
        object.insert("datacontenttype".to_owned(), "application/json".into());
        let data = serde_json::from_slice(&self.data)
            .unwrap_or_else(|_| String::from_utf8_lossy(&self.data).into_owned().into());
        object.insert("data".to_owned(), data);
        object.into()
    }
}

/// Attributes as they are met: nothing is copied before all of them are known, for every
/// record of the log passes here.
#[derive(Default)]
struct Parts<'a> {
    id: Option<&'a str>,
    source: Option<&'a str>,
    kind: Option<&'a str>,
    time: Option<&'a str>,
    received: Option<&'a str>,
    epoch: Option<&'a str>,
    sequence: Option<&'a str>,
    center: Option<&'a str>,
    switch: Option<&'a str>,
}

impl<'a> Parts<'a> {
    fn set(&mut self, key: &str, text: &'a str) {
        let slot = match key {
            "id" => &mut self.id,
            "source" => &mut self.source,
            "type" => &mut self.kind,
            "time" => &mut self.time,
            "receivedtime" => &mut self.received,
            "epoch" => &mut self.epoch,
            "sequence" => &mut self.sequence,
            "center" => &mut self.center,
            "switch" => &mut self.switch,
            _ => return,
        };
        *slot = Some(text);
    }

    fn build(self, data: Bytes) -> Result<Envelope, EnvelopeError> {
        let instant = |name: &'static str, text: Option<&str>| match text {
            None => Ok(None),
            Some(t) => Instant::parse_rfc3339(t).map(Some).map_err(|_| EnvelopeError::Bad(name, t.to_owned())),
        };
        let number = |name: &'static str, text: Option<&str>| match text {
            None => Ok(0_u64),
            Some(t) => t.parse().map_err(|_| EnvelopeError::Bad(name, t.to_owned())),
        };
        let received = instant("receivedtime", self.received)?;
        let time = instant("time", self.time)?.or(received).ok_or(EnvelopeError::Missing("time"))?;
        Ok(Envelope {
            id: self.id.ok_or(EnvelopeError::Missing("id"))?.into(),
            source: self.source.ok_or(EnvelopeError::Missing("source"))?.into(),
            dialect: Dialect::of(self.kind.ok_or(EnvelopeError::Missing("type"))?),
            time,
            received: received.unwrap_or(time),
            epoch: number("epoch", self.epoch)?,
            sequence: number("sequence", self.sequence)?,
            center: self.center.map_or_else(|| Name::new_static("main"), Name::from),
            switch: self.switch.ok_or(EnvelopeError::Missing("switch"))?.into(),
            data,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Envelope {
        Envelope {
            id: "a-1".into(),
            source: "/switch/pbx1".into(),
            dialect: Dialect::AsteriskQueueLog,
            time: Instant(1_795_326_272_000_000),
            received: Instant(1_795_326_280_123_456),
            epoch: 2,
            sequence: 17,
            center: "main".into(),
            switch: "pbx1".into(),
            data: Bytes::from_static(br#"{"event":"DID"}"#),
        }
    }

    #[test]
    fn binary_mode_goes_there_and_back() {
        let e = sample();
        let headers = e.headers();
        let back = Envelope::from_record(headers.iter().map(|(k, v)| (*k, v.as_bytes())), &e.data);
        assert_eq!(back, Ok(e));
    }

    #[test]
    fn structured_mode_goes_there_and_back() {
        let e = sample();
        assert_eq!(Envelope::from_structured(e.to_structured().to_string().as_bytes()), Ok(e));
    }

    #[test]
    fn a_missing_attribute_is_named() {
        let e =
            Envelope::from_structured(br#"{"id":"x","source":"y","type":"cti.adapter","time":"2026-01-01T00:00:00Z"}"#);
        assert_eq!(e, Err(EnvelopeError::Missing("switch")));
    }
}
