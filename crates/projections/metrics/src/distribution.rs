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
            rows.add((&visit.center, &visit.queue), grid.span_of(at), visit.outcome, wait, 1);
        }
    }
    rows.rows()
}

/// Answered and abandoned visits of each bucket.
type Buckets = [Vec<i64>; 2];

/// A distribution in the making.
#[derive(Clone, Debug)]
pub struct Waits<'a> {
    edges: &'a [i64],
    cells: BTreeMap<(Name, Name), BTreeMap<Span, Buckets>>,
}

impl<'a> Waits<'a> {
    /// Without visits.
    pub const fn new(edges: &'a [i64]) -> Self {
        Self { edges, cells: BTreeMap::new() }
    }

    /// Counts `times` visits of a queue (centre, queue) with this wait; nothing for
    /// outcomes other than answered and abandoned.
    pub fn add(
        &mut self,
        (center, queue): (&Name, &Name),
        span: Span,
        outcome: VisitOutcome,
        wait_ms: i64,
        times: i64,
    ) {
        let which = match outcome {
            VisitOutcome::Answered => 0,
            VisitOutcome::Abandoned => 1,
            _ => return,
        };
        let empty = || [vec![0; self.edges.len() + 1], vec![0; self.edges.len() + 1]];
        let spans = self.cells.entry((center.clone(), queue.clone())).or_default();
        let bucket = self.edges.partition_point(|edge| *edge < wait_ms);
        spans.entry(span).or_insert_with(empty)[which][bucket] += times;
    }

    /// The rows, by centre, queue, interval.
    pub fn rows(self) -> Vec<WaitRow> {
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
