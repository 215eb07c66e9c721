//! The txn protocol: each flush lands once, and only its owner's.

mod common;

use common::*;
use model::facts::Facts;
use tables::{CommitError, Filter, Lake, LakeConfig, Table, TablesError, Txn};

const VISITS: Table = Table::QueueVisits;

async fn count(lake: &Lake) -> usize {
    lake.revisions(&Filter::default()).await.expect("reads").queue_visits.len()
}

#[tokio::test]
async fn the_same_commit_again_is_told_as_landed_and_doubles_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = lake(folder.path()).await;
    let rows = visits(vec![plain_visit("a", 1, 1)]);
    let done = first.commit(VISITS, &rows, &[txn(10, None)]).await.expect("lands");
    assert!(!done.before);
    // The answer got lost: the same owner, or one that took over, commits it again.
    let again = lake(folder.path()).await;
    for owner in [&first, &again] {
        let done = owner.commit(VISITS, &rows, &[txn(10, None)]).await.expect("is there");
        assert!(done.before);
        assert_eq!(done.rows, 0);
    }
    assert_eq!(count(&first).await, 1);
    assert_eq!(again.txn_version(VISITS, APP).await.expect("reads"), Some(10));
}

#[tokio::test]
async fn an_owner_that_was_overtaken_writes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let (old, new) = (lake(folder.path()).await, lake(folder.path()).await);
    old.commit(VISITS, &visits(vec![plain_visit("a", 1, 1)]), &[txn(5, None)]).await.expect("lands");
    new.commit(VISITS, &visits(vec![plain_visit("b", 2, 1)]), &[txn(10, Some(5))]).await.expect("lands");
    let refused = old.commit(VISITS, &visits(vec![plain_visit("c", 3, 1)]), &[txn(7, Some(5))]).await;
    match refused {
        Err(CommitError::Overtaken { app_id, seen, found, .. }) => {
            assert_eq!((app_id.as_str(), seen, found), (APP, Some(5), Some(10)));
        }
        other => panic!("expected Overtaken, got {other:?}"),
    }
    assert_eq!(count(&new).await, 2);
    let files = walk(&folder.path().join("queue_visits"));
    assert_eq!(files, 2, "a refused commit leaves no file behind");
}

