//! The `queues` report over [`SlimVisits`], a part of the
//! visits at a time and several parts side by side.
//!
//! Contract: with the same options the result is that of `queues` over
//! all visits that were taken in, in whatever order and by however many folds. Which
//! queues may be seen is asked once for each queue of each part.

use std::collections::BTreeMap;

use model::facts::{QueueCounts, Visit, VisitOutcome};
use model::{Instant, Name};

use crate::grid::{Grid, Span};
use crate::options::{Attribution, Options};
use crate::queues::{self, QueueRow, limits};
use crate::sketch::{Dense, Sketch};
use crate::slim::{Slim, SlimVisits};
use crate::tally::{self, Limits};

type Key = (Name, Name);
/// What one interval of one queue counts.
type Cell = (QueueCounts, Sketch);

/// A report in the making; see the module.
#[derive(Clone, Debug)]
pub struct QueueFold<'a> {
    opts: &'a Options,
    grid: Grid<'a>,
    rows: BTreeMap<Key, BTreeMap<Span, Cell>>,
    /// Who waited just before the range, by queue; only by event time.
    waiting: BTreeMap<Key, i64>,
    dense: Dense,
}

/// Whether a report's span can only be told from rows: from the instants of the visits in a
/// range that is open on one side, which [`SlimVisits::bounds`] does not know.
pub fn needs_rows(opts: &Options) -> bool {
    opts.spans_data() && (opts.from.is_some() || opts.to.is_some())
}

impl<'a> QueueFold<'a> {
    /// Without visits; `instants`: those of [`SlimVisits::bounds`] of the centres that are
    /// asked for, used where nothing else says over what time the report reaches.
    pub fn new(opts: &'a Options, instants: impl Iterator<Item = Instant>) -> Self {
        let grid = Grid::new(opts, instants);
        Self { opts, grid, rows: BTreeMap::new(), waiting: BTreeMap::new(), dense: Dense::default() }
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
        match self.opts.attribution {
            Attribution::Arrival => self.by_arrival(key, visits),
            Attribution::EventTime => self.by_event(key, visits),
        }
    }

    /// Visits of one queue: those that follow one another in one interval are counted
    /// together before its cell is looked up.
    fn by_arrival(&mut self, key: &Key, visits: impl Iterator<Item = Slim>) {
        let limits = limits(key, self.opts);
        let (mut open, mut counts) = (None::<Span>, QueueCounts::default());
        for visit in visits {
            let at = visit.joined_at;
            if !open.is_some_and(|span| at >= span.lo && at < span.hi) {
                if !self.opts.selects(at) {
                    continue;
                }
                if let Some(span) = open {
                    self.close(key, span, &std::mem::take(&mut counts));
                }
                open = Some(self.grid.span_of(at));
            }
            tally::arrived(&mut counts, visit.figures.outcome);
            if visit.ended_at.is_some() {
                self.ended(&mut counts, &visit, limits);
            }
        }
        if let Some(span) = open {
            self.close(key, span, &counts);
        }
    }

    fn ended(&mut self, counts: &mut QueueCounts, visit: &Slim, limits: Limits) {
        tally::ended(counts, &visit.figures, limits);
        if let (VisitOutcome::Answered, Some(wait)) = (visit.figures.outcome, visit.figures.wait_ms) {
            self.dense.add(wait);
        }
    }

    /// The same where the end of a wait counts by itself, often in another interval.
    fn by_event(&mut self, key: &Key, visits: impl Iterator<Item = Slim>) {
        let (limits, lo) = (limits(key, self.opts), self.grid.whole().lo);
        let mut open: Option<(Span, QueueCounts)> = None;
        let mut before = None;
        for visit in visits {
            let rejected = matches!(visit.figures.outcome, VisitOutcome::Rejected(_));
            if visit.joined_at < lo && !rejected {
                *before.get_or_insert(0) += i64::from(visit.ended_at.is_none_or(|end| end >= lo));
            }
            if self.opts.selects(visit.joined_at) {
                let counts = self.counts(key, &mut open, visit.joined_at);
                tally::arrived(counts, visit.figures.outcome);
            }
            if let Some(at) = visit.ended_at.filter(|at| self.opts.selects(*at)) {
                self.counts(key, &mut open, at);
                if let Some((_, counts)) = &mut open {
                    self.ended(counts, &visit, limits);
                }
            }
        }
        if let Some((span, counts)) = open {
            self.close(key, span, &counts);
        }
        if let Some(waiting) = before {
            *self.waiting.entry(key.clone()).or_default() += waiting;
        }
    }

    /// The counts of the interval that holds `at`; those of another are put away first.
    fn counts<'c>(&mut self, key: &Key, open: &'c mut Option<(Span, QueueCounts)>, at: Instant) -> &'c mut QueueCounts {
        let span = self.grid.span_of(at);
        if let Some((last, counts)) = open.as_ref().filter(|(last, _)| *last != span) {
            self.close(key, *last, counts);
            *open = None;
        }
        &mut open.get_or_insert_with(|| (span, QueueCounts::default())).1
    }

    fn close(&mut self, key: &Key, span: Span, counts: &QueueCounts) {
        if !self.rows.contains_key(key) {
            self.rows.insert(key.clone(), BTreeMap::new());
        }
        if let Some(spans) = self.rows.get_mut(key) {
            let cell = spans.entry(span).or_default();
            cell.0.add(counts);
            self.dense.drain(&mut cell.1);
        }
    }

    /// Takes in what another fold with the same options has counted.
    pub fn merge(&mut self, other: Self) {
        for (key, spans) in other.rows {
            let mine = self.rows.entry(key).or_default();
            for (span, (counts, waits)) in spans {
                let cell = mine.entry(span).or_default();
                cell.0.add(&counts);
                cell.1.merge(&waits);
            }
        }
        for (key, waiting) in other.waiting {
            *self.waiting.entry(key).or_default() += waiting;
        }
    }

    /// The report.
    pub fn finish(mut self) -> Vec<QueueRow> {
        let by_event = self.opts.attribution == Attribution::EventTime;
        for (key, _) in self.waiting.iter().filter(|(_, n)| **n > 0) {
            self.rows.entry(key.clone()).or_default();
        }
        let filled = self.grid.filled();
        let before: i64 = self.waiting.values().sum();
        let mut after = before;
        let mut out = Vec::new();
        for (key, mut spans) in self.rows {
            filled.iter().for_each(|s| _ = spans.entry(*s).or_default());
            let mut waiting = self.waiting.remove(&key).unwrap_or(0);
            for (span, (counts, waits)) in spans {
                let came = counts.offered - counts.answered - counts.abandoned - counts.flow_out;
                let edges = by_event.then_some((waiting, waiting + came));
                (waiting, after) = (waiting + came, after + came);
                out.push(queues::row(&key, span, counts, waits, edges, self.opts));
            }
        }
        if self.opts.total {
            out.push(queues::total(&out, self.grid.whole(), by_event.then_some((before, after))));
        }
        out
    }
}

pub(crate) fn key_of(visit: &Visit) -> Key {
    (visit.center.clone(), visit.queue.clone())
}
