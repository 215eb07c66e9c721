//! Which rows stand parked, told by acts.

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

fn task() -> Row {
    Row {
        object: Object::Task,
        key: "main/pbx1/7.1".into(),
        parent: String::new(),
        fields: vec![("Subject".into(), crm::Scalar::Text("a bad word".into()))],
        call_id: Some("7.1".into()),
        switch: Some("pbx1".into()),
        revision: 1,
    }
}

fn parked_task() -> Act {
    let row = serde_json::to_string(&task()).unwrap();
    Act::CrmParked {
        call_id: "7.1".into(),
        target: "salesforce".into(),
        object: "Task".into(),
        reason: "no".into(),
        row,
    }
}

fn by(call: &str, what: &str) -> Act {
    let (call_id, target, object, who) = (call.into(), "salesforce".into(), "Task".into(), "ola".into());
    let text = "because".to_owned();
    match what {
        "corrected" => {
            let fields = vec![("Subject".into(), Some("a good word".to_owned()))];
            Act::CrmCorrected { call_id, target, object, fields, who, reason: text }
        }
        "retried" => Act::CrmRetried { call_id, target, object, who, outcome: text },
        _ => Act::CrmDiscarded { call_id, target, object, who, reason: text },
    }
}

#[test]
fn a_corrected_row_stands_with_its_correction_and_its_history() {
    let events = vec![
        told(1, "pbx1", &parked_task()),
        told(2, "pbx1", &by("7.1", "corrected")),
        told(3, "pbx1", &by("7.1", "retried")),
    ];
    let rows = latest(events.clone());
    let row = rows[0].row.as_ref().unwrap();
    assert_eq!(row.field("Subject"), Some(&crm::Scalar::Text("a good word".into())));
    assert_eq!(rows[0].corrected, [Name::from("Subject")]);
    let steps: Vec<_> = rows[0].history.iter().map(|s| (s.what, s.who.as_deref())).collect();
    assert_eq!(steps, [("parked", None), ("corrected", Some("ola")), ("retried", Some("ola"))]);
    assert!(rows[0].history[1].text.contains("Subject = 'a good word': because"), "{:?}", rows[0].history);
    // Parked again by a later revision: of the facts, with what was done before.
    let again = latest([events, vec![told(4, "pbx1", &parked_task())]].concat());
    assert_eq!(again[0].row.as_ref().unwrap().field("Subject"), Some(&crm::Scalar::Text("a bad word".into())));
    assert_eq!((again[0].corrected.len(), again[0].history.len()), (0, 4));
    let places: Vec<i64> = again[0].places().map(|p| p.offset).collect();
    assert_eq!(places, [1, 4], "who read it before it was parked again finds it");
}

#[test]
fn a_row_that_was_given_up_stands_no_more() {
    let events = vec![
        told(1, "pbx1", &parked("7.1", "Task")),
        told(2, "pbx2", &parked("7.1", "Task")),
        told(3, "pbx1", &by("7.1", "discarded")),
        told(4, "pbx3", &by("7.1", "corrected")),
    ];
    let rows = latest(events);
    assert_eq!(rows.iter().map(|p| p.event.switch.as_str()).collect::<Vec<_>>(), ["pbx2"]);
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
