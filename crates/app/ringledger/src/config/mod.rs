//! Pipeline files: which sources, stages and sinks run, with which limits.
//!
//! Contract: nothing in them is code, no secret stands in them (only the name of an
//! environment variable or of a file), an unknown key is an error that names the nearest
//! right one. Several files are one pipeline: lists add up, a section may stand in one.

mod read;
mod shape;
mod validate;

pub use read::read;
pub use shape::{Config, HttpSection, Kafka, RecordingsSource, SourceSection, Stage, StoreSection, SwitchSection};
pub use validate::dialect as known_dialect;
