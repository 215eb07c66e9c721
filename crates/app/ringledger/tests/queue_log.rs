//! The binary on the capture's queue_log: figures, formats, time travel, second writers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::LazyLock;
use std::time::Duration;

use common::{
    assert_same, command, copy, import, log_cat, number, report, ringledger, scratch, shared, tables_of, text, unpacked,
};
use serde_json::Value;

const DIALECT: &str = "asterisk.queue_log";

static DATA: LazyLock<PathBuf> = LazyLock::new(|| {
    let dir = shared("queue-log");
    let ran = import(&dir, DIALECT, "queue_log.gz", &[]).ok();
    assert_eq!(ran.out, "", "an import's words go to standard error");
    assert!(ran.err.contains("log: 2657 events appended, 0 there already"), "{}", ran.err);
    dir
});

/// Sums over the rows of the file itself, by queue: a few lines that know nothing of ours.
#[derive(Default, PartialEq, Debug)]
struct Sums {
    offered: i64,
    answered: i64,
    abandoned: i64,
    wait_answered_ms_sum: i64,
    wait_abandoned_ms_sum: i64,
    talk_ms_sum: i64,
}

fn sums_of_the_file() -> BTreeMap<String, Sums> {
    let text = String::from_utf8(unpacked("queue_log.gz")).unwrap();
    let mut sums: BTreeMap<String, Sums> = BTreeMap::new();
    for line in text.lines() {
        let fields: Vec<&str> = line.split('|').collect();
        let seconds = |from_end: usize| fields[fields.len() - from_end].parse::<i64>().unwrap() * 1_000;
        let first = |n: usize| fields[5 + n].parse::<i64>().unwrap() * 1_000;
        let queue = sums.entry(fields[2].to_owned()).or_default();
        match fields[4] {
            "ENTERQUEUE" => queue.offered += 1,
            "CONNECT" => {
                queue.answered += 1;
                queue.wait_answered_ms_sum += first(0);
            }
            "ABANDON" => {
                queue.abandoned += 1;
                queue.wait_abandoned_ms_sum += first(2);
            }
            "COMPLETECALLER" | "COMPLETEAGENT" => queue.talk_ms_sum += first(1),
            "BLINDTRANSFER" | "ATTENDEDTRANSFER" => queue.talk_ms_sum += seconds(2),
            _ => {}
        }
    }
    sums
}

#[test]
fn the_figures_are_those_of_the_file() {
    let rows = report(&DATA, "queues", &["--total"]);
    let total = rows.last().unwrap();
    assert_eq!(total["queue"], Value::Null);
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
        ("handled", 292),
        ("transferred", 72),
        ("transferred_blind", 39),
        ("transferred_attended", 33),
    ];
    for (name, value) in known {
        assert_eq!(number(total, name), value, "{name}");
    }
    let sums = sums_of_the_file();
    assert_eq!(rows.len(), 5, "four queues and the total");
    for row in &rows[..4] {
        let expected = &sums[row["queue"].as_str().unwrap()];
        let ours = Sums {
            offered: number(row, "offered"),
            answered: number(row, "answered"),
            abandoned: number(row, "abandoned"),
            wait_answered_ms_sum: number(row, "wait_answered_ms_sum"),
            wait_abandoned_ms_sum: number(row, "wait_abandoned_ms_sum"),
            talk_ms_sum: number(row, "talk_ms_sum"),
        };
        assert_eq!(&ours, expected, "{}", row["queue"]);
    }
}

#[test]
fn by_quarter_hours_nothing_is_gained_or_lost() {
    let all = report(&DATA, "queues", &["--total"]).pop().unwrap();
    let quarters = report(&DATA, "queues", &["--interval", "15m"]);
    assert!(quarters.len() > 4);
    for name in ["received", "answered", "wait_ms_sum", "talk_ms_sum", "rejected"] {
        let sum: i64 = quarters.iter().map(|r| number(r, name)).sum();
        assert_eq!(sum, number(&all, name), "{name}");
    }
}

#[test]
fn three_formats_say_the_same() {
    for kind in ["queues", "agents", "contacts"] {
        let rows = report(&DATA, kind, &[]);
        let asked = |format| ringledger(&["report", kind, "--data-dir", text(&DATA), "--format", format]).ok();
        let csv = asked("csv").out;
        let mut reader = csv::Reader::from_reader(csv.as_bytes());
        let names: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
        let keys: Vec<String> = rows[0].as_object().unwrap().keys().cloned().collect();
        assert_eq!(names, keys, "{kind}");
        assert_eq!(reader.records().map(Result::unwrap).count(), rows.len(), "{kind}");
        let table = asked("table").out;
        let lines = table.lines().filter(|l| !l.trim().is_empty()).count();
        assert!(lines > rows.len(), "a heading and the rows of {kind}: {table}");
    }
}

