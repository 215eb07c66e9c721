//! The `agents` report of a range, a UTC day at a time: each day's part is the report over
//! the rows that reach into it, and is kept; parts add up to the report of the range.
//!
//! Contract: as `metrics::agents` over all rows, where a contact's rows are filed no more
//! than [`REACH`] days before they end (a contact is closed a late horizon after it went
//! quiet, 24 hours by default); logins and pauses may last as long as they like.

use std::collections::HashSet;
use std::sync::Arc;

use metrics::{AgentRow, Options};
use model::facts::{Leg, Stretch, Visit};
use model::{Instant, Name};

use super::kept::{Part, stamp};
use super::question::Question;
use super::snapshots::Days;
use super::{Inner, plain, reach};
use crate::error::TablesError;
use crate::facts::Fact;
use crate::read::{DataFile, Filter};
use crate::table::Table;

/// Days that a contact's rows may reach beyond the day they are filed under.
const REACH: i32 = 7;
const DAY_US: i64 = 86_400_000_000;

/// The files of the tables that the report is made of.
struct Tables {
    visits: Arc<Days>,
    legs: Arc<Days>,
    stretches: Arc<Days>,
}

/// Rows that reach into some time.
#[derive(Default)]
pub(super) struct Rows {
    pub(super) visits: Vec<Visit>,
    pub(super) legs: Vec<Leg>,
    pub(super) stretches: Vec<Stretch>,
}

/// The report.
///
/// # Errors
/// A table is absent or cannot be read.
pub(super) async fn agents(inner: &Inner, question: &Question) -> Result<Vec<AgentRow>, TablesError> {
    let options = &question.options;
    let (Some(from), Some(to)) = (options.from, options.to) else {
        inner.allows(Table::QueueVisits).await?;
        return plain::agents(&inner.lake, question).await;
    };
    let tables = Tables {
        visits: inner.snapshots.days(&inner.lake, Table::QueueVisits).await?,
        legs: inner.snapshots.days(&inner.lake, Table::AgentLegs).await?,
        stretches: inner.snapshots.days(&inner.lake, Table::AgentStates).await?,
    };
    let (first, last) = (from.days(), Instant(to.0.saturating_sub(1)).days().max(from.days()));
    if last - first > MOST_DAYS {
        return Err(TablesError::Asked(format!(
            "{} days are asked for, and {MOST_DAYS} are the most: name a shorter range",
            last - first
        )));
    }
    let number = inner.kept.question();
    if options.by_queue || options.queue.is_some() || question.visible.queues.is_some() {
        inner.allows_range(Table::QueueVisits, options).await?;
        let rows = rows(inner, &tables, question.as_of, (first, last), number).await?;
        return Ok(plain::agent_rows(rows, &Default::default(), question));
    }
    let mut parts = Vec::new();
    for day in first..=last {
        parts.extend(part(inner, &tables, question, day, number).await?.iter().cloned());
    }
    let visible = &question.visible;
    parts.retain(|row| visible.center(&row.center));
    let options = options.clone();
    let together = tokio::task::spawn_blocking(move || metrics::agents::together(parts, &options));
    together.await.map_err(|e| TablesError::Interrupted(e.to_string()))
}

/// The most days of one report: each is a part of its own, whether anything happened or not.
const MOST_DAYS: i32 = 1_200;

