//! Properties over any order of events.
mod world;

use std::collections::{BTreeMap, BTreeSet};

use model::acts::SwitchSettings;
use model::event::{DeviceKind, DialResult, DivertReason, EndedBy, LogonKind, OfferEnd, RejectReason, TransferKind};
use model::facts::{Call, Facts, StretchKind, Visit, VisitOutcome};
use model::{Act, Body, Event, Instant, Name, Position};
use proptest::prelude::*;
use timeline::{Config, Timeline};

fn pick(names: &'static [&'static str]) -> impl Strategy<Value = Option<Name>> {
    proptest::option::weighted(0.9, proptest::sample::select(names)).prop_map(|n| n.map(Name::from))
}

fn some(names: &'static [&'static str]) -> impl Strategy<Value = Name> {
    proptest::sample::select(names).prop_map(Name::from)
}

const CONNS: &[&str] = &["c1", "c2", "c3", "c4", "c5", "c6"];
const CALLS: &[&str] = &["c1", "c2", "c3"];
const QUEUES: &[&str] = &["support", "sales"];
const AGENTS: &[&str] = &["Alice", "PJSIP/1002", "Local/1003@agents/n"];
const ROOMS: &[&str] = &["k1", "k2", "k3"];

fn ms() -> impl Strategy<Value = Option<i64>> {
    prop_oneof![Just(None), (-5_i64..60_000).prop_map(Some), Just(Some(i64::MAX)), Just(Some(i64::MIN))]
}

fn queue_body() -> impl Strategy<Value = Body> {
    let by = prop_oneof![Just(EndedBy::Caller), Just(EndedBy::Agent), Just(EndedBy::System), Just(EndedBy::Unknown)];
    let passed = prop_oneof![Just(None), Just(Some(TransferKind::Blind)), Just(Some(TransferKind::Attended))];
    prop_oneof![
        4 => pick(&["442079460997", "1002", "anonymous"]).prop_map(|ani| Body::Queued { position: Some(1), ani }),
        3 => (ms(), ms(), pick(CONNS)).prop_map(|(wait_ms, ring_ms, device)| Body::Established { wait_ms, ring_ms, device }),
        3 => (by, passed, ms(), ms()).prop_map(|(by, transferred, wait_ms, talk_ms)| Body::Released {
            by, transferred, wait_ms, talk_ms, entry_position: None,
        }),
        1 => ms().prop_map(|wait_ms| Body::Abandoned { wait_ms, entry_position: Some(2) }),
        1 => ms().prop_map(|wait_ms| Body::Diverted { reason: DivertReason::Timeout, wait_ms, entry_position: None }),
        1 => Just(Body::Rejected { reason: RejectReason::Full }),
        2 => pick(CONNS).prop_map(|device| Body::Delivered { device }),
        2 => (ms(), any::<bool>()).prop_map(|(ring_ms, no)| Body::OfferEnded {
            end: if no { OfferEnd::NoAnswer } else { OfferEnd::Cancelled }, ring_ms, device: None,
        }),
    ]
}

fn call_body() -> impl Strategy<Value = Body> {
    let device = prop_oneof![
        Just(DeviceKind::Trunk),
        Just(DeviceKind::Station),
        Just(DeviceKind::Internal),
        Just(DeviceKind::Unknown)
    ];
    prop_oneof![
        3 => (device, pick(&["1002", "+442079460997"])).prop_map(|(device, number)| Body::Originated {
            device, number, withheld: false, name: None, dialled: None,
        }),
        3 => some(ROOMS).prop_map(|conversation| Body::Connected { conversation }),
        2 => some(ROOMS).prop_map(|conversation| Body::Disconnected { conversation }),
        1 => (some(ROOMS), some(ROOMS)).prop_map(|(from, into)| Body::ConversationsMerged { from, into }),
        2 => some(CALLS).prop_map(|from_call| Body::CallsJoined { from_call }),
        1 => some(CONNS).prop_map(|to| Body::Dialling { to, dialled: None }),
        1 => pick(CONNS).prop_map(|to| Body::DialEnded { to, result: DialResult::Busy }),
        1 => Just(Body::Held),
        1 => Just(Body::Retrieved),
        1 => pick(CONNS).prop_map(|to| Body::Transferred { kind: TransferKind::Blind, by: None, target: None, to }),
        1 => Just(Body::Conferenced { conference: "8001".into() }),
        3 => Just(Body::ConnectionCleared { cause: None, by: EndedBy::Caller }),
        1 => Just(Body::CallCleared),
        1 => Just(Body::RecordingStarted { path: Some("x.wav".into()) }),
        1 => Just(Body::RecordingSuspended),
        1 => Just(Body::RecordingStopped),
        1 => Just(Body::CallbackRequested { number: None, leaves_queue: true }),
        1 => Just(Body::NoteSaved { text: "n".into() }),
    ]
}

