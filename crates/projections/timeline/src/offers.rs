//! Offers: a queue's ringing of an agent, and the agent's part in the visit.
//!
//! One leg an offer (role `queue`). Its answer is the visit's answer, its end the visit's
//! end. Where no ringing was told, the row that tells its end makes the leg by itself,
//! offered at its time less the ring time. Offers still open when another agent answers
//! or the caller leaves are cancelled; what the switch says of them afterwards counts.

use model::event::{DeviceKind, OfferEnd};
use model::facts::{Leg, LegResult, LegRole};
use model::{Event, Instant, Name};

use crate::Timeline;
use crate::state::{Cid, Contact, LegState};

/// A ring of at most this is a refusal (`docs/metrics.md`, section 3).
pub(crate) const DECLINED_MS: i64 = 1_000;
/// How long after its end a leg still takes what is said of it.
const AFTERWARDS_MS: i64 = 2_000;

impl Timeline {
    pub(crate) fn new_leg(&mut self, event: &Event, agent: &Name, role: LegRole) -> LegState {
        let suffix = format!("-leg{}", self.legs_made);
        self.legs_made += 1;
        LegState {
            row: Leg {
                leg_id: self.id(event, &suffix),
                call_id: Name::default(),
                visit_id: None,
                center: self.center.clone(),
                switch: self.switch.clone(),
                agent: agent.clone(),
                queue: event.queue.clone(),
                role,
                offered_at: None,
                answered_at: None,
                ended_at: None,
                ring_ms: None,
                talk_ms: None,
                hold_ms: None,
                result: None,
                retracted: false,
                revision: 0,
                known_at: event.known_at,
                first_event: event.position,
                last_event: event.position,
                filed: event.at.days(),
            },
            device: None,
            inferred: false,
            phone_left: None,
            talked_ms: 0,
            talking_since: None,
            dirty: true,
        }
    }

    /// The agent's telephone rings.
    pub(crate) fn delivered(&mut self, cid: Cid, event: &Event, queue: &Name, agent: &Name, device: Option<&Name>) {
        if agent.is_empty() {
            return;
        }
        let mut leg = self.new_leg(event, agent, LegRole::Queue);
        leg.row.offered_at = Some(event.at);
        leg.device = device.cloned();
        let Some(contact) = self.touch(cid) else { return };
        leg.row.visit_id = visit_of(contact, event, queue);
        if contact.legs.iter().any(|l| is_ringing(l, queue, agent) && l.row.visit_id == leg.row.visit_id) {
            return;
        }
        contact.legs.push(leg);
    }

    /// An offer ended unanswered.
    pub(crate) fn offer_ended(
        &mut self,
        cid: Cid,
        event: &Event,
        queue: &Name,
        agent: &Name,
        (end, ring_ms, device): (OfferEnd, Option<i64>, Option<&Name>),
    ) {
        if agent.is_empty() {
            return;
        }
        let fresh = self.new_leg(event, agent, LegRole::Queue);
        let Some(contact) = self.touch(cid) else { return };
        let found = contact.legs.iter().rposition(|l| is_ringing(l, queue, agent)).or_else(|| {
            contact.legs.iter().rposition(|l| {
                l.inferred
                    && l.row.agent == *agent
                    && l.row.queue.as_ref() == Some(queue)
                    && l.row.ended_at.is_some_and(|t| event.at.millis_since(t).abs() <= AFTERWARDS_MS)
            })
        });
        let index = found.unwrap_or_else(|| {
            let mut leg = fresh;
            leg.row.visit_id = visit_of(contact, event, queue);
            leg.row.offered_at = ring_ms.map(|ms| event.at.plus_millis(-ms.max(0)));
            contact.legs.push(leg);
            contact.legs.len() - 1
        });
        let leg = &mut contact.legs[index];
        let observed = leg.row.offered_at.map(|o| event.at.millis_since(o).max(0));
        leg.row.ring_ms = ring_ms.or(observed);
        leg.row.ended_at = Some(event.at);
        leg.row.result = Some(match end {
            OfferEnd::Cancelled => LegResult::Cancelled,
            OfferEnd::NoAnswer if leg.row.ring_ms.is_some_and(|ms| ms <= DECLINED_MS) => LegResult::Declined,
            OfferEnd::NoAnswer => LegResult::Missed,
        });
        leg.device = leg.device.take().or_else(|| device.cloned());
        leg.inferred = false;
        leg.dirty = true;
        contact.late_change();
    }

