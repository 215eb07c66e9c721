//! Rows of every kind and version, and rows that are none.

use std::collections::BTreeMap;

use bytes::Bytes;
use model::event::{Body, DivertReason, EndedBy, LogonKind, OfferEnd, RejectReason, TransferKind};
use model::{Decoder, Dialect, Envelope, Event, Instant, Position};

use super::{QueueLogDecoder, QueueLogFramer};
use crate::testing::{capture, envelope, frame};
use crate::{Framed, NativeRecord};

fn records(text: &[u8]) -> Vec<Framed> {
    frame(&mut QueueLogFramer::new(), text, usize::MAX)
}

fn record(line: &str) -> NativeRecord {
    let mut all = records(line.as_bytes());
    assert_eq!(all.len(), 1, "{line}");
    all.remove(0).record.expect(line)
}

fn decode(decoder: &mut QueueLogDecoder, line: &str) -> Result<Vec<Event>, String> {
    let mut out = Vec::new();
    let envelope = envelope(Dialect::AsteriskQueueLog, &record(line));
    decoder.decode(&envelope, Position { partition: 3, offset: 7 }, &mut out).map_err(|e| e.to_string())?;
    Ok(out)
}

/// The bodies of one row, decoded by itself.
fn bodies(row: &str) -> Vec<Body> {
    let line = format!("1795326290|1795326279.20|support|Bob Keller|{row}");
    decode(&mut QueueLogDecoder::new(), &line).expect(row).into_iter().map(|e| e.body).collect()
}

fn only(row: &str) -> Body {
    let mut all = bodies(row);
    assert_eq!(all.len(), 1, "{row}: {all:?}");
    all.remove(0)
}

fn released(by: EndedBy, transferred: Option<TransferKind>, figures: Option<(i64, i64, i64)>) -> Body {
    Body::Released {
        by,
        transferred,
        wait_ms: figures.map(|f| f.0),
        talk_ms: figures.map(|f| f.1),
        entry_position: figures.map(|f| f.2),
    }
}

#[test]
fn a_row_keeps_its_text_and_gives_its_time() {
    let record = record("1795326272.5|1795326272.2|support|Chloé Dubois|ADDMEMBER|\r\n");
    assert_eq!(record.time, Some(Instant(1_795_326_272_500_000)));
    let json = r#"{"time":"1795326272.5","callid":"1795326272.2","queue":"support","agent":"Chloé Dubois","event":"ADDMEMBER","data":[""]}"#;
    assert_eq!(serde_json::to_string(&record.data).expect("JSON"), json);
}

#[test]
fn what_is_no_row_is_an_error_with_its_place_and_what_is_a_row_is_kept() {
    let text = b"1795326272|NONE|NONE\n\n  \r\nyesterday|a|b|c|DID|1\n1795326272|x|q|NONE|DID|1|2|3||";
    let all = records(text);
    assert_eq!(all.iter().map(|f| f.offset).collect::<Vec<_>>(), [0, 26, 48]);
    let message = |i: usize| all[i].record.as_ref().map_err(ToString::to_string).expect_err("no row");
    assert!(message(0).contains("3 field(s) where at least 5"), "{}", message(0));
    assert!(message(1).contains("'yesterday'") && message(1).contains("byte 26"), "{}", message(1));
    let last = all[2].record.as_ref().expect("a whole last row without line feed");
    assert_eq!(last.data["data"], serde_json::json!(["1", "2", "3", "", ""]));
}

#[test]
fn a_pipe_in_a_members_name_is_put_together_where_the_vocabulary_tells() {
    let record = record("1795326272|c|q|Ann|e|Lee|PAUSE|lunch");
    assert_eq!((&record.data["agent"], &record.data["event"]), (&"Ann|e|Lee".into(), &"PAUSE".into()));
    let unknown = record_of_unknown();
    assert_eq!(unknown.data["event"], "VACUUM");
    assert_eq!(unknown.data["data"], serde_json::json!(["PAUSE"]));
}

fn record_of_unknown() -> NativeRecord {
    record("1795326272|c|q|Ann|VACUUM|PAUSE")
}

#[test]
fn bytes_that_are_no_utf8_cost_an_accent_and_no_row() {
    let all = records(b"1795326272|NONE|sales|Jos\xe9|PAUSE|tea\n");
    let data = &all[0].record.as_ref().expect("a row").data;
    assert_eq!((&data["agent"], &data["invalid_utf8"]), (&"Jos\u{fffd}".into(), &true.into()));
}

