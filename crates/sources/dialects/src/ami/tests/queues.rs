//! Queue events against the rows of the queue log.

use model::event::{DivertReason, EndedBy, LogonKind, OfferEnd, RejectReason};

use super::*;

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
    let timeout = |rest: &[String]| {
        let end = end_of_wait(&[&[abandon(14_000, "1.1"), leave(14_001, "1.1")], rest].concat());
        matches!(end.body, Body::Diverted { reason: DivertReason::Timeout, .. })
    };
    let (soft, asked) = (channel("SoftHangupRequest", 14_500, "1.1", ""), channel("HangupRequest", 14_400, "1.1", ""));
    assert!(timeout(&[join(14_002, "1.1", "sales")]));
    assert!(timeout(&[channel("Newstate", 19_000, "1.1", "")]));
    assert!(timeout(&[soft.clone(), hangup(14_501, "1.1")]), "the switch hung up");
    assert!(!timeout(&[asked, soft, hangup(14_501, "1.1")]), "the caller hung up");
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
    // Answered, and hung up on the announcement to members (`memberdelay`, `reportholdtime`).
    let dumped =
        [dial_end(1_000, "ANSWER"), channel("AgentDump", 2_000, "1.1", member), dial_end(2_001, "CHANUNAVAIL")];
    assert_eq!(ring(&dumped), vec![ended(OfferEnd::NoAnswer, None)]);
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
