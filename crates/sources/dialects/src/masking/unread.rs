//! Bytes that are no record: they go to the dead letters, and must hold no card either.

use memchr::memmem;

use super::{MASK, luhn};

/// What stands before a key that was pressed, in the dialects' texts.
const KEYS: [&[u8]; 4] = [b"Digit: ", b"Digit:", b"\"digit\":\"", b"\"Digit\":\""];

/// The bytes without card numbers and without any pressed key: what cannot be framed
/// cannot be tied to a call, so every key in it is masked.
pub fn blot(raw: &[u8]) -> Vec<u8> {
    let mut bytes = raw.to_vec();
    luhn::mask_bytes(&mut bytes);
    for label in KEYS {
        let places: Vec<usize> = memmem::find_iter(raw, label).map(|at| at + label.len()).collect();
        for at in places {
            if let Some(key) = bytes.get_mut(at).filter(|b| b.is_ascii_digit()) {
                *key = MASK as u8;
            }
        }
    }
    bytes
}
