//! What `deploy/` offers to those who watch: `promtool` takes configuration, rules and
//! their unit tests; a real Prometheus asks a running `ringledger` that folds a switch's
//! stream, has an answer for every query of every dashboard, and fires alerts that can be
//! provoked.
#![cfg(feature = "real-parts")]

use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use tests::process::Process;
use tests::prometheus::{Prometheus, file, promtool};
use tests::rig::{self, Rig, until};
use tests::switch::{Switch, capture, later};

const PATIENCE: Duration = Duration::from_secs(180);
/// The capture's first event, and how long it lasts, seconds.
const CAPTURED: (f64, f64) = (1_795_326_271.0, 806.0);
/// Of 22 years: it takes in the capture whenever the test runs, and no event of the year 2000.
const HORIZON: &str = "late_horizon_hours = 200000\n";

/// What `promtool` says of a copy of the folder, in which the token of the example is.
fn judged(arguments: &[&str]) {
    let dir = tempfile::tempdir().expect("a folder");
    for name in ["prometheus.yml", "containers.yml", "alerts.yml", "tests.yml"] {
        std::fs::write(dir.path().join(name), file(name)).expect("a copy");
    }
    std::fs::write(dir.path().join("metrics-token"), "a-token").expect("a token");
    let output = promtool(dir.path(), arguments);
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && said.contains("SUCCESS"), "promtool {arguments:?}:\n{said}");
}

#[test]
fn promtool_takes_configuration_rules_and_their_tests() {
    judged(&["check", "config", "--lint=all", "--lint-fatal", "prometheus.yml"]);
    judged(&["check", "config", "--lint=all", "--lint-fatal", "containers.yml"]);
    judged(&["check", "rules", "--lint=all", "--lint-fatal", "alerts.yml"]);
    judged(&["test", "rules", "tests.yml"]);
}

/// `promtool` takes what a process writes (it knows Prometheus' older text format: the end
/// mark is left out).
async fn metrics_are_well_formed(address: &str) {
    let request = reqwest::Client::new().get(format!("http://{address}/metrics")).bearer_auth(rig::METRICS);
    let answer = request.send().await.expect("an answer");
    let kind = answer.headers()["content-type"].to_str().expect("text").to_owned();
    assert!(kind.starts_with("application/openmetrics-text; version=1.0.0"), "{kind}");
    let text = answer.text().await.expect("text");
    assert!(text.ends_with("# EOF\n"));
    for line in text.lines().filter(|l| l.starts_with("# TYPE ")) {
        assert!(line.starts_with("# TYPE ringledger_"), "{line}");
    }
    let dead = "ringledger_dead_letters_total{reason=\"undecodable\"} 0";
    assert!(text.contains(dead), "a reason that nothing had stands at 0:\n{text}");
}

/// Every query of the dashboards, with their variables filled in.
fn queries() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/grafana/dashboards");
    let mut queries = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the dashboards").flatten() {
        let text = std::fs::read_to_string(entry.path()).expect("a dashboard");
        let dashboard: Value = serde_json::from_str(&text).expect("JSON");
        let title = dashboard["title"].as_str().expect("a title");
        for panel in dashboard["panels"].as_array().expect("panels") {
            for target in panel["targets"].as_array().expect("targets") {
                let asked = target["expr"].as_str().expect("a query").replace("$queue", ".*");
                let asked = asked.replace("$__rate_interval", "1m");
                assert!(!asked.contains('$'), "{asked}");
                queries.push((format!("{title}: {}", panel["title"]), asked));
            }
        }
        for variable in dashboard["templating"]["list"].as_array().into_iter().flatten() {
            let Some(asked) = variable["query"]["query"].as_str() else { continue };
            let inside = asked.strip_prefix("label_values(").and_then(|q| q.split_once(',')).expect("label_values");
            queries.push((format!("{title}: variable {}", variable["name"]), inside.0.to_owned()));
        }
    }
    queries
}