    /// The visit's agent answered: the leg of it, and the others' offers.
    pub(crate) fn offer_answered(
        &mut self,
        cid: Cid,
        visit: usize,
        event: &Event,
        agent: &Name,
        (ring_ms, device): (Option<i64>, Option<&Name>),
    ) {
        if agent.is_empty() {
            return;
        }
        let mut fresh = self.new_leg(event, agent, LegRole::Queue);
        let Some(contact) = self.touch(cid) else { return };
        let Some(v) = contact.visits.get(visit) else { return };
        let (visit_id, queue) = (v.row.visit_id.clone(), v.row.queue.clone());
        let (answered_at, left_at) = (v.row.answered_at, v.row.left_at);
        let of = |l: &LegState| l.row.visit_id.as_ref() == Some(&visit_id) && l.row.agent == *agent;
        let answered = contact.legs.iter().rposition(|l| of(l) && l.row.result == Some(LegResult::Answered));
        // Told before, unless the end of the talk came first and did not tell the ringing.
        let told = |l: &LegState| l.row.answered_at == answered_at && (ring_ms.is_none() || l.row.offered_at.is_some());
        if answered.is_some_and(|i| told(&contact.legs[i])) {
            return;
        }
        let found =
            answered.or_else(|| contact.legs.iter().rposition(|l| of(l) && (l.row.result.is_none() || l.inferred)));
        let index = found.unwrap_or_else(|| {
            fresh.row.queue = Some(queue.clone());
            fresh.row.visit_id = Some(visit_id.clone());
            fresh.row.offered_at = ring_ms.map(|ms| event.at.plus_millis(-ms.max(0)));
            contact.legs.push(fresh);
            contact.legs.len() - 1
        });
        let talk_ms = contact.visits.get(visit).and_then(|v| v.row.talk_ms);
        let leg = &mut contact.legs[index];
        leg.row.offered_at = leg.row.offered_at.or(ring_ms.map(|ms| event.at.plus_millis(-ms.max(0))));
        let observed = leg.row.offered_at.map(|o| event.at.millis_since(o).max(0));
        leg.row.ring_ms = ring_ms.or(observed);
        leg.row.answered_at = answered_at;
        leg.row.ended_at = left_at;
        leg.row.talk_ms = talk_ms;
        leg.row.result = Some(LegResult::Answered);
        leg.device = device.cloned().or(leg.device.take());
        leg.inferred = false;
        leg.dirty = true;
        cancel(contact, &visit_id, Some(index), event.at);
        self.recordings_get_agent(cid, agent);
    }

    /// The visit's talk ended: so did its leg.
    pub(crate) fn offer_released(&mut self, cid: Cid, visit: usize, event: &Event, agent: &Name) {
        self.offer_answered(cid, visit, event, agent, (None, None));
        let Some(contact) = self.touch(cid) else { return };
        let Some(v) = contact.visits.get(visit) else { return };
        let row = v.row.clone();
        for leg in contact
            .legs
            .iter_mut()
            .filter(|l| l.row.visit_id.as_ref() == Some(&row.visit_id) && l.row.result == Some(LegResult::Answered))
        {
            let left_at = [row.left_at, leg.phone_left].into_iter().flatten().min();
            let now = (left_at, row.talk_ms, row.hold_ms);
            if (leg.row.ended_at, leg.row.talk_ms, leg.row.hold_ms) != now {
                (leg.row.ended_at, leg.row.talk_ms, leg.row.hold_ms) = now;
                leg.dirty = true;
            }
        }
    }

