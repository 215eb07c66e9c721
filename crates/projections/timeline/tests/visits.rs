//! Queue visits, given / when / then.
mod world;

use model::Body;
use model::event::{DivertReason, OfferEnd, RejectReason};
use model::facts::{ContactOutcome, Direction, LegResult, VisitOutcome};
use world::{Switch, at};

#[test]
fn a_caller_joins_is_answered_and_talks() {
    let mut switch = Switch::new();
    switch.joins(10.0, "c1", "support");
    switch.answers(14.4, "Alice", "c1", "support", Some(4000));
    switch.ends(30.0, "Alice", "c1", "support", Some((4000, 15_000)));
    let rows = &switch.facts.queue_visits;
    let told: Vec<_> = rows.iter().map(|v| (v.revision, v.outcome, v.closed)).collect();
    assert_eq!(
        told,
        [(1, VisitOutcome::Open, false), (2, VisitOutcome::Answered, false), (3, VisitOutcome::Answered, true)]
    );
    let visit = switch.visit();
    assert_eq!((visit.wait_ms, visit.wait_observed_ms, visit.talk_ms), (Some(4000), Some(4400), Some(15_000)));
    assert_eq!((visit.agent.as_deref(), visit.entry_position), (Some("Alice"), Some(1)));
    assert_eq!((visit.hold_ms, visit.acw_ms), (None, None), "a queue_log cannot tell them");
    assert_eq!(switch.call("c1").outcome, ContactOutcome::Answered);
    assert_eq!(switch.call("c1").ended_at, Some(at(30.0)));
}

#[test]
fn the_difference_counts_where_nothing_is_stated() {
    let mut switch = Switch::new();
    switch.joins(10.0, "c1", "support");
    switch.answers(14.4, "Alice", "c1", "support", None);
    switch.ends(30.0, "Alice", "c1", "support", None);
    let visit = switch.visit();
    assert_eq!((visit.wait_ms, visit.talk_ms), (Some(4400), Some(15_600)));
}

#[test]
fn one_caller_overflows_and_comes_back_under_one_uniqueid() {
    let mut switch = Switch::new();
    let timeout = Body::Diverted { reason: DivertReason::Timeout, wait_ms: Some(14_000), entry_position: Some(2) };
    switch.joins(10.0, "c1", "support");
    switch.say(24.0, "c1", "support", "", timeout);
    switch.joins(24.0, "c1", "sales");
    switch.say(
        30.0,
        "c1",
        "sales",
        "",
        Body::Diverted { reason: DivertReason::Key, wait_ms: None, entry_position: None },
    );
    switch.joins(30.0, "c1", "support");
    switch.say(35.0, "c1", "support", "", Body::Abandoned { wait_ms: Some(5000), entry_position: None });
    let outcomes: Vec<_> =
        switch.visits().iter().map(|v| (v.queue.to_string(), v.outcome.outcome(), v.wait_ms)).collect();
    let expected = [("support", "flow_out", 14_000), ("sales", "flow_out", 6000), ("support", "abandoned", 5000)];
    assert_eq!(outcomes, expected.map(|(q, o, w)| (q.to_owned(), o, Some(w))));
    assert!(switch.visits().iter().all(|v| v.call_id == "c1"));
    assert_eq!(switch.call("c1").outcome, ContactOutcome::Abandoned);
}

