//! Whose turn it is: of all processes that could do a task, one does it.
//!
//! Contract: with Kafka, the processes that are configured for a task form a consumer
//! group of the task's own over a topic of one partition; who owns that partition does the
//! task, until it leaves or is lost, and a newcomer takes nothing from a living owner. With
//! the embedded log there is one process, and it is always its turn. It is no fence: what
//! must not be done twice is fenced where it is done (leases, `txn`s, external ids).

use std::future::Future;

use event_log::{Membership, Rebalance, TOPIC_LEASES};
use tokio_util::sync::CancellationToken;

use super::services::Services;

/// Does `work` whenever it is this process's turn, until `stop`.
///
/// # Errors
/// The work's, or the membership is lost.
pub async fn in_turn<F, Fut>(services: &Services, task: &str, stop: CancellationToken, work: F) -> Result<(), String>
where
    F: Fn(CancellationToken) -> Fut,
    Fut: Future<Output = Result<(), String>>,
{
    let Some(kafka) = &services.config.kafka else { return work(stop).await };
    let group = format!("{}.{}", kafka.group, task.replace([' ', '/'], "-"));
    let mut membership = services.log.join(&group, TOPIC_LEASES).await.map_err(|e| e.to_string())?;
    loop {
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            change = membership.changed() => match change.map_err(|e| e.to_string())? {
                Rebalance::Assigned(_) => {}
                Rebalance::Revoked(_) => continue,
            },
        }
        tracing::info!(task, "it is this process's turn");
        let turn = stop.child_token();
        let (done, lost) = until_lost(&mut *membership, work(turn.clone()), &turn).await;
        done?;
        lost?;
        if stop.is_cancelled() {
            return Ok(());
        }
        tracing::info!(task, "another process's turn now");
    }
}

/// Works until done, or until the turn is lost: then the work is told and waited for.
async fn until_lost(
    membership: &mut dyn Membership,
    work: impl Future<Output = Result<(), String>>,
    turn: &CancellationToken,
) -> (Result<(), String>, Result<(), String>) {
    let mut work = std::pin::pin!(work);
    loop {
        let lost = tokio::select! {
            done = &mut work => return (done, Ok(())),
            change = membership.changed() => match change {
                Ok(Rebalance::Assigned(_)) => continue,
                Ok(Rebalance::Revoked(_)) => Ok(()),
                Err(e) => Err(e.to_string()),
            },
        };
        turn.cancel();
        return (work.await, lost);
    }
}
