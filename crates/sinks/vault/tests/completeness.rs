//! Completeness: each call once, by its worst piece.

mod common;

use common::{NOON, pending};
use model::facts::{Recording, RecordingState as S};
use proptest::prelude::*;
use vault::{CompletenessRow, completeness, completeness_by};

fn row(id: &str, call: &str, state: S) -> Recording {
    let call_id = (state != S::Orphan).then(|| call.into());
    Recording { call_id, state, ..pending(id, call, "x.wav") }
}

#[test]
fn the_worst_piece_counts_and_orphans_stand_apart() {
    let rows = [
        row("1", "a", S::Recorded),
        row("2", "a", S::Empty),
        row("3", "b", S::Recorded),
        row("4", "c", S::Missing),
        row("5", "c", S::Pending),
        row("6", "d", S::Partial),
        row("7", "", S::Orphan),
        row("8", "e", S::IntentionallyNot),
        row("9", "f", S::Pending),
    ];
    let expected = CompletenessRow {
        date: "2026-11-22".into(),
        calls: 6,
        recorded: 1,
        partial: 1,
        intentionally_not: 1,
        empty: 1,
        missing: 1,
        pending: 1,
        orphans: 1,
    };
    assert_eq!(completeness(&rows), [expected]);
}

#[test]
fn only_the_newest_revision_counts_and_a_call_stays_on_its_first_day() {
    let before = row("1", "a", S::Pending);
    let after = Recording { revision: 2, state: S::Recorded, ..before.clone() };
    let next_day = Recording { started_at: NOON.plus_millis(86_400_000), ..row("2", "a", S::Recorded) };
    let days = completeness(&[after.clone(), before.clone(), next_day]);
    assert_eq!(days.len(), 1);
    assert_eq!((days[0].date.as_str(), days[0].recorded, days[0].pending), ("2026-11-22", 1, 0));
    let shifted = completeness_by(&[before, after], |at| at.plus_millis(15 * 3_600_000).days());
    assert_eq!(shifted[0].date, "2026-11-23");
}

proptest! {
    #[test]
    fn the_counts_add_up_to_the_calls(rows in prop::collection::vec((0..9_u8, 0..7_usize, 0..3_i64), 0..40)) {
        const STATES: [S; 7] =
            [S::Recorded, S::IntentionallyNot, S::Partial, S::Pending, S::Empty, S::Missing, S::Orphan];
        let rows: Vec<Recording> = rows
            .iter()
            .enumerate()
            .map(|(i, (call, state, day))| Recording {
                started_at: NOON.plus_millis(day * 86_400_000),
                ..row(&i.to_string(), &call.to_string(), STATES[*state])
            })
            .collect();
        let days = completeness(&rows);
        for d in &days {
            prop_assert_eq!(d.calls, d.recorded + d.partial + d.intentionally_not + d.empty + d.missing + d.pending);
        }
        let calls: std::collections::BTreeSet<_> = rows.iter().filter_map(|r| r.call_id.clone()).collect();
        prop_assert_eq!(days.iter().map(|d| d.calls).sum::<i64>(), i64::try_from(calls.len()).unwrap());
    }
}
