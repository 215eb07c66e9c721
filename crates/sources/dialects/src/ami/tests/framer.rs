//! The framer: cuts, garbage, repeated headers, limits.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::MAX_RECORD;

fn all(bytes: &[u8]) -> Vec<Framed> {
    frame(&mut AmiFramer::new(), bytes, usize::MAX)
}

#[test]
fn messages_become_objects_in_their_own_order() {
    let text = b"Asterisk Call Manager/11.0.0\r\nResponse: Success\r\nActionID: 1\r\nMessage: Authentication accepted\r\n\r\n\
        Event: VarSet\r\nPrivilege: dialplan,all\r\nTimestamp: 1795326650.676415\r\nVariable: A\r\nValue: \r\nX: b: c:d \r\n\r\n";
    let framed = all(text);
    assert_eq!(framed.len(), 2);
    assert_eq!(framed[0].offset, 30, "the greeting is no message");
    let event = framed[1].record.as_ref().expect("a record");
    assert_eq!(
        serde_json::to_string(&event.data).expect("JSON"),
        r#"{"Event":"VarSet","Privilege":"dialplan,all","Timestamp":"1795326650.676415","Variable":"A","Value":"","X":"b: c:d "}"#
    );
    assert_eq!(event.time, Some(Instant(1_795_326_650_676_415)));
    assert_eq!(framed[1].raw.len() + framed[0].raw.len() + 30 + 4, text.len());
}

#[test]
fn a_header_that_comes_again_is_a_list_and_lines_may_end_with_lf() {
    let text = b"Response: Success\nMessage: Command output follows\nOutput: a: 1\nOutput: \nOutput: b\n\n";
    let data = &records(text)[0].data;
    assert_eq!(data.get("Output"), Some(&json!(["a: 1", "", "b"])));
}

#[test]
fn output_of_an_old_switch_may_hold_empty_lines() {
    let text = b"Response: Follows\r\nPrivilege: Command\r\nActionID: 9\r\nqueue support:\n\n  no callers\n--END COMMAND--\r\n\r\n\
        Event: Reload\r\n\r\n";
    let records = records(text);
    assert_eq!(records[0].data.get("Output"), Some(&json!(["queue support:", "", "  no callers"])));
    assert_eq!(records[0].data.get("ActionID"), Some(&json!("9")));
    assert_eq!(records.len(), 2);
}

#[test]
fn garbage_is_an_error_and_the_next_message_is_found() {
    let framed =
        all(b"\x00\xff\xfegarbage\r\nmore\r\n\r\nEvent: Reload\r\n\r\nstray: header\r\n\r\nEvent: Load\r\n\r\n");
    let ok: Vec<bool> = framed.iter().map(|f| f.record.is_ok()).collect();
    assert_eq!(ok, [false, true, false, true]);
    assert_eq!(&framed[0].raw[..10], b"\x00\xff\xfegarbage");
    let text = framed[2].record.as_ref().expect_err("an error").to_string();
    assert!(text.contains("begins with Event: or Response:") && text.contains("byte 37"), "{text}");
}

#[test]
fn a_message_that_is_cut_off_does_not_take_the_next_one_with_it() {
    let framed = all(b"Event: Newchannel\r\nPrivilege: call,all\r\nChan\r\nEvent: Hangup\r\nPrivilege: call,all\r\nUniqueid: 1.1\r\n\r\nEvent: Relo");
    let ok: Vec<bool> = framed.iter().map(|f| f.record.is_ok()).collect();
    assert_eq!(ok, [false, true, false]);
    assert_eq!(framed[1].record.as_ref().expect("a record").data.get("Uniqueid"), Some(&json!("1.1")));
    assert_eq!(framed[2].raw.as_ref(), b"Event: Relo");
}

#[test]
fn an_event_may_have_a_response_among_its_headers() {
    let records = records(b"Event: OriginateResponse\r\nPrivilege: call,all\r\nResponse: Success\r\n\r\n");
    assert_eq!(records.len(), 1);
}

