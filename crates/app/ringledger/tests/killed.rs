//! An import that is killed, at several points, and started again ends as an undisturbed
//! one: log and tables, row for row, but for what the wall clock says. The same where the
//! log's disk is full for a while; a running process goes on by itself once there is room.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use common::{assert_same, capture, command, import, log_cat, report, ringledger, scratch, text, timeless, unpacked};
use serde_json::Value;

/// The capture's recordings, a slice of its stream, its queue_log.
fn arguments<'a>(dir: &'a Path, files: &'a Files, dialect: &'a str) -> Vec<&'a str> {
    let mut args = vec!["import", "--data-dir", text(dir), "--switch", "asterisk-a", "--dialect", dialect];
    args.extend(["--roster", &files.roster, "--recordings", &files.recordings]);
    args.push(match dialect {
        "asterisk.ami" => &files.stream,
        "asterisk.cel" => &files.cel,
        _ => &files.queue_log,
    });
    args
}

struct Files {
    roster: String,
    recordings: String,
    stream: String,
    queue_log: String,
    cel: String,
}

fn files() -> Files {
    Files {
        roster: capture("roster.json"),
        recordings: capture("recordings"),
        stream: capture("ami-calls.raw.gz"),
        queue_log: capture("queue_log.gz"),
        cel: capture("cel.csv.gz"),
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
        same_log(&timeless_log(&dir), &expected_log);
    }
    assert!(hits >= 4, "only {hits} kills came in time to mean anything");
}

fn same_log(ours: &[Value], theirs: &[Value]) {
    for (our, their) in ours.iter().zip(theirs) {
        assert_eq!(our, their);
    }
    assert_eq!(ours.len(), theirs.len());
}

#[test]
fn a_queue_log() {
    killed_or_not("asterisk.queue_log");
}

#[test]
fn a_stream_with_recordings() {
    killed_or_not("asterisk.ami");
}

/// The binary with no room for files beyond so many KiB, which stands for a full disk. The
/// limit can be lifted; its signal is ignored, as there is none where a disk is full.
fn cramped(kib: u32, args: &[&str]) -> Command {
    let mut bash = Command::new("bash");
    let script = format!("trap '' XFSZ; ulimit -S -f {kib}; exec \"$0\" \"$@\"");
    bash.args(["-c", &script, env!("CARGO_BIN_EXE_ringledger")]).args(args).stdin(Stdio::null());
    bash.env_remove("RINGLEDGER_DATA_DIR").env_remove("RUST_LOG");
    bash
}

#[test]
fn a_disk_that_is_full_again_and_again_and_kills_between() {
    let (scratch, files) = (scratch(), files());
    let (undisturbed, dir) = (scratch.path().join("undisturbed"), scratch.path().join("full"));
    let args = arguments(&dir, &files, "asterisk.cel");
    let begun = Instant::now();
    ringledger(&arguments(&undisturbed, &files, "asterisk.cel")).ok();
    let whole = begun.elapsed();
    // No room for a log at all; for half of this one, which is killed there; for half; for
    // no more; at last for all, killed twice on the way.
    let full = |kib: u32| {
        let Output { status, stderr, .. } = cramped(kib, &args).output().unwrap();
        let said = String::from_utf8_lossy(&stderr);
        assert_eq!(status.code(), Some(1), "{kib} KiB: {said}");
        assert!(said.contains("disk") && said.contains("full") && said.contains("free space"), "{kib} KiB: {said}");
    };
    full(300);
    run_and_kill(cramped(1_100, &args), whole / 4);
    [1_100, 1_100, 1_500].into_iter().for_each(full);
    let kept = log_cat(&dir).lines().count();
    assert!(kept >= 5_000, "what was acknowledged before is there: {kept} records");
    run_and_kill(command(&args), whole / 5);
    run_and_kill(command(&args), whole / 3);
    ringledger(&args).ok();
    assert_same(&timeless(&dir), &timeless(&undisturbed));
    same_log(&timeless_log(&dir), &timeless_log(&undisturbed));
}

/// A running process, killed where the test ends early.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Waits until `so`, or ends the test with what the process said.
fn wait_until(what: &str, said: &Path, mut so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !so() {
        let said = || std::fs::read_to_string(said).unwrap_or_default();
        assert!(begun.elapsed() < Duration::from_secs(120), "not in time: {what}:\n{}", said());
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// A command of the system with a process's id behind its words.
fn tell(process: &Child, words: &[&str]) {
    let id = process.id().to_string();
    assert!(Command::new(words[0]).args(&words[1..]).arg(&id).status().unwrap().success(), "{words:?} {id}");
}

/// The rows of a CEL that the log holds.
fn rows_of(dir: &Path) -> Vec<Value> {
    let events = log_cat(dir).lines().map(|l| serde_json::from_str::<Value>(l).unwrap()).collect::<Vec<_>>();
    events.iter().filter(|e| e["type"] == "asterisk.cel").map(|e| e["data"].clone()).collect()
}

#[test]
fn a_running_process_whose_log_has_room_again_goes_on_by_itself() {
    let scratch = scratch();
    let said = scratch.path().join("said");
    let (rows, dir) = (scratch.path().join("cel.csv"), scratch.path().join("data"));
    std::fs::write(&rows, unpacked("cel.csv.gz")).unwrap();
    let pipeline = scratch.path().join("run.toml");
    let text_of = |path: &Path| path.display().to_string();
    let source =
        format!("[[source]]\ndialect = \"asterisk.cel\"\nswitch = \"asterisk-a\"\npath = \"{}\"\n", text_of(&rows));
    let roster = format!("[switch.asterisk-a]\nroster = \"{}\"\n", capture("roster.json"));
    let limits = "[limits]\nflush_ms = 300\nlate_horizon_hours = 876000\n";
    std::fs::write(&pipeline, source + &roster + limits).unwrap();
    let args = ["-v", "run", text(&pipeline), "--data-dir", text(&dir)];
    let mut process = Running(cramped(1_100, &args).stderr(std::fs::File::create(&said).unwrap()).spawn().unwrap());
    let heard = || std::fs::read_to_string(&said).unwrap_or_default();
    let tries = || heard().lines().filter(|l| l.contains("disk") && l.contains("full")).count();
    wait_until("it says that the disk is full, more than once", &said, || tries() >= 2);
    assert!(process.0.try_wait().unwrap().is_none(), "{}", heard());
    let all = String::from_utf8(unpacked("cel.csv.gz")).unwrap().lines().count();
    let events = || rows_of(&dir).len();
    let kept = events();
    assert!((5_000..all).contains(&kept), "{kept} of {all} events are in the log");
    tell(&process.0, &["prlimit", "--fsize=unlimited:unlimited", "--pid"]);
    wait_until("every event is in the log", &said, || events() >= all);
    tell(&process.0, &["kill", "-TERM"]);
    assert!(process.0.wait().unwrap().success(), "{}", heard());
    let undisturbed = scratch.path().join("undisturbed");
    import(&undisturbed, "asterisk.cel", "cel.csv.gz", &[]).ok();
    for kind in ["queues", "agents", "contacts"] {
        assert_eq!(report(&dir, kind, &[]), report(&undisturbed, kind, &[]), "{kind}");
    }
    let (ours, theirs) = (rows_of(&dir), rows_of(&undisturbed));
    let odd = ours.iter().zip(&theirs).position(|(a, b)| a != b).map(|i| (i, &ours[i], &theirs[i]));
    assert!(ours == theirs, "every event once, in order: {} of {}, {odd:?}", ours.len(), theirs.len());
}
