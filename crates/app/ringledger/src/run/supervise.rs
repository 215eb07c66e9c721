//! Tasks that are started again when they fail.

use std::future::Future;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// First and longest pause before a failed task is started again.
const PAUSE: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// Tasks of one kind, stopped together.
pub struct Tasks {
    set: JoinSet<()>,
    stop: CancellationToken,
}

impl Tasks {
    /// None yet; `stop` ends them.
    pub fn new(stop: CancellationToken) -> Self {
        Self { set: JoinSet::new(), stop }
    }

    /// Starts a task; it is started again with growing pauses when it fails, and ends when
    /// it returns `Ok` or `stop` comes.
    pub fn keep<F, Fut>(&mut self, name: String, task: F)
    where
        F: Fn(CancellationToken) -> Fut + Send + 'static,
        Fut: Future<Output = Result<(), String>> + Send,
    {
        let stop = self.stop.clone();
        self.set.spawn(async move {
            let mut pause = PAUSE.0;
            loop {
                let begun = tokio::time::Instant::now();
                match task(stop.clone()).await {
                    Ok(()) => return,
                    Err(error) => tracing::error!(task = name, %error, "a task failed; it is started again"),
                }
                if begun.elapsed() > PAUSE.1 {
                    pause = PAUSE.0;
                }
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = tokio::time::sleep(pause) => {}
                }
                pause = (pause * 2).min(PAUSE.1);
            }
        });
    }

    /// Waits until all have ended.
    pub async fn join(&mut self) {
        while self.set.join_next().await.is_some() {}
    }
}
