//! The shape made of the rows.

use model::Instant;
use model::facts::{Hold, Leg, Recording, Transfer, Visit};
use tables::{Contact, History};

use super::*;
use crate::calls::{crm, revisions, word};
use crate::pages::encode;

impl ContactView {
    pub(in crate::calls) fn of(contact: &Contact, history: &History) -> Self {
        let Contact { call, visits, legs, events } = contact;
        let collected =
            |(name, value): &(model::Name, model::Name)| Collected { name: name.to_string(), value: value.to_string() };
        Self {
            call_id: call.call_id.to_string(),
            revision: call.revision,
            center: call.center.to_string(),
            switch: call.switch.to_string(),
            direction: word(&call.direction),
            ani: text(&call.ani),
            ani_raw: text(&call.ani_raw),
            ani_withheld: call.ani_withheld,
            dnis: text(&call.dnis),
            started_at: call.started_at.to_rfc3339(),
            ended_at: time(call.ended_at),
            ivr: call.ivr.iter().map(collected).collect(),
            queue_visits: visits.iter().map(|v| VisitView::of(v, revisions::restated(&v.visit_id, history))).collect(),
            agent_legs: legs.iter().map(LegView::of).collect(),
            holds: call.holds.iter().map(HoldView::of).collect(),
            transfers: call.transfers.iter().map(TransferView::of).collect(),
            conferenced: call.conferenced,
            recordings: call.recordings.iter().map(CallRecording::of).collect(),
            ended_by: word(&call.ended_by),
            disposition: text(&call.disposition),
            notes: call.notes.clone(),
            crm: crm::records(call, &history.crm),
            outcome: word(&call.outcome),
            journey_id: text(&call.journey_id),
            merged_into: text(&call.merged_into),
            first_event: call.first_event.to_string(),
            last_event: call.last_event.to_string(),
            known_at: call.known_at.to_rfc3339(),
            revisions: revisions::of(&history.calls),
            events: events.len(),
        }
    }
}

impl VisitView {
    fn of(v: &Visit, restated: bool) -> Self {
        Self {
            visit_id: v.visit_id.to_string(),
            queue: v.queue.to_string(),
            joined_at: v.joined_at.to_rfc3339(),
            answered_at: time(v.answered_at),
            left_at: time(v.left_at),
            outcome: v.outcome.outcome().to_owned(),
            outcome_reason: v.outcome.reason().map(str::to_owned),
            wait_ms: v.wait_ms,
            wait_observed_ms: v.wait_observed_ms,
            talk_ms: v.talk_ms,
            hold_ms: v.hold_ms,
            acw_ms: v.acw_ms,
            agent: text(&v.agent),
            entry_position: v.entry_position,
            consult: v.consult,
            transferred: v.transferred.as_ref().map(word),
            closed: v.closed,
            revision: v.revision,
            restated,
            first_event: v.first_event.to_string(),
            last_event: v.last_event.to_string(),
        }
    }
}

impl LegView {
    fn of(l: &Leg) -> Self {
        Self {
            leg_id: l.leg_id.to_string(),
            visit_id: text(&l.visit_id),
            agent: l.agent.to_string(),
            queue: text(&l.queue),
            role: word(&l.role),
            offered_at: time(l.offered_at),
            answered_at: time(l.answered_at),
            ended_at: time(l.ended_at),
            ring_ms: l.ring_ms,
            talk_ms: l.talk_ms,
            hold_ms: l.hold_ms,
            result: l.result.as_ref().map(word),
            first_event: l.first_event.to_string(),
            last_event: l.last_event.to_string(),
        }
    }
}

impl HoldView {
    fn of(h: &Hold) -> Self {
        Self { from: h.from.to_rfc3339(), to: time(h.to), agent: text(&h.agent) }
    }
}

impl TransferView {
    fn of(t: &Transfer) -> Self {
        Self {
            at: t.at.to_rfc3339(),
            kind: word(&t.kind),
            from_agent: text(&t.from_agent),
            to_agent: text(&t.to_agent),
            target: text(&t.target),
        }
    }
}

impl CallRecording {
    fn of(r: &Recording) -> Self {
        let suspended =
            |(from, to): &(Instant, Option<Instant>)| HoldView { from: from.to_rfc3339(), to: time(*to), agent: None };
        Self {
            recording_id: r.recording_id.to_string(),
            queue: text(&r.queue),
            agent: text(&r.agent),
            started_at: r.started_at.to_rfc3339(),
            ended_at: time(r.ended_at),
            duration_ms: r.duration_ms,
            bytes: r.bytes,
            sha256: text(&r.sha256),
            state: word(&r.state),
            suspended: r.suspended.iter().map(suspended).collect(),
            note: r.note.clone(),
            link: r.uri.as_ref().map(|_| format!("/r/{}", encode(&r.recording_id))),
        }
    }
}

fn text(name: &Option<model::Name>) -> Option<String> {
    name.as_ref().map(ToString::to_string)
}

fn time(at: Option<Instant>) -> Option<String> {
    at.map(Instant::to_rfc3339)
}
