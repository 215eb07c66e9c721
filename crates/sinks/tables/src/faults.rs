//! A store that fails at a given step, for the tests of what a failed commit leaves.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use bytes::Bytes;
use futures::stream::BoxStream;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, PutMultipartOptions,
    PutOptions, PutPayload, PutResult, Result,
};

/// What happens to the next entries of the Delta log.
pub(crate) const NOTHING: u8 = 0;
/// The entry is written, and its answer is lost.
pub(crate) const LOSE_ANSWER: u8 = 1;
/// The entry is not written.
pub(crate) const LOSE_ENTRY: u8 = 2;
/// The entry is written, its answer is lost, and nothing can be read afterwards.
pub(crate) const LOSE_STORE: u8 = 3;
/// Nothing can be read or written.
pub(crate) const GONE: u8 = 4;

/// The store and its fault.
#[derive(Debug)]
pub(crate) struct Faulty {
    pub(crate) inner: Arc<dyn ObjectStore>,
    pub(crate) fault: Arc<AtomicU8>,
}

impl std::fmt::Display for Faulty {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a faulty store")
    }
}

fn broken() -> object_store::Error {
    object_store::Error::Generic { store: "faulty", source: "the line went dead".into() }
}

impl Faulty {
    fn alive(&self) -> Result<()> {
        if self.fault.load(Ordering::SeqCst) == GONE { Err(broken()) } else { Ok(()) }
    }
}

#[async_trait::async_trait]
impl ObjectStore for Faulty {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        self.alive()?;
        let entry = location.as_ref().contains("_delta_log/") && location.as_ref().ends_with(".json");
        let fault = if entry { self.fault.load(Ordering::SeqCst) } else { NOTHING };
        if fault == LOSE_ENTRY {
            return Err(broken());
        }
        let result = self.inner.put_opts(location, payload, options).await;
        match fault {
            LOSE_ANSWER => Err(broken()),
            LOSE_STORE => {
                self.fault.store(GONE, Ordering::SeqCst);
                Err(broken())
            }
            _ => result,
        }
    }

    async fn put_multipart_opts(&self, location: &Path, o: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        self.alive()?;
        self.inner.put_multipart_opts(location, o).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.alive()?;
        self.inner.get_opts(location, options).await
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.alive()?;
        self.inner.get_ranges(location, ranges).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        match self.alive() {
            Ok(()) => self.inner.list(prefix),
            Err(error) => Box::pin(futures::stream::once(async { Err(error) })),
        }
    }

    fn list_with_offset(&self, prefix: Option<&Path>, offset: &Path) -> BoxStream<'static, Result<ObjectMeta>> {
        match self.alive() {
            Ok(()) => self.inner.list_with_offset(prefix, offset),
            Err(error) => Box::pin(futures::stream::once(async { Err(error) })),
        }
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.alive()?;
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.alive()?;
        self.inner.copy_opts(from, to, options).await
    }
}

#[cfg(test)]
mod tests {
    use model::facts::{EventRow, Facts};
    use model::{Instant, Position};

    use super::*;
    use crate::{CommitError, Filter, Lake, LakeConfig, Superseded, Table, Txn};

    const EVENTS: Table = Table::Events;

    async fn faulty(folder: &std::path::Path) -> (Lake, Arc<AtomicU8>) {
        let fault = Arc::new(AtomicU8::new(NOTHING));
        let config = LakeConfig::folder(folder, "g1");
        let lake = Lake::wrapped(config, |inner| Arc::new(Faulty { inner, fault: Arc::clone(&fault) })).expect("opens");
        lake.ensure_tables().await.expect("makes tables");
        (lake, fault)
    }

    fn event(n: i64) -> Facts {
        let row = EventRow {
            event_id: format!("0/{n}/0").into(),
            source: "/switch/pbx1".into(),
            kind: "Queued".into(),
            at: Instant::from_secs(n),
            center: "main".into(),
            switch: "pbx1".into(),
            call_id: None,
            queue: None,
            agent: None,
            party: None,
            details: "{}".into(),
            position: Position { partition: 0, offset: n },
            known_at: Instant::from_secs(n),
        };
        Facts { events: vec![row], ..Facts::default() }
    }

    fn txn(version: i64, seen: Option<i64>) -> Vec<Txn> {
        vec![Txn { app_id: "g1/facts/cti.events-0".into(), version, seen }]
    }

    async fn count(lake: &Lake) -> usize {
        lake.events(&Filter::default()).await.expect("reads").len()
    }

    #[tokio::test]
    async fn a_commit_whose_answer_was_lost_has_landed_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let (lake, fault) = faulty(folder.path()).await;
        fault.store(LOSE_ANSWER, Ordering::SeqCst);
        let done = lake.commit(EVENTS, &event(1), &txn(1, None)).await.expect("has landed");
        assert!(done.before, "the reload tells it");
        fault.store(NOTHING, Ordering::SeqCst);
        lake.commit(EVENTS, &event(2), &txn(2, Some(1))).await.expect("lands");
        assert_eq!(count(&lake).await, 2);
    }

    #[tokio::test]
    async fn a_commit_that_did_not_land_is_told_and_can_be_tried_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let (lake, fault) = faulty(folder.path()).await;
        fault.store(LOSE_ENTRY, Ordering::SeqCst);
        let failed = lake.commit(EVENTS, &event(1), &txn(1, None)).await;
        assert!(matches!(failed, Err(CommitError::NotLanded(_))), "{failed:?}");
        assert_eq!(count(&lake).await, 0);
        fault.store(NOTHING, Ordering::SeqCst);
        lake.commit(EVENTS, &event(1), &txn(1, None)).await.expect("lands");
        assert_eq!(count(&lake).await, 1);
    }

    #[tokio::test]
    async fn a_commit_of_unknown_fate_lands_once_when_tried_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let (lake, fault) = faulty(folder.path()).await;
        fault.store(LOSE_STORE, Ordering::SeqCst);
        let failed = lake.commit(EVENTS, &event(1), &txn(1, None)).await;
        assert!(matches!(failed, Err(CommitError::Unknown { .. })), "{failed:?}");
        let text = failed.expect_err("failed").to_string();
        assert!(text.contains(&folder.path().display().to_string()), "says where: {text}");
        fault.store(NOTHING, Ordering::SeqCst);
        let done = lake.commit(EVENTS, &event(1), &txn(1, None)).await.expect("is there");
        assert!(done.before);
        assert_eq!(count(&lake).await, 1);
    }

    #[tokio::test]
    async fn a_compaction_whose_answer_was_lost_keeps_every_row_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let (lake, fault) = faulty(folder.path()).await;
        for n in 1..=3 {
            lake.commit(EVENTS, &event(n), &txn(n, (n > 1).then_some(n - 1))).await.expect("lands");
        }
        fault.store(LOSE_ENTRY, Ordering::SeqCst);
        lake.compact(EVENTS, Superseded::Keep).await.expect_err("fails");
        assert_eq!(count(&lake).await, 3);
        fault.store(LOSE_ANSWER, Ordering::SeqCst);
        let done = lake.compact(EVENTS, Superseded::Keep).await.expect("has landed");
        assert_eq!((done.files_before, done.files_after), (3, 1));
        assert_eq!(count(&lake).await, 3);
    }
}
