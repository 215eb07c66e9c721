//! The lanes of a contact: caller, queue visits, agents, recordings.

use model::Instant;
use model::event::Body;
use model::facts::{EventRow, Leg, LegRole, Recording, RecordingState, Visit, VisitOutcome};
use tables::Contact;

use super::{Arrow, Bar, Kind, Lane, Mark, What};
use crate::calls::word;
use crate::shell::texts::calls as texts;

/// A transfer into a queue is followed by its join within so long, milliseconds.
const INTO_QUEUE_MS: i64 = 2_000;

pub(super) fn of(contact: &Contact) -> (Vec<Lane>, Vec<Arrow>) {
    let mut lanes = vec![caller(contact)];
    lanes.extend(visits(contact).map(visit));
    let legs = legs(contact);
    for leg in &legs {
        let at = agent_lane(&mut lanes, &leg.agent);
        let consulted = visits(contact).any(|v| v.consult && leg.visit_id.as_ref() == Some(&v.visit_id));
        offer(&mut lanes[at], leg, &legs, consulted);
    }
    for visit in visits(contact) {
        talked_without_leg(contact, visit, &mut lanes);
    }
    holds(contact, &mut lanes);
    lanes.extend(
        contact.call.recordings.iter().enumerate().map(|(n, r)| recording(n, r, contact.call.recordings.len())),
    );
    let arrows = transfers(contact, &mut lanes);
    (lanes, arrows)
}

fn visits(contact: &Contact) -> impl Iterator<Item = &Visit> {
    contact.visits.iter().filter(|v| !v.retracted)
}

/// Legs by their first time.
fn legs(contact: &Contact) -> Vec<&Leg> {
    let mut legs: Vec<&Leg> = contact.legs.iter().filter(|l| !l.retracted).collect();
    legs.sort_by_key(|l| (l.offered_at.or(l.answered_at).or(l.ended_at), l.leg_id.clone()));
    legs
}

fn bar(from: Instant, to: Option<Instant>, what: What) -> Bar {
    Bar { from, to, what, more: None }
}

fn caller(contact: &Contact) -> Lane {
    let call = &contact.call;
    let mut lane = Lane { name: texts::party(call), kind: Kind::Caller, bars: Vec::new(), marks: Vec::new() };
    lane.bars.push(bar(call.started_at, call.ended_at, What::Call));
    let told: Vec<Mark> = contact.events.iter().filter_map(ivr).collect();
    if !told.is_empty() {
        let offered = legs(contact).into_iter().filter_map(|l| l.offered_at.or(l.answered_at));
        let reached = visits(contact).map(|v| v.joined_at).chain(offered);
        let until = reached.chain(call.ended_at).filter(|at| *at >= call.started_at).min();
        lane.bars.push(bar(call.started_at, until, What::Ivr));
    }
    lane.marks.extend(told);
    lane.marks.extend(contact.events.iter().filter_map(said));
    lane
}

/// The body of an event, where this build can read it.
pub(super) fn body(event: &EventRow) -> Option<Body> {
    serde_json::from_str(&event.details).ok()
}

/// What the IVR was told.
fn ivr(event: &EventRow) -> Option<Mark> {
    let text = match (event.kind.as_str(), body(event)?) {
        ("DataCollected", Body::DataCollected { values, .. }) => texts::collected(&values),
        ("MenuChosen", Body::MenuChosen { digit, menu }) => texts::chosen(&digit, menu.as_deref()),
        _ => return None,
    };
    Some(Mark { at: event.at, text })
}

/// What adapters told, and who joined in.
fn said(event: &EventRow) -> Option<Mark> {
    let known = ["NoteSaved", "DispositionSet", "CallbackRequested", "ScreenPopped", "ClickToDial"];
    if !known.contains(&event.kind.as_str()) {
        return None;
    }
    Some(Mark { at: event.at, text: texts::said(&body(event)?, event.agent.as_deref())? })
}

fn visit(v: &Visit) -> Lane {
    let mut lane =
        Lane { name: texts::queue_lane(&v.queue, v.consult), kind: Kind::Queue, bars: Vec::new(), marks: Vec::new() };
    if matches!(v.outcome, VisitOutcome::Rejected(_)) {
        lane.marks.push(Mark { at: v.joined_at, text: texts::visit_end(v.outcome) });
        return lane;
    }
    lane.bars.push(bar(v.joined_at, v.answered_at.or(v.left_at), What::Wait));
    match v.answered_at {
        Some(answered) => {
            let with = v.agent.as_ref().map(|a| texts::with(a));
            let what = if v.consult { What::Consult } else { What::Talk };
            lane.bars.push(Bar { more: with, ..bar(answered, v.left_at, what) });
        }
        None => lane.marks.extend(v.left_at.map(|at| Mark { at, text: texts::visit_end(v.outcome) })),
    }
    lane
}

