//! The same calls three ways through the binary: stream, queue_log and CEL in one data
//! directory give the same figures; and what the vault made of the recordings.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::path::PathBuf;
use std::sync::LazyLock;

use common::{Ran, capture, copy, import, log_cat, number, report, ringledger, scratch, shared, text, unpacked};
use serde_json::Value;

const CEL: &str = "asterisk.cel";
const QUEUE_LOG: &str = "asterisk.queue_log";

/// The whole stream with the recordings first: it makes the figures.
static DATA: LazyLock<PathBuf> = LazyLock::new(|| {
    let dir = shared("three-ways");
    let stream = import(&dir, "asterisk.ami", "ami-events.raw.zst", &["--recordings", &capture("recordings")]).ok();
    assert!(stream.err.contains("recordings: 24 recorded, 1 empty, 354 missing"), "{}", stream.err);
    import(&dir, QUEUE_LOG, "queue_log.gz", &[]).ok();
    import(&dir, CEL, "cel.csv.gz", &[]).ok();
    dir
});

fn check(dir: &std::path::Path) -> Ran {
    ringledger(&["check-sources", "--data-dir", text(dir), "--format", "json"])
}

#[test]
fn the_stream_gives_the_figures_of_the_switch() {
    let total = report(&DATA, "queues", &["--total"]).pop().unwrap();
    let known = [
        ("received", 499),
        ("offered", 458),
        ("answered", 292),
        ("abandoned", 89),
        ("flow_out", 77),
        ("flow_out_timeout", 71),
        ("flow_out_key", 4),
        ("flow_out_empty", 2),
        ("rejected", 41),
        ("rejected_full", 24),
        ("rejected_empty", 17),
        ("open", 0),
        ("transferred", 72),
    ];
    for (name, value) in known {
        assert_eq!(number(&total, name), value, "{name}: the other dialects must not count a call twice");
    }
}

#[test]
fn the_sources_agree() {
    let ran = check(&DATA).ok();
    for row in ran.rows() {
        assert_eq!(row["agrees"], true, "{row}");
        assert_eq!(row["dialect"], "asterisk.ami", "{row}");
        // Only CEL has clocks of its own; the queue_log must be met but for key exits.
        let own_waits = ["wait_ms_sum", "wait_ms_max", "flow_out_late"];
        assert!(row["other_dialect"] == CEL || own_waits.contains(&row["figure"].as_str().unwrap()), "{row}");
    }
    for dialect in [QUEUE_LOG, CEL] {
        let said = format!("asterisk.ami and {dialect}: ");
        assert!(ran.err.contains(&said) && ran.err.contains("0 differ beyond it"), "{}", ran.err);
    }
}

#[test]
fn a_source_that_lost_a_row_is_found_out() {
    let dir = scratch();
    let whole = String::from_utf8(unpacked("queue_log.gz")).unwrap();
    let lost = whole.lines().position(|l| l.contains("|ABANDON|")).unwrap();
    let rest: String = whole.lines().enumerate().filter(|(i, _)| *i != lost).map(|(_, l)| format!("{l}\n")).collect();
    let file = dir.path().join("queue_log");
    std::fs::write(&file, rest).unwrap();
    let data = dir.path().join("data");
    import(&data, QUEUE_LOG, text(&file), &[]).ok();
    assert!(check(&data).ok().err.contains("nothing to compare"));
    import(&data, CEL, "cel.csv.gz", &[]).ok();
    let ran = check(&data);
    assert_eq!(ran.code, 1, "{}\n{}", ran.out, ran.err);
    let wrong: Vec<Value> = ran.rows().into_iter().filter(|r| r["agrees"] == false).collect();
    let abandoned = wrong.iter().find(|r| r["figure"] == "abandoned").unwrap_or_else(|| panic!("{wrong:?}"));
    assert_eq!(number(abandoned, "difference"), 1, "{abandoned}");
    let queue = whole.lines().nth(lost).unwrap().split('|').nth(2).unwrap();
    assert!(wrong.iter().all(|r| r["queue"] == queue), "{wrong:?}");
    let other = ringledger(&["check-sources", "--data-dir", text(&data), "--switch", "nowhere"]);
    assert_eq!(other.code, 2);
    assert!(other.err.contains("asterisk-a"), "it says which there are: {}", other.err);
}

