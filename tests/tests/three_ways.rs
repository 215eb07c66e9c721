//! The same calls, three ways: the manager stream, the queue_log and the CEL of one
//! capture, each through its own decoder and the fold, give the same queue visits (for
//! what each knows). No oracle of ours stands beside them.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;
use std::sync::LazyLock;

use bytes::Bytes;
use dialects::registry;
use model::acts::SwitchSettings;
use model::facts::{Facts, LegRole, StretchKind, Visit, VisitOutcome};
use model::roster::RosterEntry;
use model::{Act, Body, Dialect, Envelope, Event, Instant, Name, Position, Roster};
use timeline::{Config, Timeline};

/// A file of the bundled capture, unpacked.
fn capture(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/asterisk-a").join(name);
    let packed = std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let mut bytes = Vec::new();
    let read = if name.ends_with(".zst") {
        zstd::stream::read::Decoder::new(packed.as_slice()).and_then(|mut d| d.read_to_end(&mut bytes))
    } else if name.ends_with(".gz") {
        flate2::read::GzDecoder::new(packed.as_slice()).read_to_end(&mut bytes)
    } else {
        return packed;
    };
    read.unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    bytes
}

fn act(offset: i64, act: Act) -> Event {
    Event {
        at: Instant(0),
        position: Position { partition: 0, offset },
        ordinal: 0,
        known_at: Instant(0),
        call_id: None,
        connection: None,
        queue: None,
        agent: None,
        body: Body::Acted(Box::new(act)),
    }
}

/// Everything that the fold makes of one dialect of the capture.
fn fold(dialect: &Dialect, bytes: &[u8]) -> Facts {
    let mut framer = registry::framer(dialect).expect("a framer");
    let mut decoder = registry::decoder(dialect, "pbx1", "main").expect("a decoder");
    let source: Name = "/switch/pbx1".into();
    let mut timeline = Timeline::new("main".into(), "pbx1".into(), Config::default());
    let mut facts = Facts::default();
    let entries: Vec<RosterEntry> = serde_json::from_slice(&capture("roster.json")).expect("the roster");
    let settings = SwitchSettings { acw_pause_reasons: vec!["wrapup".into()], ..SwitchSettings::default() };
    let first = [Act::RosterSet { roster: Roster { entries } }, Act::SettingsSet { settings }];
    for (i, a) in first.into_iter().enumerate() {
        timeline.apply(&source, &act(i as i64, a), &mut facts).expect("an act is never late");
    }
    let mut framed = Vec::new();
    framer.push(bytes, &mut framed);
    framer.finish(&mut framed);
    let records: Vec<_> = framed.into_iter().filter_map(|f| f.record.ok()).collect();
    // As an import does: a record without a time takes its predecessor's, the first ones
    // that of the first that has one.
    let mut last = records.iter().find_map(|r| r.time).expect("a time");
    let mut events = Vec::new();
    let mut position = Position { partition: 0, offset: 10 };
    for record in records {
        last = record.time.unwrap_or(last);
        position.offset += 1;
        let envelope = Envelope {
            id: position.offset.to_string().into(),
            source: source.clone(),
            dialect: dialect.clone(),
            time: last,
            received: last,
            epoch: 1,
            sequence: position.offset as u64,
            center: "main".into(),
            switch: "pbx1".into(),
            data: Bytes::from(serde_json::to_vec(&record.data).expect("JSON")),
        };
        decoder.decode(&envelope, position, &mut events).expect("a readable record");
        for event in events.drain(..) {
            timeline.apply(&source, &event, &mut facts).expect("in time");
        }
    }
    decoder.release(last, position, &mut events);
    events.push(act(position.offset + 1, Act::InputEnded { dialect: dialect.as_str().into(), last_event: last }));
    for event in &events {
        timeline.apply(&source, event, &mut facts).expect("in time");
    }
    assert_eq!(timeline.counters().open_contacts, 0);
    assert_eq!(timeline.counters().closed_unknown, 0);
    facts
}

static QUEUE_LOG: LazyLock<Facts> = LazyLock::new(|| fold(&Dialect::AsteriskQueueLog, &capture("queue_log.gz")));
static AMI: LazyLock<Facts> = LazyLock::new(|| fold(&Dialect::AsteriskAmi, &capture("ami-events.raw.zst")));

