//! A lake with a few days of a small centre: rows that belong together, made by counting,
//! in several commits, with revisions, retractions, merged contacts and a compaction.

use model::facts::*;
use model::{Instant, Name, Position};
use tables::{Lake, LakeConfig, Superseded, Table, Txn};

/// 2026-11-20T22:00:00Z, a Friday evening.
const BEGIN: i64 = 1_795_212_000_000;
const APP: &str = "g1/facts/cti.events-0";
const QUEUES: [&str; 3] = ["billing", "sales", "support"];
const AGENTS: [&str; 4] = ["Ada", "Grace", "Hedy", "Zoë O'Neil"];

fn position(offset: i64) -> Position {
    Position { partition: 0, offset }
}

fn name<'a>(of: &[&'a str], n: i64) -> &'a str {
    of[usize::try_from(n).expect("not negative") % of.len()]
}

/// Fills a lake at `place` and compacts one of its tables.
pub async fn fill(config: LakeConfig) -> Lake {
    let lake = Lake::open(config).await.expect("opens");
    lake.ensure_tables().await.expect("makes tables");
    let mut seen = None;
    for flush in 0..4_i64 {
        let mut facts = Facts::default();
        (flush * 150..(flush + 1) * 150).for_each(|n| contact(n, &mut facts));
        (flush * 8..(flush + 1) * 8).for_each(|n| states(n, &mut facts));
        let txn = Txn { app_id: APP.into(), version: flush + 1, seen };
        for table in Table::ALL {
            lake.commit(table, &facts, std::slice::from_ref(&txn)).await.expect("lands");
        }
        if flush == 2 {
            lake.compact(Table::QueueVisits, Superseded::Drop).await.expect("compacts");
            lake.compact(Table::Calls, Superseded::Drop).await.expect("compacts");
        }
        seen = Some(flush + 1);
    }
    lake
}

/// One contact: its events, visit, leg, record, and a recording of some.
fn contact(n: i64, facts: &mut Facts) {
    let visits = visit(n);
    let last = visits.last().expect("a revision").clone();
    let call_id = last.call_id.clone();
    facts.events.push(event(n, &last));
    let leg = last.agent.as_ref().map(|agent| leg(n, &last, agent));
    let recording = (n % 5 == 0).then(|| recording(n, &last));
    facts.calls.push(call(n, &call_id, &visits[0], None, &[]));
    let (legs, recordings): (Vec<_>, Vec<_>) = (leg.into_iter().collect(), recording.into_iter().collect());
    let mut record = call(n, &call_id, &last, Some(&legs), &recordings);
    record.revision = 2;
    facts.calls.push(record);
    facts.queue_visits.extend(visits);
    facts.agent_legs.extend(legs);
    facts.recordings.extend(recordings);
}

/// The revisions of a visit.
fn visit(n: i64) -> Vec<Visit> {
    let joined_at = Instant(Instant::from_millis(BEGIN + n * 420_000).0 + n % 1000);
    let queue: Name = name(&QUEUES, n * 7 / 3).into();
    let open = Visit {
        visit_id: format!("v-{n}").into(),
        call_id: format!("pbx1-1795.{n}").into(),
        center: "main".into(),
        switch: "pbx1".into(),
        queue,
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
        entry_position: Some(1 + n % 4),
        consult: n % 31 == 0,
        transferred: None,
        ani: (n % 9 != 0).then(|| format!("+4930{n:06}").into()),
        dnis: Some("4930100".into()),
        closed: false,
        retracted: false,
        revision: 1,
        known_at: joined_at.plus_millis(20),
        first_event: position(n * 10),
        last_event: position(n * 10),
        filed: joined_at.days(),
    };
    if n % 50 == 49 {
        return vec![open];
    }
    let over = ended(n, open.clone());
    match n % 40 {
        39 => vec![open, over.clone(), Visit { retracted: true, revision: 3, ..over }],
        _ => vec![open, over],
    }
}

