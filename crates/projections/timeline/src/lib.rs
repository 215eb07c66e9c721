//! The fold from canonical events to fact rows: the heart of the product.
//!
//! Contract: pure. One `Timeline` a switch, events in log order in, rows out; no clock,
//! no I/O, no panic on any order of events. The same events give the same rows, folded at
//! once, in pieces, or over a snapshot (`Timeline` is serde data).
//!
//! **Rows** (`docs/metrics.md`, sections 3 and 4). Every event makes its row of `events`
//! first, then at most one revision of each row that it changed.
//! - `queue_visits`: at the join, the answer, the close, and at each later change. A
//!   visit whose end was never told (its contact was let go, or the switch started anew)
//!   is `closed` with outcome `open` (or `answered` without `talk_ms`).
//! - `agent_legs`, role `queue`: one an offer; other roles: see `talk`. Talk in any call
//!   is `answered_at..ended_at` of every leg with `result` answered; ringing is
//!   `offered_at..answered_at` (or `..ended_at`) of legs of role `queue`, `transfer_in`
//!   and `internal`. A leg of role `outbound` is an outbound call, answered or not:
//!   `offered_at` is when it dialled, nothing rings; not answered, its `result` is null.
//! - `agent_states`: see `presence`. `login`: `queue` set for a member of that queue,
//!   null for AGENTLOGIN and AGENTCALLBACKLOGIN; `login_ms` is the union of all of them.
//!   `pause` with `queue` null: paused in every queue that the agent is in, with the
//!   latest reason; their union is `pause_ms`, they never overlap. `pause` with a queue:
//!   paused in that queue (also by PAUSEALL); never overlapping within a queue; they are
//!   `pause_ms_by_queue` and must not be added to the former. `acw`: after-call work,
//!   `queue` null; such a stretch is no pause. `to` is null while it lasts.
//! - `calls`: at the start, when the direction becomes known, when a visit is
//!   closed, at the end, at each change after the end (of what is in it too), at a merge,
//!   and with `crm_only` when only `crm` changed.
//! - `recordings`: at the announcement, a suspension, the agent's answer, the end, and
//!   the outcome.
//!
//! **Restarts.** `SourceStarted` ends what was up: open contacts end at the time last
//! heard, as unknown; agents' memberships stay (the switch keeps them), AGENTLOGIN
//! sessions end. With nothing open it does nothing.

mod acts;
mod adapters;
mod agents;
mod calls;
mod cold;
mod e164;
mod emit;
mod heard;
mod horizon;
mod join;
mod names;
mod offers;
mod outcome;
mod presence;
mod queues;
mod recordings;
mod rejoins;
mod release;
mod state;
mod stays;
mod talk;
mod visits;
mod whose;

use model::facts::Facts;
use model::{Body, Event, Instant, Name};
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::agents::Agent;
use crate::cold::{Index, Packed, Words};
use crate::heard::Heard;
use crate::horizon::Horizon;
use crate::names::Names;
use crate::state::{Cid, Conn, Contact};

/// What shapes the fold of a switch beyond its own events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Config {
    /// How long after its end a contact is kept for restating, milliseconds of event
    /// time.
    pub late_horizon_ms: i64,
    /// Region (ISO 3166, `GB`) by which national numbers are parsed; none: only
    /// international ones are.
    pub default_region: Option<Name>,
    /// How long a contact has been quiet before it is packed, milliseconds of event time;
    /// below 0: packed after every event. Shapes no row.
    pub cooling_ms: i64,
}

impl Default for Config {
    fn default() -> Self {
        Self { late_horizon_ms: 86_400_000, default_region: None, cooling_ms: cold::COOLING_MS }
    }
}

/// An event came later than the late horizon, for a contact already let go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TooLate {
    /// Its time.
    pub at: Instant,
    /// What lies before this is too late.
    pub limit: Instant,
}

impl std::fmt::Display for TooLate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "too_late: the event of {} came after the late horizon ({}) for a contact already let go; a replay with a longer late horizon takes it in",
            self.at, self.limit
        )
    }
}

impl std::error::Error for TooLate {}

