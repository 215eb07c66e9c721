//! Several files of one day into one, in the table's order.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray as _, BooleanArray, RecordBatch, new_null_array};
use arrow::compute::{
    SortColumn, SortOptions, concat_batches, filter_record_batch, lexsort_to_indices, take_record_batch,
};
use arrow::datatypes::{Int64Type, SchemaRef, TimestampMicrosecondType};
use arrow::error::ArrowError;
use deltalake_core::DeltaTableError;
use deltalake_core::kernel::Add;
use deltalake_core::logstore::ObjectStoreRef;
use futures::TryStreamExt as _;
use model::{Instant, Name};
use tokio::sync::mpsc;

use super::compact::{Bin, Superseded};
use crate::error::TablesError;
use crate::lake::Lake;
use crate::read::{DataFile, open};
use crate::table::Table;
use crate::write::{BATCH, QUEUED, day_writer, drain, file_schema};

/// The new file of a bin.
pub(super) struct Merged {
    pub(super) adds: Vec<Add>,
    pub(super) rows: u64,
    pub(super) dropped: u64,
}

/// Reads the parts of a bin, leaves out what is superseded, sorts and writes the rest.
pub(super) async fn merge(
    lake: &Lake,
    table: Table,
    store: &ObjectStoreRef,
    bin: &Bin,
    superseded: Superseded,
) -> Result<Merged, TablesError> {
    let explain = |e: DeltaTableError| lake.place.explain(table, &e);
    let schema = file_schema(table);
    let newest = match superseded {
        Superseded::Keep => HashMap::new(),
        _ if table != Table::QueueVisits => HashMap::new(),
        _ => newest_revisions(store, &bin.whole_day).await.map_err(explain)?,
    };
    let mut batches = Vec::new();
    let mut dropped = 0_u64;
    for file in &bin.parts {
        let mut stream = open(store, file, None).await.map_err(explain)?;
        while let Some(batch) = stream.try_next().await.map_err(|e| explain(e.into()))? {
            let batch = fit(&schema, &batch).map_err(|e| explain(e.into()))?;
            let kept = without_superseded(&batch, &newest, superseded).map_err(|e| explain(e.into()))?;
            dropped += (batch.num_rows() - kept.num_rows()) as u64;
            batches.push(kept);
        }
    }
    let sorted = sort(table, &schema, &batches).map_err(|e| explain(e.into()))?;
    drop(batches);
    let rows = sorted.num_rows();
    let adds = rewrite(store, table, bin.day, schema, &sorted).await.map_err(explain)?;
    Ok(Merged { adds, rows: rows as u64, dropped })
}

/// The highest revision of each visit of a day, over all its files.
async fn newest_revisions(store: &ObjectStoreRef, files: &[DataFile]) -> Result<HashMap<Name, i64>, DeltaTableError> {
    let mut newest = HashMap::new();
    for file in files {
        let mut stream = open(store, file, Some(&["visit_id", "revision"])).await?;
        while let Some(batch) = stream.try_next().await? {
            let (Some(ids), Some(revisions)) = (text(&batch, "visit_id"), batch.column_by_name("revision")) else {
                continue;
            };
            let Some(revisions) = revisions.as_primitive_opt::<Int64Type>() else { continue };
            for row in 0..batch.num_rows() {
                let highest = newest.entry(Name::new(ids.value(row))).or_insert(0);
                *highest = revisions.value(row).max(*highest);
            }
        }
    }
    Ok(newest)
}

fn text<'a>(batch: &'a RecordBatch, name: &str) -> Option<&'a arrow::array::StringArray> {
    batch.column_by_name(name)?.as_string_opt::<i32>()
}

/// The batch in the columns of today: what an older file lacks is null.
fn fit(schema: &SchemaRef, batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let column = |name: &str, null_type| {
        batch.column_by_name(name).cloned().unwrap_or_else(|| new_null_array(null_type, batch.num_rows()))
    };
    let columns: Vec<ArrayRef> = schema.fields().iter().map(|f| column(f.name(), f.data_type())).collect();
    RecordBatch::try_new(Arc::clone(schema), columns)
}

/// Without revisions that were never closed and that a later one supersedes.
fn without_superseded(
    batch: &RecordBatch,
    newest: &HashMap<Name, i64>,
    superseded: Superseded,
) -> Result<RecordBatch, ArrowError> {
    let parts = (text(batch, "visit_id"), batch.column_by_name("revision"), batch.column_by_name("known_at"));
    let ((Some(ids), Some(revisions), Some(known)), false) = (parts, newest.is_empty()) else {
        return Ok(batch.clone());
    };
    let (Some(closed), Some(revisions), Some(known)) = (
        batch.column_by_name("closed").and_then(|c| c.as_boolean_opt()),
        revisions.as_primitive_opt::<Int64Type>(),
        known.as_primitive_opt::<TimestampMicrosecondType>(),
    ) else {
        return Ok(batch.clone());
    };
    let old_enough = |row: usize| match superseded {
        Superseded::Drop => true,
        Superseded::DropBefore(limit) => Instant(known.value(row)) < limit,
        Superseded::Keep => false,
    };
    let keep: BooleanArray = (0..batch.num_rows())
        .map(|row| {
            let later = newest.get(ids.value(row)).is_some_and(|highest| *highest > revisions.value(row));
            Some(closed.value(row) || !later || !old_enough(row))
        })
        .collect();
    filter_record_batch(batch, &keep)
}

/// All rows in the table's order.
fn sort(table: Table, schema: &SchemaRef, batches: &[RecordBatch]) -> Result<RecordBatch, ArrowError> {
    let all = concat_batches(schema, batches)?;
    let options = Some(SortOptions { descending: false, nulls_first: true });
    let by: Vec<SortColumn> = table
        .order()
        .iter()
        .filter_map(|name| all.column_by_name(name).cloned())
        .map(|values| SortColumn { values, options })
        .collect();
    take_record_batch(&all, &lexsort_to_indices(&by, None)?)
}

async fn rewrite(
    store: &ObjectStoreRef,
    table: Table,
    day: i32,
    schema: SchemaRef,
    rows: &RecordBatch,
) -> Result<Vec<Add>, DeltaTableError> {
    let writer = day_writer(Arc::clone(store), table, schema, day, rows.num_rows())?;
    let (sender, receiver) = mpsc::channel(QUEUED);
    let encoder = tokio::spawn(drain(writer, receiver));
    for start in (0..rows.num_rows()).step_by(BATCH) {
        // A closed channel means that the encoder has failed: its error follows below.
        if sender.send(rows.slice(start, BATCH.min(rows.num_rows() - start))).await.is_err() {
            break;
        }
    }
    drop(sender);
    encoder.await.map_err(|e| DeltaTableError::generic(e.to_string()))?
}
