//! Canonical events: the words of ECMA CSTA (ECMA-269 / ECMA-323) for what switches and
//! adapters say. Nothing behind the decoders knows a vendor's word.
//!
//! Contract between decoders and projections:
//! - Events come in log order; `at` may step back by milliseconds or, for rows out of
//!   order, by much more.
//! - A *connection* is one party's leg in the switch (Asterisk: a channel's Uniqueid).
//!   `call_id` is the native call that the connection belonged to when the event was
//!   written (Asterisk: Linkedid; queue_log: the caller's Uniqueid). It is not final:
//!   `CallsJoined` says that one native call went over into another.
//! - A *queue visit* is found by (`connection` of the queued caller, `queue`): the newest
//!   one that is still open. A dialect that lacks the `Queued` still sends what closes it.
//! - `agent` is what the switch wrote (member name or interface); projections put the
//!   roster's name in its place. A decoder that knows the name itself sends the name.
//! - Stated durations (`*_ms` in a body) are the switch's own figures; where they are
//!   `None`, projections take the difference of event times.

use serde::{Deserialize, Serialize};

use crate::{Act, Instant, Name, Position};

/// One canonical event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// The switch's own time of it.
    pub at: Instant,
    /// The record that said it.
    pub position: Position,
    /// Which of the events of that record, from 0.
    pub ordinal: u16,
    /// When the log took that record (append time). A wall-clock value.
    pub known_at: Instant,
    /// The native call, as known at that time.
    pub call_id: Option<Name>,
    /// The leg it concerns; for queue events the queued caller's.
    pub connection: Option<Name>,
    /// The queue.
    pub queue: Option<Name>,
    /// The agent: member name, else interface.
    pub agent: Option<Name>,
    /// What happened.
    pub body: Body,
}

/// What a connection's far end is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceKind {
    /// A line towards the public network.
    Trunk,
    /// A telephone of the centre (an agent's, mostly).
    Station,
    /// Plumbing inside the switch (Asterisk Local channels): no party by itself.
    Internal,
    /// Not known.
    Unknown,
}

/// Why a visit left its queue unanswered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DivertReason {
    /// The queue's time-out.
    Timeout,
    /// The caller pressed a key.
    Key,
    /// No agents were left.
    Empty,
    /// Moved into another queue or to another place.
    Transfer,
    /// Taken out for a call-back (never on Asterisk).
    Callback,
}

/// Why a caller was never admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RejectReason {
    /// Closed at that hour.
    Closed,
    /// The queue is full.
    Full,
    /// No agents to admit callers for.
    Empty,
    /// Diverted by rule before joining.
    Diverted,
}

/// How an agent passed a call on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TransferKind {
    /// Without speaking to the target first.
    Blind,
    /// After speaking to the target.
    Attended,
}

/// Who ended it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndedBy {
    /// The customer.
    Caller,
    /// The agent.
    Agent,
    /// The switch or its dial plan.
    System,
    /// Not known.
    Unknown,
}

/// What became of one offer to an agent that was not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OfferEnd {
    /// It ended without an answer: missed or declined, which the ring time tells.
    NoAnswer,
    /// Another agent answered, or the caller left.
    Cancelled,
}

/// What became of dialling a far party.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DialResult {
    /// The far party answered.
    Connected,
    /// Busy.
    Busy,
    /// Rang and was not answered, or the dialler gave up.
    NoAnswer,
    /// Could not be reached.
    Failed,
}

/// How an agent is logged on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogonKind {
    /// A member of one queue (Asterisk ADDMEMBER): `queue` is set.
    Member,
    /// AGENTLOGIN: at the desk, all queues.
    Agent,
    /// AGENTCALLBACKLOGIN: by call-back, all queues.
    Callback,
}

