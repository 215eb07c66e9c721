//! Who did what: dialled parties, transferred ones, those who hung up, withheld callers.
//! Messages are cut down from those of a real switch.

use model::event::{DialResult, EndedBy};

use super::*;

const LINE: &str = "Event: Newchannel\r\nTimestamp: 1795326400.1\r\nChannel: PJSIP/trunk-00000001\r\n\
                    CallerIDNum: 442079460943\r\nUniqueid: 1.1\r\nLinkedid: 1.1\r\n\r\n";

fn message(event: &str, seconds: u32, rest: &str) -> String {
    format!("Event: {event}\r\nTimestamp: 17953264{seconds:02}.5\r\n{}\r\n\r\n", rest.replace('\n', "\r\n"))
}

fn dialled_out(dial_status: &str, cause: u16) -> Vec<DialResult> {
    let line = "DestChannel: PJSIP/trunk-00000002\nDestUniqueid: 2.2\nDestLinkedid: 1.1";
    let phone = "Channel: PJSIP/1004-00000001\nUniqueid: 1.1\nLinkedid: 1.1";
    let text = [
        message("Newchannel", 1, phone),
        message("DialBegin", 2, &format!("{phone}\n{line}\nDialString: 07700900582@trunk")),
        message("DialEnd", 9, &format!("{phone}\n{line}\nDialStatus: {dial_status}")),
        message("Hangup", 9, &format!("Channel: PJSIP/trunk-00000002\nUniqueid: 2.2\nLinkedid: 1.1\nCause: {cause}")),
    ];
    let ends = decoded(text.concat().as_bytes());
    ends.iter()
        .filter_map(|e| if let Body::DialEnded { result, .. } = &e.body { Some(*result) } else { None })
        .collect()
}

#[test]
fn a_number_that_does_not_exist_is_no_unanswered_one() {
    // The switch says NOANSWER of both; causes of Q.850: 1 unallocated, 19 and 0 unanswered.
    assert_eq!(dialled_out("NOANSWER", 1).last(), Some(&DialResult::Failed));
    assert_eq!(dialled_out("NOANSWER", 19), [DialResult::NoAnswer]);
    assert_eq!(dialled_out("NOANSWER", 0), [DialResult::NoAnswer]);
    assert_eq!(dialled_out("CANCEL", 16), [DialResult::NoAnswer]);
    assert_eq!(dialled_out("BUSY", 17), [DialResult::Busy]);
}

fn cleared_by(events: &[Event], connection: &str) -> Option<EndedBy> {
    events.iter().find_map(|e| match &e.body {
        Body::ConnectionCleared { by, .. } if e.connection.as_deref() == Some(connection) => Some(*by),
        _ => None,
    })
}

#[test]
fn a_caller_who_hung_up_did_so_however_late_the_switch_saw_to_it() {
    let line = "Channel: PJSIP/trunk-00000001\nUniqueid: 1.1\nLinkedid: 1.1";
    let end = [message("HangupRequest", 2, line), message("SoftHangupRequest", 6, line), message("Hangup", 6, line)];
    let events = decoded([LINE, &end.concat()].concat().as_bytes());
    assert_eq!(cleared_by(&events, "1.1"), Some(EndedBy::Caller));
    let events = decoded([LINE, &end[1..].concat()].concat().as_bytes());
    assert_eq!(cleared_by(&events, "1.1"), Some(EndedBy::System));
}

#[test]
fn a_third_party_outside_is_not_the_customer_and_plumbing_is_nobody() {
    let line = "Channel: PJSIP/trunk-00000001\nUniqueid: 1.1\nLinkedid: 1.1";
    let other = "Channel: PJSIP/trunk-00000009\nUniqueid: 9.9\nLinkedid: 1.1";
    let local = "Channel: Local/1009@agents-00000004;1\nUniqueid: 4.1\nLinkedid: 1.1";
    let text = [
        message("Newchannel", 1, other),
        message("Newchannel", 1, local),
        message("HangupRequest", 20, other),
        message("HangupRequest", 20, local),
        message("SoftHangupRequest", 20, line),
        message("Hangup", 20, line),
    ];
    let events = decoded([LINE, &text.concat()].concat().as_bytes());
    assert_eq!(cleared_by(&events, "1.1"), Some(EndedBy::Unknown));
}

