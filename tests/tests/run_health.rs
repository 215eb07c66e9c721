//! Health on the console of a running process: a dead letter and a parked CRM row, seen,
//! read, put right and tried again by those who tend, and by nobody else.
#![cfg(feature = "real-parts")]

use std::time::Duration;

use event_log::dead_letters::DeadLetter;
use event_log::{EmbeddedLog, EventLog};
use serde_json::{Value, json};
use tests::crm_records::{set_faults, values};
use tests::process::succeed;
use tests::rig::{self, Rig, until};
use tests::switch::{Switch, capture};

const STREAM: &str = "ami-calls.raw.gz";
const PATIENCE: Duration = Duration::from_secs(180);
const GARBAGE: &[u8] = b"\x00\xff garbage \xfe\r\nmore of it\r\n\r\n";
/// What the CRM's rule refuses in a Task.
const REFUSED: &str = "Call from";

/// The capture with something in its middle that no framer reads.
fn stream() -> Vec<u8> {
    let mut bytes = capture(STREAM);
    let half = bytes.len() / 2;
    let at = bytes[half..].windows(4).position(|w| w == b"\r\n\r\n").expect("the end of a message");
    bytes.splice(half + at + 4..half + at + 4, GARBAGE.iter().copied());
    bytes
}

/// A letter as an older build would have left it that could not read this message yet.
async fn older_letter(rig: &Rig) {
    let folder = rig.path("data/log");
    std::fs::create_dir_all(&folder).expect("a folder");
    let log = EmbeddedLog::open(&folder).expect("a log");
    for topic in event_log::topics() {
        log.ensure_topic(&topic).await.expect("a topic");
    }
    let letter = DeadLetter {
        id: "/switch/pbx1/asterisk.ami/0123456789abcdef-1.1-90".into(),
        reason: "unframed".into(),
        text: "asterisk.ami, byte 90: an older build could not read it".into(),
        source: Some("/switch/pbx1".into()),
        switch: Some("pbx1".into()),
        dialect: Some("asterisk.ami".into()),
        center: Some("main".into()),
        position: None,
        at: model::Instant::from_secs(1_795_326_272),
        bytes: b"Event: Hangup\r\nPrivilege: call,all\r\nTimestamp: 1795326272.5\r\nUniqueid: retaken.1\r\n"
            .as_slice()
            .into(),
    };
    log.append(model::TOPIC_DEAD_LETTERS, vec![letter.to_record()]).await.expect("appended");
}

/// The console, asked by somebody.
struct Console {
    address: String,
    client: reqwest::Client,
}

