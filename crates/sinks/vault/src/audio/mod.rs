//! What a recording's bytes say about it: its length in time, whether it holds any
//! sound, and whether it is whole. Streaming: bytes come in pieces of any size and are
//! never kept, except a bounded header.
//!
//! Contract: pure; never fails and never panics on any bytes; the answer does not
//! depend on how the bytes are cut into pieces (property test).

mod format;
mod probe;

#[cfg(test)]
mod tests;

pub use format::Coding;
pub use probe::Probe;

/// What was found out about a whole file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Media {
    /// Length of the media in milliseconds; `None` where it cannot be told.
    pub duration_ms: Option<i64>,
    /// Whether it holds sound.
    pub sound: Sound,
    /// What is wrong with the file, where something is.
    pub fault: Option<String>,
}

/// Whether a recording holds sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sound {
    /// At least one sample is louder than the noise of coding silence.
    Heard,
    /// Samples, all of them silent.
    Silent,
    /// No sample at all: a bare header, or no byte.
    Nothing,
    /// The coding is not one that can be listened to here (GSM, unknown).
    Unknown,
}
