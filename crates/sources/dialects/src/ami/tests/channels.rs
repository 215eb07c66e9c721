//! Channels, bridges, dials and transfers, each by messages as the switch sent them.

use model::event::{DeviceKind, DialResult, EndedBy, TransferKind};

use super::*;

#[test]
fn the_phone_behind_a_local_member_is_the_agents() {
    let events = decoded(&calls());
    let phones: Vec<&Event> =
        of_kind(&events, "Connected").into_iter().filter(|e| e.agent.as_deref() == Some("Chloé Dubois")).collect();
    let device = |e: &Event| {
        let originated = bodies(&events, e.connection.as_deref().unwrap_or(""));
        originated.iter().find_map(|b| if let Body::Originated { device, .. } = b { Some(*device) } else { None })
    };
    assert!(phones.iter().any(|e| device(e) == Some(DeviceKind::Station)), "{phones:?}");
    // Without a state interface the chain of channels tells it, and dialling behind a
    // member's Local channel is no dialling of its own.
    let one = "DestChannel: Local/77@agents-00000001;1\nDestUniqueid: 2.1\nDestLinkedid: 1.1";
    let text = [
        join(0, "1.1", "support"),
        channel("AgentCalled", 1, "1.1", &format!("{one}\nQueue: support\nInterface: Local/77@agents\nMemberName: Zoe")),
        "Event: LocalBridge\r\nLocalOneUniqueid: 2.1\r\nLocalOneLinkedid: 1.1\r\nLocalTwoChannel: Local/77@agents-00000001;2\r\n\
         LocalTwoUniqueid: 2.2\r\nLocalTwoLinkedid: 1.1\r\n\r\n"
            .to_owned(),
        "Event: DialBegin\r\nChannel: Local/77@agents-00000001;2\r\nUniqueid: 2.2\r\nLinkedid: 1.1\r\n\
         DestChannel: PJSIP/anna-00000003\r\nDestUniqueid: 3.3\r\nDestLinkedid: 1.1\r\n\r\n\
         Event: BridgeEnter\r\nBridgeUniqueid: b-1\r\nUniqueid: 3.3\r\nLinkedid: 1.1\r\n\r\n"
            .to_owned(),
    ];
    let events = decoded(text.concat().as_bytes());
    assert_eq!(of_kind(&events, "Connected")[0].agent.as_deref(), Some("Zoe"));
    assert!(of_kind(&events, "Dialling").is_empty());
}

#[test]
fn transfers_say_of_which_kind_they_were() {
    let events = decoded(&calls());
    let kinds = |kind| {
        let is = |e: &&Event| matches!(&e.body, Body::Transferred { kind: k, .. } if *k == kind);
        events.iter().filter(is).collect::<Vec<_>>()
    };
    let (blind, attended) = (kinds(TransferKind::Blind), kinds(TransferKind::Attended));
    assert!(!blind.is_empty() && attended.len() >= 2);
    for e in blind.iter().chain(&attended) {
        assert!(e.agent.is_some(), "{e:?}");
        let passed_on = bodies(&events, e.connection.as_deref().unwrap_or(""));
        let is_plumbing = |b: &&Body| matches!(b, Body::Originated { device: DeviceKind::Internal, .. });
        assert!(!passed_on.is_empty() && !passed_on.iter().any(is_plumbing), "{e:?}");
    }
    for visit in of_kind(&events, "Released") {
        let Body::Released { transferred: Some(told), .. } = visit.body else { continue };
        let is_same = |e: &&Event| matches!(e.body, Body::Transferred { kind, .. } if kind == told);
        assert!(events.iter().filter(is_same).any(|e| e.connection == visit.connection), "{visit:?}");
    }
}

