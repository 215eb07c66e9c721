//! What is asked of a queue in one interval, measured or supposed.

use model::facts::QueueCounts;
use serde::Serialize;

use crate::rates::rate;

/// The largest load that is taken: keeps every answer quick, and is far above any centre.
pub const MAX_LOAD_ERLANGS: f64 = 100_000.0;

/// Why a question has no answer.
#[derive(Clone, Debug, PartialEq)]
pub enum StaffingError {
    /// A figure is negative, not a number, or an interval of no length.
    BadFigure {
        /// Its name.
        name: &'static str,
        /// What it was.
        value: f64,
    },
    /// The load is above [`MAX_LOAD_ERLANGS`].
    TooMuch {
        /// Erlangs.
        load_erlangs: f64,
    },
    /// A target that no number of agents meets, or none at all was set.
    BadTarget {
        /// Its name.
        name: &'static str,
    },
}

impl std::fmt::Display for StaffingError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::BadFigure { name, value } => write!(f, "{name} cannot be {value}"),
            Self::TooMuch { load_erlangs } => {
                write!(f, "a load of {load_erlangs:.0} Erlang is above {MAX_LOAD_ERLANGS:.0}")
            }
            Self::BadTarget { name } => write!(f, "the target {name} is out of its range"),
        }
    }
}

impl std::error::Error for StaffingError {}

/// Calls of one interval.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Demand {
    arrivals: f64,
    interval_ms: f64,
    aht_ms: f64,
    patience_ms: Option<f64>,
}

impl Demand {
    /// `arrivals` calls in `interval_ms` milliseconds, each of which keeps an agent for
    /// `aht_ms` (talk and after-call work) and waits `patience_ms` at the mean before it
    /// gives up; `None`: for ever.
    ///
    /// # Errors
    ///
    /// A figure that is negative or not finite, an interval of no length, too much load.
    pub fn new(arrivals: f64, interval_ms: f64, aht_ms: f64, patience_ms: Option<f64>) -> Result<Self, StaffingError> {
        let figures = [("arrivals", arrivals), ("aht_ms", aht_ms), ("patience_ms", patience_ms.unwrap_or_default())];
        for (name, value) in figures {
            if !value.is_finite() || value < 0.0 {
                return Err(StaffingError::BadFigure { name, value });
            }
        }
        if !interval_ms.is_finite() || interval_ms <= 0.0 {
            return Err(StaffingError::BadFigure { name: "interval_ms", value: interval_ms });
        }
        let demand = Self { arrivals, interval_ms, aht_ms, patience_ms };
        match demand.load_erlangs() {
            load if load <= MAX_LOAD_ERLANGS => Ok(demand),
            load_erlangs => Err(StaffingError::TooMuch { load_erlangs }),
        }
    }

    /// As measured: arrivals are the visits that joined, the handle time is `aht_ms` of the
    /// report, the patience that of [`mean_patience_ms`]. `None` where nothing was handled
    /// (then the handle time is not known) or a figure is out of its range.
    pub fn measured(counts: &QueueCounts, interval_ms: i64) -> Option<Self> {
        let aht_ms = rate(counts.talk_ms_sum + counts.acw_ms_sum, counts.handled)?;
        Self::new(counts.offered as f64, interval_ms as f64, aht_ms, mean_patience_ms(counts)).ok()
    }

    /// Calls in the interval.
    pub fn arrivals(&self) -> f64 {
        self.arrivals
    }

    /// The interval, milliseconds.
    pub fn interval_ms(&self) -> f64 {
        self.interval_ms
    }

    /// Handle time, milliseconds.
    pub fn aht_ms(&self) -> f64 {
        self.aht_ms
    }

    /// Mean patience, milliseconds; `None`: callers wait for ever.
    pub fn patience_ms(&self) -> Option<f64> {
        self.patience_ms
    }

    /// Calls a millisecond.
    pub fn rate(&self) -> f64 {
        self.arrivals / self.interval_ms
    }

    /// Load: calls that are talked at a time, if nobody gave up.
    pub fn load_erlangs(&self) -> f64 {
        self.rate() * self.aht_ms
    }

    /// The same calls with another patience.
    ///
    /// # Errors
    ///
    /// A patience that is negative or not finite.
    pub fn with_patience(&self, patience_ms: Option<f64>) -> Result<Self, StaffingError> {
        Self::new(self.arrivals, self.interval_ms, self.aht_ms, patience_ms)
    }
}

/// Mean patience from what was seen: all waiting, of those who gave up and of those who did
/// not, over the number who gave up; `None` where nobody did.
///
/// An answered call tells only that its patience was longer than its wait: it is censored,
/// and this is the maximum-likelihood estimate for exponential times (Epstein, Sobel, "Life
/// testing", 1953; for callers Brown, Gans, Mandelbaum, Sakov, Shen, Zeltyn, Zhao,
/// "Statistical analysis of a telephone call center", Journal of the American Statistical
/// Association 100, 2005, and Mandelbaum, Zeltyn 2007). Callers who left for elsewhere are
/// censored the same.
pub fn mean_patience_ms(counts: &QueueCounts) -> Option<f64> {
    rate(counts.wait_ms_sum, counts.abandoned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_measured() {
        let counts = QueueCounts {
            offered: 120,
            handled: 100,
            abandoned: 15,
            flow_out: 5,
            talk_ms_sum: 17_000_000,
            acw_ms_sum: 1_000_000,
            wait_ms_sum: 1_800_000,
            ..QueueCounts::default()
        };
        let demand = Demand::measured(&counts, 1_800_000).unwrap();
        assert_eq!((demand.aht_ms(), demand.patience_ms()), (180_000.0, Some(120_000.0)));
        assert!((demand.load_erlangs() - 12.0).abs() < 1e-12);
        assert_eq!(Demand::measured(&QueueCounts { handled: 0, ..counts.clone() }, 1_800_000), None);
        let patient = Demand::measured(&QueueCounts { abandoned: 0, ..counts }, 1_800_000).unwrap();
        assert_eq!(patient.patience_ms(), None);
    }

    #[test]
    fn refused() {
        let name = |r: Result<Demand, StaffingError>| r.unwrap_err().to_string();
        assert_eq!(name(Demand::new(-1.0, 1.0, 1.0, None)), "arrivals cannot be -1");
        assert_eq!(name(Demand::new(1.0, 0.0, 1.0, None)), "interval_ms cannot be 0");
        assert_eq!(name(Demand::new(1.0, 1.0, f64::NAN, None)), "aht_ms cannot be NaN");
        assert_eq!(name(Demand::new(1.0, 1.0, 1.0, Some(f64::INFINITY))), "patience_ms cannot be inf");
        assert_eq!(name(Demand::new(1e6, 1.0, 1.0, None)), "a load of 1000000 Erlang is above 100000");
    }
}
