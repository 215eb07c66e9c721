//! `ringledger run`, all stages in one process, on a real Kafka, a real S3 server and the
//! CRM sandbox: a switch's whole stream in, figures, recordings and Tasks out.
#![cfg(feature = "real-parts")]

use std::path::Path;
use std::time::Duration;

use crm::MappingSettings;
use event_log::{EventLog, KafkaConfig, KafkaLog};
use model::Act;
use model::facts::{Recording, RecordingState};
use tables::{Filter, Lake};
use tests::crm_records::values;
use tests::figures;
use tests::kafka::Kafka;
use tests::process::{Process, succeed};
use tests::rig::{self, Rig, until};
use tests::s3::S3;
use tests::switch::{Switch, capture};

const STREAM: &str = "ami-events.raw.zst";
const PATIENCE: Duration = Duration::from_secs(240);

#[tokio::test(flavor = "multi_thread")]
async fn a_switchs_stream_becomes_figures_recordings_and_tasks() {
    let (kafka, s3, mut rig) = (Kafka::start(), S3::start("ringledger"), Rig::new());
    rig.use_keys_of(&s3);
    let (_sandbox, crm) = rig.sandbox();
    let switch = Switch::start(&capture(STREAM));
    // `check` logs in too, and is told nothing.
    switch.hold_at(0.0);
    let pipeline = rig.pipeline(
        "whole",
        &[
            rig::kafka(&kafka.brokers()),
            rig::stores(&s3, "one"),
            rig::source("pbx1", switch.port()),
            rig::switch("pbx1", true),
            rig::salesforce(&crm),
            rig::http(&rig),
            rig::limits(),
        ],
    );
    let checked = succeed(rig.environment(), &["check", &pipeline, "--data-dir", &rig.shown("data")]);
    assert!(!checked.contains("FAILED") && checked.contains("ok      crm salesforce"), "{checked}");
    switch.release();
    let mut running = rig.run("run", &pipeline, "data");
    let address = format!("http://{}", running.wait_for("listening on http://", PATIENCE));
    switch.wait_played(PATIENCE);

    let wanted = imported(&rig).await;
    let lake = figures::on_s3(&s3, "one").await;
    until("the figures of an import", PATIENCE, || async {
        match figures::reports(&lake).await {
            Ok(found) if found == wanted => Ok(()),
            Ok(found) => Err(figures::differences(&wanted, &found)),
            Err(e) => Err(e.to_string()),
        }
    })
    .await;
    let keys = keys_wanted(&lake).await;
    assert!(keys.len() > 300, "{}", keys.len());
    until("one Task a contact", PATIENCE, || async {
        let tasks = values(&crm, "Task", "PBX_Call_Key__c").await?;
        if tasks == keys { Ok(()) } else { Err(format!("{} of {}", tasks.len(), keys.len())) }
    })
    .await;
    let recording = recordings_are_settled(&lake).await;
    health(&address).await;
    hearing(&address, &recording).await;
    accesses(&kafka, &recording).await;
    drains(&mut running, &switch, &lake, &wanted).await;
}

/// The reports of an import of the same bytes.
async fn imported(rig: &Rig) -> String {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/asterisk-a");
    let (file, roster) = (data.join(STREAM).display().to_string(), data.join("roster.json").display().to_string());
    let folder = rig.shown("imported");
    let arguments =
        ["import", "--data-dir", &folder, "--switch", "pbx1", "--dialect", "asterisk.ami", "--roster", &roster, &file];
    succeed(rig.environment(), &arguments);
    figures::reports(&figures::folder(&rig.path("imported/lake")).await).await.expect("reports")
}

/// External ids of the Tasks that the contacts of the lake ask for.
async fn keys_wanted(lake: &Lake) -> Vec<String> {
    let settings = MappingSettings::default();
    let mut calls = lake.calls(&Filter::default()).await.expect("calls");
    // A revision that only tells of CRM records asks for none, but the contact did before.
    calls.iter_mut().for_each(|c| c.crm_only = false);
    let ended = calls.iter().filter(|c| c.ended_at.is_some() && crm::mapping::wanted(c, &settings));
    let mut keys: Vec<String> = ended.map(crm::mapping::call_key).collect();
    keys.sort();
    keys
}

/// Every announced recording has an outcome, those that are there are stored; gives one.
async fn recordings_are_settled(lake: &Lake) -> Recording {
    until("an outcome for each recording", PATIENCE, || async {
        let rows = lake.recordings(&Filter::default()).await.map_err(|e| e.to_string())?;
        let count = |state| rows.iter().filter(|r| r.state == state).count();
        let stand = (count(RecordingState::Recorded), count(RecordingState::Empty), count(RecordingState::Missing));
        if stand == (24, 1, 354) && rows.len() == 379 { Ok(()) } else { Err(format!("{stand:?} of {}", rows.len())) }
    })
    .await;
    let rows = lake.recordings(&Filter::default()).await.expect("recordings");
    let stored = rows.into_iter().find(|r| r.state == RecordingState::Recorded).expect("a stored one");
    assert!(stored.sha256.is_some() && stored.bytes.is_some_and(|b| b > 44), "{stored:?}");
    stored
}

