//! Who talks with whom: legs of talk that no queue tells.
//!
//! A leg begins when an agent's telephone is in a conversation with another party and
//! ends when it no longer is; a telephone that comes back into the same talk goes on with
//! the same leg. Talk that a queue tells (the agent's own answered visit of this contact)
//! makes no second leg. Conversations that plumbing of one contact stands in (Asterisk's
//! Local channels) are one conversation.
//!
//! Roles: `outbound` where the agent's contact dials out; `transfer_in` where the agent
//! talks with the customer of a contact that another agent had before, without that other
//! agent; everything else `internal` (consults, conferences, whoever leaves them first,
//! direct calls). The leg belongs to the customer's contact, also before the native
//! calls are joined.

use model::event::DeviceKind;
use model::facts::{Direction, LegResult, LegRole};
use model::{Event, Instant, Name};
use rustc_hash::FxHashSet;

use crate::Timeline;
use crate::state::{Cid, Contact, LegState};

/// A talk this short before it becomes a transfer is part of the transfer.
const PASSING_MS: i64 = 2_000;

impl Timeline {
    pub(crate) fn enter(&mut self, conn: &Name, conversation: &Name, event: &Event) {
        self.quit(conn);
        if let Some(state) = self.connections.get_mut(conn) {
            state.conversation = Some(conversation.clone());
            state.talked = true;
        }
        let members = self.conversations.entry(conversation.clone()).or_default();
        if !members.contains(conn) {
            members.push(conn.clone());
        }
        self.reassess(std::slice::from_ref(conversation), event);
    }

    pub(crate) fn leave(&mut self, conn: &Name, event: &Event) {
        let Some(conversation) = self.quit(conn) else { return };
        self.talk(conn, event);
        self.reassess(&[conversation], event);
    }

    /// Takes a connection out of the conversation that it is in.
    pub(crate) fn quit(&mut self, conn: &Name) -> Option<Name> {
        let conversation = self.connections.get_mut(conn)?.conversation.take()?;
        if let Some(members) = self.conversations.get_mut(&conversation) {
            members.retain(|m| m != conn);
            if members.is_empty() {
                self.conversations.remove(&conversation);
            }
        }
        Some(conversation)
    }

    pub(crate) fn conversations_merged(&mut self, from: &Name, into: &Name, event: &Event) {
        if from == into {
            return;
        }
        for conn in self.conversations.remove(from).unwrap_or_default() {
            if let Some(state) = self.connections.get_mut(&conn) {
                state.conversation = Some(into.clone());
            }
            self.conversations.entry(into.clone()).or_default().push(conn);
        }
        self.reassess(std::slice::from_ref(into), event);
    }

    /// Everybody linked to a conversation, by plumbing too.
    fn circle(&self, conversation: &Name) -> Vec<Name> {
        let mut seen: FxHashSet<&Name> = FxHashSet::default();
        let mut todo = vec![conversation];
        let mut people = Vec::new();
        while let Some(next) = todo.pop() {
            if !seen.insert(next) {
                continue;
            }
            for member in self.conversations.get(next).into_iter().flatten() {
                let Some(state) = self.connections.get(member) else { continue };
                if state.device != DeviceKind::Internal {
                    people.push(member.clone());
                    continue;
                }
                // A pair of plumbing stays one, also while only one end has gone over.
                let homes = [state.cid, state.home].into_iter().filter_map(|c| self.contacts.get(&c));
                let plumbing = homes.flat_map(|c| c.conns.iter().chain(&c.moved));
                let linked = plumbing.filter_map(|c| self.connections.get(c));
                todo.extend(
                    linked.filter(|k| k.device == DeviceKind::Internal).filter_map(|k| k.conversation.as_ref()),
                );
            }
        }
        people
    }

    /// Looks anew at everybody linked to these conversations.
    pub(crate) fn reassess(&mut self, conversations: &[Name], event: &Event) {
        let mut people: Vec<Name> = conversations.iter().flat_map(|c| self.circle(c)).collect();
        people.sort_unstable();
        people.dedup();
        for conn in people {
            self.talk(&conn, event);
        }
    }

