//! The tables' description for those who read them without this program:
//! `schemas/tables/<table>.json`, written from the columns that are declared in `facts`.

use arrow::datatypes::Schema;
use arrow::error::ArrowError;
use deltalake_core::kernel::StructType;
use deltalake_core::kernel::engine::arrow_conversion::TryIntoKernel as _;
use serde_json::{Value, json};

use crate::error::TablesError;
use crate::facts::{DATE, fields};
use crate::table::Table;

/// A table as one JSON object: what it holds, its key, its partition, and its columns as
/// the Delta protocol writes a schema (name, type, nullability; `comment` describes).
///
/// # Errors
/// A column's type has no counterpart in Delta.
pub fn schema(table: Table) -> Result<Value, TablesError> {
    let columns: StructType = (&Schema::new(fields(table)))
        .try_into_kernel()
        .map_err(|e: ArrowError| TablesError::Table { table, place: "its schema".to_owned(), reason: e.to_string() })?;
    Ok(json!({
        "table": table.name(),
        "version": 1,
        "definition_version": model::DEFINITION_VERSION,
        "description": table.description(),
        "key": table.key(),
        "partitioned_by": [DATE],
        "schema": columns,
    }))
}
