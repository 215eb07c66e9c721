//! The stage `facts`: a member of the consumer group, flushing on time and on size.
//!
//! Contract: a failure drops every state; what starts anew takes it up from tables and
//! snapshots. A change of partitions is followed before more is read.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use event_log::{Membership, Rebalance};
use model::TOPIC_EVENTS;
use pipeline::facts_stage::{FactsConfig, FactsStage};
use tokio_util::sync::CancellationToken;

use super::lag::Lag;
use super::live::Live;
use super::services::Services;
use super::supervise::Tasks;
use crate::wiring;

/// Longest rest where nothing is to be read.
const REST: Duration = Duration::from_millis(50);
/// Live figures are looked at so often.
const LIVE_EVERY: Duration = Duration::from_millis(250);

/// Records that are still folded when the process drains.
const DRAINED_RECORDS: i64 = 100_000;

/// Starts the stage.
pub fn start(services: &Arc<Services>, tasks: &mut Tasks) {
    let services = services.clone();
    tasks.keep("facts".to_owned(), move |stop| {
        let services = services.clone();
        async move { run(&services, stop).await }
    });
}

async fn run(services: &Arc<Services>, stop: CancellationToken) -> Result<(), String> {
    let group = services.facts_group();
    let mut fold = wiring::fold_config();
    fold.late_horizon_ms = services.config.limits().late_horizon_hours.saturating_mul(3_600_000);
    let config =
        FactsConfig { group: group.to_owned(), generation: wiring::GENERATION.to_owned(), fold, publish: true };
    let mut stage = FactsStage::new(services.log.clone(), services.lake.clone(), services.snapshots.clone(), config)
        .telling(services.telemetry.waits());
    let mut membership = services.log.join(group, TOPIC_EVENTS).await.map_err(|e| e.to_string())?;
    let ended = fold_until(services, &mut stage, &mut *membership, stop).await;
    services.telemetry.facts(&stage.counts);
    services.telemetry.queues(&[]);
    ended
}

async fn fold_until(
    services: &Arc<Services>,
    stage: &mut FactsStage,
    membership: &mut dyn Membership,
    stop: CancellationToken,
) -> Result<(), String> {
    let (mut live, lag) = (Live::default(), Lag::start(services));
    let flush_every = Duration::from_millis(services.config.limits().flush_ms);
    let (mut flushed, mut lived) = (Instant::now(), Instant::now());
    services.telemetry.durable(pipeline::clock::now());
    while !stop.is_cancelled() {
        while let Ok(change) = tokio::time::timeout(Duration::ZERO, membership.changed()).await {
            follow(stage, change.map_err(|e| e.to_string())?).await?;
            live.forget();
        }
        stage.step(REST).await.map_err(|e| e.to_string())?;
        if flushed.elapsed() >= flush_every {
            // What waits is told before the flush: one that hangs must show.
            tell(services, stage);
            let begun = Instant::now();
            stage.flush().await.map_err(|e| e.to_string())?;
            flushed = Instant::now();
            services.telemetry.durable(pipeline::clock::now());
            let stands: BTreeMap<i32, i64> = stage.folds().map(|f| (f.partition(), f.next_offset())).collect();
            services.vitals.flushed(begun.elapsed(), stage.counts.rows, stage.waiting_rows(), stands.clone());
            lag.stands(stands);
        }
        if lived.elapsed() >= LIVE_EVERY {
            live.publish(services, stage).await.map_err(|e| e.to_string())?;
            lived = Instant::now();
        }
        tell(services, stage);
    }
    // What the sources appended last is taken in before the process ends; a backlog that
    // would outlast the drain is left to the next start.
    if backlog(services, stage).await? <= DRAINED_RECORDS {
        stage.run_until_idle(&|_| {}).await.map_err(|e| e.to_string())?;
    }
    stage.finish().await.map_err(|e| e.to_string())
}

fn tell(services: &Services, stage: &mut FactsStage) {
    services.telemetry.facts(&stage.counts);
    services.telemetry.rows_held(stage.waiting_rows());
    services.telemetry.flushes_took(&stage.flushes_took());
}

/// Records that the owned partitions hold beyond their folds.
async fn backlog(services: &Services, stage: &FactsStage) -> Result<i64, String> {
    let mut records = 0;
    for fold in stage.folds() {
        let marks = services.log.watermarks(TOPIC_EVENTS, fold.partition()).await.map_err(|e| e.to_string())?;
        records += (marks.high - fold.next_offset()).max(0);
    }
    Ok(records)
}

async fn follow(stage: &mut FactsStage, change: Rebalance) -> Result<(), String> {
    match change {
        Rebalance::Assigned(partitions) => {
            tracing::info!(?partitions, "partitions assigned");
            stage.take_all(&partitions).await.map_err(|e| e.to_string())?;
        }
        Rebalance::Revoked(partitions) => {
            tracing::info!(?partitions, "partitions revoked");
            for partition in partitions {
                stage.let_go(partition).await.map_err(|e| e.to_string())?;
            }
        }
    }
    Ok(())
}
