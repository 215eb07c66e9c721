//! Erlang C (M/M/n): calls wait for ever.

use super::{Demand, Model, Performance, erlang_b};

/// Fraction of the calls that wait, with `agents` under `load_erlangs`; `None` where the
/// load is not below the number of agents, for then the queue grows without bound.
///
/// C = B / (1 − ρ (1 − B)) with ρ = a / n and Erlang's B (1917).
pub fn wait_probability(agents: u32, load_erlangs: f64) -> Option<f64> {
    let n = f64::from(agents);
    (load_erlangs < n).then(|| {
        let lost = erlang_b::loss(agents, load_erlangs);
        lost / (1.0 - load_erlangs / n * (1.0 - lost))
    })
}

/// See [`super::performance`]. The wait of those who wait is exponential with mean
/// AHT / (n − a), whence service level 1 − C e^(−(n − a) T / AHT) and ASA C AHT / (n − a).
pub(super) fn performance(demand: &Demand, agents: u32, within_ms: f64) -> Performance {
    let (load, model) = (demand.load_erlangs(), Model::ErlangC);
    if demand.arrivals() == 0.0 {
        return Performance::without_calls(model, agents, within_ms);
    }
    if load == 0.0 && agents > 0 {
        return Performance::without_work(model, agents, within_ms);
    }
    let base = Performance { load_erlangs: load, ..Performance::without_work(model, agents, within_ms) };
    let Some(waits) = wait_probability(agents, load) else {
        return overrun(base);
    };
    let spare = f64::from(agents) - load;
    let service_level = 1.0 - waits * (-spare * within_ms / demand.aht_ms()).exp();
    let asa_ms = waits * demand.aht_ms() / spare;
    Performance {
        occupancy: Some(load / f64::from(agents)),
        wait_probability: Some(waits),
        service_level: Some(service_level),
        service_level_answered: Some(service_level),
        asa_ms: Some(asa_ms),
        avg_wait_ms: Some(asa_ms),
        avg_waiting: Some(demand.rate() * asa_ms),
        ..base
    }
}

/// No more agents than load: in the long run everybody waits, without bound.
fn overrun(base: Performance) -> Performance {
    Performance {
        stable: false,
        occupancy: (base.agents > 0).then_some(1.0),
        wait_probability: Some(1.0),
        service_level: Some(0.0),
        service_level_answered: (base.agents > 0).then_some(0.0),
        asa_ms: None,
        avg_wait_ms: None,
        avg_waiting: None,
        ..base
    }
}