#[test]
fn a_consults_own_visit_is_transferred_too() {
    // A member (2.2) consults through a queue, which answers with 3.3, and joins both
    // calls: `app_queue` completes each visit whose bridge was part of the transfer.
    let device = "Queue: sales\nInterface: PJSIP/1006\nMemberName: Frank O'Neill\nDestChannel: PJSIP/1006-00000190\n\
                  DestUniqueid: 3.3\nDestLinkedid: 2.2\nHoldTime: 1";
    let transfer = "Event: AttendedTransfer\r\nTimestamp: 1795326304.0\r\nResult: Success\r\nDestType: Bridge\r\n\
        OrigTransfererChannel: PJSIP/1009-0000017c\r\nOrigTransfererUniqueid: 1.2\r\nOrigTransfererLinkedid: 1.1\r\n\
        SecondTransfererChannel: PJSIP/1009-0000018f\r\nSecondTransfererUniqueid: 2.2\r\nSecondTransfererLinkedid: 2.2\r\n\
        TransfereeChannel: PJSIP/trunk-00000001\r\nTransfereeUniqueid: 1.1\r\nTransfereeLinkedid: 1.1\r\n\
        TransferTargetChannel: PJSIP/1006-00000190\r\nTransferTargetUniqueid: 3.3\r\nTransferTargetLinkedid: 2.2\r\n\r\n";
    let text = [
        join(0, "2.2", "sales"),
        channel("AgentConnect", 1_000, "2.2", device),
        transfer.to_owned(),
        channel("AgentComplete", 4_001, "2.2", &format!("{device}\nTalkTime: 3\nReason: transfer")),
    ];
    let events = decoded(text.concat().as_bytes());
    let [released] = of_kind(&events, "Released")[..] else { panic!("{events:?}") };
    assert!(matches!(released.body, Body::Released { transferred: Some(TransferKind::Attended), .. }), "{released:?}");
}

#[test]
fn a_channel_that_changes_its_call_says_so_once() {
    let text = channel("Newchannel", 0, "2.2", "")
        + &channel("BridgeEnter", 1, "2.2", "BridgeUniqueid: b").replace("Linkedid: 2.2", "Linkedid: 1.1")
        // a snapshot beside a transfer still shows the old call
        + "Event: AttendedTransfer\r\nResult: Success\r\nTransferTargetUniqueid: 2.2\r\nTransferTargetLinkedid: 2.2\r\n\r\n"
        + &channel("Newstate", 3, "2.2", "").replace("Linkedid: 2.2", "Linkedid: 1.1");
    let events = decoded(text.as_bytes());
    let joined = of_kind(&events, "CallsJoined");
    assert_eq!((joined.len(), &joined[0].body), (1, &Body::CallsJoined { from_call: "2.2".into() }));
    assert_eq!(joined[0].call_id.as_deref(), Some("1.1"));
}

#[test]
fn recordings_are_named_before_or_after_they_start() {
    let start = |at| channel("MixMonitorStart", at, "1.1", "");
    let named = variable(1, "1.1", "MIXMONITOR_FILENAME", "/m/a.wav");
    let late = variable(9, "1.1", "MIXMONITOR_FILENAME", "/m/b.wav");
    let text = [channel("Newchannel", 0, "1.1", ""), named, start(2), start(5), late, start(20), hangup(30, "1.1")];
    let events = decoded(text.concat().as_bytes());
    let told: Vec<_> =
        of_kind(&events, "RecordingStarted").iter().map(|e| (e.at.millis() % 1000, e.body.clone())).collect();
    let path = |p: Option<&str>| Body::RecordingStarted { path: p.map(Into::into) };
    assert_eq!(told, [(2, path(Some("/m/a.wav"))), (5, path(Some("/m/b.wav"))), (20, path(None))]);
    assert_eq!(of_kind(&events, "RecordingStopped").len(), 1);
}

#[test]
fn two_directions_make_one_suspension() {
    let mute = |at, way: &str, on: u8| channel("MixMonitorMute", at, "1.1", &format!("Direction: {way}\nState: {on}"));
    let text = [
        mute(1, "read", 1),
        mute(2, "write", 1),
        mute(3, "read", 0),
        mute(4, "write", 0),
        mute(5, "both", 1),
        mute(6, "both", 0),
    ];
    let events = decoded(text.concat().as_bytes());
    let told: Vec<_> = events
        .iter()
        .filter(|e| e.body.kind().starts_with("Rec"))
        .map(|e| (e.at.millis() % 1000, e.body.kind()))
        .collect();
    assert_eq!(
        told,
        [(1, "RecordingSuspended"), (4, "RecordingResumed"), (5, "RecordingSuspended"), (6, "RecordingResumed")]
    );
}

