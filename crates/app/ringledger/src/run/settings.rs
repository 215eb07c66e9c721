//! What shapes the rows of a switch, said in the log when it changes.
//!
//! Contract: what was said last is noted in the state store, so that a start with the same
//! settings appends nothing; an import, which may say other things, removes the note
//! ([`forget`]). Where the note is lost the same is said once more, which changes nothing.

use std::path::Path;

use event_log::NewRecord;
use model::acts::SwitchSettings;
use model::{Act, Name, TOPIC_EVENTS};
use object_store::{ObjectStoreExt, path::Path as Key};

use super::services::Services;
use crate::config::SwitchSection;
use crate::failure::Failure;

/// Folder of the notes.
const FOLDER: &str = "settings";

/// Says what each switch's section says, where it is not what was said last.
///
/// # Errors
/// The log cannot be written, or the state store fails.
pub async fn tell(services: &Services) -> Result<(), Failure> {
    for (switch, section) in &services.config.switch {
        let acts = acts(services, switch, section);
        let text: String = acts.iter().map(|a| serde_json::to_string(a).unwrap_or_default() + "\n").collect();
        let note = Key::from(FOLDER).join(switch.as_str());
        if said(services, &note).await? == text {
            continue;
        }
        let now = pipeline::clock::now();
        let place = (&services.center_of(switch), &Name::from(switch));
        let record = |(nth, act): (usize, &Act)| {
            let id = collectors::ids::act_id(&format!("{} {nth} {text}", now.0));
            NewRecord::event(&act.envelope("settings", id, place, now, now))
        };
        services.log.append(TOPIC_EVENTS, acts.iter().enumerate().map(record).collect()).await?;
        services.state.put(&note, text.into()).await.map_err(|e| failed(&note, &e))?;
    }
    Ok(())
}

fn acts(services: &Services, switch: &str, section: &SwitchSection) -> Vec<Act> {
    let settings = settings_of(section);
    let shaped = (settings != SwitchSettings::default()).then_some(Act::SettingsSet { settings });
    let roster = services.rosters.get(switch).map(|roster| Act::RosterSet { roster: roster.clone() });
    shaped.into_iter().chain(roster).collect()
}

fn settings_of(section: &SwitchSection) -> SwitchSettings {
    SwitchSettings {
        figures: section.figures.as_deref().map(Name::from),
        acw_pause_reasons: section.acw_pause_reasons.iter().map(Name::from).collect(),
        sl_threshold_ms: section.service_level_seconds.map(|s| s * 1000),
        short_abandon_ms: section.short_abandon_seconds.map(|s| s * 1000),
        queue_thresholds: section.queue_service_level_seconds.iter().map(|(q, s)| (q.into(), s * 1000)).collect(),
        default_region: section.region.as_deref().map(Name::from),
    }
}

/// The switch's settings are not known to be in force any more.
///
/// # Errors
/// The note cannot be removed.
pub fn forget(root: &Path, switch: &str) -> std::io::Result<()> {
    let note = Key::from(FOLDER).join(switch);
    match std::fs::remove_file(root.join("state").join(note.as_ref())) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(e),
        _ => Ok(()),
    }
}

fn failed(note: &Key, e: &object_store::Error) -> Failure {
    Failure::Other(format!("the state store, {note}: {e}"))
}

async fn said(services: &Services, note: &Key) -> Result<String, Failure> {
    match services.state.get(note).await {
        Ok(object) => {
            let bytes = object.bytes().await.map_err(|e| failed(note, &e))?;
            Ok(String::from_utf8_lossy(&bytes).into_owned())
        }
        Err(object_store::Error::NotFound { .. }) => Ok(String::new()),
        Err(e) => Err(failed(note, &e)),
    }
}