#[test]
fn latin_1_in_a_value_costs_the_letter_and_not_the_event() {
    let records = records(b"Event: QueueCallerJoin\r\nCallerIDName: M\xfcller\r\nQueue: sales\r\n\r\n");
    assert_eq!(records[0].data.get("CallerIDName"), Some(&json!("M\u{fffd}ller")));
    assert!(all(b"Event: X\r\nN\xffme: 1\r\n\r\n")[0].record.is_err());
}

#[test]
fn a_header_of_a_megabyte_is_taken_and_a_longer_one_is_skipped() {
    let message = |n: usize| [b"Event: VarSet\r\nValue: ".to_vec(), vec![b'v'; n], b"\r\n\r\n".to_vec()].concat();
    let framed = all(&message(1_000_000));
    assert_eq!(framed[0].record.as_ref().expect("a record").data["Value"].as_str().map(str::len), Some(1_000_000));
    for n in [MAX_RECORD, 3 * MAX_RECORD] {
        let bytes = [message(n), b"Event: Reload\r\n\r\n".to_vec()].concat();
        let (whole, cut) = (all(&bytes), frame(&mut AmiFramer::new(), &bytes, 777));
        assert_eq!(whole, cut);
        assert_eq!(whole.len(), 2);
        assert!(whole[0].record.is_err() && whole[0].raw.len() == 64 << 10 && whole[1].record.is_ok());
        assert_eq!(whole[1].offset, (bytes.len() - 17) as u64);
    }
}

#[test]
fn arguments_of_a_user_event_need_no_colon() {
    let records = records(b"Event: UserEvent\r\nPrivilege: user,all\r\nUserEvent: Hello\r\njust words\r\n\r\n");
    assert_eq!(records[0].data.get("just words"), Some(&json!("")));
}

#[test]
fn a_real_stream_is_framed_whole() {
    let bytes = calls();
    let framed = all(&bytes);
    assert_eq!(framed.len(), 2855);
    assert!(framed.iter().all(|f| f.record.is_ok()));
    for chunk in [1, 7, 1000] {
        assert_eq!(frame(&mut AmiFramer::new(), &bytes, chunk), framed);
    }
}

/// Bytes that often look like messages.
fn streams() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(b"Event: Hangup\r\n".to_vec()),
        Just(b"Privilege: call,all\r\n".to_vec()),
        Just(b"Response: Follows\r\n".to_vec()),
        Just(b"--END COMMAND--\r\n".to_vec()),
        Just(b"Asterisk Call Manager/5.0\r\n".to_vec()),
        Just(b"\r\n".to_vec()),
        Just(b"\n".to_vec()),
        Just(b"Uniqueid: 1.1\n".to_vec()),
        Just(b"Event: QueueCallerJoin\nQueue: q\nUniqueid: 1.1\nLinkedid: 2.1\n\n".to_vec()),
        Just(b"Event: DTMFEnd\nDigit: 1\nUniqueid: 1.1\nLinkedid: 2.1\nTimestamp: 1795326300.5\n\n".to_vec()),
        Just(b"Event: Hangup\nUniqueid: 1.1\nLinkedid: 1.1\nTimestamp: 1795326301.5\n\n".to_vec()),
        proptest::collection::vec(any::<u8>(), 0..12),
    ];
    proptest::collection::vec(piece, 0..40).prop_map(|p| p.concat())
}

proptest! {
    #[test]
    fn chunks_change_nothing_and_no_byte_is_lost(bytes in streams(), chunk in 1_usize..50) {
        let framed = all(&bytes);
        prop_assert_eq!(&frame(&mut AmiFramer::new(), &bytes, chunk), &framed);
        for f in &framed {
            let at = f.offset as usize;
            prop_assert_eq!(&bytes[at..at + f.raw.len()], f.raw.as_ref());
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        crate::ami::fuzz_ami(&bytes);
    }

    #[test]
    fn streams_of_pieces_never_panic(bytes in streams()) {
        crate::ami::fuzz_ami(&bytes);
    }
}
