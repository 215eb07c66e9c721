//! `cti.adapter`: our own events, from softphones, screen pops and wrap-up forms.
//!
//! `data` of the CloudEvent is one object with `type` and the fields of that type;
//! [`KINDS`] lists them, `schemas/cti.adapter/` has a JSON Schema and an example of each.
//! The event's time is the CloudEvent's own (`ce_time`). Fields that are not listed are
//! kept in the log and mean nothing here.
//!
//! `call_id` is the switch's own name of the call (Asterisk: its Linkedid, or the
//! Uniqueid of the caller's channel). `agent` is the member's name or interface.

mod decoder;
mod kinds;
mod masker;
mod validate;

pub use decoder::AdapterDecoder;
pub use kinds::{Field, KINDS, Kind, Shape, schema};
pub use masker::AdapterMasker;
pub use validate::{Problem, validate};

#[cfg(test)]
mod tests;

/// The dialect's name in errors.
pub(crate) const DIALECT: &str = "cti.adapter";
