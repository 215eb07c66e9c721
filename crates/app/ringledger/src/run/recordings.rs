//! The stage `recordings`: one task a switch whose recordings can be read.

use std::sync::Arc;
use std::time::Duration;

use model::Name;
use pipeline::recordings_stage::{RecordingsStage, Waiting};
use tables::Filter;
use tokio_util::sync::CancellationToken;
use vault::{FolderSource, HttpSource, Source};

use super::services::Services;
use super::supervise::Tasks;
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
        tasks.keep(format!("recordings {switch}"), move |stop| {
            let (services, switch, source) = (services.clone(), switch.clone(), source.clone());
            async move { run(&services, &switch, source, stop).await }
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
    let stage = RecordingsStage {
        log: services.log.clone(),
        vault: services.vault.clone(),
        source,
        waiting: Waiting::Live,
    };
    while !stop.is_cancelled() {
        let filter = Filter { switch: Some(switch.clone()), ..Filter::default() };
        let rows = services.lake.recordings(&filter).await.map_err(|e| e.to_string())?;
        services.telemetry.recordings(switch, &rows);
        stage.round(&rows).await.map_err(|e| e.to_string())?;
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(EVERY) => {}
        }
    }
    Ok(())
}
