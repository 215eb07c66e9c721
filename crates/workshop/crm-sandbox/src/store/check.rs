//! Validation of one row against the schema, in Salesforce's words.

use rusqlite::Connection;
use serde_json::Value;

use super::{Record, full_id};
use crate::error::RowError;
use crate::schema::{self, Field, Kind, Object};

/// What a value of the wrong JSON type does to the whole request.
///
/// Assumption: Collections refuse the whole request with 400 when a value cannot be
/// deserialised or a field does not exist, as single-record calls do; public
/// documentation only says "if the request isn't well formed".
pub(crate) fn well_formed(object: &Object, row: &Record) -> Result<(), RowError> {
    for (name, value) in row {
        let Some(field) = object.field(name) else {
            let text = format!("No such column '{name}' on sobject of type {}", object.name);
            return Err(RowError::new("INVALID_FIELD", text, &[]));
        };
        if !type_fits(field.kind, value) {
            let text = format!("Cannot deserialize instance of {} from value {value}", field.kind.name());
            return Err(RowError::new("JSON_PARSER_ERROR", text, &[name]));
        }
    }
    Ok(())
}

fn type_fits(kind: Kind, value: &Value) -> bool {
    match (kind, value) {
        (_, Value::Null) => true,
        (Kind::Boolean, v) => v.is_boolean(),
        // Assumption: numbers given as text are taken, as the platform's parser does.
        (Kind::Double | Kind::Int, Value::String(s)) => s.parse::<f64>().is_ok(),
        (Kind::Double, v) => v.is_number(),
        (Kind::Int, v) => v.as_f64().is_some_and(|n| n.fract() == 0.0),
        (Kind::Date, Value::String(s)) => chrono::NaiveDate::parse_from_str(s, "%Y-%m-%d").is_ok(),
        (Kind::DateTime, Value::String(s)) => is_datetime(s),
        (Kind::Date | Kind::DateTime, _) => false,
        (_, Value::String(_)) => true,
        // Assumption: numbers and booleans given for text are taken as their text.
        (Kind::Text(_) | Kind::LongText(_), Value::Number(_) | Value::Bool(_)) => true,
        _ => false,
    }
}

fn is_datetime(text: &str) -> bool {
    chrono::DateTime::parse_from_rfc3339(text).is_ok()
        || chrono::DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f%z").is_ok()
}

/// Errors of the row itself: lengths, required fields, references.
pub(crate) fn row(db: &Connection, object: &Object, row: &Record, create: bool) -> rusqlite::Result<Vec<RowError>> {
    let mut errors = Vec::new();
    if create {
        let missing: Vec<&str> = object
            .fields
            .iter()
            .filter(|f| f.required && is_blank(value_of(row, &f.name)))
            .map(|f| f.name.as_str())
            .collect();
        if !missing.is_empty() {
            let text = format!("Required fields are missing: [{}]", missing.join(", "));
            errors.push(RowError::new("REQUIRED_FIELD_MISSING", text, &missing));
        }
    }
    for (name, value) in row {
        if let Some(field) = object.field(name)
            && let Some(error) = field_error(db, field, value)?
        {
            errors.push(error);
        }
    }
    Ok(errors)
}

fn field_error(db: &Connection, field: &Field, value: &Value) -> rusqlite::Result<Option<RowError>> {
    let name = field.name.as_str();
    if field.read_only {
        let text = format!("Unable to create/update fields: {name}. Please check the security settings of this field");
        return Ok(Some(RowError::new("INVALID_FIELD_FOR_INSERT_UPDATE", text, &[name])));
    }
    let Value::String(text) = value else { return Ok(None) };
    if let Kind::Reference(to) = field.kind {
        return reference_error(db, name, to, text);
    }
    let length = field.kind.length();
    if length > 0 && text.chars().count() > length {
        let shown: String = text.chars().take(60).collect();
        let message = format!("{name}: data value too large: {shown} (max length={length})");
        return Ok(Some(RowError::new("STRING_TOO_LONG", message, &[name])));
    }
    Ok(None)
}

fn reference_error(db: &Connection, name: &str, to: &[&str], id: &str) -> rusqlite::Result<Option<RowError>> {
    if id.is_empty() {
        return Ok(None);
    }
    let id = full_id(id);
    if id.len() != 18 || !id.bytes().all(|b| b.is_ascii_alphanumeric()) {
        let text = format!("{name}: id value of incorrect type: {id}");
        return Ok(Some(RowError::new("MALFORMED_ID", text, &[name])));
    }
    // A queue is a Group; the sandbox keeps none, so any well-formed id of one is taken.
    if id.starts_with("00G") && to.contains(&"Group") {
        return Ok(None);
    }
    let right = schema::object_of_id(&id).is_some_and(|o| to.contains(&o.name));
    if right && super::get(db, &id)?.is_some() {
        return Ok(None);
    }
    Ok(Some(RowError::new("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", &[name])))
}

fn value_of<'a>(row: &'a Record, name: &str) -> Option<&'a Value> {
    row.iter().find(|(k, _)| k.eq_ignore_ascii_case(name)).map(|(_, v)| v)
}

fn is_blank(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null) => true,
        Some(Value::String(s)) => s.trim().is_empty(),
        Some(_) => false,
    }
}
