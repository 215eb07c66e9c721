//! Dialects: native bytes to canonical events. Pure: no I/O, no clock.
//!
//! Before the log (framing and masking): a [`Framer`] cuts a byte stream into native
//! records, a [`Masker`] takes card data out of them. After the log (meaning): a
//! [`model::Decoder`] turns logged records into canonical events.
//!
//! Contract of a framer: the same bytes give the same records, however they are cut into
//! chunks; nothing panics on any bytes; memory is bounded by [`MAX_RECORD`]; what cannot
//! be framed comes out as an error with its bytes, never silently dropped.

pub mod acts;
pub mod adapter;
pub mod ami;
pub mod cel;
pub mod fuzzing;
pub mod masking;
pub mod queue_log;
pub mod registry;

mod cards;
mod emit;
mod lines;
mod plausible;
#[cfg(test)]
mod testing;

use bytes::Bytes;
use model::{Envelope, Instant};

/// Largest native record that is taken, bytes; a longer one is a framing error.
pub const MAX_RECORD: usize = 1 << 20;

/// One native record, framed.
#[derive(Clone, Debug, PartialEq)]
pub struct Framed {
    /// Byte offset of its first byte in the stream.
    pub offset: u64,
    /// Its bytes as they came (cut to 64 KiB in an error).
    pub raw: Bytes,
    /// The record, or why there is none.
    pub record: Result<NativeRecord, FrameError>,
}

/// A native event as JSON, as it goes into the log once masked.
#[derive(Clone, Debug, PartialEq)]
pub struct NativeRecord {
    /// The switch's own time, where it gives one.
    pub time: Option<Instant>,
    /// The native event: names and values as the switch wrote them.
    pub data: serde_json::Map<String, serde_json::Value>,
}

/// Bytes that are no record of the dialect.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{dialect}, byte {offset}: {reason}")]
pub struct FrameError {
    /// The dialect.
    pub dialect: &'static str,
    /// Where in the stream.
    pub offset: u64,
    /// What is wrong and what was expected.
    pub reason: String,
}

/// Cuts a byte stream into native records.
pub trait Framer: Send {
    /// Takes the next bytes of the stream.
    fn push(&mut self, chunk: &[u8], out: &mut Vec<Framed>);

    /// The stream has ended: a cut-off tail comes out as an error, a whole last record
    /// without its terminator as a record where the dialect allows it.
    fn finish(&mut self, out: &mut Vec<Framed>);
}

/// Takes card data out of native records before they reach the log (`docs/events.md`, 1).
pub trait Masker: Send {
    /// Masks one record in place; returns how many values were masked.
    fn mask(&mut self, record: &mut NativeRecord) -> u32;

    /// Rebuilds state from a record that is in the log already (after a restart).
    fn observe(&mut self, envelope: &Envelope);

    /// Nothing was heard for a while: digits are masked until a call's state is known.
    fn gap(&mut self);
}
