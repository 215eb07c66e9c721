//! The `agents` report: hand-computed cases, the split, names.
#![allow(missing_docs)]

mod common;

use std::collections::{BTreeMap, HashMap};

use common::*;
use metrics::agents::{is_interface, unnamed};
use metrics::render::{self, Report};
use metrics::{AgentRow, Attribution, Interval, Options, agents};
use model::facts::{Leg, LegResult, LegRole, Stretch, StretchKind, Visit};
use model::{Instant, Name, Position};
use proptest::prelude::*;

fn stretch(kind: StretchKind, queue: Option<&str>, from: i64, to: Option<i64>, reason: &str) -> Stretch {
    Stretch {
        stretch_id: Name::from(format!("{kind:?}{queue:?}{from}")),
        agent: "Ann".into(),
        center: "main".into(),
        switch: "pbx".into(),
        queue: queue.map(Name::from),
        kind,
        reason: Some(Name::from(reason)).filter(|r| !r.is_empty()),
        from: at(from),
        to: to.map(at),
        retracted: false,
        revision: 1,
        known_at: at(from),
        first_event: Position { partition: 0, offset: from },
        last_event: Position { partition: 0, offset: from },
        filed: 0,
    }
}

fn login(queue: &str, from: i64, to: Option<i64>) -> Stretch {
    stretch(StretchKind::Login, Some(queue), from, to, "")
}

fn pause(queue: Option<&str>, from: i64, to: Option<i64>, reason: &str) -> Stretch {
    stretch(StretchKind::Pause, queue, from, to, reason)
}

fn leg(role: LegRole, offered: i64, answered: Option<i64>, ended: Option<i64>, result: Option<LegResult>) -> Leg {
    Leg {
        leg_id: Name::from(format!("{role:?}{offered}")),
        call_id: Name::from(format!("call-{offered}")),
        visit_id: None,
        center: "main".into(),
        switch: "pbx".into(),
        agent: "Ann".into(),
        queue: (role == LegRole::Queue).then(|| Name::from("support")),
        role,
        offered_at: Some(at(offered)),
        answered_at: answered.map(at),
        ended_at: ended.map(at),
        ring_ms: None,
        talk_ms: answered.and_then(|a| ended.map(|e| (e - a) * 1000)),
        hold_ms: None,
        result,
        retracted: false,
        revision: 1,
        known_at: at(offered),
        first_event: Position { partition: 0, offset: offered },
        last_event: Position { partition: 0, offset: offered },
        filed: 0,
    }
}

fn ends(seconds: i64) -> HashMap<Name, Instant> {
    HashMap::from([(Name::from("pbx"), at(seconds))])
}

fn map(pairs: &[(&str, i64)]) -> BTreeMap<Name, i64> {
    pairs.iter().map(|(k, v)| (Name::from(*k), *v)).collect()
}

fn report(visits: &[Visit], legs: &[Leg], stretches: &[Stretch], opts: &Options) -> Vec<AgentRow> {
    agents(visits, legs, stretches, &ends(3600), opts)
}

#[test]
fn logins_are_a_union_and_open_ones_end_with_the_switch() {
    let stretches = [login("support", 0, Some(100)), login("sales", 50, Some(150)), login("vip", 3500, None)];
    let rows = report(&[], &[], &stretches, &Options::default());
    assert_eq!(rows[0].times.login_ms, 250_000);
    assert_eq!(rows[0].times.state_idle_ms, 250_000);
    let asked = Options { from: Some(at(100)), to: Some(at(4000)), ..Options::default() };
    assert_eq!(report(&[], &[], &stretches, &asked)[0].times.login_ms, 50_000 + 500_000);
}

#[test]
fn pauses_by_reason_and_by_queue() {
    let stretches = [
        login("support", 0, Some(1000)),
        login("sales", 0, Some(1000)),
        pause(Some("support"), 100, Some(400), "lunch"),
        pause(Some("sales"), 200, Some(300), "admin"),
        // What the fold says of both queues together.
        pause(None, 200, Some(300), "admin"),
    ];
    let t = &report(&[], &[], &stretches, &Options::default())[0].times;
    assert_eq!((t.pause_ms, t.state_pause_ms, t.state_idle_ms), (100_000, 100_000, 900_000));
    assert_eq!(t.pause_ms_by_reason, map(&[("admin", 100_000)]));
    assert_eq!(t.pause_ms_by_queue, map(&[("support", 300_000), ("sales", 100_000)]));
    let rows = report(&[], &[], &stretches, &Options { by_queue: true, ..Options::default() });
    let of = |i: usize| (rows[i].queue.as_deref().unwrap(), rows[i].times.pause_ms, rows[i].times.login_ms);
    assert_eq!((of(0), of(1)), (("sales", 100_000, 1_000_000), ("support", 300_000, 1_000_000)));
    assert_eq!(
        rows[1].times.pause_ms_by_reason,
        map(&[("admin", 0), ("lunch", 300_000)]).into_iter().filter(|(_, v)| *v > 0).collect()
    );
}

