//! What one visit adds to the additive figures of `docs/metrics.md`, section 2.
//!
//! Two parts: `arrival` belongs to the instant of the join (or refusal), `outcome` to the
//! answer, the abandon or the leaving. By arrival both are counted at the join; by event
//! time each at its own instant. Talk, hold, after-call work and transfers go with the
//! answer in both, so that over a range at whose edges nobody waits the totals agree.

use model::Instant;
use model::event::{DivertReason, RejectReason, TransferKind};
use model::facts::{QueueCounts, Visit, VisitOutcome};

use crate::options::WaitBasis;

/// T and S of a row, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// T.
    pub sl_threshold_ms: i64,
    /// S.
    pub short_abandon_ms: i64,
}

/// When the wait of a visit ended: `None` while it waits, and for a rejected visit (it
/// never waited). Never before the join, whatever the switch's clock did.
pub fn outcome_at(visit: &Visit) -> Option<Instant> {
    let end = match visit.outcome {
        VisitOutcome::Open | VisitOutcome::Rejected(_) => return None,
        VisitOutcome::Answered => visit.answered_at,
        VisitOutcome::Abandoned | VisitOutcome::FlowOut(_) => visit.left_at,
    };
    let stated = || visit.joined_at.plus_millis(visit.wait_ms.or(visit.wait_observed_ms).unwrap_or(0));
    Some(end.unwrap_or_else(stated).max(visit.joined_at))
}

/// The wait that the figures use; `None` while it waits and for a rejected visit.
pub fn wait_ms(visit: &Visit, basis: WaitBasis) -> Option<i64> {
    let observed = || Some(outcome_at(visit)?.millis_since(visit.joined_at));
    outcome_at(visit)?;
    let wait = match basis {
        WaitBasis::Stated => visit.wait_ms.or(visit.wait_observed_ms),
        WaitBasis::Observed => visit.wait_observed_ms.or_else(observed),
    };
    wait.or_else(observed).map(|w| w.max(0))
}

/// Adds what belongs to the arrival.
pub fn arrival(counts: &mut QueueCounts, visit: &Visit) {
    counts.received += 1;
    let VisitOutcome::Rejected(reason) = visit.outcome else {
        counts.offered += 1;
        counts.open += i64::from(visit.outcome == VisitOutcome::Open);
        return;
    };
    counts.rejected += 1;
    *match reason {
        RejectReason::Closed => &mut counts.rejected_closed,
        RejectReason::Full => &mut counts.rejected_full,
        RejectReason::Empty => &mut counts.rejected_empty,
        RejectReason::Diverted => &mut counts.rejected_diverted,
    } += 1;
}

/// Adds what belongs to the end of the wait; nothing for open and rejected visits.
pub fn outcome(counts: &mut QueueCounts, visit: &Visit, limits: Limits, basis: WaitBasis) {
    let Some(wait) = wait_ms(visit, basis) else { return };
    let in_sl = i64::from(wait <= limits.sl_threshold_ms);
    match visit.outcome {
        VisitOutcome::Answered => {
            counts.answered += 1;
            counts.answered_in_sl += in_sl;
            counts.wait_answered_ms_sum += wait;
            counts.wait_answered_ms_max = counts.wait_answered_ms_max.max(wait);
            talk(counts, visit);
        }
        VisitOutcome::Abandoned => {
            counts.abandoned += 1;
            counts.abandoned_in_sl += in_sl;
            counts.abandoned_short += i64::from(wait <= limits.short_abandon_ms);
            counts.wait_abandoned_ms_sum += wait;
            counts.wait_abandoned_ms_max = counts.wait_abandoned_ms_max.max(wait);
        }
        VisitOutcome::FlowOut(reason) => flow_out(counts, reason, in_sl),
        VisitOutcome::Open | VisitOutcome::Rejected(_) => {}
    }
    if has_closed(visit) {
        counts.wait_ms_sum += wait;
        counts.wait_ms_max = counts.wait_ms_max.max(wait);
    }
}

/// Whether a visit that joined is closed in a way that says how: an answered one from the
/// end of its talk on. One whose end was never told (the switch started anew, its contact
/// was let go) is not: there is no talk to average, or no wait.
pub fn has_closed(visit: &Visit) -> bool {
    match visit.outcome {
        VisitOutcome::Answered => visit.closed && visit.talk_ms.is_some(),
        VisitOutcome::Abandoned | VisitOutcome::FlowOut(_) => true,
        VisitOutcome::Open | VisitOutcome::Rejected(_) => false,
    }
}

fn talk(counts: &mut QueueCounts, visit: &Visit) {
    counts.talk_ms_sum += visit.talk_ms.unwrap_or(0);
    counts.hold_ms_sum += visit.hold_ms.unwrap_or(0);
    counts.acw_ms_sum += visit.acw_ms.unwrap_or(0);
    counts.acw_measured += i64::from(visit.acw_ms.is_some());
    counts.handled += i64::from(has_closed(visit));
    counts.transferred += i64::from(visit.transferred.is_some());
    counts.transferred_blind += i64::from(visit.transferred == Some(TransferKind::Blind));
    counts.transferred_attended += i64::from(visit.transferred == Some(TransferKind::Attended));
}

fn flow_out(counts: &mut QueueCounts, reason: DivertReason, in_sl: i64) {
    counts.flow_out += 1;
    counts.flow_out_late += 1 - in_sl;
    *match reason {
        DivertReason::Timeout => &mut counts.flow_out_timeout,
        DivertReason::Key => &mut counts.flow_out_key,
        DivertReason::Empty => &mut counts.flow_out_empty,
        DivertReason::Transfer => &mut counts.flow_out_transfer,
        DivertReason::Callback => {
            counts.flow_out_callback_in_sl += in_sl;
            &mut counts.flow_out_callback
        }
    } += 1;
}
