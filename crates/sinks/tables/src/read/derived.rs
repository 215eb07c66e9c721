//! What reports need beside rows: the recordings of contacts, the last event of each
//! switch, and the service-level thresholds that switches stated.

use std::collections::{BTreeMap, BTreeSet, HashMap};

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
impl Lake {
    /// Puts the recordings' own rows into contact records, which hold only their ids.
    pub(crate) async fn with_recordings(&self, calls: &mut [Call], as_of: Option<Instant>) -> Result<(), TablesError> {
        if calls.iter().all(|c| c.recordings.is_empty()) {
            return Ok(());
        }
        let ids: BTreeSet<&str> = calls.iter().flat_map(|c| &c.recordings).map(|r| r.recording_id.as_str()).collect();
        let files = live_files(&self.newest(Table::Recordings).await?);
        // Ids begin with the switch and rise with time: those of few contacts are in few days.
        let days = files.chunk_by(|a, b| a.day == b.day);
        let files = days.filter(|day| day.iter().any(|f| f.may_hold_any("recording_id", &ids))).flatten().cloned();
        let filter = Filter { as_of, ..Filter::default() };
        let rows: Vec<Recording> = self.truth_in(files.collect(), &filter).await?;
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
        let mut derived = Derived::default();
        let columns = ["switch", "source", "at", "known_at"];
        self.each_event_batch(as_of, &columns, |_| true, |batch| derived.look(batch, as_of)).await?;
        Ok(derived.last)
    }

    /// The threshold (ms) stated last for each (centre, queue), of what was known at `as_of`:
    /// for `--service-level switch`. Switches of one centre that name a queue alike share it.
    ///
    /// # Errors
    /// The table is absent or cannot be read.
    pub async fn thresholds(&self, as_of: Option<Instant>) -> Result<BTreeMap<(Name, Name), i64>, TablesError> {
        let mut derived = Derived::default();
        let columns = ["center", "queue", "type", "details", "at", "known_at"];
        let keep = |f: &super::DataFile| f.may_hold("type", Derived::CONFIGURED);
        self.each_event_batch(as_of, &columns, keep, |batch| derived.look(batch, as_of)).await?;
        Ok(derived.stated.into_iter().map(|(key, (_, threshold))| (key, threshold)).collect())
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

/// What events say beside themselves; of two thresholds stated at one instant the higher
/// counts, so that it does not matter in which order files are looked at.
#[derive(Clone, Debug, Default)]
pub(crate) struct Derived {
    /// The last event of each switch.
    pub(crate) last: BTreeMap<Name, Instant>,
    /// The threshold stated last for each (centre, queue), and when.
    pub(crate) stated: BTreeMap<(Name, Name), (Instant, i64)>,
}

impl Derived {
    /// The event by which a switch states a queue's threshold.
    pub(crate) const CONFIGURED: &str = "QueueConfigured";

    /// Takes in what a batch says that was known at `as_of`, of the columns that it has.
    pub(crate) fn look(&mut self, batch: &RecordBatch, as_of: Option<Instant>) {
        let column = |name| text_column(batch, name);
        if let (Some(switches), Some(sources)) = (column("switch"), column("source")) {
            for (row, at) in known_instants(batch, "at", as_of) {
                let own = text_at(sources, row).is_some_and(|s| s.starts_with(OWN_SOURCES));
                if let Some(switch) = text_at(switches, row).filter(|_| !own) {
                    self.event(switch, at);
                }
            }
        }
        let parts = (column("center"), column("queue"), column("type"), column("details"));
        let (Some(centers), Some(queues), Some(types), Some(details)) = parts else { return };
        for (row, at) in known_instants(batch, "at", as_of) {
            if text_at(types, row) != Some(Self::CONFIGURED) {
                continue;
            }
            let (Some(center), Some(queue)) = (text_at(centers, row), text_at(queues, row)) else { continue };
            if let Some(threshold) = text_at(details, row).and_then(threshold_of) {
                self.state((center.into(), queue.into()), (at, threshold));
            }
        }
    }

    /// Takes in what another has seen.
    pub(crate) fn add(&mut self, other: &Self) {
        other.last.iter().for_each(|(switch, at)| self.event(switch, *at));
        other.stated.iter().for_each(|(key, stated)| self.state(key.clone(), *stated));
    }

    fn event(&mut self, switch: &str, at: Instant) {
        match self.last.get_mut(switch) {
            Some(latest) => *latest = at.max(*latest),
            None => _ = self.last.insert(switch.into(), at),
        }
    }

    fn state(&mut self, key: (Name, Name), stated: (Instant, i64)) {
        let place = self.stated.entry(key).or_insert(stated);
        *place = stated.max(*place);
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
    let named = body.get(Derived::CONFIGURED).unwrap_or(&body);
    named.get("sl_threshold_ms")?.as_i64()
}