fn agent_body() -> impl Strategy<Value = Body> {
    let kind = prop_oneof![Just(LogonKind::Member), Just(LogonKind::Agent), Just(LogonKind::Callback)];
    let kind2 = kind.clone();
    let settings = SwitchSettings { acw_pause_reasons: vec!["wrapup".into()], ..SwitchSettings::default() };
    prop_oneof![
        3 => (kind, any::<bool>()).prop_map(|(kind, listed)| Body::AgentLoggedOn { kind, listed }),
        2 => (kind2, ms()).prop_map(|(kind, stated_ms)| Body::AgentLoggedOff { kind, stated_ms }),
        4 => (pick(&["lunch", "wrapup"]), any::<bool>()).prop_map(|(reason, listed)| Body::AgentNotReady { reason, listed }),
        3 => any::<bool>().prop_map(|listed| Body::AgentReady { listed }),
        1 => ms().prop_map(|stated_ms| Body::AgentWorkingAfterCall { stated_ms }),
        1 => Just(Body::AgentKnown { interface: "PJSIP/1002".into() }),
        1 => Just(Body::SourceStarted),
        1 => Just(Body::SourceGap { from: Instant(0), to: Instant(1) }),
        1 => Just(Body::Acted(Box::new(Act::SettingsSet { settings }))),
        1 => Just(Body::Acted(Box::new(Act::InputEnded { dialect: "x".into(), last_event: Instant(5) }))),
    ]
}

/// Mostly forwards, now and then back, far back, or a leap ahead.
fn step() -> impl Strategy<Value = i64> {
    prop_oneof![
        20 => 0_i64..20_000,
        4 => -30_000_i64..0,
        1 => -200_000_000_i64..0,
        1 => 0_i64..400_000_000,
        1 => Just(i64::MAX / 4000),
        1 => Just(i64::MIN / 4000),
    ]
}

fn events(most: usize) -> impl Strategy<Value = Vec<Event>> {
    let body = prop_oneof![3 => queue_body(), 3 => call_body(), 2 => agent_body()];
    let one = (step(), pick(CALLS), pick(CONNS), pick(QUEUES), pick(AGENTS), body);
    proptest::collection::vec(one, 1..most).prop_map(|all| {
        let mut now = world::at(0.0);
        all.into_iter()
            .enumerate()
            .map(|(i, (step, call_id, connection, queue, agent, body))| {
                let at = now.plus_millis(step);
                if step.abs() < 500_000_000 {
                    now = at;
                }
                let position = Position { partition: 0, offset: i as i64 };
                Event { at, position, ordinal: 0, known_at: Instant(i as i64), call_id, connection, queue, agent, body }
            })
            .collect()
    })
}

fn horizon() -> impl Strategy<Value = i64> {
    prop_oneof![Just(3_600_000), Just(86_400_000), Just(i64::MAX / 1000)]
}

fn new() -> Timeline {
    Timeline::new("main".into(), "pbx1".into(), Config { late_horizon_ms: 3_600_000, ..Config::default() })
}

/// All is within the late horizon, so that nothing begins anew under an old name.
fn endless() -> Timeline {
    let config = Config { late_horizon_ms: i64::MAX / 1000, ..Config::default() };
    Timeline::new("main".into(), "pbx1".into(), config)
}

/// An event of no connection, after `told` others.
fn asked(told: usize) -> Event {
    let position = Position { partition: 0, offset: told as i64 };
    let (at, known_at, body) = (world::at(0.0), Instant(told as i64), Body::CallCleared);
    let (call_id, connection, queue, agent) = (None, None, None, None);
    Event { at, position, ordinal: 0, known_at, call_id, connection, queue, agent, body }
}

fn fold(timeline: &mut Timeline, events: &[Event], facts: &mut Facts) {
    for event in events {
        let rows = facts.events.len();
        if timeline.apply(&"/switch/pbx1".into(), event, facts).is_ok() {
            assert_eq!(facts.events.len(), rows + 1, "one row of events an event");
        }
    }
}

