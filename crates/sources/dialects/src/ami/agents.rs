//! Offers to agents and what becomes of them.
//!
//! Units differ: `AgentConnect` gives `HoldTime` and `RingTime` in seconds,
//! `AgentRingNoAnswer` gives `RingTime` in milliseconds (seconds in older versions, told
//! by the time that has really passed).

use model::event::{Body, DeviceKind, EndedBy, LogonKind, OfferEnd, TransferKind};
use model::{Instant, Name};

use super::fields::Fields;
use super::state::{Offer, State, Talk};
use crate::emit::{Emit, Whom};

/// How far the end of a talk that bears another caller's name may be from what its stated
/// times say, milliseconds: they are whole seconds.
const NAME_LENT_MS: i64 = 1_500;

impl State {
    /// `AgentCalled`: the queue rings a member.
    pub fn agent_called(&mut self, fields: &Fields<'_>, emit: &mut Emit<'_>) {
        let caller = self.touch("", fields, emit);
        let (agent, _) = self.member(fields, emit);
        let device = self.touch("Dest", fields, emit);
        let (Some(caller), Some(queue), Some(agent)) = (caller, fields.name("Queue"), agent) else { return };
        if let Some(device) = &device {
            if let Some(channel) = self.channels.get_mut(device) {
                channel.agent = Some(agent.clone());
            }
            let offer = Offer {
                caller: caller.clone(),
                queue: queue.clone(),
                agent: agent.clone(),
                at: emit.now(),
                answered: false,
                cleared: None,
            };
            self.offers.insert(device.clone(), offer);
        }
        emit.push(&self.caller(&caller, &queue, Some(agent)), Body::Delivered { device });
    }

    /// `AgentConnect`: the agent answered.
    pub fn agent_connected(&mut self, fields: &Fields<'_>, emit: &mut Emit<'_>) {
        let caller = self.touch("", fields, emit);
        let (agent, interface) = self.member(fields, emit);
        let device = self.touch("Dest", fields, emit);
        let (Some(caller), Some(queue), Some(agent)) = (caller, fields.name("Queue"), agent) else { return };
        self.settle_answered(&caller, &queue, emit);
        if let Some(device) = &device {
            self.offers.remove(device);
            if let Some(channel) = self.channels.get_mut(device) {
                channel.agent = Some(agent.clone());
            }
        }
        let whom = self.caller(&caller, &queue, Some(agent.clone()));
        let wait_ms = fields.seconds("HoldTime");
        self.talks.push(Talk {
            caller,
            call: whom.call_id.clone().unwrap_or_default(),
            queue,
            agent,
            interface: interface.unwrap_or_default(),
            device: device.clone(),
            at: emit.now(),
            wait_ms,
            transfer: None,
            cleared: None,
            told: false,
        });
        emit.push(&whom, Body::Established { wait_ms, ring_ms: fields.seconds("RingTime"), device });
    }

    /// `AgentComplete`: the talk has ended for the queue. Where both channels are gone it
    /// names neither; then queue, member and times find the visit. It may come twice of one
    /// talk: the consulting agent has hung up (`caller`), and the transfer is done
    /// (`transfer`; both handlers of `queue_stasis_data` in `app_queue.c` had been called).
    pub fn agent_completed(&mut self, fields: &Fields<'_>, emit: &mut Emit<'_>) {
        let caller = fields.name("Uniqueid");
        let (agent, interface) = self.member(fields, emit);
        let Some(queue) = fields.name("Queue") else { return };
        let (wait_ms, talk_ms) = (fields.seconds("HoldTime"), fields.seconds("TalkTime"));
        let member = (&queue, agent.as_ref(), interface.as_ref());
        let talk = self.talk_ended(member, caller.as_ref(), (wait_ms, talk_ms), emit.now());
        let (by, transferred) = match fields.get("Reason") {
            Some("caller") => (EndedBy::Caller, None),
            Some("agent") => (EndedBy::Agent, None),
            Some("transfer") => {
                (EndedBy::Agent, Some(talk.as_ref().and_then(|t| t.transfer).unwrap_or(TransferKind::Blind)))
            }
            _ => (EndedBy::Unknown, None),
        };
        let call_id = talk.as_ref().map(|t| t.call.clone()).or_else(|| fields.name("Linkedid"));
        let connection = talk.as_ref().map(|t| t.caller.clone()).or(caller);
        let call_id = connection.as_ref().and_then(|c| self.whom(c).call_id).or(call_id);
        let agent = talk.map(|t| t.agent).or(agent);
        let whom = Whom { call_id, connection, queue: Some(queue), agent };
        emit.push(&whom, Body::Released { by, transferred, wait_ms, talk_ms, entry_position: None });
    }

