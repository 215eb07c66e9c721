//! Adapter events: kinds, validation, masking.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use model::event::{Body, LogonKind};
use model::{Decoder, Dialect, Envelope, Event, Instant, Position};
use serde_json::{Map, Value, json};

use super::{AdapterDecoder, AdapterMasker, KINDS, schema, validate};
use crate::testing::envelope;
use crate::{Masker, NativeRecord};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../schemas/cti.adapter")
}

fn object(value: Value) -> Map<String, Value> {
    value.as_object().cloned().expect("an object")
}

fn decode(data: Value) -> Result<Event, String> {
    let record = NativeRecord { time: Some(Instant::from_secs(1_795_326_272)), data: object(data) };
    let mut out = Vec::new();
    let envelope = envelope(Dialect::CtiAdapter, &record);
    AdapterDecoder::new().decode(&envelope, Position::default(), &mut out).map_err(|e| e.to_string())?;
    assert_eq!(out.len(), 1);
    Ok(out.remove(0))
}

/// The files are written from the table; `UPDATE_SCHEMAS=1` writes them anew.
#[test]
fn the_schema_files_say_what_the_code_checks() {
    for kind in KINDS {
        let path = folder().join(format!("{}.v1.schema.json", kind.name));
        let expected = serde_json::to_string_pretty(&schema(kind)).expect("JSON") + "\n";
        if std::env::var_os("UPDATE_SCHEMAS").is_some() {
            std::fs::write(&path, &expected).expect("a writable folder");
        }
        let found = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(found == expected, "{} is not what the code checks; run with UPDATE_SCHEMAS=1", path.display());
    }
}

/// Examples of every version are kept for ever and must stay readable.
#[test]
fn every_example_is_still_readable() {
    let mut seen = Vec::new();
    for entry in std::fs::read_dir(folder()).expect("the folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().and_then(|n| n.to_str()).unwrap_or("").to_owned();
        let Some((kind, _)) = name.split_once('.').filter(|_| name.ends_with(".example.json")) else { continue };
        let text = std::fs::read_to_string(&path).expect("a text");
        let envelope = Envelope::from_structured(text.as_bytes()).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(envelope.dialect, Dialect::CtiAdapter, "{name}");
        let mut out = Vec::new();
        AdapterDecoder::new()
            .decode(&envelope, Position::default(), &mut out)
            .unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(out.first().map(|e| e.body.kind()), Some(kind), "{name}");
        seen.push(kind.to_owned());
    }
    for kind in KINDS {
        assert!(seen.iter().any(|s| s == kind.name), "{} has no example", kind.name);
    }
}

#[test]
fn each_type_means_its_event() {
    let note =
        decode(json!({"type": "NoteSaved", "call_id": "1.2", "agent": "Ann", "text": "called back"})).expect("a note");
    assert_eq!(note.body, Body::NoteSaved { text: "called back".into() });
    assert_eq!((note.call_id.as_deref(), note.agent.as_deref()), (Some("1.2"), Some("Ann")));
    assert_eq!(note.at, Instant::from_secs(1_795_326_272));
    let on = |data| decode(data).expect("a logon").body;
    let logged = |kind| Body::AgentLoggedOn { kind, listed: false };
    assert_eq!(on(json!({"type": "AgentLoggedOn", "agent": "Ann"})), logged(LogonKind::Agent));
    assert_eq!(on(json!({"type": "AgentLoggedOn", "agent": "Ann", "queue": "q"})), logged(LogonKind::Member));
    let collected = decode(
        json!({"type": "DataCollected", "call_id": "1", "name": "Survey", "values": {"Score": 4, "ok": true, "t": "x"}}),
    );
    let values = [("Score", "4"), ("ok", "true"), ("t", "x")].map(|(n, v)| (n.into(), v.into())).to_vec();
    assert_eq!(collected.expect("data").body, Body::DataCollected { name: "Survey".into(), values });
    let callback = decode(json!({"type": "CallbackRequested", "call_id": "1", "number": null, "leaves_queue": true}));
    assert_eq!(callback.expect("a request").body, Body::CallbackRequested { number: None, leaves_queue: true });
}

#[test]
fn every_problem_is_named_at_once_and_no_value_is_repeated() {
    let said = |data: Value| -> Vec<String> {
        validate(&object(data)).expect_err("problems").iter().map(ToString::to_string).collect()
    };
    let problems = said(json!({"type": "NoteSaved", "call_id": 7, "agent": " ", "version": 9}));
    assert_eq!(problems.len(), 4, "{problems:?}");
    assert!(
        problems[0].starts_with("'call_id': no text") && problems[2].starts_with("'text': missing"),
        "{problems:?}"
    );
    assert!(said(json!({"type": "Sing"}))[0].contains("expected one of AgentLoggedOff, "));
    assert!(said(json!({}))[0].starts_with("'type': missing"));
    let nested =
        said(json!({"type": "DataCollected", "call_id": "1", "name": "x", "values": {"a": {"b": "4111111111111111"}}}));
    assert!(nested[0].starts_with("'values': holds") && !nested[0].contains("4111"), "{nested:?}");
    let long = "x".repeat(32_001);
    assert!(said(json!({"type": "NoteSaved", "call_id": "1", "text": long}))[0].contains("at most 32000"));
    assert!(validate(&object(json!({"type": "NoteSaved", "call_id": "1", "text": "x", "mood": "fine"}))).is_ok());
}

#[test]
fn card_numbers_are_masked_wherever_they_are_typed() {
    let mut record = NativeRecord {
        time: None,
        data: object(json!({
            "type": "DataCollected", "call_id": "4111111111111111", "number": "+4111111111111111",
            "text": "card 4111 1111 1111 1111 ok", "values": {"pan": 4111111111111111_u64, "list": ["5555-5555-5555-4444"], "n": 42},
        })),
    };
    assert_eq!(AdapterMasker.mask(&mut record), 3);
    assert_eq!(record.data["text"], "card XXXX XXXX XXXX XXXX ok");
    assert_eq!(record.data["values"], json!({"pan": "XXXXXXXXXXXXXXXX", "list": ["XXXX-XXXX-XXXX-XXXX"], "n": 42}));
    assert_eq!(
        (&record.data["call_id"], &record.data["number"]),
        (&"4111111111111111".into(), &"+4111111111111111".into())
    );
}

#[test]
fn what_cannot_be_read_is_an_error() {
    let envelope = |data: &'static [u8], time| Envelope {
        data: Bytes::from_static(data),
        time,
        ..envelope(Dialect::CtiAdapter, &NativeRecord { time: None, data: Map::new() })
    };
    let mut decoder = AdapterDecoder::new();
    let mut said =
        |e: &Envelope| decoder.decode(e, Position::default(), &mut Vec::new()).expect_err("an error").to_string();
    assert!(said(&envelope(b"[]", Instant::default())).contains("no JSON object"));
    assert!(said(&envelope(br#"{"type":"NoteSaved"}"#, Instant::default())).contains("'call_id': missing"));
    let ready = br#"{"type":"AgentReady","agent":"Ann"}"#;
    assert!(said(&envelope(ready, Instant::default())).contains("1970-01-01"));
}
