//! How long callers waited: visits by wait, in buckets that the asker names.
//!
//! Contract: the visits, their interval and their wait are those of the `queues` report
//! with the same options: the sum over a row's buckets is that row's `answered` or
//! `abandoned`. Bucket `i` holds waits above `edges[i - 1]` up to `edges[i]`, inclusive as
//! T is; the last one holds what is above every edge.

use std::collections::BTreeMap;

use model::facts::{Visit, VisitOutcome};
use model::{Instant, Name};

use crate::grid::{Grid, Span};
use crate::options::Options;
use crate::queues::credited_at;
use crate::tally;

/// The waits of one queue in one interval.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WaitRow {
    /// The centre.
    pub center: Name,
    /// The queue.
    pub queue: Name,
    /// Begin of the interval.
    pub interval_start: Instant,
    /// End of the interval.
    pub interval_end: Instant,
    /// Answered visits of each bucket: one more bucket than edges.
    pub answered: Vec<i64>,
    /// Abandoned visits of each bucket.
    pub abandoned: Vec<i64>,
}

/// The distribution; `edges` ascend, in milliseconds. Only intervals with a wait in them
/// have a row.
pub fn distribution(visits: &[Visit], edges: &[i64], opts: &Options) -> Vec<WaitRow> {
    let mut grid = Grid::new(opts, crate::queues::instants(visits, opts));
    let mut rows = Waits::new(edges);
    for visit in visits.iter().filter(|v| opts.concerns(v)) {
        let at = credited_at(visit, opts.attribution).filter(|at| opts.selects(*at));
        if let (Some(at), Some(wait)) = (at, tally::wait_ms(visit, opts.wait)) {
            let mut one = rows.empty();
            rows.count(&mut one, visit.outcome, wait);
            rows.put(&(visit.center.clone(), visit.queue.clone()), grid.span_of(at), &one);
        }
    }
    rows.rows()
}

/// Answered and abandoned visits of each bucket.
pub(crate) type Buckets = [Vec<i64>; 2];

/// A distribution in the making.
#[derive(Clone, Debug)]
pub(crate) struct Waits<'a> {
    edges: &'a [i64],
    cells: BTreeMap<(Name, Name), BTreeMap<Span, Buckets>>,
}

impl<'a> Waits<'a> {
    /// Without visits.
    pub(crate) const fn new(edges: &'a [i64]) -> Self {
        Self { edges, cells: BTreeMap::new() }
    }

    /// Buckets without a visit.
    pub(crate) fn empty(&self) -> Buckets {
        [vec![0; self.edges.len() + 1], vec![0; self.edges.len() + 1]]
    }

    /// Counts a visit with this wait; nothing for outcomes other than answered and abandoned.
    pub(crate) fn count(&self, buckets: &mut Buckets, outcome: VisitOutcome, wait_ms: i64) {
        let which = match outcome {
            VisitOutcome::Answered => 0,
            VisitOutcome::Abandoned => 1,
            _ => return,
        };
        buckets[which][self.edges.partition_point(|edge| *edge < wait_ms)] += 1;
    }

    /// Adds counts to those of a queue (centre, queue) in an interval; empty ones make no row.
    pub(crate) fn put(&mut self, key: &(Name, Name), span: Span, buckets: &Buckets) {
        if buckets.iter().flatten().all(|n| *n == 0) {
            return;
        }
        let empty = self.empty();
        let cell = self.cells.entry(key.clone()).or_default().entry(span).or_insert(empty);
        for (mine, theirs) in cell.iter_mut().flatten().zip(buckets.iter().flatten()) {
            *mine += theirs;
        }
    }

    /// Adds another's counts.
    pub(crate) fn merge(&mut self, other: Self) {
        for (key, spans) in other.cells {
            spans.iter().for_each(|(span, buckets)| self.put(&key, *span, buckets));
        }
    }

    /// The rows, by centre, queue, interval.
    pub(crate) fn rows(self) -> Vec<WaitRow> {
        let mut out = Vec::new();
        for ((center, queue), spans) in self.cells {
            out.extend(spans.into_iter().map(|(span, [answered, abandoned])| WaitRow {
                center: center.clone(),
                queue: queue.clone(),
                interval_start: span.start,
                interval_end: span.end,
                answered,
                abandoned,
            }));
        }
        out
    }
}
