//! Compaction keeps rows, never doubles them, and passes beside appends.

mod common;

use std::collections::BTreeMap;

use common::*;
use model::facts::{Facts, Visit};
use tables::{Filter, Lake, Superseded, Table, TablesError};

const VISITS: Table = Table::QueueVisits;

fn sorted(mut rows: Vec<Visit>) -> Vec<String> {
    rows.sort_by(|a, b| (&a.visit_id, a.revision).cmp(&(&b.visit_id, b.revision)));
    rows.iter().map(|r| format!("{r:?}")).collect()
}

async fn every(lake: &Lake) -> Facts {
    lake.revisions(&Filter::default()).await.expect("reads")
}

/// Ten commits of a visit each on two days: joined, then closed.
async fn filled(path: &std::path::Path) -> Lake {
    let lake = lake(path).await;
    let mut seen = None;
    for n in 0..10_i64 {
        let open = plain_visit(&format!("v{n}"), n * 10 + (n % 2) * 86_400, 1);
        let rows = vec![open.clone(), closed(open, 2)];
        lake.commit(VISITS, &visits(rows), &[txn(n + 1, seen)]).await.expect("lands");
        seen = Some(n + 1);
    }
    lake
}

#[tokio::test]
async fn compaction_keeps_rows_and_makes_one_file_a_day() {
    let folder = tempfile::tempdir().expect("a folder");
    let lake = filled(folder.path()).await;
    let before = every(&lake).await;
    let done = lake.compact(VISITS, Superseded::Keep).await.expect("compacts");
    assert_eq!((done.files_before, done.files_after, done.rows, done.dropped), (10, 2, 20, 0));
    assert_eq!(sorted(every(&lake).await.queue_visits), sorted(before.queue_visits));
    let nothing = lake.compact(VISITS, Superseded::Keep).await.expect("has nothing to do");
    assert_eq!(nothing.files_before, 0);
    lake.commit(VISITS, &visits(vec![plain_visit("x", 7, 1)]), &[txn(11, Some(10))]).await.expect("txns are kept");
}

#[tokio::test]
async fn compaction_drops_what_was_superseded_and_never_closed() {
    let folder = tempfile::tempdir().expect("a folder");
    let lake = filled(folder.path()).await;
    let still_open = plain_visit("waits", 500, 1);
    let restated = closed(closed(plain_visit("late", 600, 1), 2), 3);
    let rows = vec![still_open, closed(plain_visit("late", 600, 1), 2), restated];
    lake.commit(VISITS, &visits(rows), &[txn(11, Some(10))]).await.expect("lands");
    let before = lake.visits(&Filter::default()).await.expect("reads");
    let limit = model::Instant(DAY0 + 45 * 1_000_000);
    // v0, v2 and v4 were superseded before the limit.
    let some = lake.compact(VISITS, Superseded::DropBefore(limit)).await.expect("compacts");
    assert_eq!(some.dropped, 3);
    assert_eq!(lake.visits(&Filter::default()).await.expect("reads"), before);
    lake.commit(VISITS, &visits(vec![plain_visit("y", 8, 1)]), &[txn(12, Some(11))]).await.expect("lands");
    lake.commit(VISITS, &visits(vec![plain_visit("z", 86_408, 1)]), &[txn(13, Some(12))]).await.expect("lands");
    let rest = lake.compact(VISITS, Superseded::Drop).await.expect("compacts");
    assert_eq!(rest.dropped, 7, "the joins of the ten closed visits are gone");
    let kept = every(&lake).await.queue_visits;
    assert_eq!(kept.iter().filter(|v| v.visit_id == "late").count(), 2, "closed revisions stay");
    assert_eq!(kept.iter().filter(|v| v.visit_id == "waits").count(), 1, "an open visit stays");
    assert_eq!(kept.len(), 10 + 1 + 2 + 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_compactions_at_once_do_not_double_rows() {
    let mut overlapped = 0;
    for _ in 0..6 {
        let folder = tempfile::tempdir().expect("a folder");
        let (one, two) = (filled(folder.path()).await, lake(folder.path()).await);
        let before = every(&one).await;
        let rows = visits(vec![plain_visit("beside", 900, 1)]);
        let beside = lake(folder.path()).await;
        let txns = [txn(11, Some(10))];
        let (a, b, c) = tokio::join!(
            tokio::spawn({
                let one = one.clone();
                async move { one.compact(VISITS, Superseded::Keep).await }
            }),
            tokio::spawn({
                let two = two.clone();
                async move { two.compact(VISITS, Superseded::Keep).await }
            }),
            beside.commit(VISITS, &rows, &txns),
        );
        c.expect("an append passes");
        for result in [a.expect("ends"), b.expect("ends")] {
            match result {
                Ok(_) => {}
                Err(TablesError::Overlapped { .. }) => overlapped += 1,
                Err(other) => panic!("{other}"),
            }
        }
        let after = every(&one).await.queue_visits;
        assert_eq!(after.len(), before.queue_visits.len() + 1);
        let mut counts = BTreeMap::new();
        for row in &after {
            *counts.entry((row.visit_id.clone(), row.revision)).or_insert(0) += 1;
        }
        assert!(counts.values().all(|n| *n == 1), "no row twice: {counts:?}");
    }
    assert!(overlapped > 0, "at least once the two must have met");
}

#[tokio::test]
async fn compaction_sorts_every_table_and_keeps_its_rows() {
    use proptest::strategy::{Strategy as _, ValueTree as _};
    let folder = tempfile::tempdir().expect("a folder");
    let lake = lake(folder.path()).await;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    for n in 0..4 {
        let facts = facts().new_tree(&mut runner).expect("makes rows").current();
        commit_all(&lake, &facts, n + 1, (n > 0).then_some(n)).await;
    }
    let texts = |f: Facts| {
        let mut all = vec![];
        macro_rules! add { ($($t:ident),*) => {$( all.extend(f.$t.iter().map(|r| format!("{r:?}"))); )*}; }
        add!(events, queue_visits, agent_legs, agent_states, calls, queue_intervals, recordings);
        all.sort();
        all
    };
    let before = texts(every(&lake).await);
    for table in Table::ALL {
        let done = lake.compact(table, Superseded::Keep).await.expect("compacts");
        assert!(done.files_after < done.files_before, "{table}: {done:?}");
    }
    assert_eq!(texts(every(&lake).await), before);
}

#[tokio::test]
async fn vacuum_keeps_what_readers_may_still_hold() {
    let folder = tempfile::tempdir().expect("a folder");
    let lake = filled(folder.path()).await;
    lake.compact(VISITS, Superseded::Keep).await.expect("compacts");
    assert!(matches!(lake.vacuum(VISITS, 6, false).await, Err(TablesError::Asked(_))));
    let told = lake.vacuum(VISITS, 14, false).await.expect_err("the log forgets sooner").to_string();
    assert!(told.contains("remembers removed files for 14 days") && told.contains("7 to 13"), "{told}");
    let done = lake.vacuum(VISITS, 7, false).await.expect("runs");
    assert_eq!(done.files, Vec::<String>::new(), "what was replaced just now stays");
    assert_eq!(every(&lake).await.queue_visits.len(), 20);
}
