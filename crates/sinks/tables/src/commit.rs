//! One Delta commit, once: `docs/tables.md` section 2.
//!
//! Contract: a commit carries rows and, for each partition of the flush, a Delta `txn`.
//! Each `txn` is read from the very snapshot that the commit is made on; where it is not
//! what this owner last saw, nothing is written (`Overtaken`). Delta's own check then
//! covers what lands between that snapshot and the commit, for it compares `txn`s with
//! newer commits. After any failure the table is reloaded: `txn` = X means that it landed.
//! Committing the same again is harmless: it is told as landed before.

use deltalake_core::DeltaTableError;
use deltalake_core::kernel::transaction::{CommitBuilder, CommitConflictError, CommitProperties, TransactionError};
use deltalake_core::kernel::{Action, Add, Transaction};
use deltalake_core::logstore::ObjectStoreRef;
use deltalake_core::protocol::{DeltaOperation, SaveMode};
use model::facts::{Call, EventRow, Facts, Leg, QueueInterval, Recording, Stretch, Visit};
use object_store::ObjectStoreExt as _;
use object_store::path::Path;

use crate::error::{CommitError, TablesError};
use crate::facts::{DATE, Fact};
use crate::lake::{Handle, Lake, Shelf};
use crate::table::Table;
use crate::write::write;

/// How far one partition of one stage is with this commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Txn {
    /// `<generation>/<stage>/<topic>-<partition>` (`LakeConfig::app_id`).
    pub app_id: String,
    /// X: the last offset whose effect is in the commit; above `seen`.
    pub version: i64,
    /// The version that this owner last saw in this table; `None`: none yet.
    pub seen: Option<i64>,
}

/// A commit that is in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Committed {
    /// The table's version with it (or, where it had landed before, the newest).
    pub version: u64,
    /// Rows written by this call.
    pub rows: usize,
    /// It was there already: an earlier attempt had landed.
    pub before: bool,
}

impl Lake {
    /// The version of `app_id` in a table's newest snapshot.
    ///
    /// # Errors
    /// The table is absent or cannot be read.
    pub async fn txn_version(&self, table: Table, app_id: &str) -> Result<Option<i64>, TablesError> {
        Ok(self.txn_versions(table, &[app_id]).await?.into_iter().next().flatten())
    }

    /// The versions of many app ids, in their order, all from one and the same snapshot,
    /// the newest: one look at the store answers for all.
    ///
    /// # Errors
    /// The table is absent or cannot be read.
    pub async fn txn_versions(&self, table: Table, app_ids: &[&str]) -> Result<Vec<Option<i64>>, TablesError> {
        let shelf = self.shelf(table)?;
        let mut handle = shelf.handle.lock().await;
        self.refresh(shelf, &mut handle).await?;
        self.txns_in(shelf, &mut handle, app_ids).await
    }

    /// Appends the table's slice of `rows` in one Delta commit together with `txns`. A
    /// slice without rows still moves the `txn`s on.
    ///
    /// # Errors
    /// See `CommitError`. `NotLanded` and `Unknown` may be tried again as they are.
    pub async fn commit(&self, table: Table, rows: &Facts, txns: &[Txn]) -> Result<Committed, CommitError> {
        match table {
            Table::Events => self.commit_rows(EventRow::of(rows), txns).await,
            Table::QueueVisits => self.commit_rows(Visit::of(rows), txns).await,
            Table::AgentLegs => self.commit_rows(Leg::of(rows), txns).await,
            Table::AgentStates => self.commit_rows(Stretch::of(rows), txns).await,
            Table::Calls => self.commit_rows(Call::of(rows), txns).await,
            Table::QueueIntervals => self.commit_rows(QueueInterval::of(rows), txns).await,
            Table::Recordings => self.commit_rows(Recording::of(rows), txns).await,
        }
    }

    async fn commit_rows<T: Fact>(&self, rows: &[T], txns: &[Txn]) -> Result<Committed, CommitError> {
        sound(T::TABLE, txns).map_err(CommitError::NotLanded)?;
        let shelf = self.shelf(T::TABLE).map_err(CommitError::NotLanded)?;
        let mut handle = shelf.handle.lock().await;
        self.refresh(shelf, &mut handle).await.map_err(CommitError::NotLanded)?;
        self.of_this_generation(shelf, &handle).map_err(CommitError::NotLanded)?;
        if let Some(version) = self.landed(shelf, &mut handle, txns).await? {
            return Ok(Committed { version, rows: 0, before: true });
        }
        let store = shelf.log_store.object_store(None);
        let adds =
            write(&store, rows).await.map_err(|e| CommitError::NotLanded(self.place.explain(shelf.table, &e)))?;
        let failure = match append(shelf, &mut handle, adds.clone(), txns).await {
            Ok(version) => return Ok(Committed { version, rows: rows.len(), before: false }),
            Err(failure) => failure,
        };
        self.settle(shelf, &mut handle, txns, failure, &adds, &store).await
    }

