//! Answers from whole rows: what the quicker ways must equal, and the way for questions
//! that they do not know.

use std::collections::{BTreeSet, HashMap};

use metrics::{AgentRow, Attribution, ContactRow, LostRow, Options, QueueRow, WaitRow};
use model::facts::{Call, Visit};
use model::{Instant, Name};

use super::Inner;
use super::agents::Rows;
use super::question::{Behind, Cursor, Page, Question, Search, Visible};
use crate::error::TablesError;
use crate::lake::Lake;
use crate::read::{Filter, day_wanted};
use crate::table::Table;

/// Days that a visit waits at most, where one that ended in a range is looked for, and days
/// from a contact's begin to its first queue.
const REACH: i64 = 7;
const DAY_MS: i64 = 86_400_000;

pub(super) async fn queues(lake: &Lake, question: &Question) -> Result<Vec<QueueRow>, TablesError> {
    Ok(metrics::queues(&visits(lake, question).await?, &question.options))
}

pub(super) async fn waits(lake: &Lake, question: &Question, edges: &[i64]) -> Result<Vec<WaitRow>, TablesError> {
    Ok(metrics::distribution(&visits(lake, question).await?, edges, &question.options))
}

/// The visits that a report over visits looks at.
async fn visits(lake: &Lake, question: &Question) -> Result<Vec<Visit>, TablesError> {
    let options = &question.options;
    // By event time a visit that arrived before the range counts in it too.
    let from = options.from.filter(|_| options.attribution == Attribution::Arrival);
    let filter = Filter { as_of: question.as_of, from, to: options.to, ..Filter::default() };
    let mut visits = lake.visits(&filter).await?;
    visits.retain(|v| question.visible.visit(v));
    Ok(visits)
}

pub(super) async fn agents(lake: &Lake, question: &Question) -> Result<Vec<AgentRow>, TablesError> {
    let all = Filter { as_of: question.as_of, ..Filter::default() };
    let rows =
        Rows { visits: lake.visits(&all).await?, legs: lake.legs(&all).await?, stretches: lake.stretches(&all).await? };
    let last = lake.last_events(question.as_of).await?.into_iter().collect();
    Ok(agent_rows(rows, &last, question))
}

/// The report over some rows, as far as it may be seen.
pub(super) fn agent_rows(mut of: Rows, last: &HashMap<Name, Instant>, question: &Question) -> Vec<AgentRow> {
    let visible = &question.visible;
    of.visits.retain(|v| visible.center(&v.center));
    of.legs.retain(|l| visible.center(&l.center));
    of.stretches.retain(|s| visible.center(&s.center));
    let report = |options: &Options| metrics::agents(&of.visits, &of.legs, &of.stretches, last, options);
    let by_queue = || report(&Options { by_queue: true, ..question.options.clone() });
    let mut rows = report(&question.options);
    if visible.queues.is_some() {
        let seen = seen_agents(&by_queue(), visible);
        rows.retain(|r| seen.contains(&(r.center.clone(), r.agent.clone())));
        rows.retain(|r| !question.options.by_queue || visible.queue(r.queue.as_ref()));
    }
    rows
}

/// The agents (centre, agent) that rows by queue name with a queue that may be seen.
pub(super) fn seen_agents(by_queue: &[AgentRow], visible: &Visible) -> BTreeSet<(Name, Name)> {
    let rows = by_queue.iter().filter(|r| visible.queue(r.queue.as_ref()));
    rows.map(|r| (r.center.clone(), r.agent.clone())).collect()
}

pub(super) async fn contacts(lake: &Lake, question: &Question) -> Result<Vec<ContactRow>, TablesError> {
    let options = &question.options;
    let mut filter = Filter { as_of: question.as_of, ..Filter::default() };
    if !options.spans_data() {
        // A contact counts when it joined its first queue, which is after it began.
        filter.from = options.from.map(|from| from.plus_millis(-REACH * DAY_MS));
        filter.to = options.to.map(|to| to.plus_millis(DAY_MS));
    }
    let mut rows = metrics::contacts(&calls(lake, question, &filter).await?, options);
    rows.retain(|r| question.visible.queue(r.queue.as_ref()));
    Ok(rows)
}

/// From when on contacts are read for the list of those that got nobody: all that came
/// later are, for the same number may have got through; what was before says nothing.
pub(super) fn lost_since(options: &Options) -> Option<Instant> {
    options.from.map(|from| from.plus_millis(-REACH * DAY_MS))
}

pub(super) async fn lost(lake: &Lake, question: &Question) -> Result<Vec<LostRow>, TablesError> {
    let since = lost_since(&question.options);
    let filter = Filter { as_of: question.as_of, from: since, ..Filter::default() };
    let mut rows = metrics::lost(&calls(lake, question, &filter).await?, &question.options);
    rows.retain(|r| question.visible.queue(r.queue.as_ref()));
    Ok(rows)
}

