//! Arbitrary rows of every table, for the tests beside.
#![allow(dead_code)]

use model::event::{DivertReason, EndedBy, RejectReason, TransferKind};
use model::facts::*;
use model::{Instant, Name, Position};
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;
use tables::{Lake, LakeConfig, Table, Txn};

/// Microseconds of 2026-11-20T00:00:00Z.
pub const DAY0: i64 = 1_795_132_800_000_000;
pub const DAY: i64 = 86_400_000_000;
pub const GENERATION: &str = "g1";
pub const APP: &str = "g1/facts/cti.events-0";

pub async fn lake(folder: &std::path::Path) -> Lake {
    let lake = Lake::open(LakeConfig::folder(folder, GENERATION)).await.expect("opens");
    lake.ensure_tables().await.expect("makes tables");
    lake
}

pub fn txn(version: i64, seen: Option<i64>) -> Txn {
    Txn { app_id: APP.into(), version, seen }
}

/// Commits to every table.
pub async fn commit_all(lake: &Lake, facts: &Facts, version: i64, seen: Option<i64>) {
    for table in Table::ALL {
        lake.commit(table, facts, &[txn(version, seen)]).await.expect("lands");
    }
}

pub fn instant() -> impl Strategy<Value = Instant> {
    (DAY0..DAY0 + 3 * DAY).prop_map(Instant)
}

fn name() -> impl Strategy<Value = Name> {
    "[a-zäß🙂\"' /=%,.-]{0,30}".prop_map(Name::new)
}

fn few() -> impl Strategy<Value = Name> {
    select(vec!["billing", "sales", "a queue with / and = in its very long name"]).prop_map(Name::new)
}

pub fn position() -> impl Strategy<Value = Position> {
    (0..64_i32, 0..i64::MAX).prop_map(|(partition, offset)| Position { partition, offset })
}

fn ms() -> impl Strategy<Value = Option<i64>> {
    of(0..10_000_000_i64)
}

pub fn outcome() -> impl Strategy<Value = VisitOutcome> {
    use DivertReason as D;
    use RejectReason as R;
    let flow = [D::Timeout, D::Key, D::Empty, D::Transfer, D::Callback].map(VisitOutcome::FlowOut);
    let refused = [R::Closed, R::Full, R::Empty, R::Diverted].map(VisitOutcome::Rejected);
    let plain = [VisitOutcome::Open, VisitOutcome::Answered, VisitOutcome::Abandoned];
    select([&flow[..], &refused[..], &plain[..]].concat())
}

prop_compose! {
    pub fn visit()(
        (visit_id, call_id, center, switch, queue) in ("v[0-9]{6}", name(), few(), few(), few()),
        (joined_at, answered_at, left_at) in (instant(), of(instant()), of(instant())),
        outcome in outcome(),
        (wait_ms, wait_observed_ms, talk_ms, hold_ms, acw_ms) in (ms(), ms(), ms(), ms(), ms()),
        (agent, entry_position, consult) in (of(name()), of(1..50_i64), any::<bool>()),
        transferred in of(select(vec![TransferKind::Blind, TransferKind::Attended])),
        (ani, dnis, closed, retracted, revision) in (of(name()), of(name()), any::<bool>(), any::<bool>(), 1..5_i64),
        (known_at, first_event, last_event, filed) in (instant(), position(), position(), 20_770..20_780_i32),
    ) -> Visit {
        Visit {
            visit_id: visit_id.into(), call_id, center, switch, queue, joined_at, answered_at, left_at, outcome,
            wait_ms, wait_observed_ms, talk_ms, hold_ms, acw_ms, agent, entry_position, consult, transferred,
            ani, dnis, closed, retracted, revision, known_at, first_event, last_event, filed,
        }
    }
}

