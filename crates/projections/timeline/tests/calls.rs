//! Contacts, transfers and holds, given / when / then.
mod world;

use model::event::{DeviceKind, DialResult, EndedBy, TransferKind};
use model::facts::{ContactOutcome, Direction, LegRole, Visit};
use model::{Act, Body};
use world::{Switch, a_customer_talks_with_alice, at, released};

#[test]
fn a_contact_ends_when_every_connection_has_cleared() {
    let mut switch = a_customer_talks_with_alice();
    switch.of(20.0, "c", "a", "", Body::Held);
    switch.of(23.0, "c", "a", "", Body::Retrieved);
    switch.say(30.0, "c", "support", "Alice", released(None));
    switch.disconnects(30.0, "c", "c", "k1");
    switch.clears(30.0, "c", "c", EndedBy::Caller);
    assert_eq!(switch.call("c").ended_at, None);
    switch.clears(30.2, "c", "a", EndedBy::Unknown);
    let call = switch.call("c");
    assert_eq!(
        (call.ended_at, call.ended_by, call.outcome),
        (Some(at(30.2)), EndedBy::Caller, ContactOutcome::Answered)
    );
    assert_eq!((call.direction, call.ani.as_deref()), (Direction::Inbound, Some("+442079460997")));
    assert_eq!((switch.visit().hold_ms, call.holds.len()), (Some(3000), 1));
    assert_eq!(switch.legs().len(), 1, "the queue tells the talk; no second leg");
    let rows = switch.facts.calls.len();
    switch.of(40.0, "c", "c", "", Body::PartyKnown { ani: None, withheld: false, dnis: Some("442079460000".into()) });
    assert_eq!(switch.facts.calls.len(), rows + 1, "a change after the end is a row");
}

#[test]
fn a_consult_whose_transfer_completes_joins_the_customers_contact() {
    let mut switch = a_customer_talks_with_alice();
    // Alice calls Bob on a second line and speaks with him.
    switch.originates(20.0, "a2", "a2", DeviceKind::Station, "1001");
    switch.of(20.0, "a2", "a2", "", Body::Dialling { to: "b".into(), dialled: Some("1002".into()) });
    switch.originates(20.0, "a2", "b", DeviceKind::Station, "1002");
    switch.connects(24.0, "a2", "b", "k2");
    switch.connects(24.0, "a2", "a2", "k2");
    // The transfer: the customer's conversation takes Bob in, Alice is out of both.
    switch.disconnects(30.0, "a2", "b", "k2");
    switch.disconnects(30.0, "c", "a", "k1");
    switch.connects(30.0, "a2", "b", "k1");
    let done =
        Body::Transferred { kind: TransferKind::Attended, by: Some("a".into()), target: None, to: Some("b".into()) };
    switch.of(30.0, "c", "c", "", done);
    let passed = Body::Released {
        by: EndedBy::Agent,
        transferred: Some(TransferKind::Attended),
        wait_ms: None,
        talk_ms: None,
        entry_position: None,
    };
    switch.say(30.0, "c", "support", "Alice", passed);
    switch.of(30.01, "c", "b", "", Body::CallsJoined { from_call: "a2".into() });
    switch.clears(30.02, "a2", "a2", EndedBy::Unknown);
    switch.clears(30.02, "c", "a", EndedBy::Unknown);
    switch.disconnects(50.0, "c", "c", "k1");
    switch.clears(50.0, "c", "c", EndedBy::Caller);
    switch.clears(50.0, "c", "b", EndedBy::Unknown);

    assert_eq!(switch.call("a2").merged_into.as_deref(), Some("c"));
    let call = switch.call("c");
    assert_eq!(call.ended_at, Some(at(50.0)));
    assert_eq!(call.queue_visits.iter().map(|v| v.transferred).collect::<Vec<_>>(), [Some(TransferKind::Attended)]);
    assert_eq!(call.transfers.len(), 1);
    assert_eq!(call.transfers[0].from_agent.as_deref(), Some("Alice"));
    assert_eq!(call.transfers[0].to_agent.as_deref(), Some("Bob"));
    let legs = switch.legs();
    assert!(legs.iter().all(|l| l.call_id == "c"));
    let talk: Vec<_> = legs.iter().map(|l| (l.role, l.agent.to_string(), l.talk_ms)).collect();
    assert!(talk.contains(&(LegRole::TransferIn, "Bob".into(), Some(20_000))), "{talk:?}");
    assert!(talk.contains(&(LegRole::Internal, "Alice".into(), Some(6000))), "{talk:?}");
    assert!(talk.contains(&(LegRole::Internal, "Bob".into(), Some(6000))), "{talk:?}");
    assert_eq!(legs.iter().filter(|l| l.role == LegRole::TransferIn).count(), 1);
}

