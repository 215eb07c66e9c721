//! What can go wrong, told by the binary: what, where, what to do. And what could not be
//! read: dead letters.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::path::Path;
use std::process::{Command, Stdio};

use bytes::Bytes;
use common::{capture, import, log_cat, report, ringledger, scratch, text, unpacked};
use event_log::dead_letters::DeadLetter;
use event_log::{EmbeddedLog, EventLog as _};
use serde_json::Value;

const QUEUE_LOG: &str = "asterisk.queue_log";

/// A data directory with a few rows.
fn small(dir: &Path) {
    let file = dir.join("rows");
    std::fs::write(&file, "1795326272|NONE|NONE|NONE|QUEUESTART|\n1795326273|1.1|sales|NONE|ENTERQUEUE||200|1\n")
        .unwrap();
    import(&dir.join("data"), QUEUE_LOG, text(&file), &[]).ok();
}

#[test]
fn errors_say_what_where_and_what_to_do() {
    let dir = scratch();
    small(dir.path());
    let data_dir = dir.path().join("data");
    let data = text(&data_dir);
    let gz = capture("queue_log.gz");
    let garbage = dir.path().join("roster.json");
    std::fs::write(&garbage, "[{]").unwrap();
    let cut = dir.path().join("cut.gz");
    std::fs::write(&cut, &std::fs::read(&gz).unwrap()[..5_000]).unwrap();
    let to = |command: &'static str, more: &[&str]| -> Vec<String> {
        let words = command.split(' ').chain(["--data-dir", data]).chain(more.iter().copied());
        words.map(str::to_owned).collect()
    };
    let at = |folder: &str| vec!["report".to_owned(), "queues".into(), "--data-dir".into(), folder.into()];
    let importing = |dialect: &str, file: &str, more: &[&str]| -> Vec<String> {
        let base = ["import", "--data-dir", data, "--switch", "s", "--dialect", dialect];
        base.iter().chain(more).chain([&file]).map(|s| (*s).to_owned()).collect()
    };
    let cases: Vec<(Vec<String>, i32, &[&str])> = vec![
        (at("/no/such/folder"), 2, &["/no/such/folder", "--data-dir", "ringledger import"]),
        (importing("asterisk.queuelog", &gz, &[]), 2, &["asterisk.queuelog", "asterisk.queue_log, asterisk.ami"]),
        (importing(QUEUE_LOG, &gz, &["--figures", "asterisk.amy"]), 2, &["--figures", "did you mean `asterisk.ami`?"]),
        (importing(QUEUE_LOG, "/no/such/file", &[]), 1, &["/no/such/file", "No such file"]),
        (importing(QUEUE_LOG, text(&cut), &[]), 1, &["cut.gz", "import it again"]),
        (importing(QUEUE_LOG, &gz, &["--roster", text(&garbage)]), 2, &["roster.json", "interface, name"]),
        (importing(QUEUE_LOG, &gz, &["--recordings", "/no/such/folder"]), 1, &["/no/such/folder"]),
        (to("report queues", &["--interval", "20m"]), 2, &["20m", "15m, 30m, 1h"]),
        (to("report queues", &["--tz", "Mars/Base"]), 2, &["Mars/Base", "Europe/Berlin"]),
        (to("report queues", &["--from", "yesterday"]), 2, &["yesterday"]),
        (to("report queues", &["--as-of", "12:00"]), 2, &["12:00"]),
        (to("report queues", &["--service-level", "20 s"]), 2, &["20 s", "20s, 500ms or 2m"]),
        (to("report queues", &["--attribution", "departure"]), 2, &["departure", "arrival or event-time"]),
        (
            to("report queues", &["--from", "2026-01-02T00:00:00Z", "--to", "2026-01-01T00:00:00Z"]),
            2,
            &["2026-01-02", "empty"],
        ),
        (to("explain call 9.9", &[]), 2, &["9.9", "report contacts --lost"]),
        (to("log cat", &["--partition", "99"]), 1, &["99", "0..48"]),
        (to("log cat", &["--topic", "cti.nothing"]), 1, &["cti.nothing"]),
        (to("recordings show x", &[]), 2, &["x", "recordings list"]),
        (to("dead-letters show x", &[]), 2, &["x", "dead-letters list"]),
        (to("dead-letters retry", &[]), 2, &["--id ID or --all"]),
        (to("tables vacuum", &["--retention-days", "1"]), 1, &["at least 7 days"]),
        (to("tables vacuum", &["--retention-days", "30"]), 1, &["14 days", "7 to 13"]),
        (to("tables compact", &["--table", "visits"]), 2, &["visits", "queue_visits"]),
        (to("tables views", &["--engine", "oracle"]), 2, &["oracle", "duckdb"]),
        (to("replay", &["--to", data]), 2, &["not empty", "--to"]),
        (to("replay", &["--to", "/proc/none/here"]), 1, &["/proc/none/here"]),
        (to("check-sources", &["--switch", "x"]), 2, &["--switch x", "asterisk-a"]),
        (
            to("log copy", &["--brokers", "127.0.0.1:1", "--kafka-config", "/no/such/properties"]),
            1,
            &["/no/such/properties"],
        ),
    ];
    for (args, code, words) in cases {
        let ran = ringledger(&args.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(ran.code, code, "{args:?}: {}", ran.err);
        assert_eq!(ran.out, "", "{args:?}: errors go to standard error");
        for word in words {
            assert!(ran.err.contains(word), "{args:?} should say {word}: {}", ran.err);
        }
        assert!(!ran.err.contains("panicked"), "{}", ran.err);
    }
}