#[test]
fn events_behind_the_hang_up_bring_no_channel_back() {
    let text = channel("Newchannel", 0, "1.1", "")
        + &hangup(1, "1.1")
        + &channel("NewConnectedLine", 2, "1.1", "")
        + &channel("NewCallerid", 3, "1.1", "CID-CallingPres: 32 (Presentation Prohibited, Not Screened)")
        + &hangup(4, "1.1");
    let events = decoded(text.as_bytes());
    assert_eq!(events.iter().map(|e| e.body.kind()).collect::<Vec<_>>(), ["Originated", "ConnectionCleared"]);
}

#[test]
fn a_hang_up_without_a_start_is_told() {
    let events = decoded(hangup(1, "1.1").as_bytes());
    assert_eq!(events[0].body, Body::ConnectionCleared { cause: Some(16), by: EndedBy::Unknown });
}

#[test]
fn who_hung_up_ends_the_others_too() {
    let agent = |text: String| {
        text.replace("PJSIP/trunk-0000000a", "PJSIP/1004-0000000b").replace("Linkedid: 2.2", "Linkedid: 1.1")
    };
    let text = [
        channel("Newchannel", 0, "1.1", ""),
        agent(channel("Newchannel", 1, "2.2", "")),
        agent(channel("HangupRequest", 5_000, "2.2", "Cause: 16")),
        channel("SoftHangupRequest", 5_001, "1.1", "Cause: 16"),
        agent(hangup(5_002, "2.2")),
        hangup(5_003, "1.1"),
        channel("Newchannel", 6_000, "3.3", ""),
        channel("SoftHangupRequest", 7_000, "3.3", ""),
        hangup(7_001, "3.3"),
    ];
    let events = decoded(text.concat().as_bytes());
    let by: Vec<_> = of_kind(&events, "ConnectionCleared").iter().map(|e| e.body.clone()).collect();
    let cleared = |by| Body::ConnectionCleared { cause: Some(16), by };
    assert_eq!(by, [cleared(EndedBy::Agent), cleared(EndedBy::Agent), cleared(EndedBy::System)]);
}

#[test]
fn numbers_are_withheld_in_two_ways() {
    let anonymous = channel("Newchannel", 0, "1.1", "").replace("07700900123", "anonymous");
    let prohibited = channel("Newchannel", 0, "2.2", "")
        + &channel("NewCallerid", 1, "2.2", "CID-CallingPres: 32 (Presentation Prohibited, Not Screened)");
    let events = decoded((anonymous + &prohibited).as_bytes());
    assert!(
        matches!(&events[0].body, Body::Originated { withheld: true, device: DeviceKind::Trunk, dialled, .. } if dialled.as_deref() == Some("support"))
    );
    let known = Body::PartyKnown { ani: Some("07700900123".into()), withheld: true, dnis: None };
    assert_eq!(of_kind(&events, "PartyKnown")[0].body, known);
}

#[test]
fn user_events_give_all_their_own_headers() {
    let text =
        channel("UserEvent", 0, "1.1", "UserEvent: CallbackRequested\nQueue: sales\nCallbackNumber: 0199\nEmpty: ");
    let events = decoded(text.as_bytes());
    let values =
        vec![("Queue".into(), "sales".into()), ("CallbackNumber".into(), "0199".into()), ("Empty".into(), "".into())];
    assert_eq!(events[1].body, Body::DataCollected { name: "CallbackRequested".into(), values });
    assert_eq!(events[2].body, Body::CallbackRequested { number: Some("0199".into()), leaves_queue: false });
}

#[test]
fn a_key_that_leads_to_its_extension_is_a_choice() {
    let key = |at, key: &str| channel("DTMFEnd", at, "1.1", &format!("Digit: {key}\nDirection: Received"));
    let step = |at, to: &str| {
        channel("Newexten", at, "1.1", &format!("Context: ivr\nExtension: {to}\nApplication: Goto\nAppData: x"))
    };
    let text = [
        key(0, "7"),
        key(10, "2"),
        step(20, "2"),
        step(30, "2"),
        step(40, "s"),
        join(50, "1.1", "support"),
        key(60, "9"),
        step(70, "9"),
        leave(80, "1.1"),
        step(9_000, "9"),
    ];
    let events = decoded(text.concat().as_bytes());
    let chosen = of_kind(&events, "MenuChosen");
    assert_eq!((chosen.len(), &chosen[0].body), (1, &Body::MenuChosen { digit: "2".into(), menu: Some("ivr".into()) }));
}