/// What happened. Each variant says which of the common fields it sets beyond `at`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Body {
    // ---- calls ---------------------------------------------------------------
    /// A connection came into being. Sets `connection`, `call_id`; `agent` where the
    /// station is known to be an agent's.
    Originated {
        /// What is at its far end.
        device: DeviceKind,
        /// The far end's number as received.
        number: Option<Name>,
        /// Whether the number is withheld (`anonymous`, or presentation prohibited).
        withheld: bool,
        /// The name sent with it.
        name: Option<Name>,
        /// What was dialled, where known yet.
        dialled: Option<Name>,
    },
    /// Numbers of a call became known. Sets `connection` or `call_id`.
    PartyKnown {
        /// The caller's number as received.
        ani: Option<Name>,
        /// Whether it is withheld.
        withheld: bool,
        /// The number that was dialled (DNIS).
        dnis: Option<Name>,
    },
    /// The connection's native call is `call_id` from now on; it was `from_call`. Sets
    /// `connection`. The connection moves; when all have moved, the calls are one.
    CallsJoined {
        /// The native call that it belonged to.
        from_call: Name,
    },
    /// A far party is being dialled from `connection` (not from a queue).
    Dialling {
        /// The connection of the dialled party.
        to: Name,
        /// The number or device dialled.
        dialled: Option<Name>,
    },
    /// Dialling (`Dialling` of the same `to`) ended.
    DialEnded {
        /// The connection of the dialled party.
        to: Option<Name>,
        /// How.
        result: DialResult,
    },
    /// `connection` entered a conversation (a bridge). `agent` where it is an agent's.
    Connected {
        /// The conversation.
        conversation: Name,
    },
    /// `connection` left a conversation.
    Disconnected {
        /// The conversation.
        conversation: Name,
    },
    /// One conversation went over into another: whoever is in `from` is in `into`.
    ConversationsMerged {
        /// The one that ends.
        from: Name,
        /// The one that goes on.
        into: Name,
    },
    /// `connection` put the other party on hold. Never for music heard while waiting.
    Held,
    /// `connection` took the other party back.
    Retrieved,
    /// An agent passed a call on. Sets `connection` (of the customer who is passed on),
    /// `agent` (who does it) where known.
    Transferred {
        /// Blind or attended.
        kind: TransferKind,
        /// The transferring party's connection.
        by: Option<Name>,
        /// The dialled target (extension or queue) as written, where one is.
        target: Option<Name>,
        /// The connection of the party transferred to (attended). Where that one waits in
        /// a queue, `connection` waits on in its place. Without `agent`, `by` and `target`
        /// it is no transfer: only that `connection` waits or talks in its place from now
        /// on (plumbing that the switch took out of the path).
        to: Option<Name>,
    },
    /// `connection` is in a conference with others.
    Conferenced {
        /// The conference.
        conference: Name,
    },
    /// `connection` ended.
    ConnectionCleared {
        /// Q.850 cause, where stated.
        cause: Option<u16>,
        /// Who began it, where stated.
        by: EndedBy,
    },
    /// Every connection of `call_id` has ended (Asterisk CEL LINKEDID_END).
    CallCleared,

    // ---- queues --------------------------------------------------------------
    /// A caller joined `queue`. Sets `connection`, `call_id`, `queue`.
    Queued {
        /// Position at the join, from 1.
        position: Option<i64>,
        /// The caller's number as received.
        ani: Option<Name>,
    },
    /// A queue offers the caller to an agent: ringing. Sets `queue`, `agent`, `connection`.
    Delivered {
        /// The agent's own connection, where stated.
        device: Option<Name>,
    },
    /// An offer ended unanswered. Sets `queue`, `agent`; `connection` where stated.
    OfferEnded {
        /// How.
        end: OfferEnd,
        /// Ring time, milliseconds, where stated.
        ring_ms: Option<i64>,
        /// The agent's own connection, where stated.
        device: Option<Name>,
    },
    /// An agent answered a queued caller. Sets `queue`, `agent`, `connection`.
    Established {
        /// Wait as the switch states it, milliseconds.
        wait_ms: Option<i64>,
        /// Ring time as the switch states it, milliseconds.
        ring_ms: Option<i64>,
        /// The agent's own connection, where stated.
        device: Option<Name>,
    },
    /// The caller left the queue unanswered for elsewhere. Sets `queue`, `connection`.
    Diverted {
        /// Why.
        reason: DivertReason,
        /// Wait as the switch states it, milliseconds.
        wait_ms: Option<i64>,
        /// Position at the join, where stated.
        entry_position: Option<i64>,
    },
    /// The caller hung up waiting. Sets `queue`, `connection`.
    Abandoned {
        /// Wait as the switch states it, milliseconds.
        wait_ms: Option<i64>,
        /// Position at the join, where stated.
        entry_position: Option<i64>,
    },
    /// A caller was refused. Sets `queue`, `connection`. No `Queued` came before it.
    Rejected {
        /// Why.
        reason: RejectReason,
    },
    /// The talk of an answered visit ended, as its queue tells it. Sets `queue`, `agent`;
    /// `connection` where stated (else: the open answered visit of that agent and queue
    /// that fits the stated times).
    Released {
        /// Who ended it; `Agent` for a transfer.
        by: EndedBy,
        /// Set when it ended by a transfer.
        transferred: Option<TransferKind>,
        /// Wait as the switch states it, milliseconds.
        wait_ms: Option<i64>,
        /// Talk as the switch states it, milliseconds.
        talk_ms: Option<i64>,
        /// Position at the join, where stated.
        entry_position: Option<i64>,
    },
    /// The queue's own service-level threshold. Sets `queue`.
    QueueConfigured {
        /// T, milliseconds.
        sl_threshold_ms: i64,
    },

    // ---- agents --------------------------------------------------------------
    /// An agent logged on. `queue` is set for `Member`. From a list answer (`listed`) it
    /// only fills in what no earlier event said.
    AgentLoggedOn {
        /// How.
        kind: LogonKind,
        /// Came from a list answer.
        listed: bool,
    },
    /// An agent logged off.
    AgentLoggedOff {
        /// How they were logged on.
        kind: LogonKind,
        /// Length of the session as the switch states it, milliseconds.
        stated_ms: Option<i64>,
    },
    /// Paused; `queue` `None`: in every queue. While paused: the reason changed.
    AgentNotReady {
        /// The reason code.
        reason: Option<Name>,
        /// Came from a list answer.
        listed: bool,
    },
    /// No longer paused; `queue` `None`: in every queue.
    AgentReady {
        /// Came from a list answer.
        listed: bool,
    },
    /// After-call work of the stated length began.
    AgentWorkingAfterCall {
        /// Length, milliseconds, where stated.
        stated_ms: Option<i64>,
    },
    /// An interface's name became known: `agent` is the name.
    AgentKnown {
        /// The interface as the switch writes it.
        interface: Name,
    },

    // ---- IVR -----------------------------------------------------------------
    /// The IVR collected something. Sets `connection` or `call_id`.
    DataCollected {
        /// What the switch calls the collection (`AccountEntered`).
        name: Name,
        /// Names and values, already masked.
        values: Vec<(Name, Name)>,
    },
    /// A menu choice. Sets `connection`.
    MenuChosen {
        /// The digit.
        digit: Name,
        /// The menu, where known.
        menu: Option<Name>,
    },

    // ---- recordings ----------------------------------------------------------
    /// Recording of `connection` was announced. Sets `call_id`.
    RecordingStarted {
        /// The path as announced; unique with the position.
        path: Option<Name>,
    },
    /// Recording of `connection` (or of its call) is suspended.
    RecordingSuspended,
    /// … and goes on.
    RecordingResumed,
    /// Recording of `connection` ended (or its connection did).
    RecordingStopped,

    // ---- adapters ------------------------------------------------------------
    /// A record was shown to the agent.
    ScreenPopped {
        /// What was shown.
        record: Option<Name>,
    },
    /// The agent's comment.
    NoteSaved {
        /// The text, masked.
        text: String,
    },
    /// The agent's disposition.
    DispositionSet {
        /// Its code.
        disposition: Name,
    },
    /// A call was started from a screen.
    ClickToDial {
        /// The number.
        number: Name,
    },
    /// The caller asked to be called back. Sets `connection` or `call_id`.
    CallbackRequested {
        /// The number to call.
        number: Option<Name>,
        /// From an adapter that took the caller out of the queue.
        leaves_queue: bool,
    },

    // ---- sources -------------------------------------------------------------
    /// The switch (or its queue application) started anew: what was up is gone.
    SourceStarted,
    /// Nothing was heard from the source between the two instants.
    SourceGap {
        /// From.
        from: Instant,
        /// To.
        to: Instant,
    },
    /// An act of ours (roster, settings, recording outcome, CRM, end of input).
    Acted(Box<Act>),
    /// A record that tells nothing of calls, queues or agents' times, or of a kind that the
    /// decoder does not know; kept and counted.
    Unrecognized {
        /// Its name as written.
        name: Name,
    },
}

