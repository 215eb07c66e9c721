//! Channels: how they come, change their call, and go.

use model::event::{Body, DeviceKind, EndedBy};
use model::{Instant, Name};

use super::fields::Fields;
use super::names::{device_of, interface_of, is_plumbing, unescape};
use super::state::{Channel, Gone, State};
use crate::emit::{Emit, Whom, withheld};

/// For how long, in milliseconds, a request to hang up explains the end of others.
const REQUEST_EXPLAINS_MS: i64 = 2_000;

impl State {
    /// The channel that the headers `<prefix>Uniqueid`, … tell of. One that is met for
    /// the first time is originated, one whose Linkedid has changed joins another call.
    /// `None` where no channel is named.
    pub fn touch(&mut self, prefix: &str, fields: &Fields<'_>, emit: &mut Emit<'_>) -> Option<Name> {
        let uid = fields.name_of(prefix, "Uniqueid")?;
        let call = fields.name_of(prefix, "Linkedid").unwrap_or_else(|| uid.clone());
        if let Some(channel) = self.channels.get_mut(&uid) {
            // Only an event of the channel itself is up to date: snapshots beside it (of
            // transfers, dialling) may still show the call that it has left.
            if prefix.is_empty() && channel.call != call {
                let from_call = std::mem::replace(&mut channel.call, call);
                emit.push(&self.whom(&uid), Body::CallsJoined { from_call });
            }
        } else if !self.gone.contains_key(&uid) {
            self.originate(&uid, call, prefix, fields, emit.now(), emit);
        }
        Some(uid)
    }

    /// A channel is met for the first time.
    pub fn originate(
        &mut self,
        uid: &Name,
        call: Name,
        prefix: &str,
        fields: &Fields<'_>,
        at: Instant,
        emit: &mut Emit<'_>,
    ) {
        let name = fields.name_of(prefix, "Channel").unwrap_or_default();
        let number = fields.name_of(prefix, "CallerIDNum");
        let device = self.device(&name, number.as_deref());
        let dialled = fields.name_of(prefix, "Exten").filter(|e| e != "s" && device != DeviceKind::Internal);
        let is_withheld = number.as_deref().is_some_and(withheld);
        let channel = Channel {
            agent: self.agent_of(&name),
            call,
            since: emit.now(),
            device: Some(device),
            number: number.clone(),
            withheld: is_withheld,
            ..Channel::default()
        };
        self.channels.insert(uid.clone(), Box::new(channel));
        let party = fields.name_of(prefix, "CallerIDName").map(|n| unescape(&n));
        let body = Body::Originated { device, number, withheld: is_withheld, name: party, dialled };
        emit.push_at(at, &self.whom(uid), body);
    }

    /// What stands at the far end of a channel.
    fn device(&mut self, channel: &str, number: Option<&str>) -> DeviceKind {
        let interface = interface_of(channel);
        if is_plumbing(channel) {
            return DeviceKind::Internal;
        }
        if self.agents.contains_key(interface) {
            return DeviceKind::Station;
        }
        match device_of(channel, number) {
            DeviceKind::Unknown => self.devices.get(interface).copied().unwrap_or(DeviceKind::Unknown),
            told => *self.devices.entry(interface.into()).or_insert(told),
        }
    }

    /// The agent whose device it is. Only the first half of a Local channel is a
    /// member's device, the second is the dial plan behind it.
    fn agent_of(&self, channel: &str) -> Option<Name> {
        if channel.ends_with(";2") {
            return None;
        }
        self.agents.get(interface_of(channel)).cloned()
    }

    /// `NewCallerid`: the number is (or is no longer) what it was at the start.
    pub fn caller_id_known(&mut self, fields: &Fields<'_>, emit: &mut Emit<'_>) {
        let Some(uid) = self.touch("", fields, emit) else { return };
        let number = fields.name("CallerIDNum");
        let prohibited = fields.get("CID-CallingPres").is_some_and(|p| p.contains("Prohibited"));
        let is_withheld = prohibited || number.as_deref().is_some_and(withheld);
        let Some(channel) = self.channels.get_mut(&uid) else { return };
        if channel.device == Some(DeviceKind::Internal) {
            let call = channel.call.clone();
            if prohibited {
                self.caller_withheld(&call, number.as_ref(), emit);
            }
            return;
        }
        if channel.number == number && channel.withheld == is_withheld {
            return;
        }
        (channel.number, channel.withheld) = (number.clone(), is_withheld);
        emit.push(&self.whom(&uid), Body::PartyKnown { ani: number, withheld: is_withheld, dnis: None });
    }

    /// The switch passes the caller's number on as a withheld one. Of the caller's own
    /// channel AMI tells the number alone, whatever its presentation.
    fn caller_withheld(&mut self, call: &Name, number: Option<&Name>, emit: &mut Emit<'_>) {
        let Some(caller) = self.channels.get_mut(call) else { return };
        if caller.withheld || caller.device == Some(DeviceKind::Internal) || caller.number.as_ref() != number {
            return;
        }
        caller.withheld = true;
        emit.push(&self.whom(call), Body::PartyKnown { ani: None, withheld: true, dnis: None });
    }

