//! A contact in a list: the shape of the API, and what the page shows of it.

use std::collections::BTreeSet;

use model::facts::{Call, LegRole};
use serde::Serialize;
use utoipa::ToSchema;

use super::word;

/// Some contacts.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct CallList {
    /// The contacts, the newest first.
    pub calls: Vec<CallRow>,
    /// The `cursor` of the next page; null where there is none.
    pub next: Option<String>,
}

/// A contact in a list (`docs/metrics.md`, section 4).
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct CallRow {
    /// Its id, unique within the switch.
    pub call_id: String,
    /// The switch.
    pub switch: String,
    /// The centre.
    pub center: String,
    /// `inbound`, `outbound` or `internal`.
    pub direction: String,
    /// The caller's number: E.164 where it can be parsed, else as received; null where it is
    /// withheld or unknown.
    pub from: Option<String>,
    /// Whether the caller withheld it.
    pub withheld: bool,
    /// The number dialled.
    pub to: Option<String>,
    /// Begin, RFC 3339 in UTC.
    pub started_at: String,
    /// End, RFC 3339 in UTC; null while it lasts.
    pub ended_at: Option<String>,
    /// Its queues in the order of its visits, each once.
    pub queues: Vec<String>,
    /// Who talked in it, in order, each once.
    pub agents: Vec<String>,
    /// Its waits in queues added up, milliseconds; null where it waited in none.
    pub wait_ms: Option<i64>,
    /// Talk of agents with the customer added up, holds included, milliseconds; null where
    /// there was none.
    pub talk_ms: Option<i64>,
    /// `answered`, `abandoned`, …
    pub outcome: String,
    /// States of its recordings, in order.
    pub recordings: Vec<String>,
}

impl CallRow {
    pub(super) fn of(call: &Call) -> Self {
        let visits = || call.queue_visits.iter().filter(|v| !v.retracted);
        let legs = || call.agent_legs.iter().filter(|l| !l.retracted);
        let talked = visits().filter_map(|v| v.agent.as_ref());
        let talked = talked.chain(legs().filter(|l| l.answered_at.is_some()).map(|l| &l.agent));
        let taken = |r: LegRole| matches!(r, LegRole::TransferIn | LegRole::Outbound);
        Self {
            call_id: call.call_id.to_string(),
            switch: call.switch.to_string(),
            center: call.center.to_string(),
            direction: word(&call.direction),
            from: call.ani.as_ref().or(call.ani_raw.as_ref()).filter(|_| !call.ani_withheld).map(ToString::to_string),
            withheld: call.ani_withheld,
            to: call.dnis.as_ref().map(ToString::to_string),
            started_at: call.started_at.to_rfc3339(),
            ended_at: call.ended_at.map(model::Instant::to_rfc3339),
            queues: once(visits().map(|v| v.queue.as_str())),
            agents: once(talked.map(|a| a.as_str())),
            wait_ms: sum(visits().filter(|v| !v.consult).filter_map(|v| v.wait_ms)),
            talk_ms: sum(visits()
                .filter(|v| !v.consult)
                .filter_map(|v| v.talk_ms)
                .chain(legs().filter(|l| taken(l.role)).filter_map(|l| l.talk_ms))),
            outcome: word(&call.outcome),
            recordings: call.recordings.iter().map(|r| word(&r.state)).collect(),
        }
    }
}

/// Each name where it comes first.
fn once<'a>(names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    names.filter(|n| seen.insert(*n)).map(str::to_owned).collect()
}

fn sum(values: impl Iterator<Item = i64>) -> Option<i64> {
    values.fold(None, |sum, v| Some(sum.unwrap_or(0) + v))
}
