//! Whether an adapter's data can be taken: every problem at once, in words for whoever
//! writes the adapter.

use serde_json::{Map, Value};

use super::kinds::{KINDS, Kind, Shape, VERSION, kind};

/// One thing that is wrong with the data.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{field}': {reason}")]
pub struct Problem {
    /// The field it is about.
    pub field: String,
    /// What is wrong and what was expected. Never a value: it may hold card data.
    pub reason: String,
}

/// Checks one event's `data`.
///
/// # Errors
/// Every problem found, in the order of the fields.
pub fn validate(data: &Map<String, Value>) -> Result<(), Vec<Problem>> {
    let mut problems = Vec::new();
    match data.get("type").and_then(Value::as_str).map(kind) {
        Some(Some(kind)) => fields(kind, data, &mut problems),
        Some(None) => problems.push(problem("type", format!("not known; expected one of {}", names()))),
        None => problems.push(problem("type", format!("missing, or no text; expected one of {}", names()))),
    }
    if data.get("version").is_some_and(|v| v.as_u64() != Some(VERSION)) {
        problems.push(problem("version", format!("not known; expected {VERSION}, or to be left out")));
    }
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

fn names() -> String {
    KINDS.iter().map(|k| k.name).collect::<Vec<_>>().join(", ")
}

fn problem(field: &str, reason: String) -> Problem {
    Problem { field: field.to_owned(), reason }
}

fn fields(kind: &Kind, data: &Map<String, Value>, problems: &mut Vec<Problem>) {
    for field in kind.fields {
        match data.get(field.name) {
            None | Some(Value::Null) if field.required => {
                problems.push(problem(field.name, format!("missing; {} needs it ({})", kind.name, field.about)));
            }
            None | Some(Value::Null) => {}
            Some(value) => {
                if let Some(reason) = wrong(value, field.shape) {
                    problems.push(problem(field.name, reason));
                }
            }
        }
    }
}

/// What is wrong with a value, if anything.
fn wrong(value: &Value, shape: Shape) -> Option<String> {
    let plain = |v: &Value| matches!(v, Value::String(_) | Value::Number(_) | Value::Bool(_));
    match (shape, value) {
        (Shape::Text(_), Value::String(text)) if text.trim().is_empty() => Some("empty; expected a text".into()),
        (Shape::Text(most), Value::String(text)) => {
            let length = text.chars().count();
            (length > most).then(|| format!("{length} characters long; expected at most {most}"))
        }
        (Shape::Text(_), _) => Some("no text".into()),
        (Shape::Count, v) => (v.as_i64().is_none_or(|n| n < 0)).then(|| "no whole number of 0 or more".into()),
        (Shape::Flag, v) => (!v.is_boolean()).then(|| "neither true nor false".into()),
        (Shape::Values, Value::Object(values)) => values
            .iter()
            .find(|(_, v)| !plain(v))
            .map(|_| "holds a value that is no text, number, true or false".to_owned()),
        (Shape::Values, _) => Some("no object of names and values".into()),
    }
}