#[test]
fn a_login_is_no_restart_and_a_restart_is_one() {
    let booted = |at: i64, uptime: i64| {
        channel("Newstate", at, "1.1", "")
            + &format!("Event: FullyBooted\r\nUptime: {uptime}\r\nStatus: Fully Booted\r\n\r\n")
    };
    let events = decoded((booted(0, 8) + &booted(60_000, 68) + &booted(120_000, 127)).as_bytes());
    assert!(of_kind(&events, "SourceStarted").is_empty());
    let events = decoded((booted(0, 500) + &join(1, "1.1", "support") + &booted(60_000, 4)).as_bytes());
    assert_eq!(of_kind(&events, "SourceStarted").len(), 1);
    assert_eq!(of_kind(&decoded(b"Event: Shutdown\r\n\r\n"), "SourceStarted").len(), 1);
}

#[test]
fn a_system_name_before_the_ids_changes_nothing() {
    let plain = decoded(&calls());
    let text = String::from_utf8_lossy(&calls()).into_owned();
    let mut named = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        match line.split_once(": ") {
            Some((name, value)) if is_channel_id(name) && value.len() > 2 => {
                named.push_str(&format!("{name}: pbx1-{value}"))
            }
            _ => named.push_str(line),
        }
    }
    let named = decoded(named.as_bytes());
    assert_eq!(plain.len(), named.len());
    let without = |n: &Option<model::Name>| n.as_ref().map(|n| n.trim_start_matches("pbx1-").to_owned());
    for (p, n) in plain.iter().zip(&named) {
        assert_eq!(
            (p.body.kind(), without(&p.connection), without(&p.call_id)),
            (n.body.kind(), without(&n.connection), without(&n.call_id))
        );
    }
}

fn is_channel_id(header: &str) -> bool {
    let header = header.to_ascii_lowercase();
    (header.ends_with("uniqueid") || header.ends_with("linkedid")) && !header.contains("bridge")
}

#[test]
fn an_outbound_call_is_dialled_and_ends_with_a_result() {
    let events = decoded(&calls());
    let dialled = of_kind(&events, "Dialling");
    assert!(!dialled.is_empty());
    let results: Vec<_> = of_kind(&events, "DialEnded").iter().map(|e| e.body.clone()).collect();
    assert_eq!(results.len(), dialled.len());
    assert!(results.iter().any(|b| matches!(b, Body::DialEnded { result: DialResult::Connected, to: Some(_) })));
}

#[test]
fn a_list_behind_a_login_ends_what_it_leaves_out() {
    let login = "Event: FullyBooted\r\nUptime: 500\r\n\r\n";
    let member = |event: &str, names: &str| format!("Event: {event}\r\nQueue: vip\r\n{names}Paused: 0\r\n\r\n");
    let listed = |at: i64, uid: &str| channel("CoreShowChannel", at, uid, "Duration: 00:00:10");
    let text = [
        channel("Newchannel", 0, "1.1", ""),
        channel("Newchannel", 1, "2.2", ""),
        member("QueueMemberAdded", "MemberName: Ann\r\nInterface: PJSIP/1\r\n"),
        member("QueueMemberAdded", "MemberName: Bob\r\nInterface: PJSIP/2\r\n"),
        channel("Newstate", 60_000, "2.2", ""),
        login.to_owned(),
        channel("Newchannel", 60_001, "3.3", ""),
        "Event: QueueParams\r\nQueue: vip\r\nServiceLevel: 3\r\n\r\n".to_owned(),
        member("QueueMember", "Name: Bob\r\nLocation: PJSIP/2\r\n"),
        "Event: QueueStatusComplete\r\n\r\n".to_owned(),
        listed(60_002, "2.2"),
        "Event: CoreShowChannelsComplete\r\nListItems: 1\r\n\r\n".to_owned(),
        // without a login a list ends nothing
        "Event: CoreShowChannelsComplete\r\nListItems: 0\r\n\r\n".to_owned(),
    ];
    let events = decoded(text.concat().as_bytes());
    let cleared: Vec<_> = of_kind(&events, "ConnectionCleared").iter().map(|e| e.connection.as_deref()).collect();
    assert_eq!(cleared, [Some("1.1")]);
    let off: Vec<_> = of_kind(&events, "AgentLoggedOff").iter().map(|e| e.agent.as_deref()).collect();
    assert_eq!(off, [Some("Ann")]);
}
