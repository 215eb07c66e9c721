//! `ringledger run` on a data directory: reading commands beside it, a second writer told
//! so, a followed queue_log that is rotated and truncated.
#![cfg(feature = "real-parts")]

use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use tests::crm_records::{set_faults, values};
use tests::figures;
use tests::process::{run, succeed};
use tests::rig::{self, Rig, until};
use tests::switch::{Switch, capture};

const STREAM: &str = "ami-calls.raw.gz";
const PATIENCE: Duration = Duration::from_secs(180);

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
    let status = running.terminate(rig::DRAINS);
    assert!(status.success(), "{status:?}\n{}", running.said());
    figures_come(&rig, &wanted).await;
    let mut again = rig.run("again", &pipeline, "data");
    again.wait_for("partitions assigned", PATIENCE);
    assert!(again.terminate(rig::DRAINS).success(), "{}", again.said());
    let cat = succeed(rig.environment(), &["log", "cat", "--data-dir", &folder]);
    assert_eq!(cat.lines().filter(|l| l.contains("/ringledger/settings")).count(), 1, "settings are said once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_crm_delays_only_itself() {
    let rig = Rig::new();
    let wanted = imported(&rig, "asterisk.ami", &data(STREAM)).await;
    let (_sandbox, crm) = rig.sandbox();
    set_faults(&crm, &serde_json::json!({ "unavailable": 1_000_000 })).await;
    let switch = Switch::start(&capture(STREAM));
    let source = rig::source("pbx1", switch.port());
    let parts = [source, rig::switch("pbx1", false), rig::salesforce(&crm), rig::http(&rig), rig::limits()];
    let pipeline = rig.pipeline("local", &parts);
    let mut running = rig.run("run", &pipeline, "data");
    let address = running.wait_for("listening on http://", PATIENCE);
    switch.wait_played(PATIENCE);
    figures_come(&rig, &wanted).await;
    let ready = reqwest::get(format!("http://{address}/readyz")).await.expect("an answer");
    let (status, text) = (ready.status().as_u16(), ready.text().await.expect("text"));
    assert!(status == 200 || text.contains("crm salesforce"), "{status} {text}");
    set_faults(&crm, &serde_json::json!({ "slow": 1_000_000, "slow_ms": 50 })).await;
    assert_eq!(values(&crm, "Task", "PBX_Call_Key__c").await, Ok(Vec::new()));
    until("Tasks after all", PATIENCE, || async {
        let tasks = values(&crm, "Task", "PBX_Call_Key__c").await?;
        if tasks.len() > 10 { Ok(()) } else { Err(format!("{} Tasks", tasks.len())) }
    })
    .await;
    assert!(running.terminate(rig::DRAINS).success(), "{}", running.said());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_log_is_followed_through_rotation_and_truncation() {
    let rig = Rig::new();
    let wanted = imported(&rig, "asterisk.queue_log", &data("queue_log.gz")).await;
    let whole = capture("queue_log.gz");
    let lines: Vec<&[u8]> = whole.split_inclusive(|b| *b == b'\n').collect();
    let part = |from: usize, to: usize| lines[lines.len() * from / 4..lines.len() * to / 4].concat();
    let file = rig.path("queue_log");
    std::fs::write(&file, part(0, 1)).expect("written");
    let source =
        format!("[[source]]\ndialect = \"asterisk.queue_log\"\nswitch = \"pbx1\"\npath = \"{}\"\n", file.display());
    let pipeline = rig.pipeline("local", &[source, rig::switch("pbx1", false), rig::http(&rig), rig::limits()]);
    let mut running = rig.run("run", &pipeline, "data");
    running.wait_for("listening on http://", PATIENCE);
    let append = |bytes: Vec<u8>| {
        use std::io::Write;
        let mut open = std::fs::OpenOptions::new().create(true).append(true).open(&file).expect("opened");
        open.write_all(&bytes).expect("written");
    };
    let read_so_far = |parts: usize| {
        let (rig, rows) = (&rig, lines.len() * parts / 4);
        async move {
            until("every row so far", PATIENCE, || async {
                let cat = succeed(rig.environment(), &["log", "cat", "--data-dir", &rig.shown("data")]);
                let kinds = cat.lines().map(|l| serde_json::from_str::<Value>(l).expect("JSON")["type"].clone());
                let found = kinds.filter(|k| k == "asterisk.queue_log").count();
                if found == rows { Ok(()) } else { Err(format!("{found} of {rows}")) }
            })
            .await;
        }
    };
    read_so_far(1).await;
    append(part(1, 2));
    std::fs::rename(&file, rig.path("queue_log.1")).expect("rotated");
    append(part(2, 3));
    read_so_far(3).await;
    std::fs::rename(rig.path("queue_log.1"), rig.path("queue_log.2")).expect("rotated");
    std::fs::copy(&file, rig.path("queue_log.1")).expect("copied");
    std::fs::File::create(&file).expect("truncated");
    // What is written before the follower looked may be taken for more of the same file.
    running.wait_for("the file was truncated", PATIENCE);
    append(part(3, 4));
    read_so_far(4).await;
    figures_come(&rig, &wanted).await;
    assert!(running.terminate(rig::DRAINS).success(), "{}", running.said());
}

#[tokio::test(flavor = "multi_thread")]
async fn adapters_events_are_taken_once_and_answered_after_the_log_has_them() {
    let rig = Rig::new();
    let pipeline = rig.pipeline("local", &[rig::http(&rig), rig::limits()]);
    let mut running = rig.run("run", &pipeline, "data");
    let address = running.wait_for("listening on http://", PATIENCE);
    let event = serde_json::json!({
        "specversion": "1.0", "id": "note-1", "source": "/adapter/desk", "type": "cti.adapter", "switch": "pbx1",
        "time": "2026-11-22T05:44:40.250Z",
        "data": { "type": "NoteSaved", "call_id": "1795326271.0", "agent": "Ines", "text": "calls back" },
    });
    let send = |token: Option<&str>| {
        let request = reqwest::Client::new().post(format!("http://{address}/v1/events"));
        let request = request.header("content-type", "application/cloudevents+json").body(event.to_string());
        let request = token.into_iter().fold(request, |r, t| r.bearer_auth(t));
        async move {
            let response = request.send().await.expect("an answer");
            (response.status().as_u16(), response.json::<Value>().await.unwrap_or_default())
        }
    };
    assert_eq!(send(None).await.0, 401);
    assert_eq!(send(Some(rig::COMPLIANCE)).await.0, 403);
    let kept = || {
        let cat = succeed(rig.environment(), &["log", "cat", "--data-dir", &rig.shown("data")]);
        cat.lines().filter(|l| l.contains("note-1")).count()
    };
    assert_eq!(kept(), 0);
    assert_eq!(send(Some(rig::ADAPTER)).await, (202, serde_json::json!({ "accepted": 1, "repeated": 0 })));
    assert_eq!(kept(), 1);
    assert_eq!(send(Some(rig::ADAPTER)).await, (202, serde_json::json!({ "accepted": 0, "repeated": 1 })));
    running.kill9();
    let mut running = rig.run("again", &pipeline, "data");
    let address = running.wait_for("listening on http://", PATIENCE);
    let again = reqwest::Client::new().post(format!("http://{address}/v1/events")).bearer_auth(rig::ADAPTER);
    let again = again.header("content-type", "application/cloudevents+json").body(event.to_string());
    let answer: Value = again.send().await.expect("an answer").json().await.expect("JSON");
    assert_eq!(answer, serde_json::json!({ "accepted": 0, "repeated": 1 }));
    assert_eq!(kept(), 1);
    assert!(running.terminate(rig::DRAINS).success(), "{}", running.said());
}