async fn every_query_has_an_answer(prometheus: &Prometheus) {
    let queries = queries();
    assert!(queries.len() > 50, "{}", queries.len());
    for (place, query) in &queries {
        until(&format!("an answer to {place}: {query}"), PATIENCE, || async {
            let series = prometheus.query(query).await?;
            if series.iter().any(|(_, value)| value.is_finite()) { Ok(()) } else { Err(format!("{series:?}")) }
        })
        .await;
    }
}

async fn fires(prometheus: &Prometheus, alert: &str) {
    until(&format!("the alert {alert}"), PATIENCE, || async {
        let firing = prometheus.firing().await?;
        if firing.iter().any(|f| f == alert) { Ok(()) } else { Err(format!("{firing:?}")) }
    })
    .await;
}

/// The capture as if it was made today, so that today's figures have calls.
fn today() -> Vec<u8> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock").as_secs_f64();
    let midnight = now - now % 86_400.0;
    let begin = (now - CAPTURED.1).max(midnight);
    #[allow(clippy::cast_possible_truncation)] // seconds of this century
    later(&capture("ami-calls.raw.gz"), (begin - CAPTURED.0).round() as i64)
}

fn started(rig: &Rig, switch: &Switch, crm: &str) -> (Process, String) {
    let limits = format!("[limits]\nflush_ms = 500\ndrain_seconds = 60\n{HORIZON}");
    let pipeline = rig.pipeline(
        "watched",
        &[rig::source("pbx1", switch.port()), rig::switch("pbx1", true), rig::salesforce(crm), rig::http(rig), limits],
    );
    let mut running = rig.run("run", &pipeline, "data");
    let address = running.wait_for("listening on http://", PATIENCE);
    (running, address)
}

/// An adapter's event of the year 2000, of a contact that nobody knows.
async fn come_too_late(address: &str) {
    let event = json!({
        "specversion": "1.0", "id": "late-1", "source": "/adapter/desk", "type": "cti.adapter", "switch": "pbx1",
        "time": "2000-01-02T00:00:00Z",
        "data": { "type": "NoteSaved", "call_id": "946771200.0", "agent": "Ines", "text": "late" },
    });
    let request = reqwest::Client::new().post(format!("http://{address}/v1/events")).bearer_auth(rig::ADAPTER);
    let request = request.header("content-type", "application/cloudevents+json").body(event.to_string());
    assert_eq!(request.send().await.expect("an answer").status().as_u16(), 202);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_prometheus_asks_and_fires() {
    let rig = Rig::new();
    let (_sandbox, crm) = rig.sandbox();
    let switch = Switch::start(&today());
    let (mut running, address) = started(&rig, &switch, &crm);
    let quicker = [("silent_seconds:max > 600", "silent_seconds:max > 8")];
    let prometheus = Prometheus::start(&address, rig::METRICS, &quicker).await;
    switch.wait_played(PATIENCE);
    rig::until_metric(&format!("http://{address}"), "ringledger_crm_rows_written_total", 1.0, PATIENCE).await;
    rig::until_metric(&format!("http://{address}"), "ringledger_flush_duration_seconds_count", 1.0, PATIENCE).await;
    metrics_are_well_formed(&address).await;
    every_query_has_an_answer(&prometheus).await;
    let firing = prometheus.firing().await.expect("alerts");
    for quiet in ["RingledgerDown", "RingledgerSourceLost", "RingledgerDeadLetters", "RingledgerSignInRefused"] {
        assert!(!firing.iter().any(|f| f == quiet), "{firing:?}");
    }

    come_too_late(&address).await;
    fires(&prometheus, "RingledgerDeadLetters").await;
    for _ in 0..30 {
        let request = reqwest::Client::new().get(format!("http://{address}/metrics")).bearer_auth("a-wrong-token");
        assert_eq!(request.send().await.expect("an answer").status().as_u16(), 401);
    }
    fires(&prometheus, "RingledgerSignInRefused").await;
    // The whole stream was played: the switch is connected and says nothing.
    fires(&prometheus, "RingledgerSourceSilent").await;
    drop(switch);
    fires(&prometheus, "RingledgerSourceLost").await;
    fires(&prometheus, "RingledgerNotReady").await;
    running.kill9();
    fires(&prometheus, "RingledgerDown").await;
}