#[test]
fn a_blind_transfer_to_an_extension_is_a_transfer_in() {
    let mut switch = a_customer_talks_with_alice();
    switch.disconnects(20.0, "c", "a", "k1");
    let passed = Body::Released {
        by: EndedBy::Agent,
        transferred: Some(TransferKind::Blind),
        wait_ms: None,
        talk_ms: None,
        entry_position: None,
    };
    switch.say(20.0, "c", "support", "Alice", passed);
    switch.clears(20.0, "c", "a", EndedBy::Unknown);
    switch.disconnects(20.0, "c", "c", "k1");
    switch.of(20.1, "c", "c", "", Body::Dialling { to: "b".into(), dialled: Some("1002".into()) });
    switch.originates(20.1, "c", "b", DeviceKind::Station, "1002");
    switch.connects(23.1, "c", "b", "k2");
    switch.connects(23.1, "c", "c", "k2");
    switch.disconnects(33.1, "c", "b", "k2");
    switch.clears(33.1, "c", "b", EndedBy::Agent);
    switch.clears(33.1, "c", "c", EndedBy::Agent);
    let leg = switch.legs().into_iter().find(|l| l.role == LegRole::TransferIn).expect("a leg of the transfer");
    assert_eq!((leg.agent.as_str(), leg.ring_ms, leg.talk_ms), ("Bob", Some(3000), Some(10_000)));
    assert_eq!(switch.call("c").transfers[0].kind, TransferKind::Blind);
}

#[test]
fn an_agent_dials_out() {
    let mut switch = Switch::with_roster();
    switch.originates(1.0, "a", "a", DeviceKind::Station, "1001");
    switch.of(1.5, "a", "a", "", Body::Dialling { to: "t".into(), dialled: Some("07700900180".into()) });
    switch.originates(1.5, "a", "t", DeviceKind::Trunk, "07700900180");
    switch.of(6.0, "a", "a", "", Body::DialEnded { to: Some("t".into()), result: DialResult::Connected });
    switch.connects(6.0, "a", "t", "k");
    switch.connects(6.0, "a", "a", "k");
    switch.disconnects(16.0, "a", "a", "k");
    switch.clears(16.0, "a", "a", EndedBy::Agent);
    switch.clears(16.0, "a", "t", EndedBy::Unknown);
    let call = switch.call("a");
    assert_eq!((call.direction, call.outcome), (Direction::Outbound, ContactOutcome::Connected));
    let legs = switch.legs();
    assert_eq!(legs.iter().map(|l| (l.role, l.talk_ms)).collect::<Vec<_>>(), [(LegRole::Outbound, Some(10_000))]);
}

#[test]
fn an_outbound_call_that_nobody_answers_is_a_leg_without_a_result() {
    let mut switch = Switch::with_roster();
    switch.originates(1.0, "a", "a", DeviceKind::Station, "1001");
    switch.of(1.5, "a", "a", "", Body::Dialling { to: "t".into(), dialled: None });
    switch.originates(1.5, "a", "t", DeviceKind::Trunk, "07700900180");
    switch.of(6.0, "a", "a", "", Body::DialEnded { to: Some("t".into()), result: DialResult::Busy });
    switch.clears(6.0, "a", "t", EndedBy::System);
    switch.clears(6.5, "a", "a", EndedBy::System);
    assert_eq!(switch.call("a").outcome, ContactOutcome::Busy);
    let leg = switch.legs().remove(0);
    assert_eq!((leg.role, leg.result, leg.ended_at), (LegRole::Outbound, None, Some(at(6.5))));
}