#[test]
fn a_pause_counts_where_no_login_is_known() {
    let t = &report(&[], &[], &[pause(None, 10, None, "")], &Options::default())[0].times;
    assert_eq!((t.pause_ms, t.login_ms, t.state_pause_ms), (3_590_000, 0, 0));
    assert_eq!(t.pause_ms_by_reason, map(&[("", 3_590_000)]));
}

#[test]
fn the_split_takes_the_first_state_that_applies() {
    let stretches = [
        login("support", 0, Some(1000)),
        pause(None, 0, Some(1000), "x"),
        stretch(StretchKind::Acw, None, 150, Some(250), ""),
    ];
    let legs = [
        leg(LegRole::Queue, 90, Some(100), Some(200), Some(LegResult::Answered)),
        leg(LegRole::Queue, 300, None, Some(310), Some(LegResult::Missed)),
        leg(LegRole::Outbound, 400, None, Some(430), None),
    ];
    let t = &report(&[], &legs, &stretches, &Options::default())[0].times;
    assert_eq!(
        (t.state_talk_ms, t.state_acw_ms, t.state_ring_ms, t.state_pause_ms, t.state_idle_ms),
        (100_000, 50_000, 20_000, 830_000, 0)
    );
    assert_eq!((t.acw_ms, t.pause_ms, t.occupancy()), (100_000, 1_000_000, Some(1.0)));
}

#[test]
fn calls_count_by_arrival_and_time_is_cut_at_edges() {
    let visit = answered("support", 890, 20, 100, "Ann");
    let mut missed = leg(LegRole::Queue, 905, None, Some(915), Some(LegResult::Missed));
    missed.visit_id = Some(visit.visit_id.clone());
    let mut declined = leg(LegRole::Queue, 905, None, Some(905), Some(LegResult::Declined));
    declined.agent = "Bob".into();
    let cancelled = leg(LegRole::Queue, 905, None, Some(906), Some(LegResult::Cancelled));
    let outbound = leg(LegRole::Outbound, 1000, Some(1010), Some(1070), Some(LegResult::Answered));
    let unreached = leg(LegRole::Outbound, 1100, None, Some(1110), Some(LegResult::Missed));
    let over = leg(LegRole::TransferIn, 1200, Some(1200), Some(1230), Some(LegResult::Answered));
    let legs = [missed, declined, cancelled, outbound, unreached, over];
    let stretches = [login("support", 0, Some(1800))];
    let rows = report(std::slice::from_ref(&visit), &legs, &stretches, &by(Interval::Quarter));
    let ann: Vec<_> = rows.iter().filter(|r| r.agent == "Ann").collect();
    assert_eq!(ann.len(), 2);
    assert_eq!((ann[0].calls.answered, ann[0].calls.talk_ms_sum, ann[0].calls.missed), (1, 100_000, 1));
    assert_eq!((ann[1].calls.answered, ann[1].calls.missed), (0, 0));
    assert_eq!((ann[1].calls.outbound_calls, ann[1].calls.outbound_talk_ms_sum), (2, 60_000));
    assert_eq!((ann[1].calls.transfers_in, ann[1].calls.transfer_in_talk_ms_sum), (1, 30_000));
    assert_eq!((ann[0].times.login_ms, ann[1].times.login_ms), (900_000, 900_000));
    assert_eq!((ann[0].times.state_talk_ms, ann[1].times.state_talk_ms), (0, 190_000));
    let bob: Vec<_> = rows.iter().filter(|r| r.agent == "Bob").collect();
    assert_eq!((bob.len(), bob[0].calls.declined, bob[0].calls.missed), (1, 1, 0));
    let event_time = Options { attribution: Attribution::EventTime, ..by(Interval::Quarter) };
    let late = report(&[visit], &legs, &stretches, &event_time);
    assert_eq!((late[1].calls.answered, late[1].calls.missed), (1, 1));
}

#[test]
fn consults_and_queues_can_be_left_out() {
    let mut consult = answered("sales", 0, 5, 10, "Ann");
    consult.consult = true;
    let visits = [consult, answered("support", 20, 5, 10, "Ann")];
    let sum = |opts: Options| report(&visits, &[], &[], &opts).iter().map(|r| r.calls.answered).sum::<i64>();
    assert_eq!(sum(Options::default()), 2);
    assert_eq!(sum(Options { exclude_consults: true, ..Options::default() }), 1);
    assert_eq!(sum(Options { queue: Some("sales".into()), ..Options::default() }), 1);
}

