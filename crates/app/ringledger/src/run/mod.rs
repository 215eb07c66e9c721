//! `run`: every stage of a pipeline in this process, until SIGTERM.
//!
//! Contract: each stage is a task of its own; a failing stage is started again with
//! growing pauses and does not stop the others. On SIGTERM sources stop first, what was
//! read is appended, folds are flushed, positions are committed; the drain has a limit.

pub mod access;
pub mod check;
mod collect;
mod crm_task;
mod desk;
mod facts;
pub mod http;
mod lag;
pub mod live;
mod maintenance;
mod recordings;
pub mod services;
pub mod settings;
mod supervise;
mod sweep;
pub mod targets;
pub mod telemetry;
mod turn;
pub mod vitals;
mod wait;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

pub use wait::stop_on_signals;

use crate::config::{Config, Stage};
use crate::failure::Failure;
use crate::output::say;
use services::Services;
pub use supervise::Tasks;

/// Runs a pipeline until `stop`.
///
/// # Errors
/// The pipeline cannot be started, or did not drain in time.
pub async fn run(config: Config, data_dir: Option<PathBuf>, stop: CancellationToken) -> Result<(), Failure> {
    let drain = Duration::from_secs(config.limits().drain_seconds);
    let services = Arc::new(Services::open(config, data_dir).await?);
    let wants = |stage| services.config.stages.is_empty() || services.config.stages.contains(&stage);
    services.vitals.folding(wants(Stage::Facts));
    settings::tell(&services).await?;
    let mut sources = Tasks::new(stop.clone(), services.telemetry.clone());
    // Folding goes on until the sources have stopped, so that a drain takes in all that was read.
    let after_sources = CancellationToken::new();
    let mut stages = Tasks::new(after_sources.clone(), services.telemetry.clone());
    if wants(Stage::Http)
        && let Some(address) = http::start(&services, after_sources.clone(), &mut stages).await?
    {
        say(&format!("listening on http://{address}"));
    }
    if wants(Stage::Collect) {
        collect::start(&services, &mut sources)?;
    }
    if wants(Stage::Facts) {
        facts::start(&services, &mut stages);
    }
    if wants(Stage::Recordings) {
        recordings::start(&services, &mut stages)?;
    }
    if wants(Stage::Crm) {
        crm_task::start(&services, &mut stages);
    }
    if wants(Stage::Maintenance) {
        maintenance::start(&services, &mut stages);
    }
    tracing::info!("running");
    services.telemetry.ready(true);
    stop.cancelled().await;
    tracing::info!("draining");
    services.telemetry.ready(false);
    let drained = tokio::time::timeout(drain, async {
        let mut failures = sources.join().await;
        after_sources.cancel();
        failures.extend(stages.join().await);
        failures
    })
    .await;
    let failures = drained.map_err(|_| cut(drain))?;
    if failures.is_empty() {
        tracing::info!("drained");
        return Ok(());
    }
    Err(Failure::Other(format!("the drain failed: {}; the next start goes on where it was", failures.join("; "))))
}

fn cut(drain: Duration) -> Failure {
    Failure::Other(format!("the drain took longer than {drain:?} and was cut; the next start goes on where it was"))
}
