//! Examples of every version of the envelope and of the canonical events are kept for
//! ever: each must stay readable, and be what its schema says.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use model::{Envelope, Event};
use serde_json::Value;

fn schemas() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../schemas")
}

fn read(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// The kinds that have an example, with the example.
fn examples() -> Vec<(String, Value)> {
    let folder = std::fs::read_dir(schemas().join("events")).expect("the folder of examples");
    let mut all: Vec<_> = folder
        .filter_map(|entry| {
            let path = entry.expect("an entry").path();
            let name = path.file_name()?.to_str()?.to_owned();
            let (kind, _) = name.split_once('.').filter(|_| name.ends_with(".example.json"))?;
            Some((kind.to_owned(), read(&path)))
        })
        .collect();
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all
}

/// Whether a value is what a schema says; understands the words that our schemas use.
fn fits(value: &Value, schema: &Value, root: &Value) -> Result<(), String> {
    if let Some(name) = schema["$ref"].as_str().and_then(|r| r.strip_prefix("#/$defs/")) {
        return fits(value, &root["$defs"][name], root);
    }
    for (word, sufficient) in [("oneOf", 1..=1), ("anyOf", 1..=usize::MAX)] {
        if let Some(choices) = schema[word].as_array() {
            let fitting = choices.iter().filter(|c| fits(value, c, root).is_ok()).count();
            if !sufficient.contains(&fitting) {
                return Err(format!("{value} fits {fitting} of {word}"));
            }
        }
    }
    if schema.get("const").is_some_and(|c| c != value) {
        return Err(format!("{value} is not {}", schema["const"]));
    }
    if schema["enum"].as_array().is_some_and(|e| !e.contains(value)) {
        return Err(format!("{value} is none of {}", schema["enum"]));
    }
    let allowed: Vec<&str> = match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(some) => some.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let is = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    if !allowed.is_empty() && !allowed.contains(&is) {
        return Err(format!("{value} is no {allowed:?}"));
    }
    for item in value.as_array().into_iter().flatten().filter(|_| schema.get("items").is_some()) {
        fits(item, &schema["items"], root)?;
    }
    members(value, schema, root)
}

fn members(value: &Value, schema: &Value, root: &Value) -> Result<(), String> {
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if value.get(name).is_none() {
            return Err(format!("{value} has no {name}"));
        }
    }
    for (name, member) in value.as_object().into_iter().flatten() {
        match schema["properties"].get(name) {
            Some(own) => fits(member, own, root).map_err(|e| format!("{name}: {e}"))?,
            None if schema["additionalProperties"] == Value::Bool(false) => return Err(format!("{name} is not known")),
            None => {}
        }
    }
    Ok(())
}

#[test]
fn every_example_of_an_event_is_read_and_written_back_as_it_is() {
    for (kind, example) in examples() {
        let event: Event = serde_json::from_value(example.clone()).unwrap_or_else(|e| panic!("{kind}: {e}"));
        assert_eq!(event.body.kind(), kind);
        let written = serde_json::to_value(&event).expect("JSON");
        if kind == "Acted" {
            // An act may have gained fields with a default since.
            assert_eq!(written["body"]["Acted"]["act"], example["body"]["Acted"]["act"]);
        } else {
            assert_eq!(written, example, "{kind}");
        }
    }
}

#[test]
fn the_schema_of_events_knows_every_kind_and_every_example_fits_it() {
    let schema = read(&schemas().join("events/event.v1.schema.json"));
    let kinds: BTreeSet<String> = (schema["properties"]["body"]["oneOf"].as_array().expect("kinds").iter())
        .filter_map(|k| k["title"].as_str().map(ToOwned::to_owned))
        .collect();
    let with_example: BTreeSet<String> = examples().into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, with_example);
    assert!(kinds.len() >= 44, "{}", kinds.len());
    for (kind, example) in examples() {
        fits(&example, &schema, &schema).unwrap_or_else(|e| panic!("{kind}: {e}"));
    }
    let mut wrong = examples().remove(0).1;
    wrong["at"] = "noon".into();
    assert!(fits(&wrong, &schema, &schema).is_err_and(|e| e.starts_with("at:")));
}

#[test]
fn the_example_of_the_envelope_is_read_and_fits_its_schema() {
    let example = read(&schemas().join("envelope.v1.example.json"));
    let schema = read(&schemas().join("envelope.v1.schema.json"));
    fits(&example, &schema, &schema).expect("the example fits");
    let envelope = Envelope::from_structured(example.to_string().as_bytes()).expect("an envelope");
    assert_eq!(envelope.to_structured(), example);
}
