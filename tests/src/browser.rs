//! Pages in a real browser: Chromium (Debian's package) driven by scripts of
//! `tests/browser/` in Node; what they need is installed by `cargo xtask test`.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::Value;

/// Where Node finds the browser's driver.
///
/// # Panics
/// Where driver or browser is missing: says what installs it.
pub fn parts() -> PathBuf {
    let parts = Path::new(env!("CARGO_MANIFEST_DIR")).join("real/node/node_modules");
    let driver = parts.join("playwright-core");
    assert!(driver.exists(), "{} is missing: run `cargo xtask test`, which installs it", driver.display());
    let chromium = Path::new("/usr/bin/chromium");
    assert!(chromium.exists(), "{} is missing: install the Debian package chromium", chromium.display());
    parts
}

/// Where pictures go: kept where somebody wants to look at them, else below `folder`.
pub fn pictures(folder: &Path) -> PathBuf {
    std::env::var_os("RINGLEDGER_PICTURES").map_or_else(|| folder.join("pictures"), PathBuf::from)
}

fn node(name: &str, given: &Value) -> Command {
    let mut node = Command::new("node");
    node.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("browser").join(name)).arg(given.to_string());
    node
}

/// Runs a script to its end; what it printed.
///
/// # Panics
/// Where it fails: shows what it said.
pub fn script(name: &str, given: &Value) -> String {
    let output = node(name, given).output().unwrap_or_else(|e| panic!("node: {e}; install the Debian package nodejs"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name}:\n{said}");
    String::from_utf8(output.stdout).expect("UTF-8").trim().to_owned()
}

/// A script that the test talks with, a line of JSON each way in turn.
pub struct Story {
    name: String,
    node: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
}

impl Story {
    /// Starts it.
    ///
    /// # Panics
    /// Where Node does not start.
    pub fn start(name: &str, given: &Value) -> Self {
        let started = node(name, given).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut node = started.unwrap_or_else(|e| panic!("node: {e}; install the Debian package nodejs"));
        let to = node.stdin.take().expect("its input");
        let from = BufReader::new(node.stdout.take().expect("its output"));
        Self { name: name.to_owned(), node, to, from }
    }

    /// The next line that it says.
    ///
    /// # Panics
    /// Where it ended instead: what went wrong stands on the standard error of the test.
    pub fn hear(&mut self) -> Value {
        let mut line = String::new();
        let read = self.from.read_line(&mut line).expect("a line");
        assert!(read > 0, "{} ended: {:?}", self.name, self.node.wait());
        serde_json::from_str(&line).unwrap_or_else(|e| panic!("{}: {line}: {e}", self.name))
    }

    /// Says a line to it.
    ///
    /// # Panics
    /// Where it does not listen any more.
    pub fn say(&mut self, line: &Value) {
        writeln!(self.to, "{line}").and_then(|()| self.to.flush()).unwrap_or_else(|e| panic!("{}: {e}", self.name));
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// Where it failed.
    pub fn end(mut self) {
        drop(self.to);
        let status = self.node.wait().expect("its end");
        assert!(status.success(), "{} failed: {status:?}", self.name);
    }
}