impl Body {
    /// The word of the vocabulary for it: `type` in the `events` table.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Originated { .. } => "Originated",
            Self::PartyKnown { .. } => "PartyKnown",
            Self::CallsJoined { .. } => "CallsJoined",
            Self::Dialling { .. } => "Dialling",
            Self::DialEnded { .. } => "DialEnded",
            Self::Connected { .. } => "Connected",
            Self::Disconnected { .. } => "Disconnected",
            Self::ConversationsMerged { .. } => "ConversationsMerged",
            Self::Held => "Held",
            Self::Retrieved => "Retrieved",
            Self::Transferred { .. } => "Transferred",
            Self::Conferenced { .. } => "Conferenced",
            Self::ConnectionCleared { .. } => "ConnectionCleared",
            Self::CallCleared => "CallCleared",
            Self::Queued { .. } => "Queued",
            Self::Delivered { .. } => "Delivered",
            Self::OfferEnded { .. } => "OfferEnded",
            Self::Established { .. } => "Established",
            Self::Diverted { .. } => "Diverted",
            Self::Abandoned { .. } => "Abandoned",
            Self::Rejected { .. } => "Rejected",
            Self::Released { .. } => "Released",
            Self::QueueConfigured { .. } => "QueueConfigured",
            Self::AgentLoggedOn { .. } => "AgentLoggedOn",
            Self::AgentLoggedOff { .. } => "AgentLoggedOff",
            Self::AgentNotReady { .. } => "AgentNotReady",
            Self::AgentReady { .. } => "AgentReady",
            Self::AgentWorkingAfterCall { .. } => "AgentWorkingAfterCall",
            Self::AgentKnown { .. } => "AgentKnown",
            Self::DataCollected { .. } => "DataCollected",
            Self::MenuChosen { .. } => "MenuChosen",
            Self::RecordingStarted { .. } => "RecordingStarted",
            Self::RecordingSuspended => "RecordingSuspended",
            Self::RecordingResumed => "RecordingResumed",
            Self::RecordingStopped => "RecordingStopped",
            Self::ScreenPopped { .. } => "ScreenPopped",
            Self::NoteSaved { .. } => "NoteSaved",
            Self::DispositionSet { .. } => "DispositionSet",
            Self::ClickToDial { .. } => "ClickToDial",
            Self::CallbackRequested { .. } => "CallbackRequested",
            Self::SourceStarted => "SourceStarted",
            Self::SourceGap { .. } => "SourceGap",
            Self::Acted(_) => "Acted",
            Self::Unrecognized { .. } => "Unrecognized",
        }
    }
}
