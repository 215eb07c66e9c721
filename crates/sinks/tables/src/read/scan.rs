//! Parquet files to rows: a few files side by side, each decoded on its own task.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Date32Array, RecordBatch};
use arrow::datatypes::{DataType, Field, Fields};
use deltalake_core::DeltaTableError;
use deltalake_core::logstore::ObjectStoreRef;
use deltalake_core::table::state::DeltaTableState;
use futures::{StreamExt as _, TryStreamExt as _};
use parquet::arrow::ProjectionMask;
use parquet::arrow::async_reader::{ParquetRecordBatchStream, ParquetRecordBatchStreamBuilder};

use super::Filter;
use super::files::{DataFile, live_files, wanted};
use super::source::Source;
use crate::error::TablesError;
use crate::facts::{DATE, Fact};
use crate::lake::{Lake, load};
use crate::table::Table;

/// Files decoded at once.
pub(super) const SIDE_BY_SIDE: usize = 2;
/// Rows of a batch while reading.
const BATCH: usize = 8 * 1024;

impl Lake {
    /// The newest snapshot of a table, for reading: no lock, no memory of earlier ones.
    pub(crate) async fn newest(&self, table: Table) -> Result<DeltaTableState, TablesError> {
        let shelf = self.shelf(table)?;
        match load(shelf.log_store.as_ref()).await {
            Ok(state) => Ok(state),
            Err(error) => Err(self.missing_or(shelf, error).await),
        }
    }

    /// Hands every row that the filter may want to `each`, in no particular order.
    pub(crate) async fn scan<T: Fact>(&self, filter: &Filter, each: impl FnMut(T)) -> Result<(), TablesError> {
        let files = live_files(&self.newest(T::TABLE).await?);
        self.scan_in(files, filter, each).await
    }

    /// The same of these files of a snapshot.
    pub(crate) async fn scan_in<T: Fact>(
        &self,
        files: Vec<DataFile>,
        filter: &Filter,
        mut each: impl FnMut(T),
    ) -> Result<(), TablesError> {
        let files = wanted(T::TABLE, files, filter);
        let store = self.shelf(T::TABLE)?.log_store.object_store(None);
        let tasks = files.into_iter().map(|file| {
            let (lake, store) = (self.clone(), Arc::clone(&store));
            async move {
                let task = tokio::spawn(async move { read_rows::<T>(&lake, &store, &file).await });
                task.await.unwrap_or_else(|e| Err(TablesError::Interrupted(e.to_string())))
            }
        });
        let mut results = futures::stream::iter(tasks).buffer_unordered(SIDE_BY_SIDE);
        while let Some(rows) = results.try_next().await? {
            rows.into_iter().for_each(&mut each);
        }
        Ok(())
    }
}

/// All rows of a file.
pub(crate) async fn read_rows<T: Fact>(
    lake: &Lake,
    store: &ObjectStoreRef,
    file: &DataFile,
) -> Result<Vec<T>, TablesError> {
    let explain = |e: DeltaTableError| lake.place.explain(T::TABLE, &e);
    let mut stream = open(store, file, None).await.map_err(explain)?;
    let mut rows = Vec::with_capacity(file.rows().and_then(|r| usize::try_from(r).ok()).unwrap_or_default());
    while let Some(batch) = stream.try_next().await.map_err(|e| explain(e.into()))? {
        decode(&batch, file.day, |_| true, &mut rows).map_err(|cell| TablesError::Content {
            table: T::TABLE,
            file: file.path.to_string(),
            cell,
        })?;
    }
    Ok(rows)
}

/// Batches of a file.
pub(crate) type Batches = ParquetRecordBatchStream<Source>;

/// Opens a file for reading, all columns or the named ones.
pub(crate) async fn open(
    store: &ObjectStoreRef,
    file: &DataFile,
    columns: Option<&[&str]>,
) -> Result<Batches, DeltaTableError> {
    let reader = Source { store: Arc::clone(store), path: file.path.clone(), size: file.size };
    let builder = ParquetRecordBatchStreamBuilder::new(reader).await?;
    let mask = columns.map_or_else(ProjectionMask::all, |names| {
        ProjectionMask::columns(builder.parquet_schema(), names.iter().copied())
    });
    Ok(builder.with_projection(mask).with_batch_size(BATCH).build()?)
}

/// The rows of a batch that `keep` wants by their number, with the file's day as their `date`.
pub(crate) fn decode<T: Fact>(
    batch: &RecordBatch,
    day: i32,
    keep: impl Fn(usize) -> bool,
    rows: &mut Vec<T>,
) -> Result<(), crate::cells::BadCell> {
    let schema = batch.schema();
    let mut fields: Vec<_> = schema.fields().iter().cloned().collect();
    let mut arrays: Vec<ArrayRef> = batch.columns().to_vec();
    fields.push(Arc::new(Field::new(DATE, DataType::Date32, false)));
    arrays.push(Arc::new(Date32Array::from_value(day, batch.num_rows())));
    let columns = T::columns(&Fields::from(fields), &arrays, batch.num_rows())?;
    for row in (0..batch.num_rows()).filter(|row| keep(*row)) {
        rows.push(T::read(&columns, row)?);
    }
    Ok(())
}

/// The named text column of a batch.
pub(crate) fn text_column<'a>(batch: &'a RecordBatch, name: &str) -> Option<&'a arrow::array::StringArray> {
    arrow::array::AsArray::as_string_opt::<i32>(batch.column_by_name(name)?)
}

/// The text at `row`, `None` where it is null.
pub(crate) fn text_at(column: &arrow::array::StringArray, row: usize) -> Option<&str> {
    (!column.is_null(row)).then(|| column.value(row))
}
