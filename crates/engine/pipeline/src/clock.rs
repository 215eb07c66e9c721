//! The one door through which the time of day comes in.

use std::cell::Cell;

use model::Instant;

thread_local! {
    /// Where a simulation stands: an instant of its runtime, and the time of day at it.
    static SIMULATED: Cell<Option<(tokio::time::Instant, Instant)>> = const { Cell::new(None) };
}

/// Now, by the system's clock; in a simulation by its runtime's.
pub fn now() -> Instant {
    if let Some((begun, at)) = SIMULATED.get() {
        return Instant(at.0.saturating_add(micros(begun.elapsed())));
    }
    Instant(micros(std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default()))
}

/// For simulations: on this thread it is `at` now, and the time of day moves with the
/// (paused) time of the runtime; `None`: by the system's clock again.
pub fn simulate(at: Option<Instant>) {
    SIMULATED.set(at.map(|at| (tokio::time::Instant::now(), at)));
}

fn micros(time: std::time::Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_simulation_has_a_time_of_its_own() {
        simulate(Some(Instant::from_secs(5)));
        tokio::time::advance(std::time::Duration::from_millis(1_500)).await;
        assert_eq!(now(), Instant::from_millis(6_500));
        simulate(None);
        assert!(now() > Instant::from_secs(1_700_000_000));
    }
}
