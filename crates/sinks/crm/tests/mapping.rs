//! Facts into rows.

mod common;

use common::call;
use crm::config::MappingSettings;
use crm::mapping::{Due, due, wanted};
use crm::{MappingContext, Matcher, Object, Party, Row, Scalar, TaskState, contact_rows, interval_rows};
use model::event::TransferKind;
use model::facts::{Call, ContactOutcome, CrmLink, Direction, QueueCounts, QueueInterval, Recording, RecordingState};
use model::facts::{Transfer, Visit, VisitOutcome};
use model::roster::RosterEntry;
use model::{Instant, Name, Position, Roster};

fn settings() -> MappingSettings {
    MappingSettings { base_url: Some("https://ledger.example/".into()), ..MappingSettings::default() }
}

fn rows(call: &Call, settings: &MappingSettings, roster: &Roster, party: &Party, task: &TaskState) -> Vec<Row> {
    contact_rows(call, &MappingContext { settings, roster, target: "salesforce" }, party, task)
}

fn text<'a>(row: &'a Row, field: &str) -> Option<&'a str> {
    match row.field(field) {
        Some(Scalar::Text(t)) => Some(t),
        _ => None,
    }
}

fn visit(queue: &str, wait_ms: i64, talk_ms: Option<i64>) -> Visit {
    let at = Instant::from_secs(1_795_326_272);
    Visit {
        visit_id: Name::new(queue),
        call_id: Name::new("c"),
        center: Name::new("london"),
        switch: Name::new("pbx1"),
        queue: Name::new(queue),
        joined_at: at,
        answered_at: talk_ms.map(|_| at.plus_millis(wait_ms)),
        left_at: Some(at.plus_millis(wait_ms + talk_ms.unwrap_or(0))),
        outcome: if talk_ms.is_some() { VisitOutcome::Answered } else { VisitOutcome::Abandoned },
        wait_ms: Some(wait_ms),
        wait_observed_ms: Some(wait_ms),
        talk_ms,
        hold_ms: None,
        acw_ms: None,
        agent: talk_ms.map(|_| Name::new("Alice Martin")),
        entry_position: Some(1),
        consult: false,
        transferred: None,
        ani: None,
        dnis: None,
        closed: true,
        retracted: false,
        revision: 1,
        known_at: at,
        first_event: Position::default(),
        last_event: Position::default(),
        filed: 0,
    }
}

fn recording(id: &str, state: RecordingState) -> Recording {
    Recording {
        recording_id: Name::new(id),
        call_id: Some(Name::new("c")),
        center: Name::new("london"),
        switch: Name::new("pbx1"),
        queue: None,
        agent: None,
        started_at: Instant::from_secs(1_795_326_275),
        ended_at: None,
        duration_ms: None,
        bytes: None,
        sha256: None,
        uri: None,
        source: None,
        state,
        suspended: Vec::new(),
        stored_at: None,
        note: None,
        revision: 1,
        known_at: Instant(0),
        first_event: Position::default(),
        last_event: Position::default(),
        filed: 0,
    }
}

fn answered() -> Call {
    let mut call = call("1795326271.9", "+442079460922");
    call.queue_visits = vec![visit("sales", 14_000, None), visit("support", 3_500, Some(21_900))];
    call.queue_visits[0].outcome = VisitOutcome::FlowOut(model::event::DivertReason::Timeout);
    call.recordings = vec![recording("r-missing", RecordingState::Missing), recording("r-1", RecordingState::Recorded)];
    call
}

