//! Native calls that become one: `CallsJoined`.
//!
//! A connection moves with the visits in which it is the queued caller, their legs and
//! its recordings. When nothing of its old contact is left up, that contact has gone over
//! into the new one: it gets a last revision with `merged_into`, and all that it had
//! belongs to the other from then on.
//!
//! An agent who consults a queue and transfers before anybody has answered gives the
//! customer the place in that queue: one stay, whose caller is another connection from
//! then on.

use model::{Event, Name};

use crate::Timeline;
use crate::state::{Cid, Contact};

impl Timeline {
    pub(crate) fn calls_joined(&mut self, event: &Event) {
        let (Some(conn), Some(call)) = (&event.connection, &event.call_id) else { return };
        let Some(source) = self.connections.get(conn).map(|k| k.cid) else { return };
        if let Some(state) = self.connections.get_mut(conn) {
            state.native = Some(call.clone());
        }
        let Some(target) = self.calls.get(call).map(|c| self.survivor(*c)) else {
            self.calls.insert(call.clone(), source);
            if let Some(contact) = self.contacts.get_mut(&source) {
                contact.natives.push(call.clone());
            }
            return;
        };
        if target == source {
            return;
        }
        self.thaw(target);
        self.move_connection(conn, source, target);
        if let Some(contact) = self.touch(source) {
            contact.going_into = Some(target);
        }
        if let Some(conversation) = self.connections.get(conn).and_then(|k| k.conversation.clone()) {
            self.reassess(&[conversation], event);
        }
        self.merge_if_gone(source, event);
    }

    /// `conn` waits on in the place of `from`, where that one waits in a queue; it talks on
    /// there too, where it `replaces` that one altogether.
    pub(crate) fn take_place(&mut self, conn: &Name, from: &Name, replaces: bool, event: &Event) {
        let home = |c: &Name| self.connections.get(c).map(|k| self.survivor(k.cid));
        let (Some(target), Some(source)) = (home(conn), home(from)) else { return };
        let waits = |v: &crate::state::VisitState| {
            v.conn.as_ref() == Some(from) && (v.is_waiting() || (replaces && v.is_talking()))
        };
        if conn == from || !self.contacts.get(&source).is_some_and(|c| c.visits.iter().any(waits)) {
            return;
        }
        if target != source {
            self.thaw(target);
            self.move_connection(from, source, target);
            if let Some(contact) = self.touch(source) {
                contact.going_into = Some(target);
            }
        }
        if let Some(contact) = self.touch(target) {
            contact.visits.iter_mut().filter(|v| waits(v)).for_each(|v| v.conn = Some(conn.clone()));
        }
        if target != source {
            self.merge_if_gone(source, event);
        }
    }

    /// The contact that a contact has gone over into, or itself.
    pub(crate) fn survivor(&self, cid: Cid) -> Cid {
        let mut at = cid;
        // Merges point to the survivor; the bound only guards against a circle.
        for _ in 0..64 {
            let next = match (self.contacts.get(&at), self.packed.contains_key(&at)) {
                (Some(c), _) => c.going_into.filter(|_| c.merged_into.is_some()),
                (None, true) => self.packed_into.get(&at).copied(),
                (None, false) => None,
            };
            match next.filter(|next| *next != at) {
                Some(next) => at = next,
                None => return at,
            }
        }
        at
    }

