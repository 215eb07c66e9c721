//! Health for those who tend the system: how it does, what is wrong and what to do about
//! it; dead letters, parked CRM rows and recordings, to be read and tried again.
//!
//! Contract: what is wrong stands first, in words, with what to do. Pages and API are made
//! of the same functions. What costs a look through a table or a topic is kept for
//! [`KEPT`], so that many who watch cost what one does.

pub(crate) mod answer;
pub(crate) mod api;
pub(crate) mod desk;
mod findings;
mod lag;
pub(crate) mod letters;
pub(crate) mod memory;
pub(crate) mod page;
pub(crate) mod parked;
pub(crate) mod parts;
#[cfg(test)]
mod tests;
mod view;

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Deserializer, de::Error as _};

use letters::Letters;
use memory::Kept;

/// How old counts of dead letters, parked rows and recordings may be.
pub(crate) const KEPT: Duration = Duration::from_secs(30);

/// What is kept for a while.
#[derive(Default)]
pub(crate) struct Memory {
    letters: Kept<Arc<Letters>>,
    parked: Kept<Arc<desk::Parked>>,
    recordings: Kept<Arc<tables::RecordingsFound>>,
}

/// A flag of a query, as forms and programs write it.
pub(crate) fn flag<'de, D: Deserializer<'de>>(from: D) -> Result<bool, D::Error> {
    match String::deserialize(from)?.as_str() {
        "on" | "true" | "1" => Ok(true),
        "off" | "false" | "0" => Ok(false),
        other => Err(D::Error::custom(format!("'{other}' is neither true nor false"))),
    }
}

/// A whole number of a query.
pub(crate) fn number<'de, D: Deserializer<'de>>(from: D) -> Result<Option<usize>, D::Error> {
    let text = String::deserialize(from)?;
    text.parse().map(Some).map_err(|_| D::Error::custom(format!("'{text}' is no whole number")))
}
