//! The fold beside the feed: an import's tables grow while its events still come.
//!
//! Contract: the stage reads what the log holds and nothing else, so it ends with the same
//! rows as one that begins when the feed has ended. Dropped with the feed half done, what
//! was not flushed is folded anew by the next start.

use std::time::Duration;

use pipeline::facts_stage::{FactsStage, StageError};
use tokio::task::JoinHandle;
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

    /// The feed has ended: the stage, which may stand before the log's end.
    ///
    /// # Errors
    /// The fold failed meanwhile.
    pub async fn ended(self) -> Result<FactsStage, Failure> {
        self.fed.cancel();
        let folded = self.folding.await.map_err(|e| Failure::Other(format!("the fold ended in a panic: {e}")))?;
        Ok(folded?)
    }
}

async fn fold(mut stage: FactsStage, fed: CancellationToken) -> Result<FactsStage, StageError> {
    while !fed.is_cancelled() {
        stage.step(REST).await?;
    }
    Ok(stage)
}
