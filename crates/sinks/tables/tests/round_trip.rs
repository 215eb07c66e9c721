//! Rows go into the tables and come back as they were.

mod common;

use common::*;
use model::facts::{Facts, Recording};
use proptest::prelude::*;
use tables::{Filter, Table};

/// Sorted by what they print: two sets of rows are equal whatever their order.
fn sorted<T: std::fmt::Debug>(rows: &[T]) -> Vec<String> {
    let mut texts: Vec<_> = rows.iter().map(|r| format!("{r:?}")).collect();
    texts.sort();
    texts
}

fn assert_equal(found: &Facts, given: &Facts) {
    assert_eq!(sorted(&found.events), sorted(&given.events));
    assert_eq!(sorted(&found.queue_visits), sorted(&given.queue_visits));
    assert_eq!(sorted(&found.agent_legs), sorted(&given.agent_legs));
    assert_eq!(sorted(&found.agent_states), sorted(&given.agent_states));
    assert_eq!(sorted(&found.calls), sorted(&given.calls));
    assert_eq!(sorted(&found.queue_intervals), sorted(&given.queue_intervals));
    assert_eq!(sorted(&found.recordings), sorted(&given.recordings));
}

/// Gives each contact the newest revision of a recording or two: what reading puts there.
fn with_recordings(mut facts: Facts) -> Facts {
    let newest = |r: &&Recording| {
        !facts
            .recordings
            .iter()
            .any(|o| o.recording_id == r.recording_id && o.revision >= r.revision && !std::ptr::eq(*r, o))
    };
    let newest: Vec<Recording> = facts.recordings.iter().filter(newest).cloned().collect();
    for (i, call) in facts.calls.iter_mut().enumerate() {
        call.recordings = newest.iter().skip(i).take(2).cloned().collect();
    }
    facts
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn every_table_gives_back_what_it_was_given(one in facts(), two in facts()) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("runs");
        runtime.block_on(async {
            let folder = tempfile::tempdir().expect("a folder");
            let lake = lake(folder.path()).await;
            let mut both = one.clone();
            both.events.extend(two.events);
            both.queue_visits.extend(two.queue_visits);
            both.agent_legs.extend(two.agent_legs);
            both.agent_states.extend(two.agent_states);
            both.calls.extend(two.calls);
            both.queue_intervals.extend(two.queue_intervals);
            both.recordings.extend(two.recordings);
            let both = with_recordings(both);
            // In two commits, cut anywhere.
            let mut first = both.clone();
            let mut second = both.clone();
            macro_rules! cut { ($($t:ident),*) => {$(
                let at = one.$t.len();
                first.$t.truncate(at);
                second.$t.drain(..at);
            )*}; }
            cut!(events, queue_visits, agent_legs, agent_states, calls, queue_intervals, recordings);
            commit_all(&lake, &first, 10, None).await;
            commit_all(&lake, &second, 20, Some(10)).await;
            let found = lake.revisions(&Filter::default()).await.expect("reads");
            assert_equal(&found, &both);
        });
    }
}

#[tokio::test]
async fn all_tables_exist_also_empty() {
    let folder = tempfile::tempdir().expect("a folder");
    let lake = lake(folder.path()).await;
    assert_eq!(lake.revisions(&Filter::default()).await.expect("reads"), Facts::default());
    for table in Table::ALL {
        assert!(folder.path().join(table.name()).join("_delta_log/00000000000000000000.json").is_file());
        assert_eq!(lake.txn_version(table, APP).await.expect("reads"), None);
    }
}
