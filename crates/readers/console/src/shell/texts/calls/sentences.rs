//! Sentences of a contact's story.

use model::event::{Body, EndedBy};
use model::facts::{Call, Direction, Leg, LegResult, LegRole, Transfer, Visit, VisitOutcome};

use super::{by, chosen, collected, kind, recording_state, said};
use crate::shell::show::duration;

/// Sentences of events that no row tells.
pub(crate) fn told(body: &Body, agent: Option<&str>) -> Option<String> {
    let sentence = match body {
        Body::DataCollected { values, .. } => collected(values),
        Body::MenuChosen { digit, menu } => chosen(digit, menu.as_deref()),
        other => said(other, agent)?,
    };
    Some(format!("{sentence}."))
}

/// A transfer, as a sentence.
pub(crate) fn transferred(t: &Transfer) -> String {
    let to = match (&t.to_agent, &t.target) {
        (Some(agent), Some(target)) => format!(" to {agent} ({target})"),
        (Some(to), None) | (None, Some(to)) => format!(" to {to}"),
        (None, None) => String::new(),
    };
    format!("{}{}{to}.", kind(t.kind), by(t.from_agent.as_deref()))
}

/// How a contact began.
pub(crate) fn began(call: &Call) -> String {
    let number = |n: Option<&str>| n.unwrap_or("an unknown number").to_owned();
    let from = call.ani.as_deref().or(call.ani_raw.as_deref());
    let from = if call.ani_withheld { "a withheld number".to_owned() } else { number(from) };
    let to = call.dnis.as_deref().map(|n| format!(" to {n}")).unwrap_or_default();
    match call.direction {
        Direction::Inbound => format!("A call from {from}{to} came in."),
        Direction::Outbound => format!("A call went out{to}."),
        Direction::Internal => format!("A call within the centre began: from {from}{to}."),
    }
}

/// How it ended.
pub(crate) fn ended(call: &Call) -> String {
    let who = match call.ended_by {
        EndedBy::Caller => " by the customer",
        EndedBy::Agent => " by the agent",
        EndedBy::System => " by the switch",
        EndedBy::Unknown => "",
    };
    format!("The call was ended{who}.")
}

/// A caller comes into a queue.
pub(crate) fn joined(v: &Visit) -> String {
    let who = if v.consult { "An agent's consult" } else { "The caller" };
    let place = v.entry_position.map(|p| format!(" at position {p}")).unwrap_or_default();
    format!("{who} joined the queue {}{place}.", v.queue)
}

/// … is not admitted.
pub(crate) fn rejected(v: &Visit) -> String {
    let why = v.outcome.reason().map(|r| format!(" ({r})")).unwrap_or_default();
    format!("The queue {} refused the caller{why}.", v.queue)
}

/// … is answered.
pub(crate) fn answered(v: &Visit) -> String {
    let who = v.agent.as_deref().unwrap_or("An agent");
    let wait = v.wait_ms.map(|ms| format!(" after a wait of {}", duration(ms))).unwrap_or_default();
    format!("{who} answered from the queue {}{wait}.", v.queue)
}

/// … leaves it unanswered.
pub(crate) fn left(v: &Visit) -> String {
    let wait = v.wait_ms.map(|ms| format!(" after {}", duration(ms))).unwrap_or_default();
    let who = if v.consult { "The agent who consulted" } else { "The caller" };
    match (v.outcome, v.outcome.reason()) {
        (VisitOutcome::Abandoned, _) => format!("{who} hung up waiting in the queue {}{wait}.", v.queue),
        (_, Some(reason)) => format!("{who} left the queue {}{wait} ({reason}).", v.queue),
        _ => format!("{who} left the queue {}{wait}.", v.queue),
    }
}

/// A queue offers the caller.
pub(crate) fn rang(l: &Leg) -> String {
    let queue = l.queue.as_deref().map(|q| format!(" from the queue {q}")).unwrap_or_default();
    format!("It rang at {}{queue}.", l.agent)
}

/// An offer that was not taken.
pub(crate) fn not_taken(l: &Leg) -> String {
    let rung = l.ring_ms.map(|ms| format!(" after {}", duration(ms))).unwrap_or_default();
    let did = if l.result == Some(LegResult::Declined) { "declined" } else { "did not answer" };
    format!("{} {did}{rung}.", l.agent)
}

/// A talk that no queue offered.
pub(crate) fn talks(l: &Leg) -> String {
    let talk = l.talk_ms.map(|ms| format!(", for {}", duration(ms))).unwrap_or_default();
    match l.role {
        LegRole::TransferIn => format!("{} took the call over{talk}.", l.agent),
        _ => format!("{} talked with the customer{talk}.", l.agent),
    }
}

/// A talk of agents with one another.
pub(crate) fn among(agents: &[&str], ms: Option<i64>) -> String {
    let long = ms.map(|ms| format!(", for {}", duration(ms))).unwrap_or_default();
    match agents {
        [one] => format!("{one} talked with somebody of the centre{long}."),
        [some @ .., last] => format!("{} and {last} talked with each other{long}.", some.join(", ")),
        [] => String::new(),
    }
}

pub(crate) fn held(agent: Option<&str>, ms: Option<i64>) -> String {
    let long = ms.map(|ms| format!(" for {}", duration(ms))).unwrap_or_default();
    agent.map_or_else(
        || format!("The customer was put on hold{long}."),
        |a| format!("{a} put the customer on hold{long}."),
    )
}

pub(crate) fn taken_back(agent: Option<&str>) -> String {
    agent.map_or_else(|| "The hold ended.".to_owned(), |a| format!("{a}'s hold ended."))
}

pub(crate) fn recording_began(name: &str, state: &str) -> String {
    match state {
        "recorded" => format!("{name} began."),
        state => format!("{name} was announced; it is {}.", recording_state(state)),
    }
}

pub(crate) fn recording_suspended(name: &str) -> String {
    format!("{name} was suspended.")
}

pub(crate) fn recording_resumed(name: &str) -> String {
    format!("{name} went on.")
}

pub(crate) fn recording_ended(name: &str) -> String {
    format!("{name} ended.")
}
