//! One day of `queue_visits` as [`SlimVisits`]: the columns that reports over queues count,
//! of each visit's highest revision.

use std::collections::HashMap;

use arrow::array::{
    Array as _, AsArray as _, BooleanArray, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use arrow::datatypes::{Int64Type, TimestampMicrosecondType};
use deltalake_core::logstore::ObjectStoreRef;
use futures::TryStreamExt as _;
use metrics::SlimVisits;
use model::event::TransferKind;
use model::facts::{Visit, VisitOutcome};
use model::{Instant, Name, Position};

use crate::cells::BadCell;
use crate::error::TablesError;
use crate::lake::Lake;
use crate::read::{DataFile, open};
use crate::table::Table;

const COLUMNS: [&str; 19] = [
    "visit_id",
    "center",
    "queue",
    "joined_at",
    "answered_at",
    "left_at",
    "outcome",
    "outcome_reason",
    "wait_ms",
    "wait_observed_ms",
    "talk_ms",
    "hold_ms",
    "acw_ms",
    "consult",
    "transferred",
    "closed",
    "retracted",
    "revision",
    "known_at",
];

/// The visits of a day's files as they stood at `as_of`.
///
/// # Errors
/// A file cannot be read.
pub(super) async fn read(
    lake: &Lake,
    store: &ObjectStoreRef,
    files: &[DataFile],
    as_of: Option<Instant>,
) -> Result<SlimVisits, TablesError> {
    let explain = |e| lake.place.explain(Table::QueueVisits, &e);
    let mut batches = Vec::new();
    for file in files {
        let mut stream = open(store, file, Some(&COLUMNS)).await.map_err(explain)?;
        while let Some(batch) = stream.try_next().await.map_err(|e| explain(e.into()))? {
            batches.push(batch);
        }
    }
    let content = |cell| {
        let file = files.first().map(|f| f.path.to_string()).unwrap_or_default();
        TablesError::Content { table: Table::QueueVisits, file, cell }
    };
    let columns: Vec<Columns> = batches.iter().map(Columns::of).collect::<Result<_, _>>().map_err(content)?;
    slim(&columns, as_of).map_err(content)
}

/// The columns of a batch.
struct Columns<'a> {
    visit_id: &'a StringArray,
    center: &'a StringArray,
    queue: &'a StringArray,
    joined_at: &'a TimestampMicrosecondArray,
    answered_at: &'a TimestampMicrosecondArray,
    left_at: &'a TimestampMicrosecondArray,
    outcome: &'a StringArray,
    reason: &'a StringArray,
    wait: &'a Int64Array,
    observed: &'a Int64Array,
    talk: &'a Int64Array,
    hold: &'a Int64Array,
    acw: &'a Int64Array,
    consult: &'a BooleanArray,
    transferred: &'a StringArray,
    closed: &'a BooleanArray,
    retracted: &'a BooleanArray,
    revision: &'a Int64Array,
    known_at: &'a TimestampMicrosecondArray,
}

impl<'a> Columns<'a> {
    fn of(batch: &'a RecordBatch) -> Result<Self, BadCell> {
        let find = |name| batch.column_by_name(name).ok_or_else(|| BadCell::new(name, "is missing"));
        let wrong = |name| BadCell::new(name, "is of another type");
        let text = |name| find(name)?.as_string_opt::<i32>().ok_or_else(|| wrong(name));
        let number = |name| find(name)?.as_primitive_opt::<Int64Type>().ok_or_else(|| wrong(name));
        let time = |name| find(name)?.as_primitive_opt::<TimestampMicrosecondType>().ok_or_else(|| wrong(name));
        let flag = |name| find(name)?.as_boolean_opt().ok_or_else(|| wrong(name));
        Ok(Self {
            visit_id: text("visit_id")?,
            center: text("center")?,
            queue: text("queue")?,
            joined_at: time("joined_at")?,
            answered_at: time("answered_at")?,
            left_at: time("left_at")?,
            outcome: text("outcome")?,
            reason: text("outcome_reason")?,
            wait: number("wait_ms")?,
            observed: number("wait_observed_ms")?,
            talk: number("talk_ms")?,
            hold: number("hold_ms")?,
            acw: number("acw_ms")?,
            consult: flag("consult")?,
            transferred: text("transferred")?,
            closed: flag("closed")?,
            retracted: flag("retracted")?,
            revision: number("revision")?,
            known_at: time("known_at")?,
        })
    }

