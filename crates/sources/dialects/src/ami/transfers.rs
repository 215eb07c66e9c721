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
        let customer = customer.or_else(|| self.partner(by.as_ref())).map(|c| self.behind_plumbing(c));
        self.talks_passed_on(kind, customer.as_ref(), by.as_ref());
        let agent = by.as_ref().and_then(|b| self.whom(b).agent);
        let whom = match &customer {
            Some(c) => Whom { agent, ..self.whom(c) },
            None => Whom { agent, call_id: by.as_ref().and_then(|b| self.whom(b).call_id), ..Whom::default() },
        };
        emit.push(&whom, Body::Transferred { kind, by, target, to });
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
