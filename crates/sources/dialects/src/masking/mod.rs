//! Card data: which keys of a call must not be kept (`docs/events.md`, 1).
//!
//! [`KeyGuard`] is the state machine, free of any vendor's words: it is told of channels,
//! of the calls and conversations that tie them together, of suspended recordings and of
//! each copy of each key press, and says whether that copy must be masked:
//! - while a recording of the call is suspended, whichever of its channels was muted;
//! - from the ninth digit on of one run typed by one party, on every channel;
//! - while the state of the call is not known: it was up before anything was heard.
//!
//! [`luhn`] finds card numbers in texts, [`blot`] takes them out of bytes that are no
//! record. A masked digit is written as [`MASK`]: `*` and
//! `#` are real keys.
//!
//! No digit is ever held here. State is bounded by open channels and a tail of
//! [`TAIL_MS`] behind their end.

mod guard;
mod links;
pub mod luhn;
mod runs;
#[cfg(test)]
mod tests;
mod unread;

pub use guard::{Copied, KeyGuard, Press};
pub use unread::blot;

/// What stands in place of a digit.
pub const MASK: char = 'X';
/// How long an ended channel is remembered, in milliseconds: events of it still come.
pub const TAIL_MS: i64 = 30_000;

/// What can be set about runs of digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Digits of one run that are kept. The default, 8, holds every account number and
    /// too little of a card number to be one.
    pub free_digits: u32,
    /// A pause of so many milliseconds between two keys ends a run. Default 5000.
    pub run_gap_ms: i64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { free_digits: 8, run_gap_ms: 5_000 }
    }
}
