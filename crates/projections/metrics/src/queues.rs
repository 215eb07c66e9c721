//! The `queues` report (`docs/metrics.md`, section 2).
//!
//! Contract: input rows are the latest revisions; their order does not show in the result.
//! A row exists for each (`center`, `queue`, interval) with something in it; where both
//! ends of a range were given, each queue seen has a row for every interval of it. The
//! totals row comes last: one, over all queues and intervals, from the sums.

use std::collections::BTreeMap;

use model::facts::{QueueCounts, Visit};
use model::{Instant, Name};

use crate::grid::{Grid, Span};
use crate::options::{Attribution, Options};
use crate::sketch::Sketch;
use crate::tally::{self, Limits};
use crate::waiting::Waiting;

/// One row of the report.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct QueueRow {
    /// The centre; `None` in a totals row over several.
    pub center: Option<Name>,
    /// The queue; `None` in the totals row.
    pub queue: Option<Name>,
    /// Begin of the interval.
    pub interval_start: Instant,
    /// End of the interval.
    pub interval_end: Instant,
    /// T; `None` in a totals row over queues that differ.
    pub sl_threshold_ms: Option<i64>,
    /// S; `None` in a totals row over queues that differ.
    pub short_abandon_ms: Option<i64>,
    /// The additive figures.
    pub counts: QueueCounts,
    /// Waits of answered visits.
    pub waits: Sketch,
    /// `waiting_at_start` and `waiting_at_end`; only by event time.
    pub waiting: Option<(i64, i64)>,
}

impl QueueRow {
    /// Whether it is the totals row.
    pub fn is_total(&self) -> bool {
        self.queue.is_none()
    }
}

type Key = (Name, Name);
type Rows = BTreeMap<Key, BTreeMap<Span, (QueueCounts, Sketch)>>;

/// The report; with `opts.total`, the totals row is the last.
pub fn queues(visits: &[Visit], opts: &Options) -> Vec<QueueRow> {
    let mut grid = Grid::new(opts, instants(visits, opts));
    let mut rows = Rows::new();
    for visit in visits.iter().filter(|v| opts.concerns(v)) {
        count(&mut rows, &mut grid, visit, opts);
    }
    let waiting = (opts.attribution == Attribution::EventTime).then(|| Waiting::of(visits, opts));
    if let Some(waiting) = &waiting {
        waiting.keys_at(grid.whole().lo).for_each(|k| _ = rows.entry(k.clone()).or_default());
    }
    let filled = grid.filled();
    for spans in rows.values_mut() {
        filled.iter().for_each(|s| _ = spans.entry(*s).or_default());
    }
    let mut out: Vec<QueueRow> = Vec::new();
    for (key, spans) in rows {
        out.extend(spans.into_iter().map(|(span, (counts, waits))| {
            let waiting = waiting.as_ref().map(|w| (w.at(&key, span.lo), w.at(&key, span.hi)));
            row(&key, span, counts, waits, waiting, opts)
        }));
    }
    if opts.total {
        let whole = grid.whole();
        let waiting = waiting.map(|w| (w.over_all(whole.lo), w.over_all(whole.hi)));
        out.push(total(&out, whole, waiting));
    }
    out
}

/// The instants of all rows of the centre asked for: what "the data" reach over.
pub(crate) fn instants<'a>(visits: &'a [Visit], opts: &'a Options) -> impl Iterator<Item = Instant> + 'a {
    let of_center = visits.iter().filter(|v| !v.retracted && opts.of_center(&v.center));
    of_center.flat_map(|v| [Some(v.joined_at), v.answered_at, v.left_at]).flatten()
}

/// T and S of a queue.
pub(crate) fn limits(key: &Key, opts: &Options) -> Limits {
    Limits {
        sl_threshold_ms: opts.sl_threshold_ms(&key.0, &key.1),
        short_abandon_ms: opts.short_abandon_ms(&key.0, &key.1),
    }
}

fn count(rows: &mut Rows, grid: &mut Grid, visit: &Visit, opts: &Options) {
    let key = (visit.center.clone(), visit.queue.clone());
    let limits = limits(&key, opts);
    if opts.selects(visit.joined_at) {
        let cell = rows.entry(key.clone()).or_default().entry(grid.span_of(visit.joined_at)).or_default();
        tally::arrival(&mut cell.0, visit);
    }
    let Some(at) = credited_at(visit, opts.attribution).filter(|at| opts.selects(*at)) else { return };
    let (counts, waits) = rows.entry(key).or_default().entry(grid.span_of(at)).or_default();
    tally::outcome(counts, visit, limits, opts.wait);
    if visit.outcome == model::facts::VisitOutcome::Answered {
        tally::wait_ms(visit, opts.wait).into_iter().for_each(|w| waits.add(w));
    }
}

/// When the outcome of a visit counts; `None` where it has none yet (or was refused).
pub(crate) fn credited_at(visit: &Visit, attribution: Attribution) -> Option<Instant> {
    let at = tally::outcome_at(visit)?;
    Some(if attribution == Attribution::Arrival { visit.joined_at } else { at })
}

/// One row; `waiting`: at the begin and at the end of the interval.
pub(crate) fn row(
    key: &Key,
    span: Span,
    counts: QueueCounts,
    waits: Sketch,
    waiting: Option<(i64, i64)>,
    opts: &Options,
) -> QueueRow {
    let limits = limits(key, opts);
    QueueRow {
        center: Some(key.0.clone()),
        queue: Some(key.1.clone()),
        interval_start: span.start,
        interval_end: span.end,
        sl_threshold_ms: Some(limits.sl_threshold_ms),
        short_abandon_ms: Some(limits.short_abandon_ms),
        counts,
        waits,
        waiting,
    }
}

/// The totals row, from the sums of the rows; never from their averages.
pub(crate) fn total(rows: &[QueueRow], whole: Span, waiting: Option<(i64, i64)>) -> QueueRow {
    let mut total = QueueRow {
        center: common(rows, |r| r.center.clone()),
        queue: None,
        interval_start: whole.start,
        interval_end: whole.end,
        sl_threshold_ms: common(rows, |r| r.sl_threshold_ms),
        short_abandon_ms: common(rows, |r| r.short_abandon_ms),
        waiting,
        ..QueueRow::default()
    };
    for row in rows {
        total.counts.add(&row.counts);
        total.waits.merge(&row.waits);
    }
    total
}

/// The value that all rows share.
fn common<T: PartialEq>(rows: &[QueueRow], of: impl Fn(&QueueRow) -> Option<T>) -> Option<T> {
    let first = of(rows.first()?)?;
    rows.iter().all(|r| of(r).as_ref() == Some(&first)).then_some(first)
}
