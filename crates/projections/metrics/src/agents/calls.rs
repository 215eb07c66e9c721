//! What agents did with calls: from visits and legs.

use std::collections::HashMap;

use model::facts::{Leg, LegResult, LegRole, Visit, VisitOutcome};
use model::{Instant, Name};

use super::{AgentCalls, Rows};
use crate::grid::Grid;
use crate::options::{Attribution, Options};
use crate::queues::credited_at;

/// Counts all visits and legs that the options select.
pub(super) fn count(rows: &mut Rows, grid: &mut Grid, visits: &[Visit], legs: &[Leg], opts: &Options) {
    for visit in visits.iter().filter(|v| opts.concerns(v) && v.outcome == VisitOutcome::Answered) {
        let Some(at) = credited_at(visit, opts.attribution) else { continue };
        let Some(agent) = &visit.agent else { continue };
        if let Some(calls) = cell(rows, grid, (&visit.center, agent, Some(&visit.queue)), at, opts) {
            calls.answered += 1;
            calls.talk_ms_sum += visit.talk_ms.unwrap_or(0);
            calls.hold_ms_sum += visit.hold_ms.unwrap_or(0);
        }
    }
    let by_id: HashMap<&Name, &Visit> = visits.iter().map(|v| (&v.visit_id, v)).collect();
    for leg in legs.iter().filter(|l| !l.retracted && opts.of_center(&l.center)) {
        let visit = leg.visit_id.as_ref().and_then(|id| by_id.get(id)).copied();
        if (opts.exclude_consults && visit.is_some_and(|v| v.consult))
            || opts.queue.as_ref().is_some_and(|q| leg.queue.as_ref() != Some(q))
        {
            continue;
        }
        let Some(at) = leg_at(leg, visit, opts.attribution) else { continue };
        if matters(leg)
            && let Some(calls) = cell(rows, grid, (&leg.center, &leg.agent, leg.queue.as_ref()), at, opts)
        {
            count_leg(calls, leg);
        }
    }
}

/// When a leg counts: by arrival with its visit, else (and by event time) when it was
/// offered, for want of that when it was answered or ended.
fn leg_at(leg: &Leg, visit: Option<&Visit>, attribution: Attribution) -> Option<Instant> {
    let own = leg.offered_at.or(leg.answered_at).or(leg.ended_at);
    match (attribution, visit) {
        (Attribution::Arrival, Some(visit)) if leg.role == LegRole::Queue => Some(visit.joined_at),
        _ => own,
    }
}

fn cell<'r>(
    rows: &'r mut Rows,
    grid: &mut Grid,
    (center, agent, queue): (&Name, &Name, Option<&Name>),
    at: Instant,
    opts: &Options,
) -> Option<&'r mut AgentCalls> {
    let key = ((center.clone(), agent.clone()), queue.filter(|_| opts.by_queue).cloned());
    opts.selects(at).then(|| &mut rows.entry(key).or_default().entry(grid.span_of(at)).or_default().0)
}

/// Whether a leg is counted anywhere: answered queue legs are, by their visit.
fn matters(leg: &Leg) -> bool {
    match leg.role {
        LegRole::Queue => matches!(leg.result, Some(LegResult::Missed | LegResult::Declined)),
        LegRole::TransferIn | LegRole::Outbound => true,
        LegRole::Internal => false,
    }
}

fn count_leg(calls: &mut AgentCalls, leg: &Leg) {
    let talk = leg.talk_ms.unwrap_or(0);
    match (leg.role, leg.result) {
        (LegRole::Outbound, _) => {
            calls.outbound_calls += 1;
            calls.outbound_talk_ms_sum += talk;
        }
        (_, Some(LegResult::Missed)) => calls.missed += 1,
        (_, Some(LegResult::Declined)) => calls.declined += 1,
        (LegRole::TransferIn, _) if leg.answered_at.is_some() => {
            calls.transfers_in += 1;
            calls.transfer_in_talk_ms_sum += talk;
        }
        _ => {}
    }
}
