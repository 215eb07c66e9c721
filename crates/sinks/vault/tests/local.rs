//! From the switch's folder to a local vault.

mod common;

use std::collections::HashSet;

use common::{NOON, pending, tone, tree, vault_in, wav, wav_saying};
use futures::TryStreamExt;
use model::facts::{Recording, RecordingState as S};
use model::{Instant, Name};
use vault::{FailureKind, FolderSource, Hearing, Source, Terms, Vault, VaultError, Verification, Wanted};

struct Bench {
    _dir: tempfile::TempDir,
    monitor: std::path::PathBuf,
    kept: std::path::PathBuf,
    vault: Vault,
}

impl Bench {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (monitor, kept) = (dir.path().join("monitor"), dir.path().join("vault"));
        std::fs::create_dir(&monitor).unwrap();
        let vault = vault_in(&kept);
        Self { _dir: dir, monitor, kept, vault }
    }

    fn file(&self, path: &str, bytes: &[u8]) {
        let path = self.monitor.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    fn source(&self) -> Source {
        Source::Folder(FolderSource::open(&self.monitor).unwrap())
    }

    async fn store(&self, row: &Recording) -> Result<model::acts::RecordingOutcome, VaultError> {
        self.vault.store(row, 1, &self.source(), &Terms::import(NOON)).await
    }
}

/// The row that the fold makes of an outcome.
fn stored(row: &Recording, outcome: &model::acts::RecordingOutcome) -> Recording {
    Recording {
        uri: outcome.uri.clone(),
        bytes: outcome.bytes,
        sha256: outcome.sha256.as_deref().map(Into::into),
        state: outcome.state,
        ..row.clone()
    }
}

#[tokio::test]
async fn a_recording_is_found_by_its_longest_tail_and_kept_once() {
    let bench = Bench::new();
    bench.file("a.wav", &wav(&tone(80)));
    bench.file("2026/a.wav", &wav(&tone(8000)));
    let row = pending("r1", "call/1", "/var/spool/asterisk/monitor/2026/a.wav");
    let first = bench.store(&row).await.unwrap();
    assert_eq!((first.state, first.duration_ms, first.bytes), (S::Recorded, Some(1000), Some(16_044)));
    assert_eq!(first.path, "/var/spool/asterisk/monitor/2026/a.wav");
    let before = tree(&bench.kept);
    let key = "recordings/north/2026/11/22/pbx/call%2F1/1-20261122T100000.000Z.wav";
    assert_eq!(before.keys().collect::<Vec<_>>(), [key, &format!("{key}.json")]);
    assert_eq!(before[key], wav(&tone(8000)));
    let labels = String::from_utf8(before[&format!("{key}.json")].clone()).unwrap();
    assert!(labels.contains("\"queue\": \"b%C3%BCro\"") && labels.contains(first.sha256.as_ref().unwrap()), "{labels}");

    let written = std::fs::metadata(bench.kept.join(key)).unwrap().modified().unwrap();
    let again = bench.store(&row).await.unwrap();
    assert_eq!(again, first);
    assert_eq!(std::fs::metadata(bench.kept.join(key)).unwrap().modified().unwrap(), written);
    assert_eq!(tree(&bench.kept), before);
}

