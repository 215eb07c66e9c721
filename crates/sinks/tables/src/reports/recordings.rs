//! Recordings for people: a list by state, queue, agent and time, newest first, with counts
//! by state.

use std::collections::BTreeMap;

use model::facts::{Recording, RecordingState};
use model::{Instant, Name};

use super::plain::paged;
use super::{Cursor, Page, Reports, Visible};
use crate::error::TablesError;
use crate::read::Filter;
use crate::table::Table;

/// Rows up to which a table is read whole where no beginning is asked for.
const SMALL: u64 = 200_000;
/// Of a larger one the recordings of so long are read, milliseconds.
const BACK_MS: i64 = 31 * 86_400_000;

/// Which recordings are looked for.
#[derive(Clone, Debug, Default)]
pub struct RecordingSearch {
    /// In this state.
    pub state: Option<RecordingState>,
    /// Of this queue.
    pub queue: Option<Name>,
    /// Of this agent.
    pub agent: Option<Name>,
    /// Begun at or after it; none: all of a small table, else the last 31 days.
    pub from: Option<Instant>,
    /// Begun before it.
    pub to: Option<Instant>,
    /// The time of day, from which those days are counted.
    pub now: Instant,
    /// Who asks.
    pub visible: Visible,
    /// Where the page before ended.
    pub after: Option<Cursor>,
    /// Rows of a page; 0: the most that is given.
    pub page: usize,
}

/// What was found.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordingsFound {
    /// A page of them, newest first.
    pub page: Page<Recording>,
    /// How many there are in each state, whichever state and page was asked for.
    pub by_state: BTreeMap<RecordingState, u64>,
    /// From when on was looked; none: from the beginning.
    pub from: Option<Instant>,
}

impl Reports {
    /// Recordings that a search finds; who may see some queues only sees theirs.
    ///
    /// # Errors
    /// The table is absent or cannot be read.
    pub async fn recordings(&self, search: &RecordingSearch) -> Result<RecordingsFound, TablesError> {
        let from = match search.from {
            Some(from) => Some(from),
            None => self.recordings_from(search.now).await?,
        };
        let _turn = self.0.turn().await?;
        self.0.allows_since(Table::Recordings, from).await?;
        let filter = Filter {
            from,
            to: search.to,
            queue: search.queue.clone(),
            agent: search.agent.clone(),
            ..Filter::default()
        };
        let mut rows = self.0.lake.recordings(&filter).await?;
        rows.retain(|r| search.visible.center(&r.center) && search.visible.queue(r.queue.as_ref()));
        let mut by_state = BTreeMap::new();
        for row in &rows {
            *by_state.entry(row.state).or_default() += 1;
        }
        rows.retain(|r| {
            search.state.is_none_or(|state| state == r.state)
                && search.after.as_ref().is_none_or(|after| place(r) < *after)
        });
        rows.sort_by_cached_key(|r| std::cmp::Reverse(place(r)));
        Ok(RecordingsFound { page: paged(rows, self.page(search.page), place), by_state, from })
    }

    async fn recordings_from(&self, now: Instant) -> Result<Option<Instant>, TablesError> {
        let size = self.0.lake.size(Table::Recordings).await?;
        Ok(size.rows.is_none_or(|rows| rows > SMALL).then(|| now.plus_millis(-BACK_MS)))
    }
}

fn place(recording: &Recording) -> Cursor {
    Cursor { at: recording.started_at, ids: (recording.switch.clone(), recording.recording_id.clone()) }
}