#[test]
fn a_kafka_that_is_not_there_is_named() {
    let dir = scratch();
    small(dir.path());
    let data = dir.path().join("data");
    let config = dir.path().join("kafka.properties");
    std::fs::write(&config, "# mine\nsecurity.protocol = plaintext\nacks = 0\n").unwrap();
    let args = ["log", "copy", "--data-dir", text(&data), "--brokers", "127.0.0.1:1", "--kafka-config", text(&config)];
    let ran = ringledger(&args);
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("acks cannot be changed"), "{}", ran.err);
    std::fs::write(&config, "security.protocol\n").unwrap();
    let ran = ringledger(&args);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("line 1"), "{}", ran.err);
}

/// A limit on the size of files stands for a full disk: a write fails all the same. The
/// signal that goes with it is ignored, as it is where a disk is full.
#[test]
fn a_full_disk_says_so_and_loses_nothing() {
    let dir = scratch();
    let data = dir.path().join("data");
    let binary = env!("CARGO_BIN_EXE_ringledger");
    let script = format!(
        "trap '' XFSZ; ulimit -f 1600; exec {binary} import --data-dir {} --switch asterisk-a --dialect asterisk.cel --roster {} {}",
        data.display(),
        capture("roster.json"),
        capture("cel.csv.gz")
    );
    let full = Command::new("bash").args(["-c", &script]).stdin(Stdio::null()).output().unwrap();
    let err = String::from_utf8_lossy(&full.stderr);
    assert_eq!(full.status.code(), Some(1), "{err}");
    assert!(err.contains("disk") && err.contains("full") && err.contains("free space"), "{err}");
    assert!(err.contains(text(&data)), "it says which: {err}");
    assert!(log_cat(&data).lines().count() >= 5_000, "what was acknowledged before is there");
    import(&data, "asterisk.cel", "cel.csv.gz", &[]).ok();
    let whole = dir.path().join("whole");
    import(&whole, "asterisk.cel", "cel.csv.gz", &[]).ok();
    assert_eq!(report(&data, "queues", &["--total"]), report(&whole, "queues", &["--total"]));
    let ids = |dir: &Path| -> Vec<Value> {
        let event = |l: &str| serde_json::from_str::<Value>(l).unwrap()["id"].clone();
        log_cat(dir).lines().map(event).collect()
    };
    assert!(ids(&data) == ids(&whole), "every event once, in order");
}

fn letters(data: &Path, more: &[&str]) -> Vec<Value> {
    let args = ["dead-letters", "list", "--data-dir", text(data), "--format", "json"];
    ringledger(&[&args[..], more].concat()).ok().rows()
}

#[test]
fn what_cannot_be_read_is_kept_and_shown() {
    let dir = scratch();
    let (file, data) = (dir.path().join("rows"), dir.path().join("data"));
    let rows = b"1795326272|x\nnot-a-time|a|b|c|DID|1\n1795326272|1.1|sales|NONE|ENTERQUEUE||200|1\n";
    std::fs::write(&file, rows).unwrap();
    let ran = import(&data, QUEUE_LOG, text(&file), &[]).ok();
    assert!(ran.err.contains("dead letters: 2 records") && ran.err.contains("dead-letters list"), "{}", ran.err);
    let list = letters(&data, &[]);
    assert_eq!(list.len(), 2);
    assert!(list[0]["text"].as_str().unwrap().contains("at least 5 are expected"), "{}", list[0]);
    let id = list[0]["id"].as_str().unwrap();
    let shown = ringledger(&["dead-letters", "show", id, "--data-dir", text(&data), "--format", "json"]).ok().rows();
    assert_eq!(shown[0]["data"], "1795326272|x");
    let again = import(&data, QUEUE_LOG, text(&file), &[]).ok();
    assert!(!again.err.contains("dead letters"), "the same letter is not written twice: {}", again.err);
    assert_eq!(letters(&data, &[]).len(), 2);
    let retried = ringledger(&["dead-letters", "retry", "--all", "--data-dir", text(&data), "--format", "json"]);
    assert_eq!(retried.code, 1, "{}", retried.err);
    assert!(retried.rows().iter().all(|r| r["result"] == "unreadable"), "{}", retried.out);
    assert!(retried.err.contains("2 still cannot be read"), "{}", retried.err);
}

