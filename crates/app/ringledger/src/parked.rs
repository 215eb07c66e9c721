//! Rows that a CRM refused for good and has not taken since, as the events tell.
//!
//! Contract: the latest word on a row counts. A contact's row is known by its switch and
//! call (two switches may give the same native id); an interval's row, which merges
//! switches, by its key alone.

use std::collections::HashMap;

use crm::{Object, Row};
use model::Act;
use model::facts::EventRow;
use serde_json::Value;
use tables::{Filter, Lake, TablesError};

/// A parked row, with the event that says so.
pub struct ParkedRow {
    /// The event.
    pub event: EventRow,
    /// The CRM target.
    pub target: String,
    /// API name of its object.
    pub object: String,
    /// The contact, or the key of an interval.
    pub call_id: String,
    /// What the CRM said.
    pub reason: String,
    /// What was to be written; `None` where this build cannot read it.
    pub row: Option<Row>,
}

/// Which row an act speaks of.
type Identity = (String, String, String, String);

/// Whether rows of this object belong to no single switch.
pub fn is_interval(object: &str) -> bool {
    object == Object::QueueInterval.name()
}

/// The parked rows that stand, oldest first.
///
/// # Errors
/// The tables cannot be read.
pub async fn standing(lake: &Lake, filter: &Filter) -> Result<Vec<ParkedRow>, TablesError> {
    let mut events = lake.events(filter).await?;
    events.retain(|e| e.kind == "Acted" && e.source == "/ringledger/crm");
    Ok(latest(events))
}

fn latest(mut events: Vec<EventRow>) -> Vec<ParkedRow> {
    events.sort_by_key(|e| e.position);
    let mut standing: HashMap<Identity, ParkedRow> = HashMap::new();
    for event in events {
        match act(&event) {
            Some(Act::CrmWritten { call_id, target, object, .. }) => {
                standing.remove(&identity(&event, &target, &object, &call_id));
            }
            Some(Act::CrmParked { call_id, target, object, reason, row }) => {
                let identity = identity(&event, &target, &object, &call_id);
                let (target, object, call_id) = (target.to_string(), object.to_string(), call_id.to_string());
                let row = serde_json::from_str(&row).ok();
                standing.insert(identity, ParkedRow { event, target, object, call_id, reason, row });
            }
            _ => {}
        }
    }
    let mut rows: Vec<ParkedRow> = standing.into_values().collect();
    rows.sort_by_key(|p| p.event.position);
    rows
}

fn act(event: &EventRow) -> Option<Act> {
    let details: Value = serde_json::from_str(&event.details).ok()?;
    serde_json::from_value(details.get("Acted").cloned().unwrap_or(details)).ok()
}

fn identity(event: &EventRow, target: &str, object: &str, call_id: &str) -> Identity {
    let place = if is_interval(object) { String::new() } else { format!("{}/{}", event.center, event.switch) };
    (target.to_owned(), object.to_owned(), place, call_id.to_owned())
}

#[cfg(test)]
mod tests {
    use model::{Instant, Position};

    use super::*;

    fn told(offset: i64, switch: &str, act: &Act) -> EventRow {
        EventRow {
            event_id: format!("0/{offset}/0").into(),
            source: "/ringledger/crm".into(),
            kind: "Acted".into(),
            at: Instant::from_secs(offset),
            center: "main".into(),
            switch: switch.into(),
            call_id: None,
            queue: None,
            agent: None,
            party: None,
            details: serde_json::json!({ "Acted": act }).to_string(),
            position: Position { partition: 0, offset },
            known_at: Instant::from_secs(offset),
        }
    }

    fn parked(call: &str, object: &str) -> Act {
        let (reason, row) = ("STRING_TOO_LONG: too long".to_owned(), "{}".to_owned());
        Act::CrmParked { call_id: call.into(), target: "salesforce".into(), object: object.into(), reason, row }
    }

    fn written(call: &str, object: &str) -> Act {
        let (target, object) = ("salesforce".into(), object.into());
        Act::CrmWritten { call_id: call.into(), target, object, record_id: None, revision: 1 }
    }

    #[test]
    fn a_contact_of_another_switch_with_the_same_id_stays_parked() {
        let events = vec![
            told(1, "pbx1", &parked("7.1", "Task")),
            told(2, "pbx2", &parked("7.1", "Task")),
            told(3, "pbx2", &written("7.1", "Task")),
            told(4, "pbx1", &written("7.1", "Call_Metric__c")),
        ];
        let rows = latest(events);
        assert_eq!(rows.iter().map(|p| p.event.switch.as_str()).collect::<Vec<_>>(), ["pbx1"]);
    }

    #[test]
    fn an_interval_is_known_by_its_key_alone() {
        let object = "Queue_Interval_Metric__c";
        let events = vec![
            told(1, "pbx1", &parked("main/sales/t", object)),
            told(2, "pbx2", &parked("main/sales/t", object)),
            told(3, "pbx1", &parked("main/vip/t", object)),
            told(4, "pbx2", &written("main/sales/t", object)),
        ];
        let rows = latest(events);
        assert_eq!(rows.iter().map(|p| p.call_id.as_str()).collect::<Vec<_>>(), ["main/vip/t"]);
    }
}