async fn health(address: &str) {
    let get = |path: &str, token: &str| {
        let request = reqwest::Client::new().get(format!("{address}{path}")).bearer_auth(token.to_owned());
        async move {
            let response = request.send().await.expect("an answer");
            (response.status().as_u16(), response.text().await.expect("text"))
        }
    };
    assert_eq!(get("/healthz", "").await.0, 200);
    assert_eq!(get("/readyz", "").await, (200, "ready\n".to_owned()));
    assert_eq!(get("/metrics", "").await.0, 401);
    assert_eq!(get("/metrics", rig::COMPLIANCE).await.0, 403);
    // Gauges of recordings stand as at the last look, a few seconds ago.
    let looked = "ringledger_recordings{switch=\"pbx1\",state=\"recorded\"} 24";
    until("a look at the recordings", PATIENCE, || async {
        let (status, text) = get("/metrics", rig::METRICS).await;
        if status == 200 && text.contains(looked) { Ok(()) } else { Err(text) }
    })
    .await;
    let (_, text) = get("/metrics", rig::METRICS).await;
    for line in [
        "ringledger_source_connected{switch=\"pbx1\",dialect=\"asterisk.ami\"} 1",
        "# TYPE ringledger_records_folded counter",
        "ringledger_crm_rows_parked_total{target=\"salesforce\"} 0",
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
    assert!(text.ends_with("# EOF\n"), "{text}");
}

async fn hearing(address: &str, recording: &Recording) {
    let link = format!("{address}/r/{}", recording.recording_id);
    let client = reqwest::Client::new();
    let ask = |token: Option<&str>, query: &str, range: Option<&str>| {
        let mut request = client.get(format!("{link}{query}"));
        request = token.into_iter().fold(request, |r, t| r.bearer_auth(t));
        request = range.into_iter().fold(request, |r, h| r.header("range", h));
        async move { request.send().await.expect("an answer") }
    };
    assert_eq!(ask(None, "?reason=a+complaint", None).await.status(), 401);
    assert_eq!(ask(Some("no-such-token-0123"), "?reason=a+complaint", None).await.status(), 401);
    assert_eq!(ask(Some(rig::OPERATIONS), "?reason=a+complaint", None).await.status(), 403);
    assert_eq!(ask(Some(rig::COMPLIANCE), "", None).await.status(), 400);
    let whole = ask(Some(rig::COMPLIANCE), "?reason=a+complaint", None).await;
    assert_eq!(whole.status(), 200);
    let whole = whole.bytes().await.expect("bytes");
    let name = recording.source.as_deref().and_then(|s| s.rsplit('/').next()).expect("where it came from");
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/asterisk-a/recordings").join(name);
    assert_eq!(whole, std::fs::read(file).expect("the switch's file"));
    let part = ask(Some(rig::COMPLIANCE), "?reason=a+complaint", Some("bytes=10-19")).await;
    assert_eq!(part.status(), 206);
    assert_eq!(part.headers()["content-range"], format!("bytes 10-19/{}", whole.len()));
    assert_eq!(part.bytes().await.expect("bytes"), whole.slice(10..20));
}

/// One access is in the log: who, what, why. (Refused ones are not, and a player's further
/// requests are the same access.)
async fn accesses(kafka: &Kafka, recording: &Recording) {
    let config = KafkaConfig { brokers: kafka.brokers(), settings: Default::default() };
    let log = KafkaLog::connect(&config).await.expect("a connection");
    let partition = log.partition_of(model::TOPIC_EVENTS, b"pbx1").await.expect("a partition");
    let high = log.watermarks(model::TOPIC_EVENTS, partition).await.expect("marks").high;
    let (mut at, mut found) = (0, Vec::new());
    while at < high {
        let records = log.read(model::TOPIC_EVENTS, partition, at, 10_000, 32 << 20, PATIENCE).await.expect("records");
        at = records.last().expect("a record below the end").offset + 1;
        for record in records {
            let envelope = record.envelope().expect("an event");
            if envelope.source == "/ringledger/console" {
                found.push(serde_json::from_slice::<Act>(&envelope.data).expect("an act"));
            }
        }
    }
    let wanted = Act::AccessGranted {
        recording_id: recording.recording_id.clone(),
        who: "ann".into(),
        reason: "a complaint".into(),
    };
    assert_eq!(format!("{found:?}"), format!("{:?}", [wanted]));
}

/// SIGTERM: it ends well and in time, logs off, and what it took in stands in the tables.
async fn drains(running: &mut Process, switch: &Switch, lake: &Lake, wanted: &str) {
    let status = running.terminate(rig::DRAINS);
    assert!(status.success(), "{status:?}\n{}", running.said());
    assert_eq!(switch.logins(), (2, 0), "one by `check`, one by `run`");
    assert_eq!(figures::reports(lake).await.expect("reports"), wanted);
    let said = running.said();
    assert!(!said.contains("ERROR") && !said.contains(tests::switch::SECRET), "{said}");
    let events = lake.events(&Filter::default()).await.expect("events");
    assert!(events.iter().any(|e| e.details.contains("AccessGranted") || e.details.contains("access_granted")));
}
