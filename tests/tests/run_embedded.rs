//! `ringledger run` on a data directory: reading commands beside it, a second writer told
//! so, a followed queue_log that is rotated and truncated.
#![cfg(feature = "real-parts")]

use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use tests::figures;
use tests::process::{run, succeed};
use tests::rig::{self, Rig, until};
use tests::switch::{Switch, capture};

const STREAM: &str = "ami-calls.raw.gz";
const PATIENCE: Duration = Duration::from_secs(60);

fn data(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data/asterisk-a").join(name).display().to_string()
}

/// The reports of an import of a file.
async fn imported(rig: &Rig, dialect: &str, file: &str) -> String {
    let (folder, roster) = (rig.shown("imported"), data("roster.json"));
    let arguments =
        ["import", "--data-dir", &folder, "--switch", "pbx1", "--dialect", dialect, "--roster", &roster, file];
    succeed(rig.environment(), &arguments);
    figures::reports(&figures::folder(&rig.path("imported/lake")).await).await.expect("reports")
}

/// Waits until the running process has made the wanted figures.
async fn figures_come(rig: &Rig, wanted: &str) {
    let lake = figures::folder(&rig.path("data/lake")).await;
    until("the figures of an import", PATIENCE, || async {
        match figures::reports(&lake).await {
            Ok(found) if found == wanted => Ok(()),
            Ok(found) => Err(figures::differences(wanted, &found)),
            Err(e) => Err(e.to_string()),
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reading_commands_work_beside_it_and_a_second_writer_is_told() {
    let rig = Rig::new();
    let wanted = imported(&rig, "asterisk.ami", &data(STREAM)).await;
    let switch = Switch::start(&capture(STREAM));
    let parts = [rig::source("pbx1", switch.port()), rig::switch("pbx1", true), rig::http(&rig), rig::limits()];
    let pipeline = rig.pipeline("local", &parts);
    let mut running = rig.run("run", &pipeline, "data");
    running.wait_for("listening on http://", PATIENCE);
    switch.wait_played(PATIENCE);
    figures_come(&rig, &wanted).await;
    let folder = rig.shown("data");
    let report = succeed(rig.environment(), &["report", "queues", "--data-dir", &folder, "--format", "json"]);
    let rows: Vec<Value> = serde_json::from_str(&report).expect("an array");
    assert_eq!(rows.len(), 4, "{report}");
    let cat = succeed(rig.environment(), &["log", "cat", "--data-dir", &folder]);
    let events: Vec<Value> = cat.lines().map(|l| serde_json::from_str(l).expect("JSON")).collect();
    assert!(events.len() > 2_800, "{}", events.len());
    let list = ["recordings", "list", "--data-dir", &folder, "--format", "json"];
    until("an outcome for each recording", PATIENCE, || async {
        let rows: Vec<Value> = serde_json::from_str(&succeed(rig.environment(), &list)).expect("an array");
        let is = |row: &&Value, state: &str| row["state"] == state;
        let (stored, pending) =
            (rows.iter().filter(|r| is(r, "recorded")).count(), rows.iter().filter(|r| is(r, "pending")).count());
        if stored >= 1 && pending == 0 { Ok(()) } else { Err(format!("{stored} stored, {pending} pending")) }
    })
    .await;
    for second in [vec!["run", &pipeline, "--data-dir", &folder], vec!["demo", "--data-dir", &folder]] {
        let refused = run(rig.environment(), &second);
        let said = String::from_utf8_lossy(&refused.stderr);
        assert!(!refused.status.success() && said.contains("in use by another ringledger process"), "{said}");
        assert!(said.contains(&folder), "{said}");
    }
    let status = running.terminate(Duration::from_secs(25));
    assert!(status.success(), "{status:?}\n{}", running.said());
    figures_come(&rig, &wanted).await;
}