const NAMES: [&str; 15] = [
    "recording_id",
    "call_id",
    "center",
    "queue",
    "agent",
    "started_at",
    "ended_at",
    "duration_ms",
    "bytes",
    "sha256",
    "uri",
    "source",
    "state",
    "suspended",
    "revision",
];

fn recordings(dir: &std::path::Path) -> Vec<Value> {
    ringledger(&["recordings", "list", "--data-dir", text(dir), "--format", "json"]).ok().rows()
}

#[test]
fn recordings_are_listed_by_the_contract_and_hold_what_the_switch_wrote() {
    let rows = recordings(&DATA);
    assert_eq!(rows.len(), 379, "all of them");
    let index = std::fs::read_to_string(capture("recordings-index.csv")).unwrap();
    let mut stored = 0;
    for row in &rows {
        let names: Vec<&String> = row.as_object().unwrap().keys().collect();
        assert_eq!(names, NAMES.to_vec());
        let Some(hash) = row["sha256"].as_str() else {
            assert_eq!(row["state"], "missing", "{row}");
            continue;
        };
        stored += 1;
        let name = row["source"].as_str().unwrap().rsplit('/').next().unwrap();
        let line = index.lines().find(|l| l.contains(name)).unwrap_or_else(|| panic!("{name}"));
        assert!(line.contains(hash), "{line} has the hash {hash}");
        assert!(line.contains(&number(row, "bytes").to_string()), "{line} has the size");
    }
    assert_eq!(stored, 25);
    let suspended = rows.iter().filter(|r| !r["suspended"].as_array().unwrap().is_empty()).count();
    assert!(suspended > 0, "muted stretches are told");
    let csv = ringledger(&["recordings", "list", "--data-dir", text(&DATA), "--format", "csv"]).ok().out;
    assert_eq!(csv.lines().next().unwrap(), NAMES.join(","));
    assert_eq!(csv.lines().count(), 380);
}

#[test]
fn recordings_of_a_switch_whose_figures_come_from_the_queue_log_are_its_calls() {
    let dir = shared("recordings-checked");
    import(&dir, QUEUE_LOG, "queue_log.gz", &[]).ok();
    let stream = import(&dir, "asterisk.ami", "ami-events.raw.zst", &["--recordings", &capture("recordings")]).ok();
    assert!(stream.err.contains("recordings: 24 recorded, 1 empty, 354 missing"), "{}", stream.err);
    let total = report(&dir, "queues", &["--total"]).pop().unwrap();
    assert_eq!((number(&total, "received"), number(&total, "answered")), (499, 292));
    let (ours, theirs) = (recordings(&dir), recordings(&DATA));
    assert_eq!(ours.len(), theirs.len());
    for (a, b) in ours.iter().zip(&theirs) {
        for name in ["recording_id", "started_at", "ended_at", "state", "source", "sha256", "suspended"] {
            assert_eq!(a[name], b[name], "{name}: {a} {b}");
        }
    }
    let differ = |name: &str| ours.iter().zip(&theirs).filter(|(a, b)| a[name] != b[name]).collect::<Vec<_>>();
    assert_eq!(differ("queue"), []);
    // The queue_log knows nothing of calls that join no queue, and ties no consult to its customer.
    let (unknown, consults): (Vec<_>, Vec<_>) =
        differ("call_id").into_iter().partition(|(a, _)| a["call_id"].is_null());
    assert!(unknown.iter().all(|(_, b)| b["queue"].is_null()), "{unknown:?}");
    assert_eq!((unknown.len(), consults.len()), (61, 10));
    // Nor of the agent whom a call was passed on to.
    assert_eq!(differ("agent").iter().filter(|(a, _)| !a["call_id"].is_null()).count(), 11);
}

