//! The vault on a real S3 server: parts, failures in the middle, keys, ranges.
#![cfg(feature = "real-parts")]

use std::path::Path;
use std::time::Duration;

use futures::TryStreamExt;
use model::facts::{Recording, RecordingState};
use model::{Instant, Position};
use object_store::aws::AmazonS3Builder;
use object_store::{Attribute, GetOptions, ObjectMeta, ObjectStore, ObjectStoreExt};
use tests::s3::S3;
use vault::{FailureKind, FolderSource, Hearing, Source, StoreConfig, Terms, Vault, VaultError, Verification, Wanted};

/// 2026-11-22T10:00:00Z.
const NOW: Instant = Instant(1_795_341_600_000_000);
const MIB: usize = 1024 * 1024;

fn pending(id: &str, path: &str) -> Recording {
    Recording {
        recording_id: id.into(),
        call_id: Some(format!("call-{id}").into()),
        center: "north".into(),
        switch: "pbx".into(),
        queue: Some("büro".into()),
        agent: Some("Zoë O'Neil".into()),
        started_at: NOW,
        ended_at: None,
        duration_ms: None,
        bytes: None,
        sha256: None,
        uri: None,
        source: Some(path.into()),
        state: RecordingState::Pending,
        suspended: Vec::new(),
        stored_at: None,
        note: None,
        revision: 1,
        known_at: NOW,
        first_event: Position::default(),
        last_event: Position::default(),
        filed: NOW.days(),
    }
}

/// A WAV file of so many bytes of sound.
fn wav(bytes: usize) -> Vec<u8> {
    let size = u32::try_from(bytes).unwrap();
    let mut w = b"RIFF".to_vec();
    w.extend((size + 36).to_le_bytes());
    w.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    w.extend(8000_u32.to_le_bytes());
    w.extend(16_000_u32.to_le_bytes());
    w.extend(b"\x02\0\x10\0data");
    w.extend(size.to_le_bytes());
    w.extend((0..bytes).map(|i| u8::try_from(i * 31 % 251).unwrap()));
    w
}

fn vault(s3: &S3, environment: Vec<(String, String)>) -> Vault {
    let location = format!("{}/kept/here", s3.url());
    Vault::open(&StoreConfig { location, options: Vec::new(), environment }).unwrap()
}

fn folder(path: &Path) -> Source {
    Source::Folder(FolderSource::open(path).unwrap())
}

fn stored(row: &Recording, outcome: &model::acts::RecordingOutcome) -> Recording {
    let sha256 = outcome.sha256.as_deref().map(Into::into);
    Recording { uri: outcome.uri.clone(), bytes: outcome.bytes, sha256, state: outcome.state, ..row.clone() }
}

/// A client beside the vault: what does the bucket really hold?
fn client(s3: &S3) -> impl ObjectStore {
    let mut builder = AmazonS3Builder::new().with_url(s3.url());
    for (name, value) in s3.environment() {
        builder = builder.with_config(name.to_ascii_lowercase().parse().unwrap(), value);
    }
    builder.build().unwrap()
}

