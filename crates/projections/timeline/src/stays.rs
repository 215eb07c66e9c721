//! One stay in a queue: what fits it, and how its wait and talk are worked out.

use model::Instant;
use model::facts::VisitOutcome;

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

/// Whether a visit is the stay that arrived at `arrival` and was told of at `at`.
pub(crate) fn stayed(v: &VisitState, arrival: Instant, at: Instant) -> bool {
    if v.inferred && v.row.joined_at <= at {
        return true;
    }
    near(v.row.joined_at, arrival) || (v.row.joined_at <= at && v.row.left_at.is_some_and(|left| near(left, at)))
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