#[test]
fn a_line_that_is_too_long_is_one_error_and_the_next_is_read() {
    let mut text = vec![b'x'; crate::MAX_RECORD + 10];
    text.extend_from_slice(b"\n1795326272|c|q|NONE|DID|1\n");
    for chunk in [7919, usize::MAX] {
        let all = frame(&mut QueueLogFramer::new(), &text, chunk);
        assert_eq!(all.len(), 2);
        assert!(all[0].record.is_err() && all[0].raw.len() == 64 * 1024);
        assert!(all[1].record.is_ok() && all[1].offset == crate::MAX_RECORD as u64 + 11);
    }
}

#[test]
fn joining_and_waiting_and_leaving() {
    let queued = |position, ani: &str| Body::Queued { position, ani: Some(ani.into()) };
    assert_eq!(only("ENTERQUEUE||07700900018|2"), queued(Some(2), "07700900018"));
    assert_eq!(only("ENTERQUEUE|https://crm/x|07700900018"), queued(None, "07700900018"));
    assert_eq!(only("ENTERQUEUE||07700900018|2|Ann_Lee"), queued(Some(2), "07700900018"));
    assert_eq!(only("ENTERQUEUE|||1"), Body::Queued { position: Some(1), ani: None });
    let hidden = bodies("ENTERQUEUE||anonymous|1");
    assert_eq!(hidden[0], Body::PartyKnown { ani: Some("anonymous".into()), withheld: true, dnis: None });
    assert_eq!(hidden[1], queued(Some(1), "anonymous"));
    assert_eq!(only("ABANDON|1|2|7"), Body::Abandoned { wait_ms: Some(7000), entry_position: Some(2) });
    let diverted = |reason, wait_ms, entry_position| Body::Diverted { reason, wait_ms, entry_position };
    assert_eq!(only("EXITWITHTIMEOUT|1|3|14"), diverted(DivertReason::Timeout, Some(14_000), Some(3)));
    assert_eq!(only("EXITWITHTIMEOUT|1"), diverted(DivertReason::Timeout, None, None));
    assert_eq!(only("EXITWITHKEY|9|4|6|3"), diverted(DivertReason::Key, Some(3000), Some(6)));
    assert_eq!(only("EXITWITHKEY|9|4"), diverted(DivertReason::Key, None, None));
    assert_eq!(only("EXITEMPTY|1|3|12"), diverted(DivertReason::Empty, Some(12_000), Some(3)));
    for info in ["", "recalled", "recalled|by|Ann"] {
        let row = format!("WITHDRAW|2|3|12|{info}");
        assert_eq!(only(&row), diverted(DivertReason::Transfer, Some(12_000), Some(3)));
    }
}

#[test]
fn answers_offers_and_ends() {
    let connect =
        |wait_ms, ring_ms, device: Option<&str>| Body::Established { wait_ms, ring_ms, device: device.map(Into::into) };
    assert_eq!(only("CONNECT|8|1795326274.8|1"), connect(Some(8000), Some(1000), Some("1795326274.8")));
    assert_eq!(only("CONNECT|8"), connect(Some(8000), None, None));
    assert_eq!(only("COMPLETECALLER|1|10|1"), released(EndedBy::Caller, None, Some((1000, 10_000, 1))));
    assert_eq!(only("COMPLETEAGENT|5|3|2||"), released(EndedBy::Agent, None, Some((5000, 3000, 2))));
    let offer = |end, ring_ms| Body::OfferEnded { end, ring_ms, device: None };
    assert_eq!(only("RINGNOANSWER|5000"), offer(OfferEnd::NoAnswer, Some(5000)));
    assert_eq!(only("RINGNOANSWER"), offer(OfferEnd::NoAnswer, None));
    assert_eq!(only("RINGCANCELED|4420"), offer(OfferEnd::Cancelled, Some(4420)));
    assert_eq!(only("AGENTDUMP|"), offer(OfferEnd::NoAnswer, None));
    assert_eq!(only("SYSCOMPAT|"), offer(OfferEnd::NoAnswer, None));
}

