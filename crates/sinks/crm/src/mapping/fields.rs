//! What Task and `Call_Metric__c` have in common: who, which recording, how long.

use model::facts::{Call, ContactOutcome, Direction, Recording, RecordingState, Visit};
use model::{Instant, Name, Roster};

use super::MappingContext;
use crate::row::Scalar;

pub(super) type Fields = Vec<(Name, Scalar)>;

pub(super) fn text(value: Option<impl Into<String>>) -> Scalar {
    value.map_or(Scalar::Null, |v| Scalar::Text(v.into()))
}

pub(super) fn int(value: Option<i64>) -> Scalar {
    value.map_or(Scalar::Null, Scalar::Int)
}

pub(super) fn instant(value: Option<Instant>) -> Scalar {
    value.map_or(Scalar::Null, |v| Scalar::Text(Instant::from_millis(v.millis()).to_rfc3339()))
}

/// Text cut to `most` characters, with a mark where something was cut.
pub(super) fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut out: String = text.chars().take(most.saturating_sub(1)).collect();
    out.push('…');
    out
}

/// The visits that are the customer's own.
pub(super) fn own_visits(call: &Call) -> impl Iterator<Item = &Visit> {
    call.queue_visits.iter().filter(|v| !v.consult && !v.retracted)
}

/// The visit that speaks for the contact: the first answered one, else the first.
pub(super) fn chief_visit(call: &Call) -> Option<&Visit> {
    own_visits(call).find(|v| v.answered_at.is_some()).or_else(|| own_visits(call).next())
}

/// The agent who talked with the customer first.
pub(super) fn agent(call: &Call) -> Option<&Name> {
    chief_visit(call).and_then(|v| v.agent.as_ref()).or_else(|| talking_legs(call).next().map(|l| &l.agent)).or_else(
        || call.agent_legs.iter().find(|l| !l.retracted && call.direction == Direction::Outbound).map(|l| &l.agent),
    )
}

fn talking_legs(call: &Call) -> impl Iterator<Item = &model::facts::Leg> {
    call.agent_legs.iter().filter(|l| !l.retracted && l.answered_at.is_some())
}

/// When somebody answered the customer first.
pub(super) fn answered_at(call: &Call) -> Option<Instant> {
    let visit = chief_visit(call).and_then(|v| v.answered_at);
    visit.or_else(|| talking_legs(call).filter_map(|l| l.answered_at).min())
}

/// The customer's whole talk, hold included; `None` where nobody talked.
pub(super) fn talk_ms(call: &Call) -> Option<i64> {
    let visits: Vec<&Visit> = own_visits(call).filter(|v| v.answered_at.is_some()).collect();
    if visits.is_empty() {
        return sum(talking_legs(call).map(|l| l.talk_ms));
    }
    // Talk with an agent whom another agent brought in is in no visit.
    let of_visits = sum(visits.iter().map(|v| v.talk_ms));
    let transferred =
        sum(talking_legs(call).filter(|l| l.role == model::facts::LegRole::TransferIn).map(|l| l.talk_ms));
    sum([of_visits, transferred].into_iter())
}

/// The sum of what is known; `None` where nothing is.
pub(super) fn sum(values: impl Iterator<Item = Option<i64>>) -> Option<i64> {
    values.flatten().fold(None, |total, v| Some(total.unwrap_or(0) + v))
}

/// The agent's user in the CRM.
pub(super) fn crm_user<'a>(agent: Option<&Name>, roster: &'a Roster) -> Option<&'a Name> {
    let agent = agent?;
    roster.entries.iter().find(|e| e.name == *agent || e.interface == *agent)?.crm_user.as_ref()
}

/// The recording that speaks for the contact: the best state, then the earliest.
pub(super) fn recording(call: &Call) -> Option<&Recording> {
    call.recordings.iter().min_by_key(|r| (rank(r.state), r.started_at))
}

const fn rank(state: RecordingState) -> u8 {
    match state {
        RecordingState::Recorded => 0,
        RecordingState::Partial => 1,
        RecordingState::Pending => 2,
        RecordingState::IntentionallyNot => 3,
        RecordingState::Empty => 4,
        RecordingState::Missing => 5,
        RecordingState::Orphan => 6,
    }
}

/// Our stable link to the recording; none where there is, or will be, nothing to hear.
pub(super) fn recording_url(call: &Call, context: &MappingContext<'_>) -> Option<String> {
    let base = context.settings.base_url.as_deref()?.trim_end_matches('/');
    let recording = recording(call)?;
    let there = matches!(recording.state, RecordingState::Recorded | RecordingState::Partial | RecordingState::Pending);
    there.then(|| format!("{base}/r/{}", recording.recording_id))
}

pub(super) const fn state_word(state: RecordingState) -> &'static str {
    match state {
        RecordingState::Recorded => "recorded",
        RecordingState::Partial => "partial",
        RecordingState::Pending => "pending",
        RecordingState::IntentionallyNot => "intentionally_not",
        RecordingState::Empty => "empty",
        RecordingState::Missing => "missing",
        RecordingState::Orphan => "orphan",
    }
}

pub(super) const fn outcome_word(outcome: ContactOutcome) -> &'static str {
    match outcome {
        ContactOutcome::Answered => "answered",
        ContactOutcome::Callback => "callback",
        ContactOutcome::Abandoned => "abandoned",
        ContactOutcome::Rejected => "rejected",
        ContactOutcome::Lost => "lost",
        ContactOutcome::IvrAbandoned => "ivr_abandoned",
        ContactOutcome::SelfServed => "self_served",
        ContactOutcome::Connected => "connected",
        ContactOutcome::Busy => "busy",
        ContactOutcome::NoAnswer => "no_answer",
        ContactOutcome::Failed => "failed",
        ContactOutcome::Unknown => "unknown",
    }
}

/// The other party's number: the caller's, or the one that was dialled.
pub(super) fn number(call: &Call) -> Option<&Name> {
    match call.direction {
        Direction::Outbound => call.dnis.as_ref(),
        _ => call.ani.as_ref().or(call.ani_raw.as_ref()).filter(|_| !call.ani_withheld),
    }
}
