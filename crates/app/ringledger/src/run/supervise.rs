//! Tasks that are started again when they fail.
//!
//! Contract: a failed task drops its state and begins anew after a pause that grows; while
//! it pauses, the process is not ready and says which task failed. What fails while the
//! process drains is not tried again: it is given back, so that the drain is no success.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::telemetry::Telemetry;

/// First and longest pause before a failed task is started again.
const PAUSE: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// Tasks of one kind, stopped together.
pub struct Tasks {
    set: JoinSet<Option<String>>,
    stop: CancellationToken,
    telemetry: Arc<Telemetry>,
}

impl Tasks {
    /// None yet; `stop` ends them; failures are told to `telemetry`.
    pub fn new(stop: CancellationToken, telemetry: Arc<Telemetry>) -> Self {
        Self { set: JoinSet::new(), stop, telemetry }
    }

    /// Starts a task; it is started again with growing pauses when it fails, and ends when
    /// it returns `Ok` or `stop` comes.
    pub fn keep<F, Fut>(&mut self, name: String, task: F)
    where
        F: Fn(CancellationToken) -> Fut + Send + 'static,
        Fut: Future<Output = Result<(), String>> + Send,
    {
        let (stop, telemetry) = (self.stop.clone(), self.telemetry.clone());
        self.set.spawn(async move {
            let mut pause = PAUSE.0;
            loop {
                let begun = tokio::time::Instant::now();
                let Err(error) = task(stop.clone()).await else { return None };
                if stop.is_cancelled() {
                    tracing::error!(task = name, %error, "a task failed while it drained");
                    return Some(format!("{name}: {error}"));
                }
                if begun.elapsed() > PAUSE.1 {
                    pause = PAUSE.0;
                }
                tracing::error!(task = name, %error, pause_s = pause.as_secs(), "a task failed; it is started again");
                telemetry.failed(&name);
                tokio::select! {
                    () = stop.cancelled() => return None,
                    () = tokio::time::sleep(pause) => {}
                }
                telemetry.taken_up(&name);
                pause = (pause * 2).min(PAUSE.1);
            }
        });
    }

    /// Waits until all have ended; gives what failed while it drained.
    pub async fn join(&mut self) -> Vec<String> {
        let mut failures = Vec::new();
        while let Some(ended) = self.set.join_next().await {
            match ended {
                Ok(failure) => failures.extend(failure),
                Err(e) => failures.push(format!("a task broke: {e}")),
            }
        }
        failures
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use console::Health;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_failing_task_begins_anew_and_the_process_says_which() {
        let (stop, telemetry) = (CancellationToken::new(), Arc::new(Telemetry::new()));
        telemetry.ready(true);
        let mut tasks = Tasks::new(stop.clone(), telemetry.clone());
        let begun = Arc::new(AtomicU32::new(0));
        let counted = begun.clone();
        tasks.keep("facts".to_owned(), move |stop| {
            let nth = counted.fetch_add(1, Ordering::Relaxed);
            async move {
                if nth < 2 {
                    return Err("no store".to_owned());
                }
                stop.cancelled().await;
                Ok(())
            }
        });
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert_eq!(Health::ready(&*telemetry).unwrap_err(), "task facts failed and waits to be started again");
        tokio::time::sleep(Duration::from_secs(4)).await;
        assert_eq!((begun.load(Ordering::Relaxed), Health::ready(&*telemetry)), (3, Ok(())));
        assert!(telemetry.metrics().contains("ringledger_task_failures_total{task=\"facts\"} 2"));
        stop.cancel();
        assert_eq!(tasks.join().await, Vec::<String>::new());
    }

    #[tokio::test]
    async fn what_fails_while_it_drains_is_given_back() {
        let stop = CancellationToken::new();
        let mut tasks = Tasks::new(stop.clone(), Arc::new(Telemetry::new()));
        tasks.keep("facts".to_owned(), |stop| async move {
            stop.cancelled().await;
            Err("the last flush failed".to_owned())
        });
        stop.cancel();
        assert_eq!(tasks.join().await, ["facts: the last flush failed"]);
    }
}
