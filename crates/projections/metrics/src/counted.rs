//! What a revision of a visit counts in the intervals: kept, in place of the row, by who
//! gives the next revision of the same visit.

use model::facts::{QueueCounts, Visit};
use model::{Instant, Name};
use serde::{Deserialize, Serialize};

use crate::interval_cell::{Key, Part};
use crate::options::WaitBasis;
use crate::tally::{self, Figures, Limits};

/// Length of an interval, microseconds.
pub(crate) const QUARTER_US: i64 = 15 * 60 * 1_000_000;

/// What one revision of a visit counts, and where; of use to the fold alone that gave it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    /// The interval's number since 1970.
    quarter: i64,
    /// The number of its centre and queue in the fold.
    pub(crate) queue: u32,
    pub(crate) retracted: bool,
    figures: Figures,
}

impl Counted {
    pub(crate) fn of(visit: &Visit, queue: u32, basis: WaitBasis) -> Self {
        let quarter = visit.joined_at.0.div_euclid(QUARTER_US);
        Self { quarter, queue, retracted: visit.retracted, figures: Figures::of(visit, basis) }
    }

    pub(crate) fn key(&self, (center, queue): &(Name, Name)) -> Key {
        (Instant(self.quarter * QUARTER_US), center.clone(), queue.clone())
    }

    /// What it adds to the interval `key` with that interval's T and S.
    pub(crate) fn part(&self, key: Key, limits: Limits) -> Part {
        let Figures { outcome, wait_ms: wait, has_closed: closed, .. } = self.figures;
        let mut counts = QueueCounts::default();
        tally::arrived(&mut counts, outcome);
        tally::ended(&mut counts, &self.figures, limits);
        Part { key, counts, wait, outcome, closed }
    }
}