    /// Looks anew at one agent's telephone: begins, ends or changes its leg.
    pub(crate) fn talk(&mut self, conn: &Name, event: &Event) {
        let Some(state) = self.connections.get(conn) else { return };
        let Some(agent) = state.agent.clone().filter(|_| state.device != DeviceKind::Internal) else { return };
        let partners: Vec<Name> = match &state.conversation {
            Some(c) => self.circle(c).into_iter().filter(|m| m != conn).collect(),
            None => Vec::new(),
        };
        let wanted = if partners.is_empty() { None } else { self.part(conn, &agent, &partners) };
        if let Some(cid) = self.talks.get(conn).map(|(cid, _)| self.survivor(*cid)) {
            self.thaw(cid);
        }
        let current = self.talking_leg(conn);
        match (current, wanted) {
            (None, None) => {}
            (None, Some((cid, role))) => self.begin_talk(cid, conn, &agent, role, event),
            (Some((cid, i)), None) => self.end_talk(cid, i, event),
            (Some((cid, i)), Some((want, role))) => {
                let Some(leg) = self.contacts.get_mut(&cid).and_then(|c| c.legs.get_mut(i)) else { return };
                let passing = leg.talking_since.is_some_and(|s| event.at.millis_since(s) <= PASSING_MS);
                if cid == want && leg.row.role == role {
                    return;
                }
                if cid == want && passing {
                    leg.row.role = role;
                    leg.dirty = true;
                    self.touched.push(cid);
                    return;
                }
                self.end_talk(cid, i, event);
                self.begin_talk(want, conn, &agent, role, event);
            }
        }
    }

    /// The leg that a telephone is talking on; kept in the telephone's contact or in the
    /// customer's.
    fn talking_leg(&self, conn: &Name) -> Option<(Cid, usize)> {
        let (cid, id) = self.talks.get(conn)?;
        let cid = self.survivor(*cid);
        let index = self.contacts.get(&cid)?.legs.iter().position(|l| l.row.leg_id == *id)?;
        Some((cid, index))
    }

    /// What the talk of an agent's telephone with these partners is; `None` where a
    /// queue tells it.
    fn part(&self, conn: &Name, agent: &Name, partners: &[Name]) -> Option<(Cid, LegRole)> {
        let me = self.connections.get(conn)?;
        let customer =
            partners.iter().find(|p| self.connections.get(*p).is_some_and(|k| k.device == DeviceKind::Trunk));
        // A caller from within the centre, who is no agent.
        let customer = customer.or_else(|| {
            let first = self.contacts.get(&me.cid)?.conns.first()?;
            let outsider = self.connections.get(first).is_some_and(|k| k.agent.is_none());
            partners.iter().find(|p| outsider && *p == first)
        });
        let cid = customer.and_then(|c| self.connections.get(c)).map_or(me.cid, |k| k.cid);
        let contact = self.contacts.get(&cid)?;
        // A caller that is plumbing stands for whoever is behind it.
        let here = |c: &Name| {
            partners.contains(c) || self.connections.get(c).is_some_and(|k| k.device == DeviceKind::Internal)
        };
        for around in [Some(contact), self.contacts.get(&me.cid)].into_iter().flatten() {
            if told_by_queue(around, conn, agent, me.since, &here) {
                return None;
            }
        }
        let Some(customer) = customer else { return Some((cid, LegRole::Internal)) };
        let outbound = contact.legs.iter().find(|l| l.row.role == LegRole::Outbound);
        if contact.direction == Some(Direction::Outbound) && outbound.is_some_and(|l| l.row.agent == *agent) {
            return Some((cid, LegRole::Outbound));
        }
        let with_agent = partners.iter().any(|p| {
            p != customer && self.connections.get(p).is_some_and(|k| k.agent.as_ref().is_some_and(|a| a != agent))
        });
        let had =
            contact.legs.iter().any(|l| l.row.result == Some(LegResult::Answered) && l.device.as_ref() != Some(conn));
        let role = if had && !with_agent && !me.conferenced { LegRole::TransferIn } else { LegRole::Internal };
        Some((cid, role))
    }