#[test]
fn who_hangs_up_behind_plumbing_ends_the_customers_call() {
    // The transfer linked two conversations by Local channels; the phone is of another call.
    let line = "Channel: PJSIP/trunk-00000001\nUniqueid: 1.1\nLinkedid: 1.1";
    let phone = "Channel: PJSIP/1009-00000045\nUniqueid: 10.83\nLinkedid: 10.80";
    let half = |n: u32| {
        format!(
            "Channel: Local/_attended@transfer-00000007;{n}\nUniqueid: 13.{n}\nLinkedid: 1.1\nBridgeUniqueid: b-{n}"
        )
    };
    let pair = "LocalOneChannel: Local/_attended@transfer-00000007;1\nLocalOneUniqueid: 13.1\nLocalOneLinkedid: 1.1\n\
                LocalTwoChannel: Local/_attended@transfer-00000007;2\nLocalTwoUniqueid: 13.2\nLocalTwoLinkedid: 1.1";
    let text = [
        message("Newchannel", 1, phone),
        message("LocalBridge", 2, pair),
        message("BridgeEnter", 3, &format!("{line}\nBridgeUniqueid: b-1")),
        message("BridgeEnter", 3, &half(1)),
        message("BridgeEnter", 3, &half(2)),
        message("BridgeEnter", 3, &format!("{phone}\nBridgeUniqueid: b-2")),
        message("HangupRequest", 20, phone),
        message("SoftHangupRequest", 20, line),
        message("Hangup", 20, line),
    ];
    let events = decoded([LINE, &text.concat()].concat().as_bytes());
    assert_eq!(cleared_by(&events, "1.1"), Some(EndedBy::Agent));
}

#[test]
fn a_member_who_refuses_the_offer_ends_nobody_else() {
    // The queue's time is up with the refusal: the dial plan says goodbye and hangs up.
    let line = "Channel: PJSIP/trunk-00000001\nUniqueid: 1.1\nLinkedid: 1.1";
    let phone = "Channel: PJSIP/1007-00000054\nUniqueid: 4.1\nLinkedid: 1.1";
    let local = "Channel: Local/1007@agents-00000003;1\nUniqueid: 3.1\nLinkedid: 1.1";
    let member = "Queue: sales\nMemberName: Grace Li\nInterface: PJSIP/1007\nStateInterface: PJSIP/1007";
    let offer = |event: &str, to: &str| {
        let to: Vec<String> = to.lines().map(|l| format!("Dest{l}")).collect();
        message(event, 1, &format!("{line}\n{member}\n{}", to.join("\n")))
    };
    let end = |before: &[String]| {
        let text = [
            message("QueueMemberStatus", 0, member),
            message("Newchannel", 1, phone),
            message("Newchannel", 1, local),
            before.concat(),
            message("HangupRequest", 2, phone),
            message("Hangup", 2, &format!("{phone}\nCause: 21")),
            message("SoftHangupRequest", 3, line),
            message("Hangup", 3, line),
        ];
        let events = decoded([LINE, &text.concat()].concat().as_bytes());
        (cleared_by(&events, "4.1"), cleared_by(&events, "1.1"))
    };
    let refused = (Some(EndedBy::Agent), Some(EndedBy::System));
    assert_eq!(end(&[offer("AgentCalled", phone)]), refused);
    assert_eq!(end(&[offer("AgentCalled", local)]), refused, "behind a Local channel");
    let joined = message("QueueCallerJoin", 1, &format!("{line}\nQueue: sales\nPosition: 1"));
    assert_eq!(end(&[joined]), refused, "busy before the offer is told");
    let talked = (Some(EndedBy::Agent), Some(EndedBy::Agent));
    assert_eq!(end(&[offer("AgentCalled", phone), offer("AgentConnect", phone)]), talked);
    assert_eq!(end(&[offer("AgentCalled", local), offer("AgentConnect", local)]), talked);
}

#[test]
fn the_switchs_own_transfer_reaches_whom_it_dialled() {
    let text = message(
        "AttendedTransfer",
        5,
        "Result: Success\nOrigTransfererChannel: PJSIP/1004-00000078\nOrigTransfererUniqueid: 4.4\n\
         OrigTransfererLinkedid: 1.1\nSecondTransfererChannel: PJSIP/1004-00000078\nSecondTransfererUniqueid: 4.4\n\
         SecondTransfererLinkedid: 1.1\nSecondTransfererExten: sales\nSecondTransfererConnectedLineNum: 1006\n\
         TransfereeChannel: PJSIP/trunk-00000001\nTransfereeUniqueid: 1.1\nTransfereeLinkedid: 1.1",
    );
    let events = decoded([LINE, &text].concat().as_bytes());
    let Some(Body::Transferred { target, to, by, .. }) = of_kind(&events, "Transferred").first().map(|e| &e.body)
    else {
        panic!("{events:?}");
    };
    assert_eq!((target.as_deref(), to.as_deref(), by.as_deref()), (Some("1006"), None, Some("4.4")));
}

#[test]
fn a_prohibited_number_passed_on_withholds_the_caller() {
    let passed = |number: &str| {
        let rest = format!(
            "Channel: Local/1009@agents-00000004;2\nCallerIDNum: {number}\nUniqueid: 4.2\nLinkedid: 1.1\n\
             CID-CallingPres: 32 (Presentation Prohibited, Not Screened)"
        );
        let events = decoded([LINE, &message("NewCallerid", 4, &rest)].concat().as_bytes());
        events.iter().any(|e| {
            e.connection.as_deref() == Some("1.1") && matches!(e.body, Body::PartyKnown { withheld: true, .. })
        })
    };
    assert!(passed("442079460943"));
    assert!(!passed("1009"), "somebody else's number");
}
