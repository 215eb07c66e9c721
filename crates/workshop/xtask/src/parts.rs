//! The real parts that tests run against, installed into `tests/real/`:
//! `kafka/lib` (jars), `venv` (Python: S3 server, readers, CRM client), `node` (CRM client, the browser's driver).
//!
//! Each is made from files of the repository that pin every version (`tests/*/…`), and
//! made again only when one of them changes.

use std::path::{Path, PathBuf};

use crate::run::{command, done};
use crate::stamp::Stamp;
use crate::system;
use crate::workspace::{real, root};

/// Installs what is not installed.
///
/// # Errors
/// What the system lacks, or which installation failed.
pub fn setup() -> Result<(), String> {
    system::check()?;
    kafka()?;
    python()?;
    node()?;
    eprintln!("setup: Kafka, Python and Node parts are in tests/real/");
    Ok(())
}

fn kafka() -> Result<(), String> {
    let (folder, pom) = (real().join("kafka"), root().join("tests/kafka/pom.xml"));
    let stamp = Stamp::of(&folder, std::slice::from_ref(&pom))?;
    if stamp.holds() {
        return Ok(());
    }
    if stamp.was_set() {
        // Jars of another version must not stay beside the new ones.
        remove(&folder.join("lib"))?;
    }
    let (pom, lib) = (pom.display().to_string(), format!("-DoutputDirectory={}", folder.join("lib").display()));
    done(command("mvn", &["--quiet", "--batch-mode", "--file", &pom, "dependency:copy-dependencies", &lib]))?;
    stamp.set()
}

fn python() -> Result<(), String> {
    let folder = real().join("venv");
    let inputs = inputs("requirements.txt")?;
    if inputs.is_empty() {
        return Err("no tests/*/requirements.txt says which Python packages the tests need".into());
    }
    let stamp = Stamp::of(&folder, &inputs)?;
    if stamp.holds() {
        return Ok(());
    }
    let python = folder.join("bin/python");
    if !python.is_file() {
        done(command("python3", &["-m", "venv", "--clear", &folder.display().to_string()]))?;
    }
    let mut args = vec!["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary", ":all:"];
    let shown: Vec<String> = inputs.iter().map(|i| i.display().to_string()).collect();
    args.extend(shown.iter().flat_map(|i| ["--requirement", i]));
    done(command(&python, &args))?;
    stamp.set()
}

fn node() -> Result<(), String> {
    let folder = real().join("node");
    let from = root().join("tests/node");
    let inputs = [from.join("package.json"), from.join("package-lock.json")];
    let stamp = Stamp::of(&folder, &inputs)?;
    if stamp.holds() {
        return Ok(());
    }
    std::fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    for input in &inputs {
        let to = folder.join(input.file_name().unwrap_or_default());
        std::fs::copy(input, &to).map_err(|e| format!("{}: {e}", to.display()))?;
    }
    let mut npm = command("npm", &["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]);
    npm.current_dir(&folder);
    done(npm)?;
    stamp.set()
}

/// `tests/*/<name>`, in order.
fn inputs(name: &str) -> Result<Vec<PathBuf>, String> {
    let tests = root().join("tests");
    let entries = std::fs::read_dir(&tests).map_err(|e| format!("{}: {e}", tests.display()))?;
    let mut found: Vec<PathBuf> = entries.flatten().map(|e| e.path().join(name)).filter(|p| p.is_file()).collect();
    found.sort();
    found.retain(|p| !p.starts_with(real()));
    Ok(found)
}

fn remove(folder: &Path) -> Result<(), String> {
    match std::fs::remove_dir_all(folder) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(format!("{}: {e}", folder.display())),
        _ => Ok(()),
    }
}
