//! CEL against the queue log of the same calls, and single calls from their first row to
//! their last.

use std::collections::BTreeMap;

use bytes::Bytes;
use model::event::{Body, DeviceKind, EndedBy, OfferEnd, TransferKind};
use model::{Decoder, Dialect, Envelope, Event, Instant, Name, Position};

use super::{COLUMNS, CelDecoder, CelFramer};
use crate::queue_log::{QueueLogDecoder, QueueLogFramer};
use crate::testing::{capture, envelope, frame};
use crate::{Framed, NativeRecord};

pub(super) fn records(text: &[u8]) -> Vec<Framed> {
    frame(&mut CelFramer::new(), text, usize::MAX)
}

/// One visit as a dialect tells it: queue, how it ended, who answered, how the talk ended.
#[derive(Debug, Clone, PartialEq)]
struct Seen {
    joined: Instant,
    queue: Name,
    end: String,
    wait_ms: i64,
    agent: Option<Name>,
    transferred: Option<TransferKind>,
    talk_ms: Option<i64>,
}

/// Folds events into visits, by caller, in order of their joins.
fn visits(events: &[Event]) -> BTreeMap<Name, Vec<Seen>> {
    let mut all: BTreeMap<Name, Vec<Seen>> = BTreeMap::new();
    for event in events {
        let (Some(caller), Some(queue)) = (&event.connection, &event.queue) else { continue };
        let own = all.entry(caller.clone()).or_default();
        let open = own.iter_mut().rev().find(|v| v.queue == *queue && v.talk_ms.is_none());
        match (&event.body, open) {
            (Body::Queued { .. }, _) => own.push(Seen {
                joined: event.at,
                queue: queue.clone(),
                end: "open".into(),
                wait_ms: 0,
                agent: None,
                transferred: None,
                talk_ms: None,
            }),
            (Body::Established { .. }, Some(visit)) => {
                visit.end = "answered".into();
                visit.wait_ms = event.at.millis_since(visit.joined);
                visit.agent.clone_from(&event.agent);
            }
            (Body::Abandoned { .. }, Some(visit)) => {
                visit.end = "abandoned".into();
                visit.wait_ms = event.at.millis_since(visit.joined);
            }
            (Body::Diverted { reason, .. }, Some(visit)) => {
                visit.end = format!("{reason:?}");
                visit.wait_ms = event.at.millis_since(visit.joined);
            }
            (Body::Released { transferred, .. }, Some(visit)) => {
                visit.talk_ms = Some(event.at.millis_since(visit.joined) - visit.wait_ms);
                visit.transferred = *transferred;
            }
            _ => {}
        }
    }
    all.retain(|_, v| !v.is_empty());
    all
}

fn decode_all(decoder: &mut dyn Decoder, dialect: &Dialect, framed: Vec<Framed>) -> Vec<Event> {
    let mut out = Vec::new();
    for (offset, framed) in framed.into_iter().enumerate() {
        let record = framed.record.expect("every row of the capture frames");
        let position = Position { partition: 0, offset: i64::try_from(offset).expect("small") };
        decoder.decode(&envelope(dialect.clone(), &record), position, &mut out).expect("every row decodes");
    }
    decoder.release(Instant::from_secs(1_795_330_000), Position::default(), &mut out);
    out
}

fn cel_events() -> Vec<Event> {
    decode_all(&mut CelDecoder::new(), &Dialect::AsteriskCel, records(&capture("cel.csv.gz")))
}

fn queue_log_events() -> Vec<Event> {
    let framed = frame(&mut QueueLogFramer::new(), &capture("queue_log.gz"), usize::MAX);
    decode_all(&mut QueueLogDecoder::new(), &Dialect::AsteriskQueueLog, framed)
}

/// The roster's name of an interface, whatever options stand behind a slash at its end.
fn names() -> BTreeMap<String, String> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../tests/data/asterisk-a/roster.json");
    let text = std::fs::read_to_string(path).expect("the roster");
    let entries: Vec<serde_json::Value> = serde_json::from_str(&text).expect("JSON");
    let text = |v: &serde_json::Value| v.as_str().unwrap_or("").to_owned();
    entries.iter().map(|e| (text(&e["interface"]).trim_end_matches("/n").to_owned(), text(&e["name"]))).collect()
}

