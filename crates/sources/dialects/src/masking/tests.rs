//! The masking core: runs, suspended recordings, linked channels.

use model::Instant;

use super::*;

fn press(ms: i64) -> Press {
    Press { copied: Copied::End, sent: false, is_digit: true, at: Some(Instant::from_millis(ms)), held_ms: 100 }
}

fn sent(ms: i64) -> Press {
    Press { sent: true, ..press(ms) }
}

/// A caller `c` and an agent `a` in one call and one conversation.
fn call() -> KeyGuard {
    let mut guard = KeyGuard::new(Limits::default());
    guard.seen("c", "c", true);
    guard.seen("a", "c", true);
    guard
}

#[test]
fn eight_digits_stay_and_the_ninth_does_not() {
    let mut guard = call();
    let masked: Vec<bool> = (0..12).map(|i| guard.masks("c", "c", &press(i * 500))).collect();
    assert_eq!(masked, [vec![false; 8], vec![true; 4]].concat());
    // a pause ends the run
    assert!(!guard.masks("c", "c", &press(12 * 500 + 5_000)));
}

#[test]
fn copies_on_an_agent_who_came_late_are_masked_with_their_press() {
    let mut guard = call();
    for i in 0..8 {
        guard.masks("c", "c", &press(i * 500));
    }
    for i in 8..16 {
        assert!(guard.masks("c", "c", &press(i * 500)));
        assert!(guard.masks("a", "c", &sent(i * 500 + 120)));
    }
}

#[test]
fn a_suspended_recording_masks_every_channel_of_the_call() {
    let mut guard = call();
    guard.seen("x", "x", true);
    guard.suspended("a", 1, 3, true, Some(Instant::from_millis(0)));
    assert!(guard.masks("c", "c", &press(500)) && guard.masks("a", "c", &sent(600)));
    assert!(!guard.masks("x", "x", &press(700)), "another call is not concerned");
    guard.suspended("a", 1, 3, false, Some(Instant::from_millis(1_000)));
    assert!(guard.masks("a", "c", &sent(1_090)), "began while suspended");
    assert!(!guard.masks("c", "c", &press(3_000)));
}

#[test]
fn calls_in_one_conversation_are_one() {
    let mut guard = call();
    guard.seen("x", "x", true);
    guard.suspended("c", 3, 3, true, None);
    assert!(!guard.masks("x", "x", &press(0)));
    guard.conversation("x", Some("room"));
    guard.conversation("a", Some("room"));
    assert!(guard.masks("x", "x", &press(100)));
}

#[test]
fn what_was_up_before_is_masked_until_it_is_known() {
    let mut guard = call();
    guard.forget();
    assert!(guard.masks("c", "c", &press(0)));
    guard.seen("c", "c", false);
    guard.seen("n", "c", true);
    assert!(guard.masks("n", "c", &press(0)), "a new channel of an unknown call");
    guard.suspended("c", 3, 3, false, Some(Instant::from_millis(100)));
    assert!(!guard.masks("c", "c", &press(9_000)));
}

#[test]
fn the_end_of_the_muted_channel_ends_the_suspension() {
    let mut guard = call();
    guard.suspended("c", 3, 3, true, Some(Instant::from_millis(0)));
    guard.ended("c", Some(Instant::from_millis(1_000)));
    assert!(guard.masks("a", "c", &sent(1_050)));
    assert!(!guard.masks("a", "c", &press(4_000)));
}

#[test]
fn cards_are_found_and_other_digits_stay() {
    for card in
        ["4111111111111111", "4111 1111 1111 1111", "4111-1111-1111-1111", "378282246310005", "3782 822463 10005"]
    {
        let text = format!("acct=634123 card={card} é");
        let masked = luhn::masked(&text).unwrap_or_default();
        assert!(masked.starts_with("acct=634123 card=X") && masked.ends_with("X é"), "{masked}");
        assert_eq!(masked.matches('X').count(), card.bytes().filter(u8::is_ascii_digit).count());
    }
    for other in [
        "4111111111111112",
        "442079460400",
        "/m/q-6001-442079460959-20261122-054427-1795326421.276.wav",
        "1795326438.238806",
        "e45b93d1-6380-4317-8915-5a7a932f05d5",
        "0000000000000000",
    ] {
        assert_eq!(luhn::masked(other), None, "{other}");
    }
    assert_eq!(luhn::masked("41111111111111111226123").as_deref(), Some("XXXXXXXXXXXXXXXXXXXXXXX"));
}

#[test]
fn bytes_that_are_no_record_hold_no_card_and_no_key() {
    let raw = b"\xffDigit: 4\r\nUniqueid: 1795326300.5\r\nExtra: {\"digit\":\"7\"}\r\nValue: 4111111111111111";
    let kept: &[u8] = b"\xffDigit: X\r\nUniqueid: 1795326300.5\r\nExtra: {\"digit\":\"X\"}\r\nValue: XXXXXXXXXXXXXXXX";
    assert_eq!(blot(raw), kept);
}
