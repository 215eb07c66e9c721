//! Recordings that another dialect tells of than the one that makes the figures; given /
//! when / then.
mod world;

use model::acts::RecordingOutcome;
use model::event::{DeviceKind, DivertReason, EndedBy};
use model::facts::{Recording, RecordingState};
use model::{Act, Body, Name};
use world::{Switch, at, released};

fn started(path: &str) -> Body {
    Body::RecordingStarted { path: Some(path.into()) }
}

fn cleared() -> Body {
    Body::ConnectionCleared { cause: None, by: EndedBy::Caller }
}

/// What the figures' dialect, a queue_log, tells: a time-out in support, then Alice in sales.
fn queue_rows(switch: &mut Switch) {
    switch.joins(10.0, "c", "support");
    let time_out = Body::Diverted { reason: DivertReason::Timeout, wait_ms: Some(10_000), entry_position: None };
    switch.say(20.0, "c", "support", "", time_out);
    switch.joins(21.0, "c", "sales");
    switch.answers(25.0, "Alice", "c", "sales", Some(4_000));
    switch.ends(50.0, "Alice", "c", "sales", Some((4_000, 25_000)));
}

/// What the AMI tells meanwhile: two recordings of the caller, one of a telephone.
fn ami_rows(switch: &mut Switch) {
    switch.hears(9.8, "c", "c", started("one.wav"));
    switch.hears(20.6, "c", "c", started("two.wav"));
    switch.hears(25.5, "c", "a", started("alice.wav"));
    switch.hears(30.0, "c", "a", Body::RecordingSuspended);
    switch.hears(35.0, "c", "a", Body::RecordingResumed);
    switch.hears(50.2, "c", "a", Body::RecordingStopped);
    switch.hears(50.3, "c", "c", cleared());
}

fn told(rows: &[Recording]) -> Vec<String> {
    let text = |n: &Option<Name>| n.as_deref().unwrap_or("-").to_owned();
    rows.iter()
        .map(|r| format!("{} {} {} {}", r.recording_id, text(&r.call_id), text(&r.queue), text(&r.agent)))
        .collect()
}

#[test]
fn a_recording_that_only_another_dialect_announces_is_its_contacts_whichever_is_read_first() {
    let whole = ["pbx1-a-1 c sales Alice", "pbx1-c-1 c support Alice", "pbx1-c-2 c sales Alice"];
    for ami_first in [true, false] {
        let mut switch = Switch::with_roster();
        if ami_first {
            ami_rows(&mut switch);
            assert_eq!(told(&switch.recordings()), ["pbx1-a-1 - - -", "pbx1-c-1 - - -", "pbx1-c-2 - - -"]);
            queue_rows(&mut switch);
        } else {
            queue_rows(&mut switch);
            ami_rows(&mut switch);
        }
        let rows = switch.recordings();
        assert_eq!(told(&rows), whole, "ami first: {ami_first}");
        assert_eq!(rows[0].suspended, [(at(30.0), Some(at(35.0)))]);
        let ends: Vec<_> = rows.iter().map(|r| r.ended_at).collect();
        assert_eq!(ends, [Some(at(50.2)), Some(at(50.3)), Some(at(50.3))]);
        assert!(rows.iter().all(|r| r.state == RecordingState::Pending));
        assert_eq!(switch.call("c").recordings.len(), 3, "the contact's record has them");
    }
}