#[test]
fn plumbing_between_two_telephones_is_no_party() {
    let mut switch = Switch::with_roster();
    switch.originates(1.0, "c", "c", DeviceKind::Trunk, "442079460997");
    switch.say(10.0, "c", "support", "", Body::Queued { position: None, ani: None });
    switch.originates(11.0, "c", "l1", DeviceKind::Internal, "");
    switch.originates(11.0, "c", "l2", DeviceKind::Internal, "");
    switch.originates(11.0, "c", "b", DeviceKind::Station, "1002");
    let answer = Body::Established { wait_ms: None, ring_ms: None, device: Some("l1".into()) };
    switch.say(14.0, "c", "support", "Local/1002@agents/n", answer);
    for (conn, conversation) in [("l1", "k1"), ("c", "k1"), ("b", "k2"), ("l2", "k2")] {
        switch.connects(14.0, "c", conn, conversation);
    }
    switch.say(30.0, "c", "support", "Local/1002@agents/n", released(None));
    for (conn, conversation) in [("l1", "k1"), ("c", "k1"), ("b", "k2"), ("l2", "k2")] {
        switch.disconnects(30.1, "c", conn, conversation);
        switch.clears(30.1, "c", conn, EndedBy::Caller);
    }
    let told: Vec<_> = switch.legs().iter().map(|l| (l.role, l.agent.to_string(), l.talk_ms)).collect();
    assert_eq!(told, [(LegRole::Queue, "Bob".to_owned(), Some(16_000))]);
    assert!(!switch.call("c").conferenced);
}

#[test]
fn a_visit_whose_caller_is_gone_and_whose_end_nobody_tells_is_settled() {
    let mut switch = a_customer_talks_with_alice();
    switch.clears(30.0, "c", "c", EndedBy::Caller);
    switch.clears(30.0, "c", "a", EndedBy::Unknown);
    assert!(!switch.visit().closed);
    switch.joins(120.0, "other", "support");
    let visit: Visit = switch.visits().remove(0);
    assert_eq!((visit.closed, visit.talk_ms, visit.left_at), (true, Some(16_000), Some(at(30.0))));
    switch.say(121.0, "", "support", "Alice", released(Some((4000, 15_500))));
    assert!(switch.visits().iter().all(|v| v.call_id != "c" || v.talk_ms == Some(16_000)), "too far off to be it");
}

#[test]
fn crm_links_alone_make_a_row_that_says_so() {
    let mut switch = Switch::new();
    switch.joins(1.0, "c", "support");
    switch.say(5.0, "c", "support", "", Body::Abandoned { wait_ms: None, entry_position: None });
    let written = Act::CrmWritten {
        call_id: "c".into(),
        target: "salesforce".into(),
        object: "Task".into(),
        record_id: Some("00T1".into()),
        revision: 2,
    };
    switch.act(6.0, written.clone());
    let call = switch.call("c");
    assert!(call.crm_only);
    assert_eq!(call.crm[0].record_id.as_deref(), Some("00T1"));
    let rows = switch.facts.calls.len();
    switch.act(7.0, written);
    assert_eq!(switch.facts.calls.len(), rows);
    let note = Body::NoteSaved { text: "asked for a copy".into() };
    switch.say(8.0, "c", "", "", note);
    assert!(!switch.call("c").crm_only);
    assert_eq!(switch.call("c").notes, ["asked for a copy"]);
}

#[test]
fn an_ivr_that_is_left_is_no_lost_customer_of_a_queue() {
    let mut switch = Switch::new();
    switch.originates(1.0, "c", "c", DeviceKind::Trunk, "anonymous");
    let values = vec![("AccountNumber".into(), "435928".into())];
    switch.of(5.0, "c", "c", "", Body::DataCollected { name: "AccountEntered".into(), values });
    switch.of(6.0, "c", "c", "", Body::MenuChosen { digit: "2".into(), menu: None });
    switch.of(7.0, "c", "c", "", Body::MenuChosen { digit: "1".into(), menu: None });
    switch.clears(9.0, "c", "c", EndedBy::Caller);
    let call = switch.call("c");
    assert_eq!((call.outcome, call.ani_withheld), (ContactOutcome::IvrAbandoned, true));
    let ivr: Vec<_> = call.ivr.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    assert_eq!(ivr, [("AccountNumber", "435928"), ("menu_path", "2>1")]);
}

#[test]
fn a_contact_long_after_its_end_takes_what_comes_late() {
    let mut switch = a_customer_talks_with_alice();
    switch.say(30.0, "c", "support", "Alice", released(None));
    for conn in ["c", "a"] {
        switch.clears(30.0, "c", conn, EndedBy::Caller);
    }
    // Minutes go by: the contact is packed meanwhile.
    for minute in 1..10 {
        switch.joins(f64::from(minute) * 60.0, "other", "sales");
    }
    let note = Body::NoteSaved { text: "called back".into() };
    switch.say(31.0, "c", "", "", note);
    let call = switch.call("c");
    assert_eq!((call.notes.len(), call.queue_visits.len(), call.agent_legs.len()), (1, 1, 1));
    switch.say(600.0, "c", "support", "Alice", Body::AgentWorkingAfterCall { stated_ms: Some(1000) });
    assert_eq!(switch.visits()[0].acw_ms, Some(1000));
}