impl Console {
    async fn ask(&self, token: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        let url = format!("{}{path}", self.address);
        let request = match body {
            None => self.client.get(url),
            Some(body) => self.client.post(url).json(&body),
        };
        let answer = request.bearer_auth(token).send().await.expect("an answer");
        let (status, text) = (answer.status().as_u16(), answer.text().await.expect("text"));
        (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }

    async fn get(&self, path: &str) -> Value {
        let (status, value) = self.ask(rig::OPERATIONS, path, None).await;
        assert_eq!(status, 200, "{path}: {value}");
        value
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        let (status, value) = self.ask(rig::OPERATIONS, path, Some(body)).await;
        assert!(status < 300, "{path}: {status} {value}");
        value
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_failed_is_seen_put_right_and_tried_again() {
    let rig = Rig::new();
    older_letter(&rig).await;
    let (_sandbox, crm) = rig.sandbox();
    set_faults(&crm, &json!({ "refuse": [REFUSED] })).await;
    let switch = Switch::start(&stream());
    let source = rig::source("pbx1", switch.port());
    let parts = [source, rig::switch("pbx1", true), rig::salesforce(&crm), rig::http(&rig), rig::limits()];
    let mut running = rig.run("run", &rig.pipeline("local", &parts), "data");
    let address = format!("http://{}", running.wait_for("listening on http://", PATIENCE));
    let console = Console { address, client: reqwest::Client::new() };
    switch.wait_played(PATIENCE);

    strangers(&console).await;
    dead_letters(&console, &rig, &switch).await;
    parked(&console, &crm).await;
    health(&console).await;
    let (ended, said) = (running.terminate(rig::DRAINS), running.said());
    assert!(ended.success(), "{said}");
    assert!(said.contains("a dead letter was taken in") && said.contains("who=\"ola\""), "who did it is said: {said}");
}

async fn strangers(console: &Console) {
    for path in ["/api/v1/health", "/api/v1/dead-letters", "/api/v1/parked", "/health"] {
        assert_eq!(console.ask(rig::COMPLIANCE, path, None).await.0, 403, "{path}");
        assert_eq!(console.ask("nobody-0123456789abc", path, None).await.0, 401, "{path}");
    }
    let refused = console.ask(rig::COMPLIANCE, "/api/v1/dead-letters/retry", Some(json!({}))).await;
    assert_eq!((refused.0, &refused.1["title"]), (403, &"Not allowed".into()));
}

async fn dead_letters(console: &Console, rig: &Rig, switch: &Switch) {
    until("both letters", PATIENCE, || async {
        let page = console.get("/api/v1/dead-letters?reason=unframed&switch=pbx1").await;
        if page["letters"].as_array().map(Vec::len) == Some(2) { Ok(()) } else { Err(page) }
    })
    .await;
    let page = console.get("/api/v1/dead-letters").await;
    let garbage = page["letters"].as_array().into_iter().flatten().find(|l| l["place"] != "0-0").expect("the garbage");
    let place = garbage["place"].as_str().expect("a place");
    let letter = console.get(&format!("/api/v1/dead-letters/{place}")).await;
    let hex = letter["data_hex"].as_str().expect("bytes that are no text");
    assert!(hex.starts_with("00ff20676172"), "{letter}");
    assert!(letter["explanation"].as_str().is_some_and(|e| e.contains("no record of its dialect")), "{letter}");

    let tried = console.post("/api/v1/dead-letters/retry?reason=unframed", json!({})).await;
    let results: Vec<&Value> = tried.as_array().into_iter().flatten().map(|t| &t["result"]).collect();
    assert_eq!(results, ["taken_in", "unreadable"], "{tried}");
    let page = console.get("/api/v1/dead-letters").await;
    assert_eq!(page["by_reason"], json!({ "unframed": 1 }), "{page}");
    let again = console.ask(rig::OPERATIONS, "/api/v1/dead-letters/0-0/retry", Some(json!({}))).await;
    assert_eq!(again.0, 404, "taken in since: {}", again.1);
    let cat = succeed(rig.environment(), &["log", "cat", "--data-dir", &rig.shown("data")]);
    assert_eq!(cat.matches("retaken.1").count(), 1);
    assert_eq!(switch.logins(), (1, 0), "the living source was not disturbed");
}

/// What a late recording changes is parked again: waits until nothing is late any more.
async fn settled(console: &Console) {
    let mut before = Value::Null;
    for _ in 0..60 {
        let view = console.get("/api/v1/health").await;
        let recordings = console.get("/api/v1/recordings?limit=1").await;
        let now = json!([view["crm"][0]["parked"], view["crm"][0]["waiting"], recordings["by_state"]]);
        let quiet = now == before && now[1] == 0 && recordings["by_state"]["pending"].is_null();
        if quiet && now[0].as_u64() >= Some(3) {
            return;
        }
        before = now;
        tokio::time::sleep(Duration::from_secs(4)).await;
    }
    panic!("the CRM's writer does not come to rest: {before}");
}

async fn parked(console: &Console, crm: &str) {
    settled(console).await;
    let page = console.get("/api/v1/parked?object=Task&limit=2").await;
    let place = |n: usize| page["rows"][n]["place"].as_str().expect("a place").to_owned();
    let (one, other) = (format!("/api/v1/parked/{}", place(0)), format!("/api/v1/parked/{}", place(1)));
    let row = console.get(&one).await;
    assert!(row["reason"].as_str().is_some_and(|r| r.contains("FIELD_CUSTOM_VALIDATION_EXCEPTION")), "{row}");

    let refused = console.post(&format!("{one}/retry"), json!({})).await;
    assert_eq!(refused[0]["result"], "refused", "{refused}");
    let figures = json!({ "fields": { "CallDurationInSeconds": "1" }, "reason": "looks better" });
    assert_eq!(console.ask(rig::OPERATIONS, &format!("{one}/correct"), Some(figures)).await.0, 422);
    let correction = json!({ "fields": { "Subject": "A ring from somebody" }, "reason": "the rule forbids the word" });
    let row = console.post(&format!("{one}/correct"), correction).await;
    let steps: Vec<(&Value, &Value)> =
        row["history"].as_array().into_iter().flatten().map(|s| (&s["what"], &s["who"])).collect();
    let ola = Value::from("ola");
    assert_eq!(steps.first(), Some(&(&"parked".into(), &Value::Null)), "{row}");
    assert!(steps.ends_with(&[(&"retried".into(), &ola), (&"corrected".into(), &ola)]), "{row}");
    let written = console.post(&format!("{one}/retry"), json!({})).await;
    assert_eq!(written[0]["result"], "written", "{written}");
    let subjects = values(crm, "Task", "Subject").await.expect("Tasks");
    assert!(subjects.contains(&"A ring from somebody".to_owned()), "{subjects:?}");
    assert_eq!(console.ask(rig::OPERATIONS, &one, None).await.0, 404, "it stands no more");

    let before = console.get("/api/v1/parked").await["count"].as_u64();
    console.post(&format!("{other}/discard"), json!({ "reason": "a test call" })).await;
    assert_eq!(console.ask(rig::OPERATIONS, &other, None).await.0, 404);
    assert!(console.get("/api/v1/parked").await["count"].as_u64() < before);
    // The rule is lifted, and everything else is given again.
    set_faults(crm, &json!({})).await;
    until("nothing parked", PATIENCE, || async {
        console.post("/api/v1/parked/retry", json!({})).await;
        let page = console.get("/api/v1/parked").await;
        if page["count"] == 0 { Ok(()) } else { Err(page) }
    })
    .await;
}

async fn health(console: &Console) {
    until(
        "no lag, a flush, one dead letter and a stored recording (counted anew each half minute)",
        PATIENCE,
        || async {
            let view = console.get("/api/v1/health").await;
            let partitions = view["partitions"].as_array().expect("partitions");
            let caught_up = partitions.len() == 48 && partitions.iter().all(|p| p["here"] == true && p["behind"] == 0);
            let one = view["dead_letters"] == 1 && view["parked"] == 0;
            let stored = view["recordings"]["by_state"]["recorded"].as_u64() >= Some(1);
            if caught_up && one && stored && view["flush"]["ended"].is_string() { Ok(()) } else { Err(view) }
        },
    )
    .await;
    let view = console.get("/api/v1/health").await;
    assert_eq!(view["switches"][0]["switch"], "pbx1", "{view}");
    assert!(view["crm"][0]["written"].as_u64() > Some(0) && view["crm"][0]["parked"].as_u64() >= Some(3), "{view}");
    let found: Vec<&str> =
        view["findings"].as_array().into_iter().flatten().filter_map(|f| f["what"].as_str()).collect();
    assert!(found.iter().any(|f| f.contains("One record could not be read")), "{found:?}");
    assert!(view["switches"][0]["age_ms"].is_i64(), "its last sign is told: {view}");
    let page = console.client.get(format!("{}/recordings?state=recorded", console.address));
    let page = page.bearer_auth(rig::COMPLIANCE).send().await.expect("an answer").text().await.expect("a page");
    assert!(page.contains("href=\"/r/") && page.contains("/calls/"), "{page}");
}