    fn begin_talk(&mut self, cid: Cid, conn: &Name, agent: &Name, role: LegRole, event: &Event) {
        let since = self.connections.get(conn).filter(|k| k.dialled).map(|k| k.since);
        let mut fresh = self.new_leg(event, agent, role);
        let Some(contact) = self.touch(cid) else { return };
        let known = contact.legs.iter().rposition(|l| {
            l.row.role == role && l.device.as_ref() == Some(conn) && l.talking_since.is_none() && !l.row.retracted
        });
        // A telephone that talked already did not ring again.
        let rang = contact.legs.iter().all(|l| l.device.as_ref() != Some(conn));
        let since = since.filter(|_| rang);
        let index = known.unwrap_or_else(|| {
            fresh.row.queue = None;
            fresh.device = Some(conn.clone());
            fresh.row.offered_at = since.filter(|s| *s <= event.at);
            contact.legs.push(fresh);
            contact.legs.len() - 1
        });
        let leg = &mut contact.legs[index];
        if leg.row.answered_at.is_none() {
            leg.row.answered_at = Some(event.at);
            leg.row.ring_ms =
                leg.row.offered_at.filter(|_| role != LegRole::Outbound).map(|o| event.at.millis_since(o).max(0));
        }
        leg.row.result = Some(LegResult::Answered);
        leg.row.ended_at = None;
        leg.talking_since = Some(event.at);
        leg.dirty = true;
        let id = leg.row.leg_id.clone();
        contact.late_change();
        self.talks.insert(conn.clone(), (cid, id));
        self.recordings_get_agent(cid, agent);
    }

    fn end_talk(&mut self, cid: Cid, index: usize, event: &Event) {
        let Some(contact) = self.touch(cid) else { return };
        let Some(leg) = contact.legs.get(index) else { return };
        let (Some(since), Some(device)) = (leg.talking_since, leg.device.clone()) else { return };
        let held: i64 = contact
            .holds
            .iter()
            .filter(|h| h.conn == device)
            .map(|h| h.row.to.unwrap_or(event.at).min(event.at).millis_since(h.row.from.max(since)).max(0))
            .sum();
        let leg = &mut contact.legs[index];
        leg.talked_ms += event.at.millis_since(since).max(0);
        leg.talking_since = None;
        leg.row.ended_at = Some(event.at.max(since));
        leg.row.talk_ms = Some(leg.talked_ms);
        leg.row.hold_ms = Some(leg.row.hold_ms.unwrap_or(0) + held);
        leg.dirty = true;
        contact.late_change();
        self.talks.remove(&device);
    }

    /// A dialled-out call that nobody answered: its leg ends with the contact.
    pub(crate) fn end_unanswered(&mut self, cid: Cid) {
        let Some(contact) = self.contacts.get_mut(&cid) else { return };
        let Some(end) = contact.ended_at else { return };
        for leg in contact.legs.iter_mut().filter(|l| l.row.role == LegRole::Outbound && l.row.ended_at.is_none()) {
            leg.row.ended_at = Some(end);
            leg.dirty = true;
        }
    }
}

/// Whether a queue tells this agent's talk: its offer still rings, its visit is not yet
/// released, or it was released a moment ago and the telephone has not yet left its caller.
fn told_by_queue(contact: &Contact, conn: &Name, agent: &Name, since: Instant, here: &dyn Fn(&Name) -> bool) -> bool {
    let caller_of = |leg: &LegState| {
        let visit = contact.visits.iter().find(|v| Some(&v.row.visit_id) == leg.row.visit_id.as_ref());
        visit.and_then(|v| v.conn.clone())
    };
    contact.legs.iter().filter(|l| l.row.role == LegRole::Queue && l.row.agent == *agent && !l.row.retracted).any(|l| {
        let same_phone = l.device.as_ref() == Some(conn) || l.row.answered_at.is_none_or(|a| since <= a);
        match (l.row.result, l.row.ended_at) {
            (None, _) => same_phone,
            (Some(LegResult::Answered), None) => same_phone,
            (Some(LegResult::Answered), Some(_)) => same_phone && caller_of(l).is_some_and(|c| here(&c)),
            _ => false,
        }
    })
}