#[test]
fn a_task_is_complete_and_says_what_a_contact_was() {
    let mut call = answered();
    call.notes = vec!["wants a refund".into(), "called twice".into()];
    call.disposition = Some(Name::new("refund"));
    let roster = Roster {
        entries: vec![RosterEntry {
            interface: Name::new("PJSIP/1001"),
            name: Name::new("Alice Martin"),
            extension: None,
            crm_user: Some(Name::new("005000000000002AAA")),
        }],
    };
    let party = Party::Contact { id: "003A".into(), account: Some("001A".into()) };
    let rows = rows(&call, &settings(), &roster, &party, &TaskState::NotWritten);
    let (task, metric) = (&rows[0], &rows[1]);
    assert_eq!(
        (task.object, task.key.as_str(), task.parent.as_str()),
        (Object::Task, "london/pbx1/1795326271.9", "001A")
    );
    for (field, value) in [
        ("Subject", "Call from +442079460922 (support)"),
        ("Status", "Completed"),
        ("TaskSubtype", "Call"),
        ("CallType", "Inbound"),
        ("CallDisposition", "refund"),
        ("CallObject", "1795326271.9"),
        ("ActivityDate", "2026-11-22"),
        ("WhoId", "003A"),
        ("WhatId", "001A"),
        ("OwnerId", "005000000000002AAA"),
        ("Description", "wants a refund\n\ncalled twice"),
        ("Recording_URL__c", "https://ledger.example/r/r-1"),
    ] {
        assert_eq!(text(task, field), Some(value), "{field}");
    }
    assert_eq!(task.field("CallDurationInSeconds"), Some(&Scalar::Int(21)));
    assert_eq!(metric.field("Wait_Ms__c"), Some(&Scalar::Int(17_500)));
    assert_eq!(metric.field("Talk_Ms__c"), Some(&Scalar::Int(21_900)));
    assert_eq!(metric.field("ACW_Ms__c"), Some(&Scalar::Null), "not measured is not 0");
    assert_eq!(metric.field("In_Service_Level__c"), Some(&Scalar::Bool(true)));
    assert_eq!(text(metric, "Recording_Status__c"), Some("recorded"));
    for row in &rows {
        let known = crm::salesforce::mapped_fields(row.object);
        assert!(row.fields.iter().all(|(n, _)| known.iter().any(|k| k == n)), "{:?}", row.object);
    }
}

#[test]
fn late_parts_update_the_metric_and_never_the_task() {
    let mut call = answered();
    call.crm = vec![CrmLink {
        target: Name::new("salesforce"),
        object: Name::new("Task"),
        record_id: Some(Name::new("00T1")),
    }];
    assert_eq!(TaskState::of(&call, "webhook"), TaskState::NotWritten);
    let state = TaskState::of(&call, "salesforce");
    let rows = rows(&call, &settings(), &Roster::default(), &Party::None, &state);
    assert_eq!(rows.len(), 1);
    assert_eq!((rows[0].object, text(&rows[0], "Task_Id__c")), (Object::CallMetric, Some("00T1")));
    assert_eq!(rows[0].field("Account__c"), None, "a link is never emptied");
}

#[test]
fn which_contacts_are_written_is_a_setting() {
    let defaults = settings();
    let with = |direction, outcome| {
        let mut c = call("1", "+442079460922");
        (c.direction, c.outcome) = (direction, outcome);
        c
    };
    for (direction, outcome, is) in [
        (Direction::Inbound, ContactOutcome::Answered, true),
        (Direction::Inbound, ContactOutcome::Abandoned, true),
        (Direction::Inbound, ContactOutcome::IvrAbandoned, false),
        (Direction::Inbound, ContactOutcome::Rejected, false),
        (Direction::Outbound, ContactOutcome::Busy, true),
        (Direction::Internal, ContactOutcome::Answered, false),
    ] {
        assert_eq!(wanted(&with(direction, outcome), &defaults), is, "{direction:?} {outcome:?}");
    }
    let mut merged = call("1", "+442079460922");
    merged.merged_into = Some(Name::new("2"));
    assert!(!wanted(&merged, &defaults));
    let mut only_crm = call("1", "+442079460922");
    only_crm.crm_only = true;
    assert!(!wanted(&only_crm, &defaults));
    let mut lasting = call("1", "+442079460922");
    lasting.ended_at = None;
    assert!(rows(&lasting, &defaults, &Roster::default(), &Party::None, &TaskState::NotWritten).is_empty());
}

#[test]
fn rows_wait_for_recording_and_wrap_up_at_most_two_minutes() {
    let mut call = answered();
    let ended = call.ended_at.unwrap();
    assert_eq!(due(&call, &settings()), Due::At(ended.plus_millis(120_000)));
    call.disposition = Some(Name::new("done"));
    assert_eq!(due(&call, &settings()), Due::Now);
    call.recordings[1].state = RecordingState::Pending;
    assert_eq!(due(&call, &settings()), Due::At(ended.plus_millis(120_000)));
    call.ended_at = None;
    assert_eq!(due(&call, &settings()), Due::Never);
}

