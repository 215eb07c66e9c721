//! The list of recordings: which there are, in which state, and where to hear them.
//!
//! Contract: whoever may watch sees the list of the queues that they see; hearing (`/r/…`)
//! is another right. Counts by state are of the whole filter, whichever state is shown.

pub(crate) mod api;
pub(crate) mod page;

use std::collections::BTreeMap;

use model::Instant;
use model::facts::{Recording, RecordingState};
use serde::{Deserialize, Serialize};
use tables::{RecordingSearch, RecordingsFound};
use utoipa::{IntoParams, ToSchema};

use crate::auth::{Caller, Sees};
use crate::server::Server;

/// Rows of a page, and the most that may be asked for.
const PAGE: (usize, usize) = (50, 500);

/// Every state, from best to worst.
pub(crate) const STATES: [RecordingState; 7] = [
    RecordingState::Recorded,
    RecordingState::IntentionallyNot,
    RecordingState::Partial,
    RecordingState::Pending,
    RecordingState::Empty,
    RecordingState::Missing,
    RecordingState::Orphan,
];

/// A recording, with the names of docs/metrics.md.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct RecordingView {
    /// Its id: `/r/{recording_id}` is where it is heard.
    pub recording_id: String,
    /// The contact; null for an orphan.
    pub call_id: Option<String>,
    /// Its centre.
    pub center: String,
    /// Its switch.
    pub switch: String,
    /// The queue that the caller was in, where any.
    pub queue: Option<String>,
    /// The agent who talked, where any.
    pub agent: Option<String>,
    /// When it began, RFC 3339.
    pub started_at: String,
    /// Length of the media, milliseconds.
    pub duration_ms: Option<i64>,
    /// Size.
    pub bytes: Option<i64>,
    /// Its state.
    pub state: String,
    /// Whether there is something to hear.
    pub stored: bool,
    /// What was wrong, where something was.
    pub note: Option<String>,
}

/// Some recordings, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct RecordingsView {
    /// The recordings.
    pub recordings: Vec<RecordingView>,
    /// `after` of the next page; null where there is none.
    pub next: Option<String>,
    /// How many there are in each state.
    pub by_state: BTreeMap<String, u64>,
    /// From when on was looked, RFC 3339; null: from the beginning.
    pub from: Option<String>,
}

/// Which recordings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(crate) struct RecordingFilter {
    /// In this state: `recorded`, `intentionally_not`, `partial`, `pending`, `empty`,
    /// `missing` or `orphan`.
    pub state: Option<String>,
    /// Of this queue.
    pub queue: Option<String>,
    /// Of this agent.
    pub agent: Option<String>,
    /// Begun at or after it, RFC 3339; none: all of a small table, else the last 31 days.
    pub from: Option<String>,
    /// Begun before it, RFC 3339.
    pub to: Option<String>,
    /// Where the page before ended (`next`).
    pub after: Option<String>,
    /// Rows of a page, 1 to 500.
    #[serde(deserialize_with = "crate::health::number")]
    pub limit: Option<usize>,
}

/// Why there is no list.
pub(crate) enum NoList {
    /// What was asked for is no such thing: the text says what.
    Asked(String),
    /// The tables cannot be read.
    Tables(tables::TablesError),
}

/// A state's name in the API.
pub(crate) fn word(state: RecordingState) -> String {
    serde_json::to_string(&state).unwrap_or_default().replace('"', "")
}

fn given(text: &Option<String>) -> Option<&str> {
    text.as_deref().filter(|t| !t.is_empty())
}

impl RecordingFilter {
    fn search(&self, caller: &Caller, now: Instant) -> Result<RecordingSearch, NoList> {
        let instant = |text: &Option<String>| {
            let bad = |t| NoList::Asked(format!("'{t}' is no instant such as 2026-11-22T05:00:00Z"));
            // A browser's field for a time gives none of its zone: UTC.
            let read = |t: &str| Instant::parse_rfc3339(t).or_else(|_| Instant::parse_rfc3339(&format!("{t}:00Z")));
            given(text).map(|t| read(t).map_err(|_| bad(t))).transpose()
        };
        let state = |t: &str| {
            let bad = || NoList::Asked(format!("'{t}' is no state of a recording"));
            STATES.into_iter().find(|s| word(*s) == t).ok_or_else(bad)
        };
        let after = given(&self.after).map(str::parse).transpose().map_err(NoList::Tables)?;
        Ok(RecordingSearch {
            state: given(&self.state).map(state).transpose()?,
            queue: given(&self.queue).map(Into::into),
            agent: given(&self.agent).map(Into::into),
            from: instant(&self.from)?,
            to: instant(&self.to)?,
            now,
            visible: caller.sees.visible(),
            after,
            page: self.limit.unwrap_or(PAGE.0).clamp(1, PAGE.1),
        })
    }
}

/// A page of recordings.
async fn list(server: &Server, caller: &Caller, filter: &RecordingFilter) -> Result<RecordingsView, NoList> {
    let search = filter.search(caller, (server.clock)())?;
    let found = server.reports.recordings(&search).await.map_err(NoList::Tables)?;
    Ok(RecordingsView {
        recordings: found.page.rows.iter().map(view).collect(),
        next: found.page.next.as_ref().map(ToString::to_string),
        by_state: by_state(&found),
        from: found.from.map(Instant::to_rfc3339),
    })
}

fn by_state(found: &RecordingsFound) -> BTreeMap<String, u64> {
    found.by_state.iter().map(|(state, n)| (word(*state), *n)).collect()
}

/// Counts by state for those who see everything.
pub(crate) async fn counts(server: &Server, sees: &Sees) -> Result<RecordingsFound, tables::TablesError> {
    let search =
        RecordingSearch { now: (server.clock)(), visible: sees.visible(), page: 1, ..RecordingSearch::default() };
    server.reports.recordings(&search).await
}

fn view(r: &Recording) -> RecordingView {
    let text = |name: &Option<model::Name>| name.as_ref().map(ToString::to_string);
    RecordingView {
        recording_id: r.recording_id.to_string(),
        call_id: text(&r.call_id),
        center: r.center.to_string(),
        switch: r.switch.to_string(),
        queue: text(&r.queue),
        agent: text(&r.agent),
        started_at: r.started_at.to_rfc3339(),
        duration_ms: r.duration_ms,
        bytes: r.bytes,
        state: word(r.state),
        stored: r.uri.is_some(),
        note: r.note.clone(),
    }
}
