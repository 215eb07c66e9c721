//! What the tests of `run` share: pipeline files, tokens, the sandbox as a process, and
//! waiting with an end.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::process::Process;
use crate::s3::S3;

/// Secrets of the tokens file, by role.
pub const COMPLIANCE: &str = "compliance-0123456789";
/// See [`COMPLIANCE`].
pub const OPERATIONS: &str = "operations-0123456789";
/// See [`COMPLIANCE`].
pub const ADAPTER: &str = "adapter-0123456789abc";
/// See [`COMPLIANCE`].
pub const METRICS: &str = "metrics-0123456789abc";
/// See [`COMPLIANCE`].
pub const ADMINISTRATOR: &str = "administrator-0123456789";
/// The sandbox's client secret.
pub const SANDBOX_SECRET: &str = "a-sandbox-secret-0123";

/// A folder with what pipelines of one test need.
pub struct Rig {
    dir: tempfile::TempDir,
    environment: Vec<(String, String)>,
}

impl Rig {
    /// An empty folder with a tokens file.
    ///
    /// # Panics
    /// Where the folder cannot be written.
    pub fn new() -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let tokens = format!(
            "ann compliance {COMPLIANCE}\nola operations {OPERATIONS}\nada adapter {ADAPTER}\nmeg metrics {METRICS}\n\
             root administrator {ADMINISTRATOR}\n"
        );
        std::fs::write(dir.path().join("tokens"), tokens).expect("the tokens");
        let environment = vec![
            ("RINGLEDGER_SANDBOX_SECRET".to_owned(), SANDBOX_SECRET.to_owned()),
            ("SWITCH_SECRET".to_owned(), crate::switch::SECRET.to_owned()),
        ];
        Self { dir, environment }
    }

    /// A path in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The same as text.
    pub fn shown(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    /// Sets a variable for every process started from now on.
    pub fn set(&mut self, name: &str, value: &str) {
        self.environment.retain(|(n, _)| n != name);
        self.environment.push((name.to_owned(), value.to_owned()));
    }

    /// The S3 server's keys in every process started from now on.
    pub fn use_keys_of(&mut self, s3: &S3) {
        self.set("AWS_ACCESS_KEY_ID", s3.key());
        self.set("AWS_SECRET_ACCESS_KEY", s3.secret());
    }

    /// The variables.
    pub fn environment(&self) -> &[(String, String)] {
        &self.environment
    }

    /// Writes a pipeline file.
    ///
    /// # Panics
    /// Where it cannot be written.
    pub fn pipeline(&self, name: &str, parts: &[String]) -> String {
        let path = self.path(&format!("{name}.toml"));
        std::fs::write(&path, parts.join("\n")).expect("a pipeline file");
        path.display().to_string()
    }

    /// Starts `run` with a pipeline file and a data directory; its log is `NAME.log`.
    pub fn run(&self, name: &str, pipeline: &str, data: &str) -> Process {
        let arguments = ["-v", "run", pipeline, "--data-dir", &self.shown(data)];
        Process::start(&self.environment, &arguments, &self.path(&format!("{name}.log")))
    }

    /// Starts the sandbox; gives its address (`http://…`).
    ///
    /// # Panics
    /// Where it does not start.
    pub fn sandbox(&self) -> (Process, String) {
        let arguments = ["crm-sandbox", "--listen", "127.0.0.1:0"];
        let mut sandbox = Process::start(&self.environment, &arguments, &self.path("sandbox.log"));
        let line = sandbox.wait_for("crm sandbox: ", Duration::from_secs(120));
        let address = line.split('/').take(3).collect::<Vec<_>>().join("/");
        (sandbox, address)
    }
}

impl Default for Rig {
    fn default() -> Self {
        Self::new()
    }
}

/// `[kafka]`.
pub fn kafka(brokers: &str) -> String {
    format!("[kafka]\nbrokers = \"{brokers}\"\nsettings = {{ \"session.timeout.ms\" = \"6000\" }}\n")
}

/// `[lake]`, `[state]` and `[vault]` on an S3 server, below `prefix`.
pub fn stores(s3: &S3, prefix: &str) -> String {
    let one = |name: &str| {
        format!(
            "[{name}]\nurl = \"{}/{prefix}/{name}\"\noptions = {{ endpoint = \"{}\", region = \"us-east-1\", \
             allow_http = \"true\" }}\n",
            s3.url(),
            s3.endpoint()
        )
    };
    [one("lake"), one("state"), one("vault")].concat()
}

