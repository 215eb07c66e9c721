//! From a row of a report back to the visits behind it (`docs/metrics.md`, section 6).

use model::facts::Visit;
use model::{Instant, Name};

use crate::grid::Grid;
use crate::options::Options;
use crate::queues::credited_at;

/// The visits behind the rows of `queue` whose interval holds `at`, with the options of
/// the report: those that count there as arrivals or, by event time, as outcomes. Sorted
/// by arrival, then `visit_id`.
pub fn visits_behind<'a>(visits: &'a [Visit], queue: &Name, at: Instant, opts: &Options) -> Vec<&'a Visit> {
    let mut grid = Grid::new(opts, std::iter::empty());
    let span = grid.span_of(at);
    let inside = |t: Instant| t >= span.lo && t < span.hi;
    let counts = |v: &&Visit| {
        let times = [Some(v.joined_at), credited_at(v, opts.attribution)];
        opts.concerns(v) && v.queue == *queue && times.into_iter().flatten().any(inside)
    };
    let mut behind: Vec<&Visit> = visits.iter().filter(counts).collect();
    behind.sort_by(|a, b| (a.joined_at, &a.visit_id).cmp(&(b.joined_at, &b.visit_id)));
    behind
}