    fn move_connection(&mut self, conn: &Name, source: Cid, target: Cid) {
        let Some(state) = self.connections.get_mut(conn) else { return };
        state.cid = target;
        let tracked = state.tracked;
        let Some(from) = self.touch(source) else { return };
        from.conns.retain(|c| c != conn);
        from.moved.push(conn.clone());
        let (mut visits, rest): (Vec<_>, Vec<_>) =
            std::mem::take(&mut from.visits).into_iter().partition(|v| v.conn.as_ref() == Some(conn));
        from.visits = rest;
        let ids: Vec<Name> = visits.iter().map(|v| v.row.visit_id.clone()).collect();
        let (mut legs, rest): (Vec<_>, Vec<_>) = std::mem::take(&mut from.legs)
            .into_iter()
            .partition(|l| l.row.visit_id.as_ref().is_some_and(|v| ids.contains(v)));
        from.legs = rest;
        let (mut recordings, rest): (Vec<_>, Vec<_>) =
            std::mem::take(&mut from.recordings).into_iter().partition(|r| r.conn.as_ref() == Some(conn));
        from.recordings = rest;
        let moved = !(visits.is_empty() && legs.is_empty() && recordings.is_empty());
        from.dirty |= moved;
        visits.iter_mut().for_each(|v| v.dirty = true);
        legs.iter_mut().for_each(|l| l.dirty = true);
        recordings.iter_mut().for_each(|r| r.dirty = true);
        let agents: Vec<Name> = visits.iter().filter_map(|v| v.row.agent.clone()).collect();
        if let Some(into) = self.touch(target) {
            into.conns.push(conn.clone());
            into.tracked |= tracked;
            into.dirty |= moved;
            into.visits.append(&mut visits);
            into.legs.append(&mut legs);
            into.recordings.append(&mut recordings);
            if moved {
                in_order(into);
            }
        }
        for agent in agents {
            self.answering(&agent, target);
        }
    }

    /// Ends a contact of which a connection has moved and nothing else is up.
    pub(crate) fn merge_if_gone(&mut self, source: Cid, event: &Event) {
        let going_into = self.contacts.get(&source).and_then(|c| c.going_into);
        let Some(target) = going_into.map(|t| self.survivor(t)) else { return };
        let Some(contact) = self.contacts.get(&source) else { return };
        let up = contact.conns.iter().any(|c| self.connections.get(c).is_some_and(|k| k.tracked && !k.cleared));
        if up || contact.merged_into.is_some() || target == source || !self.keeps(target) {
            return;
        }
        let conns = contact.conns.clone();
        self.thaw(target);
        let Some(target_id) = self.contacts.get(&target).map(|c| c.call_id.clone()) else { return };
        for conn in conns {
            self.move_connection(&conn, source, target);
        }
        let Some(from) = self.touch(source) else { return };
        from.merged_into = Some(target_id);
        from.going_into = Some(target);
        from.ended_at = Some(from.ended_at.unwrap_or(event.at));
        from.dirty = true;
        let natives = from.natives.clone();
        let mut visits = std::mem::take(&mut from.visits);
        let mut legs = std::mem::take(&mut from.legs);
        let mut recordings = std::mem::take(&mut from.recordings);
        let mut holds = std::mem::take(&mut from.holds);
        let mut transfers = std::mem::take(&mut from.transfers);
        let gone = std::mem::take(&mut from.gone);
        let conferenced = from.conferenced;
        for native in &natives {
            self.calls.insert(native.clone(), target);
        }
        visits.iter_mut().for_each(|v| v.dirty = true);
        legs.iter_mut().for_each(|l| l.dirty = true);
        recordings.iter_mut().for_each(|r| r.dirty = true);
        let agents: Vec<Name> = visits.iter().filter_map(|v| v.row.agent.clone()).collect();
        let Some(into) = self.touch(target) else { return };
        into.natives.extend(natives);
        into.visits.append(&mut visits);
        into.legs.append(&mut legs);
        into.recordings.append(&mut recordings);
        into.holds.append(&mut holds);
        into.transfers.append(&mut transfers);
        into.conferenced |= conferenced;
        into.dirty = true;
        in_order(into);
        into.gone.extend(gone.iter().cloned());
        for (_, at) in gone {
            self.horizon.settle_at(at.plus_millis(crate::calls::SETTLE_MS), target);
        }
        for agent in agents {
            self.answering(&agent, target);
        }
    }
}

fn in_order(contact: &mut Contact) {
    contact.visits.sort_by_key(|v| v.row.joined_at);
    contact.legs.sort_by_key(|l| l.row.offered_at.or(l.row.answered_at));
    contact.recordings.sort_by_key(|r| r.row.started_at);
    contact.holds.sort_by_key(|h| h.row.from);
    contact.transfers.sort_by_key(|t| t.at);
}
