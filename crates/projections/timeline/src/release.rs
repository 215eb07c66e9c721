//! The ends that nobody told: of callers who are gone, of contacts past the late horizon,
//! of everything that was up when the switch started anew.

use model::facts::VisitOutcome;
use model::{Body, Event, Instant, Name};

use crate::presence::{Fact, Said};
use crate::state::{Cid, Contact};
use crate::stays::end_by_inference;
use crate::{Timeline, TooLate};

impl Timeline {
    /// Refuses an event that lies before the late horizon and of whose contact nothing
    /// is kept. Our own acts, and what concerns the source as a whole, are always taken.
    pub(crate) fn refuse_too_late(&mut self, event: &Event) -> Result<(), TooLate> {
        let limit = self.horizon.limit();
        let always = matches!(
            event.body,
            Body::Acted(_)
                | Body::SourceStarted
                | Body::SourceGap { .. }
                | Body::AgentKnown { .. }
                | Body::QueueConfigured { .. }
                | Body::Unrecognized { .. }
        );
        // The end of a talk reaches back to its arrival.
        let begin = match &event.body {
            Body::Released { wait_ms, talk_ms, .. } => {
                event.at.plus_millis(-(wait_ms.unwrap_or(0).max(0).saturating_add(talk_ms.unwrap_or(0).max(0))))
            }
            _ => event.at,
        };
        if always || begin >= limit || self.locate(event).is_some() {
            return Ok(());
        }
        self.counters.too_late += 1;
        Err(TooLate { at: event.at, limit })
    }

    /// Settles visits whose caller is gone and whose queue has told no end in time: a
    /// wait ends as abandoned, a talk with its caller's connection. `all` at the end of
    /// an input.
    pub(crate) fn settle(&mut self, all: bool) {
        while let Some(cid) = self.horizon.next_settle(all) {
            let cid = self.survivor(cid);
            let Some(contact) = self.touch(cid) else { continue };
            for (conn, at) in std::mem::take(&mut contact.gone) {
                for index in 0..contact.visits.len() {
                    let v = &contact.visits[index];
                    if v.conn.as_ref() == Some(&conn) && (v.is_waiting() || (v.is_talking() && !v.row.closed)) {
                        end_by_inference(contact, index, at);
                        end_legs(contact, Some(index), at);
                        contact.dirty = true;
                    }
                }
            }
            self.finish(cid);
        }
    }

    /// Looks at contacts that the late horizon has passed.
    pub(crate) fn sweep(&mut self) {
        let limit = self.horizon.limit();
        while let Some(cid) = self.horizon.next_release() {
            if let Some(packed) = self.packed.get(&cid).filter(|p| !p.is_unfinished() || p.active >= limit) {
                if packed.active >= limit {
                    self.horizon.release_after(packed.active, cid);
                } else {
                    self.letting_go.push(cid);
                }
                continue;
            }
            self.thaw(cid);
            let Some(contact) = self.contacts.get(&cid) else { continue };
            let active = contact.active_at.max(contact.ended_at.unwrap_or(contact.active_at));
            if active >= limit {
                self.horizon.release_after(active, cid);
                continue;
            }
            if contact.ended_at.is_none() {
                self.give_up(cid, active);
            } else {
                self.recordings_given_up(cid, active);
            }
            self.letting_go.push(cid);
        }
    }

    /// Closes a contact whose end nobody told.
    fn give_up(&mut self, cid: Cid, at: Instant) {
        self.counters.closed_unknown += 1;
        let conns = self.contacts.get(&cid).map(|c| c.conns.clone()).unwrap_or_default();
        self.recordings_given_up(cid, at);
        for conn in &conns {
            if let Some(state) = self.connections.get_mut(conn) {
                state.cleared = true;
                state.conversation = None;
            }
            self.talks.remove(conn);
        }
        for members in self.conversations.values_mut() {
            members.retain(|m| !conns.contains(m));
        }
        self.conversations.retain(|_, members| !members.is_empty());
        let Some(contact) = self.touch(cid) else { return };
        for visit in contact.visits.iter_mut().filter(|v| !v.row.closed) {
            visit.row.closed = true;
            visit.inferred = visit.row.outcome == VisitOutcome::Answered;
            visit.dirty = true;
        }
        end_legs(contact, None, at);
        contact.holds.iter_mut().filter(|h| h.row.to.is_none()).for_each(|h| h.row.to = Some(at.max(h.row.from)));
        contact.ended_at = Some(at);
        contact.gave_up = true;
        contact.dirty = true;
    }

    /// The switch started anew: what was up is gone.
    pub(crate) fn source_started(&mut self, event: &Event, last_heard: Option<Instant>) {
        self.lists_count_again();
        let Some(last_heard) = last_heard.map(|t| t.min(event.at)) else { return };
        self.wake_open(event.at);
        let mut open: Vec<Cid> = self
            .contacts
            .iter()
            .filter(|(_, c)| c.ended_at.is_none() && c.merged_into.is_none() && c.active_at <= event.at)
            .map(|(cid, _)| *cid)
            .collect();
        open.sort_unstable();
        for cid in open {
            self.give_up(cid, last_heard);
        }
        let mut names: Vec<Name> = self.agents.keys().cloned().collect();
        names.sort_unstable();
        for name in names {
            let Some(agent) = self.agents.get_mut(&name) else { continue };
            let said = Said::Restarted { last_heard };
            agent.take(Fact { at: event.at, position: event.position, ordinal: event.ordinal, said, visit: None });
            self.agents_touched.push(name);
        }
    }

    /// Forgets contacts after their last rows were made.
    pub(crate) fn let_go(&mut self) {
        for cid in std::mem::take(&mut self.letting_go) {
            self.thaw(cid);
            let Some(contact) = self.contacts.remove(&cid) else { continue };
            for conn in &contact.conns {
                if self.connections.get(conn).is_some_and(|k| k.cid == cid) {
                    // A conversation that it is still in would take a later connection of
                    // this name for it.
                    self.quit(conn);
                    self.talks.remove(conn);
                    self.connections.remove(conn);
                }
            }
            for native in &contact.natives {
                if self.calls.get(native) == Some(&cid) {
                    self.calls.remove(native);
                }
            }
        }
    }
}

/// Ends legs still open: of one visit, or all.
fn end_legs(contact: &mut Contact, visit: Option<usize>, at: Instant) {
    let visit = visit.and_then(|i| contact.visits.get(i)).map(|v| v.row.clone());
    for leg in contact.legs.iter_mut().filter(|l| l.row.ended_at.is_none()) {
        if visit.as_ref().is_some_and(|v| leg.row.visit_id.as_ref() != Some(&v.visit_id)) {
            continue;
        }
        leg.row.ended_at = Some(at.max(leg.row.answered_at.or(leg.row.offered_at).unwrap_or(at)));
        if let Some(v) = visit.as_ref().filter(|_| leg.row.answered_at.is_some()) {
            leg.row.talk_ms = v.talk_ms;
            leg.row.hold_ms = v.hold_ms;
        }
        leg.talking_since = None;
        leg.dirty = true;
    }
}
