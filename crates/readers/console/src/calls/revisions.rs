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
    /// Fields of the record that it changed; of the first one, those that it fills. Empty
    /// where only what belongs to it changed, such as a recording's state.
    pub changed: Vec<String>,
    /// Made after the contact had ended, and not only to say what a CRM took or what became
    /// of a recording.
    pub restated: bool,
}

/// Fields that every revision changes, or that only say how.
const FRAME: [&str; 6] = ["revision", "known_at", "first_event", "last_event", "crm_only", "filed"];

/// The revisions of a record, ascending.
pub(super) fn of(calls: &[Call]) -> Vec<Revision> {
    let mut revisions = Vec::with_capacity(calls.len());
    let mut before: Option<&Call> = None;
    for call in calls {
        let changed = changed(before, call);
        let itself = changed.iter().any(|field| field != "crm" && field != "recordings");
        revisions.push(Revision {
            revision: call.revision,
            known_at: call.known_at.to_rfc3339(),
            event: call.last_event.to_string(),
            restated: itself && before.is_some_and(|b| b.ended_at.is_some()),
            changed,
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

#[cfg(test)]
mod tests {
    use model::facts::ContactOutcome;

    use super::*;
    use crate::calls::story::samples::{call, visit};

    #[test]
    fn a_revision_names_the_fields_that_it_changed() {
        let first = Call { revision: 1, ended_at: None, outcome: ContactOutcome::Unknown, ..call() };
        let second = Call { revision: 2, ..call() };
        let third = Call { revision: 3, notes: vec!["n".to_owned()], known_at: call().started_at, ..call() };
        let link = model::facts::CrmLink { target: "webhook".into(), object: "call".into(), record_id: None };
        let fourth = Call { revision: 4, crm: vec![link], ..third.clone() };
        let told = of(&[first, second, third, fourth]);
        assert!(
            told[0].changed.contains(&"started_at".to_owned()) && !told[0].changed.contains(&"ended_at".to_owned())
        );
        assert_eq!(told[1].changed, ["ended_at", "outcome"]);
        assert_eq!(told[2].changed, ["notes"]);
        assert_eq!(told[3].changed, ["crm"]);
        assert_eq!(told.iter().map(|r| r.restated).collect::<Vec<_>>(), [false, false, true, false]);
    }

    #[test]
    fn a_visit_is_restated_where_it_changed_after_its_close() {
        let open = visit("sales", 5, None, None, model::facts::VisitOutcome::Open);
        let left = visit("sales", 5, None, Some(9), model::facts::VisitOutcome::Abandoned);
        let of = |visits: Vec<model::facts::Visit>| History { visits, ..History::default() };
        assert!(!restated("v5", &of(vec![open.clone(), left.clone()])));
        assert!(restated("v5", &of(vec![open, left.clone(), left.clone()])));
        assert!(!restated("another", &of(vec![left.clone(), left])));
    }
}
