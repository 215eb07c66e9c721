//! Rows to Parquet files: grouped by day, sorted, encoded.
//!
//! Contract: every row is in exactly one file of its day; a file's rows are in the order
//! of `Table::order`. Memory: the rows given, plus a few batches. Nothing here touches the
//! Delta log: what is written and not committed is seen by nobody.

use std::num::NonZeroU64;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{Schema, SchemaRef};
use deltalake_core::datafile::DataFileWriter;
use deltalake_core::datafile::writer::{PartitionWriter, PartitionWriterConfig};
use deltalake_core::kernel::{Add, PrimitiveType};
use deltalake_core::logstore::ObjectStoreRef;
use deltalake_core::{DeltaResult, DeltaTableError};
use indexmap::IndexMap;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use parquet::schema::types::ColumnPath;
use tokio::sync::mpsc;

use crate::facts::{DATE, Fact, fields};
use crate::table::Table;

/// Rows of one Arrow batch.
pub(crate) const BATCH: usize = 32 * 1024;
/// Batches on their way to the encoder.
pub(crate) const QUEUED: usize = 2;
/// Rows of a row group.
pub(crate) const GROUP: usize = 1024 * 1024;
/// Bytes of a file after which the next one begins.
pub(crate) const FILE: u64 = 128 * 1024 * 1024;

/// The columns of a file: all but the partition.
pub(crate) fn file_schema(table: Table) -> SchemaRef {
    let fields = fields(table).into_iter().filter(|f| f.name() != DATE);
    // Descriptions are the Delta schema's; in the files they would only be weight.
    Arc::new(Schema::new(fields.map(|f| f.with_metadata(Default::default())).collect::<Vec<_>>()))
}

/// How files of `table` are encoded when about `rows` rows come into one.
pub(crate) fn properties(table: Table, rows: usize) -> WriterProperties {
    let mut builder = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_max_row_group_row_count(Some(GROUP))
        .set_created_by("ringledger".to_owned());
    if table != Table::QueueIntervals && table != Table::AgentStates {
        let call = ColumnPath::from("call_id");
        builder = builder
            .set_column_bloom_filter_enabled(call.clone(), true)
            .set_column_bloom_filter_max_ndv(call, rows.clamp(1, GROUP) as u64);
    }
    builder.build()
}

/// A writer of files of one day.
pub(crate) fn day_writer(
    store: ObjectStoreRef,
    table: Table,
    schema: SchemaRef,
    day: i32,
    rows: usize,
) -> DeltaResult<PartitionWriter> {
    let date = PrimitiveType::Date.parse_scalar(&day_text(day)).map_err(|e| DeltaTableError::generic(e.to_string()))?;
    let values = IndexMap::from([(DATE.to_owned(), date)]);
    let config = PartitionWriterConfig::try_new(
        schema,
        values,
        Some(properties(table, rows)),
        NonZeroU64::new(FILE),
        None,
        None,
        None,
    )?;
    let measured = table.measured().iter().map(|c| (*c).to_owned()).collect();
    PartitionWriter::try_with_config(store, config, Default::default(), Some(measured))
}

/// Writes rows as Parquet files; the entries are for the caller to commit.
///
/// # Errors
/// The store failed or the encoder refused; what was written is unknown to the table.
pub(crate) async fn write<T: Fact>(store: &ObjectStoreRef, rows: &[T]) -> DeltaResult<Vec<Add>> {
    let schema = file_schema(T::TABLE);
    let mut adds = Vec::new();
    for (day, mut part) in by_day(rows) {
        part.sort_unstable_by(|a, b| a.order(b));
        let writer = day_writer(Arc::clone(store), T::TABLE, Arc::clone(&schema), day, part.len())?;
        let (sender, receiver) = mpsc::channel(QUEUED);
        let encoder = tokio::spawn(drain(writer, receiver));
        for chunk in part.chunks(BATCH) {
            // A closed channel means that the encoder has failed: its error follows below.
            if sender.send(batch(&schema, chunk)?).await.is_err() {
                break;
            }
        }
        drop(sender);
        let written = encoder.await.map_err(|e| DeltaTableError::generic(e.to_string()))?;
        adds.extend(written?);
    }
    Ok(adds)
}

/// Rows of each day, days ascending.
fn by_day<T: Fact>(rows: &[T]) -> std::collections::BTreeMap<i32, Vec<&T>> {
    let mut days = std::collections::BTreeMap::<i32, Vec<&T>>::new();
    for row in rows {
        days.entry(row.day()).or_default().push(row);
    }
    days
}

/// Some rows as an Arrow batch, without the partition column.
fn batch<T: Fact>(schema: &SchemaRef, rows: &[&T]) -> DeltaResult<RecordBatch> {
    let mut builders = T::builders(rows.len());
    for row in rows {
        row.append(&mut builders);
    }
    let mut arrays = T::finish(builders);
    arrays.truncate(schema.fields().len());
    Ok(RecordBatch::try_new(Arc::clone(schema), arrays)?)
}

/// Encodes what comes in; on failure aborts the upload, so that no parts are left behind.
pub(crate) async fn drain(
    mut writer: PartitionWriter,
    mut batches: mpsc::Receiver<RecordBatch>,
) -> DeltaResult<Vec<Add>> {
    while let Some(batch) = batches.recv().await {
        if let Err(error) = writer.write(&batch).await {
            let _ = Box::new(writer).abort().await;
            return Err(error);
        }
    }
    writer.close().await
}

/// A day as partitions are named: `2026-11-22`.
pub(crate) fn day_text(day: i32) -> String {
    chrono::DateTime::from_timestamp(i64::from(day) * 86_400, 0)
        .map_or_else(|| "1970-01-01".to_owned(), |t| t.format("%Y-%m-%d").to_string())
}