/// The lane of an agent; a new one where there is none yet.
fn agent_lane(lanes: &mut Vec<Lane>, agent: &str) -> usize {
    let known = lanes.iter().position(|l| l.kind == Kind::Agent && l.name == agent);
    known.unwrap_or_else(|| {
        lanes.push(Lane { name: agent.to_owned(), kind: Kind::Agent, bars: Vec::new(), marks: Vec::new() });
        lanes.len() - 1
    })
}

/// Ringing and talk; `consulted`: with the agent who called the queue. Who takes a contact over after a consult did not ring for it anew: the
/// consult's ringing is theirs.
fn offer(lane: &mut Lane, leg: &Leg, legs: &[&Leg], consulted: bool) {
    let rung_for = |l: &&Leg| l.role == LegRole::Internal && l.agent == leg.agent && l.offered_at == leg.offered_at;
    let rang = leg.role != LegRole::TransferIn || !legs.iter().any(rung_for);
    if let Some(offered) = leg.offered_at.filter(|_| rang) {
        let rung = leg.ring_ms.map(|ms| offered.plus_millis(ms));
        let ring = bar(offered, leg.answered_at.or(leg.ended_at).or(rung), What::Ring);
        let more = leg.result.filter(|_| leg.answered_at.is_none()).map(|r| texts::leg_result(&word(&r)).to_owned());
        lane.bars.push(Bar { more, ..ring });
    }
    if let Some(answered) = leg.answered_at {
        let what = if consulted || leg.role == LegRole::Internal { What::Consult } else { What::Talk };
        lane.bars.push(bar(answered, leg.ended_at, what));
    }
}

/// Where a dialect tells no legs, an agent's talk is that of the visit.
fn talked_without_leg(contact: &Contact, visit: &Visit, lanes: &mut Vec<Lane>) {
    let (Some(agent), Some(answered)) = (&visit.agent, visit.answered_at) else { return };
    let has_leg = contact.legs.iter().any(|l| !l.retracted && l.agent == *agent && l.answered_at.is_some());
    if !has_leg {
        let at = agent_lane(lanes, agent);
        lanes[at].bars.push(bar(answered, visit.left_at, What::Talk));
    }
}

/// A hold stands with who held, else with the customer.
fn holds(contact: &Contact, lanes: &mut Vec<Lane>) {
    for hold in &contact.call.holds {
        let at = hold.agent.as_ref().map_or(0, |agent| agent_lane(lanes, agent));
        lanes[at].bars.push(bar(hold.from, hold.to, What::Hold));
    }
}

fn recording(n: usize, r: &Recording, all: usize) -> Lane {
    let absent = matches!(r.state, RecordingState::Missing | RecordingState::IntentionallyNot);
    let what = if absent { What::Unrecorded } else { What::Recording };
    let state = (r.state != RecordingState::Recorded).then(|| texts::recording_state(&word(&r.state)).to_owned());
    let mut lane =
        Lane { name: texts::recording_lane(n, all), kind: Kind::Recording, bars: Vec::new(), marks: Vec::new() };
    lane.bars.push(Bar { more: state, ..bar(r.started_at, r.ended_at, what) });
    lane.bars.extend(r.suspended.iter().map(|(from, to)| bar(*from, *to, What::Suspended)));
    lane
}

fn transfers(contact: &Contact, lanes: &mut Vec<Lane>) -> Vec<Arrow> {
    let mut arrows = Vec::new();
    for t in &contact.call.transfers {
        let from = t.from_agent.as_ref().map_or(0, |agent| agent_lane(lanes, agent));
        let to = match &t.to_agent {
            Some(agent) => Some(agent_lane(lanes, agent)),
            None => into_queue(contact, t.at),
        };
        let text = texts::transfer(t);
        arrows.push(Arrow { at: t.at, from, to: to.filter(|to| *to != from), text });
    }
    arrows
}

/// The lane of the visit that began with a transfer at `at`.
fn into_queue(contact: &Contact, at: Instant) -> Option<usize> {
    let after = |v: &Visit| v.joined_at.millis_since(at);
    let joined = visits(contact).position(|v| (0..=INTO_QUEUE_MS).contains(&after(v)));
    joined.map(|n| n + 1)
}
