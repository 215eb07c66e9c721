//! `ringledger import` of the whole capture with everything on: embedded log, tables,
//! recordings. The command itself is timed, as a user would start it.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::Failure;
use crate::capture;
use crate::child;
use crate::told::Told;

/// Imports, each into a fresh folder.
const RUNS: usize = 3;

/// Times it.
///
/// # Errors
/// The command is not built, or it failed.
pub fn import() -> Result<Told, Failure> {
    let command = child::ringledger()?;
    let mut told = Told::default();
    for run in 1..=RUNS {
        told.figure(&format!("import_s_run_{run}"), one(&command)?);
    }
    Ok(told)
}

fn one(command: &Path) -> Result<f64, Failure> {
    let folder = tempfile::tempdir()?;
    let capture = capture::folder();
    let begun = Instant::now();
    let status = Command::new(command)
        .args(["import", "--switch", "pbx", "--dialect", "asterisk.ami", "--data-dir"])
        .arg(folder.path().join("data"))
        .arg("--recordings")
        .arg(capture.join("recordings"))
        .arg("--roster")
        .arg(capture.join("roster.json"))
        .arg(capture.join("ami-events.raw.zst"))
        .stdout(Stdio::null())
        .status()?;
    let seconds = begun.elapsed().as_secs_f64();
    if !status.success() {
        return Err(format!("the import failed ({status})").into());
    }
    Ok(seconds)
}
