//! Runs a script of `tests/readers` in the tests' own Python environment.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

fn interpreter() -> PathBuf {
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("real/venv/bin/python");
    assert!(python.is_file(), "the readers are not installed ({}): run `cargo xtask setup`", python.display());
    python
}

/// What the script prints, as JSON.
pub fn run<P: AsRef<Path>>(script: &str, arguments: &[P]) -> Value {
    run_with(script, arguments, &[])
}

/// The same with an environment.
pub fn run_with<P: AsRef<Path>>(script: &str, arguments: &[P], environment: &[(String, String)]) -> Value {
    let output = Command::new(interpreter())
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("readers").join(script))
        .args(arguments.iter().map(|a| a.as_ref()))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .envs(environment.iter().cloned())
        .output()
        .expect("Python starts");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{script}: {text}\n{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{script} printed no JSON ({e}): {text}"))
}