/// As a build would have left it that could not read these rows yet.
#[test]
fn a_retry_takes_in_what_reads_now() {
    let dir = scratch();
    small(dir.path());
    let data = dir.path().join("data");
    let row = "1795326285|1.1|sales|NONE|ABANDON|1|1|12";
    let letter = DeadLetter {
        id: "/switch/asterisk-a/asterisk.queue_log/0123456789abcdef-90".into(),
        reason: "unframed".into(),
        text: "asterisk.queue_log, byte 90: an older build could not read it".into(),
        source: Some("/switch/asterisk-a".into()),
        switch: Some("asterisk-a".into()),
        dialect: Some(QUEUE_LOG.into()),
        center: Some("main".into()),
        position: None,
        at: model::Instant(1_795_326_300_000_000),
        bytes: Bytes::from(row),
    };
    // And one that stands in the log, which this build reads.
    let in_log = DeadLetter {
        id: "in-log".into(),
        reason: "undecodable".into(),
        position: Some(position_of_the_join(&data)),
        bytes: Bytes::new(),
        ..letter.clone()
    };
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let log = EmbeddedLog::open(&data.join("log")).unwrap();
        let records = [letter, in_log].map(|l| l.to_record()).to_vec();
        log.append(model::TOPIC_DEAD_LETTERS, records).await.unwrap();
    });
    assert_eq!(report(&data, "queues", &[])[0]["open"], 1);
    let retry = || ringledger(&["dead-letters", "retry", "--all", "--data-dir", text(&data), "--format", "json"]).ok();
    let rows = retry().rows();
    let results: Vec<&Value> = rows.iter().map(|r| &r["result"]).collect();
    assert_eq!(results, ["taken_in", "replay"]);
    assert!(rows[1]["text"].as_str().unwrap().contains("ringledger replay"), "{}", rows[1]);
    let after = report(&data, "queues", &[]);
    assert_eq!((&after[0]["open"], &after[0]["abandoned"]), (&0.into(), &1.into()));
    let log = log_cat(&data);
    assert_eq!(log.matches("ABANDON").count(), 1);
    assert_eq!(letters(&data, &[]).len(), 1, "the one in the log still waits for a replay");
    assert_eq!(letters(&data, &["--all"]).len(), 2);
    assert_eq!(retry().rows().len(), 1);
    assert_eq!(log_cat(&data), log, "a second retry appends nothing");
}

fn position_of_the_join(data: &Path) -> model::Position {
    let log = log_cat(data);
    let line = log.lines().find(|l| l.contains("ENTERQUEUE")).unwrap();
    let event: Value = serde_json::from_str(line).unwrap();
    event["position"].as_str().unwrap().parse().unwrap()
}

#[test]
fn strange_times_and_unknown_rows_are_kept() {
    let dir = scratch();
    let (file, data) = (dir.path().join("rows"), dir.path().join("data"));
    let mut rows = unpacked("queue_log.gz");
    rows.extend(b"12|1.1|sales|NONE|ENTERQUEUE||200|1\n4102444800|1.2|sales|NONE|ENTERQUEUE||200|1\n");
    rows.extend(
        b"1795327080|1.3|nobody-knows-it|NONE|ENTERQUEUE||200|1\n1795327081|1.3|nobody-knows-it|NONE|NEWROW|x\n",
    );
    std::fs::write(&file, rows).unwrap();
    import(&data, QUEUE_LOG, text(&file), &[]).ok();
    let log = log_cat(&data);
    assert!(log.contains("NEWROW"), "an unknown row is kept");
    let of_2026 = ["--from", "2026-11-22T05:00:00Z", "--to", "2026-11-22T05:57:57Z"];
    let total = report(&data, "queues", &[&of_2026[..], &["--total"]].concat()).pop().unwrap();
    assert_eq!((&total["offered"], &total["answered"]), (&458.into(), &292.into()));
    assert!(report(&data, "queues", &[]).iter().any(|r| r["queue"] == "nobody-knows-it"));
}
