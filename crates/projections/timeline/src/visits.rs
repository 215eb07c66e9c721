//! Queue visits: joins, answers, ends, in any order of their rows.
//!
//! A visit is found by (connection of the queued caller, queue), newest first, as the
//! contract of `model::event` says. What does not fit an open visit is matched with one
//! whose stated durations give the same arrival; what fits nothing is a visit by itself,
//! arriving at its time less the stated wait and talk.
//!
//! Decisions:
//! - An answer wins over an abandon or time-out of the same stay: it proves that the
//!   caller was still there. An abandon or time-out told of a visit that was answered is
//!   counted (`contradicted`) and changes nothing.
//! - A second join of the same caller in the same queue while the first still waits ends
//!   the first as moved elsewhere (`flow_out`/`transfer`), until its own end is told.
//! - Where several stays of one caller in one queue may be meant (their rows are out of
//!   order), the stated durations tell which.
//! - `closed`, once true, stays true.

use model::event::{EndedBy, RejectReason, TransferKind};
use model::facts::{Visit, VisitOutcome};
use model::{Event, Instant, Name};

use crate::Timeline;
use crate::state::{Cid, VisitState};
use crate::stays::{
    SAME_STAY_MS, began, end_wait, is_unanswered, is_untold, less, near, observe, state_wait, stayed, supersede,
};

/// What the end of a talk says.
pub(crate) struct Release {
    pub by: EndedBy,
    pub transferred: Option<TransferKind>,
    pub wait_ms: Option<i64>,
    pub talk_ms: Option<i64>,
    pub entry_position: Option<i64>,
}

impl Timeline {
    pub(crate) fn new_visit(&self, event: &Event, queue: &Name, joined_at: Instant) -> VisitState {
        VisitState {
            row: Visit {
                visit_id: self.id(event, ""),
                call_id: Name::default(),
                center: self.center.clone(),
                switch: self.switch.clone(),
                queue: queue.clone(),
                joined_at,
                answered_at: None,
                left_at: None,
                outcome: VisitOutcome::Open,
                wait_ms: None,
                wait_observed_ms: None,
                talk_ms: None,
                hold_ms: None,
                acw_ms: None,
                agent: None,
                entry_position: None,
                consult: false,
                transferred: None,
                ani: None,
                dnis: None,
                closed: false,
                retracted: false,
                revision: 0,
                known_at: event.known_at,
                first_event: event.position,
                last_event: event.position,
                filed: joined_at.days(),
            },
            conn: event.connection.clone(),
            joined_told: false,
            answered_told: false,
            wait_stated: false,
            inferred: false,
            by: EndedBy::Unknown,
            dirty: true,
            was_closed: false,
        }
    }

    /// Adds a visit to its contact; gives its index.
    fn add_visit(&mut self, cid: Cid, mut visit: VisitState) -> usize {
        if let Some(contact) =
            self.contacts.get(&cid).filter(|c| visit.row.ani.is_none() && c.conns.first() == visit.conn.as_ref())
        {
            visit.row.ani.clone_from(&contact.ani_raw);
        }
        visit.row.consult = self.is_agents_call(&visit);
        let Some(contact) = self.touch(cid) else { return 0 };
        visit.row.dnis = contact.dnis.clone();
        contact.started_at = contact.started_at.min(visit.row.joined_at);
        if contact.ended_at.is_some() && !contact.tracked && !visit.row.closed {
            contact.ended_at = None;
            contact.dirty = true;
        }
        contact.visits.push(visit);
        contact.visits.len() - 1
    }

    /// The queued caller is an agent's own call: the station of a known agent, or the
    /// number of one.
    fn is_agents_call(&self, visit: &VisitState) -> bool {
        if let Some(c) = visit.conn.as_ref().and_then(|c| self.connections.get(c)) {
            match c.device {
                model::event::DeviceKind::Station if c.agent.is_some() => return true,
                model::event::DeviceKind::Trunk => return false,
                _ => {}
            }
        }
        visit.row.ani.as_ref().is_some_and(|n| self.names.at_extension(n).is_some())
    }

