use model::event::{DeviceKind, DialResult, DivertReason, EndedBy, LogonKind, OfferEnd, RejectReason, TransferKind};

use super::*;

fn join(at: i64, uid: &str, queue: &str) -> String {
    channel("QueueCallerJoin", at, uid, &format!("Queue: {queue}\nPosition: 1\nCount: 1"))
}

fn abandon(at: i64, uid: &str) -> String {
    channel("QueueCallerAbandon", at, uid, "Queue: support\nPosition: 1\nOriginalPosition: 3\nHoldTime: 14")
}

fn leave(at: i64, uid: &str) -> String {
    channel("QueueCallerLeave", at, uid, "Queue: support\nPosition: 1\nCount: 0")
}

fn variable(at: i64, uid: &str, name: &str, value: &str) -> String {
    channel("VarSet", at, uid, &format!("Variable: {name}\nValue: {value}"))
}

fn hangup(at: i64, uid: &str) -> String {
    channel("Hangup", at, uid, "Cause: 16\nCause-txt: Normal Clearing")
}

/// The one event of a visit's end, after a join at 0 s.
fn end_of_wait(rest: &[String]) -> Event {
    let events = decoded((join(0, "1.1", "support") + &rest.concat()).as_bytes());
    let ends: Vec<&Event> =
        events.iter().filter(|e| matches!(e.body, Body::Abandoned { .. } | Body::Diverted { .. })).collect();
    assert_eq!(ends.len(), 1, "{events:?}");
    ends[0].clone()
}

#[test]
fn an_abandon_is_what_the_queue_status_says_it_is() {
    for (status, reason) in [
        ("TIMEOUT", DivertReason::Timeout),
        ("LEAVEEMPTY", DivertReason::Empty),
        ("LEAVEUNAVAIL", DivertReason::Empty),
        ("WITHDRAW", DivertReason::Transfer),
    ] {
        let status = variable(14_002, "1.1", "QUEUESTATUS", status);
        let end = end_of_wait(&[abandon(14_000, "1.1"), leave(14_001, "1.1"), status, hangup(20_000, "1.1")]);
        assert_eq!(end.body, Body::Diverted { reason, wait_ms: Some(14_000), entry_position: Some(3) });
        assert_eq!(end.at, Instant::from_millis(1_795_326_314_000), "when it happened, not when it was settled");
        assert_eq!(end.position.offset, 3);
    }
}

#[test]
fn an_abandon_without_a_status_is_one() {
    let gone = end_of_wait(&[abandon(14_000, "1.1"), leave(14_001, "1.1"), hangup(14_002, "1.1")]);
    assert_eq!(gone.body, Body::Abandoned { wait_ms: Some(14_000), entry_position: Some(3) });
    // Nothing more is heard: the end of the input settles it.
    assert_eq!(end_of_wait(&[abandon(14_000, "1.1"), leave(14_001, "1.1")]).body, gone.body);
    // Moved out of the queue by the manager: app_queue counts an abandon.
    let moved =
        [variable(1, "1.1", "X", ""), abandon(14_000, "1.1"), leave(14_001, "1.1"), join(14_100, "1.1", "sales")];
    assert_eq!(end_of_wait(&moved).body, gone.body);
}

#[test]
fn without_variables_going_on_tells_a_time_out() {
    let end = end_of_wait(&[abandon(14_000, "1.1"), leave(14_001, "1.1"), join(14_002, "1.1", "sales")]);
    assert!(matches!(end.body, Body::Diverted { reason: DivertReason::Timeout, .. }));
}

#[test]
fn leaving_by_key_sends_no_abandon_and_its_wait_is_in_a_variable() {
    let wait = variable(4_000, "1.1", "QUEUEWAIT", "4");
    let cleared = variable(4_200, "1.1", "QUEUEWAIT", "");
    let end = end_of_wait(&[wait, leave(4_001, "1.1"), cleared, join(4_300, "1.1", "sales")]);
    let body = Body::Diverted { reason: DivertReason::Key, wait_ms: Some(4_000), entry_position: Some(1) };
    assert_eq!((end.body, end.queue.as_deref()), (body, Some("support")));
    let end = end_of_wait(&[leave(4_001, "1.1"), channel("Newstate", 9_000, "1.1", "")]);
    assert_eq!(end.at, Instant::from_millis(1_795_326_304_001));
    assert_eq!(end.position.offset, 2, "settled by the next record, two seconds later");
}

