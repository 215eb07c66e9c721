//! The stage `crm`: one task a target, so that a slow one delays only itself; one process
//! a target, since an organisation's limits are for all.

use std::sync::Arc;
use std::time::{Duration, Instant};

use pipeline::crm_stage::CrmStage;
use tables::Filter;
use tokio_util::sync::CancellationToken;

use super::services::Services;
use super::supervise::Tasks;
use super::targets;
use super::turn::in_turn;
use super::wait::until_stopped;

/// Rest between two rounds with nothing to do.
const REST: Duration = Duration::from_secs(1);
/// Queue intervals are looked at so often.
const INTERVALS_EVERY: Duration = Duration::from_secs(60);
/// Intervals that ended longer ago are not looked at, milliseconds.
const INTERVALS_BACK_MS: i64 = 48 * 3_600_000;

/// Starts a task for each target.
pub fn start(services: &Arc<Services>, tasks: &mut Tasks) {
    for name in targets::names(&services.config) {
        let services = services.clone();
        let task = format!("crm {name}");
        tasks.keep(task.clone(), move |stop| {
            let (services, task) = (services.clone(), task.clone());
            async move { in_turn(&services, &task, stop, |turn| run(&services, name, turn)).await }
        });
    }
}

async fn run(services: &Services, name: &str, stop: CancellationToken) -> Result<(), String> {
    let (target, mapping) =
        targets::connect(&services.config, &services.root, name).await.map_err(|e| e.to_string())?;
    let mut stage = CrmStage::new(services.log.clone(), target.clone(), mapping, services.rosters.clone());
    let mut looked = Instant::now().checked_sub(INTERVALS_EVERY).unwrap_or_else(Instant::now);
    while !stop.is_cancelled() {
        let Some(busy) = until_stopped(&stop, stage.round(false)).await else { break };
        let busy = busy.map_err(|e| e.to_string())?;
        if looked.elapsed() >= INTERVALS_EVERY {
            looked = Instant::now();
            let from = pipeline::clock::now().plus_millis(-INTERVALS_BACK_MS);
            let rows = services.lake.intervals(&Filter { from: Some(from), ..Filter::default() }).await;
            let rows = rows.map_err(|e| e.to_string())?;
            let Some(written) = until_stopped(&stop, stage.intervals(&rows)).await else { break };
            written.map_err(|e| e.to_string())?;
        }
        services.telemetry.crm(name, &stage.counts, stage.waiting(), &target.status());
        if !busy {
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(REST) => {}
            }
        }
    }
    Ok(())
}
