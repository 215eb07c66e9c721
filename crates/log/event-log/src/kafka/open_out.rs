//! Events out of librdkafka's memory: the envelope is read from the headers where they lie,
//! and only the value is copied.
//!
//! Contract: as `copy_out`, and what comes out equals the opened records of it.

use bytes::{Bytes, BytesMut};
use model::{Envelope, envelope::EnvelopeError};
use rdkafka::message::{BorrowedMessage, Headers, Message};

use super::copy_out::{BLOCK, Take};
use crate::Opened;

/// Room behind `BLOCK` for the value that passes it, so that no buffer is copied to grow.
const SPARE: usize = 4 * 1024;

/// Events on their way.
pub struct OpenOut {
    buffer: BytesMut,
    done: Vec<Opened>,
    /// Of the last of `done`: lengths of values that are still in `buffer`.
    open: Vec<usize>,
    /// Bytes of values that are still to come.
    left: usize,
}

impl Take for OpenOut {
    type Out = Opened;

    fn new(_partition: i32, found: &[BorrowedMessage<'_>]) -> Self {
        let bytes: usize = found.iter().map(|m| m.payload_len()).sum();
        let buffer = BytesMut::with_capacity(bytes.min(BLOCK + SPARE));
        Self { buffer, done: Vec::with_capacity(found.len()), open: Vec::new(), left: bytes }
    }

    fn push(&mut self, m: &BorrowedMessage<'_>) {
        if self.buffer.len() >= BLOCK {
            self.close();
            self.buffer.reserve(self.left.min(BLOCK + SPARE));
        }
        let value = m.payload().unwrap_or_default();
        self.left -= value.len();
        self.buffer.extend_from_slice(value);
        self.open.push(value.len());
        self.done.push(Opened {
            offset: m.offset(),
            timestamp_ms: m.timestamp().to_millis().unwrap_or(0),
            value: Bytes::new(),
            envelope: envelope(m, value),
        });
    }

    fn finish(mut self) -> Vec<Opened> {
        self.close();
        self.done
    }
}

impl OpenOut {
    /// Gives the records of this buffer their values.
    fn close(&mut self) {
        let mut rest = self.buffer.split().freeze();
        let first = self.done.len() - self.open.len();
        for (record, length) in self.done[first..].iter_mut().zip(self.open.drain(..)) {
            record.value = rest.split_to(length);
            // (A structured record has its data already.)
            if let Ok(envelope) = &mut record.envelope
                && envelope.data.is_empty()
            {
                envelope.data = record.value.clone();
            }
        }
    }
}

fn envelope(m: &BorrowedMessage<'_>, value: &[u8]) -> Result<Envelope, EnvelopeError> {
    let headers = m.headers();
    let headers = headers.iter().flat_map(|all| all.iter()).map(|h| (h.key, h.value.unwrap_or_default()));
    match Envelope::from_headers(headers)? {
        Some(envelope) => Ok(envelope),
        None => Envelope::from_structured(value),
    }
}
