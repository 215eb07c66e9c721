//! What can go wrong with the lake: each error says which table or store, what was
//! refused, and what to do. Secrets are never part of a message.

use crate::cells::BadCell;
use crate::table::Table;

/// A failure of the lake.
#[derive(Debug, thiserror::Error)]
pub enum TablesError {
    /// The place of the lake is no folder and no URL that is known.
    #[error("'{place}' is no place for tables: {reason}; give a folder or s3://bucket/path")]
    Place {
        /// As configured.
        place: String,
        /// Why not.
        reason: String,
    },
    /// The store refused the credentials.
    #[error(
        "the object store at {place} refused the access key ({key}): {reason}; \
         check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY and that this key may read and write there"
    )]
    Refused {
        /// Endpoint, bucket and path.
        place: String,
        /// The key's id, shortened, or that there is none.
        key: String,
        /// The store's own word for it.
        reason: String,
    },
    /// The store cannot be reached, or answered with an error.
    #[error("the object store at {place} failed: {reason}; {}", todo(.place, .reason))]
    Store {
        /// Endpoint, bucket and path, or the folder.
        place: String,
        /// What it said.
        reason: String,
    },
    /// A table does not exist yet.
    #[error("table {table} does not exist at {place}; import something first, or check the data directory")]
    Absent {
        /// Which.
        table: Table,
        /// Where it was looked for.
        place: String,
    },
    /// The tables were made by another generation of formulas or of state.
    #[error(
        "table {table} at {place} is of generation '{found}', this program writes '{expected}'; \
         run `ringledger replay` to rebuild the tables into a new folder"
    )]
    Generation {
        /// Which.
        table: Table,
        /// Where.
        place: String,
        /// What the table says.
        found: String,
        /// What this program writes.
        expected: String,
    },
    /// A file of the table holds what this program does not write.
    #[error("table {table}, file {file}: {cell}")]
    Content {
        /// Which.
        table: Table,
        /// The file below the table's folder.
        file: String,
        /// Which column and why.
        cell: BadCell,
    },
    /// The Delta log or a Parquet file could not be read or written.
    #[error("table {table} at {place}: {reason}")]
    Table {
        /// Which.
        table: Table,
        /// Where.
        place: String,
        /// What the library said.
        reason: String,
    },
    /// Another compaction or clean-up of the same table was quicker; nothing was changed.
    #[error("table {table}: another maintenance was quicker; nothing was changed, run it again")]
    Overlapped {
        /// Which.
        table: Table,
    },
    /// The caller asked for what the lake does not do.
    #[error("{0}")]
    Asked(String),
    /// The work broke off on our side: a thread of it failed, or the process ends.
    #[error("the work was interrupted: {0}")]
    Interrupted(String),
}

/// What to do about a store that fails: a folder is no server.
fn todo(place: &str, reason: &str) -> &'static str {
    if reason.contains("NoSuchBucket") {
        "make the bucket, or correct the address"
    } else if place.contains("s3://") {
        "check that it runs and can be reached, then try again"
    } else {
        "check that this user may write the folder and that its disk has room"
    }
}

/// Why a commit did not land.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// Another owner has moved this partition on: drop its state and reload.
    #[error(
        "table {table}: '{app_id}' stands at {found:?} instead of {seen:?}: another owner has the partition; \
         drop its state and load it anew"
    )]
    Overtaken {
        /// Which table.
        table: Table,
        /// Whose version moved.
        app_id: String,
        /// What this owner last saw.
        seen: Option<i64>,
        /// What the table says now.
        found: Option<i64>,
    },
    /// It did not land; the table is as it was. The same commit may be tried again.
    #[error("the commit did not land: {0}")]
    NotLanded(#[source] TablesError),
    /// Whether it landed cannot be told, for the table could not be reloaded. Try the same
    /// commit again: it lands once.
    #[error("the commit failed ({failure}) and whether it landed is not known: {reload}")]
    Unknown {
        /// What failed first.
        failure: TablesError,
        /// Why the table could not be read again.
        reload: TablesError,
    },
}

impl TablesError {
    /// Whether the same call may succeed later by itself: the store may come back, the
    /// other maintenance ends. What needs a person (a key, a setting, a replay) does not pass.
    pub const fn passes(&self) -> bool {
        match self {
            Self::Store { .. } | Self::Table { .. } | Self::Overlapped { .. } => true,
            Self::Place { .. }
            | Self::Refused { .. }
            | Self::Absent { .. }
            | Self::Generation { .. }
            | Self::Content { .. }
            | Self::Asked(_)
            | Self::Interrupted(_) => false,
        }
    }
}

impl CommitError {
    /// Whether the same commit, tried again as it is, may land.
    pub const fn passes(&self) -> bool {
        match self {
            Self::Overtaken { .. } => false,
            Self::NotLanded(failure) => failure.passes(),
            Self::Unknown { reload, .. } => reload.passes(),
        }
    }
}