#[test]
fn stays_of_one_caller_in_one_queue_keep_their_own_ends_out_of_order() {
    let timeout = |ms| Body::Diverted { reason: DivertReason::Timeout, wait_ms: Some(ms), entry_position: None };
    // The second join overtakes the end of the first stay.
    let mut switch = Switch::new();
    switch.joins(10.0, "c1", "support");
    switch.joins(24.3, "c1", "support");
    switch.say(24.0, "c1", "support", "", timeout(14_000));
    switch.say(31.0, "c1", "support", "", Body::Abandoned { wait_ms: Some(6000), entry_position: None });
    // Both ends are told before the joins.
    switch.say(56.0, "c2", "support", "", Body::Abandoned { wait_ms: Some(15_000), entry_position: None });
    switch.say(40.0, "c2", "support", "", timeout(20_000));
    switch.joins(41.0, "c2", "support");
    switch.joins(20.0, "c2", "support");
    // The later stay is told first, then the earlier one.
    switch.joins(80.0, "c3", "support");
    switch.say(79.0, "c3", "support", "", timeout(12_000));
    switch.joins(67.0, "c3", "support");
    switch.answers(85.0, "Bob", "c3", "support", Some(5000));
    // A stay that ends right after the one before it is told from its end on.
    switch.joins(100.0, "c4", "support");
    switch.say(120.0, "c4", "support", "", timeout(20_000));
    switch.say(121.5, "c4", "support", "", Body::Abandoned { wait_ms: Some(0), entry_position: None });
    switch.joins(121.2, "c4", "support");
    let told: Vec<_> = switch.visits().iter().map(|v| (v.joined_at, v.outcome.outcome(), v.wait_ms)).collect();
    let mut told: Vec<_> = told.into_iter().map(|(t, o, w)| (t, o, w.unwrap_or(-1))).collect();
    told.sort();
    let expected = [
        (10.0, "flow_out", 14_000),
        (20.0, "flow_out", 20_000),
        (24.3, "abandoned", 6000),
        (41.0, "abandoned", 15_000),
        (67.0, "flow_out", 12_000),
        (80.0, "answered", 5000),
        (100.0, "flow_out", 20_000),
        (121.2, "abandoned", 0),
    ];
    assert_eq!(told, expected.map(|(t, o, w)| (at(t), o, w)));
    let reasons = switch.visits().iter().filter(|v| v.outcome == VisitOutcome::FlowOut(DivertReason::Timeout)).count();
    assert_eq!(reasons, 4);
}

#[test]
fn talks_of_one_caller_in_one_queue_keep_their_own_ends_out_of_order() {
    let mut switch = Switch::new();
    switch.joins(10.0, "c1", "support");
    switch.answers(12.0, "Alice", "c1", "support", Some(2000));
    // Alice passes the caller on into the same queue; the end of her talk comes last.
    switch.joins(30.0, "c1", "support");
    switch.answers(33.0, "Alice", "c1", "support", Some(3000));
    switch.ends(29.0, "Alice", "c1", "support", Some((2000, 17_000)));
    switch.ends(50.0, "Alice", "c1", "support", Some((3000, 17_000)));
    let told: Vec<_> = switch.visits().iter().map(|v| (v.joined_at, v.left_at, v.closed)).collect();
    assert_eq!(told, [(at(10.0), Some(at(29.0)), true), (at(30.0), Some(at(50.0)), true)]);
}

#[test]
fn an_answer_told_after_an_abandon_has_one_end() {
    let mut switch = Switch::new();
    switch.joins(10.0, "c1", "support");
    switch.say(20.0, "c1", "support", "", Body::Abandoned { wait_ms: Some(10_000), entry_position: None });
    switch.answers(20.0, "Alice", "c1", "support", Some(10_000));
    switch.ends(35.0, "Alice", "c1", "support", Some((10_000, 15_000)));
    let visit = switch.visit();
    assert_eq!((visit.outcome, visit.talk_ms, visit.closed), (VisitOutcome::Answered, Some(15_000), true));
}

#[test]
fn ringing_told_after_the_end_of_the_talk_is_the_legs() {
    let mut switch = Switch::new();
    switch.joins(10.0, "c1", "support");
    switch.ends(30.0, "Alice", "c1", "support", Some((5000, 15_000)));
    let answer = Body::Established { wait_ms: Some(5000), ring_ms: Some(3000), device: None };
    switch.say(15.0, "c1", "support", "Alice", answer);
    let legs = switch.legs();
    let told: Vec<_> = legs.iter().map(|l| (l.offered_at, l.answered_at, l.ended_at, l.ring_ms)).collect();
    assert_eq!(told, [(Some(at(12.0)), Some(at(15.0)), Some(at(30.0)), Some(3000))]);
}

#[test]
fn a_connect_before_its_join_is_one_visit() {
    let mut switch = Switch::new();
    switch.answers(14.0, "Alice", "c1", "support", Some(4000));
    switch.joins(10.0, "c1", "support");
    switch.ends(20.0, "Alice", "c1", "support", None);
    let visit = switch.visit();
    assert_eq!((visit.joined_at, visit.wait_ms, visit.outcome), (at(10.0), Some(4000), VisitOutcome::Answered));
    assert!(switch.facts.queue_visits.iter().all(|v| v.filed == visit.filed));
}

#[test]
fn an_end_before_its_answer_is_one_visit() {
    let mut switch = Switch::new();
    switch.joins(10.0, "c1", "support");
    switch.ends(30.0, "Alice", "c1", "support", Some((4000, 16_000)));
    switch.answers(14.0, "Alice", "c1", "support", Some(4000));
    let visit = switch.visit();
    assert_eq!((visit.answered_at, visit.left_at, visit.talk_ms), (Some(at(14.0)), Some(at(30.0)), Some(16_000)));
    assert_eq!(switch.timeline.counters().restated, 1);
    assert_eq!(switch.legs().len(), 1);
}

