//! The `queues` report: hand-computed cases, identities over arbitrary visits, names.
#![allow(missing_docs)]

mod common;

use common::*;
use metrics::render::{self, Report};
use metrics::{Attribution, Interval, Options, QueueRow, ServiceLevel, WaitBasis, queues};
use model::Name;
use model::event::{DivertReason, RejectReason, TransferKind};
use model::facts::{QueueCounts, Visit, VisitOutcome};
use proptest::prelude::*;

/// One of each, on one queue, T = 20 s, S = 5 s.
fn one_of_each() -> Vec<Visit> {
    let mut passed_on = answered("support", 30, 25, 60, "Bob");
    passed_on.transferred = Some(TransferKind::Attended);
    passed_on.hold_ms = Some(7_000);
    passed_on.acw_ms = Some(4_000);
    vec![
        answered("support", 10, 20, 100, "Ann"),
        passed_on,
        abandoned("support", 40, 5),
        abandoned("support", 50, 21),
        left("support", 60, 14, VisitOutcome::FlowOut(DivertReason::Timeout)),
        left("support", 70, 30, VisitOutcome::FlowOut(DivertReason::Key)),
        left("support", 80, 3, VisitOutcome::FlowOut(DivertReason::Callback)),
        rejected("support", 90, RejectReason::Full),
        rejected("support", 91, RejectReason::Closed),
        open("support", 100),
    ]
}

#[test]
fn every_count_by_hand() {
    let rows = queues(&one_of_each(), &Options::default());
    let expected = QueueCounts {
        received: 10,
        offered: 8,
        answered: 2,
        abandoned: 2,
        flow_out: 3,
        rejected: 2,
        open: 1,
        flow_out_timeout: 1,
        flow_out_key: 1,
        flow_out_callback: 1,
        rejected_full: 1,
        rejected_closed: 1,
        flow_out_late: 1,
        abandoned_short: 1,
        wait_answered_ms_sum: 45_000,
        wait_answered_ms_max: 25_000,
        wait_abandoned_ms_sum: 26_000,
        wait_abandoned_ms_max: 21_000,
        wait_ms_sum: 118_000,
        wait_ms_max: 30_000,
        answered_in_sl: 1,
        abandoned_in_sl: 1,
        flow_out_callback_in_sl: 1,
        talk_ms_sum: 160_000,
        hold_ms_sum: 7_000,
        acw_ms_sum: 4_000,
        acw_measured: 1,
        handled: 2,
        transferred: 1,
        transferred_attended: 1,
        ..QueueCounts::default()
    };
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].counts, expected);
    assert_eq!((rows[0].interval_start, rows[0].interval_end), (at(10), at(130)));
    let cells = rows[0].cells(&Options::default());
    let int = |name| match cells.get(name) {
        Some(render::Cell::Int(v)) => *v,
        other => panic!("{name}: {other:?}"),
    };
    assert_eq!(
        [int("asa_ms"), int("avg_abandon_ms"), int("avg_wait_ms"), int("aht_ms")],
        [22_500, 13_000, 16_857, 82_000]
    );
    assert_eq!(int("sl_threshold_ms"), 20_000);
    assert_eq!(int("short_abandon_ms"), 5_000);
}

#[test]
fn a_talk_that_lasts_is_answered_and_not_handled() {
    let mut visit = answered("support", 0, 10, 0, "Ann");
    visit.left_at = None;
    visit.talk_ms = None;
    visit.closed = false;
    let c = &queues(std::slice::from_ref(&visit), &Options::default())[0].counts;
    assert_eq!((c.answered, c.handled, c.open, c.wait_answered_ms_sum, c.wait_ms_sum), (1, 0, 0, 10_000, 0));
    // Nor is one whose end was never told.
    visit.closed = true;
    assert_eq!(queues(&[visit], &Options::default())[0].counts.handled, 0);
}

