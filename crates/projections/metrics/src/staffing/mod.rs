//! How many agents a queue needs: Erlang B, C and A, and the search over them.
//!
//! Contract: pure functions of a [`Demand`] (what was measured or is expected in one
//! interval). Times are milliseconds, rates are fractions of 1, loads are Erlangs. Calls
//! arrive as a Poisson stream of one rate over the interval, handle times and patience are
//! exponential, every agent takes every call, nobody is refused: the models' assumptions,
//! so a result is an estimate of a steady state and not a promise for one interval.
//!
//! - [`erlang_b`]: A. K. Erlang, "Solution of some problems in the theory of probabilities
//!   of significance in automatic telephone exchanges", 1917.
//! - [`erlang_c`]: the same, for calls that wait for ever.
//! - [`erlang_a`]: C. Palm, "Research on telephone traffic carried by full availability
//!   groups", 1957; Garnett, Mandelbaum, Reiman, "Designing a call center with impatient
//!   customers", Manufacturing & Service Operations Management 4(3), 2002; Mandelbaum,
//!   Zeltyn, "Service engineering in action: the Palm/Erlang-A queue", 2007.
//!
//! [`performance`] takes Erlang A where the demand states a patience, else Erlang C;
//! [`agents_needed`] finds the fewest agents that meet [`Targets`].

mod demand;
pub mod erlang_a;
pub mod erlang_b;
pub mod erlang_c;
mod need;
mod quadrature;

use serde::Serialize;

pub use demand::{Demand, MAX_LOAD_ERLANGS, StaffingError, mean_patience_ms};
pub use need::{Need, Targets, agents_needed};

/// Which formula a result comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Model {
    /// Callers wait for ever.
    ErlangC,
    /// Callers wait as long as their patience lasts.
    ErlangA,
}

/// How a number of agents does under a demand, in the long run. A figure that has no value
/// (its denominator is 0, or it grows without bound) is null.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Performance {
    /// Where it comes from.
    pub model: Model,
    /// Agents who take calls.
    pub agents: u32,
    /// Arrival rate × handle time.
    pub load_erlangs: f64,
    /// False where the queue grows without bound: Erlang C with no more agents than load.
    pub stable: bool,
    /// Fraction of the agents' time that is spent on calls. Null with no agents.
    pub occupancy: Option<f64>,
    /// Fraction of the calls that do not reach an agent at once.
    pub wait_probability: Option<f64>,
    /// T of `service_level`, milliseconds.
    pub within_ms: f64,
    /// Fraction of all calls that are answered within T: abandons count against it.
    pub service_level: Option<f64>,
    /// Fraction of the answered calls that are answered within T.
    pub service_level_answered: Option<f64>,
    /// Fraction of all calls that are abandoned; 0 by Erlang C.
    pub abandon_rate: Option<f64>,
    /// Fraction of all calls that are abandoned within T.
    pub abandon_rate_within: Option<f64>,
    /// Mean wait of the answered calls, milliseconds.
    pub asa_ms: Option<f64>,
    /// Mean wait of all calls, milliseconds.
    pub avg_wait_ms: Option<f64>,
    /// Mean wait of the abandoned calls, milliseconds.
    pub avg_abandon_ms: Option<f64>,
    /// Mean number of calls that wait.
    pub avg_waiting: Option<f64>,
}

/// What `agents` make of `demand`; T = `within_ms` (negative or not a number: 0).
///
/// With no calls every rate is null. A handle time of 0 needs one agent, with whom nobody
/// waits; with no agents at all every call waits until its patience ends.
pub fn performance(demand: &Demand, agents: u32, within_ms: f64) -> Performance {
    let within_ms = if within_ms > 0.0 { within_ms } else { 0.0 };
    match demand.patience_ms() {
        None => erlang_c::performance(demand, agents, within_ms),
        Some(patience_ms) => erlang_a::performance(demand, agents, patience_ms, within_ms),
    }
}

impl Performance {
    /// No calls: nothing has a denominator but the agents' time.
    fn without_calls(model: Model, agents: u32, within_ms: f64) -> Self {
        Self {
            model,
            agents,
            load_erlangs: 0.0,
            stable: true,
            occupancy: (agents > 0).then_some(0.0),
            wait_probability: None,
            within_ms,
            service_level: None,
            service_level_answered: None,
            abandon_rate: None,
            abandon_rate_within: None,
            asa_ms: None,
            avg_wait_ms: None,
            avg_abandon_ms: None,
            avg_waiting: Some(0.0),
        }
    }

    /// Calls that take no time: each finds an agent free.
    fn without_work(model: Model, agents: u32, within_ms: f64) -> Self {
        Self {
            wait_probability: Some(0.0),
            service_level: Some(1.0),
            service_level_answered: Some(1.0),
            abandon_rate: Some(0.0),
            abandon_rate_within: Some(0.0),
            asa_ms: Some(0.0),
            avg_wait_ms: Some(0.0),
            ..Self::without_calls(model, agents, within_ms)
        }
    }
}
