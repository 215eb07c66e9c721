//! The fold beside the feed: an import's tables grow while its events still come.
//!
//! Contract: the stage reads what the log holds and nothing else, so it ends with the same
//! rows as one that begins when the feed has ended. Dropped with the feed half done, what
//! was not flushed is folded anew by the next start.

use std::future::Future;
use std::time::Duration;

use pipeline::facts_stage::{FactsStage, StageError};
use tokio::task::{JoinError, JoinHandle};
use tokio_util::sync::CancellationToken;

use crate::failure::Failure;

/// Rest of the fold where the feed has brought nothing yet.
const REST: Duration = Duration::from_millis(20);

/// A fold under way.
pub struct Beside {
    fed: CancellationToken,
    folding: JoinHandle<Result<FactsStage, StageError>>,
}

impl Beside {
    /// Folds on another thread, until the feed has ended.
    pub fn start(stage: FactsStage) -> Self {
        let fed = CancellationToken::new();
        Self { folding: tokio::spawn(fold(stage, fed.clone())), fed }
    }

    /// Feeds; gives what the feed brought and the stage, which may stand before the log's end.
    ///
    /// # Errors
    /// The feed failed, or the fold: a fold that fails ends the feed at once, for what is fed
    /// then would only wait in the log.
    pub async fn feed<T>(mut self, feed: impl Future<Output = Result<T, Failure>>) -> Result<(T, FactsStage), Failure> {
        let fed = tokio::select! {
            fed = feed => fed?,
            // Before the feed has ended a fold ends only by failing.
            folded = &mut self.folding => return Err(stage_of(folded).err().unwrap_or_else(ended_early)),
        };
        self.fed.cancel();
        Ok((fed, stage_of(self.folding.await)?))
    }
}

fn stage_of(folded: Result<Result<FactsStage, StageError>, JoinError>) -> Result<FactsStage, Failure> {
    Ok(folded.map_err(|e| Failure::Other(format!("the fold ended in a panic: {e}")))??)
}

fn ended_early() -> Failure {
    Failure::Other("the fold ended before the feed".to_owned())
}

async fn fold(mut stage: FactsStage, fed: CancellationToken) -> Result<FactsStage, StageError> {
    while !fed.is_cancelled() {
        stage.step(REST).await?;
    }
    Ok(stage)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_fold_that_fails_ends_the_feed() {
        let folding = tokio::spawn(async { Err(StageError::Fatal("the disk is gone".to_owned())) });
        let beside = Beside { fed: CancellationToken::new(), folding };
        let told = beside.feed(std::future::pending::<Result<(), Failure>>()).await.err().unwrap();
        assert!(told.to_string().contains("the disk is gone"), "{told}");
    }
}
