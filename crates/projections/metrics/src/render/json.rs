//! One array of row objects.

use serde_json::{Map, Number, Value};

use super::{Cell, Report};
use crate::options::Options;

/// The rows as one JSON array, a row a line, with a newline at the end.
pub fn json<R: Report>(rows: &[R], opts: &Options) -> String {
    let objects: Vec<String> = rows.iter().map(|row| object(row, opts).to_string()).collect();
    if objects.is_empty() { "[]\n".to_owned() } else { format!("[\n{}\n]\n", objects.join(",\n")) }
}

/// One row as a JSON object.
pub fn object<R: Report>(row: &R, opts: &Options) -> Value {
    Value::Object(row.cells(opts).0.into_iter().map(|(name, cell)| (name.to_owned(), value(&cell))).collect())
}

/// A value as JSON: instants RFC 3339 in UTC, figures numbers, rates fractions.
pub(super) fn value(cell: &Cell) -> Value {
    match cell {
        Cell::Null => Value::Null,
        Cell::Text(text) => Value::String(text.to_string()),
        Cell::Int(v) => Value::from(*v),
        Cell::Rate(v) => Number::from_f64(*v).map_or(Value::Null, Value::Number),
        Cell::At(at) => Value::String(at.to_rfc3339()),
        Cell::Bool(v) => Value::Bool(*v),
        Cell::Map(map) => {
            let object: Map<String, Value> = map.iter().map(|(k, v)| (k.to_string(), Value::from(*v))).collect();
            Value::Object(object)
        }
    }
}
