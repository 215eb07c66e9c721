//! Repeating an attempt: bounded, with doubling pauses and jitter. Only the engine waits,
//! and it tells what it waits for.

use std::future::Future;
use std::time::Duration;

use crate::limits::{ATTEMPTS, BACKOFF_FIRST, BACKOFF_MOST};
use crate::waits::Waits;

/// Whether trying again can help.
pub enum Failure<E> {
    /// It may pass.
    Passing(E),
    /// It will not.
    Final(E),
}

/// Calls `attempt` until it succeeds, fails for good, or `ATTEMPTS` are used up; each
/// repeat is logged with `what`, told by `waits` and counted in the returned number.
///
/// # Errors
/// The last failure.
pub async fn retry<T, E, F, Fut>(waits: &Waits, what: &str, mut attempt: F) -> Result<(T, u32), E>
where
    E: std::fmt::Display,
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, Failure<E>>>,
{
    let waiting = waits.begin(what);
    let mut repeats = 0;
    loop {
        match waits.slowly(what, attempt()).await {
            Ok(value) => return Ok((value, repeats)),
            Err(Failure::Final(e)) => return Err(e),
            Err(Failure::Passing(e)) if repeats + 1 >= ATTEMPTS => return Err(e),
            Err(Failure::Passing(e)) => {
                waiting.failed();
                let pause = pause(repeats);
                tracing::warn!(what, error = %e, attempt = repeats + 1, pause_ms = pause.as_millis() as u64, "trying again");
                tokio::time::sleep(pause).await;
                repeats += 1;
            }
        }
    }
}

/// Pause after so many repeats: doubled each time, half of it by chance.
fn pause(repeats: u32) -> Duration {
    let most = BACKOFF_FIRST.saturating_mul(1 << repeats.min(16)).min(BACKOFF_MOST);
    most.mul_f64(fastrand::f64().mul_add(0.5, 0.5))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[tokio::test(start_paused = true)]
    async fn passing_failures_are_repeated_and_counted() {
        let calls = Cell::new(0);
        let waits = Waits::default();
        let result = retry(&waits, "test", || {
            calls.set(calls.get() + 1);
            let n = calls.get();
            let told = waits.told().len();
            async move {
                assert_eq!(told, usize::from(n > 1), "told from the first failure on");
                if n < 3 { Err(Failure::Passing("later")) } else { Ok(n) }
            }
        })
        .await;
        assert!(waits.told().is_empty());
        assert_eq!(result, Ok((3, 2)));
    }

    #[tokio::test(start_paused = true)]
    async fn attempts_are_bounded() {
        let calls = Cell::new(0);
        let result: Result<((), u32), &str> = retry(&Waits::default(), "test", || {
            calls.set(calls.get() + 1);
            async { Err(Failure::Passing("never")) }
        })
        .await;
        assert_eq!((result, calls.get()), (Err("never"), ATTEMPTS));
    }

    #[tokio::test]
    async fn final_failures_are_not_repeated() {
        let result: Result<((), u32), &str> =
            retry(&Waits::default(), "test", || async { Err(Failure::Final("no")) }).await;
        assert_eq!(result, Err("no"));
    }
}
