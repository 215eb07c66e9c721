//! The body of a Collections upsert, written straight from rows: no tree of values between,
//! for it was most of what a row cost.

use std::collections::HashSet;

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::row::{Row, Scalar};

/// One upsert of rows of one object.
#[derive(serde::Serialize)]
pub(super) struct Upsert<'a> {
    #[serde(rename = "allOrNone")]
    pub all_or_none: bool,
    pub records: Vec<Record<'a>>,
}

/// A row as the CRM takes it: `attributes` first, then the key, then the fields that the
/// organisation has (all, where that is not known).
pub(super) struct Record<'a> {
    pub row: &'a Row,
    pub has: Option<&'a HashSet<String>>,
}

#[derive(serde::Serialize)]
struct Attributes {
    #[serde(rename = "type")]
    object: &'static str,
}

impl Serialize for Record<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let has = |field: &str| self.has.is_none_or(|h| h.contains(field));
        let object = self.row.object;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("attributes", &Attributes { object: object.name() })?;
        if has(object.key_field()) {
            map.serialize_entry(object.key_field(), &self.row.key)?;
        }
        for (name, value) in self.row.fields.iter().filter(|(name, _)| has(name)) {
            map.serialize_entry(name.as_str(), &Plain(value))?;
        }
        map.end()
    }
}

/// A value as JSON has it (`Scalar` itself is written with the name of its kind).
struct Plain<'a>(&'a Scalar);

impl Serialize for Plain<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Scalar::Null => serializer.serialize_unit(),
            Scalar::Bool(b) => serializer.serialize_bool(*b),
            Scalar::Int(n) => serializer.serialize_i64(*n),
            Scalar::Text(text) => serializer.serialize_str(text),
            Scalar::Json(_) => self.0.to_json().serialize(serializer),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::Object;

    fn row() -> Row {
        let field = |name: &str, value| (name.into(), value);
        Row {
            object: Object::Task,
            key: "pbx1-1".to_owned(),
            parent: String::new(),
            fields: vec![
                field("Subject", Scalar::Text("Call \"in\"\n".to_owned())),
                field("CallDurationInSeconds", Scalar::Int(-3)),
                field("Missing__c", Scalar::Bool(true)),
                field("WhoId", Scalar::Null),
                field("Shape__c", Scalar::Json("{\"a\":[1]}".to_owned())),
            ],
            call_id: None,
            switch: None,
            revision: 1,
        }
    }

    #[test]
    fn a_body_says_what_the_rows_say_as_json() {
        let row = row();
        let body = Upsert { all_or_none: false, records: vec![Record { row: &row, has: None }] };
        let mut expected = serde_json::Map::new();
        expected.insert("attributes".into(), serde_json::json!({ "type": "Task" }));
        expected.extend(row.to_json());
        let expected = serde_json::json!({ "allOrNone": false, "records": [expected] });
        assert_eq!(serde_json::to_string(&body).unwrap_or_default(), expected.to_string());
    }

    #[test]
    fn fields_that_the_organisation_lacks_are_left_out() {
        let row = row();
        let has = ["PBX_Call_Key__c", "Subject"].map(str::to_owned).into();
        let text = serde_json::to_string(&Record { row: &row, has: Some(&has) }).unwrap_or_default();
        assert_eq!(text, r#"{"attributes":{"type":"Task"},"PBX_Call_Key__c":"pbx1-1","Subject":"Call \"in\"\n"}"#);
    }
}