    /// A caller joined.
    pub(crate) fn queued(&mut self, cid: Cid, event: &Event, queue: &Name, position: Option<i64>, ani: Option<&Name>) {
        self.part_by_join(cid, event, queue);
        let Some(contact) = self.touch(cid) else { return };
        let conn = event.connection.as_ref();
        let waiting = contact.newest_visit(|v| v.is_of(conn, queue) && v.is_waiting());
        if let Some(visit) = waiting.map(|i| &mut contact.visits[i]) {
            if visit.row.joined_at == event.at && visit.joined_told {
                return;
            }
            if visit.joined_told && event.at >= visit.row.joined_at {
                supersede(visit, event.at);
            }
        }
        let untold = |v: &VisitState| v.is_of(conn, queue) && !v.joined_told && began(v, event.at);
        let known = contact.nearest_stay(event.at, untold).or_else(|| contact.newest_visit(untold));
        let next = contact.next_stay(conn, queue, event.at);
        let index = match known {
            Some(i) => {
                let visit = &mut contact.visits[i];
                visit.row.joined_at = event.at;
                observe(visit);
                i
            }
            None => {
                let mut visit = self.new_visit(event, queue, event.at);
                visit.row.ani = ani.filter(|n| !n.is_empty()).cloned();
                // The same caller joined again later: this stay ended before that.
                if let Some(next) = next {
                    supersede(&mut visit, next);
                }
                self.add_visit(cid, visit)
            }
        };
        let Some(visit) = self.contacts.get_mut(&cid).and_then(|c| c.visits.get_mut(index)) else { return };
        visit.row.ani = visit.row.ani.take().or_else(|| ani.filter(|n| !n.is_empty()).cloned());
        visit.joined_told = true;
        visit.dirty = true;
        visit.row.entry_position = position.or(visit.row.entry_position);
        self.recordings_get_queue(cid, event, queue);
        self.after_queue_event(cid);
    }

    /// An agent answered; gives the visit's index.
    pub(crate) fn answered(
        &mut self,
        cid: Cid,
        event: &Event,
        queue: &Name,
        agent: &Name,
        wait_ms: Option<i64>,
    ) -> usize {
        let index = self.visit_answered(cid, event, queue, agent, wait_ms);
        let Some(visit) = self.touch(cid).and_then(|c| c.visits.get_mut(index)) else { return index };
        if visit.row.outcome == VisitOutcome::Answered && visit.answered_told {
            return index;
        }
        if visit.row.outcome != VisitOutcome::Answered {
            visit.row.left_at = None;
            // Taken back: the end of the talk is still to be told.
            visit.inferred = visit.row.closed;
        }
        visit.row.outcome = VisitOutcome::Answered;
        visit.row.answered_at = Some(event.at);
        visit.row.agent = (!agent.is_empty()).then(|| agent.clone());
        visit.answered_told = true;
        visit.dirty = true;
        state_wait(visit, wait_ms);
        observe(visit);
        self.after_queue_event(cid);
        index
    }

    fn visit_answered(&mut self, cid: Cid, event: &Event, queue: &Name, agent: &Name, wait_ms: Option<i64>) -> usize {
        let conn = event.connection.as_ref();
        let arrival = less(event.at, wait_ms);
        if wait_ms.is_some() {
            self.part_by_end(cid, event, queue, arrival);
        }
        let Some(contact) = self.contacts.get(&cid) else { return 0 };
        let found = self
            .waiting_stay(contact, event, queue, wait_ms)
            // A second CONNECT of the same answer, or one whose COMPLETE came first.
            .or_else(|| {
                contact.newest_visit(|v| {
                    v.is_of(conn, queue)
                        && v.row.outcome == VisitOutcome::Answered
                        && v.row.agent.as_ref() == Some(agent)
                        && v.row.answered_at.is_some_and(|t| near(t, event.at))
                })
            })
            .or_else(|| {
                contact.newest_visit(|v| {
                    v.is_of(conn, queue) && is_unanswered(v) && stayed(v, (arrival, wait_ms.is_some()), event.at)
                })
            });
        match found {
            Some(i) => i,
            None => {
                let visit = self.new_visit(event, queue, arrival);
                self.add_visit(cid, visit)
            }
        }
    }