/// Revisions of each key count from 1 without a gap; `filed` never changes.
fn revisions<'a>(rows: impl Iterator<Item = (&'a Name, i64, i32)>) {
    let mut seen: BTreeMap<&Name, (i64, i32)> = BTreeMap::new();
    for (key, revision, filed) in rows {
        match seen.insert(key, (revision, filed)) {
            None => assert_eq!(revision, 1, "{key}"),
            Some((before, day)) => assert_eq!((revision, filed), (before + 1, day), "{key}"),
        }
    }
}

fn visits_hold(rows: &[Visit], restated: u64) {
    let mut newest: BTreeMap<&Name, &Visit> = BTreeMap::new();
    let mut after_close = 0;
    for row in rows {
        if let Some(before) = newest.insert(&row.visit_id, row) {
            assert!(row.closed || !before.closed, "closed stays closed: {row:#?}");
            after_close += u64::from(before.closed);
        }
    }
    assert_eq!(restated, after_close);
    for visit in newest.values() {
        match visit.outcome {
            VisitOutcome::Open | VisitOutcome::Rejected(_) => assert_eq!(visit.wait_ms, None),
            VisitOutcome::Answered => assert!(visit.answered_at.is_some() && visit.wait_ms >= Some(0)),
            _ => assert!(visit.closed && visit.left_at.is_some() && visit.wait_ms >= Some(0), "{visit:#?}"),
        }
    }
    let count = |f: fn(&Visit) -> bool| newest.values().filter(|v| f(v)).count();
    let offered = count(|v| !matches!(v.outcome, VisitOutcome::Rejected(_)));
    let parts = ["answered", "abandoned", "flow_out", "open"];
    let sum: usize = parts.iter().map(|p| newest.values().filter(|v| v.outcome.outcome() == *p).count()).sum();
    assert_eq!(offered, sum);
}

/// Pauses never overlap within a queue, nor those over all queues.
fn pauses_hold(facts: &Facts) {
    let mut rows = world::latest(&facts.agent_states, |s| (s.stretch_id.clone(), s.revision));
    rows.retain(|s| !s.retracted && s.kind == StretchKind::Pause);
    rows.sort_by_key(|s| (s.agent.clone(), s.queue.clone(), s.from, s.to.is_none(), s.to));
    for pair in rows.windows(2) {
        if (&pair[0].agent, &pair[0].queue) == (&pair[1].agent, &pair[1].queue) {
            assert!(pair[0].to.is_some_and(|to| to <= pair[1].from), "{pair:#?}");
        }
    }
}

fn contacts_hold(facts: &Facts) {
    let calls = world::latest(&facts.calls, |c| (c.call_id.clone(), c.revision));
    let mut owners: BTreeMap<Name, Name> = BTreeMap::new();
    for call in calls.iter().filter(|c| c.merged_into.is_none()) {
        for visit in &call.queue_visits {
            assert_eq!(visit.call_id, call.call_id);
            assert_eq!(owners.insert(visit.visit_id.clone(), call.call_id.clone()), None, "a visit in two contacts");
        }
    }
    let ids: BTreeSet<&Name> = facts.events.iter().map(|e| &e.event_id).collect();
    assert_eq!(ids.len(), facts.events.len());
}

/// Told in a dialect that does not make the figures: recordings, and a third of the rest.
fn is_heard(event: &Event) -> bool {
    let body = &event.body;
    let recording = matches!(body, Body::RecordingStarted { .. } | Body::RecordingSuspended | Body::RecordingStopped);
    recording || event.position.offset % 3 == 0 && !matches!(body, Body::Acted(_))
}

