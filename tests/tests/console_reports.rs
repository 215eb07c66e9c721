//! The console's reports over the bundled capture: its API gives the command line's rows,
//! its exports are read by clients that we did not write, and every figure leads to visits.
#![cfg(feature = "real-parts")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::Value;
use tests::process::{Process, succeed};
use tests::rig::{self, ADAPTER, COMPLIANCE, Rig};

const PATIENCE: Duration = Duration::from_secs(180);

fn tests_folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn data(name: &str) -> String {
    tests_folder().join("data/asterisk-a").join(name).display().to_string()
}

/// A console over an import of the capture's manager stream.
struct Console {
    rig: Rig,
    address: String,
    client: reqwest::Client,
    _running: Process,
}

struct Answer {
    status: u16,
    headers: reqwest::header::HeaderMap,
    body: Vec<u8>,
}

impl Answer {
    fn text(&self) -> String {
        String::from_utf8(self.body.clone()).expect("text")
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.text()))
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default()
    }
}

impl Console {
    async fn start() -> Self {
        let rig = Rig::new();
        let (folder, roster, stream) = (rig.shown("data"), data("roster.json"), data("ami-events.raw.zst"));
        let import = ["import", "--data-dir", &folder, "--switch", "pbx1", "--dialect", "asterisk.ami"];
        succeed(rig.environment(), &[&import[..], &["--roster", &roster, &stream]].concat());
        // (A source has to be there; nothing comes of it.)
        std::fs::write(rig.path("queue_log"), "").expect("written");
        let source = format!(
            "[[source]]\ndialect = \"asterisk.queue_log\"\nswitch = \"pbx1\"\npath = \"{}\"\n",
            rig.shown("queue_log")
        );
        let pipeline = rig.pipeline("local", &[source, rig::switch("pbx1", false), rig::http(&rig), rig::limits()]);
        let mut running = rig.run("run", &pipeline, "data");
        let address = running.wait_for("listening on http://", PATIENCE).trim().to_owned();
        rig::until_ready(&format!("http://{address}"), PATIENCE).await;
        Self { rig, address, client: reqwest::Client::new(), _running: running }
    }

    async fn ask(&self, path: &str, secret: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = self.client.get(format!("http://{}{path}", self.address)).bearer_auth(secret);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.send().await.expect("an answer");
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Answer { status, headers, body: response.bytes().await.expect("a body").to_vec() }
    }

    async fn get(&self, path: &str) -> Answer {
        let answer = self.ask(path, COMPLIANCE, &[]).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        answer
    }

    /// What the command line's report says.
    fn report(&self, arguments: &[&str]) -> String {
        let folder = self.rig.shown("data");
        succeed(self.rig.environment(), &[&["report"][..], arguments, &["--data-dir", &folder]].concat())
    }
}

/// Questions to both: the report, the API's words, the command line's arguments.
const QUESTIONS: &[(&str, &str, &[&str])] = &[
    ("queues", "", &["queues"]),
    (
        "queues",
        "interval=15m&tz=Europe/Berlin&service_level=switch&short_abandon=2s&total=true",
        &[
            "queues",
            "--interval",
            "15m",
            "--tz",
            "Europe/Berlin",
            "--service-level",
            "switch",
            "--short-abandon",
            "2s",
            "--total",
        ],
    ),
    ("queues", "attribution=event-time&interval=1h", &["queues", "--attribution", "event-time", "--interval", "1h"]),
    (
        "queues",
        "exclude_consults=true&observed_waits=true&queue=sales",
        &["queues", "--exclude-consults", "--observed-waits", "--queue", "sales"],
    ),
    ("agents", "interval=30m", &["agents", "--interval", "30m"]),
    ("agents", "by=queue", &["agents", "--by", "queue"]),
    ("contacts", "interval=15m", &["contacts", "--interval", "15m"]),
    ("lost", "", &["contacts", "--lost"]),
];

