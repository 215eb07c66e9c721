//! Callers' stays in queues: join, answer, end of wait, end of talk.

use model::event::{Body, DeviceKind, DivertReason, EndedBy, TransferKind};
use model::{Instant, Name};

use super::decoder::Step;
use super::state::{LastStay, Stay, Talk};
use crate::emit::{Whom, seconds_to_ms};

/// A stay that ended this soon after its application began, with nothing heard, was none:
/// the queue refused the caller.
const REFUSED_MS: i64 = 50;
/// A key takes effect at the latest when the announcement that it interrupts has ended.
const KEY_MS: i64 = 3000;
/// Asterisk counts waits in whole seconds.
const SECOND_MS: i64 = 1000;

impl Step<'_, '_> {
    pub fn queue_whom(&self, caller: &Name, queue: &Name, agent: Option<Name>) -> Whom {
        Whom { queue: Some(queue.clone()), agent, ..self.whom(caller) }
    }

    /// Opens a stay where the row says that the caller is in a queue and none is open.
    pub fn joined_if_queue(&mut self) {
        let row = self.row;
        let (true, Some(queue)) = (row.in_queue(), row.queue()) else { return };
        self.talk_left();
        let Some(channel) = self.state.channels.get_mut(&self.id) else { return };
        if channel.stay.is_some() || channel.bridge.is_some() {
            return;
        }
        let mut arguments = row.app_data.split([',', '|']).skip(1);
        let leaves_early = arguments.next().is_some_and(|options| options.contains('n'));
        let timeout_ms = arguments.nth(2).and_then(seconds_to_ms).filter(|ms| *ms > 0);
        channel.stay = Some(Stay {
            queue,
            joined: self.at,
            announced: false,
            place: Some((row.context.as_str().into(), row.exten.as_str().into())),
            timeout_ms,
            leaves_early,
            silent_since: None,
            key_at: None,
            music: false,
            talk: None,
        });
    }

    /// The caller was taken out of the talk (redirected) and is in a queue elsewhere in the
    /// dial plan.
    fn talk_left(&mut self) {
        let elsewhere = |(context, exten): &(Name, Name)| *context != self.row.context || *exten != self.row.exten;
        let left = |s: &Stay| s.talk.is_some() && s.place.as_ref().is_some_and(elsewhere);
        let channel = self.state.channels.get(&self.id).filter(|c| c.bridge.is_none());
        if channel.and_then(|c| c.stay.as_ref()).is_some_and(left) {
            let id = self.id.clone();
            let by = self.who_ended(&id, EndedBy::Unknown, EndedBy::Caller);
            self.end_talk(&id, by, None);
        }
    }

    /// `APP_END` of the queue, which files that log applications have: a wait ended here,
    /// why is told by what follows.
    pub fn queue_left(&mut self) {
        let (is_in, queue) = (self.row.in_queue(), self.row.queue());
        let stay = self.state.channels.get_mut(&self.id).and_then(|c| c.stay.as_mut());
        if let Some(stay) = stay.filter(|s| is_in && s.talk.is_none() && Some(&s.queue) == queue.as_ref()) {
            stay.silent_since = Some(self.at);
        }
    }

    /// Sends `Queued` of a stay, once, as of its join.
    pub fn announce(&mut self, caller: &Name) {
        let Some(channel) = self.state.channels.get_mut(caller) else { return };
        let Some(stay) = channel.stay.as_mut().filter(|s| !s.announced) else { return };
        stay.announced = true;
        let (queue, joined) = (stay.queue.clone(), stay.joined);
        let whom = self.queue_whom(caller, &queue, None);
        self.emit.push_at(joined, &whom, Body::Queued { position: None, ani: None });
    }

    /// The waiting caller's row shows that it is no longer in its queue.
    pub fn leave_if_gone(&mut self) {
        let row = self.row;
        let Some(stay) = self.state.channels.get(&self.id).and_then(|c| c.stay.as_ref()) else { return };
        if stay.talk.is_some() || matches!(row.event.as_str(), "HANGUP" | "CHAN_END" | "LINKEDID_END" | "BRIDGE_EXIT") {
            return;
        }
        // The hang-up extension runs before the row of the hang-up, which says who it was.
        if row.exten == "h" {
            return;
        }
        let inside = row.in_queue() && row.queue().as_ref() == Some(&stay.queue);
        let Some(place) = &stay.place else { return self.placed(inside) };
        let moved = place.0 != row.context || place.1 != row.exten;
        let again = inside && row.event == "APP_START" && self.at != stay.joined || inside && self.rejoined(stay);
        if inside && !moved && !again {
            return;
        }
        let since = if inside && !again { None } else { stay.silent_since };
        let left = since.unwrap_or(self.at);
        let key = moved && (inside || self.by_key(stay, left));
        let reason = if key { DivertReason::Key } else { reason(stay, left) };
        self.end_wait(left, Some(reason));
    }

