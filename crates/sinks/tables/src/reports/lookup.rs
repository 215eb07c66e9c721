//! One contact: its record and the rows that belong to it, from the few files that hold
//! them.
//!
//! Contract: as [`Lake::calls`] and its siblings with the contact's id: the truth of each
//! key, also where an earlier revision of a row belonged to another contact.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use deltalake_core::logstore::ObjectStoreRef;
use futures::{StreamExt as _, TryStreamExt as _};
use model::Name;
use model::facts::{Call, EventRow, Leg, Visit};

use super::question::{Contact, Visible};
use super::{Inner, rows};
use crate::error::TablesError;
use crate::facts::{Fact, Key};
use crate::read::{DataFile, text_at, text_column};

/// Bloom filters asked at once.
const SIDE_BY_SIDE: usize = 8;

/// One contact; see `Reports::contact`.
///
/// # Errors
/// A table is absent or cannot be read.
pub(super) async fn contact(
    inner: &Inner,
    call_id: &str,
    switch: Option<&str>,
    visible: &Visible,
) -> Result<Option<Contact>, TablesError> {
    let mut calls: Vec<Call> = of_call(inner, call_id, i32::MIN).await?;
    calls.retain(|c| visible.call(c) && switch.is_none_or(|s| c.switch == s));
    calls.sort_by(|a, b| a.switch.cmp(&b.switch));
    calls.truncate(1);
    inner.lake.with_recordings(&mut calls, None).await?;
    let Some(call) = calls.pop() else { return Ok(None) };
    // What belongs to it was filed when its first event had come, or later.
    let filed = call.filed.min(call.started_at.days()) - 1;
    let mut visits: Vec<Visit> = of_call(inner, call_id, filed).await?;
    let mut legs: Vec<Leg> = of_call(inner, call_id, filed).await?;
    let mut events: Vec<EventRow> = of_call(inner, call_id, filed).await?;
    visits.retain(|v| v.switch == call.switch);
    legs.retain(|l| l.switch == call.switch);
    events.retain(|e| e.switch == call.switch);
    visits.sort_by(|a, b| (a.joined_at, &a.visit_id).cmp(&(b.joined_at, &b.visit_id)));
    legs.sort_unstable_by(Leg::order);
    events.sort_by(|a, b| (a.position, &a.event_id).cmp(&(b.position, &b.event_id)));
    Ok(Some(Contact { call, visits, legs, events }))
}

/// The rows of a contact, filed on `since` or later.
async fn of_call<T: Fact>(inner: &Inner, call_id: &str, since: i32) -> Result<Vec<T>, TablesError> {
    let days = inner.snapshots.days(&inner.lake, T::TABLE).await?;
    let store = inner.lake.shelf(T::TABLE)?.log_store.object_store(None);
    let candidates = days.range(since..).filter(|(_, files)| files.iter().any(|f| f.may_hold("call_id", call_id)));
    // (Collected: a future that holds a closure over borrowed items is not `Send` for all.)
    let asked: Vec<_> = candidates
        .map(|(_, files)| {
            let store = &store;
            async move { Ok::<_, TablesError>(holds(inner, T::TABLE, store, files, call_id).await?.then_some(files)) }
        })
        .collect();
    let found: Vec<_> = futures::stream::iter(asked).buffered(SIDE_BY_SIDE).try_collect().await?;
    let mut out = Vec::new();
    for files in found.into_iter().flatten() {
        out.extend(of_day::<T>(inner, &store, files, call_id).await?);
    }
    Ok(out)
}

async fn holds(
    inner: &Inner,
    table: crate::table::Table,
    store: &ObjectStoreRef,
    files: &Arc<Vec<DataFile>>,
    call_id: &str,
) -> Result<bool, TablesError> {
    for file in files.iter().filter(|f| f.may_hold("call_id", call_id)) {
        if rows::may_hold_call(&inner.lake, table, store, file, call_id).await? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The contact's rows of a day: of every key that was ever its own the highest revision,
/// where that is still its own.
async fn of_day<T: Fact>(
    inner: &Inner,
    store: &ObjectStoreRef,
    files: &[DataFile],
    call_id: &str,
) -> Result<Vec<T>, TablesError> {
    // Call ids of several switches may be alike: what is too much is left out by who asks.
    let key = if T::TABLE.key().len() > 1 { "call_id" } else { T::TABLE.key().first().copied().unwrap_or("call_id") };
    let mut ids: Vec<Vec<Name>> = Vec::with_capacity(files.len());
    let mut own = HashSet::<Name>::new();
    for file in files {
        let mut of_file = Vec::new();
        rows::columns(&inner.lake, T::TABLE, store, file, &[key, "call_id"], |batch| {
            let (Some(keys), Some(calls)) = (text_column(batch, key), text_column(batch, "call_id")) else { return };
            for row in 0..batch.num_rows() {
                of_file.push(Name::new(keys.value(row)));
                if text_at(calls, row) == Some(call_id) {
                    own.insert(keys.value(row).into());
                }
            }
        })
        .await?;
        ids.push(of_file);
    }
    let mut newest = HashMap::<Key, T>::new();
    for (file, ids) in files.iter().zip(&ids) {
        let places: Vec<usize> = (0..ids.len()).filter(|place| own.contains(&ids[*place])).collect();
        for row in rows::at::<T>(&inner.lake, store, file, &places).await? {
            let newer = newest.get(&row.key()).is_none_or(|known| known.revision() < row.revision());
            if newer {
                newest.insert(row.key(), row);
            }
        }
    }
    let of_call = |row: &T| !row.retracted() && row.traits().call_id.is_some_and(|id| id == call_id);
    Ok(newest.into_values().filter(of_call).collect())
}
