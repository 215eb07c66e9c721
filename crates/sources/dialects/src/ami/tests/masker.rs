//! Card data: what is masked, what stays, what a read-back rebuilds.

use serde_json::json;

use super::*;
use crate::Masker;
use crate::ami::AmiMasker;

/// What the driver of the capture typed as cards, and as account numbers before.
const CARDS: [&str; 2] = ["4111111111111111", "5500005555555559"];

fn masked(text: &[u8]) -> Vec<NativeRecord> {
    let (mut masker, mut records) = (AmiMasker::default(), records(text));
    for record in &mut records {
        masker.mask(record);
    }
    records
}

/// The keys of one channel, by kind of copy.
fn keys(records: &[NativeRecord], event: &str, direction: &str, uid: &str) -> String {
    let text = |r: &NativeRecord, name: &str| r.data.get(name).and_then(|v| v.as_str()).unwrap_or("").to_owned();
    let of = |r: &&NativeRecord| match event {
        "CEL" => text(r, "Event") == "CEL" && text(r, "EventName") == "DTMF" && text(r, "UniqueID") == uid,
        _ => text(r, "Event") == event && text(r, "Direction") == direction && text(r, "Uniqueid") == uid,
    };
    let key = |r: &NativeRecord| match event {
        "CEL" => text(r, "Extra").split('"').nth(3).unwrap_or("").to_owned(),
        _ => text(r, "Digit"),
    };
    records.iter().filter(of).map(key).collect()
}

#[test]
fn no_card_is_left_on_any_channel_and_account_numbers_stay() {
    let plain = records(&calls());
    assert!(keys(&plain, "DTMFEnd", "Received", "1795326445.338").contains(CARDS[0]), "the test tests nothing");
    let records = masked(&calls());
    assert_eq!(keys(&records, "DTMFEnd", "Received", "1795326445.338"), "6383513XXXXXXXXXXXXXXXX");
    assert_eq!(keys(&records, "CEL", "", "1795326445.338"), "6383513XXXXXXXXXXXXXXXX");
    for copy in ["DTMFBegin", "DTMFEnd"] {
        assert_eq!(keys(&records, copy, "Sent", "1795326453.346"), "XXXXXXXXXXXXXXXX");
    }
    let all: String = records.iter().filter_map(|r| r.data.get("Digit")).filter_map(|v| v.as_str()).collect();
    assert!(CARDS.iter().all(|c| !all.contains(c)));
    let accounts =
        |r: &[NativeRecord]| r.iter().filter_map(|r| r.data.get("AccountNumber").cloned()).collect::<Vec<_>>();
    assert_eq!(accounts(&records), accounts(&plain));
    assert!(accounts(&plain).len() > 10);
}

#[test]
fn only_keys_of_suspended_calls_are_changed() {
    let (plain, masked) = (records(&calls()), masked(&calls()));
    let mut changed = 0;
    for (before, after) in plain.iter().zip(&masked).filter(|(b, a)| b != a) {
        let event = before.data["Event"].as_str().unwrap_or("");
        let call = before.data.get("Linkedid").or(before.data.get("LinkedID")).and_then(|v| v.as_str());
        assert!(["DTMFBegin", "DTMFEnd", "CEL"].contains(&event), "{before:?}");
        assert!(["1795326445.338", "1795326631.656"].contains(&call.unwrap_or("")), "{before:?} {after:?}");
        changed += 1;
    }
    assert!(changed > 100);
}

#[test]
fn a_masker_that_reads_back_goes_on_as_if_undisturbed() {
    let (plain, whole) = (records(&calls()), masked(&calls()));
    let in_log = envelopes(&whole);
    for cut in (0..plain.len()).step_by(97) {
        let mut masker = AmiMasker::default();
        in_log[..cut].iter().for_each(|e| masker.observe(e));
        let rest: Vec<_> = plain[cut..].iter().cloned().map(|mut r| (masker.mask(&mut r), r).1).collect();
        assert_eq!(rest, whole[cut..], "after {cut} records");
    }
}

