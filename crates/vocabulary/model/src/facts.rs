//! The rows of the fact tables, as `docs/metrics.md` section 4 names them.
//!
//! Every row that can change carries `revision`; the truth as of now is the highest
//! revision of each key. `known_at` is when the log took the event that made the
//! revision. Durations are milliseconds, instants microseconds UTC. `date` is not kept
//! here: it is derived by `tables` (see each row's `date_of`).

use serde::{Deserialize, Serialize};

use crate::event::{DivertReason, EndedBy, RejectReason, TransferKind};
use crate::{Instant, Name, Position};

/// Outcome of a queue visit with its reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum VisitOutcome {
    /// Still waiting when the data end.
    Open,
    /// From the answer on.
    Answered,
    /// The caller hung up waiting.
    Abandoned,
    /// Left for elsewhere.
    FlowOut(DivertReason),
    /// Never admitted.
    Rejected(RejectReason),
}

impl VisitOutcome {
    /// `outcome` as written.
    pub const fn outcome(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Answered => "answered",
            Self::Abandoned => "abandoned",
            Self::FlowOut(_) => "flow_out",
            Self::Rejected(_) => "rejected",
        }
    }

    /// `outcome_reason` as written.
    pub const fn reason(self) -> Option<&'static str> {
        match self {
            Self::FlowOut(DivertReason::Timeout) => Some("timeout"),
            Self::FlowOut(DivertReason::Key) => Some("key"),
            Self::FlowOut(DivertReason::Transfer) => Some("transfer"),
            Self::FlowOut(DivertReason::Callback) => Some("callback"),
            Self::Rejected(RejectReason::Closed) => Some("closed"),
            Self::Rejected(RejectReason::Full) => Some("full"),
            Self::Rejected(RejectReason::Diverted) => Some("diverted"),
            Self::FlowOut(DivertReason::Empty) | Self::Rejected(RejectReason::Empty) => Some("empty"),
            _ => None,
        }
    }

    /// The outcome of its two written words; `None` where they are no outcome.
    pub fn parse(outcome: &str, reason: Option<&str>) -> Option<Self> {
        Some(match (outcome, reason) {
            ("open", None) => Self::Open,
            ("answered", None) => Self::Answered,
            ("abandoned", None) => Self::Abandoned,
            ("flow_out", Some("timeout")) => Self::FlowOut(DivertReason::Timeout),
            ("flow_out", Some("key")) => Self::FlowOut(DivertReason::Key),
            ("flow_out", Some("empty")) => Self::FlowOut(DivertReason::Empty),
            ("flow_out", Some("transfer")) => Self::FlowOut(DivertReason::Transfer),
            ("flow_out", Some("callback")) => Self::FlowOut(DivertReason::Callback),
            ("rejected", Some("closed")) => Self::Rejected(RejectReason::Closed),
            ("rejected", Some("full")) => Self::Rejected(RejectReason::Full),
            ("rejected", Some("empty")) => Self::Rejected(RejectReason::Empty),
            ("rejected", Some("diverted")) => Self::Rejected(RejectReason::Diverted),
            _ => return None,
        })
    }
}

