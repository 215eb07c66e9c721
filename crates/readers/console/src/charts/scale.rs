//! Scales: round ticks, and figures as text.

use crate::shell::show;

/// What a figure is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    Count,
    /// A fraction; the scale goes from 0 to 1.
    Rate,
    /// Milliseconds.
    Millis,
}

impl Unit {
    /// A figure as text.
    pub(crate) fn text(self, value: f64) -> String {
        match self {
            Self::Count => format!("{}", value.round() as i64),
            Self::Rate => show::percent(value),
            Self::Millis => show::duration(value as i64),
        }
    }

    /// A figure as text, – where there is none.
    pub(crate) fn text_or_none(self, value: Option<f64>) -> String {
        value.filter(|v| v.is_finite()).map_or_else(|| "–".to_owned(), |v| self.text(v))
    }

    /// Ticks from 0 up to the first at or above `most`: four to six of them.
    pub(crate) fn ticks(self, most: f64) -> Vec<f64> {
        let step = match self {
            Self::Rate => 0.25,
            Self::Count => round_step(most / 4.0).max(1.0),
            Self::Millis => time_step(most / 4.0),
        };
        let most = if self == Self::Rate { 1.0 } else { most };
        let steps = ((most / step).ceil() as i64).clamp(1, 10);
        (0..=steps).map(|n| n as f64 * step).collect()
    }
}

/// 1, 2 or 5 times a power of ten, at or above `least`.
fn round_step(least: f64) -> f64 {
    if !least.is_finite() || least <= 0.0 {
        return 1.0;
    }
    let power = 10_f64.powf(least.log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|f| f * power).find(|s| *s >= least * 0.999).unwrap_or(10.0 * power)
}

/// A step of whole seconds, minutes or hours, at or above `least` milliseconds.
fn time_step(least: f64) -> f64 {
    const STEPS: [f64; 15] =
        [1e3, 2e3, 5e3, 10e3, 15e3, 30e3, 60e3, 120e3, 300e3, 600e3, 900e3, 1_800e3, 3_600e3, 7_200e3, 14_400e3];
    STEPS.into_iter().find(|s| *s >= least).unwrap_or_else(|| round_step(least / 3_600e3) * 3_600e3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_reach_the_most() {
        assert_eq!(Unit::Count.ticks(0.0), [0.0, 1.0]);
        assert_eq!(Unit::Count.ticks(37.0), [0.0, 10.0, 20.0, 30.0, 40.0]);
        assert_eq!(Unit::Count.ticks(3.0), [0.0, 1.0, 2.0, 3.0]);
        assert_eq!(Unit::Rate.ticks(0.2), [0.0, 0.25, 0.5, 0.75, 1.0]);
        assert_eq!(Unit::Millis.ticks(61_000.0), [0.0, 30_000.0, 60_000.0, 90_000.0]);
        for most in [f64::NAN, f64::INFINITY, -1.0, 1e300] {
            assert!(Unit::Count.ticks(most).len() <= 11, "{most}");
            assert!(Unit::Millis.ticks(most).len() <= 11, "{most}");
        }
    }
}
