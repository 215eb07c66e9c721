//! The decoder: which records matter, and who reads them.
//!
//! Three quarters of a busy stream are variables, RTCP reports and device states that
//! change no figure. They are told by a look at the first bytes (and, for `VarSet` and
//! `Newexten`, at one member near the end) and cost neither parsing nor memory.

use model::decode::{DecodeError, Decoder};
use model::{Envelope, Event, Instant, Position};

use super::DIALECT;
use super::fields::{Fields, Peek, peek_event};
use super::state::State;
use crate::emit::{Emit, Whom};

/// Turns AMI messages into canonical events.
pub struct AmiDecoder {
    state: State,
    variable: Peek,
    application: Peek,
    extension: Peek,
}

impl Default for AmiDecoder {
    fn default() -> Self {
        Self {
            state: State::default(),
            variable: Peek::new(br#""Variable":""#),
            application: Peek::new(br#""Application":""#),
            extension: Peek::new(br#""Extension":""#),
        }
    }
}

/// What to do with an event of a given name.
#[derive(Clone, Copy, PartialEq)]
enum Concern {
    /// It changes nothing that is kept.
    Skip,
    /// Matters for a few variables only.
    Variable,
    /// Matters for a few applications only.
    Step,
    /// Is read.
    Read,
    /// Is not known.
    Unknown,
}

/// Known events that change no figure.
#[rustfmt::skip]
fn concern(event: &[u8]) -> Concern {
    match event {
        b"VarSet" => Concern::Variable,
        b"Newexten" => Concern::Step,
        b"CEL" | b"DeviceStateChange" | b"RTCPSent" | b"RTCPReceived" | b"Cdr" | b"MusicOnHoldStart" | b"MusicOnHoldStop"
        | b"DialState" | b"BridgeCreate" | b"BridgeDestroy" | b"DTMFBegin" | b"ContactStatus" | b"PeerStatus"
        | b"ContactStatusDetail" | b"ContactList" | b"Registry" | b"ExtensionStatus" | b"PresenceStatus" | b"PresenceStateChange"
        | b"SuccessfulAuth" | b"ChallengeSent" | b"ChallengeResponseFailed" | b"InvalidAccountID" | b"InvalidPassword"
        | b"FailedACL" | b"SessionLimit" | b"AuthMethodNotAllowed" | b"RequestBadFormat" | b"RequestNotAllowed"
        | b"RequestNotSupported" | b"UnexpectedAddress" | b"InvalidTransport" | b"LoadAverageLimit" | b"MemoryLimit"
        | b"OriginateResponse" | b"ConfbridgeStart" | b"ConfbridgeEnd"
        | b"ConfbridgeLeave" | b"ConfbridgeTalking" | b"ConfbridgeMute" | b"ConfbridgeUnmute" | b"ConfbridgeRecord"
        | b"ConfbridgeStopRecord" | b"ConfbridgeList" | b"ConfbridgeListComplete" | b"ConfbridgeListRooms"
        | b"ConfbridgeListRoomsComplete" | b"ChannelTalkingStart" | b"ChannelTalkingStop" | b"HangupHandlerPush"
        | b"HangupHandlerPop" | b"HangupHandlerRun" | b"NewAccountCode" | b"NewExten" | b"QueueSummary"
        | b"QueueSummaryComplete" | b"QueueMemberPenalty"
        | b"QueueMemberRinginuse" | b"Reload" | b"Load" | b"Unload" | b"LogChannel" | b"SIPQualifyPeerDone" | b"FaxStatus" | b"FAXStatus"
        | b"SendFAX" | b"ReceiveFAX" | b"FAXSession" | b"MessageWaiting" | b"MWIGet" | b"MWIGetComplete" | b"MCID" | b"AOC-D"
        | b"AOC-E" | b"AOC-S" | b"ParkedCall" | b"UnParkedCall" | b"ParkedCallGiveUp" | b"ParkedCallTimeOut"
        | b"ParkedCallSwap" | b"Pickup" | b"Rename" | b"Flash" | b"Wink" | b"DAHDIChannel" | b"Alarm" | b"AlarmClear"
        | b"SpanAlarm" | b"SpanAlarmClear" | b"DNDState" | b"BridgeInfoChannel" | b"BridgeInfoComplete" | b"BridgeListItem"
        | b"BridgeListComplete" | b"BridgeVideoSourceUpdate" | b"BridgeTechnologyListItem" | b"AgentsComplete"
        | b"Agents" | b"DeviceStateListComplete" | b"EndpointList" | b"EndpointListComplete" | b"ContactListComplete"
        | b"AorList" | b"AorListComplete" | b"AuthList" | b"AuthListComplete" | b"EndpointDetail" | b"EndpointDetailComplete"
        | b"AsyncAGIStart" | b"AsyncAGIExec" | b"AsyncAGIEnd" | b"AGIExecStart" | b"AGIExecEnd" | b"ChanSpyStart"
        | b"ChanSpyStop" | b"DBGetResponse" | b"DBGetComplete" | b"DBGetTreeComplete" | b"ListDialplan"
        | b"ShowDialPlanComplete" | b"QueueRule" | b"RTPAudioQoS" | b"MiniVoiceMail" | b"DeadlockStart" | b"Status"
        | b"StatusComplete" | b"MonitorStart" | b"MonitorStop" | b"Userlogin" | b"TestEvent" => Concern::Skip,
        b"Newchannel" | b"Newstate" | b"NewCallerid" | b"NewConnectedLine" | b"Hangup" | b"HangupRequest"
        | b"SoftHangupRequest" | b"DialBegin" | b"DialEnd" | b"BridgeEnter" | b"BridgeLeave" | b"BridgeMerge" | b"Hold"
        | b"Unhold" | b"BlindTransfer" | b"AttendedTransfer" | b"ConfbridgeJoin" | b"QueueCallerJoin"
        | b"QueueCallerLeave" | b"QueueCallerAbandon" | b"AgentCalled" | b"AgentConnect" | b"AgentComplete"
        | b"AgentRingNoAnswer" | b"AgentDump" | b"QueueMemberAdded" | b"QueueMemberRemoved" | b"QueueMemberPause" | b"QueueMemberPaused"
        | b"QueueMemberStatus" | b"QueueMember" | b"QueueEntry" | b"QueueParams" | b"CoreShowChannel" | b"CoreShowChannelsComplete" | b"QueueStatusComplete" | b"MixMonitorStart"
        | b"MixMonitorStop" | b"MixMonitorMute" | b"UserEvent" | b"DTMFEnd" | b"LocalBridge" | b"LocalOptimizationBegin" | b"LocalOptimizationEnd" | b"FullyBooted"
        | b"Shutdown" | b"AgentLogin" | b"AgentLogoff" => Concern::Read,
        _ => Concern::Unknown,
    }
}

impl AmiDecoder {
    /// A decoder that knows nothing of its switch yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether the record is worth reading.
    fn matters(&mut self, event: &[u8], data: &[u8]) -> bool {
        match concern(event) {
            Concern::Skip => false,
            Concern::Read | Concern::Unknown => true,
            Concern::Variable => {
                self.state.sees_variables = true;
                self.variable
                    .find(data)
                    .is_none_or(|v| matches!(v, b"QUEUESTATUS" | b"MIXMONITOR_FILENAME" | b"QUEUEWAIT"))
            }
            Concern::Step => {
                let key = self.extension.find(data).is_none_or(|e| e.len() == 1);
                key || self
                    .application
                    .find(data)
                    .is_none_or(|a| a.eq_ignore_ascii_case(b"Queue") || a.eq_ignore_ascii_case(b"QueueLog"))
            }
        }
    }

    fn read(&mut self, fields: &Fields<'_>, emit: &mut Emit<'_>) {
        let state = &mut self.state;
        state.tell_time(emit.now(), fields.get("Timestamp").is_some());
        state.settle_due(emit);
        state.forget(emit);
        let Some(event) = fields.get("Event") else { return };
        match event {
            "VarSet" => state.variable_set(fields, emit),
            "Newexten" => state.dialplan_step(fields, emit),
            _ if state.queue_event(event, fields, emit) => {}
            _ if state.channel_event(event, fields, emit) => {}
            _ if concern(event.as_bytes()) == Concern::Unknown => {
                emit.push(&Whom::default(), model::event::Body::Unrecognized { name: event.into() });
            }
            _ => {}
        }
    }
}

impl State {
    /// Events of queues and agents; `false` where it is none.
    fn queue_event(&mut self, event: &str, fields: &Fields<'_>, emit: &mut Emit<'_>) -> bool {
        match event {
            "QueueCallerJoin" => self.caller_joined(fields, emit),
            "QueueCallerLeave" => self.caller_left(fields, emit),
            "QueueCallerAbandon" => self.caller_gave_up(fields, emit),
            "AgentCalled" => self.agent_called(fields, emit),
            "AgentConnect" => self.agent_connected(fields, emit),
            "AgentComplete" => self.agent_completed(fields, emit),
            "AgentRingNoAnswer" | "AgentDump" => self.agent_did_not_answer(fields, emit),
            "QueueMemberAdded" => self.member_added(fields, emit),
            "QueueMemberRemoved" => self.member_removed(fields, emit),
            "QueueMemberPause" | "QueueMemberPaused" => self.member_paused(fields, emit),
            "QueueMemberStatus" | "QueueMember" => self.member_listed(fields, emit),
            "AgentLogin" | "AgentLogoff" => self.agent_desk(event == "AgentLogin", fields, emit),
            "QueueEntry" => self.caller_listed(fields, emit),
            "QueueParams" => self.queue_listed(fields, emit),
            "QueueStatusComplete" => self.queues_listed(emit),
            "CoreShowChannelsComplete" => self.channels_listed(emit),
            "CoreShowChannel" => self.channel_listed(fields, emit),
            _ => return false,
        }
        true
    }

    /// Events of channels, bridges and recordings; `false` where it is none.
    fn channel_event(&mut self, event: &str, fields: &Fields<'_>, emit: &mut Emit<'_>) -> bool {
        match event {
            "Newchannel" | "Newstate" | "NewConnectedLine" => drop(self.touch("", fields, emit)),
            "NewCallerid" => self.caller_id_known(fields, emit),
            "Hangup" => self.hung_up(fields, emit),
            "HangupRequest" => self.hang_up_asked(fields, emit),
            "SoftHangupRequest" => self.soft_hang_up_asked(fields, emit),
            "LocalBridge" => self.local_halves(fields, emit),
            "LocalOptimizationBegin" | "LocalOptimizationEnd" => {
                self.plumbing_taken_out(event == "LocalOptimizationEnd", fields, emit);
            }
            "DialBegin" => self.dial_began(fields, emit),
            "DialEnd" => self.dial_ended(fields, emit),
            "BridgeEnter" => self.bridge_entered(fields, emit),
            "BridgeLeave" => self.bridge_left(fields, emit),
            "BridgeMerge" => self.bridges_merged(fields, emit),
            "Hold" | "Unhold" => self.held(event == "Hold", fields, emit),
            "ConfbridgeJoin" => self.conference_joined(fields, emit),
            "BlindTransfer" => self.blind_transfer(fields, emit),
            "AttendedTransfer" => self.attended_transfer(fields, emit),
            "MixMonitorStart" => self.recording_started(fields, emit),
            "MixMonitorStop" => self.recording_stopped(fields, emit),
            "MixMonitorMute" => self.recording_muted(fields, emit),
            "UserEvent" => self.user_event(fields, emit),
            "DTMFEnd" => self.key_pressed(fields, emit),
            "FullyBooted" => self.fully_booted(fields, emit),
            "Shutdown" => self.start_anew(emit),
            _ => return false,
        }
        true
    }
}

impl Decoder for AmiDecoder {
    fn decode(&mut self, envelope: &Envelope, position: Position, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        let data = &envelope.data[..];
        if let Some(event) = peek_event(data)
            && !self.matters(event, data)
        {
            return Ok(());
        }
        let bad = |reason| DecodeError { dialect: DIALECT, reason };
        let fields = Fields::read(data).map_err(bad)?;
        // A list answer bears no time of its own: the envelope gives its predecessor's.
        self.state.believed.check(envelope.time, envelope.received).map_err(bad)?;
        self.read(&fields, &mut Emit::of(envelope, position, envelope.time, out));
        Ok(())
    }

    fn release(&mut self, at: Instant, position: Position, out: &mut Vec<Event>) {
        self.state.settle_all(&mut Emit::at(position, at, at, out));
    }

    fn snapshot(&self) -> Vec<u8> {
        postcard::to_allocvec(&self.state).unwrap_or_default()
    }

    fn restore(&mut self, bytes: &[u8]) -> Result<(), String> {
        self.state = postcard::from_bytes(bytes).map_err(|e| format!("no state of the {DIALECT} decoder: {e}"))?;
        Ok(())
    }
}