/// One queue visit, one revision: the fact behind every queue figure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Visit {
    /// Key: derives from the event that made it.
    pub visit_id: Name,
    /// The contact.
    pub call_id: Name,
    /// The centre.
    pub center: Name,
    /// The switch.
    pub switch: Name,
    /// The queue.
    pub queue: Name,
    /// Arrival: the join, or the refusal of a rejected visit.
    pub joined_at: Instant,
    /// The answer.
    pub answered_at: Option<Instant>,
    /// End of the wait or, if answered, of the talk.
    pub left_at: Option<Instant>,
    /// How it ended, so far.
    pub outcome: VisitOutcome,
    /// Wait that the metrics use: the switch's, else observed; `None` while waiting and
    /// for rejected visits.
    pub wait_ms: Option<i64>,
    /// Difference of event times.
    pub wait_observed_ms: Option<i64>,
    /// Talk, hold included; `None` until it ended.
    pub talk_ms: Option<i64>,
    /// Hold within the talk; `None` where the dialect cannot tell.
    pub hold_ms: Option<i64>,
    /// After-call work; `None` where nothing measures it.
    pub acw_ms: Option<i64>,
    /// Who answered.
    pub agent: Option<Name>,
    /// Position at the join.
    pub entry_position: Option<i64>,
    /// An agent's own call into the queue.
    pub consult: bool,
    /// How the agent passed it on.
    pub transferred: Option<TransferKind>,
    /// The caller's number as received.
    pub ani: Option<Name>,
    /// The number dialled.
    pub dnis: Option<Name>,
    /// The visit has ended.
    pub closed: bool,
    /// This visit turned out not to be one.
    pub retracted: bool,
    /// From 1.
    pub revision: i64,
    /// When the log took the event that made this revision.
    pub known_at: Instant,
    /// First event of the visit.
    pub first_event: Position,
    /// The event that made this revision.
    pub last_event: Position,
    /// The day (UTC) that the first revision was filed under; never changes.
    pub filed: i32,
}

/// What became of one offer to an agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LegResult {
    /// Answered.
    Answered,
    /// Rang and was not answered.
    Missed,
    /// Refused or busy: ring time ≤ 1000 ms.
    Declined,
    /// Another answered, or the caller left.
    Cancelled,
}

/// How an agent came into the contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LegRole {
    /// Offered by a queue.
    Queue,
    /// Another agent transferred the contact to them.
    TransferIn,
    /// The agent dialled out.
    Outbound,
    /// Any other talk (internal calls, consults that did not complete).
    Internal,
}

/// One agent's part in one contact.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Leg {
    /// Key: derives from the event that made it.
    pub leg_id: Name,
    /// The contact.
    pub call_id: Name,
    /// The visit, where a queue offered it.
    pub visit_id: Option<Name>,
    /// The centre.
    pub center: Name,
    /// The switch.
    pub switch: Name,
    /// The agent.
    pub agent: Name,
    /// The queue, where one offered it.
    pub queue: Option<Name>,
    /// How the agent came into it.
    pub role: LegRole,
    /// When it was offered (began to ring), where known.
    pub offered_at: Option<Instant>,
    /// When it was answered.
    pub answered_at: Option<Instant>,
    /// When it ended.
    pub ended_at: Option<Instant>,
    /// Ring time.
    pub ring_ms: Option<i64>,
    /// Talk, hold included.
    pub talk_ms: Option<i64>,
    /// Hold within the talk.
    pub hold_ms: Option<i64>,
    /// What became of it; `None` while it rings or where it cannot be told.
    pub result: Option<LegResult>,
    /// This leg turned out not to be one.
    pub retracted: bool,
    /// From 1.
    pub revision: i64,
    /// See `Visit::known_at`.
    pub known_at: Instant,
    /// First event.
    pub first_event: Position,
    /// The event that made this revision.
    pub last_event: Position,
    /// See `Visit::filed`.
    pub filed: i32,
}

/// What a stretch of an agent's time is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StretchKind {
    /// Logged in (in `queue`, or in all).
    Login,
    /// Paused (in `queue`, or in all).
    Pause,
    /// After-call work.
    Acw,
}

/// A stretch of one state of one agent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stretch {
    /// Key: derives from the event that made it.
    pub stretch_id: Name,
    /// The agent.
    pub agent: Name,
    /// The centre.
    pub center: Name,
    /// The switch.
    pub switch: Name,
    /// The queue; `None` for all.
    pub queue: Option<Name>,
    /// Which state.
    pub kind: StretchKind,
    /// The reason of a pause.
    pub reason: Option<Name>,
    /// Begin.
    pub from: Instant,
    /// End; `None` while it lasts.
    pub to: Option<Instant>,
    /// This stretch turned out not to be one.
    pub retracted: bool,
    /// From 1.
    pub revision: i64,
    /// See `Visit::known_at`.
    pub known_at: Instant,
    /// First event.
    pub first_event: Position,
    /// The event that made this revision.
    pub last_event: Position,
    /// See `Visit::filed`.
    pub filed: i32,
}

