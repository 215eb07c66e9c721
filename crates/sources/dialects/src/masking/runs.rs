//! Runs of digits: typed by one party with short pauses.

use model::Instant;

use super::Limits;
use super::guard::{Copied, Press};

/// The runs of one channel. Each press leaves up to three copies of itself on a channel;
/// each kind of copy is counted by itself, and what the party sent apart from what it
/// was sent.
#[derive(Clone, Debug, Default)]
pub(super) struct Runs([Run; 6]);

#[derive(Clone, Copy, Debug, Default)]
struct Run {
    /// Digits so far.
    digits: u32,
    /// Time of the last key.
    last: Option<Instant>,
}

impl Runs {
    /// Counts one copy of a press; whether it lies beyond the digits that are kept.
    pub fn count(&mut self, press: &Press, limits: Limits) -> bool {
        let kind = match press.copied {
            Copied::Begin => 0,
            Copied::End => 2,
            Copied::Record => 4,
        };
        let Some(run) = self.0.get_mut(kind + usize::from(press.sent)) else { return true };
        // Without times nothing tells a pause: the run goes on.
        let paused = match (run.last, press.at) {
            (Some(last), Some(at)) => at.millis_since(last) >= limits.run_gap_ms,
            _ => false,
        };
        if paused {
            run.digits = 0;
        }
        run.last = press.at.or(run.last);
        run.digits = run.digits.saturating_add(u32::from(press.is_digit));
        run.digits > limits.free_digits
    }
}
