//! A live connection to an Asterisk Manager Interface, over TCP or TLS.
//!
//! Order: log in, ask for the present state (`QueueStatus`, `CoreShowChannels`), then
//! whatever comes. Failure: a broken or silent connection is taken up again with doubling
//! pauses; the log is told that there was a gap. A wrong password does not heal by
//! itself: it is said at once and tried again at the longest pause only.
//! Protocol: Asterisk documentation, "The Asterisk Manager TCP/IP API".

mod connection;
mod session;

pub use connection::{AmiConfig, AmiError, TlsConfig, check};
pub use session::{Watch, run};
