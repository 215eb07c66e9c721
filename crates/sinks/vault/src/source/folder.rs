//! The switch's monitor folder, seen from here.
//!
//! Contract: read only. Symbolic links are followed only where they end inside the
//! folder; a link that leads out is refused with its name. Only regular files are
//! opened (a pipe would block).

use std::collections::HashSet;
use std::fs::{File, Metadata};
use std::path::{Path, PathBuf};

use model::Instant;

use super::Terms;
use crate::error::VaultError;
use crate::tail;
use crate::taken::{Meter, Taken, read_all};

/// Deepest folder that a scan for orphans goes into.
const MAX_DEPTH: usize = 64;

/// A local folder.
#[derive(Clone, Debug)]
pub struct FolderSource {
    root: PathBuf,
}

/// What a scan found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// Regular files, paths below the folder with `/` between, in order.
    pub files: Vec<String>,
    /// What was not looked into, and why (links, unreadable folders, names that are no text).
    pub skipped: Vec<String>,
}

impl FolderSource {
    /// The folder at `root`, which must be there and readable.
    ///
    /// # Errors
    /// `VaultError::Disk` where it is not: else every recording would count as missing.
    pub fn open(root: &Path) -> Result<Self, VaultError> {
        let fail = |e| VaultError::disk(root, "open the folder of recordings", e);
        let root = root.canonicalize().map_err(fail)?;
        std::fs::read_dir(&root).map_err(fail)?;
        Ok(Self { root })
    }

    pub(crate) fn place(&self) -> String {
        self.root.display().to_string()
    }

    /// The path below the folder that an announced path means, where a file is there.
    ///
    /// # Errors
    /// `VaultError::Climbs` where it leads out; `VaultError::Disk` where the disk fails.
    pub fn resolve(&self, announced: &str) -> Result<Option<String>, VaultError> {
        Ok(self.find(announced)?.map(|real| self.below(&real)))
    }

    fn find(&self, announced: &str) -> Result<Option<PathBuf>, VaultError> {
        let refuse = |reason: String| VaultError::Climbs { path: announced.to_owned(), place: self.place(), reason };
        for parts in tail::tails(announced).map_err(refuse)? {
            let Some((name, folders)) = parts.split_last() else { continue };
            let folder: PathBuf = self.root.iter().chain(folders.iter().map(|p| std::ffi::OsStr::new(*p))).collect();
            for name in tail::names(name) {
                let path = folder.join(name);
                let real = match path.canonicalize() {
                    Ok(real) => real,
                    Err(e) if not_there(&e) => continue,
                    Err(e) => return Err(VaultError::disk(&path, "look for a recording", e)),
                };
                if !real.starts_with(&self.root) {
                    return Err(refuse("a symbolic link leads out of the folder".into()));
                }
                if real.is_file() {
                    return Ok(Some(real));
                }
            }
        }
        Ok(None)
    }

    fn below(&self, real: &Path) -> String {
        let rest = real.strip_prefix(&self.root).unwrap_or(real);
        let parts: Vec<_> = rest.iter().map(|p| p.to_string_lossy()).collect();
        parts.join("/")
    }

    pub(crate) async fn take(&self, announced: &str, terms: &Terms) -> Result<Taken, VaultError> {
        let (this, announced, terms) = (self.clone(), announced.to_owned(), *terms);
        blocking(move || {
            let found = this.find(&announced)?;
            let real = found.ok_or_else(|| VaultError::NotThere { path: announced, place: this.place() })?;
            this.read(&real, &terms)
        })
        .await
    }

