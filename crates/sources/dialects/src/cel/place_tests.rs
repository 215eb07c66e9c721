//! Callers and agents whose place another channel takes; cut down from rows of Asterisk 22.

use model::event::{Body, TransferKind};
use model::{Event, Instant};

use super::CelDecoder;
use super::tests::decode;

type Step<'a> = (&'a str, &'a str, (&'a str, &'a str), (&'a str, &'a str), &'a str);

const TRUNK: (&str, &str) = ("1", "PJSIP/trunk-1");
const NONE: (&str, &str) = ("", "");
const SALES: (&str, &str) = ("Queue", "sales,t,,,20");
const OFFER: (&str, &str) = ("AppQueue", "(Outgoing Line)");

/// Second, event, channel, application, details; each extension is named like its queue.
fn told(steps: &[Step<'_>]) -> Vec<Event> {
    let (mut decoder, mut told) = (CelDecoder::new(), Vec::new());
    for (time, event, (id, channel), (app, data), extra) in steps {
        let time = format!("17953262{time}");
        let row = [
            ("EventType", *event),
            ("EventTime", time.as_str()),
            ("UniqueID", *id),
            ("LinkedID", if *id == "7" { "7" } else { "1" }),
            ("ChanName", *channel),
            ("Context", "to-queue"),
            ("Exten", data.split(',').next().unwrap_or("")),
            ("AppName", *app),
            ("AppData", *data),
            ("EventExtra", *extra),
        ];
        told.extend(decode(&mut decoder, &row).expect("a row"));
    }
    told
}

fn visits(events: &[Event]) -> Vec<String> {
    let at = |t: Instant| t.millis() - 1_795_326_200_000;
    let of_queue = events.iter().filter(|e| e.queue.is_some() && e.body.kind() != "Delivered");
    let line = |e: &Event| {
        let (queue, by) = (e.queue.as_deref().unwrap_or(""), e.agent.as_deref().unwrap_or("-"));
        format!("{} {} {queue} {} {by}", at(e.at), e.body.kind(), e.connection.as_deref().unwrap_or("-"))
    };
    of_queue.map(line).collect()
}

#[test]
fn a_customer_passed_on_to_a_waiting_consult_waits_on_in_its_place() {
    let (consult, phone) = (("7", "PJSIP/1002-7"), ("8", "PJSIP/1006-8"));
    let events = told(&[
        ("10", "CHAN_START", TRUNK, NONE, ""),
        ("11", "CHAN_START", consult, NONE, ""),
        ("12", "STREAM_BEGIN", consult, SALES, ""),
        (
            "14",
            "ATTENDEDTRANSFER",
            ("2", "PJSIP/1002-2"),
            ("AppDial", "(Outgoing Line)"),
            r#"{"bridge1_id":"one","channel2_uniqueid":"7","app":"Queue","transferee_channel_uniqueid":"1","transfer_target_channel_uniqueid":"N/A"}"#,
        ),
        ("14.1", "STREAM_END", consult, SALES, ""),
        ("14.1", "HANGUP", consult, ("", "park-dial"), "{}"),
        ("14.1", "STREAM_BEGIN", TRUNK, SALES, ""),
        ("15", "CHAN_START", phone, NONE, ""),
        ("16", "BRIDGE_ENTER", phone, OFFER, r#"{"bridge_id":"two"}"#),
        ("16", "BRIDGE_ENTER", TRUNK, SALES, r#"{"bridge_id":"two"}"#),
    ]);
    assert_eq!(visits(&events), ["12000 Queued sales 7 -", "16000 Established sales 1 PJSIP/1006"]);
    let passed = events.iter().find(|e| e.body.kind() == "Transferred").expect("a transfer");
    assert_eq!(passed.connection.as_deref(), Some("1"));
    let Body::Transferred { kind: TransferKind::Attended, to: Some(to), .. } = &passed.body else {
        panic!("{passed:?}");
    };
    assert_eq!(to, "7");
}

#[test]
fn whoever_picks_up_a_members_ringing_answers_for_the_member() {
    let (member, other) = (("2", "PJSIP/1010-2"), ("3", "PJSIP/1012-3"));
    let events = told(&[
        ("10", "CHAN_START", TRUNK, NONE, ""),
        ("11", "STREAM_BEGIN", TRUNK, SALES, ""),
        ("12", "CHAN_START", member, NONE, ""),
        ("14", "CHAN_START", other, NONE, ""),
        ("14", "PICKUP", member, OFFER, r#"{"pickup_channel":"PJSIP/1012-3","pickup_channel_uniqueid":"3"}"#),
        ("14", "HANGUP", member, NONE, r#"{"hangupcause":26}"#),
        ("14", "CHAN_END", member, NONE, ""),
        ("14", "BRIDGE_ENTER", other, OFFER, r#"{"bridge_id":"two"}"#),
        ("14", "BRIDGE_ENTER", TRUNK, SALES, r#"{"bridge_id":"two"}"#),
    ]);
    assert_eq!(visits(&events), ["11000 Queued sales 1 -", "14000 Established sales 1 PJSIP/1010"]);
}

#[test]
fn a_caller_redirected_out_of_the_talk_into_a_queue_makes_another_visit() {
    let phone = ("2", "PJSIP/1010-2");
    let vip = ("Queue", "vip,t,,,20");
    let events = told(&[
        ("10", "CHAN_START", TRUNK, NONE, ""),
        ("11", "STREAM_BEGIN", TRUNK, SALES, ""),
        ("12", "CHAN_START", phone, NONE, ""),
        ("14", "BRIDGE_ENTER", phone, OFFER, r#"{"bridge_id":"two"}"#),
        ("14", "BRIDGE_ENTER", TRUNK, SALES, r#"{"bridge_id":"two"}"#),
        ("18", "BRIDGE_EXIT", TRUNK, ("Queue", "sales,t,,,20"), r#"{"bridge_id":"two"}"#),
        ("18", "STREAM_BEGIN", TRUNK, vip, ""),
        ("18", "BRIDGE_EXIT", phone, OFFER, r#"{"bridge_id":"two"}"#),
        ("18", "HANGUP", phone, OFFER, r#"{"hangupcause":26,"hangupsource":""}"#),
        ("21", "HANGUP", TRUNK, vip, r#"{"hangupcause":16,"hangupsource":"PJSIP/trunk-1"}"#),
    ]);
    let own = ["18000 Released sales 1 PJSIP/1010", "18000 Queued vip 1 -", "21000 Abandoned vip 1 -"];
    assert_eq!(visits(&events)[2..], own);
}

#[test]
fn the_end_of_the_application_is_the_end_of_the_wait() {
    let events = told(&[
        ("10", "CHAN_START", TRUNK, NONE, ""),
        ("11", "APP_START", TRUNK, SALES, ""),
        ("31", "APP_END", TRUNK, SALES, ""),
        ("35", "HANGUP", TRUNK, NONE, r#"{"hangupcause":16,"hangupsource":"dialplan/builtin"}"#),
    ]);
    assert_eq!(visits(&events), ["11000 Queued sales 1 -", "31000 Diverted sales 1 -"]);
}