#[test]
fn thresholds_by_switch_configuration_and_flag() {
    let mut opts = Options::default();
    let key = (Name::from("main"), Name::from("support"));
    opts.thresholds.insert(key.clone(), 25_000);
    opts.switch_thresholds.insert(key.clone(), 14_000);
    opts.short_abandons.insert(key, 4_000);
    let visits = one_of_each();
    let of = |opts: &Options| {
        let row = queues(&visits, opts).remove(0);
        (row.sl_threshold_ms, row.counts.answered_in_sl, row.counts.flow_out_late, row.counts.abandoned_short)
    };
    assert_eq!(of(&opts), (Some(25_000), 2, 1, 0));
    opts.service_level = ServiceLevel::Switch;
    assert_eq!(of(&opts), (Some(14_000), 0, 1, 0));
    opts.service_level = ServiceLevel::Fixed(13_999);
    opts.short_abandon_ms = Some(21_000);
    assert_eq!(of(&opts), (Some(13_999), 0, 2, 2));
}

#[test]
fn stated_and_observed_waits() {
    let mut visit = answered("support", 0, 10, 5, "Ann");
    visit.wait_ms = Some(9_000);
    visit.wait_observed_ms = Some(10_900);
    let sum = |wait| queues(&[visit.clone()], &Options { wait, ..Options::default() })[0].counts.wait_answered_ms_sum;
    assert_eq!((sum(WaitBasis::Stated), sum(WaitBasis::Observed)), (9_000, 10_900));
}

#[test]
fn event_time_counts_where_it_happened_and_says_who_waits() {
    let opts = Options { interval: Interval::Quarter, attribution: Attribution::EventTime, ..Options::default() };
    let visits = [answered("support", 890, 20, 60, "Ann"), abandoned("support", 895, 10), open("support", 1000)];
    let rows = queues(&visits, &opts);
    let seen: Vec<_> =
        rows.iter().map(|r| (r.counts.offered, r.counts.answered, r.counts.abandoned, r.waiting)).collect();
    assert_eq!(seen, [(2, 0, 0, Some((0, 2))), (1, 1, 1, Some((2, 1)))]);
    // A range selects events: the join before it is not counted, its answer is.
    let ranged = queues(&visits, &Options { from: Some(at(900)), to: Some(at(910)), interval: Interval::All, ..opts });
    assert_eq!(ranged[0].counts.offered, 0);
    assert_eq!((ranged[0].counts.abandoned, ranged[0].counts.answered, ranged[0].waiting), (1, 0, Some((2, 1))));
}

#[test]
fn a_range_is_half_open_and_selects_by_arrival() {
    let visits = [
        answered("support", 0, 1, 9, "Ann"),
        answered("support", 60, 1, 9, "Ann"),
        answered("support", 120, 1, 9, "Ann"),
    ];
    let opts = Options { from: Some(at(0)), to: Some(at(120)), ..Options::default() };
    let rows = queues(&visits, &opts);
    assert_eq!((rows[0].counts.answered, rows[0].interval_start, rows[0].interval_end), (2, at(0), at(120)));
    let alone = Options { from: Some(at(60)), ..Options::default() };
    assert_eq!(queues(&visits, &alone)[0].counts.answered, 2);
}

#[test]
fn days_of_change_have_23_and_25_rows() {
    let tz = chrono_tz::Europe::Berlin;
    for (from, to, hours) in [
        ("2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00", 23),
        ("2026-10-25T00:00:00+02:00", "2026-10-26T00:00:00+01:00", 25),
    ] {
        let (from, to) = (rfc(from), rfc(to));
        let mut visits = Vec::new();
        let mut t = from;
        while t < to {
            let mut visit = abandoned("support", 0, 7);
            visit.joined_at = t.plus_millis(1);
            visit.left_at = Some(t.plus_millis(7_001));
            visits.push(visit);
            t = t.plus_millis(3_600_000);
        }
        let opts = Options { tz, interval: Interval::Hour, ..Options::default() };
        let rows = queues(&visits, &opts);
        assert_eq!(rows.len(), hours);
        assert!(
            rows.iter().all(|r| r.counts.abandoned == 1 && r.interval_end.millis_since(r.interval_start) == 3_600_000)
        );
        // One visit of the day is enough where the day was asked for.
        let asked = Options { from: Some(from), to: Some(to), ..opts.clone() };
        assert_eq!(queues(&visits[..1], &asked).len(), hours);
        assert_eq!(queues(&visits, &Options { interval: Interval::Day, ..opts }).len(), 1);
    }
}

