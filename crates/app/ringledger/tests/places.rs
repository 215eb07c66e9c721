//! Commands find log, tables and recordings where a pipeline file says, and `check` tells
//! what of such a file cannot work.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::path::Path;

use common::{capture, import, report, ringledger, scratch, text};

const QUEUE_LOG: &str = "asterisk.queue_log";

fn pipeline(dir: &Path, name: &str, lines: &str) -> String {
    let path = dir.join(name);
    std::fs::write(&path, lines).unwrap();
    path.display().to_string()
}

#[test]
fn reading_commands_read_where_the_pipeline_says() {
    let dir = scratch();
    let data = dir.path().join("data");
    import(&data, QUEUE_LOG, "queue_log.gz", &[]).ok();
    let before = report(&data, "queues", &[]);
    assert!(!before.is_empty());
    let lake = dir.path().join("tables");
    std::fs::rename(data.join("lake"), &lake).unwrap();
    let lines = format!("data_dir = \"{}\"\n[lake]\nurl = \"{}\"\n", data.display(), lake.display());
    let file = pipeline(dir.path(), "p.toml", &lines);
    let asked = ringledger(&["report", "queues", "--pipeline", &file, "--format", "json"]).ok();
    assert_eq!(asked.rows(), before);
    assert!(ringledger(&["log", "cat", "--pipeline", &file]).ok().out.lines().count() > 100);
    assert!(ringledger(&["tables", "list", "--pipeline", &file]).ok().out.contains(text(&lake)));
    let gone = ringledger(&["report", "queues", "--data-dir", text(&data)]);
    assert!(gone.code == 1 && gone.err.contains("does not exist"), "{}", gone.err);
}

#[test]
fn recordings_are_found_in_a_data_directory_that_was_moved() {
    let dir = scratch();
    let (data, moved) = (dir.path().join("data"), dir.path().join("data-moved"));
    let recordings = capture("recordings");
    import(&data, "asterisk.ami", "ami-events.raw.zst", &["--recordings", &recordings]).ok();
    std::fs::rename(&data, &moved).unwrap();
    let verified = ringledger(&["recordings", "verify", "--data-dir", text(&moved), "--format", "json"]).ok();
    let rows = verified.rows();
    assert!(rows.len() > 20 && rows.iter().all(|r| r["result"] == "good"), "{rows:?}");
}

#[test]
fn check_tells_what_run_would_stumble_over() {
    let dir = scratch();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = format!("[http]\nlisten = \"{}\"\n", taken.local_addr().unwrap());
    let tokens = "[http]\nlisten = \"127.0.0.1:0\"\ntokens_file = \"/no/such/tokens\"\n";
    let short = dir.path().join("tokens");
    std::fs::write(&short, "ann compliance topsecret\n").unwrap();
    let short = format!("[http]\nlisten = \"127.0.0.1:0\"\ntokens_file = \"{}\"\n", short.display());
    let recordings = "[switch.a]\nrecordings = { url = \"http://127.0.0.1:1/monitor\" }\n";
    let cases = [
        (listen.as_str(), "FAILED  http: cannot listen on 127.0.0.1:"),
        (tokens, "FAILED  http: /no/such/tokens: No such file or directory (os error 2); create it"),
        (&short, "tokens, line 1: the secret is too short"),
        (recordings, "FAILED  recordings of a: http://127.0.0.1:1/monitor"),
    ];
    for (n, (lines, wanted)) in cases.into_iter().enumerate() {
        let file = pipeline(dir.path(), &format!("{n}.toml"), lines);
        let ran = ringledger(&["check", &file, "--data-dir", text(&dir.path().join("data"))]);
        assert_eq!(ran.code, 1, "{lines}: {}{}", ran.out, ran.err);
        assert!(ran.out.contains(wanted) && !ran.out.contains("topsecret"), "{}", ran.out);
    }
}

#[test]
fn a_contact_is_asked_for_by_its_switch_where_two_have_its_id() {
    let dir = scratch();
    let (data, rows) = (dir.path().join("data"), dir.path().join("rows"));
    let call = "1795326273|1.1|sales|NONE|ENTERQUEUE||200|1\n1795326274|1.1|sales|NONE|ABANDON|1|1|1\n";
    std::fs::write(&rows, call).unwrap();
    for switch in ["pbx1", "pbx2"] {
        let args = ["import", "--data-dir", text(&data), "--switch", switch, "--dialect", QUEUE_LOG, text(&rows)];
        ringledger(&args).ok();
    }
    let ask = |more: &[&str]| {
        let args = ["explain", "call", "1.1", "--data-dir", text(&data), "--format", "json"];
        ringledger(&args.iter().chain(more).copied().collect::<Vec<_>>()).ok()
    };
    let (either, second) = (ask(&[]), ask(&["--switch", "pbx2"]));
    assert!(either.err.contains("pbx1, pbx2") && either.err.contains("--switch"), "{}", either.err);
    assert!(second.err.is_empty(), "{}", second.err);
    for (ran, switch) in [(either, "pbx1"), (second, "pbx2")] {
        let story = ran.json();
        assert_eq!(story["call"]["switch"], switch);
        let raw = story["events"].as_array().unwrap();
        assert!(!raw.is_empty() && raw.iter().all(|e| e["switch"] == switch), "{raw:?}");
    }
}
