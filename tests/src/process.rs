//! The program itself as a process of the tests.
//!
//! Contract: built once by the cargo that runs the tests, in their profile; what it says
//! on standard error goes into a file that a failing test shows; killed when dropped.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// The built program.
///
/// # Panics
/// Where it cannot be built.
pub fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let test = std::env::current_exe().expect("the path of this test");
        let folder = test.parent().and_then(Path::parent).expect("the folder of the build").to_owned();
        let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
        let mut build = Command::new(cargo);
        // With the features of a build of the whole workspace, which `cargo xtask test` has made
        // already: by itself it would want half of the dependencies once more.
        let args = ["build", "--quiet", "--workspace", "--all-features", "--bin", "ringledger"];
        build.args(args).current_dir(env!("CARGO_MANIFEST_DIR"));
        // What cargo tells a test of its package would be news to build scripts (ring's), and
        // everything above them would be built anew, now and at the next `cargo test`.
        let told = |name: &str| {
            ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_CRATE_", "CARGO_BIN_"].iter().any(|p| name.starts_with(p))
        };
        for (name, _) in std::env::vars().filter(|(name, _)| told(name)) {
            build.env_remove(name);
        }
        if folder.ends_with("release") {
            build.arg("--release");
        }
        assert!(build.status().expect("cargo runs").success(), "ringledger is built");
        folder.join("ringledger")
    })
}

/// A command of the program with these environment variables and nothing of ours that
/// would change it.
pub fn command(environment: &[(String, String)]) -> Command {
    let mut command = Command::new(program());
    command.env_remove("RUST_LOG").env_remove("RINGLEDGER_DATA_DIR").envs(environment.iter().cloned());
    command
}

/// Runs a command to its end; what it printed.
///
/// # Panics
/// Where it fails: shows what it said.
pub fn succeed(environment: &[(String, String)], arguments: &[&str]) -> String {
    let output = run(environment, arguments);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "ringledger {arguments:?} failed ({:?}):\n{said}", output.status.code());
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// Runs a command to its end.
///
/// # Panics
/// Where it cannot be started.
pub fn run(environment: &[(String, String)], arguments: &[&str]) -> Output {
    command(environment).args(arguments).output().expect("the program starts")
}

/// A running program.
pub struct Process {
    child: Child,
    log: PathBuf,
    ended: Option<ExitStatus>,
    killed: bool,
}

impl Process {
    /// Starts it; `log` takes its standard error (appended).
    ///
    /// # Panics
    /// Where it cannot be started.
    pub fn start(environment: &[(String, String)], arguments: &[&str], log: &Path) -> Self {
        Self::spawn(environment, arguments, log, Stdio::null())
    }

    /// As `start`; `log` takes its standard output as well.
    ///
    /// # Panics
    /// Where it cannot be started.
    pub fn start_heard(environment: &[(String, String)], arguments: &[&str], log: &Path) -> Self {
        Self::spawn(environment, arguments, log, appended(log).into())
    }

    fn spawn(environment: &[(String, String)], arguments: &[&str], log: &Path, output: Stdio) -> Self {
        let child = command(environment)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(appended(log))
            .spawn()
            .expect("the program starts");
        Self { child, log: log.to_owned(), ended: None, killed: false }
    }

    /// All that it said so far.
    pub fn said(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Waits for a line with `mark`; gives what stands behind the mark in the last such line.
    ///
    /// # Panics
    /// Where it ends before, or does not say it in time: shows what it said.
    pub fn wait_for(&mut self, mark: &str, patience: Duration) -> String {
        let begun = Instant::now();
        loop {
            let said = self.said();
            if let Some(line) = said.lines().rev().find_map(|l| Some(l.split_once(mark)?.1.to_owned())) {
                return line;
            }
            let ended = self.child.try_wait().expect("its state");
            assert!(ended.is_none() && begun.elapsed() < patience, "no '{mark}' ({ended:?}):\n{said}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Whether it still runs.
    pub fn runs(&mut self) -> bool {
        self.ended.is_none() && self.child.try_wait().expect("its state").is_none()
    }

    /// Whether `kill9` ended it.
    pub fn killed(&self) -> bool {
        self.killed
    }

    /// It hangs until `resume`.
    ///
    /// # Panics
    /// Where the system refuses.
    pub fn pause(&self) {
        signal(self.child.id(), "STOP");
    }

    /// It goes on after `pause`.
    ///
    /// # Panics
    /// Where the system refuses.
    pub fn resume(&self) {
        signal(self.child.id(), "CONT");
    }

    /// Most memory that it had so far, in bytes, where the system tells.
    pub fn most_memory(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"))?;
        line.trim().split(' ').next()?.parse::<u64>().ok().map(|kib| kib * 1024)
    }

    /// Ends it as a power cut would.
    pub fn kill9(&mut self) {
        self.child.kill().expect("SIGKILL");
        self.killed = true;
        self.ended = Some(self.child.wait().expect("its end"));
    }

    /// Asks it to end (SIGTERM).
    ///
    /// # Panics
    /// Where it does not end within `patience`: shows what it said.
    pub fn terminate(&mut self, patience: Duration) -> ExitStatus {
        signal(self.child.id(), "TERM");
        self.wait(patience)
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// Where it does not end within `patience`: shows what it said.
    pub fn wait(&mut self, patience: Duration) -> ExitStatus {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("its state") {
                self.ended = Some(status);
                return status;
            }
            assert!(begun.elapsed() < patience, "it does not end:\n{}", self.said());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Sends a signal.
pub(crate) fn signal(process: u32, name: &str) {
    let sent = Command::new("kill").args([format!("-{name}"), process.to_string()]).status().expect("kill");
    assert!(sent.success(), "SIG{name}");
}

fn appended(log: &Path) -> File {
    OpenOptions::new().create(true).append(true).open(log).expect("a file for its log")
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.ended.is_none() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
        if std::thread::panicking() {
            eprintln!("--- {}:\n{}", self.log.display(), self.said());
        }
    }
}