#[test]
fn transfers_of_every_shape() {
    let check = |row: &str, kind, target: Option<&str>, figures| {
        let by_agent = Body::Transferred { kind, by: None, target: target.map(Into::into), to: None };
        assert_eq!(bodies(row), [by_agent, released(EndedBy::Agent, Some(kind), figures)], "{row}");
    };
    let (blind, attended) = (TransferKind::Blind, TransferKind::Attended);
    check("BLINDTRANSFER|6001|internal|8|6|1", blind, Some("6001"), Some((8000, 6000, 1)));
    check("TRANSFER|6001|internal|8|6|1", blind, Some("6001"), Some((8000, 6000, 1)));
    check("TRANSFER|6001|internal", blind, Some("6001"), None);
    let link = "ATTENDEDTRANSFER|LINK|Local/_attended@transfer-00000003;1|Local/_attended@transfer-00000003;2|1|7|1";
    check(link, attended, None, Some((1000, 7000, 1)));
    let bridge = "ATTENDEDTRANSFER|BRIDGE|be80cf5e-740c-410b-81a1-93275ad9c385|0|7|1||";
    check(bridge, attended, None, Some((0, 7000, 1)));
    check("ATTENDEDTRANSFER|APP|ConfBridge|2|9|4", attended, Some("ConfBridge"), Some((2000, 9000, 4)));
    check("ATTENDEDTRANSFER|APP|ConfBridge", attended, Some("ConfBridge"), None);
}

#[test]
fn refusals_written_by_dial_plans() {
    for (row, reason) in [
        ("CLOSED", RejectReason::Closed),
        ("FULL|", RejectReason::Full),
        ("JOINEMPTY|", RejectReason::Empty),
        ("DIVERT_CA_RATIO", RejectReason::Diverted),
        ("DIVERT_HOLDTIME|", RejectReason::Diverted),
    ] {
        assert_eq!(only(row), Body::Rejected { reason });
    }
}

#[test]
fn agents_come_go_and_pause() {
    let on = |kind| Body::AgentLoggedOn { kind, listed: false };
    let off = |kind, stated_ms| Body::AgentLoggedOff { kind, stated_ms };
    let away = |reason: Option<&str>| Body::AgentNotReady { reason: reason.map(Into::into), listed: false };
    assert_eq!(only("ADDMEMBER|"), on(LogonKind::Member));
    assert_eq!(bodies("ADDMEMBER|PAUSED"), [on(LogonKind::Member), away(None)]);
    assert_eq!(only("REMOVEMEMBER|"), off(LogonKind::Member, None));
    assert_eq!(only("AGENTLOGIN|SIP/1001-0a"), on(LogonKind::Agent));
    assert_eq!(only("AGENTLOGOFF|SIP/1001-0a|3601"), off(LogonKind::Agent, Some(3_601_000)));
    assert_eq!(only("AGENTCALLBACKLOGIN|1001@agents"), on(LogonKind::Callback));
    let back = "AGENTCALLBACKLOGOFF|1001@agents|60|Autologoff";
    assert_eq!(only(back), off(LogonKind::Callback, Some(60_000)));
    assert_eq!(only("PAUSE|lunch"), away(Some("lunch")));
    assert_eq!(only("PAUSE"), away(None));
    assert_eq!(only("UNPAUSE|"), Body::AgentReady { listed: false });
    assert_eq!(only("WRAPUPSTART|30"), Body::AgentWorkingAfterCall { stated_ms: Some(30_000) });
    let all = decode(&mut QueueLogDecoder::new(), "1795326291|NONE|NONE|Bob Keller|PAUSEALL|wrapup").expect("a row");
    assert_eq!((all[0].queue.as_deref(), all[0].agent.as_deref()), (None, Some("Bob Keller")));
    assert_eq!((&all[0].call_id, &all[0].connection), (&None, &None));
}

#[test]
fn the_rest_of_the_vocabulary_and_what_is_not_in_it() {
    let dnis = Some("442079460400".into());
    assert_eq!(only("DID|442079460400"), Body::PartyKnown { ani: None, withheld: false, dnis });
    // Kept: the switch is still heard, and whoever asks for a call's rows sees them.
    for kept in [
        "DID|",
        "CONFIGRELOAD|",
        "PENALTY|3",
        "RINGINUSE|1",
        "INFO|x",
        "CALLERID|x",
        "OUTCALL|ANSWER|35|",
        "VACUUM|1",
        "WRAPUPSTART|",
    ] {
        let name = kept.split('|').next().unwrap_or_default().into();
        assert_eq!(only(kept), Body::Unrecognized { name }, "{kept}");
    }
    let start = decode(&mut QueueLogDecoder::new(), "1795326261|NONE|NONE|NONE|QUEUESTART|").expect("a row");
    assert_eq!(start[0].body, Body::SourceStarted);
    assert_eq!(start[0].position, Position { partition: 3, offset: 7 });
}

