//! What reports need beside rows: the recordings of contacts, the last event of each
//! switch, and the service-level thresholds that switches stated.

use std::collections::{BTreeMap, HashMap};

use arrow::array::{AsArray as _, RecordBatch};
use arrow::datatypes::TimestampMicrosecondType;
use futures::TryStreamExt as _;
use model::facts::{Call, Recording};
use model::{Instant, Name};
use serde_json::Value;

use super::Filter;
use super::files::live_files;
use super::scan::{open, text_at, text_column};
use crate::error::TablesError;
use crate::lake::Lake;
use crate::table::Table;

/// Sources of our own: what they say is no sign of the switch being there.
const OWN_SOURCES: &str = "/ringledger/";
/// The event by which a switch states a queue's threshold.
const CONFIGURED: &str = "QueueConfigured";

impl Lake {
    /// Puts the recordings' own rows into contact records, which hold only their ids.
    pub(crate) async fn with_recordings(&self, calls: &mut [Call], as_of: Option<Instant>) -> Result<(), TablesError> {
        if calls.iter().all(|c| c.recordings.is_empty()) {
            return Ok(());
        }
        let filter = Filter { as_of, ..Filter::default() };
        let rows: Vec<Recording> = self.truth(&filter).await?;
        let known: HashMap<Name, Recording> = rows.into_iter().map(|r| (r.recording_id.clone(), r)).collect();
        let mut absent = 0_usize;
        for call in calls {
            let before = call.recordings.len();
            call.recordings.retain_mut(|r| {
                known.get(&r.recording_id).is_some_and(|row| {
                    r.clone_from(row);
                    true
                })
            });
            absent += before - call.recordings.len();
        }
        if absent > 0 {
            tracing::warn!(absent, "contacts name recordings that the table of recordings does not hold (yet)");
        }
        Ok(())
    }

    /// When the last event of each switch was, of what was known at `as_of`: where open
    /// logins and pauses run to when no range is asked for.
    ///
    /// # Errors
    /// The table is absent or cannot be read.
    pub async fn last_events(&self, as_of: Option<Instant>) -> Result<BTreeMap<Name, Instant>, TablesError> {
        let mut last = BTreeMap::<Name, Instant>::new();
        self.each_event_batch(
            as_of,
            &["switch", "source", "at", "known_at"],
            |_| true,
            |batch| {
                let (Some(switches), Some(sources)) = (text_column(batch, "switch"), text_column(batch, "source"))
                else {
                    return;
                };
                for (row, at) in known_instants(batch, "at", as_of) {
                    let own = text_at(sources, row).is_some_and(|s| s.starts_with(OWN_SOURCES));
                    let Some(switch) = text_at(switches, row).filter(|_| !own) else { continue };
                    match last.get_mut(switch) {
                        Some(latest) => *latest = at.max(*latest),
                        None => {
                            last.insert(switch.into(), at);
                        }
                    }
                }
            },
        )
        .await?;
        Ok(last)
    }

    /// The threshold (ms) stated last for each (centre, queue), of what was known at `as_of`:
    /// for `--service-level switch`. Switches of one centre that name a queue alike share it.
    ///
    /// # Errors
    /// The table is absent or cannot be read.
    pub async fn thresholds(&self, as_of: Option<Instant>) -> Result<BTreeMap<(Name, Name), i64>, TablesError> {
        let mut stated = BTreeMap::<(Name, Name), (Instant, i64)>::new();
        let columns = ["center", "queue", "type", "details", "at", "known_at"];
        self.each_event_batch(
            as_of,
            &columns,
            |f| f.may_hold("type", CONFIGURED),
            |batch| {
                let column = |name| text_column(batch, name);
                let (Some(centers), Some(queues), Some(types), Some(details)) =
                    (column("center"), column("queue"), column("type"), column("details"))
                else {
                    return;
                };
                for (row, at) in known_instants(batch, "at", as_of) {
                    if text_at(types, row) != Some(CONFIGURED) {
                        continue;
                    }
                    let (Some(center), Some(queue)) = (text_at(centers, row), text_at(queues, row)) else { continue };
                    let Some(threshold) = text_at(details, row).and_then(threshold_of) else { continue };
                    let place = stated.entry((center.into(), queue.into())).or_insert((at, threshold));
                    if place.0 <= at {
                        *place = (at, threshold);
                    }
                }
            },
        )
        .await?;
        Ok(stated.into_iter().map(|(key, (_, threshold))| (key, threshold)).collect())
    }

    /// Hands some columns of the events to `each`, of the files that pass `keep`.
    pub(super) async fn each_event_batch(
        &self,
        as_of: Option<Instant>,
        columns: &[&str],
        keep: impl Fn(&super::DataFile) -> bool,
        mut each: impl FnMut(&RecordBatch),
    ) -> Result<(), TablesError> {
        let state = self.newest(Table::Events).await?;
        let store = self.shelf(Table::Events)?.log_store.object_store(None);
        let filter = Filter { as_of, ..Filter::default() };
        for file in super::files::wanted(Table::Events, live_files(&state), &filter).iter().filter(|f| keep(f)) {
            let explain = |e| self.place.explain(Table::Events, &e);
            let mut stream = open(&store, file, Some(columns)).await.map_err(explain)?;
            while let Some(batch) = stream.try_next().await.map_err(|e| explain(e.into()))? {
                each(&batch);
            }
        }
        Ok(())
    }
}

/// Rows and instants of a column, of what was known at `as_of`.
pub(super) fn known_instants<'a>(
    batch: &'a RecordBatch,
    column: &str,
    as_of: Option<Instant>,
) -> impl Iterator<Item = (usize, Instant)> + 'a {
    let get = |name: &str| batch.column_by_name(name).and_then(|c| c.as_primitive_opt::<TimestampMicrosecondType>());
    let (instants, known) = (get(column), get("known_at"));
    (0..batch.num_rows()).filter_map(move |row| {
        let known = Instant(known?.value(row));
        as_of.is_none_or(|at| known <= at).then_some(())?;
        Some((row, Instant(instants?.value(row))))
    })
}

/// `sl_threshold_ms` of an event's body, whether or not the body stands under its name.
fn threshold_of(details: &str) -> Option<i64> {
    let body: Value = serde_json::from_str(details).ok()?;
    let named = body.get(CONFIGURED).unwrap_or(&body);
    named.get("sl_threshold_ms")?.as_i64()
}
