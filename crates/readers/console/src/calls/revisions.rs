//! What each revision of a contact's record changed.

use model::facts::Call;
use serde::Serialize;
use serde_json::Value;
use tables::History;
use utoipa::ToSchema;

/// One revision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Revision {
    /// From 1.
    pub revision: i64,
    /// When the log took the event that made it, RFC 3339.
    pub known_at: String,
    /// The event that made it.
    pub event: String,
    /// Fields of the record that it changed; of the first one, those that it fills.
    pub changed: Vec<String>,
    /// Made after the contact had ended.
    pub restated: bool,
}

/// Fields that every revision changes, or that only say how.
const FRAME: [&str; 6] = ["revision", "known_at", "first_event", "last_event", "crm_only", "filed"];

/// The revisions of a record, ascending.
pub(super) fn of(calls: &[Call]) -> Vec<Revision> {
    let mut revisions = Vec::with_capacity(calls.len());
    let mut before: Option<&Call> = None;
    for call in calls {
        revisions.push(Revision {
            revision: call.revision,
            known_at: call.known_at.to_rfc3339(),
            event: call.last_event.to_string(),
            changed: changed(before, call),
            restated: before.is_some_and(|b| b.ended_at.is_some()),
        });
        before = Some(call);
    }
    revisions
}

fn changed(before: Option<&Call>, after: &Call) -> Vec<String> {
    let fields = |call: &Call| serde_json::to_value(call).unwrap_or_default();
    let (old, new) = (before.map(fields).unwrap_or_default(), fields(after));
    let empty = |v: &Value| match v {
        Value::Null | Value::Bool(false) => true,
        Value::Array(list) => list.is_empty(),
        _ => false,
    };
    let differs = |name: &str, value: &Value| match old.get(name) {
        Some(was) => was != value,
        None => !empty(value),
    };
    let all = new.as_object().into_iter().flatten();
    let named = all.filter(|(name, value)| !FRAME.contains(&name.as_str()) && differs(name, value));
    named.map(|(name, _)| name.clone()).collect()
}

/// Whether a visit changed after it had closed.
pub(super) fn restated(visit_id: &str, history: &History) -> bool {
    let closed = history.visits.iter().filter(|v| v.visit_id == visit_id && v.closed);
    closed.count() > 1
}
