//! What a report is asked for. Nothing here depends on the clock: two reports with the
//! same options over the same rows are equal, byte for byte.

use std::collections::HashMap;
use std::str::FromStr;

use model::facts::Visit;
use model::{Instant, Name};

/// T where nothing else is configured: 20 s (`docs/metrics.md`, section 2).
pub const DEFAULT_SL_THRESHOLD_MS: i64 = 20_000;
/// S where nothing else is configured: 5 s.
pub const DEFAULT_SHORT_ABANDON_MS: i64 = 5_000;

/// Length of the intervals of a report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Interval {
    /// 15 minutes.
    Quarter,
    /// 30 minutes.
    Half,
    /// One hour.
    Hour,
    /// One day of the zone: 23 to 25 hours.
    Day,
    /// One week of the zone, from Monday.
    Week,
    /// One interval: the range asked for, else that of the data.
    #[default]
    All,
}

impl FromStr for Interval {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Ok(match text {
            "15m" => Self::Quarter,
            "30m" => Self::Half,
            "1h" => Self::Hour,
            "1d" => Self::Day,
            "1w" => Self::Week,
            "all" => Self::All,
            _ => return Err(format!("'{text}' is no interval: one of 15m, 30m, 1h, 1d, 1w, all")),
        })
    }
}

/// Which interval a figure belongs to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Attribution {
    /// That in which the visit arrived.
    #[default]
    Arrival,
    /// That in which the outcome happened.
    EventTime,
}

impl FromStr for Attribution {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "arrival" => Ok(Self::Arrival),
            "event-time" | "event_time" => Ok(Self::EventTime),
            _ => Err(format!("'{text}' is no attribution: arrival or event-time")),
        }
    }
}

/// Where T comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ServiceLevel {
    /// The configuration's, else 20 s.
    #[default]
    Default,
    /// One for all queues, in milliseconds.
    Fixed(i64),
    /// The switch's own where it states one, else as `Default`.
    Switch,
}

/// Which wait the figures use where both are known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WaitBasis {
    /// The one the switch states.
    #[default]
    Stated,
    /// The difference of event times.
    Observed,
}

/// Figures per (`center`, `queue`), in milliseconds.
pub type PerQueue = HashMap<(Name, Name), i64>;

/// What a report is asked for.
#[derive(Clone, Debug)]
pub struct Options {
    /// Begin of the range, inclusive.
    pub from: Option<Instant>,
    /// End of the range, exclusive.
    pub to: Option<Instant>,
    /// Length of the intervals.
    pub interval: Interval,
    /// The zone that intervals are computed in, and that tables are printed in.
    pub tz: chrono_tz::Tz,
    /// Which interval a figure belongs to.
    pub attribution: Attribution,
    /// Where T comes from.
    pub service_level: ServiceLevel,
    /// S for all queues; `None`: the configuration's, else 5 s.
    pub short_abandon_ms: Option<i64>,
    /// Leave out visits that an agent's own call made.
    pub exclude_consults: bool,
    /// Only this queue.
    pub queue: Option<Name>,
    /// Only this centre.
    pub center: Option<Name>,
    /// `agents`: one row per queue.
    pub by_queue: bool,
    /// Append the totals row (`queues`).
    pub total: bool,
    /// T by configuration.
    pub thresholds: PerQueue,
    /// S by configuration.
    pub short_abandons: PerQueue,
    /// T as the switch states it (`QueueConfigured`). Where two switches of a centre have
    /// a queue of one name, its visits share one row and so one T: the caller decides.
    pub switch_thresholds: PerQueue,
    /// Which wait the figures use.
    pub wait: WaitBasis,
    /// First and last event of the data, where the caller knows them better than the rows
    /// do (`interval_start` and `interval_end` of `Interval::All` without a range).
    pub data: Option<(Instant, Instant)>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            from: None,
            to: None,
            interval: Interval::All,
            tz: chrono_tz::UTC,
            attribution: Attribution::Arrival,
            service_level: ServiceLevel::Default,
            short_abandon_ms: None,
            exclude_consults: false,
            queue: None,
            center: None,
            by_queue: false,
            total: false,
            thresholds: PerQueue::new(),
            short_abandons: PerQueue::new(),
            switch_thresholds: PerQueue::new(),
            wait: WaitBasis::Stated,
            data: None,
        }
    }
}

impl Options {
    /// T of a queue, in milliseconds.
    pub fn sl_threshold_ms(&self, center: &Name, queue: &Name) -> i64 {
        let key = (center.clone(), queue.clone());
        let configured = || self.thresholds.get(&key).copied().unwrap_or(DEFAULT_SL_THRESHOLD_MS);
        match self.service_level {
            ServiceLevel::Fixed(ms) => ms,
            ServiceLevel::Default => configured(),
            ServiceLevel::Switch => self.switch_thresholds.get(&key).copied().unwrap_or_else(configured),
        }
    }

    /// S of a queue, in milliseconds.
    pub fn short_abandon_ms(&self, center: &Name, queue: &Name) -> i64 {
        let configured = || self.short_abandons.get(&(center.clone(), queue.clone())).copied();
        self.short_abandon_ms.or_else(configured).unwrap_or(DEFAULT_SHORT_ABANDON_MS)
    }

    /// Whether an instant lies in the range, half-open.
    pub fn selects(&self, at: Instant) -> bool {
        self.from.is_none_or(|f| at >= f) && self.to.is_none_or(|t| at < t)
    }

    /// Whether a visit is of the centre, queue and kind asked for (its time is not looked at).
    pub fn concerns(&self, visit: &Visit) -> bool {
        let left_out = visit.retracted || (self.exclude_consults && visit.consult);
        !left_out && self.of_center(&visit.center) && self.queue.as_ref().is_none_or(|q| *q == visit.queue)
    }

    /// Whether a queue (centre, queue) is asked for.
    pub fn of_queue(&self, (center, queue): &(Name, Name)) -> bool {
        self.of_center(center) && self.queue.as_ref().is_none_or(|q| q == queue)
    }

    /// Whether a report's span depends on the first and last instant of the data.
    pub fn spans_data(&self) -> bool {
        let by_span = self.interval == Interval::All || self.total;
        by_span && self.data.is_none() && (self.from.is_none() || self.to.is_none())
    }

    /// Whether a centre is asked for.
    pub fn of_center(&self, center: &Name) -> bool {
        self.center.as_ref().is_none_or(|c| c == center)
    }
}