    /// An agent's telephone that talked is gone. Where it stood behind plumbing (a Local
    /// channel that stays in the path), its queue goes on counting the talk until the
    /// plumbing ends; the agent talks no longer.
    pub(crate) fn phone_left(&mut self, cid: Cid, conn: &Name, at: Instant) {
        let Some(phone) = self.connections.get(conn) else { return };
        let Some(agent) = phone.agent.clone().filter(|_| phone.talked && phone.device != DeviceKind::Internal) else {
            return;
        };
        let since = phone.since;
        let Some(contact) = self.contacts.get(&cid) else { return };
        for device in contact.legs.iter().filter_map(|l| l.device.clone()).collect::<Vec<_>>() {
            self.wake(&device);
        }
        let Some(contact) = self.contacts.get(&cid) else { return };
        let behind = |l: &LegState| match &l.device {
            Some(d) if d == conn => true,
            Some(d) => {
                let front = self.connections.get(d);
                front.is_some_and(|k| k.device == DeviceKind::Internal && k.since <= since && !k.cleared)
            }
            None => false,
        };
        let talks = |l: &LegState| {
            l.row.role == LegRole::Queue && l.row.agent == agent && l.row.result == Some(LegResult::Answered)
        };
        let found = contact.legs.iter().rposition(|l| talks(l) && l.row.ended_at.is_none() && behind(l));
        if let Some(leg) = found.and_then(|i| self.touch(cid)?.legs.get_mut(i)) {
            leg.phone_left = Some(at);
            leg.row.ended_at = Some(leg.row.answered_at.map_or(at, |a| at.max(a)));
            leg.dirty = true;
        }
    }

    /// The agent has answered another call. Where queue rows alone tell of the former one,
    /// and not its end (a switch may leave it out), the talk lasts no longer than until
    /// now; its own end, told late, still counts.
    pub(crate) fn talks_elsewhere(&mut self, cid: Cid, agent: &Name, at: Instant) {
        let answering = self.agents.get(agent).map(|a| a.answering.clone()).unwrap_or_default();
        for other in answering.into_iter().filter(|c| *c != cid) {
            let Some(contact) = self.touch(other).filter(|c| !c.tracked) else { continue };
            let open =
                |l: &&mut LegState| l.row.role == LegRole::Queue && l.row.agent == *agent && l.row.ended_at.is_none();
            for leg in contact.legs.iter_mut().filter(open) {
                if leg.row.answered_at.is_some_and(|answered| answered < at) {
                    leg.row.ended_at = Some(at);
                    leg.dirty = true;
                }
            }
        }
    }

    /// The caller left: open offers are cancelled.
    pub(crate) fn cancel_offers(&mut self, cid: Cid, visit: usize, event: &Event) {
        let Some(contact) = self.touch(cid) else { return };
        let Some(visit_id) = contact.visits.get(visit).map(|v| v.row.visit_id.clone()) else { return };
        cancel(contact, &visit_id, None, event.at);
    }
}

/// Ends every offer of a visit that still rings, but for `but`.
pub(crate) fn cancel(contact: &mut Contact, visit_id: &Name, but: Option<usize>, at: Instant) {
    for (i, leg) in contact.legs.iter_mut().enumerate() {
        if Some(i) == but || leg.row.visit_id.as_ref() != Some(visit_id) || leg.row.result.is_some() {
            continue;
        }
        leg.row.ring_ms = leg.row.offered_at.map(|o| at.millis_since(o).max(0));
        leg.row.ended_at = Some(at);
        leg.row.result = Some(LegResult::Cancelled);
        leg.inferred = true;
        leg.dirty = true;
    }
}

fn is_ringing(leg: &LegState, queue: &Name, agent: &Name) -> bool {
    leg.row.role == LegRole::Queue
        && leg.row.result.is_none()
        && leg.row.agent == *agent
        && leg.row.queue.as_ref() == Some(queue)
}

/// The visit that an offer belongs to: the newest that waits, else the newest.
fn visit_of(contact: &Contact, event: &Event, queue: &Name) -> Option<Name> {
    let conn = event.connection.as_ref();
    let index = contact
        .newest_visit(|v| v.is_of(conn, queue) && v.is_waiting())
        .or_else(|| contact.newest_visit(|v| v.is_of(conn, queue)))?;
    contact.visits.get(index).map(|v| v.row.visit_id.clone())
}