    /// The caller left unanswered.
    pub(crate) fn left(
        &mut self,
        cid: Cid,
        event: &Event,
        queue: &Name,
        outcome: VisitOutcome,
        wait_ms: Option<i64>,
        entry_position: Option<i64>,
    ) {
        let conn = event.connection.as_ref();
        let arrival = less(event.at, wait_ms);
        if wait_ms.is_some() {
            self.part_by_end(cid, event, queue, arrival);
        }
        let Some(contact) = self.contacts.get(&cid) else { return };
        let mut found = self.waiting_stay(contact, event, queue, wait_ms);
        let Some(contact) = self.touch(cid) else { return };
        if found.is_none() {
            let same = |v: &VisitState| v.is_of(conn, queue) && stayed(v, (arrival, wait_ms.is_some()), event.at);
            found = contact.newest_visit(|v| same(v) && is_unanswered(v));
            if found.is_none() && contact.newest_visit(|v| same(v) && v.row.outcome == VisitOutcome::Answered).is_some()
            {
                self.counters.contradicted += 1;
                return;
            }
        }
        let index = match found {
            Some(i) => i,
            None => {
                let visit = self.new_visit(event, queue, arrival);
                self.add_visit(cid, visit)
            }
        };
        let Some(visit) = self.contacts.get_mut(&cid).and_then(|c| c.visits.get_mut(index)) else { return };
        let before = (visit.row.outcome, visit.row.left_at, visit.row.wait_ms);
        end_wait(visit, outcome, event.at, wait_ms);
        visit.row.entry_position = visit.row.entry_position.or(entry_position);
        visit.dirty |= before != (visit.row.outcome, visit.row.left_at, visit.row.wait_ms);
        self.cancel_offers(cid, index, event);
        self.after_queue_event(cid);
    }

    /// A caller was refused: a visit of its own, closed at once.
    pub(crate) fn rejected(&mut self, cid: Cid, event: &Event, queue: &Name, reason: RejectReason) {
        let mut visit = self.new_visit(event, queue, event.at);
        visit.row.outcome = VisitOutcome::Rejected(reason);
        visit.row.left_at = Some(event.at);
        visit.row.closed = true;
        visit.joined_told = true;
        self.add_visit(cid, visit);
        self.recordings_get_queue(cid, event, queue);
        self.after_queue_event(cid);
    }

    /// The talk ended; gives the visit's index.
    pub(crate) fn released(&mut self, cid: Cid, event: &Event, queue: &Name, agent: &Name, release: &Release) -> usize {
        let index = self.visit_released(cid, event, queue, agent, release);
        let Some(contact) = self.touch(cid) else { return index };
        let tracked = contact.tracked;
        let Some(visit) = contact.visits.get_mut(index) else { return index };
        let before = visit.row.clone();
        visit.row.outcome = VisitOutcome::Answered;
        visit.row.agent = visit.row.agent.take().or_else(|| (!agent.is_empty()).then(|| agent.clone()));
        visit.row.left_at = Some(event.at);
        if visit.row.answered_at.is_none() {
            let by_wait = release.wait_ms.map(|w| visit.row.joined_at.plus_millis(w));
            let by_talk = release.talk_ms.map(|t| less(event.at, Some(t)));
            visit.row.answered_at = Some(by_talk.or(by_wait).unwrap_or(event.at).max(visit.row.joined_at));
        }
        if !visit.wait_stated {
            state_wait(visit, release.wait_ms);
        }
        observe(visit);
        let observed = visit.row.answered_at.map(|a| event.at.millis_since(a).max(0));
        visit.row.talk_ms = release.talk_ms.or(observed);
        visit.row.transferred = release.transferred;
        visit.row.entry_position = visit.row.entry_position.or(release.entry_position);
        visit.row.closed = true;
        visit.inferred = false;
        visit.by = release.by;
        let (answered_at, caller) = (visit.row.answered_at.unwrap_or(event.at), visit.conn.clone());
        let held = tracked.then(|| contact.held_ms(answered_at, event.at, caller.as_ref()));
        let visit = &mut contact.visits[index];
        visit.row.hold_ms = held;
        visit.dirty |= visit.row != before || visit.row.revision == 0;
        self.after_queue_event(cid);
        index
    }

