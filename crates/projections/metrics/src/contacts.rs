//! `report contacts` (`docs/metrics.md`, section 4).
//!
//! Contract: a contact is a customer's journey: each inbound and outbound one counts once,
//! and an internal one where its caller joined a queue and is no agent (a help desk for
//! one's own house). Calls among agents, to their feature codes and consults that ended
//! without a transfer are nobody's journey and would only thin out `lost_rate`. A contact
//! counts under the queue it joined first and the interval of that join; a contact that joined none (also one that was only
//! refused) under no queue (null) and the interval of its arrival. Records that were
//! merged into another are left out. Attribution is always by arrival. `--queue` keeps
//! the contacts that count under that queue; `--exclude-consults` looks over consult
//! visits, and leaves out contacts that are nothing but a consult.

use std::collections::BTreeMap;

use model::facts::{Call, ContactOutcome, Direction, Visit, VisitOutcome};
use model::{DEFINITION_VERSION, Instant, Name};

use crate::grid::{Grid, Span};
use crate::options::Options;
use crate::rates;
use crate::render::{Cells, Report};

/// One row of the report.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContactRow {
    /// The centre.
    pub center: Name,
    /// The queue joined first.
    pub queue: Option<Name>,
    /// Begin of the interval.
    pub interval_start: Instant,
    /// End of the interval.
    pub interval_end: Instant,
    /// Contacts by outcome.
    pub outcomes: Outcomes,
}

/// Contacts by outcome.
type Outcomes = BTreeMap<ContactOutcome, i64>;
/// Of centre and first queue, by interval.
type Rows = BTreeMap<(Name, Option<Name>), BTreeMap<Span, Outcomes>>;

/// Every outcome with its name, in the order of the contract.
pub const OUTCOMES: [(ContactOutcome, &str); 12] = [
    (ContactOutcome::Answered, "answered"),
    (ContactOutcome::Callback, "callback"),
    (ContactOutcome::Abandoned, "abandoned"),
    (ContactOutcome::Rejected, "rejected"),
    (ContactOutcome::Lost, "lost"),
    (ContactOutcome::IvrAbandoned, "ivr_abandoned"),
    (ContactOutcome::SelfServed, "self_served"),
    (ContactOutcome::Unknown, "unknown"),
    (ContactOutcome::Connected, "connected"),
    (ContactOutcome::Busy, "busy"),
    (ContactOutcome::NoAnswer, "no_answer"),
    (ContactOutcome::Failed, "failed"),
];

/// The name of an outcome.
pub fn outcome_name(outcome: ContactOutcome) -> &'static str {
    OUTCOMES.iter().find(|(o, _)| *o == outcome).map_or("unknown", |(_, name)| name)
}

impl ContactRow {
    /// Contacts with this outcome.
    pub fn of(&self, outcome: ContactOutcome) -> i64 {
        self.outcomes.get(&outcome).copied().unwrap_or(0)
    }

    /// Contacts.
    pub fn contacts(&self) -> i64 {
        self.outcomes.values().sum()
    }

    /// (abandoned + lost) / (contacts − ivr_abandoned − self_served).
    pub fn lost_rate(&self) -> Option<f64> {
        let wanted = self.contacts() - self.of(ContactOutcome::IvrAbandoned) - self.of(ContactOutcome::SelfServed);
        rates::rate(self.of(ContactOutcome::Abandoned) + self.of(ContactOutcome::Lost), wanted)
    }
}

/// Where and when a contact counts: its first join, else its arrival.
pub(crate) fn filed_under<'a>(call: &'a Call, opts: &Options) -> (Option<&'a Name>, Instant) {
    let joined = |v: &&Visit| {
        let left_out = v.retracted || (opts.exclude_consults && v.consult);
        !left_out && !matches!(v.outcome, VisitOutcome::Rejected(_))
    };
    let first = call.queue_visits.iter().filter(joined).min_by_key(|v| (v.joined_at, v.first_event));
    first.map_or((None, call.started_at), |v| (Some(&v.queue), v.joined_at))
}

