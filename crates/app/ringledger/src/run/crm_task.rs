//! The stage `crm`: one task a target, so that a slow one delays only itself; one process
//! a target, since an organisation's limits are for all.

use std::sync::Arc;
use std::time::{Duration, Instant};

use pipeline::crm_stage::CrmStage;
use pipeline::interval_feed::IntervalFeed;
use tables::Filter;
use tokio_util::sync::CancellationToken;

use super::services::Services;
use super::supervise::Tasks;
use super::targets;
use super::turn::in_turn;
use super::wait::until_stopped;
use crate::parked::{is_interval, standing};

/// Rest between two rounds with nothing to do.
const REST: Duration = Duration::from_secs(1);
/// Queue intervals are looked at so often.
const INTERVALS_EVERY: Duration = Duration::from_secs(60);
/// Which intervals stand parked is kept by the feed; what was parked by a process that did
/// not come to keep it is looked up in the events of so long, milliseconds.
const PARKED_BACK_MS: i64 = 48 * 3_600_000;

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
        targets::connect(&services.config, &services.state, name).await.map_err(|e| e.to_string())?;
    services.targets.note(&target);
    let mut stage = CrmStage::new(services.log.clone(), target.clone(), mapping, services.rosters.clone());
    let recent = Filter { from: Some(pipeline::clock::now().plus_millis(-PARKED_BACK_MS)), ..Filter::default() };
    let parked = standing(&services.lake, &recent).await.map_err(|e| e.to_string())?;
    let known = target.name();
    let mut feed = IntervalFeed::new(services.lake.clone(), services.state.clone(), &known);
    stage.parked_before(parked.into_iter().filter(|p| p.target == known && is_interval(&p.object)).map(|p| p.call_id));
    let mut looked = Instant::now().checked_sub(INTERVALS_EVERY).unwrap_or_else(Instant::now);
    while !stop.is_cancelled() {
        let looks = looked.elapsed() >= INTERVALS_EVERY;
        let work = async {
            let busy = stage.round(false).await.map_err(|e| e.to_string())?;
            if looks {
                feed.round(&mut stage).await.map_err(|e| e.to_string())?;
            }
            Ok::<_, String>(busy)
        };
        // Every write is an upsert and positions follow outcomes: what is left undone is done
        // by the next start.
        let Some(done) = until_stopped(&stop, work).await else { break };
        let busy = done?;
        if looks {
            looked = Instant::now();
        }
        let status = target.status();
        services.telemetry.crm(name, &stage.counts, stage.waiting(), &status);
        services.vitals.crm(name, &stage.counts, stage.waiting(), &status);
        if !busy {
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(REST) => {}
            }
        }
    }
    Ok(())
}
