//! What the engine waits for just now: for readiness and metrics.
//!
//! Contract: an effect that fails and is tried again, or that has not ended for `SLOW`, is
//! told by its name until it ends, however it ends; a quick one is never told. Names are
//! the engine's own words: why it fails may tell hosts and users, and stands in the log.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::limits::SLOW;

struct Wait {
    what: String,
    since: Instant,
    slow: Duration,
    failing: bool,
}

#[derive(Default)]
struct Inner {
    next: u64,
    waits: BTreeMap<u64, Wait>,
}

/// The waits of a process; clones are the same.
#[derive(Clone)]
pub struct Waits {
    inner: Arc<Mutex<Inner>>,
    slow: Duration,
}

impl Default for Waits {
    fn default() -> Self {
        Self { inner: Arc::default(), slow: SLOW }
    }
}

/// One wait; it ends when this is dropped.
pub struct Waiting {
    waits: Waits,
    id: u64,
}

impl Waits {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The same waits, for effects that may last (a large upload): only failures are told.
    #[must_use]
    pub fn patient(&self) -> Self {
        Self { slow: Duration::MAX, ..self.clone() }
    }

    /// An effect begins.
    pub fn begin(&self, what: &str) -> Waiting {
        let mut inner = self.lock();
        let id = inner.next;
        inner.next += 1;
        let wait = Wait { what: what.to_owned(), since: Instant::now(), slow: self.slow, failing: false };
        inner.waits.insert(id, wait);
        Waiting { waits: self.clone(), id }
    }

    /// What is waited for, the longest wait first, each name once, with how long.
    pub fn told(&self) -> Vec<(String, Duration)> {
        let mut told: Vec<(String, Duration)> = Vec::new();
        for wait in self.lock().waits.values() {
            let lasts = wait.since.elapsed();
            if (wait.failing || lasts >= wait.slow) && told.iter().all(|(what, _)| *what != wait.what) {
                told.push((wait.what.clone(), lasts));
            }
        }
        told
    }

    /// Waits for an effect that is attempted once.
    pub async fn watch<T>(&self, what: &str, effect: impl Future<Output = T>) -> T {
        let _waiting = self.begin(what);
        self.slowly(what, effect).await
    }

    /// Waits for an attempt; one that lasts is said once in the log, and said again at its end.
    pub(crate) async fn slowly<T>(&self, what: &str, attempt: impl Future<Output = T>) -> T {
        let mut attempt = std::pin::pin!(attempt);
        let begun = Instant::now();
        tokio::select! {
            done = &mut attempt => return done,
            () = tokio::time::sleep(self.slow) => tracing::warn!(what, "no answer yet; waiting on"),
        }
        let done = attempt.await;
        tracing::info!(what, waited_ms = begun.elapsed().as_millis() as u64, "answered");
        done
    }
}

impl Waiting {
    /// An attempt failed; it is tried again.
    pub fn failed(&self) {
        if let Some(wait) = self.waits.lock().waits.get_mut(&self.id) {
            wait.failing = true;
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.waits.lock().waits.remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(waits: &Waits) -> Vec<String> {
        waits.told().into_iter().map(|(what, _)| what).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn what_fails_or_lasts_is_told_until_it_ends() {
        let waits = Waits::default();
        let (one, two) = (waits.begin("table events"), waits.begin("snapshots"));
        assert_eq!(names(&waits), Vec::<String>::new(), "what begins is no wait yet");
        two.failed();
        assert_eq!(names(&waits), ["snapshots"]);
        drop(two);
        let _upload = waits.patient().begin("the vault");
        tokio::time::advance(SLOW).await;
        assert_eq!(names(&waits), ["table events"]);
        let again = waits.begin("table events");
        again.failed();
        assert_eq!(waits.told(), [("table events".to_owned(), SLOW)], "told once, by the longest");
        drop(one);
        drop(again);
        assert!(waits.told().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn an_effect_that_is_given_up_is_no_wait_any_more() {
        let waits = Waits::default();
        let effect = waits.watch("the log", std::future::pending::<()>());
        assert!(tokio::time::timeout(SLOW * 2, effect).await.is_err());
        assert!(waits.told().is_empty());
    }
}
