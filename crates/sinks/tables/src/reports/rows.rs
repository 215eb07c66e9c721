//! Some rows of some files: what a look-up or a search reads once it knows where they are.
//!
//! First a few columns of all rows say which rows are wanted, then these rows alone are
//! decoded whole. A file's bloom filter tells most files that hold nothing of a contact.

use arrow::array::RecordBatch;
use deltalake_core::DeltaTableError;
use deltalake_core::logstore::ObjectStoreRef;
use futures::TryStreamExt as _;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::RowSelection;
use parquet::arrow::async_reader::ParquetRecordBatchStreamBuilder;
use parquet::schema::types::SchemaDescriptor;

use crate::error::TablesError;
use crate::facts::Fact;
use crate::lake::Lake;
use crate::read::{DataFile, Source, decode};
use crate::table::Table;

type Builder = ParquetRecordBatchStreamBuilder<Source>;

async fn builder(store: &ObjectStoreRef, file: &DataFile) -> Result<Builder, DeltaTableError> {
    let source = Source { store: ObjectStoreRef::clone(store), path: file.path.clone(), size: file.size };
    Ok(ParquetRecordBatchStreamBuilder::new(source).await?)
}

/// Whether a file may hold a row of a contact, by its bloom filter.
///
/// # Errors
/// The file cannot be read.
pub(super) async fn may_hold_call(
    lake: &Lake,
    table: Table,
    store: &ObjectStoreRef,
    file: &DataFile,
    call_id: &str,
) -> Result<bool, TablesError> {
    let explain = |e: DeltaTableError| lake.place.explain(table, &e);
    let mut builder = builder(store, file).await.map_err(explain)?;
    let place = builder.parquet_schema().columns().iter().position(|c| c.path().string() == "call_id");
    let Some(column) = place else { return Ok(true) };
    for group in 0..builder.metadata().num_row_groups() {
        let filter = builder.get_row_group_column_bloom_filter(group, column).await;
        if filter.map_err(|e| explain(e.into()))?.is_none_or(|f| f.check(call_id)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Hands to `each` the batches of a file, some columns: `name`, or `list/name` for what a
/// list's elements have under that name.
///
/// # Errors
/// The file cannot be read.
pub(super) async fn columns(
    lake: &Lake,
    table: Table,
    store: &ObjectStoreRef,
    file: &DataFile,
    names: &[&str],
    mut each: impl FnMut(&RecordBatch),
) -> Result<(), TablesError> {
    let explain = |e: DeltaTableError| lake.place.explain(table, &e);
    let builder = builder(store, file).await.map_err(explain)?;
    let mask = mask(builder.parquet_schema(), names);
    let mut stream = builder.with_projection(mask).build().map_err(|e| explain(e.into()))?;
    while let Some(batch) = stream.try_next().await.map_err(|e| explain(e.into()))? {
        each(&batch);
    }
    Ok(())
}

fn mask(schema: &SchemaDescriptor, names: &[&str]) -> ProjectionMask {
    let wanted = |path: &[String]| {
        names.iter().any(|name| match name.split_once('/') {
            None => path.first().is_some_and(|p| p == name),
            Some((list, leaf)) => path.first().is_some_and(|p| p == list) && path.last().is_some_and(|p| p == leaf),
        })
    };
    let columns = schema.columns().iter().enumerate();
    ProjectionMask::leaves(schema, columns.filter(|(_, c)| wanted(c.path().parts())).map(|(place, _)| place))
}

/// The rows of a file at these places, which ascend.
///
/// # Errors
/// The file cannot be read, or a cell holds what it may not.
pub(super) async fn at<T: Fact>(
    lake: &Lake,
    store: &ObjectStoreRef,
    file: &DataFile,
    places: &[usize],
) -> Result<Vec<T>, TablesError> {
    let mut rows = Vec::with_capacity(places.len());
    if places.is_empty() {
        return Ok(rows);
    }
    let explain = |e: DeltaTableError| lake.place.explain(T::TABLE, &e);
    let builder = builder(store, file).await.map_err(explain)?;
    let total = usize::try_from(builder.metadata().file_metadata().num_rows()).unwrap_or_default();
    let selection = RowSelection::from_consecutive_ranges(places.iter().map(|p| *p..*p + 1), total);
    let mut stream = builder.with_row_selection(selection).build().map_err(|e| explain(e.into()))?;
    while let Some(batch) = stream.try_next().await.map_err(|e| explain(e.into()))? {
        decode(&batch, file.day, |_| true, &mut rows).map_err(|cell| TablesError::Content {
            table: T::TABLE,
            file: file.path.to_string(),
            cell,
        })?;
    }
    Ok(rows)
}
