//! The pages as people meet them: the demo as a process, a real browser in front of it.
//! The scripts are `tests/browser/*.mjs`; what they need is installed by
//! `cargo xtask test`, and where it is missing this test fails and says so.
#![cfg(feature = "real-parts")]

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use tests::browser::{parts, pictures, script};
use tests::process::{Process, succeed};

/// The first run decodes the whole capture, on a machine that may be busy.
const PATIENCE: Duration = Duration::from_secs(300);

/// The demo, serving, and what it told its user.
struct Demo {
    data: String,
    sandbox: String,
    link: String,
    _running: Process,
}

impl Demo {
    fn start(folder: &Path) -> Self {
        let data = folder.join("data").display().to_string();
        let mut running =
            Process::start_heard(&[], &["demo", "--serve", "--data-dir", &data], &folder.join("demo.log"));
        running.wait_for("serving until Ctrl-C", PATIENCE);
        let after = |running: &mut Process, mark: &str| running.wait_for(mark, PATIENCE).trim().to_owned();
        let sandbox = after(&mut running, "Look at the CRM sandbox: ");
        let link = after(&mut running, "Sign in once to the console: ");
        Self { data, sandbox, link, _running: running }
    }

    /// Where the recordings are heard.
    fn console(&self) -> &str {
        self.link.split_once("/sign-in").expect("a link to the sign-in page").0
    }

    /// The link of a recording in this state.
    fn recording(&self, state: &str) -> String {
        let listed = succeed(&[], &["recordings", "list", "--data-dir", &self.data, "--format", "json"]);
        let rows: Vec<Value> = serde_json::from_str(&listed).expect("rows");
        let row = rows.iter().find(|r| r["state"] == state).expect("one in this state");
        format!("{}/r/{}", self.console(), row["recording_id"].as_str().expect("an id"))
    }

    /// Accesses in the log: who, which recording, why.
    fn accesses(&self) -> Vec<Value> {
        let log = succeed(&[], &["log", "cat", "--data-dir", &self.data]);
        let events = log.lines().filter(|l| l.contains("/ringledger/console"));
        events.map(|l| serde_json::from_str::<Value>(l).expect("an event")["data"].clone()).collect()
    }
}

#[test]
fn a_person_with_a_browser_finds_a_task_signs_in_and_hears_its_recording() {
    let (folder, parts) = (tempfile::tempdir().expect("a folder"), parts());
    let demo = Demo::start(folder.path());
    let mut given = json!({
        "parts": parts,
        "pictures": pictures(folder.path()),
        "session": folder.path().join("session.json"),
        "sandbox": demo.sandbox,
        "console": demo.console(),
        "link": demo.link,
        "missing": demo.recording("missing"),
    });
    let link = script("sandbox.mjs", &given);
    assert_eq!(demo.accesses(), Vec::<Value>::new(), "a refused one heard nothing");

    script("sign-in.mjs", &given);
    given["recording"] = link.clone().into();
    let heard: Value = serde_json::from_str(&script("recording.mjs", &given)).expect("what was heard");
    let id = link.rsplit('/').next().expect("an id");
    let wanted = json!({ "act": "access_granted", "recording_id": id, "who": "demo", "reason": heard["reason"] });
    assert_eq!(demo.accesses(), [wanted], "one access, however many requests the player made");

    let opened: Value = serde_json::from_str(&script("drill.mjs", &given)).expect("what was opened");
    let reported = succeed(
        &[],
        &[
            "report",
            "queues",
            "--data-dir",
            &demo.data,
            "--service-level",
            "switch",
            "--interval",
            "all",
            "--format",
            "json",
        ],
    );
    let rows: Vec<Value> = serde_json::from_str(&reported).expect("rows");
    let support = rows.iter().find(|r| r["queue"] == "support").expect("the queue");
    assert_eq!(opened["abandoned"], support["abandoned"], "the page shows what the command reports");
}
