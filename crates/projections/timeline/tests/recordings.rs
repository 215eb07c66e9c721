//! Recordings: of which queue, agent and contact they are, suspended, ended, and what became
//! of them; given / when / then.
mod world;

use model::Name;
use model::acts::RecordingOutcome;
use model::event::{DeviceKind, DivertReason, EndedBy, RejectReason};
use model::facts::RecordingState;
use model::{Act, Body};
use world::{Switch, a_customer_talks_with_alice, at, released};

#[test]
fn a_recording_begun_before_the_queue_is_of_that_queue() {
    let mut switch = Switch::with_roster();
    let record = |switch: &mut Switch, seconds: f64, path: &str| {
        switch.of(seconds, "c", "c", "", Body::RecordingStarted { path: Some(path.into()) });
    };
    let queued = || Body::Queued { position: None, ani: None };
    let told = |switch: &Switch| {
        let text = |n: &Option<Name>| n.as_deref().unwrap_or("-").to_owned();
        switch.recordings().iter().map(|r| format!("{} {}", text(&r.queue), text(&r.agent))).collect::<Vec<_>>()
    };
    switch.originates(1.0, "c", "c", DeviceKind::Trunk, "442079460997");
    record(&mut switch, 2.0, "one.wav");
    assert_eq!(told(&switch), ["- -"]);
    switch.say(2.1, "c", "support", "", queued());
    assert_eq!(told(&switch), ["support -"]);
    // The time is up: the dial plan begins another one and goes on to the next queue.
    let time_out = Body::Diverted { reason: DivertReason::Timeout, wait_ms: Some(14_000), entry_position: None };
    switch.say(16.1, "c", "support", "", time_out);
    record(&mut switch, 16.2, "two.wav");
    switch.say(16.3, "c", "sales", "", queued());
    switch.say(20.0, "c", "sales", "Alice", Body::Established { wait_ms: None, ring_ms: None, device: None });
    assert_eq!(told(&switch), ["support Alice", "sales Alice"]);
    // Passed on to a telephone: still of the queue that the caller came from.
    switch.say(30.0, "c", "sales", "Alice", released(None));
    record(&mut switch, 31.0, "three.wav");
    assert_eq!(told(&switch)[2], "sales -");
    // Refused: of the queue that refused.
    switch.say(32.0, "c", "vip", "", Body::Rejected { reason: RejectReason::Full });
    assert_eq!(told(&switch), ["support Alice", "sales Alice", "vip -"]);
}

#[test]
fn a_recording_on_an_agents_telephone_is_of_that_agent_and_the_queue_that_rang_it() {
    // Alice and Bob both talk in this contact, each from a queue of its own.
    let mut switch = a_customer_talks_with_alice();
    switch.of(
        20.0,
        "c",
        "second",
        "",
        Body::Originated { device: DeviceKind::Internal, number: None, withheld: false, name: None, dialled: None },
    );
    let queued = Body::Queued { position: None, ani: None };
    switch.say_of(20.0, "c", "second", "sales", "", queued).expect("in time");
    let rings = Body::Delivered { device: Some("b".into()) };
    switch.say_of(21.0, "c", "second", "sales", "Bob", rings).expect("in time");
    // MixMonitor starts before the answer is told.
    for phone in ["b", "a"] {
        switch.of(22.0, "c", phone, "", Body::RecordingStarted { path: None });
    }
    let told: Vec<_> =
        switch.recordings().iter().map(|r| (r.recording_id.to_string(), r.queue.clone(), r.agent.clone())).collect();
    let row = |id: &str, queue: &str, agent: &str| (id.to_owned(), Some(queue.into()), Some(agent.into()));
    assert_eq!(told, [row("pbx1-a-1", "support", "Alice"), row("pbx1-b-1", "sales", "Bob")]);
}

#[test]
fn recordings_know_their_queue_agent_suspensions_and_end() {
    let mut switch = a_customer_talks_with_alice();
    let path = Some("/var/spool/x.wav".into());
    switch.of(14.0, "c", "c", "", Body::RecordingStarted { path });
    switch.of(20.0, "c", "a", "", Body::RecordingSuspended);
    switch.of(25.0, "c", "a", "", Body::RecordingResumed);
    switch.of(28.0, "c", "a", "", Body::RecordingSuspended);
    switch.clears(30.0, "c", "c", EndedBy::Caller);
    let recording = switch.recordings().remove(0);
    assert_eq!(recording.recording_id, "pbx1-c-1");
    assert_eq!((recording.queue.as_deref(), recording.agent.as_deref()), (Some("support"), Some("Alice")));
    assert_eq!(recording.suspended, [(at(20.0), Some(at(25.0))), (at(28.0), Some(at(30.0)))]);
    assert_eq!((recording.ended_at, recording.state), (Some(at(30.0)), RecordingState::Pending));

    let outcome = RecordingOutcome {
        recording_id: recording.recording_id.clone(),
        call_id: recording.call_id.clone(),
        state: RecordingState::Recorded,
        duration_ms: Some(16_000),
        bytes: Some(256_044),
        sha256: Some("ab".into()),
        uri: Some("file:///x".into()),
        path: "x.wav".into(),
        started_at: None,
        stored_at: None,
        note: None,
        announced: Some(Box::new(recording)),
    };
    switch.act(40.0, Act::RecordingOutcome(outcome.clone()));
    assert_eq!(switch.recordings()[0].state, RecordingState::Recorded);
    // The same, for a contact that is let go by now: the act's own row goes on.
    let mut fresh = Switch::new();
    fresh.act(40.0, Act::RecordingOutcome(outcome));
    let row = fresh.recordings().remove(0);
    assert_eq!((row.agent.as_deref(), row.bytes, row.suspended.len()), (Some("Alice"), Some(256_044), 2));
}
