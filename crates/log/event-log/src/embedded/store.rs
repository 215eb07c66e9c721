//! The file of the embedded log: its tables, how it is opened, what its errors mean.
//!
//! Contract: one process writes; any number of processes read beside it and see what is
//! committed (redb's `SingleWriter` mode, byte-range locks on the file). A commit is on
//! disk when it returns.

use std::path::{Path, PathBuf};

use redb::{ConcurrencyMode, Database, ReadOnlyDatabase, ReadTransaction, ReadableDatabase, TableDefinition};
use redb::{ReadableTable, WriteTransaction};
use serde::{Deserialize, Serialize};

use crate::{LogError, Watermarks};

/// The file within the data directory.
pub const FILE: &str = "log.redb";
const FORMAT: u64 = 1;
/// Pages kept in memory; decoded chunks are kept apart (`reader`).
const CACHE_BYTES: usize = 64 * 1024 * 1024;

/// Settings of the file itself (`format`).
pub const META: TableDefinition<&str, u64> = TableDefinition::new("meta");
/// Topic by name, JSON of `Topic`.
pub const TOPICS: TableDefinition<&str, &[u8]> = TableDefinition::new("topics");
/// Where a partition stands: (topic, partition) -> (low, high, last append time).
/// Absent: nothing was ever appended, so that empty partitions cost nothing.
pub const HEADS: TableDefinition<(u32, i32), (i64, i64, i64)> = TableDefinition::new("heads");
/// Records: (topic, partition, first offset) -> chunk.
pub const CHUNKS: TableDefinition<(u32, i32, i64), &[u8]> = TableDefinition::new("chunks");
/// Where a group stands: (group, topic, partition) -> next offset.
pub const GROUPS: TableDefinition<(&str, u32, i32), i64> = TableDefinition::new("groups");
/// Epoch of the present lease by source.
pub const LEASES: TableDefinition<&str, u64> = TableDefinition::new("leases");

/// A topic as it was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Topic {
    /// Its number in the keys.
    pub id: u32,
    /// Its name.
    pub name: String,
    /// Its partition count, for good.
    pub partitions: i32,
    /// Its settings by their Kafka names.
    pub settings: Vec<(String, String)>,
}

impl Topic {
    /// A setting's value.
    pub fn setting(&self, name: &str) -> Option<&str> {
        self.settings.iter().find(|(k, _)| k == name).map(|(_, v)| v.as_str())
    }
}

/// The open file: for writing (and reading), or beside a writer.
pub enum Store {
    /// This process is the one writer.
    Writer(Database),
    /// Another process may write.
    Reader(ReadOnlyDatabase),
}

impl Store {
    /// A consistent view of what is committed.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn view(&self) -> Result<ReadTransaction, redb::Error> {
        Ok(match self {
            Self::Writer(db) => db.begin_read()?,
            Self::Reader(db) => db.begin_read()?,
        })
    }
}

fn builder() -> redb::Builder {
    let mut b = Database::builder();
    b.set_concurrency_mode(ConcurrencyMode::SingleWriter).set_cache_size(CACHE_BYTES);
    b
}

/// Opens for writing; makes the directory and the file where they are absent.
///
/// # Errors
/// `InUse` where another process writes; `DiskFull`; `Fatal` where the file is no log, or
/// was written by a newer build.
pub fn open_writer(dir: &Path) -> Result<Database, LogError> {
    std::fs::create_dir_all(dir).map_err(|e| failure(dir, &redb::Error::Io(e)))?;
    let db = builder().create(dir.join(FILE)).map_err(|e| failure(dir, &e.into()))?;
    let txn = db.begin_write().map_err(|e| failure(dir, &e.into()))?;
    let found = make_tables(&txn).map_err(|e| failure(dir, &e))?;
    if found != FORMAT {
        return Err(other_format(dir, found));
    }
    txn.commit().map_err(|e| failure(dir, &e.into()))?;
    // The name of a new file is durable only when its folder is.
    std::fs::File::open(dir).and_then(|d| d.sync_all()).map_err(|e| failure(dir, &redb::Error::Io(e)))?;
    Ok(db)
}

