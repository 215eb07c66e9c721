//! Integrals over the wait that a caller would have to bear, in Erlang A.

/// Gauss and Legendre's eight points on [−1, 1]: their positive half, with weights.
const POINTS: [(f64, f64); 4] = [
    (0.183_434_642_495_649_8, 0.362_683_783_378_362),
    (0.525_532_409_916_329, 0.313_706_645_877_887_3),
    (0.796_666_477_413_626_7, 0.222_381_034_453_374_5),
    (0.960_289_856_497_536_3, 0.101_228_536_290_376_3),
];
/// Even panels on each side of the mode.
const EVEN: u32 = 48;
/// A density is left out where its logarithm is this far below its highest.
const NEGLIGIBLE: f64 = 45.0;

/// A density that is known up to a factor, with logarithm −∞ < `log(x)` and one mode.
/// `log` is concave; `mode` its highest place, not below 0.
pub(super) struct Density {
    /// Places and masses; the masses sum to `mass`.
    nodes: Vec<(f64, f64)>,
    /// Logarithm of the whole, in the units of `log`.
    pub log_mass: f64,
}

impl Density {
    /// Of `log` over the places from 0 on. What is asked of it may bend on `scale` (beside
    /// 0 and beside the mode), and breaks at `cut`.
    pub fn new(log: impl Fn(f64) -> f64, mode: f64, scale: f64, cut: f64) -> Self {
        let highest = log(mode);
        let low = if log(0.0) >= highest - NEGLIGIBLE { 0.0 } else { falls(&log, mode, 0.0, highest) };
        let high = falls(&log, mode, beyond(&log, mode, scale, highest), highest);
        let mut nodes = Vec::new();
        let mut mass = 0.0;
        for panel in edges(low, mode, high, scale, cut).windows(2) {
            let (middle, half) = ((panel[0] + panel[1]) / 2.0, (panel[1] - panel[0]) / 2.0);
            for (place, weight) in POINTS {
                for x in [middle - half * place, middle + half * place] {
                    let m = weight * half * (log(x) - highest).exp();
                    mass += m;
                    nodes.push((x, m));
                }
            }
        }
        nodes.iter_mut().for_each(|(_, m)| *m /= mass);
        Self { nodes, log_mass: highest + mass.ln() }
    }

    /// Mean of `f`.
    pub fn mean(&self, f: impl Fn(f64) -> f64) -> f64 {
        self.nodes.iter().map(|(x, m)| m * f(*x)).sum()
    }
}

/// Some place above the mode where the density is negligible.
fn beyond(log: &impl Fn(f64) -> f64, mode: f64, scale: f64, highest: f64) -> f64 {
    let mut step = scale;
    while log(mode + step) > highest - NEGLIGIBLE && step < f64::MAX / 4.0 {
        step *= 2.0;
    }
    mode + step
}

/// Where the density becomes negligible between `inside` (it is not) and `outside` (it is).
fn falls(log: &impl Fn(f64) -> f64, mut inside: f64, mut outside: f64, highest: f64) -> f64 {
    for _ in 0..60 {
        let middle = (inside + outside) / 2.0;
        if log(middle) > highest - NEGLIGIBLE {
            inside = middle;
        } else {
            outside = middle;
        }
    }
    outside
}

/// Panels' edges: even ones on each side of the mode, and ones that grow from it.
fn edges(low: f64, mode: f64, high: f64, scale: f64, cut: f64) -> Vec<f64> {
    let mut edges = vec![low, mode, high];
    for i in 1..EVEN {
        let part = f64::from(i) / f64::from(EVEN);
        edges.extend([low + (mode - low) * part, mode + (high - mode) * part]);
    }
    let mut step = scale / 8.0;
    while step > 0.0 && step < high - low {
        edges.extend([mode - step, mode + step, low + step]);
        step *= 1.5;
    }
    edges.push(cut);
    edges.retain(|x| (low..=high).contains(x));
    edges.sort_by(f64::total_cmp);
    edges.dedup();
    edges
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gaussian_and_an_exponential() {
        let gauss = Density::new(|x| -(x - 30.0).powi(2) / 2.0, 30.0, 1.0, 31.0);
        assert!((gauss.log_mass - (2.0 * std::f64::consts::PI).sqrt().ln()).abs() < 1e-13);
        assert!((gauss.mean(|x| x) - 30.0).abs() < 1e-11);
        assert!((gauss.mean(|x| f64::from(x <= 31.0)) - 0.841_344_746_068_543).abs() < 1e-13);
        // What is asked may bend a million times quicker than the density does.
        let tail = Density::new(|x| -x / 1e6, 0.0, 1.0, 0.0);
        assert!((tail.log_mass - 1e6f64.ln()).abs() < 1e-13);
        assert!((tail.mean(|x| (-x).exp()) * (1e6 + 1.0) - 1.0).abs() < 1e-9);
    }
}
