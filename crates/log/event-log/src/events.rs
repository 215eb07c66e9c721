//! Envelopes as records of `cti.events`, keyed by switch (docs/events.md, 1).

use bytes::Bytes;
use model::{Envelope, envelope::EnvelopeError};

use crate::{NewRecord, Record};

impl NewRecord {
    /// The record of an event: attributes as headers, the switch as key.
    pub fn event(envelope: &Envelope) -> Self {
        let headers = envelope.headers();
        Self {
            key: Bytes::copy_from_slice(envelope.switch.as_bytes()),
            partition: None,
            timestamp_ms: None,
            headers: headers.into_iter().map(|(k, v)| (k.to_owned(), Bytes::copy_from_slice(v.as_bytes()))).collect(),
            value: envelope.data.clone(),
        }
    }
}

impl Record {
    /// The event of this record.
    ///
    /// # Errors
    /// It is no readable CloudEvent: says which attribute.
    pub fn envelope(&self) -> Result<Envelope, EnvelopeError> {
        Envelope::from_record(self.headers.iter().map(|(k, v)| (k.as_str(), v.as_ref())), &self.value)
    }
}