fn make_tables(txn: &WriteTransaction) -> Result<u64, redb::Error> {
    txn.open_table(TOPICS)?;
    txn.open_table(HEADS)?;
    txn.open_table(CHUNKS)?;
    txn.open_table(GROUPS)?;
    txn.open_table(LEASES)?;
    let mut meta = txn.open_table(META)?;
    let found = meta.get("format")?.map(|v| v.value());
    if found.is_none() {
        meta.insert("format", FORMAT)?;
    }
    Ok(found.unwrap_or(FORMAT))
}

/// Opens for reading, beside a writing process or without one.
///
/// # Errors
/// `Unknown` where there is no log yet; else as `open_writer`.
pub fn open_reader(dir: &Path) -> Result<ReadOnlyDatabase, LogError> {
    let path = dir.join(FILE);
    if !path.exists() {
        return Err(LogError::Unknown(format!(
            "there is no log at {}: nothing was imported into this data directory yet; check --data-dir",
            path.display()
        )));
    }
    let db = match builder().open_read_only(&path) {
        // A writer was killed and none is running: recovery is a write, so do it as a
        // writer would, then read. Where a writer is starting just now, it does it.
        Err(redb::DatabaseError::RepairAborted) => {
            match open_writer(dir) {
                Ok(_) | Err(LogError::InUse(_)) => {}
                Err(e) => return Err(e),
            }
            builder().open_read_only(&path)
        }
        other => other,
    }
    .map_err(|e| failure(dir, &e.into()))?;
    match format_of(&db).map_err(|e| failure(dir, &e))? {
        FORMAT => Ok(db),
        found => Err(other_format(dir, found)),
    }
}

fn format_of(db: &ReadOnlyDatabase) -> Result<u64, redb::Error> {
    Ok(db.begin_read()?.open_table(META)?.get("format")?.map_or(0, |v| v.value()))
}

fn other_format(dir: &Path, found: u64) -> LogError {
    LogError::Fatal(format!(
        "the log at {} has format {found}, this build reads {FORMAT}: use the build that wrote it",
        dir.join(FILE).display()
    ))
}

/// What an error of the storage means to the caller.
pub fn failure(dir: &Path, e: &redb::Error) -> LogError {
    use std::io::ErrorKind as K;
    let path: PathBuf = dir.join(FILE);
    match e {
        redb::Error::Io(io) if matches!(io.kind(), K::StorageFull | K::QuotaExceeded | K::FileTooLarge) => {
            LogError::DiskFull { path: path.display().to_string(), cause: io.to_string() }
        }
        redb::Error::Io(io) if io.kind() == K::PermissionDenied => LogError::Denied(format!(
            "the log at {} may not be opened: {io}; give this user the right to read and write it",
            path.display()
        )),
        redb::Error::DatabaseAlreadyOpen => LogError::InUse(dir.display().to_string()),
        redb::Error::LockProtocolMismatch => LogError::Fatal(format!(
            "the log at {} is open in a ringledger of another build; stop it, or use the same build",
            path.display()
        )),
        redb::Error::DatabaseClosed | redb::Error::PreviousIo => {
            LogError::Transient(format!("the log at {} is being reopened after an error; try again", path.display()))
        }
        other => LogError::Fatal(format!("the log at {} failed: {other}", path.display())),
    }
}

/// A topic, if it was made.
///
/// # Errors
/// The file cannot be read.
pub fn topic(
    table: &impl ReadableTable<&'static str, &'static [u8]>,
    name: &str,
) -> Result<Option<Topic>, redb::Error> {
    let Some(kept) = table.get(name)? else { return Ok(None) };
    serde_json::from_slice(kept.value())
        .map(Some)
        .map_err(|e| redb::Error::Corrupted(format!("topic {name} is not readable: {e}")))
}

/// Where a partition begins and ends, and its last append time.
///
/// # Errors
/// The file cannot be read.
pub fn partition_head(
    table: &impl ReadableTable<(u32, i32), (i64, i64, i64)>,
    topic: u32,
    partition: i32,
) -> Result<(Watermarks, i64), redb::Error> {
    let (low, high, last) = table.get((topic, partition))?.map_or((0, 0, i64::MIN), |v| v.value());
    Ok((Watermarks { low, high }, last))
}