/// Direction of a contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// From the public network to the centre.
    Inbound,
    /// From the centre to the public network.
    Outbound,
    /// Within the centre.
    Internal,
}

/// Outcome of a contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContactOutcome {
    /// Inbound: a visit that is no consult was answered.
    Answered,
    /// A call-back was asked for.
    Callback,
    /// The caller hung up, also after a time-out or overflow.
    Abandoned,
    /// Refused by a queue.
    Rejected,
    /// The system ended it.
    Lost,
    /// Ended in the IVR.
    IvrAbandoned,
    /// An IVR event says it served itself.
    SelfServed,
    /// Outbound: answered.
    Connected,
    /// Outbound: busy.
    Busy,
    /// Outbound: not answered.
    NoAnswer,
    /// Outbound: not reachable.
    Failed,
    /// Not known (also while it lasts).
    Unknown,
}

/// A stretch on hold within a contact.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hold {
    /// Begin.
    pub from: Instant,
    /// End; `None` while it lasts.
    pub to: Option<Instant>,
    /// Who held, where known.
    pub agent: Option<Name>,
}

/// One transfer within a contact.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Transfer {
    /// When.
    pub at: Instant,
    /// How.
    pub kind: TransferKind,
    /// Who passed it on, where known.
    pub from_agent: Option<Name>,
    /// To whom, where it is an agent.
    pub to_agent: Option<Name>,
    /// The dialled target as written.
    pub target: Option<Name>,
}

/// What a contact was linked to in a CRM.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CrmLink {
    /// The CRM target.
    pub target: Name,
    /// The object.
    pub object: Name,
    /// The record's id.
    pub record_id: Option<Name>,
}

/// One contact, one revision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Call {
    /// Key.
    pub call_id: Name,
    /// From 1.
    pub revision: i64,
    /// The centre.
    pub center: Name,
    /// The switch.
    pub switch: Name,
    /// Direction.
    pub direction: Direction,
    /// E.164 where it can be parsed.
    pub ani: Option<Name>,
    /// As received.
    pub ani_raw: Option<Name>,
    /// Withheld by the caller.
    pub ani_withheld: bool,
    /// The number dialled.
    pub dnis: Option<Name>,
    /// Begin.
    pub started_at: Instant,
    /// End; `None` while it lasts.
    pub ended_at: Option<Instant>,
    /// What the IVR collected, in order.
    pub ivr: Vec<(Name, Name)>,
    /// Its visits, in order.
    pub queue_visits: Vec<Visit>,
    /// Its legs, in order.
    pub agent_legs: Vec<Leg>,
    /// Its holds, in order.
    pub holds: Vec<Hold>,
    /// Its transfers, in order.
    pub transfers: Vec<Transfer>,
    /// More than two parties talked together.
    pub conferenced: bool,
    /// Ids of its recordings, in order.
    pub recordings: Vec<Recording>,
    /// Who ended it.
    pub ended_by: EndedBy,
    /// The agent's disposition.
    pub disposition: Option<Name>,
    /// The agents' notes, in order.
    pub notes: Vec<String>,
    /// What it was linked to.
    pub crm: Vec<CrmLink>,
    /// How it ended.
    pub outcome: ContactOutcome,
    /// Ties contacts of several switches; `None` until something does.
    pub journey_id: Option<Name>,
    /// The contact that this one went over into; readers leave such records out.
    pub merged_into: Option<Name>,
    /// First event.
    pub first_event: Position,
    /// The event that made this revision.
    pub last_event: Position,
    /// See `Visit::known_at`.
    pub known_at: Instant,
    /// Only `crm` changed: causes no CRM write.
    pub crm_only: bool,
    /// See `Visit::filed`.
    pub filed: i32,
}

