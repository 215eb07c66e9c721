//! A contact whole: the shape of the API. Names and meanings are those of
//! `docs/metrics.md`, section 4; instants are RFC 3339 in UTC.

use model::Instant;
use model::facts::{Hold, Leg, Recording, Transfer, Visit};
use serde::Serialize;
use tables::{Contact, History};
use utoipa::ToSchema;

use super::crm::{self, CrmRecord};
use super::revisions::{self, Revision};
use super::word;
use crate::pages::encode;

/// A contact with everything known of it.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ContactView {
    pub call_id: String,
    pub revision: i64,
    pub center: String,
    pub switch: String,
    pub direction: String,
    pub ani: Option<String>,
    pub ani_raw: Option<String>,
    pub ani_withheld: bool,
    pub dnis: Option<String>,
    pub started_at: String,
    /// Null while it lasts.
    pub ended_at: Option<String>,
    /// What the IVR collected, in order.
    pub ivr: Vec<Collected>,
    pub queue_visits: Vec<VisitView>,
    pub agent_legs: Vec<LegView>,
    pub holds: Vec<HoldView>,
    pub transfers: Vec<TransferView>,
    pub conferenced: bool,
    pub recordings: Vec<RecordingView>,
    pub ended_by: String,
    pub disposition: Option<String>,
    pub notes: Vec<String>,
    /// What was written to a CRM, or refused by it.
    pub crm: Vec<CrmRecord>,
    pub outcome: String,
    pub journey_id: Option<String>,
    /// The contact that this one went over into.
    pub merged_into: Option<String>,
    pub first_event: String,
    pub last_event: String,
    pub known_at: String,
    /// What each revision changed, the first one first.
    pub revisions: Vec<Revision>,
    /// How many events it is made of: `GET /api/v1/calls/{call_id}/events`.
    pub events: usize,
}

/// One value that the IVR collected, already masked.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Collected {
    pub name: String,
    pub value: String,
}

/// A queue visit.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct VisitView {
    pub visit_id: String,
    pub queue: String,
    pub joined_at: String,
    pub answered_at: Option<String>,
    pub left_at: Option<String>,
    pub outcome: String,
    pub outcome_reason: Option<String>,
    pub wait_ms: Option<i64>,
    pub wait_observed_ms: Option<i64>,
    pub talk_ms: Option<i64>,
    pub hold_ms: Option<i64>,
    pub acw_ms: Option<i64>,
    pub agent: Option<String>,
    pub entry_position: Option<i64>,
    /// An agent's own call into the queue.
    pub consult: bool,
    /// `blind`, `attended` or null.
    pub transferred: Option<String>,
    pub closed: bool,
    pub revision: i64,
    /// Changed after it had closed.
    pub restated: bool,
    pub first_event: String,
    pub last_event: String,
}

/// An agent's part.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct LegView {
    pub leg_id: String,
    pub visit_id: Option<String>,
    pub agent: String,
    pub queue: Option<String>,
    /// `queue`, `transfer_in`, `outbound` or `internal`.
    pub role: String,
    pub offered_at: Option<String>,
    pub answered_at: Option<String>,
    pub ended_at: Option<String>,
    pub ring_ms: Option<i64>,
    pub talk_ms: Option<i64>,
    pub hold_ms: Option<i64>,
    /// `answered`, `missed`, `declined`, `cancelled`; null while it rings or where it cannot
    /// be told.
    pub result: Option<String>,
    pub first_event: String,
    pub last_event: String,
}

/// A stretch on hold.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct HoldView {
    pub from: String,
    pub to: Option<String>,
    pub agent: Option<String>,
}

/// A transfer.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct TransferView {
    pub at: String,
    /// `blind` or `attended`.
    pub kind: String,
    pub from_agent: Option<String>,
    pub to_agent: Option<String>,
    pub target: Option<String>,
}

/// A recording; heard at `link` by those who may.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct RecordingView {
    pub recording_id: String,
    pub queue: Option<String>,
    pub agent: Option<String>,
    pub started_at: String,
    pub ended_at: Option<String>,
    /// Of the media.
    pub duration_ms: Option<i64>,
    pub bytes: Option<i64>,
    pub sha256: Option<String>,
    /// `recorded`, `partial`, `intentionally_not`, `empty`, `missing`, `orphan` or `pending`.
    pub state: String,
    pub suspended: Vec<HoldView>,
    pub note: Option<String>,
    /// A path of this server; null where nothing is stored.
    pub link: Option<String>,
}

impl ContactView {
    pub(super) fn of(contact: &Contact, history: &History) -> Self {
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
            recordings: call.recordings.iter().map(RecordingView::of).collect(),
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

impl RecordingView {
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