#[test]
fn a_queue_and_a_centre_can_be_asked_for_and_consults_left_out() {
    let mut consult = abandoned("sales", 5, 5);
    consult.consult = true;
    let mut elsewhere = abandoned("sales", 5, 5);
    elsewhere.center = Name::from("other");
    let visits = [abandoned("support", 0, 1), consult, elsewhere];
    let received = |opts: Options| queues(&visits, &opts).iter().map(|r| r.counts.received).sum::<i64>();
    assert_eq!(received(Options { queue: Some("sales".into()), ..Options::default() }), 2);
    assert_eq!(received(Options { center: Some("other".into()), ..Options::default() }), 1);
    assert_eq!(received(Options { exclude_consults: true, ..Options::default() }), 2);
    let mut gone = abandoned("support", 3, 1);
    gone.retracted = true;
    assert!(queues(&[gone], &Options::default()).is_empty());
}

#[test]
fn names_are_those_of_the_contract_in_its_order() {
    let mut expected = vec!["center".to_owned(), "queue".to_owned()];
    for line in section("## 2.", "T and S can be set").lines().filter(|l| l.starts_with("| `")) {
        let mut columns = line.trim_matches('|').splitn(2, '|');
        for name in columns.by_ref().flat_map(ticked) {
            if name != "all" && !expected.contains(&name) {
                expected.push(name);
            }
        }
    }
    expected.push("definition_version".to_owned());
    assert!(expected.len() > 50, "the table was not found: {expected:?}");
    let names = |opts: &Options| -> Vec<String> {
        let text = render::json(&queues(&one_of_each(), opts), opts);
        let rows: Vec<serde_json::Map<String, serde_json::Value>> = serde_json::from_str(&text).unwrap();
        rows[0].keys().cloned().collect()
    };
    assert_eq!(names(&Options::default()), expected);
    let position = expected.len() - 1;
    expected.splice(position..position, ["waiting_at_start".to_owned(), "waiting_at_end".to_owned()]);
    assert_eq!(names(&Options { attribution: Attribution::EventTime, ..Options::default() }), expected);
}

#[test]
fn json_is_numbers_fractions_nulls_and_utc() {
    let opts = Options { total: true, ..Options::default() };
    let text = render::json(&queues(&[abandoned("support", 0, 30)], &opts), &opts);
    let rows: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(rows[0]["interval_start"], "2026-11-22T08:00:00Z");
    assert_eq!(rows[0]["abandon_rate"], 1.0);
    assert!(
        rows[0]["asa_ms"].is_null() && rows[0]["wait_p50_ms"].is_null() && rows[0]["service_level_answered"].is_null()
    );
    assert_eq!(rows[0]["definition_version"], model::DEFINITION_VERSION);
    assert!(rows[1]["queue"].is_null());
    assert_eq!(render::json::<QueueRow>(&[], &opts), "[]\n");
}

#[test]
fn csv_has_the_same_names_and_as_many_fields() {
    let opts = Options { total: true, ..Options::default() };
    let text = render::csv(&queues(&one_of_each(), &opts), &opts).unwrap();
    let counts: Vec<usize> = text.lines().map(|l| l.split(',').count()).collect();
    assert_eq!(counts.len(), 3);
    assert!(counts.iter().all(|c| *c == counts[0]));
    assert!(render::csv::<QueueRow>(&[], &opts).unwrap().starts_with("center,queue,interval_start,interval_end,"));
}

#[test]
fn the_table_has_units_dashes_totals_and_notes() {
    let opts = Options { total: true, ..Options::default() };
    let mut visits = vec![abandoned("vip", 0, 61), answered("support", 0, 5, 30, "Ann")];
    let text = render::table(&queues(&visits, &opts), &opts);
    assert!(text.contains("1 m 01 s") && text.contains("100.0 %") && text.contains('–'), "{text}");
    assert!(text.lines().any(|l| l.starts_with("total")), "{text}");
    assert!(text.contains("ACW not measured"), "{text}");
    visits[1].acw_ms = Some(0);
    assert!(!render::table(&queues(&visits, &opts), &opts).contains("ACW not measured"));
}