/// Whether a contact is one that the options ask for (its time is looked at, too).
pub(crate) fn concerns(call: &Call, opts: &Options) -> bool {
    let consult_only = || {
        let mut visits = call.queue_visits.iter().filter(|v| !v.retracted).peekable();
        visits.peek().is_some() && visits.all(|v| v.consult)
    };
    let among_agents = || {
        call.direction == Direction::Internal && call.queue_visits.iter().filter(|v| !v.retracted).all(|v| v.consult)
    };
    let (queue, at) = filed_under(call, opts);
    call.merged_into.is_none()
        && !among_agents()
        && opts.of_center(&call.center)
        && opts.selects(at)
        && opts.queue.as_ref().is_none_or(|q| queue == Some(q))
        && !(opts.exclude_consults && consult_only())
}

/// The report; no totals row (its null queue would mean something else).
pub fn contacts(calls: &[Call], opts: &Options) -> Vec<ContactRow> {
    let instants = calls.iter().flat_map(|c| [Some(c.started_at), c.ended_at]).flatten();
    let mut grid = Grid::new(opts, instants);
    let mut rows = Rows::new();
    for call in calls.iter().filter(|c| concerns(c, opts)) {
        let (queue, at) = filed_under(call, opts);
        let spans = rows.entry((call.center.clone(), queue.cloned())).or_default();
        *spans.entry(grid.span_of(at)).or_default().entry(call.outcome).or_default() += 1;
    }
    finish(rows, &mut grid)
}

/// The report from reports over parts of the contacts by quarter of an hour, without a
/// range, a queue or a centre, and otherwise with the same options; `None` where the range
/// or the intervals that are asked for cut one of their quarters.
pub fn regrouped<'a>(quarters: impl Iterator<Item = &'a ContactRow>, opts: &Options) -> Option<Vec<ContactRow>> {
    let mut grid = Grid::new(opts, std::iter::empty());
    let mut rows = Rows::new();
    let asked =
        |r: &&ContactRow| opts.of_center(&r.center) && opts.queue.as_ref().is_none_or(|q| r.queue.as_ref() == Some(q));
    for row in quarters.filter(asked) {
        let last = Instant(row.interval_end.0 - 1);
        if opts.from.is_some_and(|from| last < from) || opts.to.is_some_and(|to| row.interval_start >= to) {
            continue;
        }
        if !opts.selects(row.interval_start) || !opts.selects(last) {
            return None;
        }
        let span = grid.span_of(row.interval_start);
        if grid.span_of(last) != span {
            return None;
        }
        let spans = rows.entry((row.center.clone(), row.queue.clone())).or_default();
        let outcomes = spans.entry(span).or_default();
        row.outcomes.iter().for_each(|(outcome, n)| *outcomes.entry(*outcome).or_default() += n);
    }
    Some(finish(rows, &mut grid))
}

fn finish(rows: Rows, grid: &mut Grid<'_>) -> Vec<ContactRow> {
    let filled = grid.filled();
    let mut out = Vec::new();
    for ((center, queue), mut spans) in rows {
        filled.iter().for_each(|s| _ = spans.entry(*s).or_default());
        out.extend(spans.into_iter().map(|(span, outcomes)| ContactRow {
            center: center.clone(),
            queue: queue.clone(),
            interval_start: span.start,
            interval_end: span.end,
            outcomes,
        }));
    }
    out
}

impl Report for ContactRow {
    fn cells(&self, _opts: &Options) -> Cells {
        let mut cells = Cells::default();
        cells.put("center", &self.center).put("queue", self.queue.as_ref());
        cells.put("interval_start", self.interval_start).put("interval_end", self.interval_end);
        cells.put("contacts", self.contacts());
        for (outcome, name) in OUTCOMES {
            cells.put(name, self.of(outcome));
        }
        cells.put("lost_rate", self.lost_rate()).put("definition_version", i64::from(DEFINITION_VERSION));
        cells
    }

    fn table_columns(_opts: &Options) -> Vec<(&'static str, &'static str)> {
        let mut columns =
            vec![("center", "centre"), ("queue", "first queue"), ("interval_start", "from"), ("contacts", "contacts")];
        columns.extend(OUTCOMES.map(|(_, name)| (name, name)));
        columns.push(("lost_rate", "lost rate"));
        columns
    }
}
