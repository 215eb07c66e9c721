//! The health of the process and of what it reads and writes: the shape of the API.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::Instant;
use serde::Serialize;
use utoipa::ToSchema;

use super::desk::{CrmWriter, Flush, Vitals};
use super::lag::{self, PartitionView};
use super::{KEPT, findings, letters, parked};
use crate::auth::Sees;
use crate::recordings_list;
use crate::server::Server;

/// How everything does.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
pub struct HealthView {
    /// The server's time, RFC 3339 in UTC.
    pub at: String,
    /// The program's version.
    pub version: String,
    /// When the process began, RFC 3339.
    pub started: String,
    /// How long it has run, milliseconds.
    pub uptime_ms: i64,
    /// What is wrong, the worst first; empty where nothing is.
    pub findings: Vec<Finding>,
    /// The partitions of the log, by number.
    pub partitions: Vec<PartitionView>,
    /// The switches, by name.
    pub switches: Vec<SwitchHealth>,
    /// What is waited for now, the longest first.
    pub waits: Vec<WaitView>,
    /// The last flush of this process; null where it does not fold or has not yet.
    pub flush: Option<Flush>,
    /// The CRM writers of this process.
    pub crm: Vec<CrmWriter>,
    /// Dead letters that stand (the newest 50,000 are counted), at most 30 s old; null where
    /// they cannot be read.
    pub dead_letters: Option<u64>,
    /// Parked CRM rows that stand, at most 30 s old; null where they cannot be read.
    pub parked: Option<u64>,
    /// Recordings by state, at most 30 s old, for those who see everything; else null.
    pub recordings: Option<RecordingCounts>,
}

/// Recordings by state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct RecordingCounts {
    /// How many in each state.
    pub by_state: BTreeMap<String, u64>,
    /// From when on was looked, RFC 3339; null: from the beginning.
    pub from: Option<String>,
}

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
pub struct Finding {
    /// How much attention it asks for.
    pub level: FindingLevel,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub action: String,
    /// The page to do it on.
    pub link: Option<String>,
}

/// How much attention something asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FindingLevel {
    /// Now.
    Alarm,
    /// Soon.
    Warning,
}

/// A switch's last sign.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct SwitchHealth {
    /// Its name.
    pub switch: String,
    /// Its centre.
    pub center: String,
    /// The time of its last event, RFC 3339.
    pub last_event: Option<String>,
    /// How long ago that was, milliseconds.
    pub age_ms: Option<i64>,
    /// Whether its figures are those of now.
    pub live: bool,
}

/// Something that is waited for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct WaitView {
    /// What.
    pub what: String,
    /// Since when, RFC 3339.
    pub since: String,
    /// For how long so far, milliseconds.
    pub lasts_ms: i64,
}

/// How everything does, as somebody who sees so much sees it.
pub(super) async fn view(server: &Server, sees: &Sees) -> HealthView {
    let (now, vitals) = ((server.clock)(), server.desk.vitals());
    // Sources, waits and CRMs are of the whole house: for those who see all of it.
    let vitals =
        if sees.all() { vitals } else { Vitals { lost: Vec::new(), waits: Vec::new(), crm: Vec::new(), ..vitals } };
    let (partitions, unread) = match lag::partitions(&*server.log, &vitals, now).await {
        Ok(partitions) => (partitions, None),
        Err(e) => (Vec::new(), Some(e.to_string())),
    };
    let mut view = HealthView {
        at: now.to_rfc3339(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        started: vitals.started.to_rfc3339(),
        uptime_ms: now.millis_since(vitals.started).max(0),
        findings: Vec::new(),
        partitions,
        switches: switches(server, sees, now),
        waits: vitals.waits.iter().map(|w| wait(w, now)).collect(),
        flush: vitals.flush.clone(),
        crm: vitals.crm.clone(),
        dead_letters: letters::standing(server, sees).await.map_err(unread_too).ok(),
        parked: parked::standing(server, sees).await.map_err(unread_too).ok().map(|n| n as u64),
        recordings: recordings(server, sees).await,
    };
    view.findings = found(&view, &vitals, unread, now);
    view
}

fn unread_too(e: impl std::fmt::Display) {
    tracing::warn!(error = %e, "health could not be told whole");
}

async fn recordings(server: &Server, sees: &Sees) -> Option<RecordingCounts> {
    if !sees.all() {
        return None;
    }
    let kept = &server.memory.recordings;
    let found = kept.get(KEPT, async { recordings_list::counts(server, sees).await.map(Arc::new) }).await;
    let found = found.map_err(unread_too).ok()?;
    let by_state = found.by_state.iter().map(|(state, n)| (recordings_list::word(*state), *n)).collect();
    Some(RecordingCounts { by_state, from: found.from.map(Instant::to_rfc3339) })
}

fn found(view: &HealthView, vitals: &Vitals, unread: Option<String>, now: Instant) -> Vec<Finding> {
    let mut found = findings::of(view, vitals, now);
    found.extend(unread.map(findings::log_unread));
    found.sort();
    found
}

fn wait((what, lasts): &(String, i64), now: Instant) -> WaitView {
    WaitView { what: what.clone(), since: now.plus_millis(-lasts).to_rfc3339(), lasts_ms: *lasts }
}

fn switches(server: &Server, sees: &Sees, now: Instant) -> Vec<SwitchHealth> {
    let age = |at: &str| Instant::parse_rfc3339(at).ok().map(|at| now.millis_since(at).max(0));
    let shown = server.board.view(sees).switches.into_iter();
    shown
        .map(|s| SwitchHealth {
            age_ms: s.last_event.as_deref().and_then(age),
            switch: s.switch,
            center: s.center,
            last_event: s.last_event,
            live: s.live,
        })
        .collect()
}
