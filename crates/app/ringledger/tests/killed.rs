//! An import that is killed, at several points, and started again ends as an undisturbed
//! one: log and tables, row for row, but for what the wall clock says.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use common::{assert_same, capture, command, log_cat, ringledger, scratch, text, timeless};
use serde_json::Value;

/// The capture's recordings, a slice of its stream, its queue_log.
fn arguments<'a>(dir: &'a Path, files: &'a Files, dialect: &'a str) -> Vec<&'a str> {
    let mut args = vec!["import", "--data-dir", text(dir), "--switch", "asterisk-a", "--dialect", dialect];
    args.extend(["--roster", &files.roster, "--recordings", &files.recordings]);
    args.push(if dialect == "asterisk.ami" { &files.stream } else { &files.queue_log });
    args
}

struct Files {
    roster: String,
    recordings: String,
    stream: String,
    queue_log: String,
}

fn files() -> Files {
    Files {
        roster: capture("roster.json"),
        recordings: capture("recordings"),
        stream: capture("ami-calls.raw.gz"),
        queue_log: capture("queue_log.gz"),
    }
}

/// The log without the times of receipt and of the vault.
fn timeless_log(dir: &Path) -> Vec<Value> {
    let line = |l: &str| {
        let mut event: Value = serde_json::from_str(l).unwrap();
        event.as_object_mut().unwrap().remove("receivedtime");
        event.as_object_mut().unwrap().remove("epoch");
        let data = event["data"].to_string();
        if data.contains("stored_at") {
            event["data"] = Value::Null;
        }
        event
    };
    log_cat(dir).lines().map(line).collect()
}

/// Ends a process at once: SIGKILL.
fn run_and_kill(mut command: Command, after: Duration) -> bool {
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let until = Instant::now() + after;
    while Instant::now() < until {
        if child.try_wait().unwrap().is_some() {
            return false;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    true
}

fn killed_or_not(dialect: &str) {
    let (scratch, files) = (scratch(), files());
    let undisturbed = scratch.path().join("undisturbed");
    let begun = Instant::now();
    assert_eq!(ringledger(&arguments(&undisturbed, &files, dialect)).ok().out, "");
    let whole = begun.elapsed();
    let (expected, expected_log) = (timeless(&undisturbed), timeless_log(&undisturbed));
    let mut hits = 0;
    // Each killed at several points of one life, then left to end.
    for (i, points) in [[2_u32, 5, 9], [4, 6, 7], [1, 3, 8]].iter().enumerate() {
        let dir = scratch.path().join(format!("killed-{i}"));
        for tenths in points {
            hits += u32::from(run_and_kill(command(&arguments(&dir, &files, dialect)), whole * *tenths / 10));
        }
        ringledger(&arguments(&dir, &files, dialect)).ok();
        assert_same(&timeless(&dir), &expected);
        let log = timeless_log(&dir);
        assert_eq!(log.len(), expected_log.len());
        for (ours, theirs) in log.iter().zip(&expected_log) {
            assert_eq!(ours, theirs);
        }
    }
    assert!(hits >= 4, "only {hits} kills came in time to mean anything");
}

#[test]
fn a_queue_log() {
    killed_or_not("asterisk.queue_log");
}

#[test]
fn a_stream_with_recordings() {
    killed_or_not("asterisk.ami");
}
