//! A request to events as they were sent: attributes and data, not yet judged.

use std::collections::BTreeMap;

use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use super::answer::Problem;
use super::limits;

const STRUCTURED: &str = "application/cloudevents+json";
const BATCH: &str = "application/cloudevents-batch+json";

/// One event as it was sent.
#[derive(Default)]
pub struct Raw {
    /// Attributes by name.
    pub attributes: BTreeMap<String, String>,
    /// Its data, where it has any.
    pub data: Option<Value>,
    /// Attributes that are no text, number or truth value.
    pub unreadable: Vec<String>,
}

/// The events of a request, in order.
///
/// # Errors
/// The body is no JSON of the announced form, or the form is none of ours.
pub fn events(headers: &HeaderMap, body: &Bytes) -> Result<Vec<Raw>, Problem> {
    let header = headers.get("content-type").and_then(|v| v.to_str().ok()).unwrap_or("");
    let kind = header.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    match kind.as_str() {
        STRUCTURED => match json(body)? {
            Value::Object(event) => Ok(vec![structured(event)]),
            _ => Err(malformed("the body is no JSON object; a list is sent as 'application/cloudevents-batch+json'")),
        },
        BATCH => batch(json(body)?),
        "application/json" if headers.contains_key("ce-specversion") => Ok(vec![binary(headers, json(body)?)]),
        _ => Err(unsupported(headers.contains_key("ce-specversion"))),
    }
}

fn unsupported(binary: bool) -> Problem {
    let detail = if binary {
        "In binary mode the data is JSON: send 'Content-Type: application/json'.".to_owned()
    } else {
        format!(
            "Send one event as '{STRUCTURED}', a list as '{BATCH}', or 'ce-*' headers (with 'ce-specversion: 1.0') \
             and the data as 'application/json'."
        )
    };
    Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "The form of the request is not known", detail)
}

fn malformed(detail: &str) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "The request cannot be read", detail)
}

fn json(body: &Bytes) -> Result<Value, Problem> {
    serde_json::from_slice(body).map_err(|e| malformed(&format!("the body is no JSON: {}", place(&e))))
}

/// Where JSON breaks, without its text.
fn place(e: &serde_json::Error) -> String {
    let what = if e.is_eof() { "it breaks off" } else { "it is not well-formed, or nested too deeply" };
    format!("{what} at line {}, column {}", e.line(), e.column())
}

fn batch(value: Value) -> Result<Vec<Raw>, Problem> {
    let Value::Array(list) = value else {
        return Err(malformed("the body is no JSON list; one event is sent as 'application/cloudevents+json'"));
    };
    if list.len() > limits::BATCH {
        let detail =
            format!("{} events; a batch holds at most {}. Send them in several requests.", list.len(), limits::BATCH);
        return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "The batch is too large", detail));
    }
    let event = |v| match v {
        Value::Object(event) => structured(event),
        _ => Raw { unreadable: vec!["the event itself".to_owned()], ..Raw::default() },
    };
    Ok(list.into_iter().map(event).collect())
}

/// An event in structured form.
pub fn structured(event: Map<String, Value>) -> Raw {
    let mut raw = Raw::default();
    for (name, value) in event {
        match value {
            value if name == "data" => raw.data = Some(value),
            Value::Null => {}
            Value::String(text) => drop(raw.attributes.insert(name, text)),
            value @ (Value::Number(_) | Value::Bool(_)) => drop(raw.attributes.insert(name, value.to_string())),
            _ => raw.unreadable.push(name),
        }
    }
    raw
}

/// Header values are percent-encoded UTF-8 (HTTP protocol binding, 3.1.3.2).
fn binary(headers: &HeaderMap, data: Value) -> Raw {
    let mut raw = Raw { data: Some(data), ..Raw::default() };
    for (name, value) in headers {
        let Some(name) = name.as_str().strip_prefix("ce-") else { continue };
        let text = value.to_str().ok().and_then(|v| percent_decode_str(v).decode_utf8().ok());
        match text {
            Some(text) => drop(raw.attributes.insert(name.to_owned(), text.into_owned())),
            None => raw.unreadable.push(name.to_owned()),
        }
    }
    raw
}
