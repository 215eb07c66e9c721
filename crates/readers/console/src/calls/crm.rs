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
