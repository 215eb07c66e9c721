//! The words of the pages of dead letters.

pub(crate) const LETTERS: &str = "Dead letters";
pub(crate) const LETTER: &str = "Dead letter";
pub(crate) const WHAT: &str =
    "What could not be read is kept here with its original bytes; nothing of it is in the figures.";
pub(crate) const NONE: &str = "There is none.";
pub(crate) const OLDER: &str = "There are older ones than are listed here: `ringledger dead-letters list` has all.";
pub(crate) const RETRY_ALL: &str = "Try those listed once more";
pub(crate) const RETRY: &str = "Try once more";
pub(crate) const RETRY_HINT: &str = "What this version reads is appended to the log with your name and counts from then on; \
     at most 1,000 at a time, the oldest first.";
pub(crate) const RETRIED: &str = "Tried once more";
pub(crate) const NOTHING_RETRIED: &str = "There was nothing to try.";
pub(crate) const BYTES: &str = "Original bytes";
pub(crate) const BYTES_HINT: &str =
    "Card data was blotted out before they were kept; bytes that are no text are written as \\xNN.";
pub(crate) const CUT: &str = "Only the first 64 KiB are shown.";
pub(crate) const BACK: &str = "All dead letters";

pub(crate) const UNFRAMED: &str = "What the source sent is no record of its dialect: a field is missing or malformed, or \
     it is too long. It never became an event.";
pub(crate) const UNFRAMED_ACTION: &str = "See whether the bytes are what the switch means to send, and whether the source \
     is configured with its own dialect. Where a newer version reads them, try once more and they are taken in.";
pub(crate) const BROKEN_OFF: &str = "The record breaks off: the connection or the file ended in the middle of it.";
pub(crate) const BROKEN_OFF_ACTION: &str =
    "Its end was never received, so there is nothing to try again; what follows it was taken in.";
pub(crate) const ENVELOPE: &str = "A record of the log is no event: its envelope is missing or malformed.";
pub(crate) const ENVELOPE_ACTION: &str =
    "Something else than Ringledger writes to the topic cti.events: find out what, and take its right to write away.";
pub(crate) const UNDECODABLE: &str = "The event stands in the log, but this version's decoder made no sense of it: it lacks \
     what its kind needs, or says something impossible.";
pub(crate) const UNDECODABLE_ACTION: &str =
    "After an upgrade try once more: where it reads then, `ringledger replay` takes it in at its place.";
pub(crate) const TOO_LATE: &str = "The event came after the late horizon, for a call that was already let go.";
pub(crate) const TOO_LATE_ACTION: &str = "`ringledger replay` with a longer `--late-horizon` takes it in. Where this happens \
     often, the source's clock is wrong or `limits.late_horizon_hours` is too short.";
pub(crate) const TAKEN_IN: &str = "A retry has taken it in since: it is in the log and in the figures.";
pub(crate) const TAKEN_IN_ACTION: &str = "Nothing.";
pub(crate) const OTHER: &str = "It was kept by another version of this program.";
pub(crate) const OTHER_ACTION: &str = "Read what it says below, and try once more.";
