//! What must hold of Erlang A and C whatever the figures, and that other ways of reckoning
//! the same agree: state by state, a differential equation, a simulation from a seed.

use metrics::staffing::{Demand, Performance, Targets, agents_needed, erlang_b, performance};
use proptest::prelude::*;

fn same(a: f64, b: f64, relative: f64, what: &str) {
    assert!((a - b).abs() <= relative * a.abs().max(b.abs()) + 1e-300, "{what}: {a} and {b}");
}

/// λ and patience in units of the handle time.
fn of(load: f64, patience: Option<f64>) -> Demand {
    Demand::new(load, 1.0, 1.0, patience).unwrap()
}

/// Abandoned, waiting and answered within `t`, state by state, for small systems.
fn state_by_state(load: f64, agents: u32, patience: f64, t: f64) -> (f64, f64, f64) {
    let n = agents as usize;
    let death = |k: usize| k.min(n) as f64 + k.saturating_sub(n) as f64 / patience;
    let mut weights = vec![1.0f64];
    for k in 1..600 {
        weights.push(weights[k - 1] * load / death(k));
    }
    let whole: f64 = weights.iter().sum();
    let waits: f64 = weights[n..].iter().sum::<f64>() / whole;
    let queue: f64 = weights.iter().enumerate().map(|(k, w)| k.saturating_sub(n) as f64 * w).sum::<f64>() / whole;
    let in_time = served_within(n, patience, t);
    let late: f64 = weights[n..].iter().zip(&in_time).map(|(w, u)| w * u).sum::<f64>() / whole;
    (queue / patience / load, waits, 1.0 - waits + late)
}

/// u(j): probability that a caller with j others before them is answered within `t`;
/// u(j)' = (n + j/p) (u(j−1) − u(j)) − u(j)/p, u(−1) = 1, by Runge and Kutta's steps.
fn served_within(n: usize, patience: f64, t: f64) -> Vec<f64> {
    let slope = |u: &[f64]| -> Vec<f64> {
        let step = |j: usize| {
            let ahead = if j == 0 { 1.0 } else { u[j - 1] };
            (n as f64 + j as f64 / patience) * (ahead - u[j]) - u[j] / patience
        };
        (0..u.len()).map(step).collect()
    };
    let (mut u, steps) = (vec![0.0; 120], 4000);
    let h = t / steps as f64;
    let plus = |u: &[f64], k: &[f64], h: f64| -> Vec<f64> { u.iter().zip(k).map(|(u, k)| u + h * k).collect() };
    for _ in 0..steps {
        let k1 = slope(&u);
        let k2 = slope(&plus(&u, &k1, h / 2.0));
        let k3 = slope(&plus(&u, &k2, h / 2.0));
        let k4 = slope(&plus(&u, &k3, h));
        for j in 0..u.len() {
            u[j] += h / 6.0 * (k1[j] + 2.0 * k2[j] + 2.0 * k3[j] + k4[j]);
        }
    }
    u
}

#[test]
fn state_by_state_it_is_the_same() {
    for (load, agents, patience, t) in
        [(3.0, 4, 0.7, 0.2), (10.0, 6, 0.5, 0.4), (0.3, 1, 2.0, 0.1), (8.0, 8, 4.0, 0.3), (2.0, 9, 1.0, 0.05)]
    {
        let p = performance(&of(load, Some(patience)), agents, t);
        let (abandoned, waits, in_time) = state_by_state(load, agents, patience, t);
        same(p.abandon_rate.unwrap(), abandoned, 1e-10, "abandoned");
        same(p.wait_probability.unwrap(), waits, 1e-10, "waits");
        same(p.service_level.unwrap(), in_time, 1e-9, "in time");
    }
}

/// With a patience as long as a call the system is M/M/∞: the calls in it are Poisson.
#[test]
fn thousands_of_agents_against_poisson() {
    for (load, agents) in [(5_000.0f64, 5_050u32), (20_000.0, 20_000), (3_000.0, 2_700)] {
        let p = performance(&of(load, Some(1.0)), agents, 0.01);
        let (mut log, mut below) = (-load, 0.0);
        for k in 0..agents {
            below += log.exp();
            log += load.ln() - f64::from(k + 1).ln();
        }
        same(p.wait_probability.unwrap(), 1.0 - below, 1e-8, "waits");
    }
}

/// Garnett, Mandelbaum, Reiman (2002), theorem 4 in its plainest case: as many agents as
/// load, patience as long as a call: half of the calls wait; and far more load than agents
/// leaves what they can take.
#[test]
fn large_centres_tend_to_what_is_known() {
    same(performance(&of(1e5, Some(1.0)), 100_000, 0.0).wait_probability.unwrap(), 0.5, 2e-3, "half");
    let p = performance(&of(90_000.0, Some(0.001)), 100, 0.0);
    same(p.abandon_rate.unwrap(), 1.0 - 100.0 / 90_000.0, 1e-6, "all but what the agents take");
    same(p.occupancy.unwrap(), 1.0, 1e-6, "busy");
    // A year of patience, twice the load that the agents can take.
    let p = performance(&of(2_000.0, Some(175_200.0)), 1_000, 0.1);
    same(p.abandon_rate.unwrap(), 0.5, 1e-9, "half gives up");
    same(p.asa_ms.unwrap(), 175_200.0 * 2f64.ln(), 1e-4, "after patience × ln 2");
}