prop_compose! {
    pub fn leg()(
        (leg_id, call_id, visit_id) in ("l[0-9]{6}", name(), of(name())),
        (center, switch, agent, queue) in (few(), few(), few(), of(few())),
        role in select(vec![LegRole::Queue, LegRole::TransferIn, LegRole::Outbound, LegRole::Internal]),
        (offered_at, answered_at, ended_at) in (of(instant()), of(instant()), of(instant())),
        (ring_ms, talk_ms, hold_ms) in (ms(), ms(), ms()),
        result in of(select(vec![LegResult::Answered, LegResult::Missed, LegResult::Declined, LegResult::Cancelled])),
        (retracted, revision, known_at) in (any::<bool>(), 1..5_i64, instant()),
        (first_event, last_event, filed) in (position(), position(), 20_770..20_780_i32),
    ) -> Leg {
        Leg {
            leg_id: leg_id.into(), call_id, visit_id, center, switch, agent, queue, role, offered_at, answered_at,
            ended_at, ring_ms, talk_ms, hold_ms, result, retracted, revision, known_at, first_event, last_event, filed,
        }
    }
}

prop_compose! {
    pub fn stretch()(
        (stretch_id, agent, center, switch, queue) in ("s[0-9]{6}", few(), few(), few(), of(few())),
        kind in select(vec![StretchKind::Login, StretchKind::Pause, StretchKind::Acw]),
        (reason, from, to) in (of(name()), instant(), of(instant())),
        (retracted, revision, known_at) in (any::<bool>(), 1..5_i64, instant()),
        (first_event, last_event, filed) in (position(), position(), 20_770..20_780_i32),
    ) -> Stretch {
        Stretch {
            stretch_id: stretch_id.into(), agent, center, switch, queue, kind, reason, from, to,
            retracted, revision, known_at, first_event, last_event, filed,
        }
    }
}

prop_compose! {
    pub fn recording()(
        (recording_id, call_id, center, switch) in ("r[0-9]{6}", of(name()), few(), few()),
        (queue, agent, started_at, ended_at) in (of(few()), of(few()), instant(), of(instant())),
        (duration_ms, bytes, sha256, uri, source) in (ms(), ms(), of(name()), of(".{0,20}"), of(name())),
        state in select(vec![
            RecordingState::Recorded, RecordingState::IntentionallyNot, RecordingState::Partial,
            RecordingState::Pending, RecordingState::Empty, RecordingState::Missing, RecordingState::Orphan,
        ]),
        (suspended, stored_at, note) in (vec((instant(), of(instant())), 0..3), of(instant()), of(".{0,20}")),
        (revision, known_at) in (1..5_i64, instant()),
        (first_event, last_event, filed) in (position(), position(), 20_770..20_780_i32),
    ) -> Recording {
        Recording {
            recording_id: recording_id.into(), call_id, center, switch, queue, agent, started_at, ended_at,
            duration_ms, bytes, sha256, uri, source, state, suspended, stored_at, note, revision, known_at,
            first_event, last_event, filed,
        }
    }
}

prop_compose! {
    pub fn event()(
        (event_id, source, kind) in ("[0-9]/[0-9]{6}/0", name(), name()),
        (at, center, switch) in (instant(), few(), few()),
        (call_id, queue, agent, party) in (of(name()), of(few()), of(few()), of(name())),
        (details, position, known_at) in (".{0,80}", position(), instant()),
    ) -> EventRow {
        EventRow { event_id: event_id.into(), source, kind, at, center, switch, call_id, queue, agent, party, details, position, known_at }
    }
}

prop_compose! {
    pub fn interval()(
        (switch, center, queue) in (few(), few(), few()),
        (interval_start, interval_end) in (instant(), instant()),
        (sl_threshold_ms, short_abandon_ms) in (0..100_000_i64, 0..100_000_i64),
        values in vec(0..1_000_000_i64, QueueCounts::NAMES.len()),
        (wait_sketch, revision, known_at) in ("([0-9]{1,3}:[0-9]{1,3},){0,4}", 1..5_i64, instant()),
        (first_event, last_event) in (position(), position()),
    ) -> QueueInterval {
        QueueInterval {
            switch, center, queue, interval_start, interval_end, sl_threshold_ms, short_abandon_ms,
            counts: QueueCounts::from_values(&values), wait_sketch, revision, known_at, first_event, last_event,
        }
    }
}

fn contact_outcome() -> impl Strategy<Value = ContactOutcome> {
    use ContactOutcome as C;
    select(vec![
        C::Answered,
        C::Callback,
        C::Abandoned,
        C::Rejected,
        C::Lost,
        C::IvrAbandoned,
        C::SelfServed,
        C::Connected,
        C::Busy,
        C::NoAnswer,
        C::Failed,
        C::Unknown,
    ])
}

