//! Where things are in this repository, and which files belong to it.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The repository's top folder.
pub fn root() -> &'static Path {
    // crates/workshop/xtask is three folders down.
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(3).unwrap_or(here)
}

/// The folder that real parts are installed into; git ignores it.
pub fn real() -> PathBuf {
    root().join("tests/real")
}

/// Every file of the repository, paths below its top folder: tracked ones, and new ones
/// that git does not ignore.
///
/// # Errors
/// Where git cannot be asked.
pub fn files() -> Result<Vec<String>, String> {
    let out = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard", "-z"])
        .current_dir(root())
        .output()
        .map_err(|e| format!("git cannot be run ({e}); install the Debian package git"))?;
    if !out.status.success() {
        return Err(format!("git ls-files failed: {}", String::from_utf8_lossy(&out.stderr).trim()));
    }
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    let mut files: Vec<String> = text.split('\0').filter(|f| !f.is_empty()).map(str::to_owned).collect();
    files.retain(|f| root().join(f).is_file());
    files.sort_unstable();
    files.dedup();
    Ok(files)
}

/// A file's text; `None` where it is none.
pub fn text(file: &str) -> Option<String> {
    String::from_utf8(std::fs::read(root().join(file)).ok()?).ok()
}
