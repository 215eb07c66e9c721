//! What a dialect owes the engine: native records in, canonical events out.

use crate::{Envelope, Event, Instant, Position};

/// A record that a decoder could not read; it becomes a dead letter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{dialect}: {reason}")]
pub struct DecodeError {
    /// The dialect that could not read it.
    pub dialect: &'static str,
    /// What is wrong, where in the record, and what was expected.
    pub reason: String,
}

/// Turns the native records of one source (one switch, one dialect) into canonical
/// events. Pure: no I/O, no clock; everything it knows came from records, in log order.
///
/// Order: `decode` is called once a record, in log order. A decoder may hold an event
/// back until a later record settles what it means (an `Abandoned` that may turn out to
/// be a time-out); `release` says that nothing more will come.
/// Failure: an error concerns that one record; the state stays usable.
pub trait Decoder: Send + Sync {
    /// Appends to `out` the canonical events that this record brings.
    ///
    /// # Errors
    /// The record cannot be read; nothing was appended to `out`.
    fn decode(&mut self, envelope: &Envelope, position: Position, out: &mut Vec<Event>) -> Result<(), DecodeError>;

    /// The input has ended (or was silent beyond every join): settle all that was held
    /// back, as of `at`; events carry `position` of the record that said so.
    fn release(&mut self, at: Instant, position: Position, out: &mut Vec<Event>);

    /// The whole state as bytes, to go into a snapshot.
    fn snapshot(&self) -> Vec<u8>;

    /// Takes up the state that `snapshot` gave.
    ///
    /// # Errors
    /// The bytes are not of this decoder's format.
    fn restore(&mut self, bytes: &[u8]) -> Result<(), String>;
}
