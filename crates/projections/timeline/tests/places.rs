//! Stays whose caller changes, and talks whose end nobody tells.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::cast_possible_truncation)]

mod world;

use model::Body;
use model::event::{DeviceKind, EndedBy, TransferKind};
use model::facts::VisitOutcome;
use world::{Switch, at};

fn passed_on(to: &str) -> Body {
    Body::Transferred { kind: TransferKind::Attended, by: None, target: None, to: Some(to.into()) }
}

#[test]
fn a_place_taken_over_stays_one_visit_and_goes_over_into_the_customers_contact() {
    let mut switch = world::a_customer_talks_with_alice();
    switch.originates(20.0, "x", "x", DeviceKind::Station, "1001");
    switch.joins(21.0, "x", "sales");
    switch.of(23.0, "c", "c", "Alice", passed_on("x"));
    switch.ends(23.0, "Alice", "c", "support", None);
    switch.clears(23.1, "x", "x", EndedBy::System);
    switch.clears(23.1, "c", "a", EndedBy::Unknown);
    switch.answers(26.0, "Bob", "c", "sales", Some(5000));
    let visits = switch.visits();
    let told: Vec<_> = visits.iter().map(|v| (v.queue.as_str(), v.outcome, v.call_id.as_str(), v.consult)).collect();
    let answered = VisitOutcome::Answered;
    assert_eq!(told, [("support", answered, "c", false), ("sales", answered, "c", true)]);
    assert_eq!((visits[1].joined_at, visits[1].wait_ms), (at(21.0), Some(5000)));
    assert_eq!(switch.call("x").merged_into.as_deref(), Some("c"));
    assert_eq!(switch.call("c").transfers.len(), 1);
}

#[test]
fn a_talk_of_queue_rows_without_its_end_lasts_no_longer_than_to_the_agents_next_answer() {
    let mut switch = Switch::new();
    switch.joins(10.0, "c1", "support");
    switch.answers(12.0, "Alice", "c1", "support", Some(2000));
    switch.joins(40.0, "c2", "support");
    switch.answers(42.0, "Alice", "c2", "support", Some(2000));
    let legs = switch.legs();
    assert_eq!((legs[0].ended_at, legs[1].ended_at), (Some(at(42.0)), None));
    // Told late, its own end counts.
    switch.ends(30.0, "Alice", "c1", "support", Some((2000, 18_000)));
    assert_eq!((switch.legs()[0].ended_at, switch.legs()[0].talk_ms), (Some(at(30.0)), Some(18_000)));
}

#[test]
fn plumbing_that_is_taken_out_of_a_talk_leaves_the_visit_to_its_successor() {
    let mut switch = world::a_customer_talks_with_alice();
    switch.of(20.0, "c", "x", "", Body::Connected { conversation: "k2".into() });
    switch.say_of(21.0, "c", "x", "sales", "", Body::Queued { position: None, ani: None }).expect("in time");
    let answer = Body::Established { wait_ms: Some(1000), ring_ms: None, device: None };
    switch.say_of(22.0, "c", "x", "sales", "Bob", answer).expect("in time");
    switch.of(26.0, "c", "c", "", passed_on("x"));
    switch.clears(26.1, "c", "x", EndedBy::Unknown);
    switch.say_of(80.0, "c", "c", "sales", "Bob", world::released(Some((1000, 58_000)))).expect("in time");
    let sales: Vec<_> = switch.visits().into_iter().filter(|v| v.queue == "sales").collect();
    assert_eq!(sales.len(), 1, "{sales:#?}");
    assert_eq!((sales[0].joined_at, sales[0].talk_ms), (at(21.0), Some(58_000)));
    assert!(switch.call("c").transfers.is_empty(), "nobody transferred anything");
}

#[test]
fn of_a_talk_whose_caller_is_replaced_by_one_unheard_of_there_is_one_visit() {
    let mut switch = Switch::new();
    switch.joins(10.0, "x", "support");
    switch.answers(11.0, "Alice", "x", "support", Some(1000));
    switch.of(11.0, "c", "c", "", passed_on("x"));
    switch.ends(21.0, "Alice", "c", "support", Some((1000, 10_000)));
    let visit = switch.visit();
    assert_eq!((visit.joined_at, visit.talk_ms, visit.call_id.as_str()), (at(10.0), Some(10_000), "c"));
}
