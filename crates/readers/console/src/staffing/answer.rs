//! The answer: agents needed, and how some more and some fewer would do.

use std::collections::BTreeSet;

use metrics::staffing::{Demand, Need, Performance, Targets, agents_needed, performance};
use model::Instant;
use serde::Serialize;
use utoipa::ToSchema;

use super::ask::{Ask, bad};
use crate::reports::words::Bad;

/// Fewer agents than needed that are shown, and more.
const AROUND: (u32, u32) = (3, 5);

/// How many agents, by both models.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct StaffingAnswer {
    /// Begin of the range that was measured, RFC 3339; null where all was typed in.
    pub measured_from: Option<String>,
    /// Its end.
    pub measured_to: Option<String>,
    /// Calls in the period.
    pub arrivals: f64,
    /// The period, milliseconds.
    pub interval_ms: f64,
    /// Handle time, milliseconds.
    pub aht_ms: f64,
    /// Mean patience, milliseconds; null where nobody gave up.
    pub patience_ms: Option<f64>,
    /// Arrivals / period × handle time.
    pub load_erlangs: f64,
    /// By Erlang C, whose callers wait for ever.
    pub erlang_c: StaffingNeed,
    /// By Erlang A; null where no patience is known.
    pub erlang_a: Option<StaffingNeed>,
    /// How numbers of agents around these do.
    pub rows: Vec<StaffingRow>,
}

/// What one model asks for.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct StaffingNeed {
    /// The fewest agents who take calls that meet every target.
    pub agents: u32,
    /// Agents to roster: those / (1 − shrinkage), rounded up.
    pub rostered: u32,
}

/// A number of agents.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct StaffingRow {
    /// Agents who take calls.
    pub agents: u32,
    /// How they do by Erlang C.
    pub erlang_c: StaffingFigures,
    /// How they do by Erlang A; null where no patience is known.
    pub erlang_a: Option<StaffingFigures>,
}

/// How agents do, in the long run; a figure that has no value is null.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct StaffingFigures {
    /// False where the queue grows without bound.
    pub stable: bool,
    /// Fraction of all calls that is answered within T.
    pub service_level: Option<f64>,
    /// Fraction of all calls that is abandoned.
    pub abandon_rate: Option<f64>,
    /// Fraction of the agents' time that is spent on calls.
    pub occupancy: Option<f64>,
    /// Mean wait of the answered calls, milliseconds.
    pub asa_ms: Option<f64>,
}

impl From<Performance> for StaffingFigures {
    fn from(p: Performance) -> Self {
        let Performance { stable, service_level, abandon_rate, occupancy, asa_ms, .. } = p;
        Self { stable, service_level, abandon_rate, occupancy, asa_ms }
    }
}

impl From<&Need> for StaffingNeed {
    fn from(need: &Need) -> Self {
        Self { agents: need.agents, rostered: need.rostered }
    }
}

/// Answers.
pub(crate) fn answer(ask: &Ask) -> Result<StaffingAnswer, Bad> {
    let needed = |demand: &Demand, targets: &Targets| agents_needed(demand, targets).map_err(|e| bad(&e));
    let (patient, targets) = (ask.demand.with_patience(None).map_err(|e| bad(&e))?, &ask.targets);
    let impatient = ask.demand.patience_ms().map(|_| &ask.demand);
    // No caller gives up by Erlang C: such a target says nothing there.
    let c = needed(&patient, &Targets { max_abandon_rate: None, ..targets.clone() })?;
    let a = impatient.map(|d| needed(d, targets)).transpose()?;
    let around = |n: u32| n.saturating_sub(AROUND.0)..=n.saturating_add(AROUND.1);
    let numbers: BTreeSet<u32> = around(c.agents).chain(a.iter().flat_map(|a| around(a.agents))).collect();
    let row = |agents: u32| StaffingRow {
        agents,
        erlang_c: performance(&patient, agents, targets.within_ms).into(),
        erlang_a: impatient.map(|d| performance(d, agents, targets.within_ms).into()),
    };
    Ok(StaffingAnswer {
        measured_from: ask.measured.map(|m| Instant::to_rfc3339(m.0)),
        measured_to: ask.measured.map(|m| Instant::to_rfc3339(m.1)),
        arrivals: ask.demand.arrivals(),
        interval_ms: ask.demand.interval_ms(),
        aht_ms: ask.demand.aht_ms(),
        patience_ms: ask.demand.patience_ms(),
        load_erlangs: ask.demand.load_erlangs(),
        erlang_c: (&c).into(),
        erlang_a: a.as_ref().map(Into::into),
        rows: numbers.into_iter().map(row).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(patience_ms: Option<f64>) -> Ask {
        let demand = Demand::new(100.0, 1_800_000.0, 180_000.0, patience_ms).unwrap();
        let targets = Targets {
            service_level: Some(0.8),
            within_ms: 20_000.0,
            max_abandon_rate: Some(0.05),
            max_occupancy: None,
            shrinkage: 0.3,
        };
        Ask { demand, targets, measured: None }
    }

    #[test]
    fn both_models_answer_with_the_numbers_around() {
        // 10 Erlang: 14 agents for 80/20 by Erlang C, the textbook's answer.
        let answer = answer(&ask(Some(120_000.0))).unwrap();
        assert_eq!((answer.erlang_c.agents, answer.erlang_c.rostered), (14, 20));
        let a = answer.erlang_a.unwrap();
        assert!(a.agents <= 14, "who gives up leaves more agents for the others: {a:?}");
        let numbers: Vec<u32> = answer.rows.iter().map(|r| r.agents).collect();
        assert_eq!((numbers.first(), numbers.last()), (Some(&(a.agents - 3)), Some(&19)));
    }

    #[test]
    fn without_a_patience_there_is_no_erlang_a() {
        let answer = answer(&ask(None)).unwrap();
        assert!(answer.erlang_a.is_none() && answer.rows.iter().all(|r| r.erlang_a.is_none()));
    }
}
