//! Where recordings are fetched from: the switch's folder, HTTP(S), or an object store.
//!
//! Contract: sources are read, never written to; an announced path is found below the
//! source as its longest tail that exists there; a file that still grows is not taken.

mod bucket;
mod folder;
mod http;

pub use bucket::BucketSource;
pub(crate) use folder::blocking;
pub use folder::{FolderSource, Listing};
pub use http::{AUTHORIZATION_VARIABLE, HttpSource};

use model::Instant;

use crate::error::VaultError;
use crate::taken::Taken;

/// Where the switch leaves its recordings.
#[derive(Clone, Debug)]
pub enum Source {
    /// A folder that can be read here.
    Folder(FolderSource),
    /// A folder behind HTTP(S).
    Http(HttpSource),
    /// An object store.
    ObjectStore(BucketSource),
}

/// What one attempt goes by. The vault has no clock of its own.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// Now; becomes `stored_at`.
    pub now: Instant,
    /// A file that changed less than this long ago still grows, in milliseconds;
    /// `None` (an import) takes every file as it is.
    pub settle_ms: Option<i64>,
    /// Larger recordings are refused, in bytes.
    pub max_bytes: u64,
}

impl Terms {
    /// For an import: nothing is waited for; up to 4 GiB a recording.
    pub const fn import(now: Instant) -> Self {
        Self { now, settle_ms: None, max_bytes: 4 << 30 }
    }

    /// For a running switch: a file must have rested for 5 s.
    pub const fn live(now: Instant) -> Self {
        Self { now, settle_ms: Some(5000), max_bytes: 4 << 30 }
    }

    pub(crate) fn still_growing(&self, modified: Option<Instant>) -> bool {
        match (self.settle_ms, modified) {
            (Some(settle), Some(modified)) => self.now.millis_since(modified) < settle,
            _ => false,
        }
    }
}

impl Source {
    /// What it is called in messages.
    pub fn place(&self) -> String {
        match self {
            Self::Folder(s) => s.place(),
            Self::Http(s) => s.place(),
            Self::ObjectStore(s) => s.place(),
        }
    }

    /// Whether it can be reached and lets us in. (A folder was looked at when it was opened; a
    /// bucket is asked at the first recording.)
    ///
    /// # Errors
    /// As the source refuses or fails.
    pub async fn check(&self) -> Result<(), VaultError> {
        match self {
            Self::Http(s) => s.check().await,
            Self::Folder(_) | Self::ObjectStore(_) => Ok(()),
        }
    }

    pub(crate) async fn take(&self, announced: &str, terms: &Terms) -> Result<Taken, VaultError> {
        match self {
            Self::Folder(s) => s.take(announced, terms).await,
            Self::Http(s) => s.take(announced, terms).await,
            Self::ObjectStore(s) => s.take(announced, terms).await,
        }
    }
}
