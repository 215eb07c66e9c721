//! One stay in a queue: what fits it, and how its wait and talk are worked out.

use model::event::DivertReason;
use model::facts::VisitOutcome;
use model::{Event, Instant, Name};

use crate::Timeline;
use crate::state::{Contact, VisitState};

/// How far a worked-out arrival may lie from the told one: two whole-second stamps.
pub(crate) const SAME_STAY_MS: i64 = 2_000;

pub(crate) fn near(a: Instant, b: Instant) -> bool {
    a.millis_since(b).abs() <= SAME_STAY_MS
}

pub(crate) fn less(at: Instant, ms: Option<i64>) -> Instant {
    at.plus_millis(-ms.unwrap_or(0).max(0))
}

pub(crate) fn is_unanswered(v: &VisitState) -> bool {
    v.row.closed && !matches!(v.row.outcome, VisitOutcome::Answered | VisitOutcome::Rejected(_))
}

/// Whether a visit is the stay that arrived at `arrival` and was told of at `at`. Where
/// both ends state a wait (`stated`: this one does), the arrivals tell.
pub(crate) fn stayed(v: &VisitState, (arrival, stated): (Instant, bool), at: Instant) -> bool {
    if v.inferred && v.row.joined_at <= at {
        return true;
    }
    let ended_then = || v.row.joined_at <= at && v.row.left_at.is_some_and(|left| near(left, at));
    near(v.row.joined_at, arrival) || (!(stated && v.wait_stated) && ended_then())
}

/// A stay whose end was not told: it waits, or was ended by inference.
pub(crate) fn is_untold(v: &VisitState) -> bool {
    v.is_waiting() || (v.inferred && is_unanswered(v))
}

impl Contact {
    /// Of the visits that `wanted` accepts, the one that arrived nearest to `arrival`, if
    /// that is near enough to be the same; the newest of those equally near.
    pub(crate) fn nearest_stay(&self, arrival: Instant, wanted: impl Fn(&VisitState) -> bool) -> Option<usize> {
        let off = |v: &VisitState| v.row.joined_at.millis_since(arrival).abs();
        let all = self.visits.iter().enumerate().rev();
        let fit = all.filter(|(_, v)| !v.row.retracted && wanted(v) && near(v.row.joined_at, arrival));
        fit.min_by_key(|(_, v)| off(v)).map(|(i, _)| i)
    }
}

impl Timeline {
    /// The stay whose end is told: the one that arrived when the stated wait says so, else
    /// the newest that waits. One that arrived later than a late row's wait allows is
    /// another stay of the same caller.
    pub(crate) fn waiting_stay(
        &self,
        contact: &Contact,
        event: &Event,
        queue: &Name,
        wait_ms: Option<i64>,
    ) -> Option<usize> {
        let conn = event.connection.as_ref();
        let arrival = less(event.at, wait_ms);
        let late = wait_ms.is_some() && self.horizon.watermark().is_some_and(|w| w > event.at);
        let fits = || contact.nearest_stay(arrival, |v| v.is_of(conn, queue) && is_untold(v));
        let possible = |v: &VisitState| !late || v.row.joined_at <= arrival.plus_millis(SAME_STAY_MS);
        let newest = || contact.newest_visit(|v| v.is_of(conn, queue) && v.is_waiting() && possible(v));
        wait_ms.and_then(|_| fits()).or_else(newest)
    }
}

/// Whether a visit without a told join can have begun at `at`.
pub(crate) fn began(v: &VisitState, at: Instant) -> bool {
    let first = v.row.answered_at.or(v.row.left_at).unwrap_or(v.row.joined_at);
    if v.wait_stated { near(v.row.joined_at, at) && at <= first.plus_millis(SAME_STAY_MS) } else { at <= first }
}

pub(crate) fn state_wait(visit: &mut VisitState, wait_ms: Option<i64>) {
    if let Some(ms) = wait_ms {
        visit.row.wait_ms = Some(ms.max(0));
        visit.wait_stated = true;
    }
}

/// Works out the observed wait, and the wait where the switch states none.
pub(crate) fn observe(visit: &mut VisitState) {
    let end = match visit.row.outcome {
        VisitOutcome::Answered => visit.row.answered_at,
        VisitOutcome::Abandoned | VisitOutcome::FlowOut(_) => visit.row.left_at,
        VisitOutcome::Open | VisitOutcome::Rejected(_) => None,
    };
    visit.row.wait_observed_ms = end.map(|t| t.millis_since(visit.row.joined_at).max(0));
    if !visit.wait_stated {
        visit.row.wait_ms = visit.row.wait_observed_ms;
    }
}

/// Ends the wait of a visit that nobody answered.
pub(crate) fn end_wait(visit: &mut VisitState, outcome: VisitOutcome, at: Instant, wait_ms: Option<i64>) {
    visit.row.outcome = outcome;
    visit.row.left_at = Some(at);
    visit.row.closed = true;
    visit.inferred = false;
    visit.dirty = true;
    state_wait(visit, wait_ms);
    observe(visit);
}

/// Ends the wait of a visit whose caller joined the same queue once more: nobody waits
/// twice at once. What its queue tells of its end afterwards counts.
pub(crate) fn supersede(visit: &mut VisitState, at: Instant) {
    end_wait(visit, VisitOutcome::FlowOut(DivertReason::Transfer), at, None);
    visit.inferred = true;
}

/// Ends a visit whose caller is gone and of which its queue told no end.
pub(crate) fn end_by_inference(contact: &mut Contact, index: usize, at: Instant) {
    let tracked = contact.tracked;
    let Some(visit) = contact.visits.get_mut(index) else { return };
    if visit.is_waiting() {
        end_wait(visit, VisitOutcome::Abandoned, at, None);
    } else {
        let answered = visit.row.answered_at.unwrap_or(at);
        let caller = visit.conn.clone();
        let held = tracked.then(|| contact.held_ms(answered, at, caller.as_ref()));
        let visit = &mut contact.visits[index];
        visit.row.left_at = Some(at);
        visit.row.talk_ms = Some(at.millis_since(answered).max(0));
        visit.row.hold_ms = held;
        visit.row.closed = true;
        visit.dirty = true;
    }
    contact.visits[index].inferred = true;
}