    /// The caller took over this stay: the first row inside tells where in the dial plan.
    fn placed(&mut self, inside: bool) {
        let place = Some((self.row.context.as_str().into(), self.row.exten.as_str().into()));
        let stay = self.state.channels.get_mut(&self.id).and_then(|c| c.stay.as_mut());
        if let Some(stay) = stay.filter(|_| inside) {
            stay.place = place;
        }
    }

    /// The dial plan went on at an extension of digits that the caller can have pressed.
    fn by_key(&self, stay: &Stay, left: Instant) -> bool {
        let exten = self.row.exten.as_bytes();
        let pressable = (1..=4).contains(&exten.len()) && exten.iter().all(|b| b.is_ascii_digit() || b"*#".contains(b));
        let pressed = stay.key_at.is_some_and(|t| left.millis_since(t).abs() <= KEY_MS);
        pressable && (pressed || exten.len() == 1)
    }

    /// A digit was received from a waiting caller.
    pub fn pressed(&mut self) {
        let received = !self.row.user_type.eq_ignore_ascii_case("Sent");
        if let Some(stay) = self.state.channels.get_mut(&self.id).and_then(|c| c.stay.as_mut()).filter(|_| received) {
            stay.key_at = Some(self.at);
        }
    }

    /// Music straight after music, once the time is up: the dial plan put the caller into
    /// the same queue again.
    fn rejoined(&self, stay: &Stay) -> bool {
        let begins_music = self.row.event == "STREAM_BEGIN" && self.row.user_type.starts_with("MOH");
        let straight = stay.music && stay.silent_since.is_some_and(|t| self.at.millis_since(t) < REFUSED_MS);
        let up = stay.timeout_ms.is_some_and(|t| self.at.millis_since(stay.joined) + SECOND_MS > t);
        begins_music && straight && up
    }

    /// Ends the caller's wait: diverted, or abandoned where there is no reason.
    fn end_wait(&mut self, at: Instant, reason: Option<DivertReason>) {
        let id = self.id.clone();
        let heard = |s: &Stay| s.announced || at.millis_since(s.joined) >= REFUSED_MS;
        if !self.state.channels.get(&id).and_then(|c| c.stay.as_ref()).is_some_and(heard) {
            if let Some(channel) = self.state.channels.get_mut(&id) {
                channel.stay = None;
            }
            return;
        }
        self.announce(&id);
        let Some(channel) = self.state.channels.get_mut(&id) else { return };
        let Some(stay) = channel.stay.take() else { return };
        let takes_back = !matches!(reason, Some(DivertReason::Timeout | DivertReason::Empty));
        channel.last_stay = Some(LastStay { queue: stay.queue.clone(), joined: stay.joined, ended: at, takes_back });
        self.end_offers(&id, at, takes_back);
        let whom = self.queue_whom(&id, &stay.queue, None);
        let body = match reason {
            Some(reason) => Body::Diverted { reason, wait_ms: None, entry_position: None },
            None => Body::Abandoned { wait_ms: None, entry_position: None },
        };
        self.emit.push_at(at, &whom, body);
    }

    /// In `bridge` a waiting caller and the agent's channel met: the answer.
    pub fn answer_if_met(&mut self, bridge: &Name) {
        let members = self.state.bridges.get(bridge).cloned().unwrap_or_default();
        let waits = |id: &&Name| {
            self.state.channels.get(*id).is_some_and(|c| c.stay.as_ref().is_some_and(|s| s.talk.is_none()))
        };
        let offered = |id: &&Name| self.state.channels.get(*id).is_some_and(|c| c.offered);
        let (Some(caller), Some(device)) = (members.iter().find(waits), members.iter().find(offered)) else { return };
        self.answer(caller, device, bridge);
    }

    fn answer(&mut self, caller: &Name, device: &Name, bridge: &Name) {
        self.announce(caller);
        let Some(served) = self.state.channels.get_mut(device) else { return };
        served.serves = Some(caller.clone());
        let (agent, rang_from) = (served.interface.clone(), served.born);
        let Some(stay) = self.state.channels.get_mut(caller).and_then(|c| c.stay.as_mut()) else { return };
        stay.talk =
            Some(Talk { device: device.clone(), agent: agent.clone(), bridge: Some(bridge.clone()), first_out: None });
        let queue = stay.queue.clone();
        self.end_offers(caller, self.at, true);
        let whom = self.queue_whom(caller, &queue, Some(agent));
        self.emit.push_at(rang_from, &whom, Body::Delivered { device: Some(device.clone()) });
        self.emit.push(&whom, Body::Established { wait_ms: None, ring_ms: None, device: Some(device.clone()) });
    }

