//! One interval of one queue under restatement: everything in it can be taken back, the
//! maxima and the sketch too, because the waits are kept one by one.

use std::collections::BTreeMap;

use model::facts::{QueueCounts, VisitOutcome};
use model::{Instant, Name, Position};
use serde::{Deserialize, Serialize};

use crate::sketch::Sketch;

/// `interval_start`, centre, queue.
pub(crate) type Key = (Instant, Name, Name);

/// How many visits have each wait: maxima and the sketch can be taken back exactly.
type Waits = BTreeMap<i64, u64>;

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Cell {
    pub counts: QueueCounts,
    answered: Waits,
    abandoned: Waits,
    closed: Waits,
    pub first_event: Option<Position>,
    pub changed_at: Instant,
    pub revision: i64,
}

/// What one revision of a visit adds.
#[derive(PartialEq)]
pub(crate) struct Part {
    pub key: Key,
    pub counts: QueueCounts,
    pub wait: Option<i64>,
    pub outcome: VisitOutcome,
    pub closed: bool,
}

impl Cell {
    /// Adds (`sign` 1) or takes back (−1) what a revision adds.
    pub fn put(&mut self, part: &Part, sign: i64) {
        let sums = self.counts.values().into_iter().zip(part.counts.values());
        let sums: Vec<i64> = sums.map(|(mine, theirs)| mine + sign * theirs).collect();
        self.counts = QueueCounts::from_values(&sums);
        let Some(wait) = part.wait else { return };
        let answered = part.outcome == VisitOutcome::Answered;
        let abandoned = part.outcome == VisitOutcome::Abandoned;
        for (waits, _) in
            [(&mut self.answered, answered), (&mut self.abandoned, abandoned), (&mut self.closed, part.closed)]
                .into_iter()
                .filter(|(_, concerned)| *concerned)
        {
            let times = waits.entry(wait).or_default();
            *times = times.saturating_add_signed(sign);
            if *times == 0 {
                waits.remove(&wait);
            }
        }
    }

    /// The figures with their maxima, which do not add.
    pub fn read(&self) -> QueueCounts {
        let max = |waits: &Waits| waits.last_key_value().map_or(0, |(wait, _)| *wait);
        QueueCounts {
            wait_answered_ms_max: max(&self.answered),
            wait_abandoned_ms_max: max(&self.abandoned),
            wait_ms_max: max(&self.closed),
            ..self.counts.clone()
        }
    }

    /// The sketch of answered waits.
    pub fn sketch(&self) -> Sketch {
        let mut sketch = Sketch::default();
        self.answered.iter().for_each(|(wait, times)| sketch.add_many(*wait, *times));
        sketch
    }
}