fn latest<T: Clone>(rows: &[T], key: impl Fn(&T) -> (Name, i64)) -> Vec<T> {
    let mut newest: BTreeMap<Name, (i64, T)> = BTreeMap::new();
    for row in rows {
        let (id, revision) = key(row);
        if newest.get(&id).is_none_or(|(r, _)| *r < revision) {
            newest.insert(id, (revision, row.clone()));
        }
    }
    newest.into_values().map(|(_, row)| row).collect()
}

fn visits(facts: &Facts) -> Vec<Visit> {
    let mut rows = latest(&facts.queue_visits, |v| (v.visit_id.clone(), v.revision));
    rows.retain(|v| !v.retracted);
    rows.sort_by_key(|v| v.joined_at);
    rows
}

/// Pairs each visit of the queue_log with one of the other that `same` accepts and that
/// joined within its second (the two are written one after the other); gives those that found none, on either side.
fn unpaired(log: Vec<Visit>, mut other: Vec<Visit>, same: impl Fn(&Visit, &Visit) -> bool) -> (Vec<Visit>, Vec<Visit>) {
    let mut alone = Vec::new();
    for visit in log {
        let near = |o: &Visit| (-50..1050).contains(&o.joined_at.millis_since(visit.joined_at));
        match other.iter().position(|o| near(o) && same(&visit, o)) {
            Some(i) => drop(other.remove(i)),
            None => alone.push(visit),
        }
    }
    (alone, other)
}

fn told(visits: &[Visit]) -> String {
    let one = |v: &Visit| {
        let (wait, talk) = (v.wait_ms, v.talk_ms);
        format!("{} {} {:?} {:?} wait {wait:?} talk {talk:?} {}", v.queue, v.joined_at, v.outcome, v.agent, v.call_id)
    };
    visits.iter().map(one).collect::<Vec<_>>().join("\n")
}

fn alike(a: &Visit, b: &Visit) -> bool {
    (&a.queue, a.outcome, &a.agent, a.transferred, a.closed) == (&b.queue, b.outcome, &b.agent, b.transferred, b.closed)
}

fn within(a: Option<i64>, b: Option<i64>, ms: i64) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => (a - b).abs() < ms,
        (a, b) => a == b,
    }
}

#[test]
fn the_manager_stream_gives_the_visits_of_the_queue_log() {
    let log = visits(&QUEUE_LOG);
    let ami = visits(&AMI);
    assert_eq!((log.len(), ami.len()), (499, 499));
    let same = |a: &Visit, b: &Visit| {
        // AMI states no hold time when a caller leaves by key.
        let slack = if matches!(a.outcome, VisitOutcome::FlowOut(_)) { 1000 } else { 1 };
        let refused = matches!(a.outcome, VisitOutcome::Rejected(_));
        alike(a, b)
            && within(a.wait_ms, b.wait_ms, slack)
            && a.talk_ms == b.talk_ms
            && a.entry_position == b.entry_position
            // A row of a refusal has no number in it.
            && (refused || (a.consult, &a.ani) == (b.consult, &b.ani))
    };
    let (only_log, only_ami) = unpaired(log, ami, same);
    assert!(only_log.is_empty() && only_ami.is_empty(), "{} / {}", told(&only_log), told(&only_ami));
}

#[test]
fn channel_events_give_the_visits_of_the_queue_log_but_for_refusals() {
    let mut log = visits(&QUEUE_LOG);
    log.retain(|v| !matches!(v.outcome, VisitOutcome::Rejected(_)));
    let cel = visits(&fold(&Dialect::AsteriskCel, &capture("cel.csv.gz")));
    // CEL states no duration: the queue_log's are whole seconds, cut off.
    let same =
        |a: &Visit, b: &Visit| alike(a, b) && within(a.wait_ms, b.wait_ms, 1001) && within(a.talk_ms, b.talk_ms, 1001);
    let (only_log, only_cel) = unpaired(log, cel, same);
    assert!(only_log.is_empty() && only_cel.is_empty(), "{} / {}", told(&only_log), told(&only_cel));
}