    /// Ends the talk of the caller's stay, if one is open.
    pub fn end_talk(&mut self, caller: &Name, by: EndedBy, transferred: Option<TransferKind>) {
        let Some(channel) = self.state.channels.get_mut(caller) else { return };
        if channel.stay.as_ref().is_none_or(|s| s.talk.is_none()) {
            return;
        }
        let Some(Stay { queue, joined, talk: Some(talk), .. }) = channel.stay.take() else { return };
        channel.last_stay = Some(LastStay { queue: queue.clone(), joined, ended: self.at, takes_back: true });
        let whom = self.queue_whom(caller, &queue, Some(talk.agent));
        let body = Body::Released { by, transferred, wait_ms: None, talk_ms: None, entry_position: None };
        self.emit.push(&whom, body);
    }

    /// The channel hung up: what that means for a stay, its own or its caller's.
    pub fn hang_up_ends_stay(&mut self, by: EndedBy) {
        let id = self.id.clone();
        let Some(channel) = self.state.channels.get(&id) else { return };
        if let Some(caller) = channel.serves.clone().filter(|caller| !self.handed_over(caller)) {
            let by = self.who_ended(&caller, by, EndedBy::Agent);
            self.end_talk(&caller, by, None);
        }
        if self.caller_replaced() {
            return;
        }
        match self.state.channels.get(&id).and_then(|c| c.stay.as_ref()) {
            Some(stay) if stay.talk.is_some() => {
                let by = self.who_ended(&id, by, EndedBy::Caller);
                self.end_talk(&id, by, None);
            }
            Some(stay) => {
                // The dial plan hung up: the queue had let the caller go before.
                let (at, reason) = if by == EndedBy::System {
                    let left = stay.silent_since.unwrap_or(self.at);
                    (left, Some(reason(stay, left)))
                } else {
                    (self.at, None)
                };
                self.end_wait(at, reason);
            }
            None => {}
        }
    }

    /// A Local channel between the caller and the agent's telephone was taken out of the
    /// path: the telephone serves the caller from now on.
    fn handed_over(&mut self, caller: &Name) -> bool {
        let Some(local) = self.state.channels.get(&self.id).filter(|c| c.kind == DeviceKind::Internal) else {
            return false;
        };
        let optimised = local.optimised;
        let Some(next) = self.state.other_in_bridge(caller).filter(|next| *next != self.id) else { return false };
        let Some(channel) = self.state.channels.get_mut(caller) else { return false };
        let bridge = channel.bridge.clone();
        let Some(talk) = channel.stay.as_mut().and_then(|s| s.talk.as_mut()) else { return false };
        if !optimised && talk.bridge != bridge {
            return false;
        }
        talk.bridge = bridge;
        talk.first_out = None;
        if let Some(channel) = self.state.channels.get_mut(&next) {
            channel.serves = Some(caller.clone());
        }
        true
    }

    /// The queue's caller was a Local channel that was taken out of the path (a consult by
    /// the switch's own feature): whoever has come in its place talks on.
    fn caller_replaced(&mut self) -> bool {
        let id = self.id.clone();
        let Some(local) = self.state.channels.get(&id).filter(|c| c.optimised) else { return false };
        let Some(talk) = local.stay.as_ref().and_then(|s| s.talk.as_ref()) else { return false };
        let (device, bridge) = (talk.device.clone(), talk.bridge.clone());
        let members = bridge.and_then(|b| self.state.bridges.get(&b)).cloned().unwrap_or_default();
        let mut others = members.into_iter().filter(|m| *m != device && *m != id);
        let (Some(next), None) = (others.next(), others.next()) else { return false };
        let stay = self.state.channels.get_mut(&id).and_then(|c| c.stay.take());
        if let Some(device) = self.state.channels.get_mut(&device) {
            device.serves = Some(next.clone());
        }
        if let (Some(mut stay), Some(channel)) = (stay, self.state.channels.get_mut(&next)) {
            stay.talk.iter_mut().for_each(|talk| talk.first_out = None);
            stay.place = None;
            channel.stay = Some(stay);
        }
        let whom = Whom { agent: None, ..self.whom(&next) };
        let body = Body::Transferred { kind: TransferKind::Attended, by: None, target: None, to: Some(id) };
        self.emit.push(&whom, body);
        true
    }

    /// Who ended the talk: as the hang-up says; else whoever left the conversation first
    /// just now; else the party that hung up.
    fn who_ended(&self, caller: &Name, by: EndedBy, own: EndedBy) -> EndedBy {
        if by != EndedBy::Unknown {
            return by;
        }
        let talk = self.state.channels.get(caller).and_then(|c| c.stay.as_ref()?.talk.as_ref());
        let first = talk.and_then(|t| t.first_out).filter(|(_, at)| self.at.millis_since(*at) <= SECOND_MS);
        first.map_or(own, |(by, _)| by)
    }
}

/// Why the dial plan went on: the time was up, or there was nobody left to wait for.
fn reason(stay: &Stay, left: Instant) -> DivertReason {
    let waited = left.millis_since(stay.joined);
    let up = stay.timeout_ms.is_some_and(|t| waited + SECOND_MS > t);
    if up || stay.leaves_early { DivertReason::Timeout } else { DivertReason::Empty }
}