    fn visit_released(&mut self, cid: Cid, event: &Event, queue: &Name, agent: &Name, release: &Release) -> usize {
        let conn = event.connection.as_ref();
        let answer = less(event.at, release.talk_ms);
        let arrival = less(answer, release.wait_ms);
        if release.wait_ms.and(release.talk_ms).is_some() {
            self.part_by_end(cid, event, queue, arrival);
        }
        let Some(contact) = self.contacts.get(&cid) else { return 0 };
        let of = |v: &VisitState| v.is_of(conn, queue);
        let by_agent = |v: &VisitState| of(v) && v.row.agent.as_ref() == Some(agent);
        // A talk that began later is another stay's.
        let talks =
            |v: &VisitState| v.is_talking() && v.row.answered_at.is_none_or(|a| a <= event.at || near(a, event.at));
        let stated = release.wait_ms.and(release.talk_ms).is_some();
        let theirs = |v: &VisitState| (by_agent(v) && v.is_talking()) || (of(v) && is_untold(v));
        let fits = || contact.nearest_stay(arrival, theirs);
        let several = contact.visits.iter().filter(|v| of(v) && (v.is_talking() || is_untold(v))).count() > 1;
        let found = (stated && several)
            .then(fits)
            .flatten()
            .or_else(|| contact.newest_visit(|v| by_agent(v) && talks(v)))
            .or_else(|| contact.newest_visit(|v| of(v) && talks(v)))
            // The same end told twice, or told anew.
            .or_else(|| contact.newest_visit(|v| by_agent(v) && v.row.left_at.is_some_and(|t| near(t, event.at))))
            // The end before its answer.
            .or_else(|| contact.newest_visit(|v| of(v) && v.is_waiting() && v.row.joined_at <= event.at))
            .or_else(|| contact.newest_visit(|v| of(v) && is_unanswered(v) && stayed(v, (arrival, stated), event.at)));
        match found {
            Some(i) => i,
            None => {
                let visit = self.new_visit(event, queue, arrival);
                self.add_visit(cid, visit)
            }
        }
    }

    /// The contact of an end of talk without any connection: the agent's open answered
    /// visit in that queue whose answer lies nearest to what the talk states.
    pub(crate) fn talk_of(
        &self,
        event: &Event,
        queue: &Name,
        agent: &Name,
        talk_ms: Option<i64>,
    ) -> Option<(Cid, Name)> {
        let answer = less(event.at, talk_ms);
        let mut best: Option<(i64, Cid, Name)> = None;
        for cid in self.agents.get(agent).map(|a| a.answering.as_slice()).unwrap_or_default() {
            let Some(contact) = self.contacts.get(cid) else { continue };
            for visit in contact.visits.iter().filter(|v| v.is_talking() && v.row.queue == *queue) {
                let (Some(at), Some(conn)) = (visit.row.answered_at, visit.conn.clone()) else { continue };
                let off = at.millis_since(answer).abs();
                let fits = visit.row.agent.as_ref() == Some(agent) && (talk_ms.is_none() || off <= 2 * SAME_STAY_MS);
                if fits && best.as_ref().is_none_or(|b| off < b.0) {
                    best = Some((off, *cid, conn));
                }
            }
        }
        best.map(|(_, cid, conn)| (cid, conn))
    }
}