#[test]
fn contacts_bear_the_names_of_the_contract() {
    let rows = report(&DATA, "contacts", &[]);
    let names =
        ["center", "queue", "interval_start", "interval_end", "contacts", "answered", "abandoned", "lost", "lost_rate"];
    for name in names {
        assert!(rows[0].get(name).is_some(), "{name} is in {}", rows[0]);
    }
    let inbound = ["answered", "callback", "abandoned", "rejected", "lost", "ivr_abandoned", "self_served", "unknown"];
    let outcome = [&inbound[..], &["connected", "busy", "no_answer", "failed"]].concat();
    for row in &rows {
        let sum: i64 = outcome.iter().map(|n| number(row, n)).sum();
        assert_eq!(sum, number(row, "contacts"), "{row}");
    }
    let lost = report(&DATA, "contacts", &["--lost"]);
    let got_nobody: i64 = rows.iter().map(|r| number(r, "abandoned") + number(r, "rejected") + number(r, "lost")).sum();
    assert_eq!(i64::try_from(lost.len()).unwrap(), got_nobody);
    assert!(lost.iter().all(|r| r.get("call_id").is_some() && r.get("wait_ms").is_some()));
}

#[test]
fn the_same_file_twice_changes_nothing() {
    let dir = scratch();
    copy(&DATA, dir.path());
    let (log, tables) = (log_cat(dir.path()), tables_of(dir.path()));
    let again = import(dir.path(), DIALECT, "queue_log.gz", &[]).ok();
    assert!(again.err.contains("0 events appended, 2657 there already"), "{}", again.err);
    assert_eq!(log_cat(dir.path()), log, "the log, byte for byte");
    assert_same(&tables_of(dir.path()), &tables);
}

/// Whether a process has a file of that folder open; told on Linux only.
fn has_open(process: u32, folder: &std::path::Path) -> bool {
    let files = std::fs::read_dir(format!("/proc/{process}/fd")).into_iter().flatten().flatten();
    files.filter_map(|f| std::fs::read_link(f.path()).ok()).any(|f| f.starts_with(folder))
}

