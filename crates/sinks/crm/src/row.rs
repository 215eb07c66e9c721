//! A row on its way into a CRM, and what became of it.

use model::Name;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::target::Later;

/// What a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Object {
    /// One per contact, written once.
    Task,
    /// One per contact, updated by late parts.
    CallMetric,
    /// One per centre, queue and 30-minute interval.
    QueueInterval,
}

impl Object {
    /// All, in the order in which they are written.
    pub const ALL: [Self; 3] = [Self::Task, Self::CallMetric, Self::QueueInterval];

    /// API name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Task => "Task",
            Self::CallMetric => "Call_Metric__c",
            Self::QueueInterval => "Queue_Interval_Metric__c",
        }
    }

    /// The external id that rows are upserted by.
    pub const fn key_field(self) -> &'static str {
        match self {
            Self::Task | Self::CallMetric => "PBX_Call_Key__c",
            Self::QueueInterval => "Interval_Key__c",
        }
    }
}

/// A field's value. (No JSON value: rows may be kept in snapshots.)
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Scalar {
    /// Empties the field.
    Null,
    /// Checkbox.
    Bool(bool),
    /// Number.
    Int(i64),
    /// Text, date, instant, id.
    Text(String),
    /// A structure, as JSON text (webhook only).
    Json(String),
}

impl Scalar {
    /// As JSON.
    pub fn to_json(&self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(b) => json!(b),
            Self::Int(n) => json!(n),
            Self::Text(t) => json!(t),
            Self::Json(t) => serde_json::from_str(t).unwrap_or_else(|_| json!(t)),
        }
    }

    /// As a cell of a bulk upload: `#N/A` empties the field.
    pub(crate) fn to_cell(&self) -> String {
        match self {
            Self::Null => "#N/A".to_owned(),
            Self::Bool(b) => b.to_string(),
            Self::Int(n) => n.to_string(),
            Self::Text(t) if t.is_empty() => "#N/A".to_owned(),
            Self::Text(t) | Self::Json(t) => t.clone(),
        }
    }
}

/// One row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// What it is.
    pub object: Object,
    /// Value of the external id.
    pub key: String,
    /// The record whose locks the write takes; rows of one parent go one after the other.
    pub parent: String,
    /// Field names and values, without the key.
    pub fields: Vec<(Name, Scalar)>,
    /// The contact; `None` for intervals.
    pub call_id: Option<Name>,
    /// The switch of the contact; `None` for intervals (they merge switches).
    pub switch: Option<Name>,
    /// The contact's or interval's revision; of rows with one key the highest is written.
    pub revision: i64,
}

impl Row {
    /// A field's value.
    pub fn field(&self, name: &str) -> Option<&Scalar> {
        self.fields.iter().find(|(n, _)| n == name).map(|(_, v)| v)
    }

    /// Its fields as JSON, the key first.
    pub fn to_json(&self) -> Map<String, Value> {
        let mut out = Map::new();
        out.insert(self.object.key_field().to_owned(), json!(self.key));
        out.extend(self.fields.iter().map(|(n, v)| (n.to_string(), v.to_json())));
        out
    }
}

/// What became of a row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Outcome {
    /// The CRM has it.
    Written {
        /// The record's id, where the CRM told one.
        id: Option<String>,
        /// It was not there before.
        created: bool,
    },
    /// Refused for good.
    Parked(Box<Parked>),
    /// Not written now; give the same row again later.
    Later(Later),
}

/// A row that was refused for good, with what the CRM said; `ringledger crm parked` lists
/// these, `crm retry` gives `row` to `CrmTarget::write` again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Parked {
    /// The CRM target.
    pub target: Name,
    /// The CRM's error code (`STRING_TOO_LONG`).
    pub code: String,
    /// The CRM's message and fields.
    pub reason: String,
    /// What was to be written.
    pub row: Row,
}

impl Parked {
    /// One line of a list, as JSON.
    pub fn to_json(&self) -> Value {
        json!({
            "target": self.target, "object": self.row.object.name(), "key": self.row.key,
            "call_id": self.row.call_id, "switch": self.row.switch, "revision": self.row.revision,
            "code": self.code, "reason": self.reason, "payload": self.row.to_json(),
        })
    }
}