#[tokio::test(flavor = "multi_thread")]
async fn the_api_gives_the_command_lines_reports_row_for_row() {
    let console = Console::start().await;
    for &(report, words, arguments) in QUESTIONS {
        let path = format!("/api/v1/reports/{report}?{words}");
        let wanted: Value =
            serde_json::from_str(&console.report(&[arguments, &["--format", "json"]].concat())).expect("rows");
        let answer = console.get(&path).await.json();
        assert_eq!(answer["rows"], wanted, "{path}");
        assert!(!wanted.as_array().expect("an array").is_empty(), "{path} has rows to compare");
        let csv = console.get(&format!("{path}&format=csv")).await;
        assert_eq!(csv.text(), console.report(&[arguments, &["--format", "csv"]].concat()), "{path}");
        assert!(csv.header("content-disposition").contains(&format!("ringledger-{report}")), "{:?}", csv.headers);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_are_tagged_refused_and_kept_from_others() {
    let console = Console::start().await;
    let path = "/api/v1/reports/queues?interval=1h";
    let first = console.get(path).await;
    let again = console.ask(path, COMPLIANCE, &[("if-none-match", first.header("etag"))]).await;
    assert_eq!((again.status, again.body.len()), (304, 0));
    assert_eq!(console.ask(path, ADAPTER, &[]).await.status, 403);
    assert_eq!(console.ask(path, "no token at all", &[]).await.status, 401);
    for (words, name) in [
        ("interval=20m", "interval"),
        ("tz=Mars/Base", "tz"),
        ("from=yesterday", "from"),
        ("from=2026-11-23T00:00:00Z&to=2026-11-22T00:00:00Z", "to"),
        ("interval=15m&from=2020-01-01T00:00:00Z&to=2026-01-01T00:00:00Z", "interval"),
        ("range=tomorrow", "range"),
        ("service_level=20d", "service_level"),
        ("formula=best", "formula"),
        ("colour=red", "query"),
        ("format=pdf", "format"),
    ] {
        let refused = console.ask(&format!("/api/v1/reports/queues?{words}"), COMPLIANCE, &[]).await;
        assert_eq!((refused.status, refused.header("content-type")), (400, "application/problem+json"), "{words}");
        let detail = refused.json()["detail"].as_str().expect("a detail").to_owned();
        assert!(detail.starts_with(&format!("{name}: ")), "{words}: {detail}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_figure_leads_to_its_visits_page_by_page() {
    let console = Console::start().await;
    let report = console.get("/api/v1/reports/queues?interval=15m&service_level=switch").await.json();
    let mut compared = 0;
    for row in report["rows"].as_array().expect("rows") {
        for column in ["offered", "answered", "abandoned", "answered_in_sl"] {
            let words = format!(
                "center={}&queue={}&at={}&interval=15m&service_level=switch&column={column}&limit=7",
                row["center"].as_str().expect("a centre"),
                row["queue"].as_str().expect("a queue"),
                row["interval_start"].as_str().expect("an instant"),
            );
            let (mut visits, mut after) = (0, String::new());
            loop {
                let page = console.get(&format!("/api/v1/reports/visits?{words}{after}")).await.json();
                visits += page["rows"].as_array().expect("rows").len();
                let Some(next) = page["next"].as_str() else { break };
                after = format!("&after={}", next.replace('%', "%25"));
            }
            assert_eq!(Some(visits), row[column].as_u64().and_then(|n| n.try_into().ok()), "{words}");
            compared += visits;
        }
    }
    assert!(compared > 100, "{compared}");
}

fn python(script: &str, arguments: &[PathBuf]) -> Value {
    let interpreter = tests_folder().join("real/venv/bin/python");
    let script = tests_folder().join("readers").join(script);
    let output = Command::new(interpreter).arg(script).args(arguments).output().expect("Python starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// A value of the JSON report as a reader of the exports has it: instants as seconds.
fn plain(value: &Value) -> Value {
    let instant = value.as_str().filter(|t| t.ends_with('Z')).and_then(|t| model::Instant::parse_rfc3339(t).ok());
    instant.map_or_else(|| value.clone(), |at| Value::from(at.0 as f64 / 1e6))
}

fn alike(a: &Value, b: &Value) -> bool {
    match (a.as_f64(), b.as_f64()) {
        // Instants, which a workbook has to the millisecond.
        (Some(a), Some(b)) if a > 1e9 => (a - b).abs() <= 0.001,
        (Some(a), Some(b)) => (a - b).abs() <= 1e-9 * a.abs().max(1.0),
        _ => a == b,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn workbooks_and_parquet_are_read_by_others() {
    let console = Console::start().await;
    let path = "/api/v1/reports/queues?interval=15m&total=true";
    let report = console.get(path).await.json();
    let (book, file) = (console.rig.path("report.xlsx"), console.rig.path("report.parquet"));
    std::fs::write(&book, console.get(&format!("{path}&format=xlsx")).await.body).expect("written");
    std::fs::write(&file, console.get(&format!("{path}&format=parquet")).await.body).expect("written");
    let read = python("exports.py", &[book, file]);
    let rows = report["rows"].as_array().expect("rows");
    let names: Vec<&String> = rows[0].as_object().expect("a row").keys().collect();
    for kind in ["xlsx", "parquet"] {
        assert_eq!(read[kind]["names"], serde_json::json!(names), "{kind}");
        let found = read[kind]["rows"].as_array().expect("rows");
        assert_eq!(found.len(), rows.len(), "{kind}");
        for (row, found) in rows.iter().zip(found) {
            for (i, name) in names.iter().enumerate() {
                let wanted = plain(&row[name.as_str()]);
                assert!(alike(&wanted, &found[i]), "{kind}: {name} is {} and not {wanted}", found[i]);
            }
        }
    }
    let book = &read["xlsx"];
    assert_eq!((&book["frozen"], &book["sheets"]), (&"A2".into(), &serde_json::json!(["queues", "question"])));
    let formats = ["asa_ms", "service_level", "interval_start", "offered"].map(|n| &book["formats"][n]);
    assert_eq!(formats, ["[h]:mm:ss.000", "0.0%", "yyyy-mm-dd hh:mm:ss", "0"]);
    assert_eq!((&book["question"]["interval"], &book["question"]["tz"]), (&"15m".into(), &"UTC".into()));
    let types = ["asa_ms", "service_level", "queue"].map(|n| &read["parquet"]["types"][n]);
    assert_eq!(types, ["Int64", "Float64", "String"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_measured_hour_is_staffed() {
    let console = Console::start().await;
    let report = console.get("/api/v1/reports/queues").await.json();
    let row = &report["rows"][0];
    let (queue, center) = (row["queue"].as_str().expect("a queue"), row["center"].as_str().expect("a centre"));
    let staffing = console.get(&format!("/api/v1/staffing?center={center}&queue={queue}&target=90%25")).await.json();
    assert_eq!(staffing["arrivals"].as_f64(), row["offered"].as_f64());
    assert_eq!(staffing["aht_ms"].as_f64().map(|v| v as i64), row["aht_ms"].as_i64());
    let needed = staffing["erlang_c"]["agents"].as_u64().expect("a number");
    let chosen = staffing["rows"].as_array().expect("rows").iter().find(|r| r["agents"] == needed).expect("the row");
    assert!(chosen["erlang_c"]["service_level"].as_f64().expect("a level") >= 0.9);
    let missing = console.ask("/api/v1/staffing?arrivals=10", COMPLIANCE, &[]).await;
    assert!(missing.status == 400 && missing.text().contains("period: type it in"), "{}", missing.text());
}
