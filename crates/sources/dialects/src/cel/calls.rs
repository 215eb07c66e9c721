//! Channels, conversations, holds, dialling, transfers.

use model::Name;
use model::event::{Body, DeviceKind, DialResult, EndedBy, TransferKind};

use super::decoder::Step;
use crate::emit::{Whom, dial_result, named};

impl Step<'_, '_> {
    /// The channel was answered. As a dialled party that is the end of dialling.
    pub fn answered(&mut self) {
        self.mark_offer();
        let id = self.id.clone();
        let Some(channel) = self.state.channels.get_mut(&id) else { return };
        channel.answered = true;
        if self.row.app.eq_ignore_ascii_case("AppDial") {
            self.dialled(&id, DialResult::Connected);
        }
    }

    /// A pair of Local channels is taken out of the path.
    pub fn optimised(&mut self) {
        for id in [Some(self.id.clone()), self.row.detail("local_two_uniqueid")].into_iter().flatten() {
            if let Some(channel) = self.state.channels.get_mut(&id) {
                channel.optimised = true;
            }
        }
    }

    /// Remembers that a queue called this channel.
    fn mark_offer(&mut self) {
        let offered = self.row.is_offer();
        if let Some(channel) = self.state.channels.get_mut(&self.id) {
            channel.offered |= offered;
        }
    }

    /// A party was dialled by the call's first channel: as of its beginning, with its end.
    fn dialled(&mut self, to: &Name, result: DialResult) {
        let Some(channel) = self.state.channels.get(to) else { return };
        let (began, by, line) = (channel.born, channel.linked.clone(), channel.kind == DeviceKind::Trunk);
        if self.state.channels.get(&by).is_some_and(|c| c.stay.is_some()) {
            // Behind a Local channel of its queue: the offer tells it.
            return;
        }
        let dialled = self.state.channels.get(&by).and_then(|c| c.dialled.clone());
        // A call that the switch began by itself (click to dial) has dialled nothing: the
        // line bears the extension, with whatever prefix the dial plan wants.
        let dialled = dialled.or_else(|| named(&self.row.exten).filter(|e| line && e != "s"));
        let whom = if by == *to { self.whom(to) } else { Whom { agent: None, ..self.whom(&by) } };
        self.emit.push_at(began, &whom, Body::Dialling { to: to.clone(), dialled });
        self.emit.push(&whom, Body::DialEnded { to: Some(to.clone()), result });
    }

    pub fn entered(&mut self) {
        self.mark_offer();
        let id = self.id.clone();
        // Before version 12 rows name no conversation: then nobody can be put together.
        let Some(bridge) = self.row.detail("bridge_id") else { return };
        if let Some(old) = self.state.channels.get(&id).and_then(|c| c.bridge.clone()) {
            self.state.leave_bridge(&old, &id);
        }
        self.state.bridges.entry(bridge.clone()).or_default().insert(id.clone());
        let fresh = self.state.channels.get(&id).is_some_and(|c| c.stay.is_none() && c.last_stay.is_none());
        if fresh {
            // No row told of the wait (versions without STREAM_BEGIN): no join is claimed.
            self.joined_if_queue();
            if let Some(stay) = self.state.channels.get_mut(&id).and_then(|c| c.stay.as_mut()) {
                stay.announced = true;
            }
        }
        if let Some(channel) = self.state.channels.get_mut(&id) {
            channel.bridge = Some(bridge.clone());
        }
        self.answer_if_met(&bridge);
        let whom = self.whom(&id);
        self.emit.push(&whom, Body::Connected { conversation: bridge.clone() });
        if self.row.app.eq_ignore_ascii_case("ConfBridge") {
            self.emit.push(&whom, Body::Conferenced { conference: bridge });
        }
    }

    pub fn left_bridge(&mut self) {
        let id = self.id.clone();
        let Some(bridge) = self.row.detail("bridge_id") else { return };
        let whom = self.whom(&id);
        self.end_hold_of(&id);
        let caller = self.state.channels.get(&id).and_then(|c| c.serves.clone());
        let by = if caller.is_some() { EndedBy::Agent } else { EndedBy::Caller };
        let stay = self.state.channels.get_mut(caller.as_ref().unwrap_or(&id)).and_then(|c| c.stay.as_mut());
        if let Some(talk) = stay.and_then(|s| s.talk.as_mut()).filter(|t| t.bridge.as_ref() == Some(&bridge)) {
            talk.first_out.get_or_insert((by, self.at));
        }
        self.state.leave_bridge(&bridge, &id);
        self.emit.push(&whom, Body::Disconnected { conversation: bridge });
    }

