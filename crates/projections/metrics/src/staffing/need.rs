//! The fewest agents that meet targets.

use serde::Serialize;

use super::{Demand, Performance, StaffingError, performance};

/// No more are tried: ten times the largest load. Only a tiny occupancy asks for so many.
const MOST_AGENTS: u32 = 1 << 20;

/// What is wanted; at least one of the three. Each is met by more agents.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Targets {
    /// Fraction of all calls to answer within `within_ms`: above 0, below 1.
    pub service_level: Option<f64>,
    /// T, milliseconds.
    pub within_ms: f64,
    /// Fraction of the calls that may be abandoned: above 0, at most 1. Needs a patience.
    pub max_abandon_rate: Option<f64>,
    /// Fraction of their time that agents may spend on calls: above 0, at most 1.
    pub max_occupancy: Option<f64>,
    /// Fraction of the paid time in which an agent is not there for calls (breaks,
    /// training, illness): from 0, below 1.
    pub shrinkage: f64,
}

/// How many it takes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Need {
    /// Agents who take calls.
    pub agents: u32,
    /// Agents to roster: `agents` / (1 − shrinkage), rounded up.
    pub rostered: u32,
    /// How `agents` do.
    pub performance: Performance,
}

impl Targets {
    fn checked(&self, demand: &Demand) -> Result<(), StaffingError> {
        let bad = |name| Err(StaffingError::BadTarget { name });
        let none = self.service_level.is_none() && self.max_abandon_rate.is_none() && self.max_occupancy.is_none();
        // No caller gives up by Erlang C: such a target alone would ask for nothing.
        let vain = self.max_abandon_rate.is_some() && demand.patience_ms().is_none();
        if none || self.service_level.is_some_and(|s| !(s > 0.0 && s < 1.0)) {
            return bad("service_level");
        }
        if vain || self.max_abandon_rate.is_some_and(|a| !(a > 0.0 && a <= 1.0)) {
            return bad("max_abandon_rate");
        }
        if self.max_occupancy.is_some_and(|o| !(o > 0.0 && o <= 1.0)) {
            return bad("max_occupancy");
        }
        if !(0.0..1.0).contains(&self.shrinkage) {
            return bad("shrinkage");
        }
        if !self.within_ms.is_finite() || self.within_ms < 0.0 {
            return bad("within_ms");
        }
        Ok(())
    }

    fn met(&self, p: &Performance) -> bool {
        let at_least = |figure: Option<f64>, target: f64| figure.is_none_or(|f| f >= target);
        let at_most = |figure: Option<f64>, target: f64| figure.is_none_or(|f| f <= target);
        p.stable
            && self.service_level.is_none_or(|target| at_least(p.service_level, target))
            && self.max_abandon_rate.is_none_or(|target| at_most(p.abandon_rate, target))
            && self.max_occupancy.is_none_or(|target| at_most(p.occupancy, target))
    }
}

/// The fewest agents that meet `targets` under `demand`; none where there are no calls. An
/// Erlang C queue that grows without bound meets nothing.
///
/// # Errors
///
/// A target out of its range: a service level of 1 is met by no number of agents, and a
/// share that may be abandoned says nothing where the demand states no patience.
pub fn agents_needed(demand: &Demand, targets: &Targets) -> Result<Need, StaffingError> {
    targets.checked(demand)?;
    let with = |agents| performance(demand, agents, targets.within_ms);
    let none = with(0);
    // (Nobody's occupancy is null, which meets nothing.)
    if demand.arrivals() == 0.0 || (targets.max_occupancy.is_none() && targets.met(&none)) {
        return Ok(Need { agents: 0, rostered: 0, performance: none });
    }
    // Every figure gets better with each agent: double until they are enough, then halve.
    let (mut few, mut enough) = (0, 1);
    while !targets.met(&with(enough)) {
        few = enough;
        enough *= 2;
        if enough > MOST_AGENTS {
            return Err(StaffingError::BadTarget { name: "max_occupancy" });
        }
    }
    while enough - few > 1 {
        let middle = few + (enough - few) / 2;
        if targets.met(&with(middle)) { enough = middle } else { few = middle }
    }
    Ok(Need { agents: enough, rostered: rostered(enough, targets.shrinkage), performance: with(enough) })
}

/// `agents` / (1 − `shrinkage`), rounded up; what is a whole number but for the last bits
/// of a float is one.
fn rostered(agents: u32, shrinkage: f64) -> u32 {
    let exact = f64::from(agents) / (1.0 - shrinkage);
    (exact - exact * 1e-12).ceil() as u32
}
