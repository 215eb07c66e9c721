//! The stage `crm`: one task a target, so that a slow one delays only itself; one process
//! a target, since an organisation's limits are for all.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crm::mapping::HALF_HOUR_MS;
use pipeline::crm_stage::CrmStage;
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

/// From where on intervals are looked at: a half hour's begin, for a half hour of which only
/// a part is seen would be written with that part's counts alone.
fn window_begin(now: model::Instant) -> model::Instant {
    let back = now.millis() - INTERVALS_BACK_MS;
    model::Instant::from_millis(back.div_euclid(HALF_HOUR_MS) * HALF_HOUR_MS)
}

async fn run(services: &Services, name: &str, stop: CancellationToken) -> Result<(), String> {
    let (target, mapping) =
        targets::connect(&services.config, &services.root, name).await.map_err(|e| e.to_string())?;
    let mut stage = CrmStage::new(services.log.clone(), target.clone(), mapping, services.rosters.clone());
    let recent = || Filter { from: Some(window_begin(pipeline::clock::now())), ..Filter::default() };
    let parked = standing(&services.lake, &recent()).await.map_err(|e| e.to_string())?;
    let known = target.name();
    stage.parked_before(parked.into_iter().filter(|p| p.target == known && is_interval(&p.object)).map(|p| p.call_id));
    let mut looked = Instant::now().checked_sub(INTERVALS_EVERY).unwrap_or_else(Instant::now);
    while !stop.is_cancelled() {
        let looks = looked.elapsed() >= INTERVALS_EVERY;
        let work = async {
            let busy = stage.round(false).await.map_err(|e| e.to_string())?;
            if looks {
                let rows = services.lake.intervals(&recent()).await.map_err(|e| e.to_string())?;
                stage.intervals(&rows).await.map_err(|e| e.to_string())?;
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

#[cfg(test)]
mod tests {
    use model::Instant;

    use super::*;

    #[test]
    fn a_half_hour_is_seen_whole_or_not_at_all() {
        let now = Instant::parse_rfc3339("2026-11-24T10:47:12Z").unwrap();
        let begin = Instant::parse_rfc3339("2026-11-22T10:30:00Z").unwrap();
        assert_eq!(window_begin(now), begin);
        assert_eq!(window_begin(begin.plus_millis(INTERVALS_BACK_MS)), begin);
    }
}
