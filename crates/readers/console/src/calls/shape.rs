//! A contact whole: the shape of the API. Names and meanings are those of
//! `docs/metrics.md`, section 4; instants are RFC 3339 in UTC.

mod of;

use serde::Serialize;
use utoipa::ToSchema;

use super::crm::CrmRecord;
use super::revisions::Revision;

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
    pub recordings: Vec<CallRecording>,
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
pub struct CallRecording {
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