#[test]
fn names_are_those_of_the_contract_in_its_order() {
    let heading = section("## 3.", "\n\n");
    let body = section(
        "## 3. `agents` report, one row per (`center`, `agent`, `interval_start`); `--by queue` adds `queue`\n\n",
        "**Login and pause.**",
    );
    assert!(heading.contains("`--by queue` adds `queue`"));
    let mut expected = vec!["center".to_owned(), "agent".into(), "interval_start".into(), "interval_end".into()];
    expected.extend(ticked(&body).into_iter().filter(|n| !n.starts_with("answered") || n == "answered"));
    let split = ticked(&section("**Wall-clock split.**", "## 4."));
    for name in split {
        if !expected.contains(&name) {
            expected.push(name);
        }
    }
    expected.push("definition_version".into());
    let mut seen = std::collections::BTreeSet::new();
    expected.retain(|n| seen.insert(n.clone()));
    let names =
        |opts: &Options| AgentRow::default().cells(opts).0.iter().map(|(n, _)| (*n).to_owned()).collect::<Vec<_>>();
    assert_eq!(names(&Options::default()), expected);
    expected.insert(2, "queue".into());
    assert_eq!(names(&Options { by_queue: true, ..Options::default() }), expected);
}

#[test]
fn maps_are_objects_and_interfaces_are_counted() {
    let mut unnamed_one = pause(None, 0, Some(10), "lunch");
    unnamed_one.agent = "PJSIP/1001".into();
    let rows = report(&[], &[], &[unnamed_one, pause(None, 0, Some(10), "")], &Options::default());
    let json: serde_json::Value = serde_json::from_str(&render::json(&rows, &Options::default())).unwrap();
    assert_eq!(json[1]["pause_ms_by_reason"], serde_json::json!({"lunch": 10_000}));
    assert!(json[0]["occupancy"].is_null());
    assert_eq!(unnamed(&rows), 1);
    let table = render::table(&rows, &Options::default());
    assert!(table.contains("1 interface has no name") && table.contains("ACW not measured"), "{table}");
    assert!(
        is_interface("Local/1001@agents")
            && is_interface("SIP/x")
            && !is_interface("Ann/Bob Ltd")
            && !is_interface("Ann")
    );
}

fn kinds() -> impl Strategy<Value = StretchKind> {
    prop_oneof![Just(StretchKind::Login), Just(StretchKind::Pause), Just(StretchKind::Acw)]
}

prop_compose! {
    fn any_stretch()(
        kind in kinds(), queue in proptest::option::of(prop_oneof![Just("support"), Just("sales")]),
        from in 0_i64..5_000_000_000, length in proptest::option::of(0_i64..2_000_000_000),
        reason in prop_oneof![Just(""), Just("lunch"), Just("admin")],
    ) -> Stretch {
        let mut s = stretch(kind, queue, 0, None, reason);
        s.from = Instant(at(0).0 + from);
        s.to = length.map(|l| Instant(at(0).0 + from + l));
        s.first_event.offset = from;
        s
    }
}

prop_compose! {
    fn any_leg()(offered in 0_i64..5_000, ring in 0_i64..30, talk in proptest::option::of(0_i64..600), ended: bool) -> Leg {
        leg(LegRole::Queue, offered, talk.map(|_| offered + ring), ended.then_some(offered + ring + talk.unwrap_or(0)), None)
    }
}

proptest! {
    #[test]
    fn the_split_sums_to_the_login(
        stretches in proptest::collection::vec(any_stretch(), 0..12),
        legs in proptest::collection::vec(any_leg(), 0..8),
        quarter: bool, by_queue: bool, from in proptest::option::of(0_i64..3000),
    ) {
        let interval = if quarter { Interval::Quarter } else { Interval::Hour };
        let opts = Options { interval, by_queue, from: from.map(at), ..Options::default() };
        let rows = agents(&[], &legs, &stretches, &ends(6000), &opts);
        for row in &rows {
            let t = &row.times;
            let split = t.state_talk_ms + t.state_acw_ms + t.state_ring_ms + t.state_pause_ms + t.state_idle_ms;
            prop_assert_eq!(split, t.login_ms);
            prop_assert_eq!(t.pause_ms_by_reason.values().sum::<i64>(), t.pause_ms);
            prop_assert!(t.login_ms <= row.interval_end.millis_since(row.interval_start));
            prop_assert!(t.occupancy().is_none_or(|o| (0.0..=1.0).contains(&o)));
        }
        let whole = agents(&[], &legs, &stretches, &ends(6000), &Options { interval: Interval::All, ..opts.clone() });
        let sum = |rows: &[AgentRow]| rows.iter().map(|r| r.times.login_ms + r.times.pause_ms).sum::<i64>();
        prop_assert_eq!(sum(&whole), sum(&rows));
        let mut backwards = stretches.clone();
        backwards.reverse();
        prop_assert_eq!(agents(&[], &legs, &backwards, &ends(6000), &opts), rows);
    }
}