/// Folds what is heard as well, in two pieces with a snapshot between them.
fn hear(events: &[Event], cut: usize) -> Facts {
    let (mut timeline, mut facts) = (endless(), Facts::default());
    for (i, event) in events.iter().enumerate() {
        if i == cut {
            let bytes = postcard::to_stdvec(&timeline).expect("a snapshot");
            timeline = postcard::from_bytes(&bytes).expect("its own snapshot");
        }
        if is_heard(event) {
            let _ = timeline.hear(&"/switch/pbx1".into(), event, &mut facts);
        } else {
            fold(&mut timeline, std::slice::from_ref(event), &mut facts);
        }
    }
    facts
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_order_of_events_gives_rows_that_hold(events in events(120)) {
        let mut timeline = new();
        let mut facts = Facts::default();
        fold(&mut timeline, &events, &mut facts);
        revisions(facts.queue_visits.iter().map(|v| (&v.visit_id, v.revision, v.filed)));
        revisions(facts.agent_legs.iter().map(|l| (&l.leg_id, l.revision, l.filed)));
        revisions(facts.agent_states.iter().map(|s| (&s.stretch_id, s.revision, s.filed)));
        visits_hold(&facts.queue_visits, timeline.counters().restated);
        pauses_hold(&facts);
    }

    #[test]
    fn a_snapshot_anywhere_changes_nothing(events in events(80), cut in any::<prop::sample::Index>()) {
        let (mut whole, mut at_once) = (new(), Facts::default());
        fold(&mut whole, &events, &mut at_once);
        let cut = cut.index(events.len());
        let (mut first, mut in_pieces) = (new(), Facts::default());
        fold(&mut first, &events[..cut], &mut in_pieces);
        let bytes = postcard::to_stdvec(&first).expect("a snapshot");
        let mut resumed: Timeline = postcard::from_bytes(&bytes).expect("its own snapshot");
        fold(&mut resumed, &events[cut..], &mut in_pieces);
        prop_assert_eq!(at_once, in_pieces);
        prop_assert_eq!(whole.counters(), resumed.counters());
    }

    #[test]
    fn what_is_heard_changes_no_figure(events in events(100), cut in any::<prop::sample::Index>()) {
        let cut = cut.index(events.len());
        let heard = hear(&events, cut);
        prop_assert!(heard == hear(&events, events.len()));
        revisions(heard.recordings.iter().map(|r| (&r.recording_id, r.revision, r.filed)));
        // Within a minute, so that no contact is packed in one fold and not in the other.
        let calm: Vec<Event> = events.into_iter().map(|e| Event { at: world::at(e.position.offset as f64 / 2.0), ..e }).collect();
        let heard = hear(&calm, cut);
        let (mut timeline, mut alone) = (endless(), Facts::default());
        let told: Vec<Event> = calm.into_iter().filter(|e| !is_heard(e)).collect();
        fold(&mut timeline, &told, &mut alone);
        prop_assert_eq!(&alone.queue_visits, &heard.queue_visits);
        prop_assert_eq!(&alone.agent_legs, &heard.agent_legs);
        prop_assert_eq!(&alone.agent_states, &heard.agent_states);
        let ends = |facts: &Facts| -> Vec<_> {
            let calls = world::latest(&facts.calls, |c| (c.call_id.clone(), c.revision));
            calls.into_iter().map(|c| (c.call_id, c.ended_at, c.merged_into)).collect()
        };
        prop_assert_eq!(ends(&alone), ends(&heard));
    }

    #[test]
    fn rows_are_the_same_whether_contacts_are_packed_at_once_or_never(events in events(200), horizon in horizon()) {
        let folded = |cooling_ms| {
            let config = Config { late_horizon_ms: horizon, cooling_ms, ..Config::default() };
            let (mut timeline, mut facts) = (Timeline::new("main".into(), "pbx1".into(), config), Facts::default());
            fold(&mut timeline, &events, &mut facts);
            (facts, timeline.counters())
        };
        let never = folded(i64::MAX);
        prop_assert_eq!(&folded(-1), &never);
        prop_assert_eq!(&folded(5_000), &never);
    }

    #[test]
    fn of_an_ended_contact_all_that_is_known_was_told(events in events(80)) {
        let (mut timeline, mut facts) = (endless(), Facts::default());
        fold(&mut timeline, &events, &mut facts);
        for call in world::latest(&facts.calls, |c| (c.call_id.clone(), c.revision)) {
            if call.ended_at.is_none() {
                continue;
            }
            // Makes a revision and changes nothing but `crm`.
            let (call_id, target, object) = (call.call_id.clone(), "x".into(), "Task".into());
            let act = Act::CrmWritten { call_id, target, object, record_id: None, revision: call.revision };
            let event = Event { body: Body::Acted(Box::new(act)), ..asked(events.len()) };
            let mut now = Facts::default();
            fold(&mut timeline, &[event], &mut now);
            for row in now.calls.into_iter().filter(|c| c.call_id == call.call_id) {
                let Call { revision, crm, crm_only, known_at, last_event, .. } = call.clone();
                prop_assert_eq!(Call { revision, crm, crm_only, known_at, last_event, ..row }, call.clone());
            }
        }
    }

    #[test]
    fn contacts_own_their_visits_alone(events in events(80)) {
        let mut timeline = endless();
        let mut facts = Facts::default();
        fold(&mut timeline, &events, &mut facts);
        contacts_hold(&facts);
        revisions(facts.calls.iter().map(|c| (&c.call_id, c.revision, c.filed)));
        revisions(facts.recordings.iter().map(|r| (&r.recording_id, r.revision, r.filed)));
    }
}
