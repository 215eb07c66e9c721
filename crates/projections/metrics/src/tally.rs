//! What one visit adds to the additive figures of `docs/metrics.md`, section 2.
//!
//! Two parts: `arrival` belongs to the instant of the join (or refusal), `outcome` to the
//! answer, the abandon or the leaving. By arrival both are counted at the join; by event
//! time each at its own instant. Talk, hold, after-call work and transfers go with the
//! answer in both, so that over a range at whose edges nobody waits the totals agree.

use model::Instant;
use model::event::{DivertReason, RejectReason, TransferKind};
use model::facts::{QueueCounts, Visit, VisitOutcome};
use serde::{Deserialize, Serialize};

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

/// What the end of a visit's wait counts, and what comes after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    /// How it ended, so far.
    pub outcome: VisitOutcome,
    /// The wait that the figures use, milliseconds ([`wait_ms`]).
    pub wait_ms: Option<i64>,
    /// Talk, milliseconds; 0 where none is known.
    pub talk_ms: i64,
    /// Hold within the talk, milliseconds; 0 where none is known.
    pub hold_ms: i64,
    /// After-call work, milliseconds, where it was measured.
    pub acw_ms: Option<i64>,
    /// How the agent passed it on.
    pub transferred: Option<TransferKind>,
    /// See [`has_closed`].
    pub has_closed: bool,
}

impl Figures {
    /// Those of a visit.
    pub fn of(visit: &Visit, basis: WaitBasis) -> Self {
        Self {
            outcome: visit.outcome,
            wait_ms: wait_ms(visit, basis),
            talk_ms: visit.talk_ms.unwrap_or(0),
            hold_ms: visit.hold_ms.unwrap_or(0),
            acw_ms: visit.acw_ms,
            transferred: visit.transferred,
            has_closed: has_closed(visit),
        }
    }
}

/// Adds what belongs to the arrival.
pub fn arrival(counts: &mut QueueCounts, visit: &Visit) {
    arrived(counts, visit.outcome);
}

/// Adds what belongs to the arrival of a visit with this outcome.
pub fn arrived(counts: &mut QueueCounts, outcome: VisitOutcome) {
    counts.received += 1;
    let VisitOutcome::Rejected(reason) = outcome else {
        counts.offered += 1;
        counts.open += i64::from(outcome == VisitOutcome::Open);
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
    ended(counts, &Figures::of(visit, basis), limits);
}

/// The same of what was kept of a visit.
pub fn ended(counts: &mut QueueCounts, figures: &Figures, limits: Limits) {
    let Some(wait) = figures.wait_ms else { return };
    let in_sl = i64::from(wait <= limits.sl_threshold_ms);
    match figures.outcome {
        VisitOutcome::Answered => {
            counts.answered += 1;
            counts.answered_in_sl += in_sl;
            counts.wait_answered_ms_sum += wait;
            counts.wait_answered_ms_max = counts.wait_answered_ms_max.max(wait);
            talk(counts, figures);
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
    if figures.has_closed {
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

fn talk(counts: &mut QueueCounts, figures: &Figures) {
    counts.talk_ms_sum += figures.talk_ms;
    counts.hold_ms_sum += figures.hold_ms;
    counts.acw_ms_sum += figures.acw_ms.unwrap_or(0);
    counts.acw_measured += i64::from(figures.acw_ms.is_some());
    counts.handled += i64::from(figures.has_closed);
    counts.transferred += i64::from(figures.transferred.is_some());
    counts.transferred_blind += i64::from(figures.transferred == Some(TransferKind::Blind));
    counts.transferred_attended += i64::from(figures.transferred == Some(TransferKind::Attended));
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
