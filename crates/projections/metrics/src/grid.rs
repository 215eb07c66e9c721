//! The intervals of one report: the zone's grid, or one span for `all`, with the range.

use model::Instant;

use crate::options::{Interval, Options};
use crate::zone;

/// A range that would fill more intervals than this shows only those with something in
/// them (15-minute intervals of a year and a half).
pub const MAX_FILLED: usize = 50_000;

/// One interval of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// `interval_start`.
    pub start: Instant,
    /// `interval_end`.
    pub end: Instant,
    /// Begin of what is counted: `start`, or the begin of the range within the interval.
    pub lo: Instant,
    /// End of what is counted, exclusive.
    pub hi: Instant,
}

/// The intervals of one report.
#[derive(Clone, Copy, Debug)]
pub struct Grid<'a> {
    opts: &'a Options,
    all: Span,
    last: Option<Span>,
}

impl<'a> Grid<'a> {
    /// Over rows whose instants are `instants` (used for `all` without a range).
    pub fn new(opts: &'a Options, instants: impl Iterator<Item = Instant>) -> Self {
        let (lo, hi) = (opts.from.unwrap_or(Instant(i64::MIN)), opts.to.unwrap_or(Instant(i64::MAX)));
        let (first, last) = opts.data.or_else(|| bounds(instants)).unwrap_or_default();
        let start = opts.from.unwrap_or(first);
        Self { opts, all: Span { start, end: opts.to.unwrap_or(last).max(start), lo, hi }, last: None }
    }

    /// The range asked for, else that of the data, as one span.
    pub fn whole(&self) -> Span {
        self.all
    }

    /// The interval that holds `at`.
    pub fn span_of(&mut self, at: Instant) -> Span {
        if self.opts.interval == Interval::All {
            return self.all;
        }
        if let Some(last) = self.last.filter(|s| at >= s.start && at < s.end) {
            return last;
        }
        let (start, end) = zone::interval_of(self.opts.interval, self.opts.tz, at);
        let span = Span { start, end, lo: start.max(self.all.lo), hi: end.min(self.all.hi) };
        self.last = Some(span);
        span
    }

    /// All intervals from `lo` to `hi` (exclusive); `None` where they are too many.
    pub fn between(&mut self, lo: Instant, hi: Instant) -> Option<Vec<Span>> {
        if self.opts.interval == Interval::All {
            return Some(vec![self.all]);
        }
        let (mut spans, mut at) = (Vec::new(), lo);
        while at < hi {
            if spans.len() >= MAX_FILLED {
                return None;
            }
            let span = self.span_of(at);
            at = span.end;
            spans.push(span);
        }
        Some(spans)
    }

    /// The intervals that every key of the report has a row for: all those of a range of
    /// which both ends were given (so an hourly report of a day has 23, 24 or 25 rows,
    /// also where some are empty). Otherwise none: there a row needs something in it.
    pub fn filled(&mut self) -> Vec<Span> {
        match (self.opts.from, self.opts.to) {
            (Some(from), Some(to)) if self.opts.interval != Interval::All => self.between(from, to).unwrap_or_default(),
            _ => Vec::new(),
        }
    }
}

/// The least and the greatest of some instants.
pub fn bounds(instants: impl Iterator<Item = Instant>) -> Option<(Instant, Instant)> {
    instants.fold(None, |seen, t| match seen {
        None => Some((t, t)),
        Some((lo, hi)) => Some((lo.min(t), hi.max(t))),
    })
}
