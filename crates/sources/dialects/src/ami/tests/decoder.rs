//! The decoder over whole streams: snapshots, bounds, orders, releases.

use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;
use crate::Masker;
use crate::ami::AmiMasker;

fn snapshot_at(envelopes: &[Envelope], cut: usize) -> Vec<Event> {
    let (mut first, mut out) = (AmiDecoder::new(), Vec::new());
    feed(&mut first, &envelopes[..cut], 0, &mut out);
    let mut second = AmiDecoder::new();
    second.restore(&first.snapshot()).expect("its own state");
    feed(&mut second, &envelopes[cut..], cut, &mut out);
    out
}

#[test]
fn a_snapshot_anywhere_changes_nothing() {
    let envelopes = envelopes(&records(&calls()));
    let whole = snapshot_at(&envelopes, 0);
    assert!(whole.len() > 500);
    for cut in (0..envelopes.len()).step_by(53) {
        assert_eq!(snapshot_at(&envelopes, cut), whole, "a snapshot after {cut} records");
    }
}

#[test]
fn foreign_bytes_are_no_state() {
    assert!(AmiDecoder::new().restore(&[0xff; 40]).is_err());
}

#[test]
fn ordinals_and_positions_rise() {
    let events = decoded(&calls());
    assert!(events.windows(2).all(|w| (w[0].position, w[0].ordinal) < (w[1].position, w[1].ordinal)));
}

#[test]
fn what_is_remembered_is_bounded_by_what_is_open() {
    let mut decoder = AmiDecoder::new();
    let mut out = Vec::new();
    let empty = decoder.snapshot().len();
    let mut peak = 0;
    for call in 0..400_i64 {
        let uid = format!("{call}.1");
        let at = call * 10_000;
        let text = [
            channel("Newchannel", at, &uid, ""),
            channel("QueueCallerJoin", at + 10, &uid, "Queue: support\nPosition: 1"),
            channel("QueueCallerAbandon", at + 5_000, &uid, "Queue: support\nOriginalPosition: 1\nHoldTime: 5"),
            channel("QueueCallerLeave", at + 5_001, &uid, "Queue: support"),
            channel("Hangup", at + 5_002, &uid, "Cause: 16"),
            channel("NewConnectedLine", at + 5_003, &uid, ""),
        ];
        feed(&mut decoder, &envelopes(&records(text.concat().as_bytes())), 0, &mut out);
        peak = peak.max(decoder.snapshot().len());
    }
    assert_eq!(of_kind(&out, "Abandoned").len(), 400);
    assert!(peak < empty + 600, "{peak} bytes of state for one call at a time");
}

#[test]
fn a_record_that_cannot_be_read_is_an_error_and_the_next_is_read() {
    let mut decoder = AmiDecoder::new();
    let mut out = Vec::new();
    let good = envelopes(&records(channel("Newchannel", 0, "1.1", "").as_bytes())).remove(0);
    for (data, word) in [("[1]", "no JSON object"), ("{\"Event\":", "no JSON object"), ("nonsense", "no JSON object")] {
        let bad = Envelope { data: data.into(), ..good.clone() };
        let error = decoder.decode(&bad, Position::default(), &mut out).expect_err("an error").to_string();
        assert!(error.contains(word) && error.starts_with("asterisk.ami: "), "{error}");
    }
    let old = Envelope { time: Instant::from_secs(12), ..good.clone() };
    assert!(decoder.decode(&old, Position::default(), &mut out).is_err_and(|e| e.reason.contains("1970")));
    assert!(out.is_empty());
    assert!(decoder.decode(&good, Position::default(), &mut out).is_ok() && out.len() == 1);
}

#[test]
fn responses_and_known_noise_bring_nothing_and_unknown_names_are_told() {
    let text = "Response: Success\r\nMessage: x\r\n\r\nEvent: RTCPSent\r\nUniqueid: 1.1\r\n\r\nEvent: Novelty\r\nUniqueid: 1.1\r\n\r\n";
    let events = decoded(text.as_bytes());
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].body, Body::Unrecognized { name: "Novelty".into() });
}

#[test]
fn the_order_and_case_of_headers_do_not_matter() {
    let text = "Event: Newchannel\r\nuniqueid: 1.1\r\nLINKEDID: 1.1\r\nchannel: PJSIP/1003-00000001\r\n\r\n";
    let mut envelope = envelopes(&records(text.as_bytes())).remove(0);
    let mut out = Vec::new();
    AmiDecoder::new().decode(&envelope, Position::default(), &mut out).expect("readable");
    envelope.data = Bytes::from_static(
        br#"{"Privilege":"call,all","Uniqueid":"1.1","Linkedid":"1.1", "Channel":"PJSIP/1003-00000001","Event":"Newchannel"}"#,
    );
    AmiDecoder::new().decode(&envelope, Position::default(), &mut out).expect("readable");
    assert_eq!(out[0], out[1]);
}

/// The first messages of the slice.
static SOME_BYTES: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut bytes = calls();
    let end = bytes[..60_000].windows(4).rposition(|w| w == b"\r\n\r\n").map_or(0, |i| i + 4);
    bytes.truncate(end);
    bytes
});
static SOME: LazyLock<Vec<NativeRecord>> = LazyLock::new(|| records(&SOME_BYTES));

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn damaged_streams_never_panic(damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..40)) {
        let mut bytes = SOME_BYTES.clone();
        for (place, byte) in damage {
            *place.get_mut(&mut bytes) = byte;
        }
        crate::ami::fuzz_ami(&bytes);
    }

    #[test]
    fn real_records_in_any_order_never_panic(picks in proptest::collection::vec(any::<prop::sample::Index>(), 1..200)) {
        let records = &*SOME;
        let (mut masker, mut decoder, mut out) = (AmiMasker::default(), AmiDecoder::new(), Vec::new());
        let mut chosen: Vec<NativeRecord> = picks.iter().map(|i| i.get(records.as_slice()).clone()).collect();
        for record in &mut chosen {
            masker.mask(record);
        }
        feed(&mut decoder, &envelopes(&chosen), 0, &mut out);
        decoder.release(Instant::from_secs(1_795_330_000), Position::default(), &mut out);
        prop_assert!(decoder.restore(&decoder.snapshot()).is_ok());
    }
}

#[test]
fn a_time_of_receipt_before_the_first_stamp_hurries_nothing() {
    let text = "Event: FullyBooted\r\nUptime: 500\r\n\r\n".to_owned()
        + &join(0, "1.1", "support")
        + &channel("QueueCallerAbandon", 14_000, "1.1", "Queue: support\nOriginalPosition: 1\nHoldTime: 14")
        + &channel("QueueCallerLeave", 14_001, "1.1", "Queue: support")
        + &channel("VarSet", 14_002, "1.1", "Variable: QUEUESTATUS\nValue: TIMEOUT")
        // A restart is still told from the times that the switch gave.
        + "Event: FullyBooted\r\nUptime: 4\r\n\r\n";
    let mut envelopes = envelopes(&records(text.as_bytes()));
    envelopes[0].time = Instant::from_secs(1_795_400_000);
    let (mut decoder, mut out) = (AmiDecoder::new(), Vec::new());
    feed(&mut decoder, &envelopes, 0, &mut out);
    assert_eq!(of_kind(&out, "Diverted").len(), 1);
    assert_eq!(of_kind(&out, "Abandoned").len(), 0);
    assert_eq!(of_kind(&out, "SourceStarted").len(), 1);
}