#[test]
fn rows_told_twice_change_nothing() {
    let mut switch = Switch::new();
    for _ in 0..2 {
        switch.joins(10.0, "c1", "support");
    }
    for _ in 0..2 {
        switch.answers(14.0, "Alice", "c1", "support", Some(4000));
    }
    for _ in 0..2 {
        switch.ends(30.0, "Alice", "c1", "support", Some((4000, 16_000)));
    }
    assert_eq!(switch.facts.queue_visits.len(), 3);
    assert_eq!(switch.facts.agent_legs.len(), 2);
    assert_eq!(switch.timeline.counters().restated, 0);
}

#[test]
fn a_log_that_begins_in_the_middle_gives_visits_by_themselves() {
    let mut switch = Switch::new();
    switch.ends(100.0, "Alice", "c1", "support", Some((5000, 20_000)));
    switch.say(101.0, "c2", "support", "", Body::Abandoned { wait_ms: Some(7000), entry_position: Some(3) });
    let visits = switch.visits();
    assert_eq!(visits.iter().map(|v| v.joined_at).collect::<Vec<_>>(), [at(75.0), at(94.0)]);
    assert_eq!((visits[0].answered_at, visits[0].talk_ms), (Some(at(80.0)), Some(20_000)));
    assert_eq!((visits[1].wait_ms, visits[1].entry_position), (Some(7000), Some(3)));
}

#[test]
fn an_answer_wins_over_an_abandon_of_the_same_stay() {
    let mut switch = Switch::new();
    switch.joins(10.0, "c1", "support");
    switch.say(14.0, "c1", "support", "", Body::Abandoned { wait_ms: Some(4000), entry_position: None });
    switch.answers(14.0, "Alice", "c1", "support", Some(4000));
    assert_eq!(switch.visit().outcome, VisitOutcome::Answered);
    assert!(switch.visit().closed, "closed stays closed");
    switch.say(15.0, "c1", "support", "", Body::Abandoned { wait_ms: Some(5000), entry_position: None });
    assert_eq!(switch.visit().outcome, VisitOutcome::Answered);
    assert_eq!(switch.timeline.counters().contradicted, 1);
}

#[test]
fn a_refused_caller_is_a_visit_closed_at_once() {
    let mut switch = Switch::new();
    switch.say(10.0, "c1", "sales", "", Body::Rejected { reason: RejectReason::Full });
    let visit = switch.visit();
    assert_eq!((visit.joined_at, visit.closed, visit.wait_ms), (at(10.0), true, None));
    assert_eq!(visit.outcome, VisitOutcome::Rejected(RejectReason::Full));
    assert_eq!(switch.call("c1").outcome, ContactOutcome::Rejected);
}

#[test]
fn an_end_without_a_connection_finds_the_agents_visit_by_its_times() {
    let mut switch = Switch::new();
    for (caller, join, answer) in [("c1", 10.0, 12.0), ("c2", 20.0, 40.0)] {
        switch.joins(join, caller, "support");
        switch.answers(answer, "Alice", caller, "support", None);
    }
    switch.say(52.0, "", "support", "Alice", world::released(Some((20_000, 12_000))));
    let visits = switch.visits();
    assert_eq!(visits.iter().map(|v| v.closed).collect::<Vec<_>>(), [false, true]);
    assert_eq!(visits[1].talk_ms, Some(12_000));
}

#[test]
fn an_agents_own_call_into_a_queue_is_a_consult() {
    let mut switch = Switch::with_roster();
    let by_bob = Body::Queued { position: None, ani: Some("1002".into()) };
    switch.say(10.0, "b1", "billing", "", by_bob);
    assert!(switch.visit().consult);
    assert_eq!(switch.call("b1").direction, Direction::Internal);
    switch.joins(11.0, "c1", "billing");
    assert!(!switch.visits()[1].consult);
    assert_eq!(switch.call("c1").direction, Direction::Inbound);
}

