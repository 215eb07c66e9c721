//! Transfers. `AgentComplete` says only that there was one; these events, which come
//! before it, say of which kind.

use model::Name;
use model::event::{Body, DeviceKind, TransferKind};

use super::fields::Fields;
use super::state::State;
use crate::emit::{Emit, Whom};

/// Most Local channels that are followed one behind the other.
const MAX_HALVES: usize = 4;

impl State {
    /// `BlindTransfer`.
    pub fn blind_transfer(&mut self, fields: &Fields<'_>, emit: &mut Emit<'_>) {
        let by = self.touch("Transferer", fields, emit);
        let customer = self.touch("Transferee", fields, emit);
        if fields.get("Result") == Some("Success") {
            let target = fields.name("Extension");
            self.transferred(TransferKind::Blind, by, customer, target, None, emit);
        }
    }

    /// `AttendedTransfer`: the second party is a channel, or (the second call was still
    /// in an application) whatever waits behind the second transferring channel.
    pub fn attended_transfer(&mut self, fields: &Fields<'_>, emit: &mut Emit<'_>) {
        let by = self.touch("OrigTransferer", fields, emit);
        let second = self.touch("SecondTransferer", fields, emit);
        let customer = self.touch("Transferee", fields, emit);
        let target_leg = self.touch("TransferTarget", fields, emit);
        // The switch's own feature consults on the very channel that talks to the customer;
        // its extension is then the place where that call is, not what was dialled.
        let by_feature = by.is_some() && by == second;
        let consult = second.clone().filter(|_| !by_feature);
        let to = target_leg.map(|t| self.behind_plumbing(t)).or(consult);
        self.touch("LocalOne", fields, emit);
        self.touch("LocalTwo", fields, emit);
        if fields.get("Result") == Some("Success") {
            // Both conversations were passed on: the customer's, and the one that a queue
            // had answered the consulting agent with.
            self.talks_passed_on(TransferKind::Attended, second.as_ref(), second.as_ref());
            let target = if by_feature {
                fields.name("TransferTargetExten").or_else(|| fields.name("SecondTransfererConnectedLineNum"))
            } else {
                fields.name("SecondTransfererExten")
            };
            self.transferred(TransferKind::Attended, by, customer, target, to, emit);
        }
    }

    fn transferred(
        &mut self,
        kind: TransferKind,
        by: Option<Name>,
        customer: Option<Name>,
        target: Option<Name>,
        to: Option<Name>,
        emit: &mut Emit<'_>,
    ) {
        let passed_on = customer.or_else(|| self.partner(by.as_ref()));
        let mut customer = passed_on.clone().map(|c| self.behind_plumbing(c));
        self.talks_passed_on(kind, customer.as_ref(), by.as_ref());
        if kind == TransferKind::Attended && self.takes_place(passed_on.as_ref(), to.as_ref()) {
            customer = passed_on;
        }
        let agent = by.as_ref().and_then(|b| self.whom(b).agent);
        let whom = match &customer {
            Some(c) => Whom { agent, ..self.whom(c) },
            None => Whom { agent, call_id: by.as_ref().and_then(|b| self.whom(b).call_id), ..Whom::default() },
        };
        emit.push(&whom, Body::Transferred { kind, by, target, to });
    }

    /// The consulting agent still waits in a queue: the transferred channel (plumbing, if
    /// it is that) takes over that one's application (`ast_bridge_transfer_attended` of
    /// `main/bridge.c`, which tells `DestType: App`), and the queue goes on under its
    /// Uniqueid. Whether it is so.
    fn takes_place(&mut self, passed_on: Option<&Name>, waiting: Option<&Name>) -> bool {
        let (Some(passed_on), Some(waiting)) = (passed_on, waiting) else { return false };
        if passed_on == waiting || !self.channels.contains_key(passed_on) {
            return false;
        }
        let Some(from) = self.channels.get_mut(waiting) else { return false };
        let Some(visit) = from.visit.take_if(|v| v.leaving.is_none()) else { return false };
        let (queue_app, queue_wait) = (from.queue_app.take(), from.queue_wait.take());
        for offer in self.offers.values_mut().filter(|o| o.caller == *waiting) {
            offer.caller = passed_on.clone();
        }
        if let Some(channel) = self.channels.get_mut(passed_on) {
            channel.visit = Some(visit);
            (channel.queue_app, channel.queue_wait) = (queue_app, queue_wait);
        }
        true
    }

    /// `LocalOptimizationBegin`, `LocalOptimizationEnd`: a Local channel is taken out of the
    /// path, and the source channel comes in the place of its second half. Where that one
    /// is a queue's caller (a consult by the switch's own feature), the queue goes on under
    /// the source's Uniqueid, whatever `Success` says (`handle_local_optimization_end` of
    /// `app_queue.c`).
    pub fn plumbing_taken_out(&mut self, done: bool, fields: &Fields<'_>, emit: &mut Emit<'_>) {
        let Some(second) = fields.name("LocalTwoUniqueid") else { return };
        let Some(channel) = self.channels.get_mut(&second) else { return };
        if !done {
            channel.successor = fields.name("SourceUniqueid").map(Box::new);
            return;
        }
        let successor = channel.successor.take().map(|s| *s);
        let Some(successor) = successor.filter(|s| self.channels.contains_key(s)) else { return };
        let mut talks = self.talks.iter_mut().filter(|t| t.caller == second && !t.told).peekable();
        if talks.peek().is_some() {
            talks.for_each(|talk| talk.caller = successor.clone());
            let body = Body::Transferred { kind: TransferKind::Attended, by: None, target: None, to: Some(second) };
            emit.push(&Whom { agent: None, ..self.whom(&successor) }, body);
        }
    }

    /// Visits of this caller, or answered on this agent's channel, were passed on: their
    /// `AgentComplete` is still to come.
    fn talks_passed_on(&mut self, kind: TransferKind, caller: Option<&Name>, device: Option<&Name>) {
        for talk in &mut self.talks {
            if Some(&talk.caller) == caller || (device.is_some() && talk.device.as_ref() == device) {
                talk.transfer = Some(kind);
            }
        }
    }

    /// The party behind Local channels: whom the other half converses with.
    fn behind_plumbing(&self, uid: Name) -> Name {
        let mut party = uid;
        for _ in 0..MAX_HALVES {
            let Some(channel) = self.channels.get(&party) else { break };
            if channel.device != Some(DeviceKind::Internal) {
                break;
            }
            let Some(next) = self.partner(channel.pair.as_deref()) else { break };
            party = next;
        }
        party
    }

    /// The one other party in a channel's conversation.
    fn partner(&self, uid: Option<&Name>) -> Option<Name> {
        let uid = uid?;
        let conversation = self.channels.get(uid)?.conversation.as_ref()?;
        let mut others =
            self.channels.iter().filter(|(u, c)| *u != uid && c.conversation.as_ref() == Some(conversation));
        let first = others.next()?.0.clone();
        others.next().is_none().then_some(first)
    }
}