    /// The talk whose end is told now, with its stated wait and length.
    fn talk_ended(
        &mut self,
        (queue, agent, interface): (&Name, Option<&Name>, Option<&Name>),
        caller: Option<&Name>,
        (wait_ms, talk_ms): (Option<i64>, Option<i64>),
        now: Instant,
    ) -> Option<Talk> {
        let fits = |t: &Talk| t.queue == *queue && (interface == Some(&t.interface) || agent == Some(&t.agent));
        let own = |t: &Talk| caller.is_none_or(|c| *c == t.caller);
        // How far the end that the times tell is from this record.
        let off = |t: &Talk| {
            let expected = t.at.plus_millis(talk_ms.unwrap_or(0));
            (t.told, wait_ms != t.wait_ms, now.millis_since(expected).abs())
        };
        // A consult in the same queue may lend its name to the end of the customer's talk
        // (the two channels change places at that moment): the stated times still tell.
        let exact = |t: &Talk| matches!(off(t), (false, false, ms) if ms <= NAME_LENT_MS);
        let of_caller = self.talks.iter().any(|t| fits(t) && own(t));
        let wanted = |t: &Talk| fits(t) && if of_caller { own(t) } else { exact(t) };
        self.talks.iter_mut().filter(|t| wanted(t)).min_by_key(|t| off(t)).map(|talk| {
            talk.told = true;
            talk.clone()
        })
    }

    /// `AgentRingNoAnswer`; `AgentDump`: the member answered and hung up while what is
    /// announced to members was played, and the caller waits on.
    pub fn agent_did_not_answer(&mut self, fields: &Fields<'_>, emit: &mut Emit<'_>) {
        let caller = self.touch("", fields, emit);
        let (agent, _) = self.member(fields, emit);
        let device = fields.name("DestUniqueid");
        let offer = device.as_ref().and_then(|d| self.offers.remove(d));
        let queue = fields.name("Queue").or_else(|| offer.as_ref().map(|o| o.queue.clone()));
        let (Some(caller), Some(queue)) = (caller, queue) else { return };
        let ring_ms = fields.whole("RingTime").map(|ring| {
            let passed = offer.as_ref().map(|o| emit.now().millis_since(o.at));
            let is_seconds = passed.is_some_and(|p| (ring.saturating_mul(1000) - p).abs() < (ring - p).abs());
            if is_seconds { ring.saturating_mul(1000) } else { ring }
        });
        let whom = self.caller(&caller, &queue, agent.or_else(|| offer.map(|o| o.agent)));
        emit.push(&whom, Body::OfferEnded { end: OfferEnd::NoAnswer, ring_ms, device });
    }

    /// Dialling the member's channel has ended. One that nobody else explains
    /// (`AgentConnect`, `AgentRingNoAnswer`) was cancelled.
    pub fn offer_dial_ended(&mut self, device: &Name, status: &str, emit: &mut Emit<'_>) {
        if status == "CANCEL" {
            if let Some(offer) = self.offers.remove(device) {
                self.offer_cancelled(device, &offer, emit.now(), emit);
            }
        } else if status == "ANSWER"
            && let Some(offer) = self.offers.get_mut(device)
        {
            offer.answered = true;
        }
    }

    /// The member's channel ends while its offer stands. An answered one lost the race
    /// to another member; for the others `AgentRingNoAnswer` may be on its way.
    pub fn offer_device_gone(&mut self, device: &Name, emit: &mut Emit<'_>) {
        match self.offers.get_mut(device) {
            Some(offer) if !offer.answered => offer.cleared = Some(emit.now()),
            Some(_) => {
                if let Some(offer) = self.offers.remove(device) {
                    self.offer_cancelled(device, &offer, emit.now(), emit);
                }
            }
            None => {}
        }
    }

    /// Whether the channel is what a queue offers a call to, itself or behind a Local
    /// channel, and has not been connected to the caller yet. (A telephone that is busy may
    /// say so before `AgentCalled` is sent: then the caller who waits tells it.)
    pub fn rings_for_a_queue(&self, uid: &Name, call: &Name) -> bool {
        let Some(channel) = self.channels.get(uid) else { return false };
        let plumbing = |device: &Name| {
            self.channels.get(device).is_some_and(|d| d.call == *call && d.device == Some(DeviceKind::Internal))
        };
        let offered = |(device, offer): (&Name, &Offer)| {
            device == uid || (Some(&offer.agent) == channel.agent.as_ref() && plumbing(device))
        };
        let waits = || self.channels.get(call).is_some_and(|caller| caller.visit.is_some());
        self.offers.iter().any(offered) || (uid != call && channel.conversation.is_none() && waits())
    }

    /// An offer that ended unanswered by somebody else's doing.
    pub fn offer_cancelled(&self, device: &Name, offer: &Offer, at: Instant, emit: &mut Emit<'_>) {
        let whom = self.caller(&offer.caller, &offer.queue, Some(offer.agent.clone()));
        let body = Body::OfferEnded { end: OfferEnd::Cancelled, ring_ms: None, device: Some(device.clone()) };
        emit.push_at(at, &whom, body);
    }

    /// `AgentLogin` and `AgentLogoff` of `app_agent_pool`: at the desk, all queues.
    pub fn agent_desk(&mut self, on: bool, fields: &Fields<'_>, emit: &mut Emit<'_>) {
        let Some(agent) = fields.name("Agent") else { return };
        let whom = Whom { agent: Some(agent), ..Whom::default() };
        let body = if on {
            Body::AgentLoggedOn { kind: LogonKind::Agent, listed: false }
        } else {
            Body::AgentLoggedOff { kind: LogonKind::Agent, stated_ms: fields.seconds("Logintime") }
        };
        emit.push(&whom, body);
    }
}
