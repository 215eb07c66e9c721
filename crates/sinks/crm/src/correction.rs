//! What a person may correct in a row that the CRM refused.
//!
//! Contract: words and links may be corrected, for a CRM refuses them for reasons of its own
//! (a picklist, an owner who left, a validation rule). Figures, times and keys are what was
//! measured: they are never changed by hand. A correction belongs to the row that stands
//! parked; a later revision of the contact makes a row of the facts again.

use model::Name;

use crate::row::{Object, Row, Scalar};

/// Longest text of a corrected field, characters (as Salesforce's longest text areas).
pub const LONGEST: usize = 32_000;

const TASK: &[&str] = &[
    "Subject",
    "Status",
    "Priority",
    "TaskSubtype",
    "CallType",
    "CallDisposition",
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
    "Disposition__c",
    "Comments__c",
    "Recording_URL__c",
    "Recording_Status__c",
];

/// Why a correction was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CorrectionError {
    /// No field of that name may be corrected.
    #[error("the field {0} of {1} cannot be corrected: figures, times and keys are as they were measured")]
    Field(String, &'static str),
    /// The text is too long.
    #[error("the text of {0} is longer than {LONGEST} characters")]
    Long(String),
}

/// The fields of an object that may be corrected.
pub const fn correctable(object: Object) -> &'static [&'static str] {
    match object {
        Object::Task => TASK,
        Object::CallMetric => CALL_METRIC,
        Object::QueueInterval => &[],
    }
}

/// The row with these fields as corrected; `None` empties a field.
///
/// # Errors
/// A field may not be corrected, or a text is too long; the row is as it was.
pub fn corrected(row: &Row, fields: &[(Name, Option<String>)]) -> Result<Row, CorrectionError> {
    let mut row = row.clone();
    for (name, text) in fields {
        if !correctable(row.object).contains(&name.as_str()) {
            return Err(CorrectionError::Field(name.to_string(), row.object.name()));
        }
        if text.as_ref().is_some_and(|t| t.chars().count() > LONGEST) {
            return Err(CorrectionError::Long(name.to_string()));
        }
        let value = text.clone().map_or(Scalar::Null, Scalar::Text);
        match row.fields.iter_mut().find(|(n, _)| n == name) {
            Some((_, known)) => *known = value,
            None => row.fields.push((name.clone(), value)),
        }
    }
    Ok(row)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> Row {
        Row {
            object: Object::Task,
            key: "main/pbx1/1.1".into(),
            parent: "001".into(),
            fields: vec![
                ("Subject".into(), Scalar::Text("Call from a".into())),
                ("CallDurationInSeconds".into(), Scalar::Int(7)),
            ],
            call_id: Some("1.1".into()),
            switch: Some("pbx1".into()),
            revision: 2,
        }
    }

    #[test]
    fn words_are_corrected_added_and_emptied() {
        let fields = [("Subject".into(), Some("Call".to_owned())), ("OwnerId".into(), None)];
        let now = corrected(&row(), &fields).unwrap();
        assert_eq!(now.field("Subject"), Some(&Scalar::Text("Call".into())));
        assert_eq!(now.field("OwnerId"), Some(&Scalar::Null));
        assert_eq!((now.key.as_str(), now.revision), ("main/pbx1/1.1", 2));
    }

    #[test]
    fn figures_and_keys_stay_as_they_were_measured() {
        for name in ["CallDurationInSeconds", "PBX_Call_Key__c", "ActivityDate", "CallObject", "Revision__c"] {
            let refused = corrected(&row(), &[(name.into(), Some("1".to_owned()))]);
            assert_eq!(refused, Err(CorrectionError::Field(name.into(), "Task")));
        }
        let long = corrected(&row(), &[("Subject".into(), Some("x".repeat(LONGEST + 1)))]);
        assert_eq!(long, Err(CorrectionError::Long("Subject".into())));
    }
}