/// What a fold has counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counters {
    /// Revisions of visits after their close.
    pub restated: u64,
    /// Events refused as too late.
    pub too_late: u64,
    /// Contacts closed without a told end.
    pub closed_unknown: u64,
    /// Ends without an answer told of answered visits.
    pub contradicted: u64,
    /// Events of a call, by an adapter, that no contact is known for.
    pub unmatched: u64,
    /// CRM writes of contacts already let go.
    pub crm_after_release: u64,
    /// Contacts open now.
    pub open_contacts: u64,
    /// Contacts kept for restating, the open ones included.
    pub kept_contacts: u64,
}

/// The state of one switch.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Timeline {
    center: Name,
    switch: Name,
    config: Config,
    names: Names,
    acw_reasons: Vec<Name>,
    horizon: Horizon,
    counters: Counters,
    next_cid: Cid,
    contacts: FxHashMap<Cid, Contact>,
    /// Quiet contacts, and the names that they are asked for by.
    packed: FxHashMap<Cid, Packed>,
    asleep: Index,
    /// What stands in many of them.
    words: Words,
    /// How many of them are open.
    packed_open: u64,
    /// Those that have gone over into another.
    packed_into: FxHashMap<Cid, Cid>,
    /// Native calls.
    calls: FxHashMap<Name, Cid>,
    connections: FxHashMap<Name, Conn>,
    conversations: FxHashMap<Name, Vec<Name>>,
    /// The leg that an agent's telephone talks on.
    talks: FxHashMap<Name, (Cid, Name)>,
    agents: FxHashMap<Name, Agent>,
    heard: Heard,
    // Empty between events.
    touched: Vec<Cid>,
    letting_go: Vec<Cid>,
    agents_touched: Vec<Name>,
    legs_made: u16,
}

impl Timeline {
    /// The fold of a switch of which nothing is known yet.
    pub fn new(center: Name, switch: Name, config: Config) -> Self {
        Self {
            center,
            switch,
            names: Names::default(),
            acw_reasons: Vec::new(),
            horizon: Horizon::new(config.late_horizon_ms),
            heard: Heard::new(config.late_horizon_ms),
            config,
            counters: Counters::default(),
            next_cid: 0,
            contacts: FxHashMap::default(),
            packed: FxHashMap::default(),
            asleep: Index::default(),
            words: Words::default(),
            packed_open: 0,
            packed_into: FxHashMap::default(),
            calls: FxHashMap::default(),
            connections: FxHashMap::default(),
            conversations: FxHashMap::default(),
            talks: FxHashMap::default(),
            agents: FxHashMap::default(),
            touched: Vec::new(),
            letting_go: Vec::new(),
            agents_touched: Vec::new(),
            legs_made: 0,
        }
    }

    /// Takes one event and appends its rows to `out`: the `events` row first.
    ///
    /// # Errors
    /// The event is later than the late horizon and no contact is kept for it; nothing
    /// was changed or appended.
    pub fn apply(&mut self, source: &Name, event: &Event, out: &mut Facts) -> Result<(), TooLate> {
        self.wake_named(event);
        self.refuse_too_late(event)?;
        self.legs_made = 0;
        let last_heard = self.horizon.watermark();
        if !matches!(event.body, Body::Acted(_)) {
            self.horizon.hear(event.at, event.position);
        }
        let cid = self.place(event);
        out.events.push(self.event_row(source, event));
        self.handle(event, cid, last_heard, out);
        for cid in self.touched.clone() {
            self.merge_if_gone(cid, event);
        }
        for cid in self.touched.clone() {
            self.finish(cid);
            self.end_unanswered(cid);
        }
        self.settle(false);
        self.sweep();
        self.emit_agents(event, out);
        self.emit(event, out);
        self.let_go();
        self.pack_cooled();
        Ok(())
    }

    /// What was counted, and how much is kept.
    pub fn counters(&self) -> Counters {
        let awake = self.contacts.values().filter(|c| c.ended_at.is_none()).count() as u64;
        let open_contacts = awake + self.packed_open;
        Counters { open_contacts, kept_contacts: (self.contacts.len() + self.packed.len()) as u64, ..self.counters }
    }

    /// The latest event time heard of this switch.
    pub fn watermark(&self) -> Option<Instant> {
        self.horizon.watermark()
    }

    /// Key of a row that this event makes.
    fn id(&self, event: &Event, suffix: &str) -> Name {
        let p = event.position;
        format!("{}-{}-{}-{}{suffix}", self.switch, p.partition, p.offset, event.ordinal).into()
    }

    fn agent_of(&self, event: &Event) -> Option<Name> {
        event.agent.as_ref().map(|a| self.names.agent(a))
    }
}
