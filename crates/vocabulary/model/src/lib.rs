//! The vocabulary that every room of Ringledger speaks: instants, positions in the
//! log, the CloudEvents envelope, the canonical (CSTA) events, and the rows of the
//! fact tables. Plain data only: no I/O, no clock, no formula.
//!
//! Contract: a type here means the same thing in code, tables, reports and
//! documentation; its names are those of `docs/metrics.md`.

pub mod acts;
mod calendar;
pub mod decode;
pub mod envelope;
pub mod event;
pub mod facts;
pub mod position;
pub mod roster;
pub mod time;

pub use acts::{Act, SignInOutcome};
pub use decode::{DecodeError, Decoder};
pub use envelope::{Dialect, Envelope};
pub use event::{Body, Event};
pub use position::Position;
pub use roster::Roster;
pub use time::Instant;

/// A short string that most often fits without an allocation (Uniqueids, queue and
/// agent names).
pub type Name = smol_str::SmolStr;

/// Raised whenever a formula or a definition of `docs/metrics.md` changes.
pub const DEFINITION_VERSION: i32 = 1;

/// The topic that holds everything a switch or an adapter said.
pub const TOPIC_EVENTS: &str = "cti.events";
/// Contact records, keyed by `call_id`.
pub const TOPIC_CALLS: &str = "cti.calls";
/// Live figures, keyed by switch and queue, compacted.
pub const TOPIC_LIVE: &str = "cti.live";
/// What could not be read, with reason, bytes and position.
pub const TOPIC_DEAD_LETTERS: &str = "cti.dead-letters";
