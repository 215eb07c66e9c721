//! The distribution of waits over [`SlimVisits`], as [`crate::QueueFold`] makes the report
//! of queues: parts of the visits in any order, by one fold or by several.

use model::{Instant, Name};

use crate::distribution::{Buckets, WaitRow, Waits};
use crate::grid::{Grid, Span};
use crate::options::{Attribution, Options};
use crate::queue_fold::key_of;
use crate::slim::{Slim, SlimVisits};

type Key = (Name, Name);

/// The distribution of waits in the making.
#[derive(Clone, Debug)]
pub struct WaitFold<'a> {
    opts: &'a Options,
    grid: Grid<'a>,
    waits: Waits<'a>,
}

impl<'a> WaitFold<'a> {
    /// Without visits; `edges` as `distribution` takes them, `instants` as
    /// [`QueueFold::new`] does.
    pub fn new(opts: &'a Options, edges: &'a [i64], instants: impl Iterator<Item = Instant>) -> Self {
        Self { opts, grid: Grid::new(opts, instants), waits: Waits::new(edges) }
    }

    /// Takes visits in.
    pub fn add(&mut self, visits: &SlimVisits, sees: &impl Fn(&Key) -> bool) {
        let opts = self.opts;
        for block in visits.blocks().iter().filter(|b| opts.of_queue(&b.key) && sees(&b.key)) {
            self.run(&block.key, visits.rows(block, opts.wait).filter(|v| !(opts.exclude_consults && v.consult)));
        }
        for visit in visits.odd().iter().filter(|v| opts.concerns(v)) {
            let key = key_of(visit);
            if sees(&key) {
                self.run(&key, std::iter::once(Slim::of(visit, opts.wait)));
            }
        }
    }

    fn run(&mut self, key: &Key, visits: impl Iterator<Item = Slim>) {
        let by_event = self.opts.attribution == Attribution::EventTime;
        let mut open: Option<(Span, Buckets)> = None;
        for visit in visits {
            let Some(ended) = visit.ended_at else { continue };
            let at = if by_event { ended } else { visit.joined_at };
            let (Some(wait), true) = (visit.figures.wait_ms, self.opts.selects(at)) else { continue };
            if !open.as_ref().is_some_and(|(span, _)| at >= span.lo && at < span.hi) {
                if let Some((span, buckets)) = open.take() {
                    self.waits.put(key, span, &buckets);
                }
                open = Some((self.grid.span_of(at), self.waits.empty()));
            }
            if let Some((_, buckets)) = &mut open {
                self.waits.count(buckets, visit.figures.outcome, wait);
            }
        }
        if let Some((span, buckets)) = open {
            self.waits.put(key, span, &buckets);
        }
    }

    /// Takes in what another fold with the same options has counted.
    pub fn merge(&mut self, other: Self) {
        self.waits.merge(other.waits);
    }

    /// The rows.
    pub fn finish(self) -> Vec<WaitRow> {
        self.waits.rows()
    }
}