#[test]
fn cel_tells_the_same_visits_as_the_queue_log() {
    let (cel, log) = (visits(&cel_events()), visits(&queue_log_events()));
    let names = names();
    let mut bad = Vec::new();
    for (caller, expected) in &log {
        let found = cel.get(caller).cloned().unwrap_or_default();
        if found.len() != expected.len() {
            bad.push(format!("{caller}: {found:#?} for {expected:#?}"));
            continue;
        }
        for (f, e) in found.iter().zip(expected) {
            let agent = f.agent.as_ref().and_then(|a| names.get(a.as_str())).map(String::as_str);
            let same =
                agent == e.agent.as_deref() && f.queue == e.queue && f.end == e.end && f.transferred == e.transferred;
            let near = (f.wait_ms - e.wait_ms).abs() <= 1100 && (f.joined.millis_since(e.joined)).abs() <= 1100;
            let talk = match (f.talk_ms, e.talk_ms) {
                (Some(a), Some(b)) => (a - b).abs() <= 1100,
                (a, b) => a == b,
            };
            if !same || !near || !talk {
                bad.push(format!("{caller}: {f:?}\n   for {e:?}"));
            }
        }
    }
    for caller in cel.keys().filter(|c| !log.contains_key(*c)) {
        bad.push(format!("{caller} is no queue caller"));
    }
    assert!(bad.is_empty(), "{} differ\n{}", bad.len(), bad.join("\n"));
}

/// Offers that nobody took, by caller, queue and agent, with their ring times.
fn missed(events: &[Event], names: &BTreeMap<String, String>) -> BTreeMap<(Name, Name, String), Vec<i64>> {
    let mut began = BTreeMap::new();
    let mut all: BTreeMap<_, Vec<i64>> = BTreeMap::new();
    for event in events {
        let (Some(caller), Some(queue), Some(agent)) = (&event.connection, &event.queue, &event.agent) else {
            continue;
        };
        let agent = names.get(agent.as_str()).cloned().unwrap_or_else(|| agent.to_string());
        match &event.body {
            Body::Delivered { device } => drop(began.insert(device.clone(), event.at)),
            Body::OfferEnded { end: OfferEnd::NoAnswer, ring_ms, device } => {
                let ring = ring_ms.unwrap_or_else(|| event.at.millis_since(began[device]));
                all.entry((caller.clone(), queue.clone(), agent)).or_default().push(ring);
            }
            _ => {}
        }
    }
    all
}

#[test]
fn cel_tells_the_same_missed_offers_as_the_queue_log() {
    let names = names();
    let (cel, log) = (missed(&cel_events(), &names), missed(&queue_log_events(), &names));
    // The two begin to count a few milliseconds apart, so perhaps in another second.
    let one = |a: &i64, b: &i64| (a - b).abs() <= 1000 && (*a <= 1000) == (*b <= 1000);
    let alike = |a: &[i64], b: &[i64]| a.len() == b.len() && a.iter().zip(b).all(|(a, b)| one(a, b));
    let keys: std::collections::BTreeSet<_> = cel.keys().chain(log.keys()).collect();
    let bad: Vec<_> = (keys.into_iter())
        .filter(|k| !matches!((cel.get(*k), log.get(*k)), (Some(a), Some(b)) if alike(a, b)))
        .map(|k| format!("{k:?}: {:?} for {:?}", cel.get(k), log.get(k)))
        .collect();
    assert!(bad.is_empty(), "{} differ\n{}", bad.len(), bad.join("\n"));
}

pub(super) fn row(values: &[(&str, &str)]) -> NativeRecord {
    let mut data: serde_json::Map<String, serde_json::Value> =
        COLUMNS.iter().map(|c| ((*c).to_owned(), "".into())).collect();
    for (column, value) in values {
        data.insert((*column).to_owned(), (*value).into());
    }
    NativeRecord { time: None, data }
}

pub(super) fn decode(decoder: &mut CelDecoder, values: &[(&str, &str)]) -> Result<Vec<Event>, String> {
    let mut out = Vec::new();
    let envelope = envelope(Dialect::AsteriskCel, &row(values));
    decoder.decode(&envelope, Position::default(), &mut out).map(|()| out).map_err(|e| e.to_string())
}

