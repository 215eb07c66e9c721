//! SIGTERM and SIGINT, and how long what is under way still has then.

use std::future::Future;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// A token that the first SIGTERM or SIGINT cancels.
pub fn stop_on_signals() -> CancellationToken {
    let stop = CancellationToken::new();
    let told = stop.clone();
    tokio::spawn(async move {
        let (Ok(mut term), Ok(mut int)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) else {
            return;
        };
        tokio::select! {
            _ = term.recv() => {}
            _ = int.recv() => {}
        }
        told.cancel();
    });
    stop
}

/// How long a request that is under way still has once the process drains.
const LEAVING: Duration = Duration::from_secs(5);

/// Waits for work that may be broken off anywhere, as a kill would, and is taken up again
/// at the next start; `None` where `stop` came and it had not ended soon after.
pub async fn until_stopped<T>(stop: &CancellationToken, work: impl Future<Output = T>) -> Option<T> {
    let cut = async {
        stop.cancelled().await;
        tokio::time::sleep(LEAVING).await;
    };
    tokio::select! {
        done = work => Some(done),
        () = cut => {
            tracing::info!("work that still waited was broken off; the next start takes it up");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn work_ends_by_itself_or_soon_after_the_stop() {
        let stop = CancellationToken::new();
        let short = async {
            tokio::time::sleep(LEAVING * 10).await;
            7
        };
        assert_eq!(until_stopped(&stop, short).await, Some(7), "nothing is cut while it runs");
        stop.cancel();
        assert_eq!(until_stopped(&stop, tokio::time::sleep(LEAVING / 2)).await, Some(()));
        assert_eq!(until_stopped(&stop, std::future::pending::<()>()).await, None);
    }
}
