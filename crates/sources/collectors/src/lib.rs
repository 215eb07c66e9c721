//! Collectors: from sockets, files and HTTP into the log.
//!
//! Framing and masking come before the log; meaning comes after it. Every collector of a
//! switch appends under a lease of its source, so that a source has one writer at a time;
//! what adapters send has no order of its own and needs none.

pub mod ami;
pub mod feed;
pub mod follow;
pub mod ids;
pub mod import;
pub mod intake;

pub mod known;
pub mod open;
pub mod retake;
pub mod times;

mod scan;