#[tokio::test]
async fn what_a_file_holds_decides_its_state() {
    let bench = Bench::new();
    let whole = wav(&tone(8000));
    let cases: [(&str, Vec<u8>, S, Option<i64>); 8] = [
        ("bare.wav", wav(&[]), S::Empty, Some(0)),
        ("nothing.wav", Vec::new(), S::Empty, Some(0)),
        ("silent.wav", wav(&[0; 800]), S::Empty, Some(100)),
        ("whole.wav", whole.clone(), S::Recorded, Some(1000)),
        ("crashed.wav", wav_saying(&tone(8000), 0), S::Partial, Some(1000)),
        ("cut.wav", whole[..8044].to_vec(), S::Partial, Some(500)),
        ("short-header.wav", wav_saying(&tone(8000), 8000), S::Partial, Some(1000)),
        ("text.wav", b"this is no recording at all".to_vec(), S::Partial, None),
    ];
    for (name, bytes, state, duration) in cases {
        bench.file(name, &bytes);
        let got = bench.store(&pending(name, name, name)).await.unwrap();
        assert_eq!((got.state, got.duration_ms), (state, duration), "{name}: {:?}", got.note);
        assert_eq!(got.note.is_some(), state != S::Recorded && name != "bare.wav", "{name}: {:?}", got.note);
        let key = format!("recordings/north/2026/11/22/pbx/{name}/1-20261122T100000.000Z.wav");
        assert_eq!(tree(&bench.kept)[&key], bytes, "{name} is kept as it was");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn what_climbs_out_is_refused_and_nothing_outside_is_read() {
    let bench = Bench::new();
    let outside = bench.monitor.parent().unwrap().join("secret.wav");
    std::fs::write(&outside, wav(&tone(80))).unwrap();
    std::os::unix::fs::symlink(&outside, bench.monitor.join("link.wav")).unwrap();
    std::os::unix::fs::symlink(bench.monitor.parent().unwrap(), bench.monitor.join("up")).unwrap();
    for path in ["../secret.wav", "/monitor/../secret.wav", "link.wav", "/spool/up/secret.wav"] {
        let error = bench.store(&pending("r", "c", path)).await.unwrap_err();
        assert_eq!(error.kind(), FailureKind::Refused, "{path}: {error}");
        assert!(error.to_string().contains(path), "{error}");
    }
    // An absolute path is only ever looked for below the folder.
    let absolute = outside.display().to_string();
    let error = bench.store(&pending("r", "c", &absolute)).await.unwrap_err();
    assert_eq!(error.kind(), FailureKind::NotYet, "{error}");
    assert!(tree(&bench.kept).is_empty());
}

#[tokio::test]
async fn what_is_absent_is_not_yet_there_and_then_missing() {
    let bench = Bench::new();
    bench.file("folder.wav/inner", b"x");
    let row = pending("r", "c", "/monitor/folder.wav");
    let error = bench.store(&row).await.unwrap_err();
    assert_eq!(error.kind(), FailureKind::NotYet);
    let gone = vault::missing(&row, Some(&error));
    assert_eq!((gone.state, gone.uri, gone.bytes), (S::Missing, None, None));
    assert!(gone.note.unwrap().contains("folder.wav"));
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_an_error_not_a_lot_of_missing_files() {
    let error = FolderSource::open(std::path::Path::new("/nowhere/monitor")).unwrap_err();
    assert!(error.to_string().contains("/nowhere/monitor"), "{error}");
}

#[tokio::test]
async fn a_file_still_growing_waits_except_in_an_import() {
    let bench = Bench::new();
    bench.file("a.wav", &wav(&tone(80)));
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let now = Instant(i64::try_from(since.as_micros()).unwrap());
    let row = pending("r", "c", "a.wav");
    let error = bench.vault.store(&row, 1, &bench.source(), &Terms::live(now)).await.unwrap_err();
    assert!(matches!(error, VaultError::Growing { .. }), "{error}");
    assert_eq!(error.kind(), FailureKind::NotYet);
    let later = Terms::live(now.plus_millis(6000));
    assert_eq!(bench.vault.store(&row, 1, &bench.source(), &later).await.unwrap().state, S::Recorded);
    assert_eq!(bench.store(&row).await.unwrap().state, S::Recorded);
}

#[tokio::test]
async fn other_bytes_under_the_same_key_are_kept_beside() {
    let bench = Bench::new();
    let row = pending("r", "c", "a.wav");
    bench.file("a.wav", &wav(&tone(80)));
    let first = bench.store(&row).await.unwrap();
    bench.file("a.wav", &wav(&tone(160)));
    let second = bench.store(&row).await.unwrap();
    assert_ne!(first.uri, second.uri);
    assert!(second.note.as_ref().unwrap().contains("beside"));
    assert_eq!(bench.vault.verify(&stored(&row, &first)).await.unwrap(), Verification::Good);
    assert_eq!(bench.vault.verify(&stored(&row, &second)).await.unwrap(), Verification::Good);
    assert_eq!(bench.store(&row).await.unwrap().uri, second.uri);
}

#[tokio::test]
async fn orphans_are_what_nobody_announced_whatever_they_hold() {
    let bench = Bench::new();
    bench.file("2026/told.wav", &wav(&tone(80)));
    bench.file("told.wav", &wav(&tone(80)));
    bench.file("empty.wav", &wav(&[]));
    bench.file("deep/er/notes.txt", b"hello");
    let Source::Folder(folder) = bench.source() else { panic!("a folder was opened") };
    let announced = vec!["/monitor/2026/told.wav".to_owned(), "/monitor/../x.wav".to_owned()];
    let (none, place) = (HashSet::new(), ("north", "pbx"));
    let sweep = bench.vault.orphans(&folder, place, announced.clone(), &none, &Terms::import(NOON)).await.unwrap();
    let paths: Vec<_> = sweep.outcomes.iter().map(|o| (o.path.as_str(), o.state)).collect();
    assert_eq!(paths, [("deep/er/notes.txt", S::Orphan), ("empty.wav", S::Orphan), ("told.wav", S::Orphan)]);
    assert!(sweep.failures.is_empty() && sweep.skipped.is_empty());
    assert!(sweep.outcomes.iter().all(|o| o.call_id.is_none() && o.started_at.is_some() && o.uri.is_some()));
    let again = bench.vault.orphans(&folder, place, announced.clone(), &none, &Terms::import(NOON)).await.unwrap();
    assert_eq!(again.outcomes, sweep.outcomes);
    let known = sweep.outcomes.iter().map(|o| &o.recording_id).collect();
    let news = bench.vault.orphans(&folder, place, announced, &known, &Terms::import(NOON)).await.unwrap();
    assert_eq!(news.outcomes, [], "what the log knows is not said again");
}

#[tokio::test]
async fn two_switches_with_the_same_call_id_and_bytes_share_no_object() {
    let bench = Bench::new();
    bench.file("a.wav", &wav(&tone(800)));
    bench.file("left.wav", &wav(&tone(80)));
    let one = pending("one-c-1", "c", "a.wav");
    let two = Recording { recording_id: "two-c-1".into(), switch: "two".into(), ..one.clone() };
    let Source::Folder(folder) = bench.source() else { panic!("a folder was opened") };
    let (mut rows, mut orphans) = (Vec::new(), Vec::new());
    for row in [&one, &two] {
        rows.push(stored(row, &bench.store(row).await.unwrap()));
        let place = ("north", row.switch.as_str());
        let told = vec!["a.wav".to_owned()];
        let sweep = bench.vault.orphans(&folder, place, told, &HashSet::new(), &Terms::import(NOON)).await.unwrap();
        orphans.extend(sweep.outcomes);
    }
    assert_ne!(rows[0].uri, rows[1].uri);
    assert_eq!(orphans.len(), 2);
    assert!(orphans[0].uri != orphans[1].uri && orphans[0].recording_id != orphans[1].recording_id);
    // One is held or deleted by its key: the other is not touched.
    let file = url::Url::parse(rows[0].uri.as_ref().unwrap()).unwrap().to_file_path().unwrap();
    std::fs::remove_file(file).unwrap();
    assert_eq!(bench.vault.verify(&rows[0]).await.unwrap(), Verification::Gone);
    assert_eq!(bench.vault.verify(&rows[1]).await.unwrap(), Verification::Good);
}

#[tokio::test]
async fn an_object_of_an_earlier_version_is_read_by_the_key_in_its_row() {
    let bench = Bench::new();
    bench.file("a.wav", &wav(&tone(800)));
    let row = pending("r", "c", "a.wav");
    let outcome = bench.store(&row).await.unwrap();
    let new = url::Url::parse(outcome.uri.as_ref().unwrap()).unwrap().to_file_path().unwrap();
    let old = bench.kept.join("recordings/north/2026/11/22/c/1-20261122T100000.000Z.wav");
    std::fs::create_dir_all(old.parent().unwrap()).unwrap();
    std::fs::rename(&new, &old).unwrap();
    let row = Recording { uri: Some(url::Url::from_file_path(&old).unwrap().to_string()), ..stored(&row, &outcome) };
    assert_eq!(bench.vault.verify(&row).await.unwrap(), Verification::Good);
}

#[tokio::test]
async fn an_orphan_that_an_earlier_version_named_is_not_kept_twice() {
    let bench = Bench::new();
    bench.file("left.wav", &wav(&tone(80)));
    let Source::Folder(folder) = bench.source() else { panic!("a folder was opened") };
    // Named by path and content alone.
    let named = Name::new("orphan-66556663ed9c89bde7b4ecfb");
    let known = HashSet::from([&named]);
    let sweep = bench.vault.orphans(&folder, ("north", "pbx"), Vec::new(), &known, &Terms::import(NOON)).await.unwrap();
    assert_eq!((sweep.outcomes, tree(&bench.kept).len()), (Vec::new(), 0));
}

#[tokio::test]
async fn verification_reads_the_bytes_again() {
    let bench = Bench::new();
    bench.file("a.wav", &wav(&tone(800)));
    let row = pending("r", "c", "a.wav");
    let outcome = bench.store(&row).await.unwrap();
    let row = stored(&row, &outcome);
    assert_eq!(bench.vault.verify(&row).await.unwrap(), Verification::Good);
    let file = url::Url::parse(row.uri.as_ref().unwrap()).unwrap().to_file_path().unwrap();
    let mut bytes = std::fs::read(&file).unwrap();
    bytes[100] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    assert!(matches!(bench.vault.verify(&row).await.unwrap(), Verification::Differs { .. }));
    std::fs::remove_file(&file).unwrap();
    assert_eq!(bench.vault.verify(&row).await.unwrap(), Verification::Gone);
    assert_eq!(bench.vault.verify(&pending("q", "c", "b.wav")).await.unwrap(), Verification::NotStored);
}

#[tokio::test]
async fn a_lost_sidecar_is_made_again_from_the_object() {
    let bench = Bench::new();
    bench.file("a.wav", &wav(&tone(800)));
    let row = pending("r", "c", "a.wav");
    bench.store(&row).await.unwrap();
    let whole = tree(&bench.kept);
    let sidecar = whole.keys().find(|k| k.ends_with(".json")).unwrap();
    std::fs::write(bench.kept.join(sidecar), b"{\"cut").unwrap();
    bench.store(&row).await.unwrap();
    assert_eq!(tree(&bench.kept), whole);
}

#[tokio::test]
async fn ranges_are_given_out_also_after_the_vault_moved() {
    let bench = Bench::new();
    let bytes = wav(&tone(8000));
    bench.file("a.wav", &bytes);
    let row = pending("r", "c", "a.wav");
    let outcome = bench.store(&row).await.unwrap();
    let row = stored(&row, &outcome);
    let moved = bench.kept.with_file_name("elsewhere");
    std::fs::rename(&bench.kept, &moved).unwrap();
    let vault = vault_in(&moved);
    let Hearing::Served(part) = vault.serve(&row, Wanted::parse("bytes=44-143")).await.unwrap() else {
        panic!("it is stored")
    };
    assert_eq!((part.total, part.range.clone(), part.partial), (16_044, 44..144, true));
    let got: Vec<u8> = part.bytes.try_collect::<Vec<_>>().await.unwrap().concat();
    assert_eq!(got, &bytes[44..144]);
    assert!(matches!(vault.serve(&row, Some(Wanted::From(16_044))).await.unwrap(), Hearing::OutOfRange(16_044)));
    let Hearing::Served(all) = vault.serve(&row, None).await.unwrap() else { panic!("it is stored") };
    assert!(!all.partial && all.content_type == "audio/wav");
}

#[tokio::test]
async fn a_recording_larger_than_a_part_is_kept_whole() {
    let bench = Bench::new();
    let bytes = wav(&tone(5 * 1024 * 1024));
    bench.file("a.wav", &bytes);
    let outcome = bench.store(&pending("r", "c", "a.wav")).await.unwrap();
    assert_eq!(outcome.bytes, Some(i64::try_from(bytes.len()).unwrap()));
    assert!(tree(&bench.kept).values().any(|b| *b == bytes));
    let small = Terms { max_bytes: 1000, ..Terms::import(NOON) };
    let error = bench.vault.store(&pending("r", "d", "a.wav"), 1, &bench.source(), &small).await.unwrap_err();
    assert_eq!(error.kind(), FailureKind::Refused, "{error}");
}

#[cfg(unix)]
#[tokio::test]
async fn a_disk_that_refuses_leaves_nothing_half_written() {
    let bench = Bench::new();
    bench.file("a.wav", &wav(&tone(80)));
    std::fs::write(&bench.kept, b"a file where the vault should be").unwrap();
    let error = bench.store(&pending("r", "c", "a.wav")).await.unwrap_err();
    assert!(error.to_string().contains("vault"), "{error}");
}
