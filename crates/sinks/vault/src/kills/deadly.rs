//! A store at whose n-th call the process dies or the line breaks.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use futures::stream::BoxStream;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, PutMultipartOptions,
    PutOptions, PutPayload, PutResult, Result, UploadPart,
};

/// What becomes of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Works,
    /// It is not done, and fails.
    FailsBefore,
    /// It is done, and its answer is lost.
    FailsAfter,
    /// It is not done, and the process dies.
    DiesBefore,
    /// It is done, and the process dies.
    DiesAfter,
}

pub(super) type Chooses = dyn Fn(usize) -> Fate + Send + Sync;

pub(super) struct Fatal {
    pub(super) chooses: Box<Chooses>,
    pub(super) calls: AtomicUsize,
    pub(super) died: tokio::sync::Notify,
}

impl Fatal {
    async fn call<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        let broken = || object_store::Error::Generic { store: "faulty", source: "the line went dead".into() };
        let fate = (self.chooses)(self.calls.fetch_add(1, Ordering::SeqCst) + 1);
        match fate {
            Fate::Works => return work.await,
            Fate::FailsBefore => return Err(broken()),
            // Whatever the answer was: also "it is not there".
            Fate::FailsAfter => return work.await.map_or_else(|_| Err(broken()), |_| Err(broken())),
            Fate::DiesBefore => {}
            Fate::DiesAfter => drop(work.await),
        }
        self.died.notify_one();
        std::future::pending().await
    }
}

impl std::fmt::Debug for Fatal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Fatal")
    }
}

#[derive(Clone, Debug)]
pub(super) struct Deadly {
    pub(super) inner: Arc<InMemory>,
    pub(super) fatal: Arc<Fatal>,
}

impl std::fmt::Display for Deadly {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a deadly store")
    }
}

#[async_trait::async_trait]
impl ObjectStore for Deadly {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        self.fatal.call(self.inner.put_opts(location, payload, options)).await
    }

    async fn put_multipart_opts(&self, location: &Path, o: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        let inner = self.fatal.call(self.inner.put_multipart_opts(location, o)).await?;
        Ok(Box::new(DeadlyUpload { inner, fatal: Arc::clone(&self.fatal) }))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.fatal.call(self.inner.get_opts(location, options)).await
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

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}

#[derive(Debug)]
struct DeadlyUpload {
    inner: Box<dyn MultipartUpload>,
    fatal: Arc<Fatal>,
}

#[async_trait::async_trait]
impl MultipartUpload for DeadlyUpload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        let (work, fatal) = (self.inner.put_part(data), Arc::clone(&self.fatal));
        Box::pin(async move { fatal.call(work).await })
    }

    async fn complete(&mut self) -> Result<PutResult> {
        let fatal = Arc::clone(&self.fatal);
        fatal.call(self.inner.complete()).await
    }

    async fn abort(&mut self) -> Result<()> {
        let fatal = Arc::clone(&self.fatal);
        fatal.call(self.inner.abort()).await
    }
}
