//! The words of the list of recordings.

pub(crate) const RECORDINGS: &str = "Recordings";
pub(crate) const NONE: &str = "No recording is like that.";
pub(crate) const BY_STATE: &str = "Recordings by state";
pub(crate) const LOOKED_FROM: &str = "Looked at are recordings since";
pub(crate) const HEAR: &str = "Hear";
pub(crate) const CALL: &str = "Call";

/// A state's word and what it means.
pub(crate) fn state(name: &str) -> (&str, &'static str) {
    match name {
        "recorded" => ("Recorded", "stored and verified"),
        "intentionally_not" => ("Not wanted", "meant not to be recorded"),
        "partial" => ("Partial", "stored; a part of the talk is missing, or the file is not readable to its end"),
        "pending" => ("Pending", "announced, and not there yet"),
        "empty" => ("Empty", "found without any sound"),
        "missing" => ("Missing", "announced, and not found by its deadline"),
        "orphan" => ("Orphan", "found, and never announced"),
        other => (other, ""),
    }
}
