//! Comma-separated values with one header line; nulls are empty, maps are JSON objects.

use super::{Report, Sheet};
use crate::options::Options;

/// The rows as CSV; a report without rows is its header line.
///
/// # Errors
/// The writer's own (none is expected: it writes to memory).
pub fn csv<R: Report>(rows: &[R], opts: &Options) -> Result<String, ::csv::Error> {
    Sheet::of(rows, opts).csv()
}