#[test]
fn nothing_else_of_another_dialect_is_taken() {
    let mut plain = Switch::with_roster();
    queue_rows(&mut plain);
    let mut switch = Switch::with_roster();
    // A call that the queue_log knows nothing of, and all that an AMI tells of this one.
    switch.hears(1.0, "x", "x", Body::Queued { position: None, ani: None });
    let origin =
        Body::Originated { device: DeviceKind::Trunk, number: None, withheld: false, name: None, dialled: None };
    switch.hears(1.0, "c", "c", origin);
    ami_rows(&mut switch);
    switch.hears(2.0, "x", "x", started("outbound.wav"));
    switch.hears(3.0, "x", "x", cleared());
    queue_rows(&mut switch);
    switch.hears(52.0, "c", "c", released(None));
    let figures = |s: &Switch| {
        s.visits().iter().map(|v| (v.queue.clone(), v.joined_at, v.outcome, v.wait_ms, v.talk_ms)).collect::<Vec<_>>()
    };
    assert_eq!(figures(&switch), figures(&plain));
    let contacts =
        |s: &Switch| s.calls().iter().map(|c| (c.call_id.clone(), c.ended_at, c.outcome)).collect::<Vec<_>>();
    assert_eq!(contacts(&switch), contacts(&plain), "no contact by a recording alone");
    assert!(told(&switch.recordings()).contains(&"pbx1-x-1 - - -".to_owned()), "kept, of no contact");
    let kinds: Vec<_> = switch.facts.events.iter().map(|e| e.kind.as_str()).collect();
    assert_eq!(kinds.iter().filter(|k| **k == "RecordingStarted").count(), 4, "what makes a row is an event");
    assert!(!kinds.contains(&"Originated"));
}

#[test]
fn a_connection_that_goes_over_into_a_known_call_brings_its_recording() {
    let mut switch = Switch::new();
    switch.joins(10.0, "c", "sales");
    switch.hears(11.0, "k", "k", started("consult.wav"));
    assert_eq!(told(&switch.recordings()), ["pbx1-k-1 - - -"]);
    switch.hears(12.0, "c", "k", Body::CallsJoined { from_call: "k".into() });
    assert_eq!(told(&switch.recordings()), ["pbx1-k-1 c sales -"]);
}

#[test]
fn an_outcome_of_a_recording_without_a_contact_stays_with_it() {
    let outcome = |row: &Recording| {
        Act::RecordingOutcome(RecordingOutcome {
            recording_id: row.recording_id.clone(),
            call_id: row.call_id.clone(),
            state: RecordingState::Recorded,
            duration_ms: Some(1),
            bytes: Some(2),
            sha256: None,
            uri: None,
            path: "one.wav".into(),
            started_at: None,
            stored_at: None,
            note: None,
            announced: Some(Box::new(row.clone())),
        })
    };
    for settled in [true, false] {
        let mut switch = Switch::new();
        switch.hears(9.8, "c", "c", started("one.wav"));
        switch.hears(15.0, "c", "c", cleared());
        let without = switch.recordings().remove(0);
        if settled {
            switch.act(16.0, outcome(&without));
            queue_rows(&mut switch);
        } else {
            // The outcome was on its way while the contact became known.
            queue_rows(&mut switch);
            switch.act(60.0, outcome(&without));
        }
        let row = switch.recordings().remove(0);
        assert_eq!((row.call_id.as_deref(), row.state), (Some("c"), RecordingState::Recorded), "{settled}");
        let mut revisions: Vec<i64> = switch.facts.recordings.iter().map(|r| r.revision).collect();
        let all = revisions.len();
        revisions.dedup();
        assert_eq!(revisions.len(), all, "no revision twice");
    }
}

#[test]
fn what_is_heard_is_forgotten_after_the_late_horizon_and_ends_with_a_restart() {
    let day = 86_400.0;
    let mut switch = Switch::new();
    switch.hears(0.0, "a", "a", started("a.wav"));
    for n in 1..20 {
        switch.hears(f64::from(n) * day / 4.0, "x", "x", Body::CallCleared);
    }
    let row = switch.recordings().remove(0);
    assert_eq!((row.ended_at, row.revision), (Some(at(0.0)), 2), "its end was never told");
    assert!(switch.try_hear(0.0, "b", "b", started("b.wav")).is_err(), "too late, as for the figures");
    let now = 19.0 * day / 4.0;
    switch.hears(now, "c", "c", started("c.wav"));
    switch.hears(now + 10.0, "", "", Body::SourceStarted);
    assert_eq!(switch.recordings()[1].ended_at, Some(at(now)));
}
