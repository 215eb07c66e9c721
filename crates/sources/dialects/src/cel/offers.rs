//! Offers of a queue to agents that were not answered.
//!
//! A queue's call to an agent shows itself as such only when it ends (or answers). Then
//! whether the agent let it ring or it was taken back is told by what happens to the
//! caller at that moment: answered elsewhere, or gone.

use model::event::{Body, OfferEnd};
use model::{Instant, Name};

use super::decoder::Step;
use super::state::Offer;
use crate::emit::{Emit, Whom};

/// How long the end of an offer waits for its reason, milliseconds of event time.
const SETTLE_MS: i64 = 200;

impl Step<'_, '_> {
    /// Offers whose time to be settled has passed: nobody answered.
    pub fn settle_offers(&mut self) {
        let at = self.at;
        let due = |o: &Offer| at.millis_since(o.ended) > SETTLE_MS;
        if !self.state.offers.iter().any(due) {
            return;
        }
        let (due, rest) = std::mem::take(&mut self.state.offers).into_iter().partition(due);
        self.state.offers = rest;
        let due: Vec<Offer> = due;
        for offer in due {
            missed(&offer, &mut self.emit);
        }
    }

    /// The caller was answered or left at `at`: what that makes of offers that ended then.
    /// They were taken back, but for a wait whose time was up: there they had rung in vain.
    pub fn end_offers(&mut self, caller: &Name, at: Instant, takes_back: bool) {
        let (own, rest): (Vec<Offer>, Vec<Offer>) =
            std::mem::take(&mut self.state.offers).into_iter().partition(|o| o.caller == *caller);
        self.state.offers = rest;
        for offer in own {
            let end = if takes_back && near(at, offer.ended) { OfferEnd::Cancelled } else { OfferEnd::NoAnswer };
            tell(&offer, end, &mut self.emit);
        }
    }

    /// Somebody else picked up the ringing: their channel goes on in place of the
    /// telephone's, and for the queue the member has answered.
    pub fn picked_up(&mut self) {
        let offered = self.row.is_offer();
        let by = self.row.detail("pickup_channel_uniqueid").filter(|by| *by != self.id);
        let (Some(by), Some(rung)) = (by.filter(|_| offered), self.state.channels.get_mut(&self.id)) else { return };
        rung.offered = false;
        let (interface, born) = (rung.interface.clone(), rung.born);
        if let Some(channel) = self.state.channels.get_mut(&by) {
            (channel.interface, channel.born, channel.offered) = (interface, born, true);
        }
    }

    /// The channel of an offer ended without serving anybody.
    pub fn offer_ended(&mut self) {
        let Some(device) = self.state.channels.get(&self.id) else { return };
        if device.serves.is_some() || device.cleared {
            return;
        }
        let (linked, began, agent) = (device.linked.clone(), device.born, device.interface.clone());
        let Some((caller, queue, end)) = self.offered_to(&linked, began) else { return };
        self.announce(&caller);
        let offer = Offer { caller, linked, queue, device: self.id.clone(), agent, began, ended: self.at };
        match end {
            Some(end) => tell(&offer, end, &mut self.emit),
            None => self.state.offers.push(offer),
        }
    }

    /// The caller for whom an offer began then, the queue, and how it ended, where known.
    fn offered_to(&self, linked: &Name, began: Instant) -> Option<(Name, Name, Option<OfferEnd>)> {
        self.state.channels.iter().filter(|(_, c)| c.linked == *linked).find_map(|(id, caller)| {
            if let Some(stay) = caller.stay.as_ref().filter(|s| s.joined <= began) {
                let end = stay.talk.as_ref().map(|_| OfferEnd::Cancelled);
                return Some((id.clone(), stay.queue.clone(), end));
            }
            let last = caller.last_stay.as_ref().filter(|s| s.joined <= began && near(self.at, s.ended))?;
            let end = if last.takes_back { OfferEnd::Cancelled } else { OfferEnd::NoAnswer };
            Some((id.clone(), last.queue.clone(), Some(end)))
        })
    }
}

fn near(a: Instant, b: Instant) -> bool {
    a.millis_since(b).abs() <= SETTLE_MS
}

/// The agent let it ring, or refused.
pub(super) fn missed(offer: &Offer, emit: &mut Emit<'_>) {
    tell(offer, OfferEnd::NoAnswer, emit);
}

fn tell(offer: &Offer, end: OfferEnd, emit: &mut Emit<'_>) {
    let whom = Whom {
        call_id: Some(offer.linked.clone()),
        connection: Some(offer.caller.clone()),
        queue: Some(offer.queue.clone()),
        agent: Some(offer.agent.clone()),
    };
    emit.push_at(offer.began, &whom, Body::Delivered { device: Some(offer.device.clone()) });
    let ring_ms = (end == OfferEnd::NoAnswer).then(|| counted_ms(offer));
    let ended = Body::OfferEnded { end, ring_ms, device: Some(offer.device.clone()) };
    emit.push_at(offer.ended, &whom, ended);
}

/// The ring time as `app_queue` counts it: from one whole second of the clock to the
/// other. So a member's telephone that was refused within a second of the clock counts as
/// declined here as it does in the `queue_log`.
fn counted_ms(offer: &Offer) -> i64 {
    let second = |at: Instant| at.millis().div_euclid(1000);
    (second(offer.ended) - second(offer.began)).max(0) * 1000
}