/// State of a recording; ordered from best to worst piece of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordingState {
    /// Stored and verified.
    Recorded,
    /// Meant not to be recorded.
    IntentionallyNot,
    /// Stored; part of the talk is missing or the file is not readable to its end.
    Partial,
    /// Announced, not yet looked for or not yet there.
    Pending,
    /// Found without any sound: a bare header, or silent throughout.
    Empty,
    /// Announced and not found by its deadline.
    Missing,
    /// Found and never announced.
    Orphan,
}

/// A recording, one revision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recording {
    /// Key: derives from the announcing event, or from an orphan's path and content.
    pub recording_id: Name,
    /// The contact; `None` for an orphan.
    pub call_id: Option<Name>,
    /// The centre.
    pub center: Name,
    /// The switch.
    pub switch: Name,
    /// The queue that the caller was in or came from, where any.
    pub queue: Option<Name>,
    /// The agent who talked, where any.
    pub agent: Option<Name>,
    /// Begin of the recording.
    pub started_at: Instant,
    /// End of the recording (its connection's end, where none is said).
    pub ended_at: Option<Instant>,
    /// Length of the media.
    pub duration_ms: Option<i64>,
    /// Size.
    pub bytes: Option<i64>,
    /// Lower-case hex.
    pub sha256: Option<Name>,
    /// Where it is kept.
    pub uri: Option<String>,
    /// The announced path.
    pub source: Option<Name>,
    /// Its state.
    pub state: RecordingState,
    /// Suspended stretches; the end is `None` while one lasts.
    pub suspended: Vec<(Instant, Option<Instant>)>,
    /// When the vault stored it. A wall-clock value.
    pub stored_at: Option<Instant>,
    /// What was wrong, where something was.
    pub note: Option<String>,
    /// From 1.
    pub revision: i64,
    /// See `Visit::known_at`.
    pub known_at: Instant,
    /// First event.
    pub first_event: Position,
    /// The event that made this revision.
    pub last_event: Position,
    /// See `Visit::filed`.
    pub filed: i32,
}

/// One canonical event as a row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EventRow {
    /// Key: `partition/offset/ordinal`.
    pub event_id: Name,
    /// `ce_source`.
    pub source: Name,
    /// The word of the vocabulary.
    pub kind: Name,
    /// When.
    pub at: Instant,
    /// The centre.
    pub center: Name,
    /// The switch.
    pub switch: Name,
    /// The native call.
    pub call_id: Option<Name>,
    /// The queue.
    pub queue: Option<Name>,
    /// The agent.
    pub agent: Option<Name>,
    /// The number or connection it concerns.
    pub party: Option<Name>,
    /// The body as JSON.
    pub details: String,
    /// Where it stands.
    pub position: Position,
    /// See `Visit::known_at`.
    pub known_at: Instant,
}

/// Counts and sums of one switch, queue and 15-minute interval at its T and S.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct QueueInterval {
    /// The switch.
    pub switch: Name,
    /// The centre.
    pub center: Name,
    /// The queue.
    pub queue: Name,
    /// Begin of the interval.
    pub interval_start: Instant,
    /// End of the interval.
    pub interval_end: Instant,
    /// T of this row.
    pub sl_threshold_ms: i64,
    /// S of this row.
    pub short_abandon_ms: i64,
    /// The additive figures of `docs/metrics.md` section 2, by name, in its order.
    pub counts: QueueCounts,
    /// The sketch of answered waits: `bucket:count` pairs, ascending, comma between.
    pub wait_sketch: String,
    /// From 1.
    pub revision: i64,
    /// See `Visit::known_at`.
    pub known_at: Instant,
    /// First event of its visits.
    pub first_event: Position,
    /// The event that made this revision.
    pub last_event: Position,
}

