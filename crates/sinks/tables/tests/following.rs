//! Who follows a table sees every revision, whatever maintenance does to its files.

mod common;

use common::*;
use model::Name;
use model::facts::{Facts, Recording};
use proptest::strategy::{Strategy as _, ValueTree as _};
use tables::{Filter, Followed, Lake, Superseded, Table};

const SWITCHES: [&str; 2] = ["pbx1", "pbx2"];

fn batch(n: i64) -> Vec<Recording> {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let base = recording().new_tree(&mut runner).expect("a row").current();
    let row = |k: i64| Recording {
        recording_id: format!("r{k}").into(),
        switch: SWITCHES[(k % 2) as usize].into(),
        revision: 1 + n / 4,
        filed: base.filed + (k % 3) as i32,
        ..base.clone()
    };
    (0..4).map(|k| row(n % 4 * 4 + k)).collect()
}

/// The new rows of a switch, as text.
async fn new_rows(lake: &Lake, since: Option<Followed>, switch: &str) -> (Followed, Vec<String>) {
    let mut rows = Vec::new();
    let switch = Name::from(switch);
    let followed = lake.follow_recordings(since, &switch, |some| rows.extend(some)).await.expect("follows");
    let mut texts: Vec<String> = rows.iter().map(|r| format!("{r:?}")).collect();
    texts.sort();
    (followed, texts)
}

fn of_switch(rows: &[Recording], switch: &str) -> Vec<String> {
    let mut texts: Vec<String> = rows.iter().filter(|r| r.switch == switch).map(|r| format!("{r:?}")).collect();
    texts.sort();
    texts
}

#[tokio::test]
async fn every_revision_is_given_once_beside_compactions_and_checkpoints() {
    let folder = tempfile::tempdir().expect("a folder");
    let lake = lake(folder.path()).await;
    let mut followed = [None, None];
    for n in 0..106_i64 {
        let recordings = batch(n);
        let facts = Facts { recordings: recordings.clone(), ..Facts::default() };
        lake.commit(Table::Recordings, &facts, &[txn(n + 1, (n > 0).then_some(n))]).await.expect("lands");
        if n % 20 == 12 {
            lake.compact(Table::Recordings, Superseded::Keep).await.expect("compacts");
        }
        for (switch, followed) in SWITCHES.iter().zip(&mut followed) {
            let (upto, rows) = new_rows(&lake, *followed, switch).await;
            assert_eq!(rows, of_switch(&recordings, switch), "commit {n}");
            assert_eq!(new_rows(&lake, Some(upto), switch).await, (upto, Vec::new()));
            *followed = Some(upto);
        }
    }
    let all = lake.revisions(&Filter::default()).await.expect("reads").recordings;
    for switch in SWITCHES {
        assert_eq!(new_rows(&lake, None, switch).await.1, of_switch(&all, switch), "a first look sees all");
    }
}

#[tokio::test]
async fn a_log_that_has_forgotten_is_read_from_its_beginning() {
    let folder = tempfile::tempdir().expect("a folder");
    let lake = lake(folder.path()).await;
    let facts = |n| Facts { recordings: batch(n), ..Facts::default() };
    lake.commit(Table::Recordings, &facts(0), &[txn(1, None)]).await.expect("lands");
    let (followed, _) = new_rows(&lake, None, "pbx1").await;
    for n in 1..104_i64 {
        lake.commit(Table::Recordings, &facts(n), &[txn(n + 1, Some(n))]).await.expect("lands");
    }
    // As a clean-up does: everything below the checkpoint.
    for version in 0..=98 {
        let entry = folder.path().join(format!("recordings/_delta_log/{version:020}.json"));
        std::fs::remove_file(entry).expect("removed");
    }
    let all = lake.revisions(&Filter::default()).await.expect("reads").recordings;
    assert_eq!(new_rows(&lake, Some(followed), "pbx1").await.1, of_switch(&all, "pbx1"));
}
