//! A store at whose n-th call the process dies or the line breaks, before or after the call
//! took effect: no half object is visible, the next attempt ends with one whole object, and
//! what did not work is told.

mod deadly;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::TryStreamExt;
use model::acts::RecordingOutcome;
use model::facts::{Recording, RecordingState};
use model::{Instant, Position};
use object_store::memory::InMemory;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};

use self::deadly::{Deadly, Fatal, Fate};
use crate::place::{Place, RemotePlace};
use crate::{FailureKind, FolderSource, Source, Terms, Vault, VaultError};

const NOON: Instant = Instant(1_795_341_600_000_000);
/// More than one part.
const LARGE: usize = 20 << 20;
const SMALL: usize = 16_000;

/// One recording at a switch, and a bucket.
struct Bench {
    _dir: tempfile::TempDir,
    file: std::path::PathBuf,
    source: Source,
    bytes: Vec<u8>,
    bucket: Arc<InMemory>,
}

impl Bench {
    fn new(size: usize) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let file = dir.path().join("a.wav");
        let bytes: Vec<u8> = (0..size).map(|i| u8::try_from(i * 31 % 251).unwrap_or(0)).collect();
        std::fs::write(&file, &bytes).expect("a recording");
        let source = Source::Folder(FolderSource::open(dir.path()).expect("a source"));
        Self { _dir: dir, file, source, bytes, bucket: Arc::default() }
    }

    /// One attempt; `None` where the process died in it.
    async fn attempt(
        &self,
        chooses: impl Fn(usize) -> Fate + Send + Sync + 'static,
    ) -> Option<std::result::Result<RecordingOutcome, VaultError>> {
        let died = tokio::sync::Notify::new();
        let fatal = Arc::new(Fatal { chooses: Box::new(chooses), calls: AtomicUsize::new(0), died });
        let store = Arc::new(Deadly { inner: Arc::clone(&self.bucket), fatal: Arc::clone(&fatal) });
        let (prefix, base) = ("kept".to_owned(), "s3://bucket/kept".to_owned());
        let vault = Vault { place: Place::Remote(RemotePlace { store, prefix, base, secrets: Arc::from([]) }) };
        let (row, terms) = (pending(), Terms::import(NOON));
        tokio::select! {
            biased;
            () = fatal.died.notified() => None,
            done = vault.store(&row, 1, &self.source, &terms) => Some(done),
        }
    }

    /// All that is visible: nothing, or whole objects only.
    async fn visible(&self, what: &str) -> usize {
        let found: Vec<ObjectMeta> = self.bucket.list(None).try_collect().await.expect("a list");
        for object in &found {
            let held = self.bucket.get(&object.location).await.expect("an object").bytes().await.expect("its bytes");
            assert!(held == self.bytes, "{what}: {} of {} bytes are visible", held.len(), self.bytes.len());
        }
        found.len()
    }
}

fn pending() -> Recording {
    Recording {
        recording_id: "r".into(),
        call_id: Some("call".into()),
        center: "north".into(),
        switch: "pbx".into(),
        queue: None,
        agent: None,
        started_at: NOON,
        ended_at: None,
        duration_ms: None,
        bytes: None,
        sha256: None,
        uri: None,
        source: Some("a.wav".into()),
        state: RecordingState::Pending,
        suspended: Vec::new(),
        stored_at: None,
        note: None,
        revision: 1,
        known_at: NOON,
        first_event: Position::default(),
        last_event: Position::default(),
        filed: NOON.days(),
    }
}

/// Every call of an attempt meets every fate once.
async fn every_step(size: usize, least: usize) {
    for fate in [Fate::DiesBefore, Fate::DiesAfter, Fate::FailsBefore, Fate::FailsAfter] {
        for step in 1.. {
            let (bench, what) = (Bench::new(size), format!("{size} bytes, {fate:?} at {step}"));
            let reached = Arc::new(AtomicUsize::new(0));
            let seen = Arc::clone(&reached);
            let first = bench.attempt(move |call| {
                seen.fetch_max(call, Ordering::SeqCst);
                if call == step { fate } else { Fate::Works }
            });
            let first = first.await;
            assert!(bench.visible(&what).await <= 1, "{what}");
            if reached.load(Ordering::SeqCst) < step {
                assert!(step > least, "{what}: an attempt has {least} steps at least");
                break;
            }
            if let Some(done) = first {
                let error = done.expect_err(&what);
                assert_eq!(error.kind(), FailureKind::Transient, "{what}: {error}");
            }
            let again = bench.attempt(|_| Fate::Works).await.expect("alive").expect(&what);
            assert_eq!(again.bytes, i64::try_from(size).ok(), "{what}");
            assert_eq!(bench.visible(&what).await, 1, "{what}");
        }
    }
}

#[tokio::test]
async fn a_small_recording_at_each_step() {
    // Looked for, put, looked at.
    every_step(SMALL, 3).await;
}

#[tokio::test]
async fn a_large_recording_at_each_step() {
    // Looked for, begun, three parts, completed, looked at.
    every_step(LARGE, 7).await;
}

/// The source changes while its second part is sent.
async fn changed_meanwhile(change: fn(&std::path::Path)) -> (Bench, std::result::Result<RecordingOutcome, VaultError>) {
    let bench = Bench::new(LARGE);
    let file = bench.file.clone();
    let done = bench.attempt(move |call| {
        if call == 4 {
            change(&file);
        }
        Fate::Works
    });
    let done = done.await.expect("alive");
    (bench, done)
}

#[tokio::test]
async fn a_file_that_changes_while_it_is_sent_is_not_kept_half_old_half_new() {
    let grows = |file: &std::path::Path| {
        use std::io::Write;
        let mut file = std::fs::OpenOptions::new().append(true).open(file).expect("the file");
        file.write_all(b"more").expect("more");
    };
    let cut = |file: &std::path::Path| {
        std::fs::OpenOptions::new().write(true).open(file).and_then(|f| f.set_len(9 << 20)).expect("cut");
    };
    let rewritten = |file: &std::path::Path| std::fs::write(file, vec![7_u8; LARGE]).expect("rewritten");
    for change in [grows as fn(&std::path::Path), cut, rewritten] {
        let (bench, done) = changed_meanwhile(change).await;
        let error = done.expect_err("it changed");
        assert_eq!(error.kind(), FailureKind::NotYet, "{error}");
        assert_eq!(bench.visible("changed").await, 0);
    }
}

#[tokio::test]
async fn a_file_that_vanishes_or_is_replaced_while_it_is_sent_is_kept_as_it_was_opened() {
    let vanishes = |file: &std::path::Path| std::fs::remove_file(file).expect("removed");
    let replaced = |file: &std::path::Path| {
        let other = file.with_file_name("other");
        std::fs::write(&other, b"other").and_then(|()| std::fs::rename(&other, file)).expect("replaced");
    };
    for change in [vanishes as fn(&std::path::Path), replaced] {
        let (bench, done) = changed_meanwhile(change).await;
        assert_eq!(done.expect("kept").bytes, i64::try_from(LARGE).ok());
        assert_eq!(bench.visible("as opened").await, 1);
    }
    // Once it is gone before it is opened, that is told.
    let bench = Bench::new(SMALL);
    vanishes(&bench.file);
    let error = bench.attempt(|_| Fate::Works).await.expect("alive").expect_err("gone");
    assert!(matches!(error, VaultError::NotThere { .. }), "{error}");
}
