//! A real Prometheus for the tests: Debian's package, with the example of
//! `deploy/prometheus` as its configuration.
//!
//! Contract: listens on a free port of 127.0.0.1; asks every second instead of every 15,
//! and alerts wait a second instead of minutes; gone when dropped. A missing program ends
//! the test with what to install: nothing is skipped.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::rig::until;

/// The folder of the configuration.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/prometheus")
}

/// A file of the folder.
///
/// # Panics
/// Where it cannot be read.
pub fn file(name: &str) -> String {
    std::fs::read_to_string(folder().join(name)).unwrap_or_else(|e| panic!("deploy/prometheus/{name}: {e}"))
}

fn installed(program: &str) -> PathBuf {
    let path = Path::new("/usr/bin").join(program);
    assert!(path.exists(), "{} is missing: install the Debian package prometheus", path.display());
    path
}

/// Runs `promtool` in a folder.
///
/// # Panics
/// Where it is not installed, or does not start.
pub fn promtool(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(installed("promtool")).args(arguments).current_dir(folder).output().expect("promtool starts")
}

/// A running Prometheus.
pub struct Prometheus {
    dir: tempfile::TempDir,
    address: String,
    child: Child,
}

impl Prometheus {
    /// Starts one that asks `target` (`host:port`) with `token`; the alerts are those of
    /// `alerts.yml` with each of `changes` (what stands there, what shall) made.
    ///
    /// # Panics
    /// Where it is not installed, does not start, or a change finds nothing to change.
    pub async fn start(target: &str, token: &str, changes: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().expect("a folder for Prometheus");
        let [port] = crate::ports::free(1)[..] else { unreachable!("one port") };
        let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).expect("a file");
        let config = [("15s", "1s"), ("127.0.0.1:8080", target)];
        write("prometheus.yml", &changed(file("prometheus.yml"), &config));
        write("alerts.yml", &quick(&changed(file("alerts.yml"), changes)));
        write("metrics-token", token);
        let log = File::create(dir.path().join("log")).expect("a file for its log");
        let child = Command::new(installed("prometheus"))
            .arg(format!("--config.file={}", dir.path().join("prometheus.yml").display()))
            .arg(format!("--storage.tsdb.path={}", dir.path().join("data").display()))
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("Prometheus starts");
        let prometheus = Self { dir, address: format!("http://127.0.0.1:{port}"), child };
        until("Prometheus is ready", Duration::from_secs(60), || async {
            let answer = reqwest::get(format!("{}/-/ready", prometheus.address)).await.map_err(|e| e.to_string())?;
            if answer.status().is_success() { Ok(()) } else { Err(answer.status().to_string()) }
        })
        .await;
        prometheus
    }

    /// Asks: each series' labels and value.
    ///
    /// # Errors
    /// No answer, or none that is a vector.
    pub async fn query(&self, expression: &str) -> Result<Vec<(Value, f64)>, String> {
        let mut url = reqwest::Url::parse(&format!("{}/api/v1/query", self.address)).map_err(|e| e.to_string())?;
        url.query_pairs_mut().append_pair("query", expression);
        let text = reqwest::get(url).await.map_err(|e| e.to_string())?.text().await.map_err(|e| e.to_string())?;
        let answer: Value = serde_json::from_str(&text).map_err(|e| format!("{e}: {text}"))?;
        let series = answer["data"]["result"].as_array().ok_or(text)?;
        let value = |s: &Value| s["value"][1].as_str().and_then(|v| v.parse().ok()).unwrap_or(f64::NAN);
        Ok(series.iter().map(|s| (s["metric"].clone(), value(s))).collect())
    }

    /// Names of the alerts that fire.
    ///
    /// # Errors
    /// As [`Prometheus::query`].
    pub async fn firing(&self) -> Result<Vec<String>, String> {
        let series = self.query("count by (alertname) (ALERTS{alertstate=\"firing\"})").await?;
        Ok(series.iter().filter_map(|(labels, _)| labels["alertname"].as_str().map(str::to_owned)).collect())
    }
}

/// Each change made; every one must find its place.
fn changed(text: String, changes: &[(&str, &str)]) -> String {
    changes.iter().fold(text, |text, (from, to)| {
        assert!(text.contains(from), "'{from}' is not in\n{text}");
        text.replace(from, to)
    })
}

/// Alerts wait a second.
fn quick(rules: &str) -> String {
    let line = |l: &str| if l.trim_start().starts_with("for: ") { "        for: 1s".to_owned() } else { l.to_owned() };
    rules.lines().map(line).collect::<Vec<_>>().join("\n") + "\n"
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("--- Prometheus:\n{}", std::fs::read_to_string(self.dir.path().join("log")).unwrap_or_default());
        }
    }
}
