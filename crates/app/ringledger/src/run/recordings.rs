//! The stage `recordings`: one task a switch whose recordings can be read. It follows the
//! table of recordings: a round costs what came in and what is pending.

use std::sync::Arc;
use std::time::Duration;

use model::Name;
use model::facts::Recording;
use pipeline::recordings_stage::{RecordingsStage, Waiting};
use pipeline::recordings_view::RecordingsView;
use tables::Filter;
use tokio_util::sync::CancellationToken;
use vault::{FolderSource, HttpSource, Source};

use super::services::Services;
use super::supervise::Tasks;
use super::sweep::Sweep;
use super::turn::in_turn;
use super::wait::until_stopped;
use crate::config::RecordingsSource;
use crate::failure::Failure;

/// Time between two looks at what is pending.
const EVERY: Duration = Duration::from_secs(5);

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
    let (log, vault, waits) = (services.log.clone(), services.vault.clone(), services.telemetry.waits());
    let stage = RecordingsStage { log, vault, source, waiting: Waiting::Live, waits };
    let mut sweep = Sweep::every(services.config.limits().orphans_every());
    let (mut view, mut followed) = (RecordingsView::default(), None);
    while !stop.is_cancelled() {
        let now = pipeline::clock::now();
        let take = |rows: Vec<Recording>| {
            rows.into_iter().for_each(|row| view.take(row));
            view.forget(now);
        };
        followed = Some(services.lake.follow_recordings(followed, switch, take).await.map_err(|e| e.to_string())?);
        services.telemetry.recordings(
            switch,
            &view.by_state(),
            view.oldest_pending().map(|since| now.millis_since(since)),
        );
        let Some(counts) = until_stopped(&stop, stage.round_of(&mut view)).await else { break };
        services.telemetry.recording_retries(switch, counts.map_err(|e| e.to_string())?.retries);
        if sweep.is_due(services, switch).await.map_err(|e| e.to_string())? {
            let Some(swept) = until_stopped(&stop, orphans(services, &stage, switch)).await else { break };
            swept?;
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(EVERY) => {}
        }
    }
    Ok(())
}

/// Stores what nobody announced. Compared with every announcement that the table holds.
async fn orphans(services: &Services, stage: &RecordingsStage, switch: &Name) -> Result<(), String> {
    let of_switch = Filter { switch: Some(switch.clone()), ..Filter::default() };
    let rows = services.lake.recordings(&of_switch).await.map_err(|e| e.to_string())?;
    let found = stage.orphans(&rows, (&services.center_of(switch), switch)).await.map_err(|e| e.to_string())?;
    services.telemetry.orphans_looked_for(switch);
    let stored: u64 = found.by_state.values().sum();
    tracing::info!(%switch, stored, resting = found.waiting, "looked for recordings that nobody announced");
    Ok(())
}