#[test]
fn a_withheld_number_is_shown_nowhere_and_matched_with_nobody() {
    let mut call = answered();
    call.ani_withheld = true;
    let all = rows(&call, &settings(), &Roster::default(), &Party::None, &TaskState::NotWritten);
    for row in &all {
        let shown = serde_json::to_string(&row.to_json()).unwrap();
        assert!(!shown.contains("442079460922"), "{shown}");
    }
    assert!(Matcher::new(crm::MatchSettings::default()).questions(&call).phones.is_empty());
}

#[test]
fn a_caller_whom_several_parties_share_goes_to_the_review_queue() {
    let settings =
        MappingSettings { review_owner: Some("00G1".into()), default_owner: Some("0051".into()), ..settings() };
    let party = Party::Review { candidates: vec!["003A".into(), "003B".into()] };
    let rows = rows(&answered(), &settings, &Roster::default(), &party, &TaskState::NotWritten);
    assert_eq!((text(&rows[0], "OwnerId"), rows[0].field("WhoId")), (Some("00G1"), None));
    assert_eq!(text(&rows[1], "Match_Status__c"), Some("review"));
}

#[test]
fn account_numbers_come_from_the_ivr_and_own_numbers_are_left_out() {
    let matcher = Matcher::new(crm::MatchSettings {
        own_numbers: vec!["020 7946 0000".into()],
        country: Some("GB".into()),
        ..crm::MatchSettings::default()
    });
    let mut call = answered();
    let put = |call: &mut Call, value: &str| call.ivr = vec![(Name::new("AccountNumber"), Name::new(value))];
    for (typed, asked) in
        [("435928", Some("435928")), ("435928#", Some("435928")), ("", None), ("2", None), ("4' OR", None)]
    {
        put(&mut call, typed);
        assert_eq!(matcher.questions(&call).account.as_deref(), asked, "{typed}");
    }
    assert_eq!(matcher.questions(&call).phones[..2], ["442079460922", "02079460922"]);
    call.ani = Some(Name::new("+442079460000"));
    assert!(matcher.questions(&call).phones.is_empty());
}

#[test]
fn long_notes_are_cut_with_a_mark_and_transfers_are_counted() {
    let mut call = answered();
    call.notes = vec!["é".repeat(40_000)];
    call.transfers =
        vec![Transfer { at: Instant(0), kind: TransferKind::Blind, from_agent: None, to_agent: None, target: None }];
    let rows = rows(&call, &settings(), &Roster::default(), &Party::None, &TaskState::NotWritten);
    let description = text(&rows[0], "Description").unwrap();
    assert_eq!((description.chars().count(), description.ends_with('…')), (32_000, true));
    assert_eq!(rows[1].field("Transfers__c"), Some(&Scalar::Int(1)));
}

#[test]
fn intervals_merge_quarters_and_switches_and_keep_sums_only() {
    let part = |switch: &str, minute: i64, offered: i64, most: i64| QueueInterval {
        switch: Name::new(switch),
        center: Name::new("london"),
        queue: Name::new("support"),
        interval_start: Instant::from_secs(1_795_327_200 + minute * 60),
        interval_end: Instant::from_secs(1_795_327_200 + minute * 60 + 900),
        sl_threshold_ms: 20_000,
        counts: QueueCounts { offered, wait_ms_max: most, ..QueueCounts::default() },
        revision: 1,
        ..QueueInterval::default()
    };
    let parts = [part("pbx1", 0, 3, 900), part("pbx1", 15, 4, 100), part("pbx2", 15, 5, 300), part("pbx1", 30, 7, 1)];
    let rows = interval_rows(&parts);
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[0].key, "london/support/2026-11-22T06:00:00Z");
    assert_eq!(rows[0].field("Offered__c"), Some(&Scalar::Int(12)));
    assert_eq!(rows[0].field("Wait_Ms_Max__c"), Some(&Scalar::Int(900)));
    assert_eq!(text(&rows[0], "Interval_End__c"), Some("2026-11-22T06:30:00Z"));
    assert_eq!(rows[0].field("SL_Threshold_Ms__c"), Some(&Scalar::Int(20_000)));
    let known = crm::salesforce::mapped_fields(Object::QueueInterval);
    assert!(rows[0].fields.iter().all(|(n, _)| known.iter().any(|k| k == n)));
    assert_eq!(rows[0].fields.len(), known.len());
    let names: Vec<&str> = rows[0].fields.iter().map(|(n, _)| n.as_str()).collect();
    assert!(!names.iter().any(|n| n.contains("Avg") || n.contains("Rate") || n.contains("Asa")), "{names:?}");
}