/// Milliseconds by agent and kind, over all queues.
fn states(facts: &Facts) -> BTreeMap<(Name, StretchKind, Option<Name>), i64> {
    let mut sums = BTreeMap::new();
    for s in latest(&facts.agent_states, |s| (s.stretch_id.clone(), s.revision)) {
        let to = s.to.unwrap_or(Instant::from_secs(1_795_327_076));
        if !s.retracted {
            *sums.entry((s.agent, s.kind, s.queue)).or_default() += to.millis_since(s.from);
        }
    }
    sums
}

#[test]
fn the_manager_stream_gives_the_agents_times_of_the_queue_log() {
    let log = states(&QUEUE_LOG);
    let ami = states(&AMI);
    assert_eq!(log.keys().collect::<Vec<_>>(), ami.keys().collect::<Vec<_>>());
    for (key, ms) in &log {
        // Whole seconds against milliseconds, over some dozens of stretches.
        assert!((ms - ami[key]).abs() < 6_000, "{key:?}: {ms} and {}", ami[key]);
    }
}

#[test]
fn the_manager_stream_tells_contacts_talks_and_recordings() {
    let facts = &*AMI;
    let calls = latest(&facts.calls, |c| (c.call_id.clone(), c.revision));
    let inbound = calls.iter().filter(|c| c.direction == model::facts::Direction::Inbound).count();
    assert_eq!(inbound, 415, "as the switch's carrier counts them");
    assert!(calls.iter().all(|c| c.ended_at.is_some()));
    let mut listed: Vec<Name> = Vec::new();
    for call in calls.iter().filter(|c| c.merged_into.is_none()) {
        listed.extend(call.queue_visits.iter().map(|v| v.visit_id.clone()));
    }
    listed.sort_unstable();
    listed.dedup();
    assert_eq!(listed.len(), 499, "each visit in one contact");
    let legs = latest(&facts.agent_legs, |l| (l.leg_id.clone(), l.revision));
    assert!(legs.iter().all(|l| l.ended_at.is_some()));
    let attended = calls.iter().flat_map(|c| &c.transfers).filter(|t| t.kind == model::event::TransferKind::Attended);
    assert_eq!(attended.count(), 35, "as many as AttendedTransfer events");
    assert!(legs.iter().any(|l| l.role == LegRole::TransferIn && l.talk_ms > Some(0)));
    let recordings = latest(&facts.recordings, |r| (r.recording_id.clone(), r.revision));
    assert_eq!(recordings.len(), 379);
    assert!(recordings.iter().all(|r| r.call_id.is_some() && r.ended_at.is_some()));
    assert_eq!(recordings.iter().filter(|r| !r.suspended.is_empty()).count(), 14);
}

/// The talks that no queue tells, by role, agent and contact, with their lengths.
fn talks(facts: &Facts) -> BTreeMap<(u8, Name, Name), Vec<i64>> {
    let mut all: BTreeMap<_, Vec<i64>> = BTreeMap::new();
    for leg in latest(&facts.agent_legs, |l| (l.leg_id.clone(), l.revision)) {
        if !leg.retracted && leg.role != LegRole::Queue {
            all.entry((leg.role as u8, leg.agent, leg.call_id)).or_default().push(leg.talk_ms.unwrap_or(-1));
        }
    }
    all.values_mut().for_each(|v| v.sort_unstable());
    all
}

#[test]
fn channel_events_and_the_manager_stream_tell_the_same_talks() {
    let (ami, cel) = (talks(&AMI), talks(&fold(&Dialect::AsteriskCel, &capture("cel.csv.gz"))));
    assert_eq!(ami.keys().collect::<Vec<_>>(), cel.keys().collect::<Vec<_>>());
    for (key, lengths) in &ami {
        assert_eq!(lengths.len(), cel[key].len(), "{key:?}");
        for (a, c) in lengths.iter().zip(&cel[key]) {
            assert!((a - c).abs() < 50, "{key:?}: {lengths:?} and {:?}", cel[key]);
        }
    }
    let transfers_in =
        ami.iter().filter(|(k, _)| k.0 == LegRole::TransferIn as u8).map(|(_, v)| v.len()).sum::<usize>();
    // 35 attended transfers, and the blind ones that an agent's telephone answered.
    assert!(transfers_in >= 35, "{transfers_in}");
}