    /// Music for a party in a conversation with one other: the other holds it.
    pub fn stream_began(&mut self) {
        let id = self.id.clone();
        let music = self.row.user_type.starts_with("MOH") || self.row.event == "MOH_START";
        let conference = self.row.app.eq_ignore_ascii_case("ConfBridge");
        if music
            && !conference
            && let Some(holder) = self.state.other_in_bridge(&id)
        {
            if let Some(channel) = self.state.channels.get_mut(&id) {
                channel.held_by = Some(holder.clone());
            }
            let whom = self.whom(&holder);
            self.emit.push(&whom, Body::Held);
            return;
        }
        self.joined_if_queue();
        if self.row.in_queue() {
            self.announce(&id);
            if let Some(stay) = self.state.channels.get_mut(&id).and_then(|c| c.stay.as_mut()) {
                stay.music = music;
            }
        }
    }

    pub fn stream_ended(&mut self) {
        let id = self.id.clone();
        if self.row.user_type.starts_with("MOH") || self.row.event == "MOH_STOP" {
            let holder = self.state.channels.get_mut(&id).and_then(|c| c.held_by.take());
            if let Some(holder) = holder {
                let whom = self.whom(&holder);
                self.emit.push(&whom, Body::Retrieved);
            }
        }
        if let Some(stay) = self.state.channels.get_mut(&id).and_then(|c| c.stay.as_mut()) {
            stay.silent_since = Some(self.at);
        }
    }

    /// The hold of a channel that leaves its conversation ends with it. (One whose holder
    /// leaves, to consult on the same channel, lasts until its music ends.)
    fn end_hold_of(&mut self, id: &Name) {
        let holder = self.state.channels.get_mut(id).and_then(|c| c.held_by.take());
        if let Some(holder) = holder {
            let whom = self.whom(&holder);
            self.emit.push(&whom, Body::Retrieved);
        }
    }

    /// Holds by or of a channel end with it.
    fn end_holds(&mut self, id: &Name) {
        self.end_hold_of(id);
        let held: Vec<Name> = (self.state.channels.iter())
            .filter(|(_, c)| c.held_by.as_ref() == Some(id))
            .map(|(held, _)| held.clone())
            .collect();
        for held in held {
            self.end_hold_of(&held);
        }
    }

    pub fn blind_transfer(&mut self) {
        let target = self.row.detail("extension");
        let moved = self.row.detail("transferee_channel_uniqueid").map(|id| self.behind_local(id));
        self.transfer(TransferKind::Blind, self.row.detail("bridge_id"), target, (moved, None));
    }

    /// Where the transferring party's second call was still in an application, the
    /// transferred one takes that over: in a queue it waits on there.
    pub fn attended_transfer(&mut self) {
        let app = self.row.detail("app");
        let waiting = app.as_ref().and_then(|_| self.row.detail("channel2_uniqueid"));
        let party =
            self.row.detail("transfer_target_channel_uniqueid").filter(|id| self.state.channels.contains_key(id));
        let to = party.map(|id| self.behind_local(id)).or_else(|| waiting.clone());
        let passed_on = self.row.detail("transferee_channel_uniqueid");
        let stay = waiting.as_ref().and_then(|w| self.state.channels.get(w)).and_then(|c| c.stay.as_ref());
        let Some(queue) = stay.filter(|s| s.talk.is_none()).map(|s| s.queue.clone()) else {
            let moved = passed_on.map(|id| self.behind_local(id));
            return self.transfer(TransferKind::Attended, self.row.detail("bridge1_id"), app, (moved, to));
        };
        // The very channel that was passed on waits there, plumbing or not.
        waiting.iter().for_each(|waiting| self.announce(waiting));
        let parties = (passed_on.clone(), to);
        self.transfer(TransferKind::Attended, self.row.detail("bridge1_id"), Some(queue), parties);
        if let (Some(waiting), Some(passed_on)) = (waiting, passed_on) {
            self.place_taken(&waiting, &passed_on);
        }
    }

    fn place_taken(&mut self, waiting: &Name, customer: &Name) {
        if waiting == customer || !self.state.channels.contains_key(customer) {
            return;
        }
        let Some(from) = self.state.channels.get_mut(waiting) else { return };
        let Some(mut stay) = from.stay.take_if(|s| s.talk.is_none()) else { return };
        stay.place = None;
        if let Some(channel) = self.state.channels.get_mut(customer) {
            channel.stay = Some(stay);
        }
    }

