//! The search of contacts, day by day from the newest.
//!
//! A day costs little where nothing in it can be meant: only the columns that the search
//! names are read. Where a row may be meant, ids and revisions say which rows are the truth,
//! and those are decoded whole, the newest first, until the page is full. A day is left
//! out, and the search ends, where the files' statistics show that nothing newer than the
//! page's last row is left.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use arrow::array::{Array as _, ArrayRef, AsArray as _, RecordBatch, StringArray};
use arrow::datatypes::{Int64Type, TimestampMicrosecondType};
use deltalake_core::logstore::ObjectStoreRef;
use futures::{StreamExt as _, TryStreamExt as _};
use model::facts::Call;
use model::{Instant, Name};

use super::plain::{call_place, digits, paged};
use super::question::{Cursor, Page, Search};
use super::{Inner, rows};
use crate::error::TablesError;
use crate::read::{DataFile, Filter, day_wanted, text_at, text_column};
use crate::table::Table;

/// Days read at once.
const SIDE_BY_SIDE: usize = 2;
/// Rows decoded whole at once, beyond those that are still missing.
const AT_ONCE: usize = 50;

/// One page; see `Reports::search_calls`.
///
/// # Errors
/// A table is absent or cannot be read.
pub(super) async fn calls(inner: &Arc<Inner>, search: &Search, page: usize) -> Result<Page<Call>, TablesError> {
    let days = inner.snapshots.days(&inner.lake, Table::Calls).await?;
    let store = inner.lake.shelf(Table::Calls)?.log_store.object_store(None);
    // A call that began with the cursor's instant may still come after it.
    let after = search.after.as_ref().map(|c| Instant(c.at.0.saturating_add(1)));
    let to = search.to.into_iter().chain(after).min();
    let filter = Filter { from: search.from, to, ..Filter::default() };
    let mut left: Vec<(Option<Instant>, &Arc<Vec<DataFile>>)> = days
        .values()
        .filter(|files| day_wanted(Table::Calls, files, &filter))
        .map(|files| (newest(files), files))
        .collect();
    // The newest first; a day of which no file says how new it is before all others.
    left.sort_by_key(|(newest, _)| std::cmp::Reverse(newest.unwrap_or(Instant(i64::MAX))));
    let asked = Arc::new(search.clone());
    // (Collected, and begun when they are wanted: a stream that holds a closure over borrowed
    // items is not `Send` for all.)
    let read = |(newest, files): (Option<Instant>, &Arc<Vec<DataFile>>)| {
        let (inner, store, search, files) = (Arc::clone(inner), store.clone(), Arc::clone(&asked), Arc::clone(files));
        async move {
            let task = tokio::spawn(async move { of_day(&inner, &store, &files, &search, page + 1).await });
            let read = task.await.unwrap_or_else(|e| Err(TablesError::Interrupted(e.to_string())));
            read.map(|calls| (newest, calls))
        }
    };
    let reads: Vec<_> = left.into_iter().map(read).collect();
    // The next day is read beside the one that is looked at.
    let mut reads = futures::stream::iter(reads).buffered(SIDE_BY_SIDE);
    let mut found: Vec<Call> = Vec::new();
    while let Some((newest, calls)) = reads.try_next().await? {
        let last = found.get(page).map(|c| c.started_at);
        if last.is_some_and(|last| newest.is_some_and(|newest| newest < last)) {
            break;
        }
        found.extend(calls);
        found.sort_by_key(|c| std::cmp::Reverse(call_place(c)));
        found.truncate(page + 1);
    }
    drop(reads);
    let mut page = paged(found, page, call_place);
    inner.lake.with_recordings(&mut page.rows, search.as_of).await?;
    Ok(page)
}

/// When the newest contact of some files began, at the latest; `None` where that is not said.
fn newest(files: &[DataFile]) -> Option<Instant> {
    files.iter().map(|f| f.latest("started_at")).try_fold(Instant(i64::MIN), |most, at| Some(most.max(at?)))
}

/// The newest contacts of a day that are meant, `most` of them.
async fn of_day(
    inner: &Inner,
    store: &ObjectStoreRef,
    files: &[DataFile],
    search: &Search,
    most: usize,
) -> Result<Vec<Call>, TablesError> {
    let columns = search.columns();
    let mut meant = HashSet::new();
    for (n, file) in files.iter().enumerate() {
        let mut first = 0;
        rows::columns(&inner.lake, Table::Calls, store, file, &columns, |batch| {
            meant.extend(search.may_mean(batch).into_iter().map(|row| (n, first + row)));
            first += batch.num_rows();
        })
        .await?;
    }
    if meant.is_empty() {
        return Ok(Vec::new());
    }
    let mut places = truth(inner, store, files, search).await?;
    places.retain(|(_, place)| meant.contains(place));
    places.sort_by(|a, b| b.0.cmp(&a.0));
    let mut found = Vec::new();
    let mut left = places.as_slice();
    while found.len() < most && !left.is_empty() {
        let (now, later) = left.split_at(left.len().min(most - found.len() + AT_ONCE));
        left = later;
        for (n, file) in files.iter().enumerate() {
            let mut rows: Vec<usize> = now.iter().filter(|(_, (of, _))| *of == n).map(|(_, (_, row))| *row).collect();
            rows.sort_unstable();
            let calls = rows::at::<Call>(&inner.lake, store, file, &rows).await?;
            found.extend(calls.into_iter().filter(|c| search.finds(c)));
        }
    }
    Ok(found)
}

