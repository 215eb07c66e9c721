//! A caller who leaves a queue and joins it again, told out of order.
//!
//! An end that comes before its own join is taken for that of the stay before, since that
//! is all that is known then. Its stated wait shows later that it was not: when a join
//! comes that fits it, or an end that fits the stay better. Then the two are told apart:
//! the end keeps its visit (agents' legs and states name it) and its own arrival; the stay
//! that began before gets a visit by itself, ended as moved elsewhere until its own end is
//! told.
//!
//! Not told apart, for nothing in the rows does: stays whose waits the switch does not
//! state; and an end of a talk that comes before its own answer while the same caller's
//! talk before it is still open: it ends that one.

use model::facts::{LegResult, VisitOutcome};
use model::{Event, Instant, Name};

use crate::Timeline;
use crate::state::{Cid, Contact, VisitState};
use crate::stays::{SAME_STAY_MS, less, near, observe, supersede};

impl VisitState {
    /// When the end that it took says that its stay began, where that is not its own join.
    fn misfit(&self) -> Option<Instant> {
        let end = match self.row.outcome {
            VisitOutcome::Answered => self.row.answered_at,
            VisitOutcome::Abandoned | VisitOutcome::FlowOut(_) => self.row.left_at,
            VisitOutcome::Open | VisitOutcome::Rejected(_) => None,
        };
        let arrival = less(end?, self.row.wait_ms);
        (self.joined_told && self.wait_stated && !near(arrival, self.row.joined_at)).then_some(arrival)
    }
}

impl Contact {
    /// The first later stay of this caller in this queue: one that began at `at` ended
    /// before it, for nobody waits twice at once.
    pub(crate) fn next_stay(&self, conn: Option<&Name>, queue: &Name, at: Instant) -> Option<Instant> {
        conn?;
        let began = |v: &VisitState| match v.row.outcome {
            VisitOutcome::Rejected(_) => None,
            _ if v.joined_told => Some(v.row.joined_at),
            _ => v.wait_stated.then(|| v.row.joined_at.plus_millis(-SAME_STAY_MS)),
        };
        let own = self.visits.iter().filter(|v| !v.row.retracted && v.is_of(conn, queue));
        own.filter(|v| began(v).is_some_and(|began| began > at)).map(|v| v.row.joined_at).min()
    }
}

impl Timeline {
    /// A join is told: an end that was taken for an earlier stay's may be that of this one.
    pub(crate) fn part_by_join(&mut self, cid: Cid, event: &Event, queue: &Name) {
        let conn = event.connection.as_ref();
        let fits = |v: &VisitState| conn.is_some() && v.misfit().is_some_and(|arrival| near(arrival, event.at));
        self.told_apart(cid, event, queue, fits);
    }

    /// An end is told of the stay that arrived at `arrival`, by what the switch states: that
    /// stay may have taken another's end.
    pub(crate) fn part_by_end(&mut self, cid: Cid, event: &Event, queue: &Name, arrival: Instant) {
        let conn = event.connection.as_ref();
        let fits = |v: &VisitState| conn.is_some() && near(v.row.joined_at, arrival) && v.misfit().is_some();
        self.told_apart(cid, event, queue, fits);
    }

    fn told_apart(&mut self, cid: Cid, event: &Event, queue: &Name, fits: impl Fn(&VisitState) -> bool) {
        let Some(contact) = self.contacts.get(&cid) else { return };
        let conn = event.connection.as_ref();
        let Some(index) = contact.newest_visit(|v| v.is_of(conn, queue) && fits(v)) else { return };
        let Some(arrival) = contact.visits[index].misfit() else { return };
        let mut before = self.new_visit(event, queue, contact.visits[index].row.joined_at);
        before.row.visit_id = self.id(event, "-before");
        let Some(contact) = self.touch(cid) else { return };
        let visit = &mut contact.visits[index];
        before.joined_told = true;
        before.row.ani.clone_from(&visit.row.ani);
        before.row.dnis.clone_from(&visit.row.dnis);
        before.row.consult = visit.row.consult;
        before.row.entry_position = visit.row.entry_position.take();
        before.row.first_event = visit.row.first_event;
        let ended = arrival.max(before.row.joined_at);
        supersede(&mut before, ended);
        visit.row.joined_at = arrival;
        visit.joined_told = false;
        visit.dirty = true;
        observe(visit);
        let (taken, own) = (visit.row.visit_id.clone(), before.row.visit_id.clone());
        let offers = contact.legs.iter_mut().filter(|l| l.row.visit_id.as_ref() == Some(&taken));
        for leg in offers.filter(|l| l.row.result != Some(LegResult::Answered)) {
            if leg.row.offered_at.is_some_and(|offered| offered < arrival) {
                leg.row.visit_id = Some(own.clone());
                leg.dirty = true;
            }
        }
        contact.visits.insert(index, before);
    }
}
