//! The report of a long range from those of its parts.

use std::collections::BTreeMap;

use model::Name;

use super::{AgentCalls, AgentRow, AgentTimes};
use crate::grid::{Grid, Span};
use crate::options::{Interval, Options};

/// One report from reports over parts of the range of `opts`, whose both ends are given and
/// which asks for no queue and no rows by queue: parts that touch, each with its own `from`
/// and `to` and otherwise the same options.
pub fn together(parts: impl IntoIterator<Item = AgentRow>, opts: &Options) -> Vec<AgentRow> {
    let mut grid = Grid::new(opts, std::iter::empty());
    let mut rows: BTreeMap<(Name, Name), BTreeMap<Span, (AgentCalls, AgentTimes)>> = BTreeMap::new();
    for row in parts {
        let span = if opts.interval == Interval::All { grid.whole() } else { grid.span_of(row.interval_start) };
        let cell = rows.entry((row.center, row.agent)).or_default().entry(span).or_default();
        cell.0.add(&row.calls);
        cell.1.add(&row.times);
    }
    let filled = grid.filled();
    let mut out = Vec::new();
    for (who, mut spans) in rows {
        filled.iter().for_each(|s| _ = spans.entry(*s).or_default());
        out.extend(super::of_spans((who, None), spans));
    }
    out
}