#[test]
fn one_writes_and_others_read() {
    let dir = scratch();
    copy(&DATA, dir.path());
    let before = report(dir.path(), "queues", &[]);
    let args = ["import", "--data-dir", text(dir.path()), "--switch", "other", "--dialect", DIALECT, "-"];
    let mut first = command(&args).stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut input = first.stdin.take().unwrap();
    input.write_all(b"1795326272|NONE|NONE|NONE|QUEUESTART|\n").unwrap();
    let begun = std::time::Instant::now();
    while !has_open(first.id(), &dir.path().join("log")) && begun.elapsed() < Duration::from_secs(60) {
        std::thread::sleep(Duration::from_millis(20));
    }
    // Opened, it is locked a moment later.
    std::thread::sleep(Duration::from_millis(500));
    assert!(first.try_wait().unwrap().is_none(), "the first writer waits for its input");
    let refused = import(dir.path(), DIALECT, "queue_log.gz", &[]);
    assert_eq!(refused.code, 1, "{}", refused.err);
    assert!(refused.err.contains("is in use by another ringledger process"), "{}", refused.err);
    assert!(refused.err.contains(text(dir.path())), "it says which: {}", refused.err);
    assert_eq!(report(dir.path(), "queues", &[]), before, "reports work beside the writer");
    assert!(log_cat(dir.path()).lines().count() > 2_657, "and so does the log");
    assert_eq!(ringledger(&["recordings", "list", "--data-dir", text(dir.path())]).ok().out, "nothing\n");
    drop(input);
    assert!(first.wait_with_output().unwrap().status.success());
    assert!(log_cat(dir.path()).contains(r#""switch":"other""#));
}

#[test]
fn as_of_a_time_the_figures_are_as_they_stood() {
    let dir = scratch();
    let whole = String::from_utf8(unpacked("queue_log.gz")).unwrap();
    let half: String = whole.lines().take(1_300).map(|l| format!("{l}\n")).collect();
    let file = dir.path().join("half");
    std::fs::write(&file, half).unwrap();
    let data = dir.path().join("data");
    import(&data, DIALECT, text(&file), &[]).ok();
    let stood = |more: &[&str]| ["queues", "agents"].map(|kind| report(&data, kind, more));
    let monday = stood(&[]);
    std::thread::sleep(Duration::from_millis(20));
    let at = chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
    std::thread::sleep(Duration::from_millis(20));
    import(&data, DIALECT, "queue_log.gz", &[]).ok();
    assert_ne!(stood(&[]), monday);
    assert_eq!(stood(&["--as-of", &at]), monday);
    assert_eq!(report(&data, "queues", &[]), report(&DATA, "queues", &[]), "in two pieces as in one");
    assert!(report(&data, "queues", &["--as-of", "2020-01-01T00:00:00Z"]).is_empty());
}

#[test]
fn a_figure_leads_to_its_visits_and_a_visit_to_its_events() {
    let row = &report(&DATA, "queues", &[])[0];
    let queue = row["queue"].as_str().unwrap();
    let visits = ringledger(&["explain", "queue", queue, "--data-dir", text(&DATA), "--format", "json"]).ok().rows();
    assert_eq!(i64::try_from(visits.len()).unwrap(), number(row, "received"));
    let id = visits[0]["call_id"].as_str().unwrap();
    let story = ringledger(&["explain", "call", id, "--data-dir", text(&DATA), "--format", "json"]).ok().json();
    assert_eq!(story["call"]["call_id"], id);
    let events = story["events"].as_array().unwrap();
    let first = visits[0]["first_event"].as_str().unwrap();
    assert!(events.iter().any(|e| e["position"] == first), "{first}");
    assert!(events.iter().all(|e| e["type"].is_string() && e["data"].is_object()));
    let people = ringledger(&["explain", "call", id, "--data-dir", text(&DATA)]).ok().out;
    assert!(people.contains("what happened") && people.contains("raw events") && people.contains("ENTERQUEUE"));
}

#[test]
fn a_replay_gives_the_same_rows() {
    let dir = scratch();
    let to = dir.path().join("new");
    let args = ["replay", "--data-dir", text(&DATA), "--to", text(&to)];
    let ran = ringledger(&args).ok();
    assert!(ran.err.contains("replayed"), "{}", ran.err);
    assert_same(&tables_of(&to), &tables_of(&DATA));
    assert_eq!(report(&to, "queues", &["--total"]), report(&DATA, "queues", &["--total"]));
    assert!(!to.join("log").exists() && !to.join("vault").exists(), "tables only");
    let again = ringledger(&args);
    assert_eq!(again.code, 2, "{}", again.err);
    assert!(again.err.contains("is not empty"), "{}", again.err);
}

#[test]
fn tables_are_listed_viewed_and_kept_small() {
    let dir = scratch();
    copy(&DATA, dir.path());
    let data = text(dir.path());
    let whole = String::from_utf8(unpacked("queue_log.gz")).unwrap() + "1795327999|NONE|NONE|NONE|QUEUESTART|\n";
    let file = dir.path().join("more");
    std::fs::write(&file, whole).unwrap();
    import(dir.path(), DIALECT, text(&file), &[]).ok();
    let before = report(dir.path(), "queues", &["--total"]);
    let sizes = || ringledger(&["tables", "list", "--data-dir", data, "--format", "json"]).ok().rows();
    let events = |rows: &[Value]| number(rows.iter().find(|r| r["table"] == "events").unwrap(), "files");
    assert_eq!(sizes().len(), 7);
    assert!(events(&sizes()) > 1);
    ringledger(&["tables", "compact", "--data-dir", data]).ok();
    assert_eq!(events(&sizes()), 1);
    ringledger(&["tables", "vacuum", "--data-dir", data]).ok();
    assert_eq!(report(dir.path(), "queues", &["--total"]), before);
    let young = ringledger(&["tables", "vacuum", "--data-dir", data, "--retention-days", "3"]);
    assert_ne!(young.code, 0);
    assert!(young.err.contains("at least 7 days"), "{}", young.err);
    for (engine, word) in [("duckdb", "delta_scan("), ("duckdb-files", "read_parquet("), ("spark", "delta.`")] {
        let sql = ringledger(&["tables", "views", "--data-dir", data, "--engine", engine]).ok().out;
        assert!(sql.contains(word) && sql.contains("VIEW queue_visits AS"), "{engine}: {sql}");
    }
}

#[test]
fn an_empty_file_gives_empty_tables() {
    let dir = scratch();
    let (file, data) = (dir.path().join("nothing"), dir.path().join("data"));
    std::fs::write(&file, "").unwrap();
    import(&data, DIALECT, text(&file), &[]).ok();
    assert!(report(&data, "queues", &[]).is_empty());
    assert_eq!(ringledger(&["tables", "list", "--data-dir", text(&data), "--format", "json"]).ok().rows().len(), 7);
    assert!(Path::new(&data).join("lake/recordings/_delta_log").is_dir(), "all tables exist");
}