    /// Puts row `row` into `visit`, whose ids are not looked at.
    fn read(&self, row: usize, visit: &mut Visit) -> Result<(), BadCell> {
        let text = |column: &'a StringArray| column.is_valid(row).then(|| column.value(row));
        let number = |column: &Int64Array| column.is_valid(row).then(|| column.value(row));
        let time = |column: &TimestampMicrosecondArray| column.is_valid(row).then(|| Instant(column.value(row)));
        same(&mut visit.center, self.center.value(row));
        same(&mut visit.queue, self.queue.value(row));
        visit.joined_at = Instant(self.joined_at.value(row));
        (visit.answered_at, visit.left_at) = (time(self.answered_at), time(self.left_at));
        let outcome = self.outcome.value(row);
        visit.outcome = VisitOutcome::parse(outcome, text(self.reason))
            .ok_or_else(|| BadCell::new("outcome", format!("holds '{outcome}'")))?;
        (visit.wait_ms, visit.wait_observed_ms) = (number(self.wait), number(self.observed));
        (visit.talk_ms, visit.hold_ms, visit.acw_ms) = (number(self.talk), number(self.hold), number(self.acw));
        visit.transferred = match text(self.transferred) {
            None => None,
            Some("blind") => Some(TransferKind::Blind),
            Some("attended") => Some(TransferKind::Attended),
            Some(other) => return Err(BadCell::new("transferred", format!("holds '{other}'"))),
        };
        (visit.consult, visit.closed) = (self.consult.value(row), self.closed.value(row));
        Ok(())
    }
}

/// Makes a new name only where it is another one.
fn same(name: &mut Name, text: &str) {
    if name.as_str() != text {
        *name = text.into();
    }
}

fn slim(columns: &[Columns<'_>], as_of: Option<Instant>) -> Result<SlimVisits, BadCell> {
    let mut rows = truth(columns, as_of);
    // Files are in this order: one file costs one look over it.
    rows.sort_by_key(|(batch, row)| {
        let c = &columns[*batch];
        (c.center.value(*row), c.queue.value(*row), c.joined_at.value(*row))
    });
    let (mut slim, mut visit) = (SlimVisits::with_capacity(rows.len()), blank());
    for (batch, row) in rows {
        columns[batch].read(row, &mut visit)?;
        slim.push(&visit);
    }
    Ok(slim)
}

/// Of each visit the highest revision known at the time (batch and row), where it is not
/// retracted.
fn truth(columns: &[Columns<'_>], as_of: Option<Instant>) -> Vec<(usize, usize)> {
    let rows = columns.iter().map(|c| c.visit_id.len()).sum();
    let mut newest = HashMap::<&str, (usize, usize)>::with_capacity(rows);
    for (batch, c) in columns.iter().enumerate() {
        for row in 0..c.visit_id.len() {
            if as_of.is_some_and(|at| c.known_at.value(row) > at.0) {
                continue;
            }
            let place = newest.entry(c.visit_id.value(row)).or_insert((batch, row));
            if columns[place.0].revision.value(place.1) < c.revision.value(row) {
                *place = (batch, row);
            }
        }
    }
    let mut rows: Vec<_> = newest.into_values().filter(|(b, r)| !columns[*b].retracted.value(*r)).collect();
    rows.sort_unstable();
    rows
}

/// A visit of nothing.
pub(super) fn blank() -> Visit {
    Visit {
        visit_id: Name::default(),
        call_id: Name::default(),
        center: Name::default(),
        switch: Name::default(),
        queue: Name::default(),
        joined_at: Instant::default(),
        answered_at: None,
        left_at: None,
        outcome: VisitOutcome::Open,
        wait_ms: None,
        wait_observed_ms: None,
        talk_ms: None,
        hold_ms: None,
        acw_ms: None,
        agent: None,
        entry_position: None,
        consult: false,
        transferred: None,
        ani: None,
        dnis: None,
        closed: false,
        retracted: false,
        revision: 0,
        known_at: Instant::default(),
        first_event: Position::default(),
        last_event: Position::default(),
        filed: 0,
    }
}