fn visits() -> impl Strategy<Value = Vec<Visit>> {
    proptest::collection::vec(any_visit(), 0..40)
}

fn intervals() -> impl Strategy<Value = Interval> {
    prop_oneof![Just(Interval::Quarter), Just(Interval::Hour), Just(Interval::Day), Just(Interval::All)]
}

fn summed(rows: &[QueueRow]) -> QueueCounts {
    rows.iter().fold(QueueCounts::default(), |mut sum, r| {
        sum.add(&r.counts);
        sum
    })
}

proptest! {
    #[test]
    fn identities_by_arrival(visits in visits(), interval in intervals(), from in proptest::option::of(0_i64..20_000)) {
        let opts = Options { from: from.map(at), interval, ..Options::default() };
        for row in queues(&visits, &opts) {
            let c = &row.counts;
            prop_assert_eq!(c.received, c.offered + c.rejected);
            prop_assert_eq!(c.offered, c.answered + c.abandoned + c.flow_out + c.open);
            prop_assert_eq!(c.flow_out, c.flow_out_timeout + c.flow_out_key + c.flow_out_empty + c.flow_out_transfer + c.flow_out_callback);
            prop_assert_eq!(c.rejected, c.rejected_closed + c.rejected_full + c.rejected_empty + c.rejected_diverted);
            prop_assert_eq!(c.transferred, c.transferred_blind + c.transferred_attended);
            prop_assert_eq!(row.waits.count() as i64, c.answered);
            prop_assert!(c.handled <= c.answered && c.answered_in_sl <= c.answered && c.abandoned_short <= c.abandoned);
        }
    }

    #[test]
    fn identity_by_event_time(visits in visits(), interval in intervals(), from in 0_i64..10_000, length in 1_i64..10_000, ranged: bool) {
        let opts = Options { interval, attribution: Attribution::EventTime, total: true, ..Options::default() };
        let range = Options { from: Some(at(from)), to: Some(at(from + length)), ..opts.clone() };
        for row in queues(&visits, if ranged { &range } else { &opts }) {
            let (c, (start, end)) = (&row.counts, row.waiting.unwrap());
            prop_assert_eq!(start + c.offered, c.answered + c.abandoned + c.flow_out + end);
            prop_assert!(start >= 0 && end >= 0);
        }
    }

    #[test]
    fn both_attributions_give_the_same_totals(visits in visits(), interval in intervals()) {
        let by = |attribution| summed(&queues(&visits, &Options { interval, attribution, ..Options::default() }));
        prop_assert_eq!(by(Attribution::Arrival), by(Attribution::EventTime));
    }

    #[test]
    fn intervals_add_up_and_totals_are_sums(visits in visits(), interval in intervals()) {
        let opts = Options { interval, total: true, ..Options::default() };
        let mut rows = queues(&visits, &opts);
        let total = rows.pop().unwrap();
        prop_assert!(total.is_total() && rows.iter().all(|r| !r.is_total()));
        prop_assert_eq!(&total.counts, &summed(&rows));
        let whole = queues(&visits, &Options { interval: Interval::All, ..opts }).pop().unwrap();
        prop_assert_eq!((whole.counts, whole.waits), (total.counts, total.waits));
    }

    #[test]
    fn the_order_of_the_input_does_not_show(visits in visits(), interval in intervals(), event_time: bool) {
        let attribution = if event_time { Attribution::EventTime } else { Attribution::Arrival };
        let opts = Options { interval, attribution, total: true, ..Options::default() };
        let mut backwards = visits.clone();
        backwards.reverse();
        let rows = queues(&visits, &opts);
        prop_assert_eq!(&rows, &queues(&backwards, &opts));
        prop_assert_eq!(render::json(&rows, &opts), render::json(&queues(&backwards, &opts), &opts));
        let keys: Vec<_> = rows[..rows.len() - 1].iter().map(|r| (r.center.clone(), r.queue.clone(), r.interval_start)).collect();
        prop_assert!(keys.windows(2).all(|w| w[0] < w[1]), "sorted, and each once: {keys:?}");
    }
}
