//! What has to be said beside a report: rows that were restated, and gaps of sources.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use metrics::Options;
use metrics::explain::span_at;
use model::facts::Visit;
use model::{Instant, Name};

use super::question::Question;
use crate::error::TablesError;
use crate::lake::Lake;
use crate::read::{Filter, Gap};

/// A row of the `queues` report of which visits changed after their close.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restated {
    /// The row's centre.
    pub center: Name,
    /// The row's queue.
    pub queue: Name,
    /// The row's interval.
    pub interval_start: Instant,
    /// How many of the visits that arrived in it changed after their close.
    pub visits: i64,
}

/// What is kept of a visit: its first closed revision and its highest one.
struct Seen {
    closed: Option<i64>,
    highest: i64,
    row: Option<(Name, Name, Instant)>,
}

pub(super) async fn restated(lake: &Lake, question: &Question) -> Result<Vec<Restated>, TablesError> {
    let options = &question.options;
    let filter = Filter { as_of: question.as_of, from: options.from, to: options.to, ..Filter::default() };
    let mut seen = HashMap::<(Name, Name), Seen>::new();
    lake.scan(&filter, |visit: Visit| {
        if question.as_of.is_none_or(|at| visit.known_at <= at) && question.visible.visit(&visit) {
            note(&mut seen, &visit, options);
        }
    })
    .await?;
    let changed = seen.into_values().filter(|s| s.closed.is_some_and(|closed| closed < s.highest));
    Ok(counted(changed.filter_map(|s| s.row), options))
}

/// Takes in one revision.
fn note(seen: &mut HashMap<(Name, Name), Seen>, visit: &Visit, options: &Options) {
    let counts = options.concerns(visit) && options.selects(visit.joined_at);
    let row = counts.then(|| (visit.center.clone(), visit.queue.clone(), visit.joined_at));
    let closed = visit.closed.then_some(visit.revision);
    match seen.entry((visit.switch.clone(), visit.visit_id.clone())) {
        Entry::Vacant(place) => _ = place.insert(Seen { closed, highest: visit.revision, row }),
        Entry::Occupied(mut place) => {
            let known = place.get_mut();
            known.closed = known.closed.into_iter().chain(closed).min();
            if visit.revision > known.highest {
                (known.highest, known.row) = (visit.revision, row);
            }
        }
    }
}

/// One entry a row of the report, in its order.
fn counted(visits: impl Iterator<Item = (Name, Name, Instant)>, options: &Options) -> Vec<Restated> {
    let mut rows = std::collections::BTreeMap::<(Name, Name, Instant), i64>::new();
    for (center, queue, at) in visits {
        *rows.entry((center, queue, span_at(at, options).start)).or_default() += 1;
    }
    rows.into_iter()
        .map(|((center, queue, interval_start), visits)| Restated { center, queue, interval_start, visits })
        .collect()
}

pub(super) async fn gaps(lake: &Lake, question: &Question) -> Result<Vec<Gap>, TablesError> {
    let mut gaps = lake.gaps(question.as_of).await?;
    let (options, visible) = (&question.options, &question.visible);
    gaps.retain(|g| {
        visible.center(&g.center)
            && options.of_center(&g.center)
            && options.to.is_none_or(|to| g.from < to)
            && options.from.is_none_or(|from| g.to > from)
    });
    Ok(gaps)
}
