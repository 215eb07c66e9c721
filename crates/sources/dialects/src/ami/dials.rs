//! Dialling: who rings whom. Offers of a queue are told by `agents`, not here.

use model::Name;
use model::event::{Body, DeviceKind, DialResult};

use super::fields::Fields;
use super::names::number_dialled;
use super::state::{Channel, State};
use crate::emit::{Emit, dial_result};

impl State {
    /// `DialBegin`.
    pub fn dial_began(&mut self, fields: &Fields<'_>, emit: &mut Emit<'_>) {
        let from = self.touch("", fields, emit);
        let Some(to) = self.touch("Dest", fields, emit) else { return };
        // A channel that the switch rings by itself (click to dial) is dialled by nobody.
        let Some(from) = from else { return };
        if self.offers.contains_key(&to) || self.rings_behind_local(&from, &to) {
            return;
        }
        if let Some(channel) = self.channels.get_mut(&to) {
            channel.dialled = true;
        }
        emit.push(
            &self.whom(&from),
            Body::Dialling { to, dialled: fields.name("DialString").map(|d| number_dialled(&d)) },
        );
    }

    /// Whether `from` is the inner half of a Local channel behind which an agent's phone
    /// `to` rings: then the phone is the agent's for this call.
    fn rings_behind_local(&mut self, from: &Name, to: &Name) -> bool {
        let Some(inner) = self.channels.get(from) else { return false };
        if inner.device != Some(DeviceKind::Internal) {
            return false;
        }
        let Some(pair) = inner.pair.as_deref().cloned() else { return false };
        let Some(agent) = self.channels.get(&pair).and_then(|c| c.agent.clone()) else { return false };
        if let Some(phone) = self.channels.get_mut(to) {
            phone.agent = Some(agent);
        }
        true
    }

    /// `DialEnd`.
    pub fn dial_ended(&mut self, fields: &Fields<'_>, emit: &mut Emit<'_>) {
        let from = self.touch("", fields, emit);
        let to = self.touch("Dest", fields, emit);
        let status = fields.get("DialStatus").unwrap_or("");
        if let Some(device) = &to
            && self.offers.contains_key(device)
        {
            return self.offer_dial_ended(device, status, emit);
        }
        let Some(from) = from else { return };
        let result = match status {
            "ANSWER" => DialResult::Connected,
            "BUSY" => DialResult::Busy,
            "NOANSWER" | "CANCEL" | "ABORT" => DialResult::NoAnswer,
            _ => DialResult::Failed,
        };
        let unanswered = status == "NOANSWER";
        if let Some(to) = &to
            && !self.was_dialled(to)
        {
            return;
        }
        if unanswered && let Some(channel) = to.as_ref().and_then(|t| self.channels.get_mut(t)) {
            channel.unanswered = Some(Box::new(from.clone()));
        }
        emit.push(&self.whom(&from), Body::DialEnded { to, result });
    }

    /// The dialled channel has ended. `NOANSWER` is also said of numbers that could not be
    /// reached (unallocated, out of order): only the cause of the channel's end tells.
    pub fn dial_cleared(&self, channel: &Channel, uid: &Name, cause: Option<u16>, emit: &mut Emit<'_>) {
        let Some(from) = &channel.unanswered else { return };
        if dial_result(cause) == DialResult::Failed {
            emit.push(&self.whom(from), Body::DialEnded { to: Some(uid.clone()), result: DialResult::Failed });
        }
    }

    /// Whether the end of dialling this channel is news: each end is told once, and ends
    /// of a queue's offers and of phones behind Local channels not at all.
    fn was_dialled(&mut self, to: &Name) -> bool {
        self.channels.get_mut(to).is_some_and(|c| std::mem::take(&mut c.dialled))
    }
}