    /// After a failure: reloads the table and says what became of the commit.
    async fn settle(
        &self,
        shelf: &Shelf,
        handle: &mut Handle,
        txns: &[Txn],
        failure: DeltaTableError,
        adds: &[Add],
        store: &ObjectStoreRef,
    ) -> Result<Committed, CommitError> {
        let definite = was_refused(&failure);
        let failure = self.place.explain(shelf.table, &failure);
        handle.state = None;
        if let Err(reload) = self.refresh(shelf, handle).await {
            return Err(CommitError::Unknown { failure, reload });
        }
        let landed = self.landed(shelf, handle, txns).await;
        if !matches!(landed, Ok(Some(_))) && definite && !holds_any(handle, adds) {
            discard(store, adds).await;
        }
        match landed? {
            Some(version) => Ok(Committed { version, rows: 0, before: true }),
            None => Err(CommitError::NotLanded(failure)),
        }
    }

    /// Compares every `txn` with the handle's snapshot: the table's version if all stand at
    /// X already, `None` if all are as last seen.
    async fn landed(&self, shelf: &Shelf, handle: &mut Handle, txns: &[Txn]) -> Result<Option<u64>, CommitError> {
        let mut moved = None;
        let mut there = 0_usize;
        let app_ids: Vec<&str> = txns.iter().map(|t| t.app_id.as_str()).collect();
        let stands = self.txns_in(shelf, handle, &app_ids).await.map_err(CommitError::NotLanded)?;
        for (txn, found) in txns.iter().zip(stands) {
            if found == Some(txn.version) {
                there += 1;
            }
            if found != txn.seen && moved.is_none() {
                moved = Some((txn, found));
            }
        }
        if there == txns.len() {
            return Ok(Some(handle.state.as_ref().map_or(0, |s| s.version())));
        }
        match moved {
            None => Ok(None),
            Some((txn, found)) => {
                Err(CommitError::Overtaken { table: shelf.table, app_id: txn.app_id.clone(), seen: txn.seen, found })
            }
        }
    }
}

/// # Errors
/// A commit that could not be told from its own repetition.
fn sound(table: Table, txns: &[Txn]) -> Result<(), TablesError> {
    if txns.is_empty() {
        return Err(TablesError::Asked(format!(
            "a commit to {table} needs at least one txn: without one it is not exactly once"
        )));
    }
    match txns.iter().find(|t| t.seen.is_some_and(|seen| seen >= t.version)) {
        Some(t) => Err(TablesError::Asked(format!(
            "a commit to {table} must move '{}' on: {} is not above {:?}",
            t.app_id, t.version, t.seen
        ))),
        None => Ok(()),
    }
}

/// Makes the commit on the handle's snapshot and moves the handle on.
pub(crate) async fn append(
    shelf: &Shelf,
    handle: &mut Handle,
    adds: Vec<Add>,
    txns: &[Txn],
) -> Result<u64, DeltaTableError> {
    let state = handle.state.as_ref().ok_or(DeltaTableError::NotInitialized)?;
    let operation =
        DeltaOperation::Write { mode: SaveMode::Append, partition_by: Some(vec![DATE.to_owned()]), predicate: None };
    let transactions = txns.iter().map(|t| Transaction::new(&t.app_id, t.version)).collect();
    let properties = CommitProperties::default()
        .with_application_transactions(transactions)
        // Clean-up lists the whole log: it is left to maintenance.
        .with_cleanup_expired_logs(Some(false));
    let done = CommitBuilder::from(properties)
        .with_actions(adds.into_iter().map(Action::Add).collect())
        .build(Some(state), shelf.log_store.clone(), operation)
        .await?;
    if let Some(known) = &mut handle.txns {
        known.committed(done.version, txns);
    }
    handle.state = Some(done.snapshot);
    Ok(done.version)
}

/// Whether the log certainly did not take the commit: it was refused for another one.
/// After any other failure (a time-out) it may still arrive.
pub(crate) fn was_refused(failure: &DeltaTableError) -> bool {
    matches!(
        failure,
        DeltaTableError::Transaction {
            source: TransactionError::CommitConflict(
                CommitConflictError::ConcurrentTransaction | CommitConflictError::MetadataChanged
            )
        }
    )
}

/// Whether the table refers to one of these files: our own commit may have landed without
/// our learning of it, and another owner may have moved on since.
fn holds_any(handle: &Handle, adds: &[Add]) -> bool {
    let paths: std::collections::HashSet<&str> = adds.iter().map(|a| a.path.as_str()).collect();
    let files = handle.state.as_ref().map(|s| s.log_data());
    files.is_none_or(|files| files.iter().any(|f| paths.contains(f.path().as_ref())))
}

/// Removes files of a commit that certainly did not land; those that stay are harmless.
pub(crate) async fn discard(store: &ObjectStoreRef, adds: &[Add]) {
    for add in adds {
        let path = Path::parse(&add.path).unwrap_or_else(|_| Path::from(add.path.as_str()));
        if let Err(error) = store.delete(&path).await {
            tracing::warn!(%path, %error, "a file of a refused commit stays behind; no reader sees it");
        }
    }
}
