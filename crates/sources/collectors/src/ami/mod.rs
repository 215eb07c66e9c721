//! A live connection to an Asterisk Manager Interface, over TCP or TLS.
//!
//! Order: log in, ask for the present state (`QueueStatus`, `CoreShowChannels`), then
//! whatever comes, every byte of it. Failure: a broken or silent connection is taken up
//! again with doubling pauses; the log is told that there was a gap. A wrong password does
//! not heal by itself: it is said at once and tried again at the longest pause only.
//! The secret is sent only to what has greeted as a manager interface.
//! Protocol: Asterisk documentation, "The Asterisk Manager TCP/IP API".

mod config;
mod connection;
mod listen;
mod session;
mod tls;

pub use config::{AmiConfig, AmiError, TlsConfig};
pub use connection::check;
pub use session::{Timing, Watch, run, run_with};
