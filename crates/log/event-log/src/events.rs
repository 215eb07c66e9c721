//! Envelopes as records of `cti.events`, keyed by switch (docs/events.md, 1).

use bytes::Bytes;
use model::{Envelope, Name, envelope::EnvelopeError};

use crate::{NewRecord, Record};

impl NewRecord {
    /// The record of an event: attributes as headers, the switch as key.
    pub fn event(envelope: &Envelope) -> Self {
        let headers = envelope.headers();
        Self {
            key: Bytes::copy_from_slice(envelope.switch.as_bytes()),
            partition: None,
            timestamp_ms: None,
            headers: headers
                .into_iter()
                .map(|(k, v)| (Name::new_static(k), Bytes::copy_from_slice(v.as_bytes())))
                .collect(),
            value: envelope.data.clone(),
        }
    }
}

/// A record whose envelope was read: what a fold works on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// Its offset.
    pub offset: i64,
    /// When it was appended, milliseconds since the epoch.
    pub timestamp_ms: i64,
    /// Its value as it is kept.
    pub value: Bytes,
    /// Its event, or why it is none.
    pub envelope: Result<Envelope, EnvelopeError>,
}

impl Record {
    /// Reads the envelope, and lets the headers go with it.
    pub fn open(&self) -> Opened {
        let Self { offset, timestamp_ms, .. } = *self;
        Opened { offset, timestamp_ms, value: self.value.clone(), envelope: self.envelope() }
    }

    /// The event of this record.
    ///
    /// # Errors
    /// It is no readable CloudEvent: says which attribute.
    pub fn envelope(&self) -> Result<Envelope, EnvelopeError> {
        Envelope::from_record(self.headers.iter().map(|(k, v)| (k.as_str(), v.as_ref())), &self.value)
    }
}
