//! Attended transfers of and to callers in queues, as Asterisk 22 and 18 told them (cut
//! down).

use model::event::{EndedBy, TransferKind};

use super::*;

fn message(event: &str, at: &str, rest: &str) -> String {
    format!("Event: {event}\r\nTimestamp: 17958664{at}\r\n{}\r\n\r\n", rest.replace('\n', "\r\n"))
}

fn dest(of: &str) -> String {
    of.lines().map(|l| format!("\nDest{l}")).collect()
}

fn of(prefix: &str, channel: &str) -> String {
    channel.lines().map(|l| format!("\n{prefix}{l}")).collect()
}

const CUSTOMER: &str = "Channel: PJSIP/trunk-00000164\nUniqueid: 1.454\nLinkedid: 1.454";
const TALKS: &str = "Channel: PJSIP/1002-00000173\nUniqueid: 1.471\nLinkedid: 1.454";
const CONSULTS: &str = "Channel: PJSIP/1002-00000178\nUniqueid: 1.476\nLinkedid: 1.476";
const RINGS: &str = "Channel: PJSIP/1006-00000181\nUniqueid: 1.489\nLinkedid: 1.476";
const MEMBER: &str = "\nQueue: sales\nInterface: PJSIP/1006\nMemberName: Grace Li";

fn consult_waits() -> Vec<String> {
    vec![
        message("Newchannel", "01.4", CUSTOMER),
        message("Newchannel", "11.4", CONSULTS),
        message("QueueCallerJoin", "13.9", &format!("{CONSULTS}\nQueue: sales\nPosition: 1\nCount: 1")),
        message("Newchannel", "13.91", RINGS),
        message("AgentCalled", "13.92", &format!("{CONSULTS}{}{MEMBER}", dest(RINGS))),
        message(
            "AttendedTransfer",
            "13.97",
            &format!(
                "Result: Success{}{}\nSecondTransfererExten: sales{}\nDestType: App\nDestApp: Queue",
                of("OrigTransferer", TALKS),
                of("SecondTransferer", CONSULTS),
                of("Transferee", CUSTOMER)
            ),
        ),
        message("Hangup", "13.98", CONSULTS),
    ]
}

#[test]
fn a_customer_passed_on_to_a_waiting_consult_waits_on_in_its_place() {
    let mut text = consult_waits();
    text.push(message("QueueCallerLeave", "15.11", &format!("{CUSTOMER}\nQueue: sales\nPosition: 1\nCount: 0")));
    let connect = format!("{CUSTOMER}{}{MEMBER}\nHoldTime: 2\nRingTime: 1", dest(RINGS));
    text.push(message("AgentConnect", "15.12", &connect));
    let events = decoded(text.concat().as_bytes());
    let passed = &of_kind(&events, "Transferred")[0];
    assert_eq!(passed.connection.as_deref(), Some("1.454"));
    assert!(matches!(&passed.body, Body::Transferred { to: Some(to), .. } if to == "1.476"), "{passed:?}");
    assert!(of_kind(&events, "Abandoned").is_empty(), "the consult's channel left its place to the customer");
    let answer = &of_kind(&events, "Established")[0];
    assert_eq!((answer.connection.as_deref(), answer.queue.as_deref()), (Some("1.454"), Some("sales")));
    let mut text = consult_waits();
    text.push(message("Hangup", "17.2", CUSTOMER));
    let events = decoded(text.concat().as_bytes());
    let left = of_kind(&events, "Abandoned");
    assert_eq!(left.len(), 1);
    assert_eq!((left[0].connection.as_deref(), left[0].queue.as_deref()), (Some("1.454"), Some("sales")));
}

