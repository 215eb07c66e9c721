//! Time and chance, through one door: the engine gives it, tests turn it.

use async_trait::async_trait;
use model::Instant;

/// The clock, the wait and the dice of the writer.
#[async_trait]
pub trait Timing: Send + Sync {
    /// Now, UTC.
    fn now(&self) -> Instant;
    /// Waits `ms` milliseconds; a draining engine may return earlier.
    async fn wait(&self, ms: u64);
    /// A number from 0 (inclusive) to 1 (exclusive), for jitter.
    fn chance(&self) -> f64;
}

/// Backoff with full jitter: between half and the whole of `base · 2^attempt`, at most
/// `most`.
pub(crate) fn backoff(timing: &dyn Timing, attempt: u32, base_ms: u64, most_ms: u64) -> u64 {
    let whole = base_ms.saturating_mul(1 << attempt.min(16)).min(most_ms);
    let half = whole / 2;
    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let jitter = (half as f64 * timing.chance()) as u64;
    half + jitter
}
