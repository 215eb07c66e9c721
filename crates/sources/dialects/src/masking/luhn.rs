//! Card numbers in texts: 13 to 19 digits that pass the Luhn test (ISO/IEC 7812-1,
//! annex B), written together, or in the groups of a card (4-4-4-4, 4-6-5, …) parted by
//! single blanks or dashes.
//!
//! Groups of other lengths are no card: `20261122-054427` is the date in a file's name,
//! and a dozen of such names in a hundred would pass the test. A longer run of digits is
//! masked whole where a card number stands at its beginning (expiry and code follow).

use super::MASK;

/// The text with its card numbers masked, or `None` where there is none.
pub fn masked(text: &str) -> Option<String> {
    if !may_hold_card(text.as_bytes()) {
        return None;
    }
    let mut bytes = text.as_bytes().to_vec();
    // (Only digits were replaced, by a letter: it is still UTF-8.)
    mask_bytes(&mut bytes).then(|| String::from_utf8_lossy(&bytes).into_owned())
}

/// Masks card numbers in bytes of any kind; whether there was one.
pub fn mask_bytes(bytes: &mut [u8]) -> bool {
    let (mut found, mut from) = (false, 0);
    while let Some(start) = (from..bytes.len()).find(|i| bytes[*i].is_ascii_digit()) {
        let together = digits_from(bytes, start);
        let end = if is_card_run(&bytes[start..together]) {
            Some(together)
        } else {
            grouped(bytes, start).filter(|end| passes(bytes[start..*end].iter().filter(|b| b.is_ascii_digit())))
        };
        if let Some(end) = end {
            found = true;
            bytes[start..end].iter_mut().filter(|b| b.is_ascii_digit()).for_each(|b| *b = MASK as u8);
        }
        from = end.unwrap_or(together);
    }
    found
}

/// A quick look: texts with fewer than 13 digits hold no card.
fn may_hold_card(bytes: &[u8]) -> bool {
    bytes.len() >= 13 && bytes.iter().filter(|b| b.is_ascii_digit()).count() >= 13
}

/// The end of the digits that begin at `start`.
fn digits_from(bytes: &[u8], start: usize) -> usize {
    (start..bytes.len()).find(|i| !bytes[*i].is_ascii_digit()).unwrap_or(bytes.len())
}

/// Digits without any separator that are a card number, or begin with one.
fn is_card_run(run: &[u8]) -> bool {
    match run.len() {
        0..=12 => false,
        13..=19 => passes(run.iter()),
        // Card numbers begin with 2 to 6.
        _ => (b'2'..=b'6').contains(&run[0]) && (13..=19).any(|n| passes(run[..n].iter())),
    }
}

/// The end of a card in groups that begins at `start`: all of one kind of separator.
fn grouped(bytes: &[u8], start: usize) -> Option<usize> {
    let mut lengths = Vec::with_capacity(5);
    let (mut at, mut separator) = (start, None);
    // Inside a longer word (a UUID, a file's name) groups of four mean nothing.
    let is_inner = |b: Option<&u8>| b.is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'-');
    if start > 0 && is_inner(bytes.get(start - 1)) {
        return None;
    }
    loop {
        let end = digits_from(bytes, at);
        lengths.push(end - at);
        let next = bytes.get(end).copied().filter(|b| matches!(b, b' ' | b'-'));
        let goes_on = next.is_some()
            && (separator.is_none() || separator == next)
            && lengths.len() < 5
            && bytes.get(end + 1).is_some_and(u8::is_ascii_digit);
        if !goes_on {
            let is_card = matches!(lengths[..], [4, 4, 4, 1..=4] | [4, 4, 4, 4, 1..=3] | [4, 6, 4..=5]);
            return (is_card && !is_inner(bytes.get(end))).then_some(end);
        }
        separator = next;
        at = end + 1;
    }
}

/// The Luhn test. (All zeros would pass; they are no card.)
fn passes<'a>(digits: impl DoubleEndedIterator<Item = &'a u8>) -> bool {
    let mut sum = 0_u32;
    for (i, digit) in digits.rev().enumerate() {
        let value = u32::from(digit - b'0') << (i % 2);
        sum += if value > 9 { value - 9 } else { value };
    }
    sum != 0 && sum.is_multiple_of(10)
}
