//! The rotated files beside a followed one.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::place::Place;

/// Rotated files looked at.
const MOST: usize = 64;

struct Sibling {
    path: PathBuf,
    inode: u64,
    changed: SystemTime,
}

/// The rotated files, newest first.
pub fn newest_first(path: &Path) -> Vec<PathBuf> {
    siblings(path).into_iter().rev().map(|s| s.path).collect()
}

/// The rotated files between the one at `place` and the current one, oldest first.
pub fn after(path: &Path, place: &Place, current: u64) -> Vec<PathBuf> {
    let Some(changed) = place.changed() else { return Vec::new() };
    let between = |s: &Sibling| s.inode != place.inode && s.inode != current && s.changed > changed;
    siblings(path).into_iter().filter(between).map(|s| s.path).collect()
}

/// Oldest first.
fn siblings(path: &Path) -> Vec<Sibling> {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name().and_then(|n| n.to_str())) else {
        return Vec::new();
    };
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut found: Vec<Sibling> = entries
        .filter_map(Result::ok)
        .filter(|e| e.file_name().to_str().and_then(|n| n.strip_prefix(name)).is_some_and(is_rotation))
        .filter_map(|e| {
            let about = e.metadata().ok()?;
            Some(Sibling { path: e.path(), inode: about.ino(), changed: about.modified().ok()? })
        })
        .collect();
    found.sort_by(|a, b| (a.changed, &a.path).cmp(&(b.changed, &b.path)));
    found.drain(..found.len().saturating_sub(MOST));
    found
}

/// `.1`, `.0`, `-20261122`, `.20261122-0344`: what rotation puts behind a name.
fn is_rotation(suffix: &str) -> bool {
    let Some(rest) = suffix.strip_prefix(['.', '-']) else { return false };
    rest.starts_with(|c: char| c.is_ascii_digit()) && rest.chars().all(|c| c.is_ascii_digit() || "-._T:".contains(c))
}

#[cfg(test)]
mod tests {
    use super::is_rotation;

    #[test]
    fn rotated_files_are_told_from_other_siblings() {
        for yes in [".1", ".0", ".12", "-20261122", ".20261122-0344", ".2026-11-22T03:44"] {
            assert!(is_rotation(yes), "{yes}");
        }
        for no in ["", ".gz", ".1.gz", ".bak", "~", "2", ".old", ".-1"] {
            assert!(!is_rotation(no), "{no}");
        }
    }
}