/// File and row.
type Place = (usize, usize);

/// Where the contacts of a day stand that may be on the page: of each the highest revision
/// known at the time.
async fn truth(
    inner: &Inner,
    store: &ObjectStoreRef,
    files: &[DataFile],
    search: &Search,
) -> Result<Vec<(Cursor, Place)>, TablesError> {
    let mut newest = HashMap::<(Name, Name), (i64, Instant, Place)>::new();
    let columns = ["switch", "call_id", "revision", "known_at", "started_at"];
    for (n, file) in files.iter().enumerate() {
        let mut first = 0;
        rows::columns(&inner.lake, Table::Calls, store, file, &columns, |batch| {
            let time = |name| batch.column_by_name(name)?.as_primitive_opt::<TimestampMicrosecondType>();
            let revisions = batch.column_by_name("revision").and_then(|c| c.as_primitive_opt::<Int64Type>());
            let parts = (text_column(batch, "switch"), text_column(batch, "call_id"), revisions);
            let times = (time("known_at"), time("started_at"));
            let ((Some(switch), Some(id), Some(revision)), (Some(known), Some(started))) = (parts, times) else {
                return;
            };
            for row in 0..batch.num_rows() {
                if search.as_of.is_some_and(|at| known.value(row) > at.0) {
                    continue;
                }
                let it = (revision.value(row), Instant(started.value(row)), (n, first + row));
                let place = newest.entry((switch.value(row).into(), id.value(row).into())).or_insert(it);
                if place.0 < it.0 {
                    *place = it;
                }
            }
            first += batch.num_rows();
        })
        .await?;
    }
    let cursors = newest.into_iter().map(|(ids, (_, at, place))| (Cursor { at, ids }, place));
    Ok(cursors.filter(|(cursor, _)| search.after.as_ref().is_none_or(|after| cursor < after)).collect())
}

impl Search {
    /// The columns that tell whether a row may be meant.
    fn columns(&self) -> Vec<&'static str> {
        let asked: [(bool, &[&'static str]); 7] = [
            (self.number.is_some(), &["ani", "ani_raw", "dnis"]),
            (self.account.is_some(), &["ivr/value"]),
            (self.agent.is_some(), &["queue_visits/agent", "agent_legs/agent"]),
            (self.queue.is_some(), &["queue_visits/queue"]),
            (self.from.is_some() || self.to.is_some() || self.after.is_some(), &["started_at"]),
            (self.outcome.is_some(), &["outcome"]),
            (self.direction.is_some(), &["direction"]),
        ];
        let mut columns: Vec<_> = asked.into_iter().filter(|(asked, _)| *asked).flat_map(|(_, c)| c).copied().collect();
        if columns.is_empty() {
            columns.push("started_at");
        }
        columns
    }

    /// The rows of a batch that may be meant: all that are, and some that are not.
    fn may_mean(&self, batch: &RecordBatch) -> Vec<usize> {
        let mut meant: Vec<usize> = (0..batch.num_rows()).collect();
        if let Some(number) = self.number.as_deref().map(digits) {
            let columns = ["ani", "ani_raw", "dnis"].map(|name| text_column(batch, name));
            let has =
                |row: usize| columns.iter().flatten().filter_map(|c| text_at(c, row)).any(|n| ends_with(n, &number));
            meant.retain(|row| has(*row));
        }
        for (asked, lists) in [
            (&self.account.as_deref().map(Name::from), &[("ivr", "value")][..]),
            (&self.agent, &[("queue_visits", "agent"), ("agent_legs", "agent")][..]),
            (&self.queue, &[("queue_visits", "queue")][..]),
        ] {
            let Some(text) = asked else { continue };
            let mut rows = HashSet::new();
            lists.iter().for_each(|(list, leaf)| rows_with(batch, list, leaf, text, &mut rows));
            meant.retain(|row| rows.contains(row));
        }
        meant.retain(|row| self.began(batch, *row));
        meant
    }

    fn began(&self, batch: &RecordBatch, row: usize) -> bool {
        let time = |name| batch.column_by_name(name)?.as_primitive_opt::<TimestampMicrosecondType>();
        let Some(at) = time("started_at").map(|c| Instant(c.value(row))) else { return true };
        self.from.is_none_or(|from| at >= from) && self.to.is_none_or(|to| at < to)
    }
}

/// Whether the digits of a number end with these, which are not none.
fn ends_with(number: &str, wanted: &str) -> bool {
    let mut has = number.bytes().rev().filter(u8::is_ascii_digit);
    !wanted.is_empty() && wanted.bytes().rev().all(|w| has.next() == Some(w))
}

/// The rows whose list has an element with this text under `leaf`.
fn rows_with(batch: &RecordBatch, list: &str, leaf: &str, text: &str, rows: &mut HashSet<usize>) {
    let Some(lists) = batch.column_by_name(list).and_then(|c| c.as_list_opt::<i32>()) else { return };
    let Some(column) = lists.values().as_struct_opt().and_then(|s| s.column_by_name(leaf)) else { return };
    let Some(values) = strings(column) else { return };
    let offsets = lists.value_offsets();
    for row in 0..lists.len() {
        let (Ok(from), Ok(to)) = (usize::try_from(offsets[row]), usize::try_from(offsets[row + 1])) else { continue };
        if (from..to).any(|place| text_at(values, place) == Some(text)) {
            rows.insert(row);
        }
    }
}

fn strings(column: &ArrayRef) -> Option<&StringArray> {
    column.as_string_opt::<i32>()
}
