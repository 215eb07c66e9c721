//! Answers that cost a look through a table or a topic, kept for a while.

use std::future::Future;
use std::time::{Duration, Instant};

use tokio::sync::Mutex;

/// One answer; those who ask while it is being found wait for it.
pub(crate) struct Kept<T> {
    answer: Mutex<Option<(Instant, T)>>,
}

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self { answer: Mutex::default() }
    }
}

impl<T: Clone> Kept<T> {
    /// The answer, at most so old; an error is not kept.
    pub async fn get<E>(&self, oldest: Duration, find: impl Future<Output = Result<T, E>>) -> Result<T, E> {
        let mut answer = self.answer.lock().await;
        if let Some((at, found)) = &*answer
            && at.elapsed() < oldest
        {
            return Ok(found.clone());
        }
        let found = find.await?;
        *answer = Some((Instant::now(), found.clone()));
        Ok(found)
    }

    /// What was done changes it: the next one who asks gets a new one.
    pub async fn forget(&self) {
        *self.answer.lock().await = None;
    }
}
