//! The past of one contact: every revision of its rows, and what the CRM stage told of it.

mod common;

use std::sync::Arc;

use common::*;
use model::event::EndedBy;
use model::facts::{Call, ContactOutcome, Direction, EventRow, Facts};
use model::{Act, Instant, Position};
use tables::{Limits, Reports, Table};

fn at(seconds: i64) -> Instant {
    Instant(DAY0 + seconds * 1_000_000)
}

fn call(id: &str, revision: i64, ended: Option<i64>) -> Call {
    Call {
        call_id: id.into(),
        revision,
        center: "main".into(),
        switch: "pbx1".into(),
        direction: Direction::Inbound,
        ani: None,
        ani_raw: None,
        ani_withheld: false,
        dnis: None,
        started_at: at(10),
        ended_at: ended.map(at),
        ivr: Vec::new(),
        queue_visits: Vec::new(),
        agent_legs: Vec::new(),
        holds: Vec::new(),
        transfers: Vec::new(),
        conferenced: false,
        recordings: Vec::new(),
        ended_by: EndedBy::Unknown,
        disposition: None,
        notes: Vec::new(),
        crm: Vec::new(),
        outcome: ContactOutcome::Unknown,
        journey_id: None,
        merged_into: None,
        first_event: Position::default(),
        last_event: Position { partition: 0, offset: revision },
        known_at: at(10 + revision),
        crm_only: false,
        filed: 20_779,
    }
}

/// An act of the CRM stage that parked a row.
fn parked(offset: i64, switch: &str, call_id: &str, seconds: i64) -> EventRow {
    let act = Act::CrmParked {
        call_id: call_id.into(),
        target: "salesforce".into(),
        object: "Task".into(),
        reason: "REQUIRED_FIELD_MISSING".to_owned(),
        row: String::new(),
    };
    EventRow {
        event_id: format!("0/{offset}/0").into(),
        source: "/ringledger/crm".into(),
        kind: "Acted".into(),
        at: at(seconds),
        center: "main".into(),
        switch: switch.into(),
        call_id: None,
        queue: None,
        agent: None,
        party: None,
        details: serde_json::to_string(&model::event::Body::Acted(Box::new(act))).expect("JSON"),
        position: Position { partition: 0, offset },
        known_at: at(seconds + 9),
    }
}

#[tokio::test]
async fn revisions_come_in_order_and_acts_by_contact() {
    let folder = tempfile::tempdir().expect("a folder");
    let lake = lake(folder.path()).await;
    let calls = vec![call("a", 2, Some(50)), call("a", 1, None), call("b", 1, Some(50)), call("a", 3, Some(50))];
    let facts = Facts { calls: calls.clone(), ..Facts::default() };
    lake.commit(Table::Calls, &facts, &[txn(1, None)]).await.expect("lands");
    let events = vec![
        parked(7, "pbx1", "a", 50),
        parked(8, "pbx1", "b", 50),
        parked(9, "pbx2", "a", 50),
        EventRow { kind: "Queued".into(), ..parked(10, "pbx1", "a", 50) },
    ];
    lake.commit(Table::Events, &Facts { events, ..Facts::default() }, &[txn(1, None)]).await.expect("lands");
    let mut of_a = plain_visit("a", 20, 1);
    of_a.call_id = "a".into();
    let rows = vec![closed(of_a.clone(), 2), of_a.clone(), plain_visit("b", 20, 1)];
    lake.commit(Table::QueueVisits, &visits(rows), &[txn(1, None)]).await.expect("lands");
    let reports = Reports::new(Arc::new(lake), Limits::default());
    let history = reports.history(&calls[3]).await.expect("reads");
    assert_eq!(
        history.calls.iter().map(|c| (c.call_id.as_str(), c.revision)).collect::<Vec<_>>(),
        [("a", 1), ("a", 2), ("a", 3)]
    );
    assert_eq!(history.visits, [of_a.clone(), closed(of_a, 2)]);
    assert_eq!(history.crm, [parked(7, "pbx1", "a", 50)]);
    let open = reports.history(&call("a", 1, None)).await.expect("reads");
    assert_eq!((open.calls.len(), open.crm), (3, Vec::new()), "nothing is written of a contact that lasts");
}