#[test]
fn an_empty_queue_that_is_told_twice_ends_a_stay_once() {
    let mut decoder = QueueLogDecoder::new();
    let mut kinds = Vec::new();
    for row in ["ENTERQUEUE||1|1", "EXITEMPTY|1|1|4", "LEAVEEMPTY", "ENTERQUEUE||1|1", "LEAVEEMPTY"] {
        let line = format!("1795326272|c|q|NONE|{row}");
        kinds.extend(decode(&mut decoder, &line).expect(row).iter().map(|e| e.body.kind()));
    }
    assert_eq!(kinds, ["Queued", "Diverted", "Unrecognized", "Queued", "Diverted"]);
}

#[test]
fn rows_without_what_their_event_needs_are_errors() {
    for (line, needs) in [
        ("1795326272|NONE|sales|NONE|ENTERQUEUE||1|1", "no call"),
        ("1795326272|c|NONE|NONE|ABANDON|1|1|1", "no queue"),
        ("1795326272|c|sales|NONE|PAUSE|x", "no agent"),
        ("1795326272|c|NONE|Ann|ADDMEMBER|", "no queue"),
        ("12|c|sales|NONE|DID|1", "1970-01-01"),
        ("4102444801|c|sales|NONE|DID|1", "2100-01-01"),
    ] {
        let error = decode(&mut QueueLogDecoder::new(), line).expect_err(line);
        assert!(error.contains(needs), "{error}");
    }
}

#[test]
fn the_capture_decodes_row_by_row() {
    let text = capture("queue_log.gz");
    let mut decoder = QueueLogDecoder::new();
    let mut counts: BTreeMap<&'static str, usize> = BTreeMap::new();
    for framed in records(&text) {
        let mut out = Vec::new();
        let envelope = envelope(Dialect::AsteriskQueueLog, &framed.record.expect("every row frames"));
        decoder.decode(&envelope, Position::default(), &mut out).expect("every row decodes");
        for event in out {
            *counts.entry(event.body.kind()).or_default() += 1;
        }
    }
    let count = |kind: &str| counts.get(kind).copied().unwrap_or(0);
    assert_eq!(count("Queued"), 458);
    assert_eq!(count("Established"), 292);
    assert_eq!(count("Released"), 112 + 108 + 39 + 33);
    assert_eq!(count("Transferred"), 39 + 33);
    assert_eq!(count("Abandoned"), 89);
    assert_eq!(count("Diverted"), 71 + 4 + 2);
    assert_eq!(count("Rejected"), 24 + 17);
    assert_eq!(count("OfferEnded"), 48 + 22);
    assert_eq!((count("AgentLoggedOn"), count("AgentLoggedOff")), (61, 59));
    assert_eq!((count("AgentNotReady"), count("AgentReady")), (235 + 147, 202 + 134));
    // 499 DID rows, some without a number (consults), and one for each withheld number that joined.
    let anonymous = String::from_utf8_lossy(&text).matches("ENTERQUEUE||anonymous|").count();
    let nameless = String::from_utf8_lossy(&text).matches("|DID|\n").count();
    assert_eq!(count("PartyKnown"), 499 - nameless + anonymous);
    assert_eq!((count("SourceStarted"), count("Unrecognized")), (1, nameless));
}

#[test]
fn a_snapshot_goes_on_where_it_was_taken() {
    let mut first = QueueLogDecoder::new();
    decode(&mut first, "1795326272|c|q|NONE|ENTERQUEUE||1|1").expect("a row");
    let mut second = QueueLogDecoder::new();
    second.restore(&first.snapshot()).expect("its own bytes");
    assert_eq!(decode(&mut second, "1795326273|c|q|NONE|LEAVEEMPTY").expect("a row").len(), 1);
    assert!(second.restore(b"\xff\xff\xff\xff\xff\xff").is_err());
}

