//! Recordings that only a dialect announces which does not make the figures: taken once,
//! whatever stands between, and nothing else of that dialect.

use std::sync::Arc;

use bytes::Bytes;
use event_log::Opened;
use model::acts::SwitchSettings;
use model::facts::{Facts, Recording};
use model::{Act, Dialect, Envelope, Instant};
use pipeline::fold::PartitionFold;
use pipeline::snapshots;
use pipeline::switch_fold::FoldConfig;
use serde_json::json;

const BEGIN: i64 = 1_795_326_272;

fn config() -> FoldConfig {
    FoldConfig {
        late_horizon_ms: 86_400_000,
        force_figures: None,
        decoders: Arc::new(|d, s, c| dialects::registry::decoder(d, s, c)),
    }
}

fn native(dialect: &Dialect, second: i64, data: &serde_json::Value) -> Envelope {
    Envelope {
        id: format!("{}-{second}", dialect.as_str()).into(),
        source: "/switch/pbx1".into(),
        dialect: dialect.clone(),
        time: Instant::from_secs(BEGIN + second),
        received: Instant::from_secs(BEGIN + second),
        epoch: 1,
        sequence: u64::try_from(second).unwrap() + 1,
        center: "main".into(),
        switch: "pbx1".into(),
        data: Bytes::from(data.to_string()),
    }
}

fn row(second: i64, event: &str, data: &[&str]) -> Envelope {
    let at = (BEGIN + second).to_string();
    let agent = if event == "ENTERQUEUE" { "NONE" } else { "Alice" };
    let row = json!({"time": at, "callid": "c.1", "queue": "sales", "agent": agent, "event": event, "data": data});
    native(&Dialect::AsteriskQueueLog, second, &row)
}

fn ami(second: i64, event: &str, more: serde_json::Value) -> Envelope {
    let at = format!("{}.500000", BEGIN + second);
    let mut data =
        json!({"Event": event, "Timestamp": at, "Channel": "PJSIP/trunk-1", "Uniqueid": "c.1", "Linkedid": "c.1"});
    data.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    native(&Dialect::AsteriskAmi, second, &data)
}

/// One call, told by the queue_log, and by the AMI with a recording: side by side.
fn told(figures: Option<&Dialect>) -> Vec<Envelope> {
    let settings = SwitchSettings { figures: figures.map(|d| d.as_str().into()), ..SwitchSettings::default() };
    let place = ("main".into(), "pbx1".into());
    let (first, began) = (Act::SettingsSet { settings }, Instant::from_secs(BEGIN));
    let ended = Act::InputEnded { dialect: "asterisk.ami".into(), last_event: Instant::from_secs(BEGIN + 20) };
    vec![
        first.envelope("import", "settings".into(), (&place.0, &place.1), began, began),
        row(0, "ENTERQUEUE", &["", "01632960123", "1"]),
        ami(0, "Newchannel", json!({"CallerIDNum": "01632960123", "Exten": "100"})),
        ami(1, "VarSet", json!({"Variable": "MIXMONITOR_FILENAME", "Value": "/m/a.wav"})),
        ami(2, "MixMonitorStart", json!({})),
        row(3, "CONNECT", &["3", "x", "2"]),
        ami(4, "MixMonitorMute", json!({"Direction": "Both", "State": "1"})),
        ami(5, "MixMonitorMute", json!({"Direction": "Both", "State": "0"})),
        row(9, "COMPLETECALLER", &["3", "6", "1"]),
        ami(10, "Hangup", json!({"Cause": "16"})),
        ended.envelope("import", "ended".into(), (&place.0, &place.1), began, began),
    ]
}

fn fold(envelopes: &[Envelope], cut: usize) -> Facts {
    let (mut fold, mut facts) = (PartitionFold::new(0, config()), Facts::default());
    for (i, envelope) in envelopes.iter().enumerate() {
        if i == cut {
            let bytes = snapshots::encode(&fold, "g1").unwrap();
            fold = snapshots::decode(&bytes, 0, &config()).unwrap().0;
        }
        let offset = i64::try_from(i).unwrap();
        let record =
            Opened { offset, timestamp_ms: offset, value: envelope.data.clone(), envelope: Ok(envelope.clone()) };
        fold.apply(&record, &mut facts).unwrap();
        // Said twice, it is one.
        fold.apply(&record, &mut facts).unwrap();
    }
    facts
}

fn newest(facts: &Facts) -> Vec<Recording> {
    let mut rows = facts.recordings.clone();
    rows.sort_by_key(|r| (r.recording_id.clone(), -r.revision));
    rows.dedup_by_key(|r| r.recording_id.clone());
    rows
}

#[test]
fn a_recording_that_the_figures_dialect_cannot_announce_is_taken_from_the_other() {
    let whole = fold(&told(Some(&Dialect::AsteriskQueueLog)), usize::MAX);
    let rows = newest(&whole);
    assert_eq!(rows.len(), 1, "{rows:#?}");
    let row = &rows[0];
    assert_eq!((row.recording_id.as_str(), row.call_id.as_deref()), ("pbx1-c.1-1", Some("c.1")));
    assert_eq!((row.queue.as_deref(), row.agent.as_deref()), (Some("sales"), Some("Alice")));
    assert_eq!((row.source.as_deref(), row.suspended.len()), (Some("/m/a.wav"), 1));
    assert!(row.ended_at.is_some(), "so that it is fetched");
    let positions: Vec<i64> = whole.recordings.iter().map(|r| r.last_event.offset).collect();
    assert!(positions.contains(&4), "lineage: {positions:?}");
    assert!(whole.events.iter().any(|e| e.position.offset == 4 && e.kind == "RecordingStarted"));

    let alone: Vec<Envelope> =
        told(Some(&Dialect::AsteriskQueueLog)).into_iter().filter(|e| e.dialect != Dialect::AsteriskAmi).collect();
    let alone = fold(&alone, usize::MAX);
    let figures = |f: &Facts| {
        let visits = f.queue_visits.iter().map(|v| (v.outcome, v.wait_ms, v.talk_ms, v.revision)).collect::<Vec<_>>();
        (visits, f.agent_legs.len(), f.agent_states.len(), f.queue_intervals.len())
    };
    assert_eq!(figures(&whole), figures(&alone), "no figure is of the other dialect");
}

#[test]
fn a_snapshot_anywhere_changes_no_recording() {
    let told = told(Some(&Dialect::AsteriskQueueLog));
    let whole = fold(&told, usize::MAX);
    for cut in 0..told.len() {
        assert!(whole == fold(&told, cut), "cut at {cut}");
    }
}

#[test]
fn where_the_figures_dialect_announces_recordings_they_are_not_taken_twice() {
    let rows = newest(&fold(&told(Some(&Dialect::AsteriskAmi)), usize::MAX));
    assert_eq!(rows.len(), 1, "{rows:#?}");
    assert_eq!(rows[0].recording_id, "pbx1-c.1-1", "the same name as the other way round");
}
