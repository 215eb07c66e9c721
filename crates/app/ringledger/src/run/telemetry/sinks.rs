//! What the sinks tell: CRM targets and recordings.

use std::collections::BTreeMap;

use crm::Status;
use model::Name;
use model::facts::RecordingState;
use pipeline::crm_stage::CrmCounts;

use super::{Telemetry, whole};

/// Every state of a recording, so that one that nothing is in shows 0.
const STATES: [RecordingState; 7] = [
    RecordingState::Recorded,
    RecordingState::IntentionallyNot,
    RecordingState::Partial,
    RecordingState::Pending,
    RecordingState::Empty,
    RecordingState::Missing,
    RecordingState::Orphan,
];

impl Telemetry {
    /// What a CRM target did and how it stands.
    pub fn crm(&self, target: &str, counts: &CrmCounts, waiting: usize, status: &Status) {
        for (object, rows) in &counts.written {
            self.families.count("ringledger_crm_rows_written", &[("target", target), ("object", object)], *rows);
        }
        let of = [("target", target)];
        self.families.count("ringledger_crm_rows_parked", &of, counts.parked);
        self.families.count("ringledger_crm_rows_put_off", &of, counts.later);
        self.families.set("ringledger_crm_contacts_waiting", &of, whole(waiting as u64));
        self.families.count("ringledger_crm_retries", &of, status.retries);
        if let Some((used, limit)) = status.budget {
            self.families.set("ringledger_crm_budget_used", &of, whole(used));
            self.families.set("ringledger_crm_budget_limit", &of, whole(limit));
        }
    }

    /// Recordings of a switch by state, and for how many milliseconds the oldest one that
    /// has no outcome has been known.
    pub fn recordings(&self, switch: &Name, by_state: &BTreeMap<RecordingState, u64>, oldest_ms: Option<i64>) {
        for state in STATES {
            let n = by_state.get(&state).copied().unwrap_or(0);
            let word = serde_json::to_string(&state).unwrap_or_default().replace('"', "");
            self.families.set("ringledger_recordings", &[("switch", switch), ("state", &word)], whole(n));
        }
        let oldest = oldest_ms.unwrap_or(0).max(0) as f64 / 1e3;
        self.families.set_float("ringledger_recordings_oldest_pending_seconds", &[("switch", switch)], oldest);
    }

    /// Attempts at recordings of a switch that were repeated, since the last time.
    pub fn recording_retries(&self, switch: &Name, more: u64) {
        self.families.add("ringledger_recording_retries", &[("switch", switch)], more);
    }

    /// A switch's folder was looked through for recordings that nobody announced.
    pub fn orphans_looked_for(&self, switch: &Name) {
        self.families.add("ringledger_orphan_sweeps", &[("switch", switch)], 1);
    }
}
