//! A sheet of cells as Parquet bytes, for people's own tools; no part of the lake.

use std::sync::Arc;

use arrow::array::TimestampMicrosecondArray;
use arrow::array::{ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use metrics::render::{Cell, Kind, Sheet};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use crate::error::TablesError;

/// The sheet as one Parquet file: names are text, counts and milliseconds 64-bit whole
/// numbers, rates doubles, instants microseconds in UTC, maps JSON text; all nullable.
///
/// # Errors
/// The encoder's own; none is expected, for it writes to memory.
pub fn parquet(sheet: &Sheet) -> Result<Vec<u8>, TablesError> {
    let failed = |e: &dyn std::fmt::Display| TablesError::Interrupted(format!("the sheet cannot be written: {e}"));
    let field = |(name, kind): &(&str, Kind)| Field::new(*name, data_type(*kind), true);
    let schema = Arc::new(Schema::new(sheet.columns.iter().map(field).collect::<Vec<_>>()));
    let columns = sheet.columns.iter().enumerate().map(|(at, (_, kind))| column(sheet, at, *kind)).collect();
    let batch = RecordBatch::try_new(schema.clone(), columns).map_err(|e| failed(&e))?;
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_created_by("ringledger".to_owned())
        .build();
    let mut writer = ArrowWriter::try_new(Vec::new(), schema, Some(properties)).map_err(|e| failed(&e))?;
    writer.write(&batch).map_err(|e| failed(&e))?;
    writer.into_inner().map_err(|e| failed(&e))
}

fn data_type(kind: Kind) -> DataType {
    match kind {
        Kind::Text | Kind::Map => DataType::Utf8,
        Kind::Count | Kind::Millis => DataType::Int64,
        Kind::Rate => DataType::Float64,
        Kind::At => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        Kind::Bool => DataType::Boolean,
    }
}

/// A column; a cell that is not of its kind is null.
fn column(sheet: &Sheet, at: usize, kind: Kind) -> ArrayRef {
    let cells = sheet.rows.iter().map(|row| row.get(at).unwrap_or(&Cell::Null));
    let text = |c: &Cell| (*c != Cell::Null).then(|| c.plain());
    match kind {
        Kind::Text | Kind::Map => Arc::new(cells.map(text).collect::<StringArray>()),
        Kind::Count | Kind::Millis => {
            Arc::new(cells.map(|c| if let Cell::Int(v) = c { Some(*v) } else { None }).collect::<Int64Array>())
        }
        Kind::Rate => {
            Arc::new(cells.map(|c| if let Cell::Rate(v) = c { Some(*v) } else { None }).collect::<Float64Array>())
        }
        Kind::At => {
            let instants = cells.map(|c| if let Cell::At(v) = c { Some(v.0) } else { None });
            Arc::new(instants.collect::<TimestampMicrosecondArray>().with_timezone("UTC"))
        }
        Kind::Bool => {
            Arc::new(cells.map(|c| if let Cell::Bool(v) = c { Some(*v) } else { None }).collect::<BooleanArray>())
        }
    }
}
