//! What was written of a contact to a CRM, and what a CRM refused.
//!
//! Contract: the latest word on an object of a target counts. A link that the record of the
//! contact has stands also where the act that made it is not found.

use std::collections::BTreeMap;

use model::Act;
use model::facts::{Call, EventRow};
use serde::Serialize;
use utoipa::ToSchema;

/// A record in a CRM, written or refused.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct CrmRecord {
    /// The CRM: `salesforce`, `webhook`.
    pub target: String,
    /// The object: `Task`, `Call_Metric__c`.
    pub object: String,
    /// `written` or `parked` (refused for good, waiting for a correction).
    pub state: String,
    /// The record's id in the CRM, where it told one.
    pub record_id: Option<String>,
    /// What the CRM said, where it refused.
    pub reason: Option<String>,
    /// The act of the log that says so, where it is found.
    pub position: Option<String>,
}

/// By target and object.
pub(super) fn records(call: &Call, told: &[EventRow]) -> Vec<CrmRecord> {
    let mut records = BTreeMap::new();
    for link in &call.crm {
        let record = CrmRecord {
            target: link.target.to_string(),
            object: link.object.to_string(),
            state: "written".to_owned(),
            record_id: link.record_id.as_ref().map(ToString::to_string),
            ..CrmRecord::default()
        };
        records.insert((record.target.clone(), record.object.clone()), record);
    }
    for record in told.iter().filter_map(said) {
        records.insert((record.target.clone(), record.object.clone()), record);
    }
    records.into_values().collect()
}

/// What an event of the CRM stage says.
fn said(event: &EventRow) -> Option<CrmRecord> {
    let details: serde_json::Value = serde_json::from_str(&event.details).ok()?;
    let act: Act = serde_json::from_value(details.get("Acted")?.clone()).ok()?;
    let position = Some(event.position.to_string());
    match act {
        Act::CrmWritten { target, object, record_id, .. } => Some(CrmRecord {
            target: target.into(),
            object: object.into(),
            state: "written".to_owned(),
            record_id: record_id.map(Into::into),
            reason: None,
            position,
        }),
        Act::CrmParked { target, object, reason, .. } => Some(CrmRecord {
            target: target.into(),
            object: object.into(),
            state: "parked".to_owned(),
            record_id: None,
            reason: Some(reason),
            position,
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use model::event::Body;
    use model::facts::CrmLink;
    use model::{Name, Position};

    use super::*;
    use crate::calls::story::samples::{call, event};

    fn act(offset: i64, act: Act) -> EventRow {
        let position = Position { partition: 1, offset };
        EventRow { position, ..event(60, None, &Body::Acted(Box::new(act))) }
    }

    fn parked(object: &str) -> Act {
        let reason = "REQUIRED_FIELD_MISSING: Subject".to_owned();
        Act::CrmParked {
            call_id: "c".into(),
            target: "salesforce".into(),
            object: object.into(),
            reason,
            row: String::new(),
        }
    }

    fn written(object: &str, id: &str) -> Act {
        let record_id = Some(Name::from(id));
        Act::CrmWritten {
            call_id: "c".into(),
            target: "salesforce".into(),
            object: object.into(),
            record_id,
            revision: 1,
        }
    }

    #[test]
    fn the_latest_word_on_an_object_counts() {
        let mut call = call();
        let link = |object: &str| CrmLink { target: "webhook".into(), object: object.into(), record_id: None };
        call.crm = vec![link("call")];
        let told = [act(1, parked("Task")), act(2, parked("Call_Metric__c")), act(3, written("Task", "00T1"))];
        let said: Vec<String> = records(&call, &told)
            .iter()
            .map(|r| {
                format!(
                    "{} {} {} {:?} {:?} {:?}",
                    r.target,
                    r.object,
                    r.state,
                    r.record_id,
                    r.reason.is_some(),
                    r.position
                )
            })
            .collect();
        let wanted = [
            r#"salesforce Call_Metric__c parked None true Some("cti.events/1/2")"#,
            r#"salesforce Task written Some("00T1") false Some("cti.events/1/3")"#,
            "webhook call written None false None",
        ];
        assert_eq!(said, wanted);
    }
}
