//! From a row of a report back to the visits behind it (`docs/metrics.md`, section 6).

use model::facts::{QueueCounts, Visit};
use model::{Instant, Name};

use crate::grid::{Grid, Span};
use crate::options::Options;
use crate::queues::{credited_at, limits};
use crate::tally;

/// Figures that are made of others, and the additive figure whose visits are shown for
/// them: the numerator, or for averages what they are averages over.
const MADE_OF: &[(&str, &str)] = &[
    ("asa_ms", "answered"),
    ("avg_abandon_ms", "abandoned"),
    ("aht_ms", "handled"),
    ("wait_p50_ms", "answered"),
    ("wait_p90_ms", "answered"),
    ("wait_p95_ms", "answered"),
    ("wait_p99_ms", "answered"),
    ("wait_answered_ms_sum", "answered"),
    ("wait_answered_ms_max", "answered"),
    ("wait_abandoned_ms_sum", "abandoned"),
    ("wait_abandoned_ms_max", "abandoned"),
    ("abandon_rate", "abandoned"),
    ("abandon_rate_net", "abandoned"),
    ("answered_rate", "answered"),
    ("service_level", "answered_in_sl"),
    ("service_level_negative", "answered_in_sl"),
    ("service_level_ignore", "answered_in_sl"),
    ("service_level_positive", "answered_in_sl"),
    ("service_level_answered", "answered_in_sl"),
    ("service_level_amazon", "answered_in_sl"),
    ("service_level_avaya", "answered_in_sl"),
];
/// Figures over every closed visit that joined, also one whose wait was 0.
const OVER_CLOSED: [&str; 3] = ["avg_wait_ms", "wait_ms_sum", "wait_ms_max"];

/// The visits behind the rows of `queue` whose interval holds `at`, with the options of
/// the report: those that count there as arrivals or, by event time, as outcomes. Sorted
/// by arrival, then `visit_id`.
pub fn visits_behind<'a>(visits: &'a [Visit], queue: &Name, at: Instant, opts: &Options) -> Vec<&'a Visit> {
    let span = span_at(at, opts);
    let counts = |v: &&Visit| v.queue == *queue && is_behind(v, span, None, opts);
    let mut behind: Vec<&Visit> = visits.iter().filter(counts).collect();
    behind.sort_by(|a, b| (a.joined_at, &a.visit_id).cmp(&(b.joined_at, &b.visit_id)));
    behind
}

/// The interval of a report that holds `at`.
pub fn span_at(at: Instant, opts: &Options) -> Span {
    Grid::new(opts, std::iter::empty()).span_of(at)
}

/// Whether `column` is a figure of the `queues` report that has visits behind it.
pub fn is_figure(column: &str) -> bool {
    QueueCounts::NAMES.contains(&column) || OVER_CLOSED.contains(&column) || MADE_OF.iter().any(|(n, _)| *n == column)
}

/// Whether a visit is one of those that made the row of its queue in `span`; with a
/// column, whether it is one of those that made that figure.
pub fn is_behind(visit: &Visit, span: Span, column: Option<&str>, opts: &Options) -> bool {
    let inside = |t: Instant| t >= span.lo && t < span.hi;
    let ended = credited_at(visit, opts.attribution).is_some_and(inside);
    if !opts.concerns(visit) || !(ended || inside(visit.joined_at)) {
        return false;
    }
    let Some(column) = column else { return true };
    if OVER_CLOSED.contains(&column) {
        return ended && tally::has_closed(visit);
    }
    let column = MADE_OF.iter().find(|(name, _)| *name == column).map_or(column, |(_, made_of)| made_of);
    let mut counts = QueueCounts::default();
    if inside(visit.joined_at) {
        tally::arrival(&mut counts, visit);
    }
    if ended {
        tally::outcome(&mut counts, visit, limits(&(visit.center.clone(), visit.queue.clone()), opts), opts.wait);
    }
    QueueCounts::NAMES.iter().zip(counts.values()).any(|(name, value)| *name == column && value != 0)
}
