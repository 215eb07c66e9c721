//! Packing changes no row: what the contract of `timeline::cold` says, over orders of
//! events that aim at what leads from one contact into another.
//!
//! Few names, so that they meet often; plumbing, conversations of several contacts,
//! calls that become one and part again, places in queues that change hands; late
//! horizons of minutes, so that contacts are let go while others still know of them.
mod world;

use model::event::{DeviceKind, EndedBy, TransferKind};
use model::facts::Facts;
use model::{Body, Event, Instant, Name, Position};
use proptest::prelude::*;
use timeline::{Config, Counters, Timeline};
use world::Switch;

const CONNS: &[&str] = &["c1", "c2", "c3", "c4", "c5"];
const CALLS: &[&str] = &["c1", "c2", "c3"];
const ROOMS: &[&str] = &["k1", "k2", "k3"];
const AGENTS: &[&str] = &["Alice", "PJSIP/1002"];

fn some(names: &'static [&'static str]) -> impl Strategy<Value = Name> {
    proptest::sample::select(names).prop_map(Name::from)
}

fn pick(names: &'static [&'static str], weight: f64) -> impl Strategy<Value = Option<Name>> {
    proptest::option::weighted(weight, some(names))
}

fn linking() -> impl Strategy<Value = Body> {
    let device = prop_oneof![
        1 => Just(DeviceKind::Trunk),
        2 => Just(DeviceKind::Station),
        3 => Just(DeviceKind::Internal),
    ];
    let number = pick(&["1002", "+442079460997"], 0.7);
    let place = (some(CONNS), proptest::option::weighted(0.3, some(CONNS))).prop_map(|(to, by)| Body::Transferred {
        kind: TransferKind::Attended,
        by,
        target: None,
        to: Some(to),
    });
    prop_oneof![
        4 => (device, number).prop_map(|(device, number)| Body::Originated {
            device, number, withheld: false, name: None, dialled: None,
        }),
        6 => some(ROOMS).prop_map(|conversation| Body::Connected { conversation }),
        2 => some(ROOMS).prop_map(|conversation| Body::Disconnected { conversation }),
        2 => (some(ROOMS), some(ROOMS)).prop_map(|(from, into)| Body::ConversationsMerged { from, into }),
        6 => some(CALLS).prop_map(|from_call| Body::CallsJoined { from_call }),
        2 => place,
        1 => some(CONNS).prop_map(|to| Body::Dialling { to, dialled: None }),
        1 => Just(Body::Held),
        1 => Just(Body::Conferenced { conference: "8001".into() }),
        4 => Just(Body::ConnectionCleared { cause: None, by: EndedBy::Caller }),
        1 => Just(Body::CallCleared),
        1 => Just(Body::RecordingStarted { path: None }),
    ]
}

fn queueing() -> impl Strategy<Value = Body> {
    let ms = || proptest::option::weighted(0.5, 0_i64..20_000);
    prop_oneof![
        3 => Just(Body::Queued { position: Some(1), ani: None }),
        2 => pick(CONNS, 0.9).prop_map(|device| Body::Delivered { device }),
        4 => (ms(), pick(CONNS, 0.9)).prop_map(|(wait_ms, device)| Body::Established { wait_ms, ring_ms: None, device }),
        3 => (ms(), ms()).prop_map(|(wait_ms, talk_ms)| Body::Released {
            by: EndedBy::Agent, transferred: None, wait_ms, talk_ms, entry_position: None,
        }),
        1 => Just(Body::Abandoned { wait_ms: None, entry_position: None }),
    ]
}

/// Seconds mostly; now and then minutes, an hour, or a little back.
fn step() -> impl Strategy<Value = i64> {
    prop_oneof![
        20 => 0_i64..4_000,
        3 => 0_i64..120_000,
        1 => 0_i64..4_000_000,
        1 => -20_000_i64..0,
    ]
}

/// Events, and whether each is told in the dialect that makes the figures.
fn events(most: usize) -> impl Strategy<Value = Vec<(Event, bool)>> {
    let body = prop_oneof![
        60 => linking(),
        20 => queueing(),
        1 => Just(Body::SourceStarted),
        1 => Just(Body::AgentLoggedOff { kind: model::event::LogonKind::Agent, stated_ms: None }),
    ];
    let names = (pick(CALLS, 0.8), pick(CONNS, 0.95), pick(&["sales"], 0.9), pick(AGENTS, 0.8));
    let one = (step(), names, body, proptest::bool::weighted(0.95));
    proptest::collection::vec(one, 1..most).prop_map(|all| {
        let mut at = world::at(0.0);
        let told = all.into_iter().enumerate().map(|(i, (step, names, body, figures))| {
            at = at.plus_millis(step);
            let (call_id, connection, queue, agent) = names;
            let position = Position { partition: 0, offset: i as i64 };
            let event = Event {
                at,
                position,
                ordinal: 0,
                known_at: Instant(i as i64),
                call_id,
                connection,
                queue,
                agent,
                body,
            };
            (event, figures)
        });
        told.collect()
    })
}

fn folded(events: &[(Event, bool)], late_horizon_ms: i64, cooling_ms: i64) -> (Facts, Counters) {
    let config = Config { late_horizon_ms, cooling_ms, ..Config::default() };
    let (mut timeline, mut facts) = (Timeline::new("main".into(), "pbx1".into(), config), Facts::default());
    for (event, figures) in events {
        // Too late in one fold is too late in the other: the counters tell.
        let _ = match figures {
            true => timeline.apply(&"/switch/pbx1".into(), event, &mut facts),
            false => timeline.hear(&"/switch/pbx1".into(), event, &mut facts).map(|_| ()),
        };
    }
    (facts, timeline.counters())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn packing_changes_no_row_of_contacts_that_lead_into_each_other(
        events in events(120),
        horizon in prop_oneof![Just(60_000), Just(600_000), Just(i64::MAX / 1000)],
    ) {
        let never = folded(&events, horizon, i64::MAX);
        prop_assert_eq!(&folded(&events, horizon, -1), &never);
        prop_assert_eq!(&folded(&events, horizon, 5_000), &never);
    }
}

#[test]
fn a_connection_let_go_is_not_in_a_conversation_when_its_name_comes_again() {
    for cooling_ms in [-1, i64::MAX] {
        let mut switch = Switch::with(Config { late_horizon_ms: 60_000, cooling_ms, ..Config::default() });
        switch.originates(1.0, "c", "c", DeviceKind::Trunk, "442079460997");
        switch.clears(2.0, "c", "c", EndedBy::Caller);
        switch.connects(2.0, "c", "c", "k");
        switch.originates(70.0, "other", "other", DeviceKind::Trunk, "");
        switch.originates(71.0, "c", "c", DeviceKind::Trunk, "442079460997");
        switch.of(72.0, "a", "a", "Alice", Body::Connected { conversation: "k".into() });
        assert!(switch.legs().is_empty(), "Alice is alone in the room, cooling {cooling_ms}: {:#?}", switch.legs());
    }
}
