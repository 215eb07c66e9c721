//! Ids of events: from content and place, never from chance or the clock.

use model::{Dialect, Name};
use sha2::{Digest, Sha256};

/// Id of a native record: its place in the stream and the hash of its bytes, so that the
/// same file read twice gives the same ids, and a record moved or changed another one.
/// `stream` tells live connections apart; it is empty for files.
pub fn record_id(stream: &str, offset: u64, raw: &[u8]) -> Name {
    let digest = Sha256::digest(raw);
    let dash = if stream.is_empty() { "" } else { "-" };
    format!("{}{dash}{stream}-{offset}", hex::encode(&digest[..8])).into()
}

/// Id of a dead letter about a native record. It names source and dialect: the topic is
/// shared, and a file that was first imported in a wrong dialect must not be taken for
/// known when it comes in its own.
pub fn letter_id(source: &str, dialect: &Dialect, record: &str) -> Name {
    format!("{source}/{}/{record}", dialect.as_str()).into()
}

/// Id of an act of ours: the hash of its text.
pub fn act_id(text: &str) -> Name {
    hex::encode(&Sha256::digest(text.as_bytes())[..12]).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_come_from_content_and_place() {
        assert_eq!(record_id("", 7, b"x"), record_id("", 7, b"x"));
        assert_ne!(record_id("", 7, b"x"), record_id("", 8, b"x"));
        assert_ne!(record_id("", 7, b"x"), record_id("", 7, b"y"));
        assert_ne!(record_id("1.1", 7, b"x"), record_id("1.2", 7, b"x"));
    }

    #[test]
    fn letters_of_two_dialects_are_told_apart() {
        let ami = letter_id("/switch/a", &Dialect::AsteriskAmi, "1-0");
        assert_ne!(ami, letter_id("/switch/a", &Dialect::AsteriskCel, "1-0"));
        assert_ne!(ami, letter_id("/switch/b", &Dialect::AsteriskAmi, "1-0"));
    }
}
