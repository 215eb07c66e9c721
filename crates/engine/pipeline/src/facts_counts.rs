//! What a stage `facts` did, in numbers.

use std::collections::BTreeMap;

use crate::flight::Landed;

/// What the stage did since the process began.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FactsCounts {
    /// Records read.
    pub records: u64,
    /// Rows committed.
    pub rows: u64,
    /// Flushes.
    pub flushes: u64,
    /// Dead letters made.
    pub dead_letters: u64,
    /// The same by reason (see [`crate::fold::Reject`]).
    pub dead_letters_by_reason: BTreeMap<&'static str, u64>,
    /// Attempts repeated.
    pub retries: u64,
    /// Times that another owner was found ahead.
    pub overtaken: u64,
    /// Visits changed after their close, in the folds as they stand.
    pub restated: u64,
}

impl FactsCounts {
    /// A flush has landed.
    pub(crate) fn landed(&mut self, landed: &Landed) {
        self.rows += landed.rows;
        for (reason, n) in &landed.dead_letters {
            self.dead_letters += n;
            *self.dead_letters_by_reason.entry(reason).or_default() += n;
        }
        self.retries += landed.retries;
        self.flushes += 1;
    }
}
