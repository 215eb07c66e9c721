//! Health for those who tend the system: how it does, what is wrong and what to do about
//! it; dead letters, parked CRM rows and recordings, to be read and tried again.
//!
//! Contract: what is wrong stands first, in words, with what to do. Pages and API are made
//! of the same functions. What costs a look through a table or a topic is kept for
//! [`KEPT`], so that many who watch cost what one does.

pub(crate) mod api;
pub(crate) mod desk;
mod findings;
mod lag;
pub(crate) mod memory;
pub(crate) mod page;
#[cfg(test)]
mod tests;
mod view;

use std::time::Duration;

/// How old counts of dead letters, parked rows and recordings may be.
pub(crate) const KEPT: Duration = Duration::from_secs(30);
