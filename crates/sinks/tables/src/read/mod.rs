//! Reading the tables back: the truth as of now, or as it stood at a time.
//!
//! Contract: of each key the highest revision known at `as_of` is taken, then retracted
//! ones are left out, then the filter is applied to what remains: a row is never judged by
//! a superseded revision. Rows come in the order of `Table::order`. Memory: the rows
//! returned, and the revisions of the days that had to be read.

mod acts;
mod derived;
mod files;
mod follow;
mod gaps;
mod scan;
mod size;
mod source;

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use model::facts::{Call, EventRow, Facts, Leg, QueueInterval, Recording, Stretch, Visit};
use model::{Instant, Name};

use crate::error::TablesError;
use crate::facts::{Fact, Key};
use crate::lake::Lake;

pub(crate) use derived::Derived;
pub(crate) use files::{DataFile, day_wanted, live_files};
pub use follow::Followed;
pub use gaps::Gap;
pub(crate) use scan::{decode, open, text_at, text_column};
pub use size::Size;
pub(crate) use source::Source;

/// Which rows are wanted; an empty filter wants all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Rows from this instant on. Visits by arrival, events by `at`, calls and recordings
    /// and intervals by their begin; legs and stretches that reach into the range.
    pub from: Option<Instant>,
    /// Rows that begin before this instant; a leg of which no time is known does not.
    pub to: Option<Instant>,
    /// The tables as they stood then: revisions with `known_at` at or before it.
    pub as_of: Option<Instant>,
    /// Of one centre.
    pub center: Option<Name>,
    /// Of one switch.
    pub switch: Option<Name>,
    /// Of one queue (not for `calls`).
    pub queue: Option<Name>,
    /// Of one agent (not for `calls` and `queue_intervals`).
    pub agent: Option<Name>,
    /// Of one contact (not for `agent_states` and `queue_intervals`).
    pub call_id: Option<Name>,
    /// One recording (only for `recordings`).
    pub recording_id: Option<Name>,
}

impl Filter {
    /// Whether the row, being the truth of its key, is wanted.
    fn wants<T: Fact>(&self, row: &T) -> bool {
        let t = row.traits();
        let is = |asked: &Option<Name>, has: Option<&Name>| asked.as_ref().is_none_or(|a| has == Some(a));
        is(&self.center, Some(t.center))
            && is(&self.switch, Some(t.switch))
            && is(&self.queue, t.queue)
            && is(&self.agent, t.agent)
            && is(&self.call_id, t.call_id)
            && self.to.is_none_or(|to| t.begin.is_some_and(|begin| begin < to))
            && self.from.is_none_or(|from| t.end.is_none_or(|end| end >= from))
    }

    /// Whether the revision was known at the time asked for.
    fn knew<T: Fact>(&self, row: &T) -> bool {
        self.as_of.is_none_or(|at| row.known_at() <= at)
    }
}

impl Lake {
    /// Queue visits, by arrival.
    ///
    /// # Errors
    /// The table is absent or cannot be read.
    pub async fn visits(&self, filter: &Filter) -> Result<Vec<Visit>, TablesError> {
        self.truth(filter).await
    }

    /// Agent legs that reach into the range.
    ///
    /// # Errors
    /// The table is absent or cannot be read.
    pub async fn legs(&self, filter: &Filter) -> Result<Vec<Leg>, TablesError> {
        self.truth(filter).await
    }

    /// Stretches of agents' states that reach into the range.
    ///
    /// # Errors
    /// The table is absent or cannot be read.
    pub async fn stretches(&self, filter: &Filter) -> Result<Vec<Stretch>, TablesError> {
        self.truth(filter).await
    }

    /// Contact records by their begin, merged ones (`merged_into`) included. Each has its
    /// recordings as `recordings` knows them at the same time.
    ///
    /// # Errors
    /// A table is absent or cannot be read.
    pub async fn calls(&self, filter: &Filter) -> Result<Vec<Call>, TablesError> {
        let mut calls = self.truth(filter).await?;
        self.with_recordings(&mut calls, filter.as_of).await?;
        Ok(calls)
    }

    /// Recordings by their begin.
    ///
    /// # Errors
    /// The table is absent or cannot be read.
    pub async fn recordings(&self, filter: &Filter) -> Result<Vec<Recording>, TablesError> {
        let mut rows: Vec<Recording> = self.truth(filter).await?;
        rows.retain(|r| filter.recording_id.as_ref().is_none_or(|id| *id == r.recording_id));
        Ok(rows)
    }

    /// One recording. Ids begin with the switch and rise with time, so the files of few days
    /// are read, whatever the table's size.
    ///
    /// # Errors
    /// The table is absent or cannot be read.
    pub async fn recording(&self, id: &str) -> Result<Option<Recording>, TablesError> {
        let filter = Filter { recording_id: Some(id.into()), ..Filter::default() };
        Ok(self.recordings(&filter).await?.pop())
    }

    /// Queue intervals by their begin.
    ///
    /// # Errors
    /// The table is absent or cannot be read.
    pub async fn intervals(&self, filter: &Filter) -> Result<Vec<QueueInterval>, TablesError> {
        self.truth(filter).await
    }

    /// Events by their time.
    ///
    /// # Errors
    /// The table is absent or cannot be read.
    pub async fn events(&self, filter: &Filter) -> Result<Vec<EventRow>, TablesError> {
        self.truth(filter).await
    }

    /// Every revision of every row of all tables that the filter wants, each in its
    /// table's order: what two lakes are compared by.
    ///
    /// # Errors
    /// A table is absent or cannot be read.
    pub async fn revisions(&self, filter: &Filter) -> Result<Facts, TablesError> {
        let mut calls = self.every(filter).await?;
        self.with_recordings(&mut calls, filter.as_of).await?;
        Ok(Facts {
            events: self.every(filter).await?,
            queue_visits: self.every(filter).await?,
            agent_legs: self.every(filter).await?,
            agent_states: self.every(filter).await?,
            calls,
            queue_intervals: self.every(filter).await?,
            recordings: self.every(filter).await?,
        })
    }

    /// Every revision that the filter wants, judged one by one.
    pub(crate) async fn every<T: Fact>(&self, filter: &Filter) -> Result<Vec<T>, TablesError> {
        let mut rows = Vec::new();
        self.scan(filter, |row: T| {
            if filter.knew(&row) && filter.wants(&row) {
                rows.push(row);
            }
        })
        .await?;
        rows.sort_unstable_by(T::order);
        Ok(rows)
    }

    /// Of each key the highest revision known at the time, not retracted, and wanted.
    pub(crate) async fn truth<T: Fact>(&self, filter: &Filter) -> Result<Vec<T>, TablesError> {
        let files = live_files(&self.newest(T::TABLE).await?);
        self.truth_in(files, filter).await
    }

    /// The same of these files, which are those of whole days.
    pub(crate) async fn truth_in<T: Fact>(&self, files: Vec<DataFile>, filter: &Filter) -> Result<Vec<T>, TablesError> {
        let mut newest = HashMap::<Key, T>::new();
        self.scan_in(files, filter, |row: T| {
            if !filter.knew(&row) {
                return;
            }
            match newest.entry(row.key()) {
                Entry::Vacant(place) => {
                    place.insert(row);
                }
                Entry::Occupied(mut place) if place.get().revision() < row.revision() => {
                    place.insert(row);
                }
                Entry::Occupied(_) => {}
            }
        })
        .await?;
        let mut rows: Vec<T> = newest.into_values().filter(|r| !r.retracted() && filter.wants(r)).collect();
        rows.sort_unstable_by(T::order);
        Ok(rows)
    }
}