/// The same visit, over.
fn ended(n: i64, open: Visit) -> Visit {
    let wait = 1_000 + n * 977 % 60_000;
    let left = open.joined_at.plus_millis(wait);
    let waited = Visit { wait_ms: Some(wait), wait_observed_ms: Some(wait + 3), ..open };
    let over = match n % 7 {
        0 | 1 => Visit { outcome: VisitOutcome::Abandoned, left_at: Some(left), ..waited },
        2 => Visit {
            outcome: VisitOutcome::parse("flow_out", Some("timeout")).expect("an outcome"),
            left_at: Some(left),
            ..waited
        },
        _ => {
            let talk = 30_000 + n * 1_301 % 240_000;
            Visit {
                outcome: VisitOutcome::Answered,
                answered_at: Some(left),
                left_at: Some(left.plus_millis(talk)),
                talk_ms: Some(talk),
                hold_ms: Some(talk / 10),
                acw_ms: (n % 2 == 0).then_some(5_000),
                agent: Some(name(&AGENTS, n / 2).into()),
                ..waited
            }
        }
    };
    let known_at = over.left_at.unwrap_or(left).plus_millis(30);
    Visit { closed: true, revision: 2, known_at, last_event: position(n * 10 + 7), ..over }
}

fn leg(n: i64, visit: &Visit, agent: &Name) -> Leg {
    Leg {
        leg_id: format!("l-{n}").into(),
        call_id: visit.call_id.clone(),
        visit_id: Some(visit.visit_id.clone()),
        center: visit.center.clone(),
        switch: visit.switch.clone(),
        agent: agent.clone(),
        queue: Some(visit.queue.clone()),
        role: LegRole::Queue,
        offered_at: visit.answered_at.map(|t| t.plus_millis(-3_000)),
        answered_at: visit.answered_at,
        ended_at: visit.left_at,
        ring_ms: Some(3_000),
        talk_ms: visit.talk_ms,
        hold_ms: visit.hold_ms,
        result: Some(LegResult::Answered),
        retracted: visit.retracted,
        revision: 1,
        known_at: visit.known_at,
        first_event: position(n * 10 + 2),
        last_event: position(n * 10 + 7),
        filed: visit.filed,
    }
}

fn recording(n: i64, visit: &Visit) -> Recording {
    let states = [RecordingState::Recorded, RecordingState::Missing, RecordingState::Empty, RecordingState::Pending];
    let state = states[usize::try_from(n / 5).expect("not negative") % states.len()];
    let from = visit.joined_at.plus_millis(4_000);
    Recording {
        recording_id: format!("r-{n}").into(),
        call_id: Some(visit.call_id.clone()),
        center: visit.center.clone(),
        switch: visit.switch.clone(),
        queue: Some(visit.queue.clone()),
        agent: visit.agent.clone(),
        started_at: visit.joined_at,
        ended_at: visit.left_at,
        duration_ms: Some(n * 10),
        bytes: Some(n * 160),
        sha256: Some(format!("{n:064x}").into()),
        uri: Some(format!("file:///vault/r-{n}.wav")),
        source: Some(format!("/var/spool/r-{n}.wav").into()),
        state,
        suspended: (0..n % 3).map(|i| (from.plus_millis(i * 100), (i == 0).then(|| from.plus_millis(50)))).collect(),
        stored_at: None,
        note: (state == RecordingState::Missing).then(|| "no such file".to_owned()),
        revision: 1,
        known_at: visit.known_at,
        first_event: position(n * 10 + 3),
        last_event: position(n * 10 + 8),
        filed: visit.filed,
    }
}