#[test]
fn offers_are_answered_missed_declined_or_cancelled() {
    let mut switch = Switch::with_roster();
    switch.joins(10.0, "c1", "support");
    switch.say(11.0, "c1", "support", "PJSIP/1001", Body::Delivered { device: None });
    switch.say(11.0, "c1", "support", "Carol", Body::Delivered { device: None });
    let no_answer = |ring_ms| Body::OfferEnded { end: OfferEnd::NoAnswer, ring_ms, device: None };
    switch.say(17.0, "c1", "support", "PJSIP/1001", no_answer(Some(6000)));
    switch.say(18.0, "c1", "support", "Dan", no_answer(Some(1000)));
    switch.say(18.5, "c1", "support", "PJSIP/1001", Body::Delivered { device: None });
    switch.answers(20.0, "Alice", "c1", "support", None);
    let told: Vec<_> = switch.legs().iter().map(|l| (l.agent.to_string(), l.result, l.ring_ms)).collect();
    let expected = [
        ("Alice", LegResult::Missed, 6000),
        ("Carol", LegResult::Cancelled, 9000),
        ("Dan", LegResult::Declined, 1000),
        ("Alice", LegResult::Answered, 1500),
    ];
    assert_eq!(told, expected.map(|(a, r, ms)| (a.to_owned(), Some(r), Some(ms))));
    let cancelled = Body::OfferEnded { end: OfferEnd::Cancelled, ring_ms: Some(9100), device: None };
    switch.say(20.1, "c1", "support", "Carol", cancelled);
    assert_eq!(switch.legs().len(), 4, "what is said of a cancelled offer afterwards is of that offer");
    assert_eq!(switch.legs()[1].ring_ms, Some(9100));
}

#[test]
fn a_call_back_taken_by_an_adapter_ends_the_wait() {
    let mut switch = Switch::new();
    switch.joins(10.0, "c1", "support");
    switch.say(15.0, "c1", "", "", Body::CallbackRequested { number: None, leaves_queue: true });
    assert_eq!(switch.visit().outcome, VisitOutcome::FlowOut(DivertReason::Callback));
    assert_eq!(switch.call("c1").outcome, ContactOutcome::Callback);
}

#[test]
fn an_event_after_the_late_horizon_is_refused_and_open_contacts_end_unknown() {
    let day = 86_400.0;
    let mut switch = Switch::new();
    switch.joins(10.0, "c1", "support");
    switch.joins(11.0, "c2", "support");
    switch.say(15.0, "c1", "support", "", Body::Abandoned { wait_ms: None, entry_position: None });
    switch.joins(day, "c3", "support");
    switch.joins(day + 20.0, "c4", "support");
    assert_eq!(switch.timeline.counters().kept_contacts, 2);
    assert_eq!(switch.timeline.counters().closed_unknown, 1);
    let forgotten = switch.visits().into_iter().find(|v| v.call_id == "c2").expect("c2");
    assert_eq!((forgotten.outcome, forgotten.closed, forgotten.wait_ms), (VisitOutcome::Open, true, None));
    let rows = switch.facts.len();
    let late = switch.try_say(
        14.0,
        "c1",
        "support",
        "Alice",
        Body::Established { wait_ms: None, ring_ms: None, device: None },
    );
    assert!(late.is_err());
    assert_eq!((switch.facts.len(), switch.timeline.counters().too_late), (rows, 1));
}

#[test]
fn a_late_row_within_the_horizon_restates_the_visit() {
    let mut switch = Switch::new();
    switch.joins(10.0, "c1", "support");
    switch.answers(12.0, "Alice", "c1", "support", Some(2000));
    switch.joins(3600.0, "c2", "support");
    switch.ends(60.0, "Alice", "c1", "support", Some((2000, 48_000)));
    let visit = switch.visits().remove(0);
    assert_eq!((visit.left_at, visit.talk_ms), (Some(at(60.0)), Some(48_000)));
}

#[test]
fn a_restart_closes_what_was_up_and_a_first_start_nothing() {
    let mut switch = Switch::new();
    switch.say(1.0, "", "", "", Body::SourceStarted);
    switch.logs_on(2.0, "Alice", "support");
    switch.joins(10.0, "c1", "support");
    switch.joins(11.0, "c2", "support");
    switch.answers(12.0, "Alice", "c2", "support", Some(1000));
    switch.say(500.0, "", "", "", Body::SourceStarted);
    let told: Vec<_> = switch.visits().iter().map(|v| (v.outcome, v.closed, v.left_at, v.talk_ms)).collect();
    assert_eq!(told, [(VisitOutcome::Open, true, None, None), (VisitOutcome::Answered, true, None, None)]);
    assert_eq!(switch.legs()[0].ended_at, Some(at(12.0)), "nobody talks on after the last event heard");
    assert_eq!(switch.told(), ["login support  2..-"]);
    assert_eq!(switch.timeline.counters().open_contacts, 0);
}