fn walk(folder: &std::path::Path) -> usize {
    let entries = std::fs::read_dir(folder).expect("reads").map(|e| e.expect("an entry").path());
    entries
        .map(|p| match (p.is_dir(), p.extension()) {
            (true, _) => walk(&p),
            (false, Some(e)) if e == "parquet" && !p.to_string_lossy().contains("checkpoint") => 1,
            _ => 0,
        })
        .sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_owners_at_once_one_lands_and_the_other_is_told() {
    for round in 0..8 {
        let folder = tempfile::tempdir().expect("a folder");
        let (one, two) = (lake(folder.path()).await, lake(folder.path()).await);
        let (rows_one, rows_two) = (visits(vec![plain_visit("a", 1, 1)]), visits(vec![plain_visit("b", 2, 1)]));
        let (txns_one, txns_two) = ([txn(5, None)], [txn(6, None)]);
        let (a, b) = tokio::join!(one.commit(VISITS, &rows_one, &txns_one), two.commit(VISITS, &rows_two, &txns_two),);
        let landed = [a.is_ok(), b.is_ok()].iter().filter(|ok| **ok).count();
        assert_eq!(landed, 1, "round {round}: {a:?} {b:?}");
        let failed = a.err().or(b.err()).expect("one failed");
        assert!(matches!(failed, CommitError::Overtaken { .. }), "{failed:?}");
        assert_eq!(count(&one).await, 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn owners_of_different_partitions_do_not_hinder_each_other() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut tasks = Vec::new();
    lake(folder.path()).await;
    for partition in 0..4_i64 {
        let path = folder.path().to_owned();
        tasks.push(tokio::spawn(async move {
            let lake = lake(&path).await;
            let mut seen = None;
            for step in 1..=5_i64 {
                let id = format!("p{partition}-{step}");
                let txn = Txn { app_id: format!("g1/facts/cti.events-{partition}"), version: step, seen };
                lake.commit(VISITS, &visits(vec![plain_visit(&id, step, 1)]), &[txn]).await.expect("lands");
                seen = Some(step);
            }
        }));
    }
    for task in tasks {
        task.await.expect("ends");
    }
    assert_eq!(count(&lake(folder.path()).await).await, 20);
}

#[tokio::test]
async fn a_flush_of_several_partitions_is_refused_whole() {
    let folder = tempfile::tempdir().expect("a folder");
    let lake = lake(folder.path()).await;
    let other = Txn { app_id: "g1/facts/cti.events-1".into(), version: 3, seen: None };
    lake.commit(VISITS, &visits(vec![plain_visit("a", 1, 1)]), std::slice::from_ref(&other)).await.expect("lands");
    let rows = visits(vec![plain_visit("b", 2, 1)]);
    let moved = Txn { version: 4, ..other };
    let refused = lake.commit(VISITS, &rows, &[txn(1, None), moved]).await;
    assert!(matches!(refused, Err(CommitError::Overtaken { found: Some(3), .. })), "{refused:?}");
    assert_eq!(lake.txn_version(VISITS, APP).await.expect("reads"), None);
    assert_eq!(count(&lake).await, 1);
}

#[tokio::test]
async fn a_commit_without_rows_moves_the_txn_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let lake = lake(folder.path()).await;
    lake.commit(VISITS, &Facts::default(), &[txn(3, None)]).await.expect("lands");
    assert_eq!(lake.txn_version(VISITS, APP).await.expect("reads"), Some(3));
    let backwards = lake.commit(VISITS, &Facts::default(), &[txn(3, Some(4))]).await;
    assert!(matches!(backwards, Err(CommitError::NotLanded(TablesError::Asked(_)))), "{backwards:?}");
}

#[tokio::test]
async fn txns_outlive_checkpoints() {
    let folder = tempfile::tempdir().expect("a folder");
    let lake = lake(folder.path()).await;
    let quiet = Txn { app_id: "g1/facts/cti.events-9".into(), version: 1, seen: None };
    lake.commit(VISITS, &Facts::default(), std::slice::from_ref(&quiet)).await.expect("lands");
    let mut seen = None;
    for version in 1..=110 {
        lake.commit(VISITS, &Facts::default(), &[txn(version, seen)]).await.expect("lands");
        seen = Some(version);
    }
    let log = folder.path().join("queue_visits/_delta_log");
    assert!(log.join("_last_checkpoint").is_file(), "110 commits make a checkpoint");
    let again = common::lake(folder.path()).await;
    assert_eq!(again.txn_version(VISITS, &quiet.app_id).await.expect("reads"), Some(1));
    assert_eq!(again.txn_version(VISITS, APP).await.expect("reads"), Some(110));
    let text = std::fs::read_to_string(log.join("00000000000000000000.json")).expect("reads");
    assert!(!text.contains("setTransactionRetentionDuration"));
}

#[tokio::test]
async fn another_generation_is_read_but_not_written() {
    let folder = tempfile::tempdir().expect("a folder");
    lake(folder.path())
        .await
        .commit(VISITS, &visits(vec![plain_visit("a", 1, 1)]), &[txn(1, None)])
        .await
        .expect("lands");
    let newer = Lake::open(LakeConfig::folder(folder.path(), "g2")).await.expect("opens");
    assert_eq!(newer.visits(&Filter::default()).await.expect("reads").len(), 1);
    let refused = newer.commit(VISITS, &visits(vec![plain_visit("b", 2, 1)]), &[txn(1, None)]).await;
    let refused = refused.expect_err("refuses");
    assert!(!refused.passes(), "no retry makes it pass");
    let text = refused.to_string();
    assert!(text.contains("ringledger replay") && text.contains("g1") && text.contains("g2"), "{text}");
    assert!(newer.ensure_tables().await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tables_made_by_several_at_once_are_made_once() {
    for _ in 0..5 {
        let folder = tempfile::tempdir().expect("a folder");
        let makers: Vec<_> = (0..3)
            .map(|_| {
                let path = folder.path().to_owned();
                tokio::spawn(async move { lake(&path).await })
            })
            .collect();
        for maker in makers {
            maker.await.expect("makes tables");
        }
        for table in Table::ALL {
            let log = folder.path().join(table.name()).join("_delta_log");
            assert!(!log.join("00000000000000000001.json").exists(), "{table} was made twice");
        }
    }
}
