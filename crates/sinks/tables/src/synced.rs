//! A local folder whose objects outlast a power failure.
//!
//! Contract: when a write returns, bytes and folder entry are on the disk; and an object put
//! whole has its bytes there before it has its name, so that no entry of a Delta log can be
//! found empty after a power failure. (An object put in parts may be found cut: it is a data
//! file, which nothing names before it is complete.) The library's own `LocalFileSystem`
//! leaves both to the system's leisure.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::ops::Range;
use std::path::{Path as FilePath, PathBuf};

use bytes::Bytes;
use futures::stream::BoxStream;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, PutMode,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result, UploadPart,
};

/// The folder.
#[derive(Debug)]
pub struct SyncedFolder {
    inner: LocalFileSystem,
}

impl SyncedFolder {
    /// Every path is one of the whole file system.
    pub fn whole() -> Self {
        Self { inner: LocalFileSystem::new() }
    }

    /// Paths below `folder`, which is there already.
    ///
    /// # Errors
    /// There is no such folder.
    pub fn below(folder: impl AsRef<FilePath>) -> Result<Self> {
        Ok(Self { inner: LocalFileSystem::new_with_prefix(folder)? })
    }

    async fn at<T: Send + 'static>(
        &self,
        location: &Path,
        work: impl FnOnce(&FilePath) -> io::Result<T> + Send + 'static,
    ) -> Result<T> {
        let (path, name) = (self.inner.path_to_filesystem(location)?, location.to_string());
        let done = tokio::task::spawn_blocking(move || work(&path)).await?;
        done.map_err(|e| named(name, e))
    }
}

impl std::fmt::Display for SyncedFolder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.inner.fmt(f)
    }
}

fn named(path: String, e: io::Error) -> Error {
    match e.kind() {
        ErrorKind::AlreadyExists => Error::AlreadyExists { path, source: e.into() },
        ErrorKind::NotFound => Error::NotFound { path, source: e.into() },
        _ => Error::Generic { store: "LocalFileSystem", source: format!("{path}: {e}").into() },
    }
}

/// Writes beside the place, syncs, then gives the name.
fn put(path: &FilePath, payload: &PutPayload, create: bool) -> io::Result<()> {
    make_folders(path)?;
    let (mut file, staged) = stage(path)?;
    let written = payload.iter().try_for_each(|part| file.write_all(part)).and_then(|()| file.sync_all());
    drop(file);
    let done = written.and_then(|()| match create {
        // A link fails where there is such a name already; a rename does not.
        true => std::fs::hard_link(&staged, path),
        false => std::fs::rename(&staged, path),
    });
    if create || done.is_err() {
        let _ = std::fs::remove_file(&staged);
    }
    done?;
    sync_entry(path)
}

/// A new file beside `path`, with a name that the library passes over when it lists.
fn stage(path: &FilePath) -> io::Result<(File, PathBuf)> {
    for n in 1_u64.. {
        let mut name = path.as_os_str().to_owned();
        name.push(format!("#{n}"));
        match OpenOptions::new().write(true).create_new(true).open(&name) {
            Err(e) if e.kind() == ErrorKind::AlreadyExists => {}
            made => return made.map(|file| (file, PathBuf::from(name))),
        }
    }
    Err(ErrorKind::AlreadyExists.into())
}

/// Makes the folders above `path`; each new one's entry is synced.
fn make_folders(path: &FilePath) -> io::Result<()> {
    let Some(folder) = path.parent().filter(|f| !f.exists()) else { return Ok(()) };
    make_folders(folder)?;
    match std::fs::create_dir(folder) {
        Err(e) if e.kind() != ErrorKind::AlreadyExists => Err(e),
        _ => sync_entry(folder),
    }
}

/// Syncs the folder that `path` is in.
fn sync_entry(path: &FilePath) -> io::Result<()> {
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

#[async_trait::async_trait]
impl ObjectStore for SyncedFolder {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        let create = match options.mode {
            PutMode::Create => true,
            PutMode::Overwrite => false,
            PutMode::Update(_) => return self.inner.put_opts(location, payload, options).await,
        };
        if !options.attributes.is_empty() {
            return self.inner.put_opts(location, payload, options).await;
        }
        self.at(location, move |path| put(path, &payload, create)).await?;
        Ok(PutResult { e_tag: None, version: None })
    }

    async fn put_multipart_opts(&self, location: &Path, o: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        let path = self.inner.path_to_filesystem(location)?;
        self.at(location, make_folders).await?;
        let inner = self.inner.put_multipart_opts(location, o).await?;
        Ok(Box::new(SyncedUpload { inner, path }))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.inner.get_opts(location, options).await
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.inner.get_ranges(location, ranges).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    fn list_with_offset(&self, prefix: Option<&Path>, offset: &Path) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list_with_offset(prefix, offset)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await?;
        self.at(to, sync_entry).await
    }
}

/// An upload in parts; synced when it is complete.
#[derive(Debug)]
struct SyncedUpload {
    inner: Box<dyn MultipartUpload>,
    path: PathBuf,
}

#[async_trait::async_trait]
impl MultipartUpload for SyncedUpload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        self.inner.put_part(data)
    }

    async fn complete(&mut self) -> Result<PutResult> {
        let done = self.inner.complete().await?;
        let path = self.path.clone();
        let synced = tokio::task::spawn_blocking(move || {
            File::open(&path)?.sync_all()?;
            sync_entry(&path)
        });
        synced.await?.map_err(|e| named(self.path.display().to_string(), e))?;
        Ok(done)
    }

    async fn abort(&mut self) -> Result<()> {
        self.inner.abort().await
    }
}

#[cfg(test)]
mod tests {
    use futures::TryStreamExt as _;
    use object_store::ObjectStoreExt as _;

    use super::*;

    #[tokio::test]
    async fn it_keeps_the_library_s_contract() {
        let folder = tempfile::tempdir().unwrap();
        let store = SyncedFolder::below(folder.path()).unwrap();
        let (a, b) = (Path::from("x/y/a.json"), Path::from("x/y/b.json"));
        store.put_opts(&a, "1".into(), PutMode::Create.into()).await.unwrap();
        let again = store.put_opts(&a, "2".into(), PutMode::Create.into()).await;
        assert!(matches!(again, Err(Error::AlreadyExists { .. })), "{again:?}");
        assert_eq!(store.get(&a).await.unwrap().bytes().await.unwrap(), "1");
        store.put(&a, "3".into()).await.unwrap();
        assert_eq!(store.get(&a).await.unwrap().bytes().await.unwrap(), "3");
        store.copy(&a, &b).await.unwrap();
        let missing = store.get(&Path::from("x/none")).await;
        assert!(matches!(missing, Err(Error::NotFound { .. })), "{missing:?}");
        let mut upload = store.put_multipart(&Path::from("z/large")).await.unwrap();
        upload.put_part("12".into()).await.unwrap();
        upload.put_part("34".into()).await.unwrap();
        upload.complete().await.unwrap();
        let listed: Vec<_> = store.list(None).map_ok(|m| m.location.to_string()).try_collect().await.unwrap();
        let files = walk(folder.path());
        assert_eq!((listed.len(), files), (3, 3), "nothing is left beside: {listed:?}");
    }

    fn walk(folder: &FilePath) -> usize {
        let entries = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path());
        entries.map(|p| if p.is_dir() { walk(&p) } else { 1 }).sum()
    }
}
