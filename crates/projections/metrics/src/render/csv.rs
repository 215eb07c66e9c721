//! Comma-separated values with one header line; nulls are empty, maps are JSON objects.

use serde_json::Value;

use super::json::value;
use super::{Cell, Report};
use crate::options::Options;

/// The rows as CSV; a report without rows is its header line.
///
/// # Errors
/// The writer's own (none is expected: it writes to memory).
pub fn csv<R: Report>(rows: &[R], opts: &Options) -> Result<String, ::csv::Error> {
    let mut writer = ::csv::Writer::from_writer(Vec::new());
    writer.write_record(R::default().cells(opts).0.iter().map(|(name, _)| *name))?;
    for row in rows {
        writer.write_record(row.cells(opts).0.iter().map(|(_, cell)| field(cell)))?;
    }
    let bytes = writer.into_inner().map_err(|e| ::csv::Error::from(e.into_error()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn field(cell: &Cell) -> String {
    match value(cell) {
        Value::Null => String::new(),
        Value::String(text) => text,
        other => other.to_string(),
    }
}
