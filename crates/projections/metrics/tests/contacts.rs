//! `report contacts`, its `--lost` list, and the way back from a row to its visits.
#![allow(missing_docs)]

mod common;

use common::*;
use metrics::explain::visits_behind;
use metrics::render::{self, Report};
use metrics::{Attribution, ContactRow, Interval, Options, contacts, lost, queues};
use model::Name;
use model::event::{EndedBy, RejectReason};
use model::facts::{Call, ContactOutcome as O, Direction, Visit};
use proptest::prelude::*;

fn call(id: &str, started: i64, outcome: O, visits: Vec<Visit>) -> Call {
    Call {
        call_id: Name::from(id),
        revision: 1,
        center: "main".into(),
        switch: "pbx".into(),
        direction: Direction::Inbound,
        ani: Some("+15550100".into()),
        ani_raw: None,
        ani_withheld: false,
        dnis: None,
        started_at: at(started),
        ended_at: Some(at(started + 100)),
        ivr: Vec::new(),
        queue_visits: visits,
        agent_legs: Vec::new(),
        holds: Vec::new(),
        transfers: Vec::new(),
        conferenced: false,
        recordings: Vec::new(),
        ended_by: EndedBy::Caller,
        disposition: None,
        notes: Vec::new(),
        crm: Vec::new(),
        outcome,
        journey_id: None,
        merged_into: None,
        first_event: model::Position::default(),
        last_event: model::Position::default(),
        known_at: at(started),
        crm_only: false,
        filed: 0,
    }
}

fn day() -> Vec<Call> {
    let overflowed = vec![abandoned("sales", 870, 14), abandoned("support", 850, 20)];
    let mut outbound = call("out", 60, O::Connected, vec![]);
    outbound.direction = Direction::Outbound;
    let mut merged = call("merged", 70, O::Answered, vec![]);
    merged.merged_into = Some("lost-1".into());
    vec![
        call("lost-1", 840, O::Abandoned, overflowed),
        call("again", 2000, O::Answered, vec![answered("support", 2010, 5, 60, "Ann")]),
        call("refused", 3000, O::Rejected, vec![rejected("sales", 3001, RejectReason::Full)]),
        call("ivr", 10, O::IvrAbandoned, vec![]),
        call("system", 920, O::Lost, vec![abandoned("support", 930, 7)]),
        outbound,
        merged,
    ]
}

#[test]
fn each_contact_once_under_its_first_join() {
    let rows = contacts(&day(), &Options::default());
    assert_eq!(rows.len(), 2);
    let (none, support) = (&rows[0], &rows[1]);
    assert_eq!((none.queue.clone(), none.contacts(), none.of(O::Rejected), none.of(O::Connected)), (None, 3, 1, 1));
    assert_eq!((support.queue.as_deref(), support.contacts()), (Some("support"), 3));
    assert_eq!(support.lost_rate(), Some(2.0 / 3.0));
    assert_eq!(none.lost_rate(), Some(0.0));
    let quarters = contacts(&day(), &by(Interval::Quarter));
    let first = quarters.iter().find(|r| r.queue.is_some()).unwrap();
    assert_eq!((first.interval_start, first.of(O::Abandoned), first.contacts()), (at(0), 1, 1));
    assert!(contacts(&[call("i", 0, O::IvrAbandoned, vec![])], &Options::default())[0].lost_rate().is_none());
}

#[test]
fn calls_among_agents_are_no_contacts_but_a_colleague_in_a_queue_is() {
    let internal = |id, visits| Call { direction: Direction::Internal, ..call(id, 100, O::Unknown, visits) };
    let mut consult = answered("support", 110, 5, 60, "Ann");
    consult.consult = true;
    let colleague = abandoned("support", 120, 9);
    let calls = [internal("*45", vec![]), internal("consult", vec![consult]), internal("desk", vec![colleague])];
    let rows = contacts(&calls, &Options::default());
    let counted: Vec<_> = rows.iter().map(|r| (r.queue.clone(), r.contacts())).collect();
    assert_eq!(counted, [(Some("support".into()), 1)]);
}

#[test]
fn who_got_nobody_with_number_wait_and_a_later_answer() {
    let rows = lost(&day(), &Options::default());
    let seen: Vec<_> = rows.iter().map(|r| (r.call_id.as_str(), r.wait_ms, r.got_through_later)).collect();
    assert_eq!(seen, [("refused", 0, Some(false)), ("lost-1", 34_000, Some(true)), ("system", 7_000, Some(true))]);
    assert_eq!(rows[1].got_through_at, Some(at(2000)));
    let mut unknown = call("w", 0, O::Abandoned, vec![]);
    unknown.ani = None;
    unknown.ani_raw = Some("anonymous".into());
    assert_eq!(lost(&[unknown], &Options::default())[0].got_through_later, None);
}

#[test]
fn ranges_queues_and_consults() {
    let ranged = Options { from: Some(at(900)), to: Some(at(2010)), ..Options::default() };
    assert_eq!(contacts(&day(), &ranged).iter().map(ContactRow::contacts).sum::<i64>(), 1);
    let sales = Options { queue: Some("sales".into()), ..Options::default() };
    assert!(contacts(&day(), &sales).is_empty(), "first joined support; a refusal is no join");
    let mut consult = abandoned("sales", 5, 3);
    consult.consult = true;
    let only = [call("c", 0, O::Abandoned, vec![consult])];
    assert_eq!(contacts(&only, &Options::default())[0].queue.as_deref(), Some("sales"));
    assert!(contacts(&only, &Options { exclude_consults: true, ..Options::default() }).is_empty());
}

#[test]
fn every_outcome_of_the_contract_is_a_field() {
    let text = section("`outcome` of a contact:", "Visits answer");
    let mut expected: Vec<String> = ticked(&text);
    expected.push("contacts".into());
    let json: Vec<serde_json::Map<String, serde_json::Value>> =
        serde_json::from_str(&render::json(&contacts(&day(), &Options::default()), &Options::default())).unwrap();
    for name in &expected {
        assert!(json[0].contains_key(name), "{name}");
    }
    assert_eq!(json[0].len(), expected.len() + 6, "center, queue, two instants, lost_rate, definition_version");
    assert!(render::table(&lost(&day(), &Options::default()), &Options::default()).contains("+15550100"));
    assert_eq!(ContactRow::default().cells(&Options::default()).0[4].0, "contacts");
}

proptest! {
    #[test]
    fn the_visits_behind_a_row_make_its_figures(visits in proptest::collection::vec(any_visit(), 0..30), event_time: bool) {
        let attribution = if event_time { Attribution::EventTime } else { Attribution::Arrival };
        let opts = Options { interval: Interval::Quarter, attribution, center: Some("main".into()), ..Options::default() };
        for row in queues(&visits, &opts) {
            let queue = row.queue.clone().unwrap();
            let behind: Vec<Visit> = visits_behind(&visits, &queue, row.interval_start, &opts).into_iter().cloned().collect();
            let again = queues(&behind, &opts);
            let same = again.iter().find(|r| r.interval_start == row.interval_start).unwrap();
            prop_assert_eq!(&same.counts, &row.counts);
            if attribution == Attribution::Arrival {
                prop_assert_eq!(behind.len() as i64, row.counts.received);
            }
        }
    }
}
