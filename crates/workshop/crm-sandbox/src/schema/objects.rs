//! The table itself: what each object holds.

use std::sync::LazyLock;

use super::{Field, Kind, Object};

pub(super) static OBJECTS: LazyLock<Vec<Object>> =
    LazyLock::new(|| vec![account(), contact(), lead(), user(), task(), call_metric(), queue_interval_metric()]);

fn field(name: &str, kind: Kind) -> Field {
    Field {
        name: name.to_owned(),
        kind,
        required: false,
        external_id: false,
        unique: false,
        id_lookup: false,
        case_sensitive: false,
        read_only: false,
    }
}

fn required(name: &str, kind: Kind) -> Field {
    Field { required: true, ..field(name, kind) }
}

/// The key of a custom object: unique, case-sensitive, required.
fn key(name: &str) -> Field {
    Field { required: true, unique: true, case_sensitive: true, ..lookup_key(name) }
}

/// The key of a Task. Assumption: a custom field of activities can be an external id, but
/// may not be unique; so it is not, here and in `deploy/salesforce/`.
fn lookup_key(name: &str) -> Field {
    Field { external_id: true, id_lookup: true, ..field(name, Kind::Text(255)) }
}

fn with_system(name: &'static str, prefix: &'static str, fields: Vec<Field>) -> Object {
    let system = |name, kind| Field { read_only: true, ..field(name, kind) };
    let mut all = vec![
        system("Id", Kind::Id),
        system("CreatedDate", Kind::DateTime),
        system("LastModifiedDate", Kind::DateTime),
        system("SystemModstamp", Kind::DateTime),
        system("IsDeleted", Kind::Boolean),
    ];
    all.extend(fields);
    Object { name, prefix, fields: all }
}

const OWNER: Kind = Kind::Reference(&["User", "Group"]);

fn account() -> Object {
    let fields = vec![
        required("Name", Kind::Text(255)),
        field("AccountNumber", Kind::Text(40)),
        field("Phone", Kind::Phone),
        field("Fax", Kind::Phone),
        field("Website", Kind::Url),
        field("Description", Kind::LongText(32_000)),
        field("OwnerId", OWNER),
    ];
    with_system("Account", "001", fields)
}

fn contact() -> Object {
    let fields = vec![
        field("FirstName", Kind::Text(40)),
        required("LastName", Kind::Text(80)),
        field("AccountId", Kind::Reference(&["Account"])),
        field("Phone", Kind::Phone),
        field("MobilePhone", Kind::Phone),
        field("HomePhone", Kind::Phone),
        field("OtherPhone", Kind::Phone),
        field("AssistantPhone", Kind::Phone),
        field("Fax", Kind::Phone),
        Field { id_lookup: true, ..field("Email", Kind::Text(80)) },
        field("OwnerId", OWNER),
    ];
    with_system("Contact", "003", fields)
}

fn lead() -> Object {
    let fields = vec![
        field("FirstName", Kind::Text(40)),
        required("LastName", Kind::Text(80)),
        required("Company", Kind::Text(255)),
        field("Phone", Kind::Phone),
        field("MobilePhone", Kind::Phone),
        field("Fax", Kind::Phone),
        Field { id_lookup: true, ..field("Email", Kind::Text(80)) },
        field("OwnerId", OWNER),
    ];
    with_system("Lead", "00Q", fields)
}

fn user() -> Object {
    let fields = vec![
        required("Username", Kind::Text(80)),
        required("LastName", Kind::Text(80)),
        field("FirstName", Kind::Text(40)),
        field("Name", Kind::Text(121)),
        field("Email", Kind::Text(128)),
        field("IsActive", Kind::Boolean),
    ];
    with_system("User", "005", fields)
}

fn task() -> Object {
    let fields = vec![
        field("Subject", Kind::Text(255)),
        field("Status", Kind::Picklist),
        field("Priority", Kind::Picklist),
        field("ActivityDate", Kind::Date),
        field("TaskSubtype", Kind::Picklist),
        field("CallType", Kind::Picklist),
        field("CallDurationInSeconds", Kind::Int),
        field("CallDisposition", Kind::Text(255)),
        field("CallObject", Kind::Text(255)),
        field("WhoId", Kind::Reference(&["Contact", "Lead"])),
        field("WhatId", Kind::Reference(&["Account"])),
        field("OwnerId", OWNER),
        field("Description", Kind::LongText(32_000)),
        lookup_key("PBX_Call_Key__c"),
        field("Recording_URL__c", Kind::Url),
    ];
    with_system("Task", "00T", fields)
}

fn call_metric() -> Object {
    let number = |name| field(name, Kind::Double);
    let fields = vec![
        Field { read_only: true, ..field("Name", Kind::Text(80)) },
        field("OwnerId", OWNER),
        key("PBX_Call_Key__c"),
        field("Task_Id__c", Kind::Text(18)),
        field("Account__c", Kind::Reference(&["Account"])),
        field("Contact__c", Kind::Reference(&["Contact"])),
        field("Lead__c", Kind::Reference(&["Lead"])),
        field("Agent_User__c", Kind::Reference(&["User"])),
        field("Match_Status__c", Kind::Text(40)),
        field("Call_Id__c", Kind::Text(255)),
        field("Center__c", Kind::Text(80)),
        field("Switch__c", Kind::Text(80)),
        field("Direction__c", Kind::Text(20)),
        field("Outcome__c", Kind::Text(40)),
        field("Ended_By__c", Kind::Text(20)),
        field("Queue__c", Kind::Text(80)),
        field("Agent__c", Kind::Text(255)),
        field("ANI__c", Kind::Phone),
        field("DNIS__c", Kind::Phone),
        field("Started_At__c", Kind::DateTime),
        field("Answered_At__c", Kind::DateTime),
        field("Ended_At__c", Kind::DateTime),
        number("Wait_Ms__c"),
        number("Talk_Ms__c"),
        number("Hold_Ms__c"),
        number("ACW_Ms__c"),
        number("Queue_Visits__c"),
        number("Transfers__c"),
        field("In_Service_Level__c", Kind::Boolean),
        field("Disposition__c", Kind::Text(255)),
        field("Comments__c", Kind::LongText(32_000)),
        field("Recording_URL__c", Kind::Url),
        field("Recording_Status__c", Kind::Text(40)),
        number("Revision__c"),
    ];
    with_system("Call_Metric__c", "a00", fields)
}

fn queue_interval_metric() -> Object {
    let mut fields = vec![
        Field { read_only: true, ..field("Name", Kind::Text(80)) },
        field("OwnerId", OWNER),
        key("Interval_Key__c"),
        field("Center__c", Kind::Text(80)),
        field("Queue__c", Kind::Text(80)),
        field("Interval_Start__c", Kind::DateTime),
        field("Interval_End__c", Kind::DateTime),
        field("SL_Threshold_Ms__c", Kind::Double),
        field("Short_Abandon_Ms__c", Kind::Double),
    ];
    for name in model::facts::QueueCounts::NAMES {
        fields.push(field(&custom_name(name), Kind::Double));
    }
    with_system("Queue_Interval_Metric__c", "a01", fields)
}

/// `wait_ms_sum` as the name of a custom field: `Wait_Ms_Sum__c`.
fn custom_name(metric: &str) -> String {
    let words: Vec<String> = metric
        .split('_')
        .map(|w| {
            let mut letters = w.chars();
            letters.next().map_or_else(String::new, |c| c.to_ascii_uppercase().to_string() + letters.as_str())
        })
        .collect();
    format!("{}__c", words.join("_"))
}
