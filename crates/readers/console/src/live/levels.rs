//! When a figure of the board asks for attention.
//!
//! Contract: two limits a figure, by configuration, a queue's own before the general one. A
//! level has a word and a sign of its own, so that no colour is needed to see it.

use std::collections::BTreeMap;

use metrics::LiveRow;
use serde::{Deserialize, Serialize};

/// How much attention a figure asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// None.
    #[default]
    Good,
    /// Some.
    Warning,
    /// All of it.
    Alarm,
}

impl Level {
    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Warning => "warning",
            Self::Alarm => "alarm",
        }
    }

    /// The sign before the figure.
    pub fn sign(self) -> &'static str {
        match self {
            Self::Good => "",
            Self::Warning => "▲",
            Self::Alarm => "◆",
        }
    }
}

/// From where on a figure is a warning, and from where on an alarm.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// A warning from here on.
    pub warning: f64,
    /// An alarm from here on.
    pub alarm: f64,
}

impl Limit {
    const fn new(warning: f64, alarm: f64) -> Self {
        Self { warning, alarm }
    }

    /// Where more is worse.
    fn rising(self, value: f64) -> Level {
        match value {
            v if v >= self.alarm => Level::Alarm,
            v if v >= self.warning => Level::Warning,
            _ => Level::Good,
        }
    }

    /// Where less is worse.
    fn falling(self, value: f64) -> Level {
        Self::new(-self.warning, -self.alarm).rising(-value)
    }
}

/// The limits of one queue's figures.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct QueueLimits {
    /// Callers who wait.
    pub waiting: Limit,
    /// Seconds of the longest wait.
    pub longest_wait_seconds: Limit,
    /// Service level, 0 to 1; less is worse.
    pub service_level: Limit,
    /// Abandoned of offered, 0 to 1.
    pub abandon_rate: Limit,
}

impl Default for QueueLimits {
    /// 80 % within T is what most centres aim at, and 5 % abandoned what most accept.
    fn default() -> Self {
        Self {
            waiting: Limit::new(3.0, 8.0),
            longest_wait_seconds: Limit::new(20.0, 60.0),
            service_level: Limit::new(0.8, 0.6),
            abandon_rate: Limit::new(0.05, 0.1),
        }
    }
}

/// A queue's own limits; what it has none of its own for is as in general.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OwnLimits {
    /// See [`QueueLimits::waiting`].
    pub waiting: Option<Limit>,
    /// See [`QueueLimits::longest_wait_seconds`].
    pub longest_wait_seconds: Option<Limit>,
    /// See [`QueueLimits::service_level`].
    pub service_level: Option<Limit>,
    /// See [`QueueLimits::abandon_rate`].
    pub abandon_rate: Option<Limit>,
}

/// Limits of all queues.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Of queues that have none of their own.
    pub general: QueueLimits,
    /// By queue.
    pub queue: BTreeMap<String, OwnLimits>,
}

/// The levels of a queue's figures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Levels {
    /// Of `waiting`.
    pub waiting: Level,
    /// Of `longest_wait_ms`.
    pub longest_wait_ms: Level,
    /// Of `service_level`.
    pub service_level: Level,
    /// Of `abandon_rate`.
    pub abandon_rate: Level,
}

impl Limits {
    /// The limits of a queue.
    pub fn of(&self, queue: &str) -> QueueLimits {
        let (own, general) = (self.queue.get(queue).copied().unwrap_or_default(), self.general);
        QueueLimits {
            waiting: own.waiting.unwrap_or(general.waiting),
            longest_wait_seconds: own.longest_wait_seconds.unwrap_or(general.longest_wait_seconds),
            service_level: own.service_level.unwrap_or(general.service_level),
            abandon_rate: own.abandon_rate.unwrap_or(general.abandon_rate),
        }
    }
}

impl QueueLimits {
    /// The levels of these figures.
    #[allow(clippy::cast_precision_loss)] // callers and milliseconds of a day are far below 2^52
    pub fn levels(&self, row: &LiveRow, abandon_rate: Option<f64>) -> Levels {
        let wait = row.longest_wait_ms as f64 / 1000.0;
        Levels {
            waiting: self.waiting.rising(row.waiting as f64),
            longest_wait_ms: if row.waiting > 0 { self.longest_wait_seconds.rising(wait) } else { Level::Good },
            service_level: row.service_level().map_or(Level::Good, |v| self.service_level.falling(v)),
            abandon_rate: abandon_rate.map_or(Level::Good, |v| self.abandon_rate.rising(v)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_inclusive_and_a_falling_figure_is_judged_from_above() {
        let limits = QueueLimits::default();
        let row = |waiting, in_sl| LiveRow { waiting, answered: 10, answered_in_sl: in_sl, ..LiveRow::default() };
        let levels = |row| limits.levels(&row, Some(0.05));
        assert_eq!(levels(row(2, 9)).waiting, Level::Good);
        assert_eq!(levels(row(3, 9)).waiting, Level::Warning);
        assert_eq!(levels(row(8, 9)).waiting, Level::Alarm);
        assert_eq!(levels(row(0, 9)).service_level, Level::Good);
        assert_eq!(levels(row(0, 8)).service_level, Level::Warning);
        assert_eq!(levels(row(0, 6)).service_level, Level::Alarm);
        assert_eq!(levels(row(0, 9)).abandon_rate, Level::Warning);
        assert_eq!(limits.levels(&LiveRow::default(), None), Levels::default());
    }

    #[test]
    fn a_queue_has_its_own_limits_and_else_those_of_all() {
        let text = r#"{"general": {"waiting": {"warning": 1, "alarm": 2}},
            "queue": {"vip": {"abandon_rate": {"warning": 0.0, "alarm": 0.5}}}}"#;
        let limits: Limits = serde_json::from_str(text).unwrap();
        let (vip, other) = (limits.of("vip"), limits.of("support"));
        assert_eq!((vip.waiting, vip.abandon_rate), (Limit::new(1.0, 2.0), Limit::new(0.0, 0.5)));
        assert_eq!(other.abandon_rate, QueueLimits::default().abandon_rate);
    }
}
