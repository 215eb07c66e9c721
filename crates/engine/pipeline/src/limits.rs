//! The stated limits of the engine.

use std::time::Duration;

/// Records asked of the log in one read.
pub const READ_RECORDS: usize = 5_000;
/// Bytes asked of the log in one read.
pub const READ_BYTES: usize = 8 << 20;
/// Batches read ahead of the fold, over all partitions.
pub const AHEAD: usize = 2;
/// A batch of at least so many records says that there are more: the next is read ahead.
pub const AHEAD_FROM: usize = 500;
/// Longest wait for a record that the log is known to have.
pub const READ_WAIT: Duration = Duration::from_millis(100);
/// Rows held back before a flush is forced; as many may be on their way into tables.
pub const FLUSH_ROWS: usize = 100_000;
/// Longest time between two flushes while there are rows.
pub const FLUSH_EVERY: Duration = Duration::from_secs(5);
/// Records between two snapshots of a partition.
pub const SNAPSHOT_RECORDS: i64 = 500_000;
/// Longest time between two snapshots of a partition that moves, milliseconds: what a start after a kill
/// folds anew, however many partitions a process owns.
pub const SNAPSHOT_EVERY_MS: i64 = 300_000;
/// A table without rows is moved on when it lags behind by so many records.
pub const TABLE_LAG_RECORDS: i64 = 500_000;
/// Ids of unsequenced records (acts, adapter events) remembered per switch.
pub const REMEMBERED_IDS: usize = 20_000;
/// Attempts at one effect before the stage gives up and says so.
pub const ATTEMPTS: u32 = 8;
/// First pause between two attempts; it doubles, with jitter, up to `BACKOFF_MOST`.
pub const BACKOFF_FIRST: Duration = Duration::from_millis(200);
/// Longest pause between two attempts.
pub const BACKOFF_MOST: Duration = Duration::from_secs(20);
/// An effect that has not ended so long after its begin is told as waited for.
pub const SLOW: Duration = Duration::from_secs(5);
/// Partitions whose snapshots are read (with the ends of their logs) or written at once.
pub const TAKEN_AT_ONCE: usize = 8;

/// Acts (outcomes of recordings, answers of a CRM) told to the log in one append.
pub const TOLD_AT_ONCE: usize = 500;
/// Queue intervals remembered as parked in one CRM, about 100 bytes each; one more is parked
/// all the same, but that it was written after all is not told.
pub const PARKED_INTERVALS: usize = 50_000;

/// How much the stage `facts` holds back and how far apart its marks are; by default the
/// limits above. Rows never depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// See [`FLUSH_ROWS`].
    pub flush_rows: usize,
    /// See [`SNAPSHOT_RECORDS`].
    pub snapshot_records: i64,
    /// See [`SNAPSHOT_EVERY_MS`].
    pub snapshot_ms: i64,
    /// See [`TABLE_LAG_RECORDS`].
    pub table_lag_records: i64,
    /// See [`AHEAD_FROM`].
    pub ahead_from: usize,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            flush_rows: FLUSH_ROWS,
            snapshot_records: SNAPSHOT_RECORDS,
            snapshot_ms: SNAPSHOT_EVERY_MS,
            table_lag_records: TABLE_LAG_RECORDS,
            ahead_from: AHEAD_FROM,
        }
    }
}
