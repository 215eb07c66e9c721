//! The fold behind `queue_intervals`: counts and sums of one switch by queue and
//! 15-minute interval (UTC; every zone's quarters fall on them), by arrival.
//!
//! Contract. Order: `apply` for every visit revision, in the order of their making, then
//! `advance` with the time of the event that made them. A row is made when event time
//! has passed the interval's end by the grace, and again, with the next revision, by each
//! later change of a figure; a revision that changes no figure makes no row. Folding in
//! two pieces with a snapshot between is folding at once.
//! Memory: intervals without a change for twice the late horizon are forgotten (contacts
//! are restated up to the horizon after their end, and end within it). A change that
//! comes later still makes no row; it is counted (`missed`).
//! T, S and the choice of the wait are part of the state: other ones need a replay.

use std::collections::BTreeMap;

use model::facts::{QueueInterval, Visit};
use model::{Instant, Name, Position};
use serde::{Deserialize, Serialize};

pub use crate::counted::Counted;
use crate::counted::QUARTER_US;
use crate::interval_cell::{Cell, Key, Part};
use crate::options::{DEFAULT_SHORT_ABANDON_MS, DEFAULT_SL_THRESHOLD_MS, WaitBasis};
use crate::tally::Limits;

/// What shapes the rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IntervalSettings {
    /// How long after its end an interval is given, in milliseconds of event time.
    pub grace_ms: i64,
    /// How long after its end a contact is restated, in milliseconds of event time.
    pub late_horizon_ms: i64,
    /// T of queues without one of their own, milliseconds.
    pub sl_threshold_ms: i64,
    /// S of queues without one of their own, milliseconds.
    pub short_abandon_ms: i64,
    /// T by centre and queue, where configured.
    pub thresholds: BTreeMap<(Name, Name), i64>,
    /// S by centre and queue, where configured.
    pub short_abandons: BTreeMap<(Name, Name), i64>,
    /// Whether the observed wait counts rather than the switch's.
    pub observed_wait: bool,
}

impl Default for IntervalSettings {
    fn default() -> Self {
        Self {
            grace_ms: 5 * 60_000,
            late_horizon_ms: 24 * 3_600_000,
            sl_threshold_ms: DEFAULT_SL_THRESHOLD_MS,
            short_abandon_ms: DEFAULT_SHORT_ABANDON_MS,
            thresholds: BTreeMap::new(),
            short_abandons: BTreeMap::new(),
            observed_wait: false,
        }
    }
}

impl IntervalSettings {
    fn limits(&self, key: &Key) -> Limits {
        let of = |map: &BTreeMap<(Name, Name), i64>, default| {
            map.get(&(key.1.clone(), key.2.clone())).copied().unwrap_or(default)
        };
        Limits {
            sl_threshold_ms: of(&self.thresholds, self.sl_threshold_ms),
            short_abandon_ms: of(&self.short_abandons, self.short_abandon_ms),
        }
    }

    fn basis(&self) -> WaitBasis {
        if self.observed_wait { WaitBasis::Observed } else { WaitBasis::Stated }
    }
}

/// The fold; one per switch.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct IntervalFold {
    settings: IntervalSettings,
    switch: Name,
    cells: BTreeMap<Key, Cell>,
    /// Centre and queue by number, and back.
    queues: Vec<(Name, Name)>,
    numbers: BTreeMap<(Name, Name), u32>,
    /// Intervals that begin before it have been given.
    given: Instant,
    event_time: Instant,
    /// The latest interval forgotten, by centre and queue.
    forgotten: BTreeMap<(Name, Name), Instant>,
    missed: u64,
}

impl IntervalFold {
    /// An empty fold of one switch.
    pub fn new(switch: Name, settings: IntervalSettings) -> Self {
        Self { settings, switch, given: Instant(i64::MIN), ..Self::default() }
    }

    /// What shapes its rows.
    pub fn settings(&self) -> &IntervalSettings {
        &self.settings
    }

    /// Changes that came after their interval was forgotten.
    pub fn missed(&self) -> u64 {
        self.missed
    }

    /// Takes a new revision of a visit, and what the one before it counted, if any; gives
    /// what this one counts. Appends rows of intervals that were given before and now read
    /// differently.
    pub fn apply(&mut self, previous: Option<&Counted>, new: &Visit, out: &mut Vec<QueueInterval>) -> Counted {
        let counted = self.counted(new);
        if previous == Some(&counted) {
            return counted;
        }
        let (before, after) = (previous.and_then(|c| self.part(c)), self.part(&counted));
        if before != after {
            self.change(before, after, new, out);
        }
        counted
    }

