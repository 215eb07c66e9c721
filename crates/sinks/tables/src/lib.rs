//! The fact tables: rows of `model::facts` as Delta Lake tables on a folder or on S3,
//! exactly once, and back.
//!
//! Contract (`docs/tables.md`, sections 1 and 2): seven tables, each one Delta table with
//! the partition column `date`; columns and keys are those of `docs/metrics.md` section 4.
//! A sink makes one attempt and says what became of it; who calls waits and retries.
//! The crate owns arrow, parquet and deltalake: no other crate sees their types.

mod cells;
mod commit;
mod config;
#[cfg(test)]
mod counted;
mod error;
mod facts;
#[cfg(test)]
mod faults;
mod lake;
mod read;
mod reports;
mod schema;
mod shape;
mod sheet;
mod store;
mod synced;
mod table;
mod txns;
mod upkeep;
mod views;
mod write;

pub use cells::BadCell;
pub use commit::{Committed, Txn};
pub use config::{LakeConfig, S3Settings};
pub use error::{CommitError, TablesError};
pub use lake::Lake;
pub use read::{Filter, Followed, Gap, Size};
pub use reports::{
    Behind, Contact, Cursor, History, Limits, Page, Question, RecordingSearch, RecordingsFound, Reports, Restated,
    Search, Visible,
};
pub use schema::schema;
pub use sheet::parquet;
pub use synced::SyncedFolder;
pub use table::Table;
pub use upkeep::{Compacted, Superseded, Vacuumed};
pub use views::{Engine, views};
