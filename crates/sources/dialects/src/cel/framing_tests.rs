//! CEL rows as bytes: what is a row, what is none, and what no row may keep.

use super::tests::{decode, records, row};
use super::{CelDecoder, CelFramer, CelMasker};
use crate::Masker;
use crate::testing::{capture, frame};
use model::Instant;
use model::event::Body;

#[test]
fn rows_that_cannot_be_read_say_why() {
    let mut decoder = CelDecoder::new();
    for (values, needs) in [
        (vec![("EventType", "ANSWER")], "UniqueID"),
        (vec![("EventType", "ANSWER"), ("UniqueID", "1"), ("EventTime", "noon")], "'noon'"),
        (vec![("EventType", "ANSWER"), ("UniqueID", "1"), ("EventTime", "5.5")], "1970-01-01"),
    ] {
        let error = decode(&mut decoder, &values).expect_err(needs);
        assert!(error.contains(needs), "{error}");
    }
    let unknown = [("EventType", "TELEPATHY"), ("UniqueID", "1"), ("EventTime", "1795326271.5")];
    assert_eq!(decode(&mut decoder, &unknown).expect("a row")[0].body, Body::Unrecognized { name: "TELEPATHY".into() });
}

#[test]
fn quoted_values_hold_commas_quotes_and_line_feeds() {
    let mut framer = CelFramer::with_columns(vec!["EventType".into(), "EventTime".into(), "Name".into()]);
    let text = b"\"ANSWER\",\"1795326271.5\",\"Smith, \"\"J\"\"\nand son\"\r\nHANGUP,1795326272,x\n\n\"ANSWER\",\"179";
    let all = frame(&mut framer, text, usize::MAX);
    let name = |i: usize| all[i].record.as_ref().expect("a row").data["Name"].clone();
    assert_eq!((name(0), name(1)), ("Smith, \"J\"\nand son".into(), "x".into()));
    assert_eq!(&text[usize::try_from(all[1].offset).expect("small")..][..6], b"HANGUP");
    let cut = all[2].record.as_ref().expect_err("a cut-off tail").to_string();
    assert!(cut.contains("2 value(s) where 3 columns") && all[2].raw.starts_with(b"\"ANSWER\""), "{cut}");
}

#[test]
fn columns_come_from_a_header_or_from_their_number() {
    let header = records(b"eventtype,eventtime,uniqueid\nANSWER,2026-11-22 05:44:31.717304,7\n");
    assert_eq!(header.len(), 1);
    let record = header[0].record.as_ref().expect("a row");
    assert_eq!((record.time, &record.data["uniqueid"]), (Some(Instant(1_795_326_271_717_304)), &"7".into()));
    let sample: Vec<String> = (0..20).map(|i| if i == 1 { "1795326271".into() } else { format!("v{i}") }).collect();
    let framed = records(sample.join(",").as_bytes());
    let record = framed[0].record.as_ref().expect("a row of 20 values");
    assert_eq!((&record.data["UserField"], record.data.get("PeerAccount")), (&"v17".into(), None));
}

#[test]
fn an_overlong_row_is_one_error_and_the_next_is_read() {
    let mut text = vec![b'x'; crate::MAX_RECORD + 5];
    text.extend_from_slice(b"\n1,2\n");
    for chunk in [4099, usize::MAX] {
        let all = frame(&mut CelFramer::new(), &text, chunk);
        let messages: Vec<_> = all.iter().map(|f| f.record.as_ref().expect_err("no row").reason.clone()).collect();
        assert!(messages[0].contains("longer than") && messages[1].contains("2 value(s)"), "{messages:?}");
        assert_eq!((all.len(), all[1].offset), (2, crate::MAX_RECORD as u64 + 6));
    }
}

#[test]
fn no_digit_of_dtmf_and_no_card_number_gets_past_the_masker() {
    let mut masked = 0;
    for framed in records(&capture("cel.csv.gz")) {
        let mut record = framed.record.expect("a row");
        let before = record.clone();
        masked += CelMasker.mask(&mut record);
        if record.data["EventType"] == "DTMF" {
            let details: serde_json::Value =
                serde_json::from_str(record.data["EventExtra"].as_str().expect("text")).expect("JSON");
            assert_eq!(details["digit"], "X");
            assert!(details["duration_ms"].is_number());
        } else {
            assert!(record == before, "{:?}", before.data);
        }
    }
    assert_eq!(masked, 2633);
    let mut note = row(&[
        ("EventType", "USER_DEFINED"),
        ("UserField", "card 4111 1111 1111 1111"),
        ("AppData", "4111111111111111"),
    ]);
    assert_eq!(CelMasker.mask(&mut note), 2);
    assert_eq!(note.data["UserField"], "card XXXX XXXX XXXX XXXX");
    let mut odd = row(&[("EventType", "dtmf"), ("EventExtra", "digit 4")]);
    assert_eq!(CelMasker.mask(&mut odd), 1);
    assert_eq!(odd.data["EventExtra"], r#"{"digit":"X"}"#);
}