    fn read(&self, real: &Path, terms: &Terms) -> Result<Taken, VaultError> {
        let fail = |e| VaultError::disk(real, "read the recording", e);
        let growing = || VaultError::Growing { path: self.below(real), place: self.place() };
        let file = File::open(real).map_err(fail)?;
        let before = file.metadata().map_err(fail)?;
        if terms.still_growing(modified(&before)) {
            return Err(growing());
        }
        let path = self.below(real);
        let mut meter = Meter::new(path.rsplit('/').next().unwrap_or(&path));
        let size = read_all(&file, &mut meter, terms.max_bytes).map_err(fail)?;
        if size > terms.max_bytes {
            return Err(VaultError::TooLarge { path, place: self.place(), limit: terms.max_bytes });
        }
        let after = file.metadata().map_err(fail)?;
        if after.len() != size || modified(&after) != modified(&before) {
            return Err(growing());
        }
        let at = modified(&after);
        Ok(meter.done(file, path, at))
    }

    /// All files below the folder that none of the `announced` paths means.
    ///
    /// # Errors
    /// `VaultError::Disk` where the folder itself cannot be read.
    pub async fn unclaimed(&self, announced: Vec<String>) -> Result<Listing, VaultError> {
        let this = self.clone();
        blocking(move || {
            let mut claimed = HashSet::new();
            for path in &announced {
                // A refused path claims nothing; the attempt to store it said so.
                claimed.extend(this.resolve(path).ok().flatten());
            }
            let mut listing = Listing::default();
            this.scan(&this.root, 0, &mut listing)?;
            listing.files.retain(|f| !claimed.contains(f));
            listing.files.sort_unstable();
            listing.skipped.sort_unstable();
            Ok(listing)
        })
        .await
    }

    fn scan(&self, folder: &Path, depth: usize, found: &mut Listing) -> Result<(), VaultError> {
        let entries = match std::fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(e) if depth == 0 => return Err(VaultError::disk(folder, "scan the folder of recordings", e)),
            Err(e) => {
                found.skipped.push(format!("{}: {e}", self.below(folder)));
                return Ok(());
            }
        };
        for entry in entries {
            let entry = entry.map_err(|e| VaultError::disk(folder, "scan the folder of recordings", e))?;
            let path = entry.path();
            let kind = entry.file_type().map_err(|e| VaultError::disk(&path, "look at a file", e))?;
            if path.to_str().is_none() {
                found.skipped.push(format!("{}: its name is no UTF-8", self.below(&path)));
            } else if kind.is_file() {
                found.files.push(self.below(&path));
            } else if kind.is_dir() && depth < MAX_DEPTH {
                self.scan(&path, depth + 1, found)?;
            } else {
                found.skipped.push(format!("{}: a link, a device, or too deep", self.below(&path)));
            }
        }
        Ok(())
    }

    /// A file that the scan found; its path is not looked for by tails.
    pub(crate) async fn take_found(&self, path: &str, terms: &Terms) -> Result<Taken, VaultError> {
        let (this, path, terms) = (self.clone(), path.to_owned(), *terms);
        blocking(move || {
            let at = this.root.join(&path);
            let real = at.canonicalize().map_err(|e| VaultError::disk(&at, "read the recording", e))?;
            if !real.starts_with(&this.root) {
                let reason = "a symbolic link leads out of the folder".into();
                return Err(VaultError::Climbs { path, place: this.place(), reason });
            }
            this.read(&real, &terms)
        })
        .await
    }
}

fn not_there(e: &std::io::Error) -> bool {
    use std::io::ErrorKind as K;
    // A file where the announced path has a folder, or a name no disk can hold, is not
    // there either.
    matches!(e.kind(), K::NotFound | K::NotADirectory | K::InvalidFilename | K::InvalidInput)
}

fn modified(meta: &Metadata) -> Option<Instant> {
    let since = meta.modified().ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
    i64::try_from(since.as_micros()).ok().map(Instant)
}

/// Runs file work off the async threads.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, VaultError> + Send + 'static,
) -> Result<T, VaultError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(e) => Err(VaultError::Unreachable {
            place: "the local disk".into(),
            what: "file work".into(),
            why: format!("the task was given up: {e}"),
        }),
    }
}
