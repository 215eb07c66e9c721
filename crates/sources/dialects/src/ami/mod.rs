//! Asterisk Manager Interface, version 11 of the protocol and its elders.
//!
//! Contract:
//! - [`AmiFramer`]: bytes to messages. `data` is header name to value as written, in the
//!   order of the message; a header that comes again makes a list.
//! - [`AmiMasker`]: takes card digits out before the log.
//! - [`AmiDecoder`]: messages to canonical events. A visit's end that AMI tells in pieces
//!   (`QueueCallerAbandon`, `QueueCallerLeave`, `VarSet QUEUESTATUS`) is held back until
//!   settled, at most [`SETTLE_MS`] of event time; its `at` is when it happened, its
//!   position that of the record which settled it.
//! - A login must be allowed to read the classes `call`, `agent`, `user`, `dtmf`, `system`
//!   and `dialplan`. Without the last (`VarSet`, `Newexten`) refused joins are in no event
//!   at all, a queue run empty looks like a time-out, and recordings have no file.
//! - Duplicates are the engine's business; a record that repeats is decoded again.
//! - State is bounded by open channels, configured members, and a tail of [`TAIL_MS`].

mod agents;
mod bridges;
mod channels;
mod decoder;
mod dials;
mod fields;
mod framer;
mod fuzz;
mod ivr;
mod lists;
mod masker;
mod members;
mod message;
mod names;
mod queues;
mod recordings;
mod secrets;
mod state;
mod transfers;

#[cfg(test)]
mod tests;

pub use decoder::AmiDecoder;
pub use framer::AmiFramer;
pub use fuzz::fuzz_ami;
pub use masker::AmiMasker;

/// The dialect, as errors name it.
pub(crate) const DIALECT: &str = "asterisk.ami";
/// How long, in milliseconds of event time, the end of a wait may stay unsettled.
pub const SETTLE_MS: i64 = 2_000;
/// How long, in milliseconds of event time, a cleared channel and an answered visit
/// without its end are remembered.
pub const TAIL_MS: i64 = 30_000;
