//! Recordings in an import: everything announced is looked for now, its deadline being
//! the end of the input.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use model::Name;
use model::facts::{Recording, RecordingState};
use pipeline::facts_stage::FactsStage;
use pipeline::recordings_stage::{RecordingsStage, Waiting};
use pipeline::waits::Waits;
use tables::Filter;
use vault::{FolderSource, Source, StoreConfig, Vault};

use crate::data_dir::{Writing, vault_dir};
use crate::failure::Failure;

/// What an import did with recordings, by state.
#[derive(Default)]
pub struct Handled {
    /// New outcomes by state.
    pub by_state: BTreeMap<RecordingState, u64>,
    /// Paths refused.
    pub refused: u64,
}

impl std::fmt::Display for Handled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.by_state.is_empty() {
            return f.write_str("nothing new");
        }
        let word = |s: &RecordingState| serde_json::to_string(s).unwrap_or_default().replace('"', "");
        let parts: Vec<String> = self.by_state.iter().map(|(s, n)| format!("{n} {}", word(s))).collect();
        f.write_str(&parts.join(", "))?;
        if self.refused > 0 {
            write!(f, " ({} paths refused: they lead out of the folder)", self.refused)?;
        }
        Ok(())
    }
}

/// Opens the vault of a data directory.
///
/// # Errors
/// The folder cannot be used.
pub fn local_vault(root: &Path) -> Result<Vault, Failure> {
    let config = StoreConfig::from_env(&vault_dir(root).display().to_string(), &[]);
    Vault::open(&config).map_err(|e| Failure::Other(e.to_string()))
}

/// Handles the pending recordings of a switch and the folder's orphans.
///
/// # Errors
/// The folder or the vault cannot be used, or a stage failed.
pub async fn handle(
    writing: &Writing,
    stage: &mut FactsStage,
    switch: &str,
    center: &str,
    folder: &Path,
) -> Result<Handled, Failure> {
    let other = |e: &dyn std::fmt::Display| Failure::Other(e.to_string());
    let source = Source::Folder(FolderSource::open(folder).map_err(|e| other(&e))?);
    let vault = Arc::new(local_vault(&writing.root)?);
    let recordings = RecordingsStage {
        log: writing.log.clone(),
        vault,
        source,
        waiting: Waiting::InputEnded,
        waits: Waits::default(),
    };
    let all = writing.lake.recordings(&Filter::default()).await?;
    let of_switch: Vec<Recording> = all.iter().filter(|r| r.switch == switch).cloned().collect();
    let mut handled = Handled::default();
    let stored = recordings.round(&of_switch).await.map_err(|e| other(&e))?;
    let (center, switch): (Name, Name) = (center.into(), switch.into());
    let found = recordings.orphans(&all, (&center, &switch)).await.map_err(|e| other(&e))?;
    for counts in [stored, found] {
        handled.refused += counts.refused;
        for (state, n) in counts.by_state {
            *handled.by_state.entry(state).or_default() += n;
        }
    }
    stage.run_until_idle(&|_| {}).await?;
    Ok(handled)
}
