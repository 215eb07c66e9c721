//! What is compared with, installed into `tests/real/peers`: a Java program with its jars,
//! and a Python environment. Versions are pinned beside the programs.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Failure;
use crate::child::done;

/// The programs that are compared with, as they lie in the repository.
pub fn sources() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/peers"))
}

fn installed() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../tests/real/peers"))
}

/// Class path of the Java program.
///
/// # Errors
/// It is not installed.
pub fn class_path() -> Result<String, Failure> {
    let folder = installed().join("kafka-streams");
    let jar = folder.join("build/kafka-streams-peer-1.jar");
    there(&jar)?;
    Ok(format!("{}:{}", jar.display(), folder.join("lib/*").display()))
}

/// A program of the Python environment.
///
/// # Errors
/// It is not installed.
pub fn python(name: &str) -> Result<PathBuf, Failure> {
    let path = installed().join("venv/bin").join(name);
    there(&path)?;
    Ok(path)
}

fn there(path: &Path) -> Result<(), Failure> {
    if path.is_file() {
        return Ok(());
    }
    Err(format!("{} is not there: cargo run --release -p bench -- setup", path.display()).into())
}

/// Installs both; run again, it brings them to what the repository pins.
///
/// # Errors
/// Which step failed.
pub fn install() -> Result<(), Failure> {
    let folder = installed();
    std::fs::create_dir_all(&folder)?;
    let folder = folder.canonicalize()?;
    let mut maven = Command::new("mvn");
    maven.args(["--quiet", "--batch-mode", "--file"]).arg(sources().join("kafka-streams/pom.xml"));
    maven.arg(format!("-Dout={}", folder.join("kafka-streams").display()));
    maven.args(["clean", "package", "dependency:copy-dependencies"]);
    done(maven, "mvn package (Debian: maven, openjdk-17-jdk-headless)")?;
    let venv = folder.join("venv");
    let mut made = Command::new("python3");
    made.args(["-m", "venv"]).arg(&venv);
    done(made, "python3 -m venv")?;
    let mut pip = Command::new(venv.join("bin/python"));
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"]);
    pip.arg(sources().join("requirements.txt"));
    done(pip, "pip install")
}