/// A seeded simulation: splitmix64 for chance, each call in order of arrival.
fn simulated(load: f64, agents: usize, patience: f64, t: f64, calls: u32) -> [f64; 4] {
    let mut seed = 20_261_128u64;
    let mut draw = move |mean: f64| {
        seed = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = seed;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        let unit = ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64;
        -mean * (1.0 - unit).ln()
    };
    let (mut now, mut free) = (0.0, vec![0.0f64; agents]);
    let (mut gone, mut waited, mut in_time, mut wait_answered) = (0.0, 0.0, 0.0, 0.0);
    for _ in 0..calls {
        now += draw(1.0 / load);
        let soonest = (0..agents).min_by(|a, b| free[*a].total_cmp(&free[*b])).unwrap();
        let wait = (free[soonest] - now).max(0.0);
        waited += f64::from(wait > 0.0);
        if wait > draw(patience) {
            gone += 1.0;
            continue;
        }
        free[soonest] = now + wait + draw(1.0);
        in_time += f64::from(wait <= t);
        wait_answered += wait;
    }
    let all = f64::from(calls);
    [gone / all, waited / all, in_time / all, wait_answered / (all - gone)]
}

#[test]
fn a_simulation_agrees() {
    for (load, agents, patience, t) in [(20.0, 20u32, 0.5, 0.05), (12.0, 8, 0.8, 0.3), (9.0, 11, 1.5, 0.1)] {
        let seen = simulated(load, agents as usize, patience, t, 400_000);
        let p = performance(&of(load, Some(patience)), agents, t);
        let reckoned = [p.abandon_rate, p.wait_probability, p.service_level, p.asa_ms];
        for (seen, reckoned) in seen.into_iter().zip(reckoned) {
            assert!((seen - reckoned.unwrap()).abs() < 0.006, "{seen} and {reckoned:?}");
        }
    }
}

fn figures(p: &Performance) -> [f64; 4] {
    [p.service_level, p.abandon_rate, p.wait_probability, p.avg_wait_ms].map(Option::unwrap)
}

proptest! {
    /// Flow is kept; a rate is one; the mean of all waits is that of both kinds of calls.
    #[test]
    fn flow_is_kept(load in 1e-3f64..3e3, agents in 1u32..3000, log_patience in -6f64..6.0, t in 0f64..2.0) {
        let patience = log_patience.exp();
        let p = performance(&of(load, Some(patience)), agents, t);
        for rate in [p.occupancy, p.wait_probability, p.service_level, p.abandon_rate, p.abandon_rate_within] {
            prop_assert!((-1e-12..=1.0 + 1e-12).contains(&rate.unwrap()), "{p:?}");
        }
        let (gone, wait) = (p.abandon_rate.unwrap(), p.avg_wait_ms.unwrap());
        same(p.occupancy.unwrap() * f64::from(agents), load * (1.0 - gone), 1e-9, "served");
        let both = (1.0 - gone) * p.asa_ms.unwrap() + gone * p.avg_abandon_ms.unwrap_or(0.0);
        same(wait, both, 1e-6, "waits");
        prop_assert!(p.service_level.unwrap() <= 1.0 - gone + 1e-12);
        prop_assert!(p.abandon_rate_within.unwrap() <= gone * (1.0 + 1e-9) + 1e-12);
        // At least the calls wait that Erlang B loses (below 1e-300 floats have few digits).
        prop_assert!(p.wait_probability.unwrap() >= erlang_b::loss(agents, load) * (1.0 - 1e-9) - 1e-300);
    }

    /// Each more agent makes nothing worse.
    #[test]
    fn more_agents_are_better(load in 0.1f64..200.0, agents in 1u32..250, patience in 0.01f64..50.0, t in 0f64..1.0) {
        let [sl, gone, waits, wait] = figures(&performance(&of(load, Some(patience)), agents, t));
        let [sl1, gone1, waits1, wait1] = figures(&performance(&of(load, Some(patience)), agents + 1, t));
        prop_assert!(sl1 >= sl - 1e-11 && gone1 <= gone + 1e-11 && waits1 <= waits + 1e-11 && wait1 <= wait * (1.0 + 1e-9) + 1e-11);
    }

    /// As patience grows Erlang A becomes Erlang C; as it vanishes, Erlang B.
    #[test]
    fn between_b_and_c(agents in 1u32..400, part in 0.05f64..0.98, t in 0f64..1.0) {
        let load = f64::from(agents) * part;
        let patient = performance(&of(load, None), agents, t);
        let nearly = performance(&of(load, Some(1e9)), agents, t);
        for (c, a) in figures(&patient).into_iter().zip(figures(&nearly)) {
            prop_assert!((c - a).abs() < 1e-4, "{c} and {a}");
        }
        let rash = performance(&of(load, Some(1e-9)), agents, t);
        let lost = erlang_b::loss(agents, load);
        prop_assert!((rash.abandon_rate.unwrap() - lost).abs() < 1e-6);
        prop_assert_eq!(performance(&of(load, Some(0.0)), agents, t).abandon_rate, Some(lost));
    }

    /// What is found is enough, and one agent less is not.
    #[test]
    fn the_fewest(load in 0.01f64..500.0, patience in 0.05f64..20.0, sl in 0.3f64..0.99, gone in 0.005f64..0.5) {
        let demand = of(load, Some(patience));
        let targets = Targets { service_level: Some(sl), within_ms: 0.1, max_abandon_rate: Some(gone), ..Targets::default() };
        let need = agents_needed(&demand, &targets).unwrap();
        let met = |p: &Performance| p.service_level.unwrap() >= sl && p.abandon_rate.unwrap() <= gone;
        prop_assert!(met(&need.performance));
        prop_assert!(need.agents > 0 && !met(&performance(&demand, need.agents - 1, 0.1)));
    }
}
