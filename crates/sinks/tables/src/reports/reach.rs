//! Rows that reach out of the day that they are filed under: what a look at another day has
//! to know of this one. They are few, and kept.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use arrow::array::{Array as _, AsArray as _, RecordBatch};
use arrow::datatypes::{Int64Type, TimestampMicrosecondType};
use model::{Instant, Name};

use super::kept::{Part, stamp};
use super::{Inner, rows};
use crate::error::TablesError;
use crate::facts::Fact;
use crate::read::{DataFile, text_at, text_column};
use crate::table::Table;

const DAY_US: i64 = 86_400_000_000;

fn hash(id: &Name) -> u64 {
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    hasher.finish()
}

/// The columns that hold a row's instants; where the last one is null, it has no end yet.
fn instants(table: Table) -> &'static [&'static str] {
    match table {
        Table::QueueVisits => &["joined_at", "answered_at", "left_at"],
        Table::AgentLegs => &["offered_at", "answered_at", "ended_at"],
        _ => &["from", "to"],
    }
}

/// The rows of a day that reach out of it, and those of a visit in `also`.
///
/// # Errors
/// A file cannot be read.
pub(super) async fn of_day<T: Fact>(
    inner: &Inner,
    (day, files): (i32, &Arc<Vec<DataFile>>),
    as_of: Option<Instant>,
    also: &HashSet<Name>,
    question: u64,
) -> Result<Arc<Vec<T>>, TablesError> {
    let as_of = as_of.filter(|at| !files.iter().all(|f| f.all_known_by(*at)));
    let part = Part { kind: format!("reach of {}", T::TABLE), day, as_of };
    // Which visits reach out of the day is told by other files.
    let stamp = stamp(files.iter()) ^ also.iter().fold(0, |all, id| all ^ hash(id));
    if let Some(rows) = inner.kept.get::<Vec<T>>(&part, stamp, question) {
        return Ok(rows);
    }
    let store = inner.lake.shelf(T::TABLE)?.log_store.object_store(None);
    let mut newest = HashMap::<Name, Seen>::new();
    for (n, file) in files.iter().enumerate() {
        let mut first = 0;
        rows::columns(&inner.lake, T::TABLE, &store, file, &columns(T::TABLE), |batch| {
            look(T::TABLE, batch, (n, first), (day, as_of, also), &mut newest);
            first += batch.num_rows();
        })
        .await?;
    }
    let mut out: Vec<T> = Vec::new();
    for (n, file) in files.iter().enumerate() {
        let reaching = newest.values().filter(|seen| seen.reaches && seen.place.0 == n);
        let mut places: Vec<usize> = reaching.map(|seen| seen.place.1).collect();
        places.sort_unstable();
        out.extend(rows::at::<T>(&inner.lake, &store, file, &places).await?);
    }
    out.retain(|row| !row.retracted());
    let rows = Arc::new(out);
    let bytes = rows.len() * (size_of::<T>() + 64);
    inner.kept.put(part, stamp, Arc::clone(&rows), bytes, question);
    Ok(rows)
}

/// The newest revision of a key so far.
struct Seen {
    revision: i64,
    place: (usize, usize),
    reaches: bool,
}

fn columns(table: Table) -> Vec<&'static str> {
    let mut columns = vec![table.key().first().copied().unwrap_or_default(), "revision", "known_at"];
    columns.extend(instants(table));
    if table == Table::AgentLegs {
        columns.push("visit_id");
    }
    columns
}

fn look(
    table: Table,
    batch: &RecordBatch,
    (file, first): (usize, usize),
    (day, as_of, also): (i32, Option<Instant>, &HashSet<Name>),
    newest: &mut HashMap<Name, Seen>,
) {
    let time = |name: &str| batch.column_by_name(name)?.as_primitive_opt::<TimestampMicrosecondType>();
    let ids = text_column(batch, table.key().first().copied().unwrap_or_default());
    let revisions = batch.column_by_name("revision").and_then(|c| c.as_primitive_opt::<Int64Type>());
    let (Some(ids), Some(revisions), Some(known)) = (ids, revisions, time("known_at")) else { return };
    let times: Vec<_> = instants(table).iter().filter_map(|name| time(name)).collect();
    let visits = text_column(batch, "visit_id").filter(|_| table == Table::AgentLegs);
    let begin = i64::from(day) * DAY_US;
    for row in 0..batch.num_rows() {
        if as_of.is_some_and(|at| known.value(row) > at.0) {
            continue;
        }
        let lasts = times.last().is_none_or(|t| t.is_null(row));
        let outside = |at: i64| at < begin || at >= begin + DAY_US;
        let of_visit = || visits.and_then(|v| text_at(v, row)).is_some_and(|id| also.contains(id));
        let reaches = lasts || times.iter().any(|t| t.is_valid(row) && outside(t.value(row))) || of_visit();
        let seen = Seen { revision: revisions.value(row), place: (file, first + row), reaches };
        match newest.get_mut(ids.value(row)) {
            Some(before) if before.revision >= seen.revision => {}
            Some(before) => *before = seen,
            None => _ = newest.insert(ids.value(row).into(), seen),
        }
    }
}