#[test]
fn a_talk_whose_end_is_told_twice_was_transferred_as_the_second_says() {
    let device = "Channel: PJSIP/1006-00000155\nUniqueid: 1.413\nLinkedid: 1.476";
    let told = |reason: &str| {
        let end = format!("{CONSULTS}{}{MEMBER}\nHoldTime: 1\nTalkTime: 2\nReason: {reason}", dest(device));
        message("AgentComplete", "16.06", &end)
    };
    let text = [
        message("Newchannel", "13.9", CONSULTS),
        message("AgentConnect", "14.4", &format!("{CONSULTS}{}{MEMBER}\nHoldTime: 1\nRingTime: 0", dest(device))),
        message(
            "AttendedTransfer",
            "16.05",
            &format!(
                "Result: Success{}{}{}",
                of("OrigTransferer", TALKS),
                of("SecondTransferer", CONSULTS),
                of("TransferTarget", device)
            ),
        ),
        told("caller"),
        told("transfer"),
    ];
    let events = decoded(text.concat().as_bytes());
    let ends: Vec<_> = events
        .iter()
        .filter_map(|e| match &e.body {
            Body::Released { by, transferred, .. } => Some((*by, *transferred)),
            _ => None,
        })
        .collect();
    assert_eq!(ends, [(EndedBy::Caller, None), (EndedBy::Agent, Some(TransferKind::Attended))]);
}

#[test]
fn whoever_comes_in_the_place_of_plumbing_is_the_queues_caller() {
    let halves = "LocalOneChannel: Local/6001@internal-09;1\nLocalOneUniqueid: 1.106\nLocalOneLinkedid: 1.454\n\
                  LocalTwoChannel: Local/6001@internal-09;2\nLocalTwoUniqueid: 1.107\nLocalTwoLinkedid: 1.454";
    let second = "Channel: Local/6001@internal-09;2\nUniqueid: 1.107\nLinkedid: 1.454";
    let source = of("Source", CUSTOMER);
    let figures = "HoldTime: 1\nTalkTime: 10\nReason: caller";
    let text = [
        message("Newchannel", "01.4", CUSTOMER),
        message("LocalBridge", "47.4", halves),
        message("AgentConnect", "48.5", &format!("{second}{}{MEMBER}\nHoldTime: 1\nRingTime: 1", dest(RINGS))),
        message("LocalOptimizationBegin", "52.53", &format!("{halves}{source}\nId: 0")),
        message("LocalOptimizationEnd", "52.54", &format!("{halves}\nSuccess: No\nId: 0")),
        message("Hangup", "52.55", second),
        message("AgentComplete", "58.9", &format!("{CUSTOMER}{}{MEMBER}\n{figures}", dest(RINGS))),
    ];
    let events = decoded(text.concat().as_bytes());
    let replaced = of_kind(&events, "Transferred");
    assert_eq!((replaced.len(), replaced[0].connection.as_deref(), &replaced[0].agent), (1, Some("1.454"), &None));
    assert!(
        matches!(&replaced[0].body, Body::Transferred { by: None, target: None, to: Some(to), .. } if to == "1.107")
    );
    assert_eq!(of_kind(&events, "Released")[0].connection.as_deref(), Some("1.454"));
}

#[test]
fn an_end_that_bears_the_consults_name_is_of_the_talk_that_its_times_tell() {
    let device = "Channel: PJSIP/1006-00000155\nUniqueid: 1.413\nLinkedid: 1.454";
    let end = |talk: u32| {
        let figures = format!("HoldTime: 1\nTalkTime: {talk}\nReason: transfer");
        let text = [
            message("Newchannel", "01.4", CUSTOMER),
            message("AgentConnect", "10.8", &format!("{CUSTOMER}{}{MEMBER}\nHoldTime: 1\nRingTime: 1", dest(device))),
            message("QueueCallerJoin", "12.4", &format!("{CONSULTS}\nQueue: sales\nPosition: 3\nCount: 3")),
            message("AgentComplete", "13.4", &format!("{CONSULTS}{}{MEMBER}\n{figures}", dest(device))),
        ];
        let events = decoded(text.concat().as_bytes());
        of_kind(&events, "Released")[0].connection.clone()
    };
    assert_eq!(end(3).as_deref(), Some("1.454"));
    assert_eq!(end(9).as_deref(), Some("1.476"), "a talk that was not heard of");
}
