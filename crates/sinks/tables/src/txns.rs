//! All `txn`s of a table at one version, read once for every partition.
//!
//! Contract: what is told of a version is exactly what its snapshot holds: the newest
//! checkpoint's `txn`s, with those of the later entries of the log on top. Entries never
//! change once they are there, so a newer version costs only the entries in between. (The
//! library replays the log once for each app id: 7 tables times 48 partitions.)
//! Memory: one number a partition that ever was written.

use std::collections::HashMap;

use arrow::array::{Array as _, AsArray as _, RecordBatch, StructArray};
use arrow::datatypes::Int64Type;
use deltalake_core::kernel::{Action, Version};
use deltalake_core::logstore::{LogStoreRef, get_actions};
use deltalake_core::{DeltaResult, DeltaTableError};
use futures::{StreamExt as _, TryStreamExt as _};
use object_store::ObjectStoreExt as _;
use object_store::path::Path;
use parquet::arrow::ProjectionMask;
use parquet::arrow::async_reader::ParquetRecordBatchStreamBuilder;

use crate::commit::Txn;
use crate::error::TablesError;
use crate::lake::{Handle, Lake, Shelf};
use crate::read::Source;

/// Entries of the log read at once.
const AT_ONCE: usize = 8;
/// Entries that are read one by one; where more are wanted, the library is asked.
const MOST_ENTRIES: Version = 500;

/// Every `txn` of a table at one version.
#[derive(Clone, Debug, Default)]
pub(crate) struct Txns {
    version: Version,
    by_app: HashMap<String, i64>,
}

impl Txns {
    /// A commit with these made `version`; where others came in between, what is known
    /// stays of the past and is brought on at the next look.
    pub(crate) fn committed(&mut self, version: Version, txns: &[Txn]) {
        if version == self.version + 1 {
            self.version = version;
            self.by_app.extend(txns.iter().map(|t| (t.app_id.clone(), t.version)));
        }
    }
}

impl Lake {
    /// The `txn`s of `app_ids` in exactly the handle's snapshot, in their order.
    pub(crate) async fn txns_in(
        &self,
        shelf: &Shelf,
        handle: &mut Handle,
        app_ids: &[&str],
    ) -> Result<Vec<Option<i64>>, TablesError> {
        let Some(state) = &handle.state else { return Ok(vec![None; app_ids.len()]) };
        let explain = |e: DeltaTableError| self.place.explain(shelf.table, &e);
        let known = handle.txns.take();
        if let Some(all) = at(&shelf.log_store, known, state.version()).await.map_err(explain)? {
            let found = app_ids.iter().map(|app_id| all.by_app.get(*app_id).copied()).collect();
            handle.txns = Some(all);
            return Ok(found);
        }
        // A log that another program has put in order in its own way.
        let mut found = Vec::with_capacity(app_ids.len());
        for app_id in app_ids {
            found.push(state.transaction_version(shelf.log_store.as_ref(), app_id).await.map_err(explain)?);
        }
        Ok(found)
    }
}

/// What a version holds, from what is known of an earlier one or from the newest
/// checkpoint; `None` where the log is not of the form that this program writes.
async fn at(log_store: &LogStoreRef, known: Option<Txns>, version: Version) -> DeltaResult<Option<Txns>> {
    let near = known.filter(|k| k.version <= version && version - k.version <= MOST_ENTRIES);
    if let Some(known) = near
        && let Some(found) = on_top(log_store, known.by_app, known.version + 1, version).await?
    {
        return Ok(Some(found));
    }
    match checkpoint(log_store).await? {
        Checkpoint::None if version <= MOST_ENTRIES => on_top(log_store, HashMap::new(), 0, version).await,
        Checkpoint::At(base, by_app) if base <= version && version - base <= MOST_ENTRIES => {
            on_top(log_store, by_app, base + 1, version).await
        }
        _ => Ok(None),
    }
}

/// `by_app` with the `txn`s of the entries `from` to `version` on top; `None` where one of
/// them is gone.
async fn on_top(
    log_store: &LogStoreRef,
    mut by_app: HashMap<String, i64>,
    from: Version,
    version: Version,
) -> DeltaResult<Option<Txns>> {
    let read = |entry: Version| async move { (entry, log_store.read_commit_entry(entry).await) };
    let mut entries = futures::stream::iter(from..=version).map(read).buffered(AT_ONCE);
    while let Some((entry, bytes)) = entries.next().await {
        let Some(bytes) = bytes? else { return Ok(None) };
        for action in get_actions(entry, &bytes)? {
            if let Action::Txn(txn) = action {
                by_app.insert(txn.app_id, txn.version);
            }
        }
    }
    Ok(Some(Txns { version, by_app }))
}

enum Checkpoint {
    /// There is none yet.
    None,
    /// Its version and its `txn`s.
    At(Version, HashMap<String, i64>),
    /// It has a form that is not read here.
    Other,
}

/// The checkpoint that the log names as its newest.
async fn checkpoint(log_store: &LogStoreRef) -> DeltaResult<Checkpoint> {
    let store = log_store.object_store(None);
    let log = Path::from("_delta_log");
    let hint = match store.get(&log.clone().join("_last_checkpoint")).await {
        Ok(hint) => hint.bytes().await?,
        Err(object_store::Error::NotFound { .. }) => return Ok(Checkpoint::None),
        Err(e) => return Err(e.into()),
    };
    let hint: serde_json::Value = serde_json::from_slice(&hint).unwrap_or_default();
    let in_parts = hint.get("parts").is_some_and(|p| !p.is_null());
    let Some(version) = hint.get("version").and_then(serde_json::Value::as_u64).filter(|_| !in_parts) else {
        return Ok(Checkpoint::Other);
    };
    let path = log.join(format!("{version:020}.checkpoint.parquet"));
    let size = match store.head(&path).await {
        Ok(meta) => meta.size,
        Err(object_store::Error::NotFound { .. }) => return Ok(Checkpoint::Other),
        Err(e) => return Err(e.into()),
    };
    let builder = ParquetRecordBatchStreamBuilder::new(Source { store, path, size }).await?;
    let mask = ProjectionMask::columns(builder.parquet_schema(), ["txn"]);
    let mut batches = builder.with_projection(mask).build()?;
    let mut by_app = HashMap::new();
    while let Some(batch) = batches.try_next().await? {
        let Some(found) = txns_of(&batch) else { return Ok(Checkpoint::Other) };
        by_app.extend(found);
    }
    Ok(Checkpoint::At(version, by_app))
}

/// The `txn`s of a batch of a checkpoint; `None` where they do not stand as expected.
fn txns_of(batch: &RecordBatch) -> Option<Vec<(String, i64)>> {
    let txn: &StructArray = batch.column_by_name("txn")?.as_struct_opt()?;
    let apps = txn.column_by_name("appId")?.as_string_opt::<i32>()?;
    let versions = txn.column_by_name("version")?.as_primitive_opt::<Int64Type>()?;
    let there = (0..txn.len()).filter(|row| txn.is_valid(*row) && apps.is_valid(*row));
    Some(there.map(|row| (apps.value(row).to_owned(), versions.value(row))).collect())
}
