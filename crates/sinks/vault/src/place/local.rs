//! A local folder as a vault: written beside its place, synced, then renamed.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use object_store::local::LocalFileSystem;

use super::{Stored, path_of};
use crate::error::VaultError;
use crate::key::Labels;
use crate::source::blocking;
use crate::taken::{PART, Taken};

/// A folder.
#[derive(Clone, Debug)]
pub(crate) struct LocalPlace {
    pub root: PathBuf,
}

impl LocalPlace {
    pub fn new(root: &Path) -> Result<Self, VaultError> {
        let root = std::path::absolute(root).map_err(|e| VaultError::disk(root, "open the vault", e))?;
        Ok(Self { root })
    }

    pub fn uri(&self, key: &str) -> String {
        let path = self.root.join(key);
        url::Url::from_file_path(&path).map_or_else(|()| format!("file://{}", path.display()), String::from)
    }

    pub fn reader(&self) -> Result<LocalFileSystem, VaultError> {
        LocalFileSystem::new_with_prefix(&self.root).map_err(|e| VaultError::Setup {
            place: self.root.display().to_string(),
            what: format!("the vault's folder cannot be opened: {e}"),
            todo: "check --data-dir, and whether anything was ever stored".into(),
        })
    }

    /// Whether the folder, or the one that it would be made in, can be written.
    pub async fn check(&self) -> Result<(), VaultError> {
        let root = self.root.clone();
        blocking(move || {
            let there = root.ancestors().find(|p| p.exists()).unwrap_or(&root);
            let tried = tempfile::tempfile_in(there).map(drop);
            tried.map_err(|e| VaultError::disk(&root, "write into the vault", e))
        })
        .await
    }

    pub async fn head(&self, key: &str) -> Result<Option<Stored>, VaultError> {
        let (path, sidecar) = self.paths(key)?;
        blocking(move || {
            let meta = match std::fs::metadata(&path) {
                Ok(meta) => meta,
                Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
                Err(e) => return Err(VaultError::disk(&path, "look at a stored recording", e)),
            };
            // No sidecar, or one cut by a crash: the caller hashes the object instead.
            let labels = std::fs::read(&sidecar).ok().and_then(|b| serde_json::from_slice(&b).ok());
            Ok(Some(Stored { bytes: meta.len(), labels: labels.unwrap_or_default() }))
        })
        .await
    }

    pub async fn put(&self, key: &str, taken: Taken, labels: &Labels) -> Result<Taken, VaultError> {
        let (path, sidecar) = self.paths(key)?;
        let root = self.root.clone();
        let text = serde_json::to_vec_pretty(labels).unwrap_or_default();
        blocking(move || {
            let folder = path.parent().unwrap_or(&root).to_owned();
            let made = make_folders(&root, &folder)?;
            write_sidecar(&sidecar, &text)?;
            write_object(&folder, &path, &taken)?;
            for folder in made.iter().chain([&folder]) {
                sync_folder(folder)?;
            }
            Ok(taken)
        })
        .await
    }

    /// Writes the metadata of an object again.
    pub async fn relabel(&self, key: &str, labels: &Labels) -> Result<(), VaultError> {
        let (_, sidecar) = self.paths(key)?;
        let text = serde_json::to_vec_pretty(labels).unwrap_or_default();
        blocking(move || write_sidecar(&sidecar, &text)).await
    }

    fn paths(&self, key: &str) -> Result<(PathBuf, PathBuf), VaultError> {
        path_of(&self.root.display().to_string(), "", key)?;
        Ok((self.root.join(key), self.root.join(format!("{key}.json"))))
    }
}

/// Makes the folders of `folder` that are missing, and says whose entries changed.
fn make_folders(root: &Path, folder: &Path) -> Result<Vec<PathBuf>, VaultError> {
    let mut changed = Vec::new();
    let mut at = folder;
    while !at.exists() {
        let Some(parent) = at.parent() else { break };
        changed.push(parent.to_owned());
        at = parent;
    }
    std::fs::create_dir_all(folder).map_err(|e| VaultError::disk(root, "make a folder in the vault", e))?;
    Ok(changed)
}

fn write_sidecar(path: &Path, text: &[u8]) -> Result<(), VaultError> {
    let fail = |e: std::io::Error| VaultError::disk(path, "write a recording's metadata", e);
    let folder = path.parent().unwrap_or(path);
    let mut file = tempfile::Builder::new().prefix(".part-").tempfile_in(folder).map_err(fail)?;
    file.write_all(text).map_err(fail)?;
    file.persist(path).map_err(|e| fail(e.error))?;
    Ok(())
}

fn write_object(folder: &Path, path: &Path, taken: &Taken) -> Result<(), VaultError> {
    let fail = |e: std::io::Error| VaultError::disk(path, "store a recording", e);
    // Removed by itself where anything fails before `persist`.
    let mut part = tempfile::Builder::new().prefix(".part-").tempfile_in(folder).map_err(fail)?;
    match &taken.small {
        Some(bytes) => part.write_all(bytes).map_err(fail)?,
        None => copy_large(part.as_file_mut(), taken, path)?,
    }
    part.as_file().sync_all().map_err(fail)?;
    part.persist(path).map_err(|e| fail(e.error))?;
    Ok(())
}

fn copy_large(to: &mut File, taken: &Taken, path: &Path) -> Result<(), VaultError> {
    let read = |e| VaultError::disk(taken.shown(), "read the recording", e);
    let mut again = taken.again().map_err(read)?;
    loop {
        let bytes = again.next(PART).map_err(read)?;
        if bytes.is_empty() {
            break;
        }
        to.write_all(&bytes).map_err(|e| VaultError::disk(path, "store a recording", e))?;
    }
    if again.sha256() != taken.sha256 {
        return Err(VaultError::Growing { path: taken.path.clone(), place: "its source".into() });
    }
    Ok(())
}

fn sync_folder(folder: &Path) -> Result<(), VaultError> {
    File::open(folder).and_then(|f| f.sync_all()).map_err(|e| VaultError::disk(folder, "sync a folder of the vault", e))
}
