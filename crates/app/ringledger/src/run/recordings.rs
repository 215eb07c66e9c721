//! The stage `recordings`: one task a switch whose recordings can be read.

use std::sync::Arc;
use std::time::{Duration, Instant};

use model::Name;
use pipeline::recordings_stage::{RecordingsStage, Waiting};
use tables::Filter;
use tokio_util::sync::CancellationToken;
use vault::{FolderSource, HttpSource, Source};

use super::services::Services;
use super::supervise::Tasks;
use super::turn::in_turn;
use crate::config::RecordingsSource;
use crate::failure::Failure;

/// Time between two looks at what is pending.
const EVERY: Duration = Duration::from_secs(5);
/// Before the first look for orphans: what the switch announced meanwhile is folded by then.
const SETTLE: Duration = Duration::from_secs(300);
/// Time between two looks for orphans.
const SWEEP_EVERY: Duration = Duration::from_secs(24 * 3600);

/// Starts a task for each switch that says where its recordings are.
///
/// # Errors
/// A place cannot be used.
pub fn start(services: &Arc<Services>, tasks: &mut Tasks) -> Result<(), Failure> {
    for (switch, section) in &services.config.switch {
        let Some(place) = &section.recordings else { continue };
        let source = source(place).map_err(|e| Failure::Usage(format!("switch.{switch}.recordings: {e}")))?;
        let (services, switch) = (services.clone(), Name::from(switch));
        let task = format!("recordings {switch}");
        tasks.keep(task.clone(), move |stop| {
            let (services, switch, source, task) = (services.clone(), switch.clone(), source.clone(), task.clone());
            async move { in_turn(&services, &task, stop, |turn| run(&services, &switch, source.clone(), turn)).await }
        });
    }
    Ok(())
}

/// Where a switch leaves its recordings.
///
/// # Errors
/// Neither or both of folder and URL are said, or it cannot be used.
pub fn source(place: &RecordingsSource) -> Result<Source, String> {
    match (&place.folder, &place.url) {
        (Some(folder), None) => FolderSource::open(folder).map(Source::Folder).map_err(|e| e.to_string()),
        (None, Some(url)) => HttpSource::from_env(url).map(Source::Http).map_err(|e| e.to_string()),
        _ => Err("say either `folder` or `url`".to_owned()),
    }
}

async fn run(services: &Services, switch: &Name, source: Source, stop: CancellationToken) -> Result<(), String> {
    let stage =
        RecordingsStage { log: services.log.clone(), vault: services.vault.clone(), source, waiting: Waiting::Live };
    let place = (&services.center_of(switch), switch);
    let of_switch = Filter { switch: Some(switch.clone()), ..Filter::default() };
    let (begun, mut swept) = (Instant::now(), None::<Instant>);
    while !stop.is_cancelled() {
        let rows = services.lake.recordings(&of_switch).await.map_err(|e| e.to_string())?;
        services.telemetry.recordings(switch, &rows);
        let counts = stage.round(&rows).await.map_err(|e| e.to_string())?;
        services.telemetry.recording_retries(switch, counts.retries);
        // Files that nobody announced are no orphans as long as their announcements may
        // still be on their way through log and fold.
        if begun.elapsed() >= SETTLE && swept.is_none_or(|at| at.elapsed() >= SWEEP_EVERY) {
            stage.orphans(&rows, place).await.map_err(|e| e.to_string())?;
            swept = Some(Instant::now());
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(EVERY) => {}
        }
    }
    Ok(())
}
