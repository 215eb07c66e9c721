//! Erlang A (M/M/n+M): calls wait as long as their patience lasts.
//!
//! Let V be the wait that a caller of endless patience would bear. With arrival rate λ,
//! handle rate μ, patience rate θ and n agents it has, for x > 0, the density
//! λ π(n−1) g(x) with ln g(x) = λ (1 − e^(−θx)) / θ − nμx, and P(V > 0) = P(wait)
//! (Baccelli, Hebuterne, "On queues with impatient customers", 1981, whose formula for
//! general patience Zeltyn and Mandelbaum use in "Call centers with impatient customers",
//! Queueing Systems 51, 2005). Every figure is a mean over V: a caller gives up before V
//! with probability 1 − e^(−θV). Palm's incomplete gamma function is ∫ g, which here is
//! integrated about its mode in logarithms, so that neither thousands of agents nor a load
//! of many times their number overflow.

use super::quadrature::Density;
use super::{Demand, Model, Performance, erlang_b};

/// See [`super::performance`].
pub(super) fn performance(demand: &Demand, agents: u32, patience_ms: f64, within_ms: f64) -> Performance {
    let (load, model) = (demand.load_erlangs(), Model::ErlangA);
    if demand.arrivals() == 0.0 {
        return Performance::without_calls(model, agents, within_ms);
    }
    if load == 0.0 && agents > 0 {
        return Performance::without_work(model, agents, within_ms);
    }
    let base = Performance { load_erlangs: load, ..Performance::without_work(model, agents, within_ms) };
    if agents == 0 {
        return nobody_answers(demand, patience_ms, base);
    }
    if patience_ms == 0.0 {
        return nobody_waits(erlang_b::loss(agents, load), base);
    }
    waiting(demand, patience_ms, base)
}

/// Every call waits until its patience ends.
fn nobody_answers(demand: &Demand, patience_ms: f64, base: Performance) -> Performance {
    Performance {
        wait_probability: Some(1.0),
        service_level: Some(0.0),
        service_level_answered: None,
        abandon_rate: Some(1.0),
        abandon_rate_within: Some(given_up(base.within_ms, patience_ms)),
        asa_ms: None,
        avg_wait_ms: Some(patience_ms),
        avg_abandon_ms: Some(patience_ms),
        avg_waiting: Some(demand.rate() * patience_ms),
        ..base
    }
}

/// A patience of 0: who finds no agent free is gone, which is Erlang B.
fn nobody_waits(lost: f64, base: Performance) -> Performance {
    Performance {
        occupancy: Some(base.load_erlangs * (1.0 - lost) / f64::from(base.agents)),
        wait_probability: Some(lost),
        service_level: Some(1.0 - lost),
        abandon_rate: Some(lost),
        abandon_rate_within: Some(lost),
        avg_abandon_ms: (lost > 0.0).then_some(0.0),
        ..base
    }
}

/// Probability that a patience ends within `x`.
fn given_up(x: f64, patience_ms: f64) -> f64 {
    if patience_ms > 0.0 { -(-x / patience_ms).exp_m1() } else { 1.0 }
}

/// Mean of a patience's length where it ends within `x`, else 0: (1 − e^(−y) (1 + y)) / θ
/// with y = θx.
fn given_up_after(x: f64, patience_ms: f64) -> f64 {
    let y = x / patience_ms;
    let part = if y < 1e-3 { y * y * (0.5 - y / 3.0 + y * y / 8.0) } else { -(-y).exp_m1() - y * (-y).exp() };
    part * patience_ms
}

fn waiting(demand: &Demand, patience_ms: f64, base: Performance) -> Performance {
    let (load, within) = (base.load_erlangs, base.within_ms);
    let (rate, served_rate) = (demand.rate(), f64::from(base.agents) / demand.aht_ms());
    let borne = borne(rate, served_rate, patience_ms, within);
    let waits = wait_probability(base.agents, load, rate.ln() + borne.log_mass);
    let kept = |x: f64| (-x / patience_ms).exp();
    let abandoned = waits * borne.mean(|x| given_up(x, patience_ms));
    let answered = (1.0 - waits) + waits * borne.mean(kept);
    let in_time = (1.0 - waits) + waits * borne.mean(|x| if x <= within { kept(x) } else { 0.0 });
    let wait_answered = waits * borne.mean(|x| x * kept(x));
    let wait_abandoned = waits * borne.mean(|x| given_up_after(x, patience_ms));
    let avg_wait_ms = abandoned * patience_ms;
    Performance {
        occupancy: Some(load * answered / f64::from(base.agents)),
        wait_probability: Some(waits),
        service_level: Some(in_time),
        service_level_answered: (answered > 0.0).then_some(in_time / answered),
        abandon_rate: Some(abandoned),
        abandon_rate_within: Some(waits * borne.mean(|x| given_up(x.min(within), patience_ms))),
        asa_ms: (answered > 0.0).then_some(wait_answered / answered),
        avg_wait_ms: Some(avg_wait_ms),
        avg_abandon_ms: (abandoned > 0.0).then_some(wait_abandoned / abandoned),
        avg_waiting: Some(rate * avg_wait_ms),
        ..base
    }
}

/// V where it is above 0.
fn borne(rate: f64, served_rate: f64, patience_ms: f64, within_ms: f64) -> Density {
    let log = |x: f64| rate * patience_ms * given_up(x, patience_ms) - served_rate * x;
    let mode = patience_ms * (rate / served_rate).ln().max(0.0);
    // Patience bends on its own scale, g beside 0 on those of the rates.
    let scale = patience_ms.min(1.0 / served_rate.max(rate));
    Density::new(log, mode, scale, within_ms)
}

/// P(wait), where `log_waiting` is ln(λ ∫ g): the weight of the states in which a caller
/// waits, over that of n − 1 calls. The states up to that one weigh 1 / B(n − 1).
fn wait_probability(agents: u32, load_erlangs: f64, log_waiting: f64) -> f64 {
    let log_free = -erlang_b::loss(agents - 1, load_erlangs).ln();
    1.0 / (1.0 + (log_free - log_waiting).exp())
}