prop_compose! {
    /// A contact record without recordings.
    pub fn call()(
        (call_id, revision, center, switch) in ("c[0-9]{6}", 1..5_i64, few(), few()),
        direction in select(vec![Direction::Inbound, Direction::Outbound, Direction::Internal]),
        (ani, ani_raw, ani_withheld, dnis) in (of(name()), of(name()), any::<bool>(), of(name())),
        (started_at, ended_at, ivr) in (instant(), of(instant()), vec((name(), name()), 0..3)),
        (queue_visits, agent_legs) in (vec(visit(), 0..3), vec(leg(), 0..3)),
        holds in vec((instant(), of(instant()), of(name())).prop_map(|(from, to, agent)| Hold { from, to, agent }), 0..3),
        transfers in vec(
            (instant(), select(vec![TransferKind::Blind, TransferKind::Attended]), of(name()), of(name()), of(name()))
                .prop_map(|(at, kind, from_agent, to_agent, target)| Transfer { at, kind, from_agent, to_agent, target }),
            0..3,
        ),
        ended_by in select(vec![EndedBy::Caller, EndedBy::Agent, EndedBy::System, EndedBy::Unknown]),
        (conferenced, disposition, notes) in (any::<bool>(), of(name()), vec(".{0,20}", 0..3)),
        crm in vec((name(), name(), of(name())).prop_map(|(target, object, record_id)| CrmLink { target, object, record_id }), 0..2),
        (outcome, journey_id, merged_into, crm_only) in (contact_outcome(), of(name()), of(name()), any::<bool>()),
        (known_at, first_event, last_event, filed) in (instant(), position(), position(), 20_770..20_780_i32),
    ) -> Call {
        Call {
            call_id: call_id.into(), revision, center, switch, direction, ani, ani_raw, ani_withheld, dnis,
            started_at, ended_at, ivr, queue_visits, agent_legs, holds, transfers, conferenced, recordings: vec![],
            ended_by, disposition, notes, crm, outcome, journey_id, merged_into, first_event, last_event, known_at,
            crm_only, filed,
        }
    }
}

prop_compose! {
    pub fn facts()(
        (events, queue_visits, agent_legs) in (vec(event(), 0..12), vec(visit(), 0..12), vec(leg(), 0..12)),
        (agent_states, calls) in (vec(stretch(), 0..12), vec(call(), 0..6)),
        (queue_intervals, recordings) in (vec(interval(), 0..6), vec(recording(), 0..12)),
    ) -> Facts {
        Facts { events, queue_visits, agent_legs, agent_states, calls, queue_intervals, recordings }
    }
}

/// A plain visit of one queue, joined `seconds` into day 0.
pub fn plain_visit(id: &str, seconds: i64, revision: i64) -> Visit {
    let joined_at = Instant(DAY0 + seconds * 1_000_000);
    Visit {
        visit_id: id.into(),
        call_id: format!("call-{id}").into(),
        center: "main".into(),
        switch: "pbx1".into(),
        queue: "sales".into(),
        joined_at,
        answered_at: None,
        left_at: None,
        outcome: VisitOutcome::Open,
        wait_ms: None,
        wait_observed_ms: None,
        talk_ms: None,
        hold_ms: None,
        acw_ms: None,
        agent: None,
        entry_position: Some(1),
        consult: false,
        transferred: None,
        ani: None,
        dnis: None,
        closed: false,
        retracted: false,
        revision,
        known_at: Instant(joined_at.0 + revision * 1_000_000),
        first_event: Position { partition: 0, offset: seconds },
        last_event: Position { partition: 0, offset: seconds + revision },
        filed: joined_at.days(),
    }
}

/// The same visit, answered and over, as a later revision.
pub fn closed(mut visit: Visit, revision: i64) -> Visit {
    visit.outcome = VisitOutcome::Answered;
    visit.wait_ms = Some(4_000);
    visit.talk_ms = Some(60_000);
    visit.closed = true;
    visit.revision = revision;
    visit.known_at = Instant(visit.joined_at.0 + revision * 1_000_000);
    visit
}

pub fn visits(rows: Vec<Visit>) -> Facts {
    Facts { queue_visits: rows, ..Facts::default() }
}
