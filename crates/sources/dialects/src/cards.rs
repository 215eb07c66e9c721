//! Card numbers in what people type (notes, custom rows): 13 to 19 digits in whole groups,
//! parted by single blanks or dashes, that pass the Luhn test (ISO/IEC 7812-1, annex
//! B). Stricter than `crate::masking::luhn`, which serves texts that machines write: people
//! part the groups of a card as they like. Each digit becomes [`MASK`].

use serde_json::Value;

/// What stands in place of a digit.
pub(crate) const MASK: &str = "X";

/// Masks every card number in a JSON value, at any depth; returns how many.
pub(crate) fn mask_value(value: &mut Value) -> u32 {
    match value {
        Value::String(text) => {
            let (masked, count) = mask_text(text);
            if count > 0 {
                *text = masked;
            }
            count
        }
        Value::Number(number) => {
            let (masked, count) = mask_text(&number.to_string());
            if count > 0 {
                *value = Value::from(masked);
            }
            count
        }
        Value::Array(items) => items.iter_mut().map(mask_value).sum(),
        Value::Object(members) => members.values_mut().map(mask_value).sum(),
        Value::Null | Value::Bool(_) => 0,
    }
}

/// Masks every digit of a text; whether there was one.
pub(crate) fn mask_digits(value: &mut Value) -> bool {
    let Value::String(text) = value else { return false };
    let found = text.bytes().any(|b| b.is_ascii_digit());
    if found {
        *text = text.chars().map(|c| if c.is_ascii_digit() { 'X' } else { c }).collect();
    }
    found
}

/// The text with every card number masked, and how many there were.
pub(crate) fn mask_text(text: &str) -> (String, u32) {
    let mut masked = text.as_bytes().to_vec();
    let mut count = 0;
    for run in runs(text.as_bytes()) {
        let mut first = 0;
        while first < run.len() {
            let end = (first + 1..=run.len()).rev().find(|end| is_card(text, run.get(first..*end).unwrap_or(&[])));
            for (from, to) in run.get(first..end.unwrap_or(first)).unwrap_or(&[]) {
                masked.iter_mut().take(*to).skip(*from).for_each(|b| *b = b'X');
            }
            count += u32::from(end.is_some());
            first = end.unwrap_or(first + 1);
        }
    }
    (String::from_utf8(masked).unwrap_or_else(|_| text.to_owned()), count)
}

/// Groups of digits (from, to), put together where one blank or dash parts them.
fn runs(bytes: &[u8]) -> Vec<Vec<(usize, usize)>> {
    let mut runs: Vec<Vec<(usize, usize)>> = Vec::new();
    let mut at = 0;
    while let Some(from) = (at..bytes.len()).find(|i| bytes.get(*i).is_some_and(u8::is_ascii_digit)) {
        let to =
            (from..bytes.len()).find(|i| bytes.get(*i).is_some_and(|b| !b.is_ascii_digit())).unwrap_or(bytes.len());
        let parted = from.checked_sub(1).and_then(|i| bytes.get(i)).is_some_and(|b| b" -".contains(b));
        match runs.last_mut() {
            Some(run) if parted && run.last().is_some_and(|(_, end)| end + 1 == from) => run.push((from, to)),
            _ => runs.push(vec![(from, to)]),
        }
        at = to;
    }
    runs
}

/// Whether the groups together are 13 to 19 digits that pass the Luhn test.
fn is_card(text: &str, groups: &[(usize, usize)]) -> bool {
    let length: usize = groups.iter().map(|(from, to)| to - from).sum();
    (13..=19).contains(&length)
        && luhn(groups.iter().flat_map(|(from, to)| text.as_bytes().get(*from..*to).unwrap_or(&[])))
}

fn luhn<'a>(digits: impl DoubleEndedIterator<Item = &'a u8>) -> bool {
    let mut sum = 0_u32;
    for (i, digit) in digits.rev().enumerate() {
        let digit = u32::from(digit.wrapping_sub(b'0'));
        let doubled = if i % 2 == 1 { digit * 2 } else { digit };
        sum += if doubled > 9 { doubled - 9 } else { doubled };
    }
    sum > 0 && sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::mask_text;

    #[test]
    fn test_cards_are_masked_however_written() {
        for card in
            ["4111111111111111", "4111 1111 1111 1111", "4111-11111111-1111", "378282246310005", "3782 822463 10005"]
        {
            let (masked, count) = mask_text(&format!("paid with {card}, thanks 12"));
            assert_eq!(count, 1, "{card}");
            assert!(masked.ends_with(", thanks 12") && !masked.contains("1111") && masked.contains('X'), "{masked}");
        }
        assert_eq!(mask_text("é 4111111111111111 ü").0, "é XXXXXXXXXXXXXXXX ü");
    }

    #[test]
    fn other_digits_stay() {
        for text in ["4111111111111112", "442079460400", "1795326272.591017", "00000000000000", "12 34"] {
            assert_eq!(mask_text(text), (text.to_owned(), 0));
        }
    }

    #[test]
    fn a_card_after_other_digits_is_found() {
        let (masked, count) = mask_text("order 77 4111111111111111");
        assert_eq!((masked.as_str(), count), ("order 77 XXXXXXXXXXXXXXXX", 1));
    }
}
