//! The stage `facts`: a member of the consumer group, flushing on time and on size.

use std::sync::Arc;
use std::time::{Duration, Instant};

use event_log::{NewRecord, Rebalance};
use metrics::render::json;
use model::{TOPIC_EVENTS, TOPIC_LIVE};
use pipeline::facts_stage::{FactsConfig, FactsStage};
use tokio_util::sync::CancellationToken;

use super::services::Services;
use super::supervise::Tasks;
use crate::wiring;

/// Longest rest where nothing is to be read.
const REST: Duration = Duration::from_millis(50);
/// Live figures are published so often.
const LIVE_EVERY: Duration = Duration::from_millis(500);

/// Starts the stage.
pub fn start(services: &Arc<Services>, tasks: &mut Tasks) {
    let services = services.clone();
    tasks.keep("facts".to_owned(), move |stop| {
        let services = services.clone();
        async move { run(&services, stop).await }
    });
}

async fn run(services: &Services, stop: CancellationToken) -> Result<(), String> {
    let group = services.config.kafka.as_ref().map_or("ringledger-facts", |k| k.group.as_str());
    let mut fold = wiring::fold_config();
    fold.late_horizon_ms = services.config.limits.late_horizon_hours.saturating_mul(3_600_000);
    let config =
        FactsConfig { group: group.to_owned(), generation: wiring::GENERATION.to_owned(), fold, publish: true };
    let mut stage = FactsStage::new(services.log.clone(), services.lake.clone(), services.snapshots.clone(), config);
    let mut membership = services.log.join(group, TOPIC_EVENTS).await.map_err(|e| e.to_string())?;
    let flush_every = Duration::from_millis(services.config.limits.flush_ms);
    let (mut flushed, mut lived) = (Instant::now(), Instant::now());
    while !stop.is_cancelled() {
        if let Ok(change) = tokio::time::timeout(Duration::ZERO, membership.changed()).await {
            follow(&mut stage, change.map_err(|e| e.to_string())?).await?;
        }
        let read = stage.step(REST).await.map_err(|e| e.to_string())?;
        if flushed.elapsed() >= flush_every {
            stage.flush().await.map_err(|e| e.to_string())?;
            flushed = Instant::now();
            lag(services, &stage).await;
        }
        if lived.elapsed() >= LIVE_EVERY {
            publish_live(services, &stage).await?;
            lived = Instant::now();
        }
        services.telemetry.facts(&stage.counts, read);
    }
    // What the sources appended last is taken in before the process ends.
    stage.run_until_idle(&|_| {}).await.map_err(|e| e.to_string())?;
    stage.finish().await.map_err(|e| e.to_string())?;
    services.telemetry.facts(&stage.counts, 0);
    Ok(())
}

async fn follow(stage: &mut FactsStage, change: Rebalance) -> Result<(), String> {
    match change {
        Rebalance::Assigned(partitions) => {
            tracing::info!(?partitions, "partitions assigned");
            for partition in partitions {
                stage.take(partition).await.map_err(|e| e.to_string())?;
            }
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

async fn lag(services: &Services, stage: &FactsStage) {
    let stand: Vec<(i32, i64)> = stage.folds().map(|f| (f.partition(), f.next_offset())).collect();
    for (partition, next) in stand {
        if let Ok(marks) = services.log.watermarks(TOPIC_EVENTS, partition).await {
            services.telemetry.lag(partition, marks.high - next);
        }
    }
}

/// Live figures of every switch, keyed by switch and queue.
async fn publish_live(services: &Services, stage: &FactsStage) -> Result<(), String> {
    let now = pipeline::clock::now();
    let options = metrics::Options::default();
    let mut batch = Vec::new();
    for fold in stage.folds() {
        for row in fold.live_rows(now, chrono_tz::UTC) {
            batch.push(NewRecord {
                key: format!("{}/{}", row.switch.as_deref().unwrap_or_default(), row.queue).into(),
                partition: None,
                timestamp_ms: None,
                headers: Vec::new(),
                value: json(std::slice::from_ref(&row), &options).into(),
            });
        }
    }
    if !batch.is_empty() {
        services.log.append(TOPIC_LIVE, batch).await.map_err(|e| e.to_string())?;
    }
    Ok(())
}
