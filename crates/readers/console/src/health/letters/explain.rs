//! A dead letter's reason in words, and what to do.

use super::LetterView;
use crate::shell::texts::letters as texts;

/// What a letter's reason means, and what to do about it.
pub(super) fn explain(letter: &LetterView) -> (&'static str, &'static str) {
    if letter.taken_in {
        return (texts::TAKEN_IN, texts::TAKEN_IN_ACTION);
    }
    match letter.reason.as_str() {
        "unframed" if letter.text.contains("breaks off") => (texts::BROKEN_OFF, texts::BROKEN_OFF_ACTION),
        "unframed" => (texts::UNFRAMED, texts::UNFRAMED_ACTION),
        "envelope" => (texts::ENVELOPE, texts::ENVELOPE_ACTION),
        "undecodable" => (texts::UNDECODABLE, texts::UNDECODABLE_ACTION),
        "too_late" => (texts::TOO_LATE, texts::TOO_LATE_ACTION),
        _ => (texts::OTHER, texts::OTHER_ACTION),
    }
}
