//! What is kept of an open contact, and of a closed one within the late horizon.
//!
//! Contract: handlers change these and mark them `dirty`; rows are made of everything
//! dirty once the event is done (`crate::emit`), so that one event makes at most one
//! revision of each row, and a flush makes none.

use model::event::{DeviceKind, DialResult, EndedBy};
use model::facts::{ContactOutcome, CrmLink, Direction, Hold, Leg, Recording, Transfer, Visit, VisitOutcome};
use model::{Instant, Name, Position};
use serde::{Deserialize, Serialize};

/// Number of a contact within one switch.
pub(crate) type Cid = u64;

/// A queue visit: its row as it stands, and how sure it is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct VisitState {
    pub row: Visit,
    /// The queued caller's connection.
    pub conn: Option<Name>,
    /// Its join was told (else it is worked out from stated durations).
    pub joined_told: bool,
    /// Its answer was told.
    pub answered_told: bool,
    /// The switch stated the wait.
    pub wait_stated: bool,
    /// Closed because its caller was gone; what the queue says of it still counts.
    pub inferred: bool,
    /// Who ended its talk.
    pub by: EndedBy,
    /// Changed by this event.
    pub dirty: bool,
    /// A row with `closed` was made.
    pub was_closed: bool,
}

impl VisitState {
    /// Waiting, as far as the queue has told.
    pub fn is_waiting(&self) -> bool {
        self.row.outcome == VisitOutcome::Open && !self.row.closed
    }

    /// Answered, and the queue has not told the end of the talk.
    pub fn is_talking(&self) -> bool {
        self.row.outcome == VisitOutcome::Answered && (!self.row.closed || self.inferred)
    }

    /// Whether it is of that caller and queue.
    pub fn is_of(&self, conn: Option<&Name>, queue: &Name) -> bool {
        self.row.queue == *queue && (conn.is_none() || self.conn.as_ref() == conn)
    }
}

/// One agent's part.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct LegState {
    pub row: Leg,
    /// The agent's own connection, where known.
    pub device: Option<Name>,
    /// Ended because its visit went on; what the switch says of it still counts.
    pub inferred: bool,
    /// When the agent's telephone left for good, before its queue told the end.
    pub phone_left: Option<Instant>,
    /// Talk of earlier stretches of the same connection, milliseconds.
    pub talked_ms: i64,
    /// Begin of the present stretch of talk.
    pub talking_since: Option<Instant>,
    pub dirty: bool,
}

/// One recording.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct RecordingState {
    pub row: Recording,
    pub conn: Option<Name>,
    /// Another dialect told of it: queue and agent follow from the contact (`crate::whose`).
    pub heard: bool,
    pub dirty: bool,
}

/// A connection: one party's leg in the switch.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Conn {
    pub cid: Cid,
    /// The contact that it began in.
    pub home: Cid,
    /// The native call that it is in now.
    pub native: Option<Name>,
    pub device: DeviceKind,
    /// The agent whose station it is, by name.
    pub agent: Option<Name>,
    pub conversation: Option<Name>,
    pub since: Instant,
    /// Told of as a connection, not only as a queue's caller.
    pub tracked: bool,
    pub cleared: bool,
    /// It is in a conference.
    pub conferenced: bool,
    /// It was in a conversation.
    pub talked: bool,
    /// Somebody dialled it.
    pub dialled: bool,
    /// Recordings announced on it.
    pub recordings: u32,
}

/// One contact.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Contact {
    pub call_id: Name,
    pub revision: i64,
    pub filed: i32,
    pub first_event: Position,
    pub started_at: Instant,
    pub ended_at: Option<Instant>,
    /// Time of its latest event.
    pub active_at: Instant,
    pub direction: Option<Direction>,
    pub ani: Option<Name>,
    pub ani_raw: Option<Name>,
    pub ani_withheld: bool,
    pub dnis: Option<Name>,
    /// Its connections, in order; the first tells the direction.
    pub conns: Vec<Name>,
    /// Connections that began here and went over into another contact.
    pub moved: Vec<Name>,
    /// The native calls that it is made of.
    pub natives: Vec<Name>,
    /// Some connection of it was told of, so connections tell its end.
    pub tracked: bool,
    pub visits: Vec<VisitState>,
    pub legs: Vec<LegState>,
    pub recordings: Vec<RecordingState>,
    pub holds: Vec<HoldState>,
    pub transfers: Vec<Transfer>,
    pub ivr: Vec<(Name, Name)>,
    pub notes: Vec<String>,
    pub disposition: Option<Name>,
    pub crm: Vec<CrmLink>,
    pub conferenced: bool,
    pub callback: bool,
    pub self_served: bool,
    pub dialled: Option<DialResult>,
    /// Who ended the customer's connection.
    pub ended_by: EndedBy,
    pub merged_into: Option<Name>,
    /// Queued callers' connections that have cleared, and when.
    pub gone: Vec<(Name, Instant)>,
    /// The contact that one of its connections went over into.
    pub going_into: Option<Cid>,
    /// Was closed by the late horizon or by a restart of the switch.
    pub gave_up: bool,
    /// How it ended, as its latest row tells.
    pub told: Option<(ContactOutcome, EndedBy)>,
    /// A row is due.
    pub dirty: bool,
    /// … and only `crm` changed.
    pub crm_dirty: bool,
}

/// A hold and whose connection held.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct HoldState {
    pub row: Hold,
    pub conn: Name,
}

impl Contact {
    /// A contact that an event at `at` begins.
    pub fn new(call_id: Name, at: Instant, position: Position) -> Self {
        Self {
            natives: vec![call_id.clone()],
            call_id,
            revision: 0,
            filed: at.days(),
            first_event: position,
            started_at: at,
            ended_at: None,
            active_at: at,
            direction: None,
            ani: None,
            ani_raw: None,
            ani_withheld: false,
            dnis: None,
            conns: Vec::new(),
            moved: Vec::new(),
            tracked: false,
            visits: Vec::new(),
            legs: Vec::new(),
            recordings: Vec::new(),
            holds: Vec::new(),
            transfers: Vec::new(),
            ivr: Vec::new(),
            notes: Vec::new(),
            disposition: None,
            crm: Vec::new(),
            conferenced: false,
            callback: false,
            self_served: false,
            dialled: None,
            ended_by: EndedBy::Unknown,
            merged_into: None,
            gone: Vec::new(),
            going_into: None,
            gave_up: false,
            told: None,
            dirty: true,
            crm_dirty: false,
        }
    }

    /// A change after the end is a row by itself.
    pub fn late_change(&mut self) {
        if self.ended_at.is_some() || self.gave_up {
            self.dirty = true;
        }
    }

    /// The newest visit that `wanted` accepts.
    pub fn newest_visit(&self, wanted: impl Fn(&VisitState) -> bool) -> Option<usize> {
        self.visits.iter().rposition(|v| !v.row.retracted && wanted(v))
    }

    /// Milliseconds on hold between two instants, held by others than `not_by`.
    pub fn held_ms(&self, from: Instant, to: Instant, not_by: Option<&Name>) -> i64 {
        let mut stretches: Vec<(Instant, Instant)> = self
            .holds
            .iter()
            .filter(|h| Some(&h.conn) != not_by)
            .map(|h| (h.row.from.max(from), h.row.to.unwrap_or(to).min(to)))
            .filter(|(a, b)| a < b)
            .collect();
        stretches.sort_unstable();
        let mut total = 0;
        let mut reached = from;
        for (a, b) in stretches {
            let a = a.max(reached);
            if b > a {
                total += b.millis_since(a);
                reached = b;
            }
        }
        total
    }
}