fn call(n: i64, id: &Name, visit: &Visit, legs: Option<&[Leg]>, recordings: &[Recording]) -> Call {
    let outcome = match visit.outcome {
        VisitOutcome::Answered => ContactOutcome::Answered,
        VisitOutcome::Abandoned => ContactOutcome::Abandoned,
        VisitOutcome::FlowOut(_) => ContactOutcome::Lost,
        _ => ContactOutcome::Unknown,
    };
    Call {
        call_id: id.clone(),
        revision: 1,
        center: visit.center.clone(),
        switch: visit.switch.clone(),
        // Who only asks a colleague is in a queue for nobody.
        direction: if visit.consult { Direction::Internal } else { Direction::Inbound },
        ani: visit.ani.clone(),
        ani_raw: visit.ani.clone(),
        ani_withheld: visit.ani.is_none(),
        dnis: visit.dnis.clone(),
        started_at: visit.joined_at.plus_millis(-5_000),
        ended_at: visit.left_at,
        ivr: vec![("language".into(), "de".into()), ("account".into(), format!("{n:08}").into())],
        // A contact lists no visit that turned out not to be one.
        queue_visits: if visit.retracted { vec![] } else { refused_before(n, visit).chain([visit.clone()]).collect() },
        agent_legs: legs.unwrap_or_default().to_vec(),
        holds: (0..n % 3).map(|i| Hold { from: visit.joined_at.plus_millis(i), to: None, agent: None }).collect(),
        transfers: vec![],
        conferenced: false,
        recordings: recordings.to_vec(),
        ended_by: model::event::EndedBy::Caller,
        disposition: (n % 4 == 0).then(|| "sold".into()),
        notes: vec![format!("note \"{n}\"\nsecond line"); usize::try_from(n % 2).expect("small")],
        crm: vec![],
        outcome,
        journey_id: None,
        merged_into: (n % 60 == 11).then(|| "pbx1-1795.1".into()),
        first_event: visit.first_event,
        last_event: visit.last_event,
        known_at: visit.known_at,
        crm_only: false,
        filed: visit.filed,
    }
}

/// Some were refused by another queue first.
fn refused_before(n: i64, visit: &Visit) -> impl Iterator<Item = Visit> + use<> {
    let refused = Visit {
        visit_id: format!("v-{n}-refused").into(),
        queue: name(&QUEUES, n + 1).into(),
        joined_at: visit.joined_at.plus_millis(-1_000),
        outcome: VisitOutcome::parse("rejected", Some("full")).expect("an outcome"),
        answered_at: None,
        talk_ms: None,
        agent: None,
        ..visit.clone()
    };
    (n % 11 == 3).then_some(refused).into_iter()
}

fn event(n: i64, visit: &Visit) -> EventRow {
    EventRow {
        event_id: format!("0/{}/0", n * 10).into(),
        source: "/switch/pbx1".into(),
        kind: if n % 3 == 0 { "Queued" } else { "Established" }.into(),
        at: visit.joined_at,
        center: visit.center.clone(),
        switch: visit.switch.clone(),
        call_id: Some(visit.call_id.clone()),
        queue: Some(visit.queue.clone()),
        agent: visit.agent.clone(),
        party: visit.ani.clone(),
        details: format!(r#"{{"position":{},"ani":"ü"}}"#, n % 4),
        position: position(n * 10),
        known_at: visit.joined_at.plus_millis(20),
    }
}

/// A login with a pause in it, and an interval's counts.
fn states(n: i64, facts: &mut Facts) {
    let from = Instant::from_millis(BEGIN + n * 7_000_000);
    let stretch = |kind, id: &str, from: Instant, ms: i64| Stretch {
        stretch_id: format!("{id}-{n}").into(),
        agent: name(&AGENTS, n).into(),
        center: "main".into(),
        switch: "pbx1".into(),
        queue: None,
        kind,
        reason: (kind == StretchKind::Pause).then(|| name(&["lunch", "training"], n / 3).into()),
        from,
        to: Some(from.plus_millis(ms)),
        retracted: false,
        revision: 1,
        known_at: from.plus_millis(ms),
        first_event: position(n),
        last_event: position(n),
        filed: from.days(),
    };
    facts.agent_states.push(stretch(StretchKind::Login, "s", from, 6_000_000));
    facts.agent_states.push(stretch(StretchKind::Pause, "p", from.plus_millis(60_000), 90_000 + n));
    for revision in 1..=2 {
        facts.queue_intervals.push(QueueInterval {
            switch: "pbx1".into(),
            center: "main".into(),
            queue: name(&QUEUES, n).into(),
            interval_start: Instant::from_millis(BEGIN + n * 900_000),
            interval_end: Instant::from_millis(BEGIN + (n + 1) * 900_000),
            sl_threshold_ms: 20_000,
            short_abandon_ms: 5_000,
            counts: QueueCounts { received: n + revision, offered: n, wait_ms_max: n * 100, ..Default::default() },
            wait_sketch: format!("{n}:1,{}:2", n + 5),
            revision,
            known_at: Instant::from_millis(BEGIN + (n + 2) * 900_000),
            first_event: position(n),
            last_event: position(n + revision),
        });
    }
}
