//! Rows made by hand, for tests.

use model::event::{Body, EndedBy};
use model::facts::*;
use model::{Instant, Name, Position};

/// Seconds after the begin of the calls.
pub(in crate::calls) fn at(s: i64) -> Instant {
    Instant::from_secs(1_795_326_000 + s)
}

pub(in crate::calls) fn call() -> Call {
    Call {
        call_id: "1795326000.1".into(),
        revision: 3,
        center: "main".into(),
        switch: "pbx1".into(),
        direction: Direction::Inbound,
        ani: Some("+442079460942".into()),
        ani_raw: Some("442079460942".into()),
        ani_withheld: false,
        dnis: Some("442079460300".into()),
        started_at: at(0),
        ended_at: Some(at(60)),
        ivr: Vec::new(),
        queue_visits: Vec::new(),
        agent_legs: Vec::new(),
        holds: Vec::new(),
        transfers: Vec::new(),
        conferenced: false,
        recordings: Vec::new(),
        ended_by: EndedBy::Caller,
        disposition: None,
        notes: Vec::new(),
        crm: Vec::new(),
        outcome: ContactOutcome::Answered,
        journey_id: None,
        merged_into: None,
        first_event: Position::default(),
        last_event: Position::default(),
        known_at: at(60),
        crm_only: false,
        filed: 0,
    }
}

pub(in crate::calls) fn visit(
    queue: &str,
    joined: i64,
    answered: Option<i64>,
    left: Option<i64>,
    outcome: VisitOutcome,
) -> Visit {
    Visit {
        visit_id: format!("v{joined}").into(),
        call_id: "1795326000.1".into(),
        center: "main".into(),
        switch: "pbx1".into(),
        queue: queue.into(),
        joined_at: at(joined),
        answered_at: answered.map(at),
        left_at: left.map(at),
        outcome,
        wait_ms: answered.or(left).map(|end| (end - joined) * 1000),
        wait_observed_ms: None,
        talk_ms: answered.zip(left).map(|(a, l)| (l - a) * 1000),
        hold_ms: None,
        acw_ms: None,
        agent: answered.map(|_| "Ann".into()),
        entry_position: Some(1),
        consult: false,
        transferred: None,
        ani: None,
        dnis: None,
        closed: left.is_some(),
        retracted: false,
        revision: 1,
        known_at: at(60),
        first_event: Position::default(),
        last_event: Position::default(),
        filed: 0,
    }
}

pub(in crate::calls) fn leg(
    agent: &str,
    role: LegRole,
    offered: Option<i64>,
    answered: Option<i64>,
    ended: Option<i64>,
) -> Leg {
    Leg {
        leg_id: format!("{agent}-{offered:?}-{answered:?}").into(),
        call_id: "1795326000.1".into(),
        visit_id: None,
        center: "main".into(),
        switch: "pbx1".into(),
        agent: agent.into(),
        queue: (role == LegRole::Queue).then(|| "sales".into()),
        role,
        offered_at: offered.map(at),
        answered_at: answered.map(at),
        ended_at: ended.map(at),
        ring_ms: offered.zip(answered.or(ended)).map(|(o, a)| (a - o) * 1000),
        talk_ms: answered.zip(ended).map(|(a, e)| (e - a) * 1000),
        hold_ms: None,
        result: Some(if answered.is_some() { LegResult::Answered } else { LegResult::Missed }),
        retracted: false,
        revision: 1,
        known_at: at(60),
        first_event: Position::default(),
        last_event: Position::default(),
        filed: 0,
    }
}

pub(in crate::calls) fn recording(state: RecordingState, suspended: Vec<(Instant, Option<Instant>)>) -> Recording {
    Recording {
        recording_id: "r1".into(),
        call_id: Some("1795326000.1".into()),
        center: "main".into(),
        switch: "pbx1".into(),
        queue: None,
        agent: None,
        started_at: at(10),
        ended_at: Some(at(60)),
        duration_ms: None,
        bytes: None,
        sha256: None,
        uri: None,
        source: None,
        state,
        suspended,
        stored_at: None,
        note: None,
        revision: 1,
        known_at: at(60),
        first_event: Position::default(),
        last_event: Position::default(),
        filed: 0,
    }
}

pub(in crate::calls) fn event(s: i64, agent: Option<&str>, body: &Body) -> EventRow {
    EventRow {
        event_id: format!("0/{s}/0").into(),
        source: "/switch/pbx1".into(),
        kind: Name::new_static(body.kind()),
        at: at(s),
        center: "main".into(),
        switch: "pbx1".into(),
        call_id: Some("1795326000.1".into()),
        queue: None,
        agent: agent.map(Into::into),
        party: None,
        details: serde_json::to_string(body).unwrap(),
        position: Position { partition: 0, offset: s },
        known_at: at(s),
    }
}
