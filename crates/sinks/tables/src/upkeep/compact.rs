//! Compaction: many small files of a day become few large ones.
//!
//! Contract: Parquet in, Parquet out, one Delta commit with `dataChange = false` on every
//! action. Rows stay as they are; only superseded revisions of visits that were never
//! closed are dropped. Delta's conflict check ignores such removals (two compactions at
//! once would both commit and double rows), so the commit carries a `txn` of the one app
//! id `maintenance`: of two at once the second is refused and its files are removed, while
//! appends pass. Memory: the decoded rows of one new file.

use std::collections::BTreeMap;

use deltalake_core::DeltaTableError;
use deltalake_core::kernel::transaction::{CommitBuilder, CommitProperties};
use deltalake_core::kernel::{Action, Add, Transaction};
use deltalake_core::protocol::DeltaOperation;
use deltalake_core::table::state::DeltaTableState;
use model::Instant;

use super::merge::merge;
use crate::commit::{discard, was_refused};
use crate::error::TablesError;
use crate::lake::{Lake, Shelf};
use crate::read::{DataFile, live_files};
use crate::table::Table;
use crate::write::{FILE, GROUP};

/// The one app id of every commit that removes files.
const MAINTENANCE: &str = "maintenance";
/// A file of this size is large enough to be left alone.
const LARGE: u64 = FILE / 4 * 3;

/// Which superseded revisions of visits that were never closed are dropped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Superseded {
    /// All of them: `--as-of` within a call then no longer shows its visit as open.
    #[default]
    Drop,
    /// Those known before this instant: `--as-of` stays exact from it on.
    DropBefore(Instant),
    /// None.
    Keep,
}

/// What a compaction did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Compacted {
    /// Files replaced.
    pub files_before: usize,
    /// Files that replace them.
    pub files_after: usize,
    /// Rows in the new files.
    pub rows: u64,
    /// Superseded rows left out.
    pub dropped: u64,
}

impl Lake {
    /// Compacts a table; nothing to do is no error.
    ///
    /// # Errors
    /// `Overlapped` where another maintenance was quicker; or the store failed, and the
    /// table is as it was.
    pub async fn compact(&self, table: Table, superseded: Superseded) -> Result<Compacted, TablesError> {
        let shelf = self.shelf(table)?;
        let state = self.newest(table).await?;
        let store = shelf.log_store.object_store(None);
        let mut done = Compacted::default();
        let (mut adds, mut removed) = (Vec::new(), Vec::new());
        for bin in bins(table, live_files(&state)) {
            let merged = match merge(self, table, &store, &bin, superseded).await {
                Ok(merged) => merged,
                Err(error) => {
                    discard(&store, &adds).await;
                    return Err(error);
                }
            };
            done.rows += merged.rows;
            done.dropped += merged.dropped;
            adds.extend(merged.adds);
            removed.extend(bin.parts);
        }
        if removed.is_empty() {
            return Ok(done);
        }
        (done.files_before, done.files_after) = (removed.len(), adds.len());
        let Err(error) = commit(shelf, &state, adds.clone(), &removed).await else { return Ok(done) };
        self.after_failure(shelf, &adds, error).await.map(|()| done)
    }

    /// The commit failed: whether it landed nevertheless is told by the files in the table.
    async fn after_failure(&self, shelf: &Shelf, adds: &[Add], error: DeltaTableError) -> Result<(), TablesError> {
        let files = live_files(&self.newest(shelf.table).await?);
        let first = adds.first().map(|a| a.path.as_str());
        if files.iter().any(|f| Some(f.path.as_ref()) == first) {
            return Ok(());
        }
        if was_refused(&error) {
            discard(&shelf.log_store.object_store(None), adds).await;
            return Err(TablesError::Overlapped { table: shelf.table });
        }
        Err(self.place.explain(shelf.table, &error))
    }
}

/// Files that become one, and all files of their day (for what is superseded).
pub(super) struct Bin {
    pub(super) day: i32,
    pub(super) parts: Vec<DataFile>,
    pub(super) whole_day: Vec<DataFile>,
}

/// Small files of each day, put together up to the size and rows of one file.
fn bins(table: Table, files: Vec<DataFile>) -> Vec<Bin> {
    // A contact record is wide: fewer of them are decoded at once.
    let most_rows = if table == Table::Calls { GROUP / 8 } else { GROUP } as u64;
    let mut days = BTreeMap::<i32, Vec<DataFile>>::new();
    for file in files {
        days.entry(file.day).or_default().push(file);
    }
    let mut bins = Vec::new();
    for (day, files) in days {
        let mut small: Vec<&DataFile> = files.iter().filter(|f| f.size < LARGE).collect();
        small.sort_by_key(|f| f.size);
        let (mut parts, mut bytes, mut rows) = (Vec::<DataFile>::new(), 0_u64, 0_u64);
        let mut close = |parts: &mut Vec<DataFile>| {
            if parts.len() > 1 {
                bins.push(Bin { day, parts: std::mem::take(parts), whole_day: files.clone() });
            }
            parts.clear();
        };
        for file in small {
            let count = file.rows().unwrap_or(most_rows);
            if bytes + file.size > FILE || rows + count > most_rows {
                close(&mut parts);
                (bytes, rows) = (0, 0);
            }
            bytes += file.size;
            rows += count;
            parts.push(file.clone());
        }
        close(&mut parts);
    }
    bins
}

async fn commit(
    shelf: &Shelf,
    state: &DeltaTableState,
    adds: Vec<Add>,
    removed: &[DataFile],
) -> Result<(), DeltaTableError> {
    let gone: std::collections::HashSet<_> = removed.iter().map(|f| &f.path).collect();
    let removals = state.log_data();
    let mut actions: Vec<Action> = removals
        .iter()
        .filter(|f| gone.contains(&f.object_store_path()))
        .map(|f| Action::Remove(f.remove_action(false)))
        .collect();
    actions.extend(adds.into_iter().map(|mut add| {
        add.data_change = false;
        Action::Add(add)
    }));
    let version = i64::try_from(state.version()).unwrap_or(i64::MAX).saturating_add(1);
    let properties = CommitProperties::default()
        .with_application_transaction(Transaction::new(MAINTENANCE, version))
        .with_cleanup_expired_logs(Some(true));
    let target_size = i64::try_from(FILE).unwrap_or(i64::MAX);
    CommitBuilder::from(properties)
        .with_actions(actions)
        .build(Some(state), shelf.log_store.clone(), DeltaOperation::Optimize { predicate: None, target_size })
        .await
        .map(|_| ())
}