macro_rules! counts {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {
        /// Additive figures of `docs/metrics.md` section 2 (`*_max` add by maximum).
        #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
        pub struct QueueCounts { $($(#[$doc])* pub $name: i64,)* }

        impl QueueCounts {
            /// The names, in order.
            pub const NAMES: &'static [&'static str] = &[$(stringify!($name)),*];

            /// The values, in the order of `NAMES`.
            pub fn values(&self) -> Vec<i64> { vec![$(self.$name),*] }

            /// From values in the order of `NAMES`; missing ones are 0.
            pub fn from_values(values: &[i64]) -> Self {
                let mut it = values.iter().copied();
                Self { $($name: it.next().unwrap_or(0),)* }
            }

            /// Adds another row's figures: sums add, maxima take the larger.
            pub fn add(&mut self, other: &Self) {
                $(self.$name = if stringify!($name).ends_with("_max") { self.$name.max(other.$name) } else { self.$name + other.$name };)*
            }
        }
    };
}

counts! {
    /// Visits, rejected ones included.
    received,
    /// Visits that joined.
    offered,
    /// By outcome.
    answered,
    /// By outcome.
    abandoned,
    /// By outcome.
    flow_out,
    /// By outcome.
    rejected,
    /// By outcome.
    open,
    /// By reason.
    flow_out_timeout,
    /// By reason.
    flow_out_key,
    /// By reason.
    flow_out_empty,
    /// By reason.
    flow_out_transfer,
    /// By reason.
    flow_out_callback,
    /// By reason.
    rejected_closed,
    /// By reason.
    rejected_full,
    /// By reason.
    rejected_empty,
    /// By reason.
    rejected_diverted,
    /// Flow-out with wait > T.
    flow_out_late,
    /// Abandoned with wait ≤ S.
    abandoned_short,
    /// Milliseconds.
    wait_answered_ms_sum,
    /// Milliseconds.
    wait_answered_ms_max,
    /// Milliseconds.
    wait_abandoned_ms_sum,
    /// Milliseconds.
    wait_abandoned_ms_max,
    /// Milliseconds, over all closed visits that joined.
    wait_ms_sum,
    /// Milliseconds, over all closed visits that joined.
    wait_ms_max,
    /// Wait ≤ T.
    answered_in_sl,
    /// Wait ≤ T.
    abandoned_in_sl,
    /// Flow-out by call-back with wait ≤ T.
    flow_out_callback_in_sl,
    /// Milliseconds.
    talk_ms_sum,
    /// Milliseconds, within talk.
    hold_ms_sum,
    /// Milliseconds.
    acw_ms_sum,
    /// Visits whose after-call work was measured.
    acw_measured,
    /// Answered visits whose talk has ended.
    handled,
    /// Answered visits that the agent transferred on.
    transferred,
    /// Of these: blind.
    transferred_blind,
    /// Of these: attended.
    transferred_attended,
}

/// What one fold step brought: rows for every table, in the order in which they were made.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    /// Rows of `events`.
    pub events: Vec<EventRow>,
    /// Rows of `queue_visits`.
    pub queue_visits: Vec<Visit>,
    /// Rows of `agent_legs`.
    pub agent_legs: Vec<Leg>,
    /// Rows of `agent_states`.
    pub agent_states: Vec<Stretch>,
    /// Rows of `calls`.
    pub calls: Vec<Call>,
    /// Rows of `queue_intervals`.
    pub queue_intervals: Vec<QueueInterval>,
    /// Rows of `recordings`.
    pub recordings: Vec<Recording>,
}

impl Facts {
    /// Rows over all tables.
    pub fn len(&self) -> usize {
        self.events.len()
            + self.queue_visits.len()
            + self.agent_legs.len()
            + self.agent_states.len()
            + self.calls.len()
            + self.queue_intervals.len()
            + self.recordings.len()
    }

    /// No row at all.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