#[test]
fn the_capture_gives_whole_calls_and_leaves_nothing_behind() {
    let mut decoder = CelDecoder::new();
    let events = decode_all(&mut decoder, &Dialect::AsteriskCel, records(&capture("cel.csv.gz")));
    let count = |kind: &str| events.iter().filter(|e| e.body.kind() == kind).count();
    assert_eq!((count("Originated"), count("ConnectionCleared"), count("CallCleared")), (1319, 1319, 658));
    assert_eq!((count("Connected"), count("Disconnected")), (943, 943));
    assert_eq!((count("Transferred"), count("CallsJoined")), (44 + 35, 27));
    assert_eq!(count("Conferenced"), 51);
    assert_eq!(count("Unrecognized"), 0);
    assert!(count("Held") > 20, "{}", count("Held"));
    assert_eq!(count("Held"), count("Retrieved"));
    let empty = super::state::State { believed: decoder.state.believed.clone(), ..Default::default() };
    assert!(
        decoder.state == empty,
        "{:?} are left, {:?}, {:?}",
        decoder.state.channels.keys(),
        decoder.state.by_name,
        decoder.state.bridges
    );
}

#[test]
fn whoever_hung_up_first_ended_the_talk() {
    let ends = |events: &[Event]| -> BTreeMap<(Name, Name), Vec<EndedBy>> {
        let mut all: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for event in events {
            if let (Body::Released { by, .. }, Some(caller), Some(queue)) =
                (&event.body, &event.connection, &event.queue)
            {
                all.entry((caller.clone(), queue.clone())).or_default().push(*by);
            }
        }
        all
    };
    let (cel, log) = (ends(&cel_events()), ends(&queue_log_events()));
    let wrong: Vec<_> = log.iter().filter(|(k, by)| cel.get(*k) != Some(*by)).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn a_call_is_told_from_its_first_row_to_its_last() {
    let mut decoder = CelDecoder::new();
    let start = [
        ("EventType", "AST_CEL_CHAN_START"),
        ("EventTime", "1795326271.717304"),
        ("Name", "WIRELESS CALLER"),
        ("Num", "07700900078"),
        ("Exten", "442079460300"),
        ("ChanName", "PJSIP/trunk-00000000"),
        ("UniqueID", "pbx1-1795326271.0"),
        ("LinkedID", "pbx1-1795326271.0"),
    ];
    let events = decode(&mut decoder, &start).expect("a row");
    let originated = Body::Originated {
        device: DeviceKind::Trunk,
        number: Some("07700900078".into()),
        withheld: false,
        name: Some("WIRELESS CALLER".into()),
        dialled: Some("442079460300".into()),
    };
    assert_eq!(events[0].body, originated);
    assert_eq!(events[0].connection.as_deref(), Some("pbx1-1795326271.0"));
    let mut end = start;
    end[0].1 = "hangup";
    end[1].1 = "1795326273.5";
    let mut values = end.to_vec();
    values.push(("EventExtra", r#"{"hangupcause":16,"hangupsource":"PJSIP/trunk-00000000","dialstatus":""}"#));
    let events = decode(&mut decoder, &values).expect("a row");
    assert_eq!(events[0].body, Body::ConnectionCleared { cause: Some(16), by: EndedBy::Caller });
}

#[test]
fn a_refused_caller_with_application_rows_made_no_visit() {
    let mut decoder = CelDecoder::new();
    let mut bodies = Vec::new();
    for (event, time, app) in [
        ("CHAN_START", "1.0", ""),
        ("APP_START", "2.000", "Queue"),
        ("APP_END", "2.001", "Queue"),
        ("APP_START", "2.002", "Playback"),
        ("HANGUP", "5.0", ""),
    ] {
        let time = format!("179532627{time}");
        let data = if app == "Queue" { "vip,t,,,20" } else { "" };
        let values = [
            ("EventType", event),
            ("EventTime", time.as_str()),
            ("AppName", app),
            ("AppData", data),
            ("UniqueID", "1"),
            ("ChanName", "PJSIP/trunk-1"),
        ];
        bodies.extend(decode(&mut decoder, &values).expect("a row").into_iter().map(|e| e.body.kind()));
    }
    assert_eq!(bodies, ["Originated", "ConnectionCleared"]);
}

/// A member behind a Local channel without `/n`: once answered, Asterisk puts the
/// telephone in the Local channel's place.
#[test]
fn a_local_channel_that_is_optimised_away_does_not_end_the_talk() {
    let mut decoder = CelDecoder::new();
    let (caller, local, phone) = (("1", "PJSIP/trunk-1"), ("2", "Local/1003@agents-1;1"), ("4", "PJSIP/1003-1"));
    let one = r#"{"bridge_id":"one"}"#;
    let mut told = Vec::new();
    for (time, event, (id, channel), app, extra) in [
        ("0", "CHAN_START", caller, "", ""),
        ("1", "STREAM_BEGIN", caller, "Queue", ""),
        ("2", "CHAN_START", local, "", ""),
        ("2", "CHAN_START", phone, "", ""),
        ("4", "ANSWER", local, "AppQueue", ""),
        ("4", "BRIDGE_ENTER", local, "AppQueue", one),
        ("4", "BRIDGE_ENTER", caller, "Queue", one),
        ("5", "BRIDGE_EXIT", local, "AppQueue", one),
        ("5", "BRIDGE_ENTER", phone, "AppDial", one),
        ("5", "HANGUP", local, "AppQueue", "{}"),
        ("5", "CHAN_END", local, "AppQueue", ""),
        ("9", "BRIDGE_EXIT", phone, "AppDial", one),
        ("9", "HANGUP", phone, "AppDial", r#"{"hangupcause":16,"hangupsource":"PJSIP/1003-1"}"#),
    ] {
        let time = format!("179532627{time}.5");
        let data = if app == "Queue" { "support,t,,,20" } else { "" };
        let row = [
            ("EventType", event),
            ("EventTime", time.as_str()),
            ("UniqueID", id),
            ("LinkedID", "1"),
            ("ChanName", channel),
            ("AppName", app),
            ("AppData", data),
            ("EventExtra", extra),
        ];
        told.extend(decode(&mut decoder, &row).expect("a row"));
    }
    let released: Vec<_> = told.iter().filter(|e| e.body.kind() == "Released").collect();
    assert_eq!(released.len(), 1);
    assert_eq!(released[0].at, Instant::from_secs(1_795_326_279).plus_millis(500));
    assert_eq!(released[0].agent.as_deref(), Some("Local/1003@agents"));
    assert!(matches!(released[0].body, Body::Released { by: EndedBy::Agent, .. }));
}

#[test]
fn a_snapshot_taken_anywhere_goes_on_as_if_none_had_been() {
    let all: Vec<NativeRecord> =
        records(&capture("cel.csv.gz")).into_iter().map(|f| f.record.expect("a row")).collect();
    let whole = cel_events();
    let mut pieces = Vec::new();
    let mut decoder = CelDecoder::new();
    for (i, record) in all.iter().enumerate() {
        if i % 997 == 0 {
            let bytes = decoder.snapshot();
            decoder = CelDecoder::new();
            decoder.restore(&bytes).expect("its own bytes");
        }
        let position = Position { partition: 0, offset: i64::try_from(i).expect("small") };
        decoder.decode(&envelope(Dialect::AsteriskCel, record), position, &mut pieces).expect("a row");
    }
    decoder.release(Instant::from_secs(1_795_330_000), Position::default(), &mut pieces);
    assert!(whole == pieces, "the events differ");
    assert!(decoder.restore(b"\xff\xff\xff\xff\xff\xff").is_err());
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
    #[test]
    fn any_bytes_in_any_chunks_give_the_same_rows(bytes in proptest::collection::vec(proptest::prop_oneof![
        proptest::num::u8::ANY, proptest::sample::select(b"\",\n\r\xef\xbb\xbfaE1".to_vec())], 0..200), chunk in 1_usize..9) {
        let columns = || CelFramer::with_columns(vec!["EventTime".into(), "b".into()]);
        proptest::prop_assert_eq!(frame(&mut columns(), &bytes, usize::MAX), frame(&mut columns(), &bytes, chunk));
    }

    #[test]
    fn rows_in_any_order_never_panic(steps in proptest::collection::vec((0_usize..15520, proptest::bool::ANY), 1..300)) {
        static ROWS: std::sync::LazyLock<Vec<NativeRecord>> = std::sync::LazyLock::new(|| {
            records(&capture("cel.csv.gz")).into_iter().take(3000).filter_map(|f| f.record.ok()).collect()
        });
        let mut decoder = CelDecoder::new();
        for (i, strange) in steps {
            let mut record = ROWS[i % ROWS.len()].clone();
            if strange {
                record.data.insert("EventExtra".into(), "{\"bridge_id\":7}".into());
                record.data.insert("AppName".into(), "Queue".into());
                record.data.insert("AppData".into(), ",".into());
            }
            let envelope: Envelope = Envelope { data: Bytes::from(serde_json::to_vec(&record.data).expect("JSON")), ..envelope(Dialect::AsteriskCel, &record) };
            decoder.decode(&envelope, Position::default(), &mut Vec::new()).expect("a row");
        }
    }
}
