//! How a contact ended (`docs/metrics.md`, section 4).
//!
//! Inbound, once ended and with no answered visit: the newest visit that is no consult
//! decides. Abandoned stays abandoned and refused stays `rejected`; one that left its
//! queue unanswered (time-out, key, …) is `abandoned` where the caller hung up, `lost`
//! where the system ended the call, else `unknown` (a queue_log alone does not tell).
//! A call answered by an agent without any queue counts as `answered`. Internal contacts
//! whose caller waited in a queue and is no agent count alike; others
//! have `connected` where somebody answered, else `unknown`.

use model::event::{DialResult, EndedBy};
use model::facts::{ContactOutcome, Direction, LegResult, VisitOutcome};

use crate::state::{Contact, VisitState};

/// The outcome as it stands.
pub(crate) fn outcome(contact: &Contact) -> ContactOutcome {
    match contact.direction {
        Some(Direction::Inbound) => inbound(contact),
        Some(Direction::Outbound) => outbound(contact),
        // A colleague in a queue is its customer; an agent's own call is a consult.
        _ if customers(contact).next().is_some() => inbound(contact),
        _ => internal(contact),
    }
}

fn customers(contact: &Contact) -> impl DoubleEndedIterator<Item = &VisitState> {
    contact.visits.iter().filter(|v| !v.row.retracted && !v.row.consult)
}

fn inbound(contact: &Contact) -> ContactOutcome {
    if customers(contact).any(|v| v.row.outcome == VisitOutcome::Answered) {
        return ContactOutcome::Answered;
    }
    if contact.callback {
        return ContactOutcome::Callback;
    }
    let Some(last) = customers(contact).next_back() else { return without_visit(contact) };
    if contact.ended_at.is_none() || contact.gave_up {
        return ContactOutcome::Unknown;
    }
    match (last.row.outcome, ended_by(contact)) {
        (VisitOutcome::Abandoned, _) => ContactOutcome::Abandoned,
        // Waited in one queue, was refused by the next, and hung up.
        (VisitOutcome::Rejected(_), EndedBy::Caller) if customers(contact).any(has_waited) => ContactOutcome::Abandoned,
        (VisitOutcome::Rejected(_), _) => ContactOutcome::Rejected,
        (VisitOutcome::FlowOut(_), EndedBy::Caller) => ContactOutcome::Abandoned,
        (VisitOutcome::FlowOut(_), EndedBy::System) => ContactOutcome::Lost,
        _ => ContactOutcome::Unknown,
    }
}

fn has_waited(visit: &VisitState) -> bool {
    !matches!(visit.row.outcome, VisitOutcome::Rejected(_))
}

fn without_visit(contact: &Contact) -> ContactOutcome {
    if contact.legs.iter().any(|l| !l.row.retracted && l.row.result == Some(LegResult::Answered)) {
        return ContactOutcome::Answered;
    }
    if contact.self_served {
        return ContactOutcome::SelfServed;
    }
    if contact.ended_at.is_none() || contact.gave_up || !contact.tracked {
        return ContactOutcome::Unknown;
    }
    match ended_by(contact) {
        EndedBy::System => ContactOutcome::Lost,
        _ => ContactOutcome::IvrAbandoned,
    }
}

fn outbound(contact: &Contact) -> ContactOutcome {
    match contact.dialled {
        Some(DialResult::Connected) => ContactOutcome::Connected,
        Some(DialResult::Busy) => ContactOutcome::Busy,
        Some(DialResult::NoAnswer) => ContactOutcome::NoAnswer,
        Some(DialResult::Failed) => ContactOutcome::Failed,
        None => ContactOutcome::Unknown,
    }
}

fn internal(contact: &Contact) -> ContactOutcome {
    let answered = contact.visits.iter().any(|v| !v.row.retracted && v.row.outcome == VisitOutcome::Answered)
        || contact.legs.iter().any(|l| !l.row.retracted && l.row.result == Some(LegResult::Answered))
        || contact.dialled == Some(DialResult::Connected);
    if answered { ContactOutcome::Connected } else { ContactOutcome::Unknown }
}

/// Who ended it: what the customer's connection says, else what the last visit says. Where
/// the agent had hung up and the system only played the caller out (a survey, a farewell),
/// it was the agent.
pub(crate) fn ended_by(contact: &Contact) -> EndedBy {
    let last = contact.visits.iter().rev().find(|v| !v.row.retracted);
    let talked = last.filter(|v| v.row.outcome == VisitOutcome::Answered && v.row.transferred.is_none());
    match contact.ended_by {
        EndedBy::Unknown => {}
        EndedBy::System if talked.is_some_and(|v| v.by == EndedBy::Agent) => return EndedBy::Agent,
        told => return told,
    }
    match last {
        Some(v) if v.row.outcome == VisitOutcome::Abandoned => EndedBy::Caller,
        Some(v) if v.row.outcome == VisitOutcome::Answered && v.row.transferred.is_none() => v.by,
        _ => EndedBy::Unknown,
    }
}