    fn change(&mut self, before: Option<Part>, after: Option<Part>, new: &Visit, out: &mut Vec<QueueInterval>) {
        let mut keys: Vec<Key> = Vec::new();
        for (part, sign) in [(before, -1), (after, 1)] {
            let Some(part) = part else { continue };
            if self.is_forgotten(&part.key) {
                self.missed += 1;
                continue;
            }
            let cell = self.cells.entry(part.key.clone()).or_default();
            cell.put(&part, sign);
            // Before the first `advance` no event time is known: the arrival stands in.
            cell.changed_at = self.event_time.max(new.joined_at);
            cell.first_event = Some(cell.first_event.map_or(new.first_event, |p| p.min(new.first_event)));
            if !keys.contains(&part.key) {
                keys.push(part.key);
            }
        }
        let given = self.given;
        for key in keys.into_iter().filter(|k| k.0 < given) {
            out.extend(self.give(&key, new.known_at, new.last_event));
        }
    }

    /// Event time has come to `at`, by the event at `position`: appends rows of the
    /// intervals that are due. A time before the last one does nothing.
    pub fn advance(&mut self, at: Instant, known_at: Instant, position: Position, out: &mut Vec<QueueInterval>) {
        self.event_time = self.event_time.max(at);
        let due = quarter(at.plus_millis(-self.settings.grace_ms));
        if due <= self.given {
            return;
        }
        let from = (self.given, Name::default(), Name::default());
        let keys: Vec<Key> =
            self.cells.range(from..(due, Name::default(), Name::default())).map(|(k, _)| k.clone()).collect();
        self.given = due;
        for key in keys {
            out.extend(self.give(&key, known_at, position));
        }
        self.forget();
    }

    /// What a revision of a visit counts.
    pub fn counted(&mut self, visit: &Visit) -> Counted {
        let queue = (visit.center.clone(), visit.queue.clone());
        let known = self.numbers.get(&queue).copied();
        let number = known.unwrap_or_else(|| {
            let number = u32::try_from(self.queues.len()).unwrap_or(u32::MAX);
            self.queues.push(queue.clone());
            self.numbers.insert(queue, number);
            number
        });
        Counted::of(visit, number, self.settings.basis())
    }

    fn part(&self, counted: &Counted) -> Option<Part> {
        let queue = self.queues.get(counted.queue as usize).filter(|_| !counted.retracted)?;
        let key = counted.key(queue);
        let limits = self.settings.limits(&key);
        Some(counted.part(key, limits))
    }

    fn is_forgotten(&self, key: &Key) -> bool {
        let until = self.forgotten.get(&(key.1.clone(), key.2.clone()));
        !self.cells.contains_key(key) && until.is_some_and(|until| key.0 <= *until)
    }

    fn give(&mut self, key: &Key, known_at: Instant, last_event: Position) -> Option<QueueInterval> {
        let limits = self.settings.limits(key);
        let cell = self.cells.get_mut(key)?;
        cell.revision += 1;
        Some(QueueInterval {
            switch: self.switch.clone(),
            center: key.1.clone(),
            queue: key.2.clone(),
            interval_start: key.0,
            interval_end: Instant(key.0.0.saturating_add(QUARTER_US)),
            sl_threshold_ms: limits.sl_threshold_ms,
            short_abandon_ms: limits.short_abandon_ms,
            counts: cell.read(),
            wait_sketch: cell.sketch().to_text(),
            revision: cell.revision,
            known_at,
            first_event: cell.first_event.unwrap_or(last_event),
            last_event,
        })
    }

    fn forget(&mut self) {
        let limit = self.event_time.plus_millis(-2 * self.settings.late_horizon_ms);
        let (given, forgotten) = (self.given, &mut self.forgotten);
        self.cells.retain(|(start, center, queue), cell| {
            let keep = *start >= given || cell.changed_at >= limit;
            if !keep {
                let until = forgotten.entry((center.clone(), queue.clone())).or_insert(*start);
                *until = (*until).max(*start);
            }
            keep
        });
    }
}

fn quarter(at: Instant) -> Instant {
    Instant(at.0.div_euclid(QUARTER_US) * QUARTER_US)
}