#[test]
fn completeness_counts_each_call_once() {
    let days = ringledger(&["recordings", "completeness", "--data-dir", text(&DATA), "--format", "json"]).ok().rows();
    assert_eq!(days.len(), 1);
    let calls: std::collections::BTreeSet<String> =
        recordings(&DATA).iter().map(|r| r["call_id"].to_string()).collect();
    assert_eq!(number(&days[0], "calls"), i64::try_from(calls.len()).unwrap());
    let states = ["recorded", "partial", "intentionally_not", "empty", "missing", "pending"];
    assert_eq!(states.iter().map(|s| number(&days[0], s)).sum::<i64>(), number(&days[0], "calls"));
    assert_eq!(number(&days[0], "orphans"), 0);
}

#[test]
fn verify_finds_what_was_damaged_and_what_is_gone() {
    let dir = scratch();
    let data = text(dir.path());
    // A small one: two recordings of a slice of the stream.
    import(dir.path(), "asterisk.ami", "ami-calls.raw.gz", &["--recordings", &capture("recordings")]).ok();
    let stored: Vec<Value> = recordings(dir.path()).into_iter().filter(|r| r["uri"].is_string()).collect();
    assert!(stored.len() >= 2, "{stored:?}");
    let verify = |more: &[&str]| {
        let ran = ringledger(&[&["recordings", "verify", "--data-dir", data, "--format", "json"], more].concat());
        (ran.code, ran.rows(), ran.err)
    };
    let (code, rows, err) = verify(&[]);
    assert_eq!((code, rows.len()), (0, stored.len()), "{err}");
    let path = |row: &Value| row["uri"].as_str().unwrap().strip_prefix("file://").unwrap().to_owned();
    let mut bytes = std::fs::read(path(&stored[0])).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(path(&stored[0]), bytes).unwrap();
    std::fs::remove_file(path(&stored[1])).unwrap();
    let (code, rows, err) = verify(&[]);
    assert_eq!(code, 1, "{err}");
    let result = |row: &Value| {
        rows.iter().find(|r| r["recording_id"] == row["recording_id"]).map(|r| r["result"].clone()).unwrap()
    };
    assert_eq!((result(&stored[0]), result(&stored[1])), ("differs".into(), "gone".into()));
    assert_eq!(rows.iter().filter(|r| r["result"] == "good").count(), stored.len() - 2);
    let id = stored[0]["recording_id"].as_str().unwrap();
    assert_eq!(verify(&[id]).0, 1);
    assert_eq!(ringledger(&["recordings", "show", id, "--data-dir", data, "--format", "json"]).ok().rows().len(), 1);
    let unknown = ringledger(&["recordings", "show", "no-such", "--data-dir", data]);
    assert_eq!(unknown.code, 2);
    assert!(unknown.err.contains("recordings list"), "{}", unknown.err);
}

#[test]
fn the_stream_twice_changes_nothing() {
    let dir = scratch();
    copy(&DATA, dir.path());
    let before = (log_cat(dir.path()), recordings(dir.path()));
    let again =
        import(dir.path(), "asterisk.ami", "ami-events.raw.zst", &["--recordings", &capture("recordings")]).ok();
    assert!(again.err.contains("0 events appended, 108295 there already"), "{}", again.err);
    assert!(again.err.contains("recordings: nothing new"), "{}", again.err);
    let after = (log_cat(dir.path()), recordings(dir.path()));
    assert!(before.0 == after.0, "the log, byte for byte");
    assert_eq!(before.1, after.1);
}

#[test]
fn no_card_number_is_in_the_log() {
    let data = |line: &str| serde_json::from_str::<Value>(line).unwrap()["data"].to_string();
    let log: String = log_cat(&DATA).lines().map(data).collect::<Vec<_>>().join("\n");
    for digits in log.split(|c: char| !c.is_ascii_digit()).filter(|d| (13..=19).contains(&d.len())) {
        let luhn: u32 = digits
            .bytes()
            .rev()
            .enumerate()
            .map(|(i, b)| {
                let d = u32::from(b - b'0') * if i % 2 == 1 { 2 } else { 1 };
                d / 10 + d % 10
            })
            .sum();
        let card = ["4", "51", "52", "53", "54", "55", "34", "37", "6011"].iter().any(|p| digits.starts_with(p));
        assert!(!(card && luhn.is_multiple_of(10)), "{digits} is in the log");
    }
    assert!(log.contains("DTMFEnd"), "keys are told");
}
