//! The truth as of now, as it stood at a time, and by ranges.

mod common;

use common::*;
use model::facts::{EventRow, Facts};
use model::{Instant, Position};
use proptest::prelude::*;
use tables::{Filter, Table};

fn at(seconds: i64) -> Instant {
    Instant(DAY0 + seconds * 1_000_000)
}

#[tokio::test]
async fn as_of_shows_the_tables_as_they_stood() {
    let folder = tempfile::tempdir().expect("a folder");
    let lake = lake(folder.path()).await;
    let open = plain_visit("a", 10, 1);
    let mut gone = closed(open.clone(), 3);
    gone.retracted = true;
    lake.commit(Table::QueueVisits, &visits(vec![open.clone()]), &[txn(1, None)]).await.expect("lands");
    let rows = vec![closed(open.clone(), 2), gone];
    lake.commit(Table::QueueVisits, &visits(rows), &[txn(2, Some(1))]).await.expect("lands");
    let stood = |as_of| {
        let filter = Filter { as_of, ..Filter::default() };
        let lake = lake.clone();
        async move { lake.visits(&filter).await.expect("reads") }
    };
    assert_eq!(stood(Some(at(10))).await, vec![]);
    assert_eq!(stood(Some(at(11))).await, vec![open.clone()]);
    assert_eq!(stood(Some(at(12))).await, vec![closed(open, 2)]);
    assert_eq!(stood(Some(at(13))).await, vec![], "retracted");
    assert_eq!(stood(None).await, vec![]);
}