#[test]
fn an_answer_is_no_leaving() {
    let member = "Queue: support\nInterface: PJSIP/1004\nMemberName: Dmitri Volkov\nDestUniqueid: 2.2\nDestLinkedid: 1.1\n\
                  DestChannel: PJSIP/1004-00000002";
    let text = [
        join(0, "1.1", "support"),
        channel("AgentCalled", 10, "1.1", member),
        leave(3_000, "1.1"),
        channel("AgentConnect", 3_001, "1.1", &format!("{member}\nHoldTime: 3\nRingTime: 2")),
        channel("AgentComplete", 9_000, "1.1", &format!("{member}\nHoldTime: 3\nTalkTime: 6\nReason: caller")),
    ];
    let events = decoded(text.concat().as_bytes());
    assert!(of_kind(&events, "Diverted").is_empty() && of_kind(&events, "Abandoned").is_empty());
    let device = Some("2.2".into());
    assert_eq!(of_kind(&events, "Delivered")[0].body, Body::Delivered { device: device.clone() });
    let answer = of_kind(&events, "Established")[0];
    assert_eq!(answer.body, Body::Established { wait_ms: Some(3_000), ring_ms: Some(2_000), device });
    assert_eq!(answer.agent.as_deref(), Some("Dmitri Volkov"));
    let end = Body::Released {
        by: EndedBy::Caller,
        transferred: None,
        wait_ms: Some(3_000),
        talk_ms: Some(6_000),
        entry_position: None,
    };
    assert_eq!(of_kind(&events, "Released")[0].body, end);
}

#[test]
fn a_completion_without_channels_finds_its_visit() {
    let events = decoded(&calls());
    let released = of_kind(&events, "Released");
    let headless: Vec<_> = released.iter().filter(|e| e.connection.as_deref() == Some("1795326601.602")).collect();
    assert_eq!(headless.len(), 1);
    assert_eq!((headless[0].agent.as_deref(), headless[0].queue.as_deref()), (Some("Grace Li"), Some("sales")));
    assert_eq!(headless[0].call_id.as_deref(), Some("1795326601.602"));
}

#[test]
fn refusals_are_told_once_by_variable_or_dial_plan() {
    let step = |at, app: &str, data: &str| {
        channel("Newexten", at, "1.1", &format!("Extension: sales\nApplication: {app}\nAppData: {data}"))
    };
    let status = |at, value: &str| variable(at, "1.1", "QUEUESTATUS", value);
    let text = [
        step(0, "Queue", "sales,t,,,18"),
        status(1, "FULL"),
        step(2, "QueueLog", "sales,1.1,NONE,FULL,"),
        step(3, "Queue", "vip"),
        status(4, "JOINUNAVAIL"),
        step(5, "QueueLog", "night,1.1,NONE,CLOSED,"),
        step(6, "QueueLog", "night,1.1,NONE,DIVERT_HOLDTIME,120"),
        step(7, "QueueLog", "night,1.1,NONE,DID,0123"),
        step(8, "Queue", "sales"),
        status(9, "FULL"),
        status(10, "CONTINUE"),
    ];
    let events = decoded(text.concat().as_bytes());
    let told: Vec<_> = of_kind(&events, "Rejected").iter().map(|e| (e.queue.as_deref(), &e.body)).collect();
    let rejected = |reason| Body::Rejected { reason };
    let expected = [
        (Some("sales"), &rejected(RejectReason::Full)),
        (Some("vip"), &rejected(RejectReason::Empty)),
        (Some("night"), &rejected(RejectReason::Closed)),
        (Some("night"), &rejected(RejectReason::Diverted)),
        (Some("sales"), &rejected(RejectReason::Full)),
    ];
    assert_eq!(told, expected);
    // Without steps of the dial plan the extension names the queue.
    let events = decoded(status(0, "JOINEMPTY").as_bytes());
    assert_eq!(of_kind(&events, "Rejected")[0].queue.as_deref(), Some("support"));
}

#[test]
fn rings_that_nobody_answers_are_missed_or_cancelled() {
    let member = "Queue: support\nInterface: PJSIP/1004\nMemberName: Dmitri Volkov\nDestUniqueid: 2.2\nDestLinkedid: 1.1\n\
                  DestChannel: PJSIP/1004-00000002";
    let ring = |rest: &[String]| {
        let text = join(0, "1.1", "support") + &channel("AgentCalled", 0, "1.1", member) + &rest.concat();
        of_kind(&decoded(text.as_bytes()), "OfferEnded").iter().map(|e| e.body.clone()).collect::<Vec<_>>()
    };
    let dial_end = |at, status: &str| channel("DialEnd", at, "1.1", &format!("{member}\nDialStatus: {status}"));
    let missed = |at, ms: i64| channel("AgentRingNoAnswer", at, "1.1", &format!("{member}\nRingTime: {ms}"));
    let ended = |end, ring_ms| Body::OfferEnded { end, ring_ms, device: Some("2.2".into()) };
    let no_answer = |ms| vec![ended(OfferEnd::NoAnswer, Some(ms))];
    assert_eq!(ring(&[missed(5_000, 5_000), dial_end(5_001, "NOANSWER"), dial_end(5_002, "CANCEL")]), no_answer(5_000));
    assert_eq!(ring(&[dial_end(400, "BUSY"), missed(401, 0)]), no_answer(0));
    // An older switch gives seconds.
    assert_eq!(ring(&[missed(5_020, 5)]), no_answer(5_000));
    let cancelled = vec![ended(OfferEnd::Cancelled, None)];
    assert_eq!(ring(&[dial_end(2_000, "CANCEL"), dial_end(2_001, "CANCEL")]), cancelled);
}

