//! What the organisation has: `describe` at the start. Optional fields that it lacks are
//! left out with a warning, required ones refuse to start.

use std::collections::{HashMap, HashSet};

use super::failure::{Failure, Kind};
use super::http::{Call, Http};
use super::upsert::Record;
use crate::config::CrmError;
use crate::mapping::interval::custom_name;
use crate::row::{Object, Row};

/// Fields without which an object's rows mean nothing.
const fn required(object: Object) -> &'static [&'static str] {
    match object {
        Object::Task => &["PBX_Call_Key__c", "Subject", "Status"],
        Object::CallMetric => &["PBX_Call_Key__c"],
        Object::QueueInterval => &["Interval_Key__c", "Queue__c", "Interval_Start__c", "Offered__c"],
    }
}

/// Every field that mapping may write, without the key.
pub fn mapped_fields(object: Object) -> Vec<String> {
    let fixed = match object {
        Object::Task => TASK,
        Object::CallMetric => CALL_METRIC,
        Object::QueueInterval => QUEUE_INTERVAL,
    };
    let mut out: Vec<String> = fixed.iter().map(|f| (*f).to_owned()).collect();
    if object == Object::QueueInterval {
        out.extend(model::facts::QueueCounts::NAMES.iter().map(|n| custom_name(n).to_string()));
    }
    out
}

const TASK: &[&str] = &[
    "Subject",
    "Status",
    "Priority",
    "ActivityDate",
    "TaskSubtype",
    "CallType",
    "CallDurationInSeconds",
    "CallDisposition",
    "CallObject",
    "WhoId",
    "WhatId",
    "OwnerId",
    "Description",
    "Recording_URL__c",
];

const CALL_METRIC: &[&str] = &[
    "Task_Id__c",
    "Account__c",
    "Contact__c",
    "Lead__c",
    "Match_Status__c",
    "Agent__c",
    "Agent_User__c",
    "ANI__c",
    "DNIS__c",
    "Call_Id__c",
    "Center__c",
    "Switch__c",
    "Direction__c",
    "Outcome__c",
    "Ended_By__c",
    "Queue__c",
    "Queue_Visits__c",
    "Transfers__c",
    "Started_At__c",
    "Answered_At__c",
    "Ended_At__c",
    "Wait_Ms__c",
    "Talk_Ms__c",
    "Hold_Ms__c",
    "ACW_Ms__c",
    "In_Service_Level__c",
    "Disposition__c",
    "Comments__c",
    "Recording_URL__c",
    "Recording_Status__c",
    "Revision__c",
];

const QUEUE_INTERVAL: &[&str] =
    &["Center__c", "Queue__c", "Interval_Start__c", "Interval_End__c", "SL_Threshold_Ms__c", "Short_Abandon_Ms__c"];

/// The fields that the organisation has, by object.
#[derive(Debug, Default)]
pub(super) struct Fields(HashMap<Object, HashSet<String>>);

impl Fields {
    /// Asks for every object. An object without its required fields is an error.
    pub async fn ask(http: &Http) -> Result<Self, CrmError> {
        let mut all = HashMap::new();
        for object in Object::ALL {
            all.insert(object, of_object(http, object).await?);
        }
        Ok(Self(all))
    }

    /// The row as the CRM takes it, with what the organisation has.
    pub fn record<'a>(&'a self, row: &'a Row) -> Record<'a> {
        Record { row, has: self.0.get(&row.object) }
    }

    /// Whether the organisation has the field.
    pub fn has(&self, object: Object, field: &str) -> bool {
        self.0.get(&object).is_some_and(|h| h.contains(field))
    }
}

async fn of_object(http: &Http, object: Object) -> Result<HashSet<String>, CrmError> {
    let name = object.name();
    let answer = http.call(&Call::get(format!("/sobjects/{name}/describe"))).await;
    let value = answer.and_then(|a| a.json()).map_err(|f| refused(&f, name))?;
    let fields: HashSet<String> = value["fields"]
        .as_array()
        .into_iter()
        .flatten()
        // Only what the integration user may write (field-level security hides the rest).
        .filter(|f| f["updateable"] == true || f["createable"] == true)
        .filter_map(|f| f["name"].as_str().map(str::to_owned))
        .collect();
    let missing: Vec<&str> = required(object).iter().copied().filter(|f| !fields.contains(*f)).collect();
    if !missing.is_empty() {
        return Err(CrmError::Schema(format!(
            "the CRM's object {name} lacks {} (or the integration user may not write it); deploy deploy/salesforce and assign its permission set",
            missing.join(", ")
        )));
    }
    let absent: Vec<String> = mapped_fields(object).into_iter().filter(|f| !fields.contains(f)).collect();
    if !absent.is_empty() {
        tracing::warn!(object = name, fields = absent.join(", "), "the CRM lacks optional fields; they are left out");
    }
    Ok(fields)
}

pub(super) fn refused(f: &Failure, object: &str) -> CrmError {
    match f.kind {
        Kind::Missing => CrmError::Schema(format!(
            "the CRM has no object {object}, or the integration user may not see it ({}); deploy deploy/salesforce and assign its permission set",
            f.message
        )),
        Kind::Refused | Kind::Session | Kind::BadRequest => CrmError::Refused(f.message.clone()),
        _ => CrmError::Unreachable(f.message.clone()),
    }
}