/// The report over one day of the range, kept or made; of every centre that is asked for,
/// whoever asks.
async fn part(
    inner: &Inner,
    tables: &Tables,
    question: &Question,
    day: i32,
    number: u64,
) -> Result<Arc<Vec<AgentRow>>, TablesError> {
    let asked = &question.options;
    let midnight = i64::from(day) * DAY_US;
    let (from, to) = (asked.from.unwrap_or_default().0, asked.to.unwrap_or_default().0);
    let options = Options {
        from: Some(Instant(from.max(midnight))),
        to: Some(Instant(to.min(midnight + DAY_US))),
        ..asked.clone()
    };
    let near = |days: &Arc<Days>, since: i32| -> Vec<Arc<Vec<DataFile>>> {
        days.range(since..=day + 1).map(|(_, files)| Arc::clone(files)).collect()
    };
    let mut files = near(&tables.visits, day - REACH);
    files.extend(near(&tables.legs, day - REACH));
    files.extend(near(&tables.stretches, i32::MIN));
    let stamp = stamp(files.iter().flat_map(|f| f.iter()));
    let kind = format!(
        "agents {:?} {} {:?} {:?} {:?} {} {:?}",
        options.interval,
        options.tz,
        options.attribution,
        (options.from, options.to),
        options.center,
        options.exclude_consults,
        options.wait
    );
    let part = Part { kind, day, as_of: question.as_of };
    if let Some(rows) = inner.kept.get::<Vec<AgentRow>>(&part, stamp, number) {
        return Ok(rows);
    }
    let rows = rows(inner, tables, question.as_of, (day, day), number).await?;
    let made = tokio::task::spawn_blocking(move || {
        metrics::agents(&rows.visits, &rows.legs, &rows.stretches, &Default::default(), &options)
    });
    let made = made.await.map_err(|e| TablesError::Interrupted(e.to_string()))?;
    let made = Arc::new(made);
    let bytes = made.iter().map(|r| size_of::<AgentRow>() + 160 * r.times.pause_ms_by_reason.len().min(4)).sum();
    inner.kept.put(part, stamp, Arc::clone(&made), bytes, number);
    Ok(made)
}

/// The rows that may reach into the days from `first` to `last`.
async fn rows(
    inner: &Inner,
    tables: &Tables,
    as_of: Option<Instant>,
    (first, last): (i32, i32),
    number: u64,
) -> Result<Rows, TablesError> {
    let filter = Filter { as_of, ..Filter::default() };
    let mut rows = Rows {
        visits: whole(inner, &tables.visits, (first, last), &filter).await?,
        // A leg may be filed a day after the visit that offered it.
        legs: whole(inner, &tables.legs, (first, last + 1), &filter).await?,
        stretches: whole(inner, &tables.stretches, (first, last), &filter).await?,
    };
    let none = HashSet::new();
    for (day, files) in tables.visits.range(first - REACH..=last + 1).filter(|(d, _)| !(first..=last).contains(*d)) {
        let visits = reach::of_day::<Visit>(inner, (*day, files), as_of, &none, number).await?;
        let ids: HashSet<Name> = visits.iter().map(|v| v.visit_id.clone()).collect();
        rows.visits.extend(visits.iter().cloned());
        if let Some(files) = tables.legs.get(day).filter(|_| *day < first) {
            let legs = reach::of_day::<Leg>(inner, (*day, files), as_of, &ids, number).await?;
            rows.legs.extend(legs.iter().cloned());
        }
    }
    // Legs of days without a visit's file.
    for (day, files) in tables.legs.range(first - REACH..first).filter(|(d, _)| !tables.visits.contains_key(*d)) {
        let legs = reach::of_day::<Leg>(inner, (*day, files), as_of, &none, number).await?;
        rows.legs.extend(legs.iter().cloned());
    }
    for (day, files) in tables.stretches.range(..=last + 1).filter(|(d, _)| !(first..=last).contains(*d)) {
        let begin = Instant(i64::from(first) * DAY_US);
        if *day > last || files.iter().any(|f| f.may_end_after(Table::AgentStates, begin)) {
            let stretches = reach::of_day::<Stretch>(inner, (*day, files), as_of, &none, number).await?;
            rows.stretches.extend(stretches.iter().cloned());
        }
    }
    Ok(rows)
}

/// All rows of some days.
async fn whole<T: Fact>(
    inner: &Inner,
    days: &Days,
    (first, last): (i32, i32),
    filter: &Filter,
) -> Result<Vec<T>, TablesError> {
    let files = days.range(first..=last).flat_map(|(_, files)| files.iter().cloned()).collect();
    inner.lake.truth_in(files, filter).await
}