#[test]
fn an_agent_behind_plumbing_talks_until_the_telephone_leaves() {
    let mut switch = Switch::with_roster();
    switch.originates(1.0, "c", "c", DeviceKind::Trunk, "442079460997");
    switch.say(2.0, "c", "support", "", Body::Queued { position: None, ani: None });
    switch.originates(3.0, "c", "local1", DeviceKind::Internal, "");
    switch.originates(3.0, "c", "local2", DeviceKind::Internal, "");
    switch.say(3.0, "c", "support", "Bob", Body::Delivered { device: Some("local1".into()) });
    switch.originates(3.1, "c", "phone", DeviceKind::Station, "1002");
    switch.connects(5.0, "c", "phone", "k2");
    switch.connects(5.0, "c", "local2", "k2");
    let answer = Body::Established { wait_ms: None, ring_ms: None, device: Some("local1".into()) };
    switch.say(5.0, "c", "support", "Bob", answer);
    switch.connects(5.0, "c", "local1", "k1");
    switch.connects(5.0, "c", "c", "k1");
    // Bob passes the customer on: his telephone is gone, the plumbing stays in the path.
    switch.disconnects(10.0, "c", "phone", "k2");
    switch.clears(10.0, "c", "phone", EndedBy::Unknown);
    switch.say(30.0, "c", "support", "Bob", released(Some((3000, 25_000))));
    for connection in ["local1", "local2", "c"] {
        switch.clears(30.0, "c", connection, EndedBy::Caller);
    }
    let legs = switch.legs();
    let leg = legs.iter().find(|l| l.role == LegRole::Queue).expect("a leg");
    assert_eq!((leg.answered_at, leg.ended_at), (Some(at(5.0)), Some(at(10.0))));
    assert_eq!(leg.talk_ms, Some(25_000), "as the switch states it");
    assert_eq!(switch.visit().talk_ms, Some(25_000));
}

#[test]
fn a_caller_refused_after_a_wait_who_hangs_up_has_abandoned() {
    let refused = |by| {
        let mut switch = Switch::with_roster();
        switch.originates(1.0, "c", "c", DeviceKind::Trunk, "442079460997");
        switch.say(2.0, "c", "support", "", Body::Queued { position: None, ani: None });
        let timeout =
            Body::Diverted { reason: model::event::DivertReason::Timeout, wait_ms: Some(14_000), entry_position: None };
        switch.say(16.0, "c", "support", "", timeout);
        switch.say(16.1, "c", "sales", "", Body::Rejected { reason: model::event::RejectReason::Full });
        switch.clears(17.0, "c", "c", by);
        switch.call("c").outcome
    };
    assert_eq!(refused(EndedBy::Caller), ContactOutcome::Abandoned);
    assert_eq!(refused(EndedBy::System), ContactOutcome::Rejected);
}

#[test]
fn a_farewell_by_the_system_leaves_the_end_with_the_agent() {
    let ended = |released_by, cleared_by| {
        let mut switch = a_customer_talks_with_alice();
        let release =
            Body::Released { by: released_by, transferred: None, wait_ms: None, talk_ms: None, entry_position: None };
        switch.say(30.0, "c", "support", "Alice", release);
        switch.clears(30.0, "c", "a", EndedBy::Unknown);
        switch.clears(36.0, "c", "c", cleared_by);
        switch.call("c").ended_by
    };
    assert_eq!(ended(EndedBy::Agent, EndedBy::System), EndedBy::Agent);
    assert_eq!(ended(EndedBy::Agent, EndedBy::Caller), EndedBy::Caller);
    assert_eq!(ended(EndedBy::Caller, EndedBy::System), EndedBy::System);
}

#[test]
fn what_changes_how_an_ended_contact_ended_makes_its_row() {
    let mut switch = Switch::new();
    switch.originates(1.0, "c", "c", DeviceKind::Trunk, "442079460997");
    switch.clears(5.0, "c", "c", EndedBy::Unknown);
    assert_eq!(switch.call("c").outcome, ContactOutcome::IvrAbandoned);
    switch.clears(5.0, "c", "c", EndedBy::System);
    let call = switch.call("c");
    assert_eq!((call.outcome, call.ended_by), (ContactOutcome::Lost, EndedBy::System));
}