proptest::proptest! {
    #[test]
    fn any_bytes_in_any_chunks_give_the_same_records(bytes: Vec<u8>, chunk in 1_usize..9) {
        let once = records(&bytes);
        proptest::prop_assert_eq!(once, frame(&mut QueueLogFramer::new(), &bytes, chunk));
    }

    #[test]
    fn any_fields_decode_or_are_refused_and_leave_nothing_half_done(
        event in "(ENTERQUEUE|CONNECT|ABANDON|ATTENDEDTRANSFER|BLINDTRANSFER|PAUSE|ADDMEMBER|EXITWITHKEY|WRAPUPSTART|LEAVEEMPTY|[A-Z]{0,9})",
        time in "(1795326272|[0-9]{0,21})(\\.[0-9]{0,9})?", callid in "(NONE|[0-9.]{0,12})", queue in "(NONE|\\PC{0,6})",
        agent in "(NONE|\\PC{0,6})", data in proptest::collection::vec("([0-9]{0,22}|\\PC{0,5})", 0..8),
    ) {
        let json = serde_json::json!({"time": time, "callid": callid, "queue": queue, "agent": agent, "event": event, "data": data});
        let envelope = Envelope { data: Bytes::from(json.to_string()), ..envelope(Dialect::AsteriskQueueLog, &record_of_unknown()) };
        let mut out = Vec::new();
        if QueueLogDecoder::new().decode(&envelope, Position::default(), &mut out).is_err() {
            proptest::prop_assert!(out.is_empty());
        }
    }
}

#[test]
fn a_customer_passed_on_to_a_consult_that_still_waits_takes_its_place() {
    let rows = [
        "1795866831|1.43|billing|NONE|ENTERQUEUE||07700900019|1",
        "1795866834|1.43|billing|Grace Li|CONNECT|2|1.53|0",
        "1795866834|1.61|sales|NONE|ENTERQUEUE||07700900020|2",
        "1795866834|1.62|sales|NONE|ENTERQUEUE||07700900021|3",
        "1795866834|1.63|sales|NONE|ENTERQUEUE||1007|3",
        "1795866839|1.43|billing|Grace Li|ATTENDEDTRANSFER|APP|Queue|2|5|1",
        "1795866842|1.62|sales|Eve Santos|CONNECT|8|1.96|0",
        "1795866843|1.43|sales|NONE|ABANDON|1|3|9",
    ];
    let mut decoder = QueueLogDecoder::new();
    let told: Vec<Event> = rows.iter().flat_map(|row| decode(&mut decoder, row).expect(row)).collect();
    let place = &told[told.len() - 2];
    assert!(matches!(&place.body, Body::Transferred { to: Some(to), target: None, .. } if to == "1.63"), "{place:?}");
    assert_eq!((place.connection.as_deref(), place.at), (Some("1.43"), Instant::from_secs(1_795_866_839)));
    // Rows that came out of order are no such place: nobody passed that caller on.
    let alone = decode(&mut decoder, "1795866843|1.99|sales|Dmitri Volkov|CONNECT|9|1.98|1").expect("a row");
    assert!(matches!(alone[..], [Event { body: Body::Established { .. }, .. }]), "{alone:?}");
}

#[test]
fn a_talk_that_ends_under_another_name_is_the_one_that_fits() {
    let before = [
        "1795866847|1.107|support|NONE|ENTERQUEUE||1009|2",
        "1795866848|1.107|support|Dmitri Volkov|CONNECT|1|1.113|0",
    ];
    let end = |row: &str| {
        let mut decoder = QueueLogDecoder::new();
        before.iter().for_each(|row| drop(decode(&mut decoder, row).expect(row)));
        decode(&mut decoder, row).expect(row).iter().map(|e| e.body.kind()).collect::<Vec<_>>()
    };
    let taken = end("1795866858|1.81|support|Dmitri Volkov|COMPLETECALLER|1|10|2");
    assert_eq!(taken, ["Transferred", "Released"]);
    for other in [
        "1795866858|1.81|support|Grace Li|COMPLETECALLER|1|10|2",
        "1795866858|1.81|support|Dmitri Volkov|COMPLETECALLER|4|10|2",
        "1795866858|1.81|support|Dmitri Volkov|COMPLETECALLER|1|3|2",
        "1795866858|1.81|sales|Dmitri Volkov|COMPLETECALLER|1|10|2",
        "1795866858|1.107|support|Dmitri Volkov|COMPLETECALLER|1|10|2",
    ] {
        assert_eq!(end(other), ["Released"], "{other}");
    }
}

#[test]
fn a_reason_may_hold_pipes() {
    let paused = |reason: &str| Body::AgentNotReady { reason: Some(reason.into()), listed: false };
    assert_eq!(only("PAUSE|coaching|1:1"), paused("coaching|1:1"));
    assert_eq!(only("PAUSEALL|lunch||"), paused("lunch"));
}