    fn transfer(
        &mut self,
        kind: TransferKind,
        bridge: Option<Name>,
        target: Option<Name>,
        (moved, to): (Option<Name>, Option<Name>),
    ) {
        let by = self.id.clone();
        let Some(channel) = self.state.channels.get(&by) else { return };
        let agent = (channel.serves.is_some() || channel.kind == DeviceKind::Station)
            .then(|| super::devices::interface(&channel.name));
        let call_id = Some(channel.linked.clone());
        let whom = Whom { call_id, connection: moved, queue: None, agent };
        self.emit.push(&whom, Body::Transferred { kind, by: Some(by.clone()), target, to });
        let talks_there = |talk: &super::state::Talk| match (&bridge, &talk.bridge) {
            (Some(bridge), Some(own)) => bridge == own,
            _ => talk.device == by,
        };
        let caller = (self.state.channels.iter())
            .find(|(_, c)| c.stay.as_ref().and_then(|s| s.talk.as_ref()).is_some_and(talks_there))
            .map(|(id, _)| id.clone());
        if let Some(caller) = caller {
            self.end_talk(&caller, EndedBy::Agent, Some(kind));
        }
    }

    /// The party at the other side of a Local channel, where the transferred one is such.
    fn behind_local(&self, id: Name) -> Name {
        let Some(name) = self.state.channels.get(&id).map(|c| c.name.clone()) else { return id };
        let twin = match (name.strip_suffix(";1"), name.strip_suffix(";2")) {
            (Some(stem), _) => format!("{stem};2"),
            (_, Some(stem)) => format!("{stem};1"),
            _ => return id,
        };
        let other = self.state.by_name.get(twin.as_str()).and_then(|twin| self.state.other_in_bridge(twin));
        other.unwrap_or(id)
    }

    pub fn hung_up(&mut self) {
        self.mark_offer();
        let id = self.id.clone();
        let cause = self.row.extra.get("hangupcause").and_then(serde_json::Value::as_u64);
        let cause = cause.and_then(|c| u16::try_from(c).ok()).filter(|c| *c != 0);
        let by = self.hangup_source();
        let Some(channel) = self.state.channels.get(&id) else { return };
        let (offered, answered) = (channel.offered, channel.answered);
        if offered {
            self.offer_ended();
        }
        if self.row.app.eq_ignore_ascii_case("AppDial") && !answered {
            self.dialled(&id, dial_result(cause));
        }
        self.hang_up_ends_stay(by);
        self.end_holds(&id);
        let whom = self.whom(&id);
        self.emit.push(&whom, Body::ConnectionCleared { cause, by });
        if let Some(channel) = self.state.channels.get_mut(&id) {
            channel.cleared = true;
        }
    }

    pub fn ended(&mut self) {
        let id = self.id.clone();
        if self.state.channels.get(&id).is_some_and(|c| !c.cleared) {
            self.hung_up();
        }
        self.state.remove(&id);
    }

    /// Who began the hang-up: the party of the channel that it names, or the dial plan.
    fn hangup_source(&self) -> EndedBy {
        let Some(source) = self.row.detail("hangupsource") else { return EndedBy::Unknown };
        if source.starts_with("dialplan") {
            return EndedBy::System;
        }
        let of = |id: &Name| self.state.channels.get(id);
        let Some((id, channel)) = self.state.by_name.get(&source).and_then(|id| Some((id, of(id)?))) else {
            return by_kind(super::devices::kind(&source, ""));
        };
        let began_by_line = *id != channel.linked && of(&channel.linked).is_some_and(|c| c.kind == DeviceKind::Trunk);
        match channel {
            // Somebody whom an agent passed the customer on to, outside.
            c if began_by_line && c.kind == DeviceKind::Trunk => EndedBy::Unknown,
            c if c.serves.is_some() || c.offered => EndedBy::Agent,
            c if c.stay.is_some() || c.last_stay.is_some() => EndedBy::Caller,
            c => by_kind(c.kind),
        }
    }
}

fn by_kind(kind: DeviceKind) -> EndedBy {
    match kind {
        DeviceKind::Trunk => EndedBy::Caller,
        DeviceKind::Station => EndedBy::Agent,
        DeviceKind::Internal | DeviceKind::Unknown => EndedBy::Unknown,
    }
}
