//! `schemas/tables/*.json` says what the code writes; a column once told stays.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tables::{Table, schema};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../schemas/tables")
}

/// The files are written from the columns; `UPDATE_SCHEMAS=1` writes them anew.
#[test]
fn the_files_say_what_the_code_writes() {
    for table in Table::ALL {
        let path = folder().join(format!("{table}.json"));
        let found = std::fs::read_to_string(&path).unwrap_or_default();
        let wanted = schema(table).expect("a schema");
        if let Ok(old) = serde_json::from_str::<Value>(&found) {
            stays(table, &columns(&old), &columns(&wanted));
        }
        let wanted = serde_json::to_string_pretty(&wanted).expect("JSON") + "\n";
        if std::env::var_os("UPDATE_SCHEMAS").is_some() {
            std::fs::create_dir_all(folder()).expect("the folder");
            std::fs::write(&path, &wanted).expect("a writable folder");
            continue;
        }
        assert!(found == wanted, "{} is not what the code writes; run with UPDATE_SCHEMAS=1", path.display());
    }
}

#[test]
fn every_column_is_described_and_keys_are_columns() {
    for table in Table::ALL {
        let schema = schema(table).expect("a schema");
        let columns = columns(&schema);
        for column in &columns {
            let comment = column["metadata"]["comment"].as_str().unwrap_or_default();
            assert!(comment.len() > 3 && comment.ends_with('.'), "{table}: {column}");
        }
        let names: Vec<&Value> = columns.iter().map(|c| &c["name"]).collect();
        for key in schema["key"].as_array().expect("a key") {
            assert!(names.contains(&key), "{table}: {key} is no column");
        }
        assert_eq!(names.last().and_then(|n| n.as_str()), Some("date"), "{table}");
    }
}

fn columns(schema: &Value) -> Vec<Value> {
    schema["schema"]["fields"].as_array().cloned().unwrap_or_default()
}

/// Readers rely on names, types and nulls: a version of a table only gains columns, and
/// those may be null (files written before have none).
fn stays(table: Table, old: &[Value], new: &[Value]) {
    let shape = |c: &Value| bare(&json!([c["type"], c["nullable"]]));
    for column in old {
        let now = new.iter().find(|c| c["name"] == column["name"]);
        let now = now.unwrap_or_else(|| panic!("{table}: the column {} is gone", column["name"]));
        assert_eq!(shape(now), shape(column), "{table}: {} changed", column["name"]);
    }
    for column in new {
        let known = old.iter().any(|c| c["name"] == column["name"]);
        assert!(known || column["nullable"] == true, "{table}: the new column {} must allow nulls", column["name"]);
    }
}

/// Without the descriptions, which may be put better at any time.
fn bare(schema: &Value) -> Value {
    match schema {
        Value::Array(all) => all.iter().map(bare).collect(),
        Value::Object(all) => {
            all.iter().filter(|(name, _)| *name != "metadata").map(|(name, v)| (name.clone(), bare(v))).collect()
        }
        other => other.clone(),
    }
}