#[tokio::test]
async fn a_later_revision_that_leaves_the_range_takes_the_visit_along() {
    let folder = tempfile::tempdir().expect("a folder");
    let lake = lake(folder.path()).await;
    let first = plain_visit("a", 100, 1);
    let mut moved = closed(first.clone(), 2);
    moved.joined_at = at(5_000);
    lake.commit(Table::QueueVisits, &visits(vec![first]), &[txn(1, None)]).await.expect("lands");
    lake.commit(Table::QueueVisits, &visits(vec![moved.clone()]), &[txn(2, Some(1))]).await.expect("lands");
    let early = Filter { to: Some(at(1_000)), ..Filter::default() };
    assert_eq!(lake.visits(&early).await.expect("reads"), vec![]);
    let late = Filter { from: Some(at(1_000)), ..Filter::default() };
    assert_eq!(lake.visits(&late).await.expect("reads"), vec![moved]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn contacts_of_two_switches_with_one_native_id_are_two(first in call()) {
        let first = model::facts::Call { merged_into: None, ..first };
        let mut second = first.clone();
        second.switch = format!("{}-2", first.switch).into();
        second.revision = first.revision + 1;
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("runs");
        runtime.block_on(async {
            let folder = tempfile::tempdir().expect("a folder");
            let lake = lake(folder.path()).await;
            let both = Facts { calls: vec![first.clone(), second], ..Facts::default() };
            commit_all(&lake, &both, 1, None).await;
            let read = lake.calls(&Filter::default()).await.expect("reads");
            assert_eq!(read.len(), 2, "{read:?}");
        });
    }

    #[test]
    fn pruning_by_days_and_statistics_loses_nothing(
        facts in facts(), from in proptest::option::of(instant()), to in proptest::option::of(instant()),
        as_of in proptest::option::of(instant()),
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("runs");
        runtime.block_on(async {
            let folder = tempfile::tempdir().expect("a folder");
            let lake = lake(folder.path()).await;
            commit_all(&lake, &facts, 1, None).await;
            let all = Filter { as_of, ..Filter::default() };
            let range = Filter { from, to, as_of, ..Filter::default() };
            let inside = |begin: Instant, end: Option<Instant>| {
                to.is_none_or(|to| begin < to) && from.is_none_or(|from| end.is_none_or(|end| end >= from))
            };
            let mut visits = lake.visits(&all).await.expect("reads");
            visits.retain(|v| inside(v.joined_at, Some(v.joined_at)));
            assert_eq!(lake.visits(&range).await.expect("reads"), visits);
            let mut stretches = lake.stretches(&all).await.expect("reads");
            stretches.retain(|s| inside(s.from, s.to));
            assert_eq!(lake.stretches(&range).await.expect("reads"), stretches);
            let mut legs = lake.legs(&all).await.expect("reads");
            legs.retain(|l| {
                let begin = l.offered_at.or(l.answered_at).or(l.ended_at);
                begin.map_or(to.is_none(), |b| inside(b, None)) && from.is_none_or(|f| l.ended_at.is_none_or(|e| e >= f))
            });
            assert_eq!(lake.legs(&range).await.expect("reads"), legs);
            for v in lake.visits(&all).await.expect("reads") {
                let one = Filter {
                    as_of, center: Some(v.center.clone()), queue: Some(v.queue.clone()), switch: Some(v.switch.clone()),
                    agent: v.agent.clone(), call_id: Some(v.call_id.clone()), ..Filter::default()
                };
                assert!(lake.visits(&one).await.expect("reads").contains(&v), "{one:?}");
                let other = Filter { call_id: Some("another".into()), ..one };
                assert_eq!(lake.visits(&other).await.expect("reads"), vec![]);
            }
            let mut events = lake.events(&all).await.expect("reads");
            events.retain(|e| inside(e.at, Some(e.at)));
            assert_eq!(lake.events(&range).await.expect("reads"), events);
        });
    }
}

fn event(n: i64, switch: &str, source: &str, kind: &str, details: &str) -> EventRow {
    EventRow {
        event_id: format!("0/{n}/0").into(),
        source: source.into(),
        kind: kind.into(),
        at: at(n),
        center: "main".into(),
        switch: switch.into(),
        call_id: None,
        queue: Some("sales".into()),
        agent: None,
        party: None,
        details: details.into(),
        position: Position { partition: 0, offset: n },
        known_at: at(n + 1),
    }
}

#[tokio::test]
async fn the_last_event_and_the_thresholds_of_each_switch() {
    let folder = tempfile::tempdir().expect("a folder");
    let lake = lake(folder.path()).await;
    let events = vec![
        event(5, "pbx1", "/switch/pbx1", "QueueConfigured", r#"{"QueueConfigured":{"sl_threshold_ms":10000}}"#),
        event(9, "pbx1", "/switch/pbx1", "QueueConfigured", r#"{"sl_threshold_ms":30000}"#),
        event(7, "pbx2", "/switch/pbx2", "Queued", "{}"),
        event(99, "pbx2", "/ringledger/vault", "Acted", "{}"),
    ];
    lake.commit(Table::Events, &Facts { events, ..Facts::default() }, &[txn(1, None)]).await.expect("lands");
    let last = lake.last_events(None).await.expect("reads");
    assert_eq!(last.into_iter().collect::<Vec<_>>(), vec![("pbx1".into(), at(9)), ("pbx2".into(), at(7))]);
    assert_eq!(lake.last_events(Some(at(6))).await.expect("reads").len(), 1);
    let key = ("main".into(), "sales".into());
    assert_eq!(lake.thresholds(None).await.expect("reads").get(&key), Some(&30_000));
    assert_eq!(lake.thresholds(Some(at(6))).await.expect("reads").get(&key), Some(&10_000));
}

#[tokio::test]
async fn a_table_that_is_not_there_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let nowhere = folder.path().join("not/there");
    let lake = tables::Lake::open(tables::LakeConfig::folder(&nowhere, GENERATION)).await.expect("opens");
    assert!(!nowhere.exists(), "looking makes no folder");
    let text = lake.visits(&Filter::default()).await.expect_err("is absent").to_string();
    assert!(text.contains("queue_visits") && text.contains("import"), "{text}");
}