    /// `HangupRequest`: the far end has hung up; whoever is in the call ends through it.
    /// (A member's telephone that refuses the offer ends nobody else: the caller waits on.)
    pub fn hang_up_asked(&mut self, fields: &Fields<'_>, emit: &mut Emit<'_>) {
        let Some(uid) = self.touch("", fields, emit) else { return };
        let Some(channel) = self.channels.get(&uid) else { return };
        let by = match (&channel.agent, channel.device) {
            // Plumbing only passes on what some party has asked for.
            (_, Some(DeviceKind::Internal)) => return,
            (Some(_), _) | (None, Some(DeviceKind::Station)) => EndedBy::Agent,
            (None, Some(DeviceKind::Trunk)) => EndedBy::Caller,
            _ => EndedBy::Unknown,
        };
        let (call, conversation) = (channel.call.clone(), channel.conversation.clone());
        let by = if by == EndedBy::Caller && self.is_third_party(&uid, &call) { EndedBy::Unknown } else { by };
        let refuses = self.rings_for_a_queue(&uid, &call);
        if let Some(channel) = self.channels.get_mut(&uid) {
            channel.asked = Some(by);
        }
        if refuses {
            return;
        }
        let circle = self.linked_by_plumbing(conversation);
        for other in self.channels.values_mut() {
            let together = other.call == call || other.conversation.as_ref().is_some_and(|c| circle.contains(c));
            if together && other.ended.as_ref().is_none_or(|e| emit.now().millis_since(e.0) > REQUEST_EXPLAINS_MS) {
                other.ended = Some(Box::new((emit.now(), by)));
            }
        }
    }

    /// Whether a line leads to somebody else than the customer: another line began the
    /// call, and this one was dialled from it (a transfer to the outside).
    fn is_third_party(&self, uid: &Name, call: &Name) -> bool {
        uid != call && self.channels.get(call).is_some_and(|first| first.device == Some(DeviceKind::Trunk))
    }

    /// `SoftHangupRequest`: the switch ends the channel.
    pub fn soft_hang_up_asked(&mut self, fields: &Fields<'_>, emit: &mut Emit<'_>) {
        if let Some(uid) = self.touch("", fields, emit)
            && let Some(channel) = self.channels.get_mut(&uid)
        {
            channel.soft = true;
        }
    }

    /// `Hangup`.
    pub fn hung_up(&mut self, fields: &Fields<'_>, emit: &mut Emit<'_>) {
        let Some(uid) = fields.name("Uniqueid") else { return };
        let cause = fields.whole("Cause").and_then(|c| u16::try_from(c).ok());
        if !self.channels.contains_key(&uid) {
            if !self.gone.contains_key(&uid) {
                let whom = Whom { call_id: fields.name("Linkedid"), connection: Some(uid), ..Whom::default() };
                emit.push(&whom, Body::ConnectionCleared { cause, by: EndedBy::Unknown });
            }
            return;
        }
        self.touch("", fields, emit);
        self.clear(&uid, cause, emit);
    }

    /// Settles all that a channel still held back, then forgets it.
    pub fn clear(&mut self, uid: &Name, cause: Option<u16>, emit: &mut Emit<'_>) {
        self.settle_ended(uid, emit);
        self.recordings_end(uid, emit);
        self.offer_device_gone(uid, emit);
        let whom = self.whom(uid);
        let Some(channel) = self.channels.remove(uid) else { return };
        self.dial_cleared(&channel, uid, cause, emit);
        let by = match (channel.asked, channel.ended.as_deref().copied()) {
            // Its own party hung up: however late the switch saw to it.
            (Some(by), _) => by,
            (None, Some((at, by))) if emit.now().millis_since(at) <= REQUEST_EXPLAINS_MS => by,
            _ if channel.soft => EndedBy::System,
            _ => EndedBy::Unknown,
        };
        emit.push(&whom, Body::ConnectionCleared { cause, by });
        self.gone.insert(uid.clone(), Gone { call: channel.call });
        self.gone_order.push_back((emit.now(), uid.clone()));
        let open = &self.channels;
        for talk in self.talks.iter_mut().filter(|t| t.caller == *uid || t.device.as_ref() == Some(uid)) {
            let other = open.contains_key(&talk.caller) || talk.device.as_ref().is_some_and(|d| open.contains_key(d));
            talk.cleared = (!other).then_some(emit.now());
        }
    }

    /// `LocalBridge`: the two halves of a Local channel; the agent stands behind both.
    pub fn local_halves(&mut self, fields: &Fields<'_>, emit: &mut Emit<'_>) {
        let one = self.touch("LocalOne", fields, emit);
        let two = self.touch("LocalTwo", fields, emit);
        let (Some(one), Some(two)) = (one, two) else { return };
        if let Some(c) = self.channels.get_mut(&one) {
            c.pair = Some(Box::new(two.clone()));
        }
        if let Some(c) = self.channels.get_mut(&two) {
            c.pair = Some(Box::new(one));
        }
    }

    /// `FullyBooted` is sent at every login. Only a switch that booted after what is
    /// known of it has lost its calls.
    pub fn fully_booted(&mut self, fields: &Fields<'_>, emit: &mut Emit<'_>) {
        self.expect_lists(emit.now());
        let Some(uptime) = fields.whole("Uptime") else { return };
        let booted = emit.now().plus_millis(-uptime.saturating_mul(1000));
        let before = self.booted.replace(booted).or(self.first);
        // Uptime is in whole seconds: less than three of difference is none.
        if before.is_some_and(|b| booted.millis_since(b) > 3_000) {
            self.start_anew(emit);
            self.booted = Some(booted);
        }
    }

    /// The switch ends or has started anew: what was up is gone.
    pub fn start_anew(&mut self, emit: &mut Emit<'_>) {
        self.settle_all(emit);
        let mut kept = std::mem::take(self);
        self.booted = kept.booted.take();
        self.first = kept.first.take();
        (self.now, self.stamped) = (kept.now, kept.stamped);
        self.sees_variables = kept.sees_variables;
        self.believed = kept.believed;
        self.agents = kept.agents;
        self.devices = kept.devices;
        emit.push(&Whom::default(), Body::SourceStarted);
    }
}