/// `[[source]]` for a replaying switch.
pub fn source(switch: &str, port: u16) -> String {
    format!(
        "[[source]]\ndialect = \"asterisk.ami\"\nswitch = \"{switch}\"\nhost = \"127.0.0.1\"\nport = {port}\n\
         username = \"{}\"\nsecret = {{ env = \"SWITCH_SECRET\" }}\n",
        crate::switch::USER
    )
}

/// `[switch.NAME]` with the capture's roster and, where wanted, its recordings.
pub fn switch(name: &str, recordings: bool) -> String {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/asterisk-a");
    let roster = format!("[switch.{name}]\nroster = \"{}\"\n", data.join("roster.json").display());
    let folder = data.join("recordings");
    if !recordings {
        return roster;
    }
    format!("{roster}recordings = {{ folder = \"{}\" }}\n", folder.display())
}

/// `[crm.salesforce]` for the sandbox at `url`.
pub fn salesforce(url: &str) -> String {
    salesforce_with(url, "")
}

/// The same with further settings, a line each.
pub fn salesforce_with(url: &str, more: &str) -> String {
    format!(
        "[crm.salesforce]\nlogin_url = \"{url}\"\nauth = {{ kind = \"client_credentials\", client_id = \
         \"ringledger-sandbox\", client_secret = {{ env = \"RINGLEDGER_SANDBOX_SECRET\" }} }}\nbackoff_ms = 50\n\
         backoff_most_ms = 500\n{more}[crm.salesforce.mapping]\nsettle_ms = 500\n"
    )
}

/// `[http]` on a free port, and quick flushes.
pub fn http(rig: &Rig) -> String {
    format!("[http]\nlisten = \"127.0.0.1:0\"\ntokens_file = \"{}\"\n", rig.shown("tokens"))
}

/// How long a process may take to end: its drain's limit and some.
pub const DRAINS: Duration = Duration::from_secs(90);

/// `[limits]` for tests. The capture was made on a certain day: with the usual late horizon
/// its events would be too late from the next day on, since acts of today stand beside them.
pub fn limits() -> String {
    format!("[limits]\nflush_ms = 500\ndrain_seconds = 60\n{LATE_HORIZON}")
}

/// A late horizon that takes in captures of any age.
pub const LATE_HORIZON: &str = "late_horizon_hours = 876000\n";

/// `stages = […]`: the first part of a file.
pub fn stages(names: &[&str]) -> String {
    format!("stages = {names:?}\n")
}

/// `/readyz`: the status and what it says.
///
/// # Errors
/// No answer.
pub async fn ready(address: &str) -> Result<(u16, String), String> {
    let answer = reqwest::get(format!("{address}/readyz")).await.map_err(|e| e.to_string())?;
    Ok((answer.status().as_u16(), answer.text().await.map_err(|e| e.to_string())?))
}

/// Waits until `/readyz` says that everything is up.
///
/// # Panics
/// Where it does not within `patience`.
pub async fn until_ready(address: &str, patience: Duration) {
    until("ready", patience, || async {
        match ready(address).await? {
            (200, _) => Ok(()),
            (_, text) => Err(text),
        }
    })
    .await;
}

/// The sum over all lines of `/metrics` that begin with `name`.
///
/// # Errors
/// No answer.
pub async fn metric(address: &str, name: &str) -> Result<f64, String> {
    let request = reqwest::Client::new().get(format!("{address}/metrics")).bearer_auth(METRICS);
    let text = request.send().await.map_err(|e| e.to_string())?.text().await.map_err(|e| e.to_string())?;
    let values = text.lines().filter(|l| l.starts_with(name)).filter_map(|l| l.rsplit(' ').next()?.parse::<f64>().ok());
    Ok(values.sum())
}

/// Waits until a metric (see [`metric`]) has at least this value.
///
/// # Panics
/// Where it does not within `patience`.
pub async fn until_metric(address: &str, name: &str, least: f64, patience: Duration) {
    until(&format!("{name} of {least}"), patience, || async {
        let value = metric(address, name).await?;
        if value >= least { Ok(()) } else { Err(value.to_string()) }
    })
    .await;
}

/// Asks again and again until it is so.
///
/// # Panics
/// Where it is not so within `patience`: says what was wanted and how it stood last.
pub async fn until<F, S>(what: &str, patience: Duration, mut ask: impl FnMut() -> F)
where
    F: Future<Output = Result<(), S>>,
    S: std::fmt::Display,
{
    let begun = Instant::now();
    loop {
        match ask().await {
            Ok(()) => return,
            Err(stand) if begun.elapsed() > patience => panic!("not within {patience:?}: {what}; it stands at {stand}"),
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}