fn press(at: i64, key: char) -> String {
    channel("DTMFEnd", at, "1.1", &format!("Digit: {key}\nDurationMs: 100\nDirection: Received"))
}

fn visible(text: &str) -> String {
    keys(&masked(text.as_bytes()), "DTMFEnd", "Received", "1.1")
}

#[test]
fn one_direction_is_enough_and_both_must_go_on() {
    let mute = |at, way: &str, on: u8| channel("MixMonitorMute", at, "1.1", &format!("Direction: {way}\nState: {on}"));
    let text = [
        channel("Newchannel", 0, "1.1", ""),
        press(1_000, '1'),
        mute(2_000, "read", 1),
        press(3_000, '2'),
        mute(4_000, "write", 1),
        mute(5_000, "read", 0),
        press(6_000, '#'),
        mute(7_000, "write", 0),
        press(9_000, '4'),
    ];
    assert_eq!(visible(&text.concat()), "1XX4");
}

#[test]
fn after_a_gap_keys_are_masked_until_the_call_is_known() {
    let (mut masker, mut seen) = (AmiMasker::default(), String::new());
    let mut feed = |masker: &mut AmiMasker, text: String| {
        for mut record in records(text.as_bytes()) {
            masker.mask(&mut record);
            seen.push_str(record.data.get("Digit").and_then(|v| v.as_str()).unwrap_or(""));
        }
    };
    feed(&mut masker, channel("Newchannel", 0, "1.1", "") + &press(500, '1'));
    masker.gap();
    feed(&mut masker, press(1_000, '2'));
    feed(&mut masker, channel("MixMonitorMute", 2_000, "1.1", "Direction: both\nState: 0") + &press(9_000, '3'));
    feed(&mut masker, channel("Newchannel", 10_000, "1.1", "") + &press(16_000, '4'));
    assert_eq!(seen, "1X34");
}

#[test]
fn card_numbers_in_what_was_collected_are_masked() {
    let card = "4111111111111111";
    let text = [
        channel("Newchannel", 0, "1.1", ""),
        channel("VarSet", 1, "1.1", &format!("Variable: CARD\nValue: {card}")),
        channel("VarSet", 2, "1.1", &format!("Variable: CDR(userfield)\nValue: acct=634123;card={card}")),
        channel("Newexten", 3, "1.1", &format!("Extension: s\nApplication: Set\nAppData: CARD={card}")),
        channel(
            "UserEvent",
            4,
            "1.1",
            &format!("UserEvent: Paid\nCardNumber: 4111 1111 1111 1111\nAccountNumber: 634123\nx: {card}"),
        ),
        format!("Event: Cdr\r\nUniqueID: 1.1\r\nUserField: card={card}\r\n\r\n"),
        format!(
            "Event: CEL\r\nEventName: APP_START\r\nUniqueID: 1.1\r\nLinkedID: 1.1\r\nAppData: {card},1\r\nExtra: {{\"x\":\"{card}\"}}\r\n\r\n"
        ),
        format!("Response: Success\r\nOutput: CARD={card}\r\nOutput: 12\r\n\r\n"),
    ];
    let records = masked(text.concat().as_bytes());
    let all = serde_json::to_string(&records.iter().map(|r| &r.data).collect::<Vec<_>>()).expect("JSON");
    assert!(!all.contains(card) && !all.contains("1111 1111"), "{all}");
    assert_eq!(all.matches("634123").count(), 2);
    assert_eq!(records[7].data["Output"], json!(["CARD=XXXXXXXXXXXXXXXX", "12"]));
}

#[test]
fn the_file_of_a_recording_keeps_its_name() {
    let file = "/var/spool/asterisk/monitor/20261122054436.wav";
    for digit in 0..10 {
        let file = file.replace("36.wav", &format!("3{digit}.wav"));
        let text = channel("VarSet", 0, "1.1", &format!("Variable: MIXMONITOR_FILENAME\nValue: {file}"));
        assert_eq!(masked(text.as_bytes())[0].data["Value"], json!(file));
    }
}
