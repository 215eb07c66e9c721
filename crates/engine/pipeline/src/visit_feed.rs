//! Visit revisions on their way into interval figures: remembers what the revision before
//! counted, as long as a visit can still change.

use metrics::intervals::Counted;
use model::facts::{Facts, QueueInterval, Visit};
use model::{Event, Instant, Name, Position};
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::switch_fold::FoldConfig;

/// Visits between two sweeps of what cannot change any more.
const SWEEP_EVERY: usize = 4_096;
/// Beyond an interval's end, milliseconds: an ended input gives every interval.
const INTERVAL_MS: i64 = 15 * 60_000;

/// The newest revision of a visit, as few bytes: when it was closed, and what it counted.
#[derive(Serialize, Deserialize)]
struct Last(Box<[u8]>);

impl Last {
    fn of(visit: &Visit, counted: &Counted) -> Self {
        let closed_at = visit.closed.then(|| visit.left_at.unwrap_or(visit.joined_at));
        // (Numbers and words can always be written.)
        Self(postcard::to_stdvec(&(closed_at, counted)).unwrap_or_default().into_boxed_slice())
    }

    fn counted(&self) -> Option<Counted> {
        postcard::from_bytes::<(Option<Instant>, Counted)>(&self.0).ok().map(|(_, counted)| counted)
    }

    fn closed_at(&self) -> Option<Instant> {
        postcard::take_from_bytes::<Option<Instant>>(&self.0).ok().and_then(|(closed_at, _)| closed_at)
    }
}

/// The fold of intervals with what it needs to know.
#[derive(Serialize, Deserialize)]
pub struct VisitFeed {
    intervals: metrics::intervals::IntervalFold,
    last: FxHashMap<Name, Last>,
    applied: usize,
    late_horizon_ms: i64,
}

impl VisitFeed {
    /// Intervals of one switch.
    pub fn new(switch: Name, config: &FoldConfig, settings: metrics::intervals::IntervalSettings) -> Self {
        let settings = metrics::intervals::IntervalSettings { late_horizon_ms: config.late_horizon_ms, ..settings };
        Self {
            intervals: metrics::intervals::IntervalFold::new(switch, settings),
            last: FxHashMap::default(),
            applied: 0,
            late_horizon_ms: config.late_horizon_ms,
        }
    }

    /// Takes in what one event made of visits (those of `facts` from `first` on), then
    /// moves on to the event's time.
    pub fn take(&mut self, event: &Event, first: usize, facts: &mut Facts) {
        let (visits, rows) = (&facts.queue_visits[first..], &mut facts.queue_intervals);
        for visit in visits {
            let before = self.last.get(&visit.visit_id).and_then(Last::counted);
            let counted = self.intervals.apply(before.as_ref(), visit, rows);
            self.last.insert(visit.visit_id.clone(), Last::of(visit, &counted));
            self.applied += 1;
        }
        if self.applied >= SWEEP_EVERY {
            self.applied = 0;
            self.sweep(event.at);
        }
    }

    /// Event time has come to `at`.
    pub fn advance(&mut self, at: Instant, known_at: Instant, position: Position, rows: &mut Vec<QueueInterval>) {
        self.intervals.advance(at, known_at, position, rows);
    }

    /// An input has ended with an event at `at`: every interval that it reached is given.
    pub fn release(&mut self, at: Instant, known_at: Instant, position: Position, rows: &mut Vec<QueueInterval>) {
        let beyond = at.plus_millis(INTERVAL_MS + self.intervals.settings().grace_ms + 1);
        self.intervals.advance(beyond, known_at, position, rows);
    }

    fn sweep(&mut self, at: Instant) {
        let limit = at.plus_millis(-self.late_horizon_ms);
        self.last.retain(|_, last| last.closed_at().is_none_or(|at| at >= limit));
    }
}