#[test]
fn members_come_pause_and_go_by_queue() {
    let member = |event: &str, at: i64, rest: &str| {
        format!(
            "Event: {event}\r\nPrivilege: agent,all\r\nTimestamp: 17953263{at:02}.5\r\nQueue: billing\r\nMemberName: Ines Costa\r\n\
             Interface: Local/1009@agents/n\r\nStateInterface: PJSIP/1009\r\n{rest}\r\n\r\n"
        )
    };
    let text = [
        member("QueueMemberAdded", 1, "Paused: 0\r\nPausedReason: "),
        member("QueueMemberPause", 2, "Paused: 1\r\nPausedReason: lunch"),
        member("QueueMemberPause", 3, "Paused: 0\r\nPausedReason: "),
        member("QueueMemberStatus", 4, "Paused: 0\r\nStatus: 2"),
        member("QueueMemberRemoved", 5, "Paused: 0"),
    ];
    let events = decoded(text.concat().as_bytes());
    let bodies: Vec<_> = events.iter().map(|e| e.body.clone()).collect();
    let expected = [
        Body::AgentKnown { interface: "Local/1009@agents/n".into() },
        Body::AgentKnown { interface: "PJSIP/1009".into() },
        Body::AgentLoggedOn { kind: LogonKind::Member, listed: false },
        Body::AgentNotReady { reason: Some("lunch".into()), listed: false },
        Body::AgentReady { listed: false },
        Body::AgentLoggedOff { kind: LogonKind::Member, stated_ms: None },
    ];
    assert_eq!(bodies, expected);
    assert!(events.iter().all(|e| e.agent.as_deref() == Some("Ines Costa")));
}

#[test]
fn lists_fill_in_what_nothing_said_before() {
    let list = "Event: QueueParams\r\nQueue: vip\r\nServiceLevel: 3\r\n\r\n\
        Event: QueueMember\r\nQueue: vip\r\nName: Karen Wells\r\nLocation: PJSIP/1011\r\nPaused: 1\r\nPausedReason: toilet\r\n\r\n\
        Event: QueueEntry\r\nQueue: vip\r\nPosition: 1\r\nUniqueid: 5.5\r\nChannel: PJSIP/trunk-00000005\r\nCallerIDNum: 0199\r\nWait: 7\r\n\r\n\
        Event: CoreShowChannel\r\nUniqueid: 6.6\r\nLinkedid: 5.5\r\nChannel: PJSIP/1011-00000006\r\nDuration: 00:01:05\r\nBridgeId: b-1\r\n\r\n";
    let events = decoded((channel("Newstate", 0, "1.1", "") + list + list).as_bytes());
    assert_eq!(of_kind(&events, "QueueConfigured").len(), 1);
    assert_eq!(of_kind(&events, "QueueConfigured")[0].body, Body::QueueConfigured { sl_threshold_ms: 3_000 });
    let on = of_kind(&events, "AgentLoggedOn");
    assert_eq!((on.len(), &on[0].body), (1, &Body::AgentLoggedOn { kind: LogonKind::Member, listed: true }));
    assert_eq!(on[0].at, Instant::from_secs(1_795_326_300), "the time of the record before");
    let paused = Body::AgentNotReady { reason: Some("toilet".into()), listed: true };
    assert_eq!(of_kind(&events, "AgentNotReady")[0].body, paused);
    let queued = of_kind(&events, "Queued");
    assert_eq!((queued.len(), queued[0].at), (1, Instant::from_secs(1_795_326_293)));
    let up =
        of_kind(&events, "Originated").into_iter().find(|e| e.connection.as_deref() == Some("6.6")).expect("listed");
    assert_eq!((up.at, up.agent.as_deref()), (Instant::from_secs(1_795_326_235), Some("Karen Wells")));
    assert_eq!(of_kind(&events, "Connected").len(), 1);
}

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