async fn objects(s3: &S3) -> Vec<ObjectMeta> {
    client(s3).list(None).try_collect().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn small_and_large_recordings_are_kept_with_their_metadata_and_never_twice() {
    let s3 = S3::start("recordings-a");
    let dir = tempfile::tempdir().unwrap();
    let vault = vault(&s3, s3.environment());
    vault.check().await.unwrap();
    for (name, size) in [("small.wav", 16_000), ("large.wav", 21 * MIB)] {
        let bytes = wav(size);
        std::fs::write(dir.path().join(name), &bytes).unwrap();
        let row = pending(name, &format!("/var/spool/monitor/{name}"));
        let outcome = vault.store(&row, 1, &folder(dir.path()), &Terms::import(NOW)).await.unwrap();
        assert_eq!(outcome.state, RecordingState::Recorded, "{:?}", outcome.note);
        let uri = outcome.uri.clone().unwrap();
        let key = uri.strip_prefix(&format!("{}/", s3.url())).unwrap();
        assert_eq!(key, format!("kept/here/recordings/north/2026/11/22/pbx/call-{name}/1-20261122T100000.000Z.wav"));
        let head = GetOptions { head: true, ..GetOptions::default() };
        let found = client(&s3).get_opts(&key.into(), head).await.unwrap();
        assert_eq!(found.meta.size, bytes.len() as u64);
        let label = |name: &'static str| found.attributes.get(&Attribute::Metadata(name.into())).map(|v| v.to_string());
        assert_eq!(label("sha256"), outcome.sha256);
        assert_eq!(label("queue").as_deref(), Some("b%C3%BCro"));
        assert_eq!(label("agent").as_deref(), Some("Zo%C3%AB O'Neil"));
        assert_eq!(label("duration-ms"), outcome.duration_ms.map(|d| d.to_string()));

        let before = objects(&s3).await;
        let again = vault.store(&row, 1, &folder(dir.path()), &Terms::import(NOW)).await.unwrap();
        assert_eq!(again, outcome);
        assert_eq!(objects(&s3).await, before, "nothing was written again");
        let row = stored(&row, &outcome);
        assert_eq!(vault.verify(&row).await.unwrap(), Verification::Good);
        let Hearing::Served(part) = vault.serve(&row, Wanted::parse("bytes=-1000")).await.unwrap() else {
            panic!("it is stored")
        };
        let tail: Vec<u8> = part.bytes.try_collect::<Vec<_>>().await.unwrap().concat();
        assert_eq!(tail, &bytes[bytes.len() - 1000..]);
    }
    assert_eq!(objects(&s3).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_killed_in_the_middle_leaves_no_half_object_and_the_next_attempt_ends_it() {
    let mut s3 = S3::start("recordings-b");
    let dir = tempfile::tempdir().unwrap();
    let bytes = wav(96 * MIB);
    std::fs::write(dir.path().join("a.wav"), &bytes).unwrap();
    let (row, source) = (pending("r", "a.wav"), folder(dir.path()));
    let vault = vault(&s3, s3.environment());
    let idle = s3.disk_bytes();
    let attempt = tokio::spawn({
        let (vault, row, source) = (vault.clone(), row.clone(), source.clone());
        async move { vault.store(&row, 1, &source, &Terms::import(NOW)).await }
    });
    // Parts have arrived, and more are to come.
    while s3.disk_bytes() < idle + 20 * MIB as u64 {
        assert!(!attempt.is_finished(), "the upload was too quick to be interrupted");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    s3.pause();
    assert!(!attempt.is_finished(), "the upload was too quick to be interrupted");
    s3.kill9();
    let error = attempt.await.unwrap().unwrap_err();
    assert_eq!(error.kind(), FailureKind::Transient, "{error}");
    assert!(error.to_string().contains("s3://recordings-b"), "{error}");
    let down = vault.store(&row, 1, &source, &Terms::import(NOW)).await.unwrap_err();
    assert_eq!(down.kind(), FailureKind::Transient, "{down}");

    s3.restart();
    assert_eq!(objects(&s3).await, [], "no half object is visible");
    let outcome = vault.store(&row, 1, &source, &Terms::import(NOW)).await.unwrap();
    let found = objects(&s3).await;
    assert_eq!(found.iter().map(|o| o.size).collect::<Vec<_>>(), [bytes.len() as u64]);
    assert_eq!(vault.verify(&stored(&row, &outcome)).await.unwrap(), Verification::Good);
    s3.kill9();
    s3.restart();
    assert_eq!(vault.verify(&stored(&row, &outcome)).await.unwrap(), Verification::Good);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_key_says_where_and_what_to_do_and_no_secret() {
    let s3 = S3::start("recordings-c");
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("a.wav"), wav(1000)).unwrap();
    let wrong = "an-entirely-wrong-secret";
    let vault_wrong = vault(&s3, s3.environment_with(wrong));
    let row = pending("r", "a.wav");
    let store = vault_wrong.store(&row, 1, &folder(dir.path()), &Terms::import(NOW)).await.unwrap_err();
    let check = vault_wrong.check().await.unwrap_err();
    for error in [store, check] {
        assert!(matches!(error, VaultError::Denied { .. }), "{error:?}");
        assert_eq!(error.kind(), FailureKind::Setup);
        let told = format!("{error} {error:?}");
        assert!(told.contains("s3://recordings-c") && told.contains("check the access key"), "{told}");
        assert!(!told.contains(wrong) && !told.contains(s3.secret()) && !told.contains(s3.key()), "{told}");
    }
    let config = StoreConfig { location: s3.url(), options: Vec::new(), environment: s3.environment() };
    let shown = format!("{config:?}");
    assert!(!shown.contains(s3.secret()), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_is_not_there_is_a_matter_of_setup() {
    let s3 = S3::start("recordings-d");
    let location = "s3://no-such-bucket".to_owned();
    let vault = Vault::open(&StoreConfig { location, options: Vec::new(), environment: s3.environment() }).unwrap();
    let error = vault.check().await.unwrap_err();
    assert_eq!(error.kind(), FailureKind::Setup, "{error}");
    assert!(error.to_string().contains("no-such-bucket"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn recordings_come_from_a_bucket_too() {
    let s3 = S3::start("recordings-e");
    let bytes = wav(9 * MIB);
    let put = client(&s3).put(&"switch/monitor/2026/a.wav".into(), bytes.clone().into()).await;
    put.unwrap();
    let location = format!("{}/switch/monitor", s3.url());
    let source = Source::open(&StoreConfig { location, options: Vec::new(), environment: s3.environment() }).unwrap();
    let kept = tempfile::tempdir().unwrap();
    let location = kept.path().display().to_string();
    let vault = Vault::open(&StoreConfig { location, options: Vec::new(), environment: Vec::new() }).unwrap();
    let row = pending("r", "/var/spool/asterisk/monitor/2026/a.wav");
    let outcome = vault.store(&row, 1, &source, &Terms::import(NOW)).await.unwrap();
    assert_eq!(outcome.bytes, Some(i64::try_from(bytes.len()).unwrap()));
    assert_eq!(vault.verify(&stored(&row, &outcome)).await.unwrap(), Verification::Good);
    let absent = vault.store(&pending("q", "b.wav"), 1, &source, &Terms::import(NOW)).await.unwrap_err();
    assert_eq!(absent.kind(), FailureKind::NotYet);
}
