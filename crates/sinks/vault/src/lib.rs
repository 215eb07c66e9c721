//! Recordings: fetched from where the switch left them, hashed, kept, verified, given
//! out (`docs/tables.md` section 3).
//!
//! Contract:
//! - **One attempt.** Every call tries once and says what kind of failure it was
//!   (`VaultError::kind`); waiting, retrying and deadlines are the engine's.
//! - **No doubles.** Keys derive from the announcement, so a repeated attempt finds what
//!   an earlier one stored, by size and hash, and uploads nothing.
//! - **Whole or not at all.** A key shows an object only when all its bytes are there;
//!   its metadata (size, sha256) is read back before an outcome says so.
//! - **Bounded memory**: one part of 8 MiB an attempt, whatever the recording's size.
//! - **Sources are read only**, and nothing outside them is read.
//! - No clock: `Terms::now` comes from the caller.

pub mod audio;
mod completeness;
mod config;
mod error;
mod key;
#[cfg(test)]
mod kills;
mod orphans;
mod place;
mod serve;
mod source;
mod tail;
mod taken;
mod vault;
mod verify;

pub use completeness::{CompletenessRow, completeness, completeness_by};
pub use config::StoreConfig;
pub use error::{FailureKind, VaultError};
pub use key::recording_key;
pub use orphans::Sweep;
pub use serve::{Hearing, Served, Wanted};
pub use source::{AUTHORIZATION_VARIABLE, BucketSource, FolderSource, HttpSource, Listing, Source, Terms};
pub use vault::{Vault, missing};
pub use verify::Verification;