/// The contacts of the centres that may be seen.
async fn calls(lake: &Lake, question: &Question, filter: &Filter) -> Result<Vec<Call>, TablesError> {
    let mut calls: Vec<Call> = lake.truth(filter).await?;
    calls.retain(|c| question.visible.center(&c.center));
    Ok(calls)
}

/// A page of the visits behind a figure, from the days of its interval; by event time also
/// from [`REACH`] days before it: no longer does a visit wait.
pub(super) async fn visits_behind(
    inner: &Inner,
    behind: &Behind,
    question: &Question,
    page: usize,
) -> Result<Page<Visit>, TablesError> {
    let span = metrics::explain::span_at(behind.at, &question.options);
    let reach = if question.options.attribution == Attribution::EventTime { REACH * DAY_MS } else { 0 };
    let filter = Filter {
        as_of: question.as_of,
        from: Some(Instant(span.lo.0.saturating_sub(reach * 1_000))),
        to: Some(span.hi),
        center: Some(behind.center.clone()),
        queue: Some(behind.queue.clone()),
        ..Filter::default()
    };
    let days = inner.snapshots.days(&inner.lake, Table::QueueVisits).await?;
    let wanted: Vec<_> = days.values().filter(|files| day_wanted(Table::QueueVisits, files, &filter)).collect();
    inner.allows_days(wanted.len())?;
    let files = wanted.into_iter().flat_map(|files| files.iter().cloned()).collect();
    let mut rows: Vec<Visit> = inner.lake.truth_in(files, &filter).await?;
    rows.retain(|v| {
        question.visible.visit(v)
            && metrics::explain::is_behind(v, span, behind.column.as_deref(), &question.options)
            && behind.after.as_ref().is_none_or(|after| place(v) > *after)
    });
    rows.sort_by_key(place);
    Ok(paged(rows, page, place))
}

/// Where a visit stands among those behind a figure.
pub(super) fn place(visit: &Visit) -> Cursor {
    Cursor { at: visit.joined_at, ids: (visit.switch.clone(), visit.visit_id.clone()) }
}

/// The first rows of `rows`, and where the next ones begin.
pub(super) fn paged<T>(mut rows: Vec<T>, page: usize, place: impl Fn(&T) -> Cursor) -> Page<T> {
    let more = rows.len() > page;
    rows.truncate(page);
    let next = rows.last().filter(|_| more).map(place);
    Page { rows, next }
}

/// Where a contact stands in a search.
pub(super) fn call_place(call: &Call) -> Cursor {
    Cursor { at: call.started_at, ids: (call.switch.clone(), call.call_id.clone()) }
}

impl Search {
    /// Whether a contact is one that is looked for, wherever the page begins.
    pub fn finds(&self, call: &Call) -> bool {
        call.merged_into.is_none()
            && self.visible.call(call)
            && self.from.is_none_or(|from| call.started_at >= from)
            && self.to.is_none_or(|to| call.started_at < to)
            && self.outcome.is_none_or(|o| o == call.outcome)
            && self.direction.is_none_or(|d| d == call.direction)
            && self.lasted(call)
            && self.has_number(call)
            && self.account.as_ref().is_none_or(|account| call.ivr.iter().any(|(_, value)| value == account))
            && self.names(call)
    }

    fn lasted(&self, call: &Call) -> bool {
        let ms = call.ended_at.map(|end| end.millis_since(call.started_at));
        self.min_ms.is_none_or(|min| ms.is_some_and(|ms| ms >= min))
            && self.max_ms.is_none_or(|max| ms.is_some_and(|ms| ms <= max))
    }

    fn has_number(&self, call: &Call) -> bool {
        let Some(digits) = self.number.as_deref().map(digits) else { return true };
        let numbers = [&call.ani, &call.ani_raw, &call.dnis];
        !digits.is_empty() && numbers.into_iter().flatten().any(|n| self::digits(n).ends_with(&digits))
    }

    fn names(&self, call: &Call) -> bool {
        let visits = || call.queue_visits.iter().filter(|v| !v.retracted);
        let legs = || call.agent_legs.iter().filter(|l| !l.retracted);
        let queue = |q: &Name| visits().any(|v| v.queue == *q);
        let agent = |a: &Name| visits().any(|v| v.agent.as_ref() == Some(a)) || legs().any(|l| l.agent == *a);
        self.queue.as_ref().is_none_or(queue) && self.agent.as_ref().is_none_or(agent)
    }
}

/// The digits of a number.
pub(super) fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}
