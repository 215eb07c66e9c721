//! `queue_intervals`: when a row is made, restatements, snapshots; rows agree with the report.
#![allow(missing_docs)]

mod common;

use std::collections::BTreeMap;

use common::*;
use metrics::{Interval, IntervalFold, IntervalSettings, Sketch, queues};
use model::facts::{QueueInterval, Visit};
use model::{Name, Position};
use proptest::prelude::*;

fn fold() -> IntervalFold {
    IntervalFold::new(Name::from("pbx"), IntervalSettings::default())
}

fn advance(fold: &mut IntervalFold, seconds: i64) -> Vec<QueueInterval> {
    let mut out = Vec::new();
    fold.advance(at(seconds), at(seconds), Position { partition: 0, offset: seconds }, &mut out);
    out
}

fn apply_to(fold: &mut IntervalFold, previous: Option<&Visit>, new: &Visit, out: &mut Vec<QueueInterval>) {
    let previous = previous.map(|v| fold.counted(v));
    fold.apply(previous.as_ref(), new, out);
}

fn apply(fold: &mut IntervalFold, previous: Option<&Visit>, new: &Visit) -> Vec<QueueInterval> {
    let mut out = Vec::new();
    apply_to(fold, previous, new, &mut out);
    out
}

#[test]
fn a_row_is_made_after_the_grace_and_again_at_each_change() {
    let mut fold = fold();
    let (waiting, talked) = (open("support", 880), answered("support", 880, 300, 60, "Ann"));
    assert!(apply(&mut fold, None, &waiting).is_empty());
    assert!(advance(&mut fold, 1199).is_empty());
    let rows = advance(&mut fold, 1200);
    assert_eq!(rows.len(), 1);
    assert_eq!((rows[0].interval_start, rows[0].interval_end, rows[0].revision), (at(0), at(900), 1));
    assert_eq!((rows[0].counts.open, rows[0].counts.offered, rows[0].last_event.offset), (1, 1, 1200));
    assert!(advance(&mut fold, 1300).is_empty(), "no change, no row");

    let again = apply(&mut fold, Some(&waiting), &talked);
    assert_eq!((again.len(), again[0].revision, again[0].counts.open, again[0].counts.answered), (1, 2, 0, 1));
    assert_eq!(again[0].counts.wait_answered_ms_max, 300_000);
    assert_eq!(Sketch::from_text(&again[0].wait_sketch).unwrap().count(), 1);
    assert!(apply(&mut fold, Some(&talked), &talked.clone()).is_empty());

    let gone = Visit { retracted: true, ..talked.clone() };
    let taken_back = apply(&mut fold, Some(&talked), &gone);
    assert_eq!((taken_back[0].revision, taken_back[0].counts.received, taken_back[0].counts.wait_ms_max), (3, 0, 0));
    assert_eq!(taken_back[0].wait_sketch, "");
}

#[test]
fn thresholds_are_those_of_the_settings() {
    let mut settings = IntervalSettings::default();
    settings.thresholds.insert((Name::from("main"), Name::from("support")), 14_000);
    let mut fold = IntervalFold::new(Name::from("pbx"), settings);
    apply(&mut fold, None, &answered("support", 0, 15, 1, "Ann"));
    let rows = advance(&mut fold, 5000);
    assert_eq!((rows[0].sl_threshold_ms, rows[0].counts.answered_in_sl), (14_000, 0));
}

#[test]
fn what_is_forgotten_is_counted_not_guessed() {
    let mut fold = fold();
    let visit = abandoned("support", 10, 5);
    apply(&mut fold, None, &visit);
    advance(&mut fold, 2000);
    advance(&mut fold, 2000 + 49 * 3600);
    let other = Visit { wait_ms: Some(6000), ..visit.clone() };
    assert!(apply(&mut fold, Some(&visit), &other).is_empty());
    assert!(fold.missed() > 0);
    // Another queue's old interval was never there: nothing is lost by giving it.
    assert_eq!(apply(&mut fold, None, &abandoned("vip", 10, 5)).len(), 1);
}

/// The last row of every key.
fn newest(rows: Vec<QueueInterval>) -> BTreeMap<(Name, Name, i64), QueueInterval> {
    let mut newest: BTreeMap<(Name, Name, i64), QueueInterval> = BTreeMap::new();
    for row in rows {
        let before = newest.insert((row.center.clone(), row.queue.clone(), row.interval_start.0), row.clone());
        assert_eq!(row.revision, before.map_or(0, |b| b.revision) + 1, "revisions count up by one");
    }
    newest
}

prop_compose! {
    /// Visits with an earlier revision each, in which they still waited.
    fn history()(visits in proptest::collection::vec((any_visit(), any::<bool>()), 1..25)) -> Vec<(Option<Visit>, Visit)> {
        let mut steps = Vec::new();
        for (i, (mut visit, waited)) in visits.into_iter().enumerate() {
            visit.visit_id = Name::from(i.to_string());
            let first = Visit { visit_id: visit.visit_id.clone(), center: visit.center.clone(), consult: visit.consult,
                ..open(&visit.queue, (visit.joined_at.0 - at(0).0) / 1_000_000) };
            if waited {
                steps.push((None, first.clone()));
                steps.push((Some(first), visit));
            } else {
                steps.push((None, visit));
            }
        }
        steps
    }
}

proptest! {
    #[test]
    fn rows_agree_with_the_report_and_a_snapshot_changes_nothing(
        steps in history(), cut in 0_usize..40, pace in 0_i64..3000,
    ) {
        let run = |cut: Option<usize>| {
            let (mut fold, mut out) = (fold(), Vec::new());
            for (i, (previous, new)) in steps.iter().enumerate() {
                if cut == Some(i) {
                    fold = postcard::from_bytes(&postcard::to_stdvec(&fold).unwrap()).unwrap();
                }
                apply_to(&mut fold, previous.as_ref(), new, &mut out);
                fold.advance(at(pace * i as i64), at(0), Position { partition: 0, offset: i as i64 }, &mut out);
            }
            fold.advance(at(40_000), at(0), Position { partition: 0, offset: 999 }, &mut out);
            out
        };
        let rows = run(None);
        prop_assert_eq!(&rows, &run(Some(cut.min(steps.len()))));
        let newest = newest(rows);
        let last: BTreeMap<Name, Visit> = steps.iter().map(|(_, v)| (v.visit_id.clone(), v.clone())).collect();
        let visits: Vec<Visit> = last.into_values().collect();
        let report = queues(&visits, &by(Interval::Quarter));
        prop_assert_eq!(report.len(), newest.len());
        for row in report {
            let key = (row.center.unwrap(), row.queue.unwrap(), row.interval_start.0);
            prop_assert_eq!(&newest[&key].counts, &row.counts);
            prop_assert_eq!(&newest[&key].wait_sketch, &row.waits.to_text());
        }
    }
}
