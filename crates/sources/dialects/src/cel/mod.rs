//! `asterisk.cel`: Asterisk's channel event logging, from its CSV files.
//!
//! As a native record a row is column name → value, every value as written.
//!
//! What CEL tells, and what it does not:
//! - Contacts, legs, conversations, transfers and joined calls: fully.
//! - Holds: no row says so. Music begins on a party that is in a conversation with one
//!   other: that other holds it. Music while waiting is no hold.
//! - Queues: joins, answers, agents (by interface), ends of talk. A wait's end is told by
//!   what comes next: the caller hung up (abandoned); the dial plan went on after the
//!   queue's time-out (time-out), earlier (empty), or with another extension set by the
//!   queue (key).
//!   A caller who is put into the very same queue again is seen by music that begins
//!   straight after music once the time-out was up; without a time-out it is one stay.
//! - Never told: refused joins (no row names the queue), positions, pauses and logons.
//!   Durations are never stated, but for the ring time of missed offers, counted as the
//!   queue application does.
//!
//! Source: Asterisk's documentation of "Channel Event Logging" and `main/cel.c`.

mod calls;
mod decoder;
mod devices;
mod framer;
mod masker;
mod offers;
mod row;
mod state;
mod stays;

#[cfg(test)]
mod framing_tests;
#[cfg(test)]
mod place_tests;
#[cfg(test)]
mod tests;

pub use decoder::CelDecoder;
pub use framer::CelFramer;
pub use masker::CelMasker;

/// The dialect's name in errors.
pub(crate) const DIALECT: &str = "asterisk.cel";

/// The columns of a file whose `cel_custom.conf` lists every field in this order.
pub const COLUMNS: &[&str] = &[
    "EventType",
    "EventTime",
    "Name",
    "Num",
    "ani",
    "rdnis",
    "dnid",
    "Exten",
    "Context",
    "ChanName",
    "AppName",
    "AppData",
    "AMAFlags",
    "AccountCode",
    "UniqueID",
    "LinkedID",
    "Peer",
    "PeerAccount",
    "UserField",
    "userdeftype",
    "EventExtra",
];
