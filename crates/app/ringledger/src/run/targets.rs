//! CRM targets made of the configuration, with the engine's clock and a journal on disk.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use crm::{BulkJob, BulkJournal, CrmError, CrmTarget, MappingSettings, Salesforce, Timing, Webhook};
use model::Instant;

use crate::config::Config;

/// The engine's clock, wait and dice.
pub struct EngineTiming;

#[async_trait]
impl Timing for EngineTiming {
    fn now(&self) -> Instant {
        pipeline::clock::now()
    }

    async fn wait(&self, ms: u64) {
        tokio::time::sleep(Duration::from_millis(ms)).await;
    }

    fn chance(&self) -> f64 {
        fastrand::f64()
    }
}

/// The bulk job under way, in a file: written whole and renamed, then the folder synced.
pub struct FileJournal {
    path: PathBuf,
}

impl FileJournal {
    /// In `state/crm-<target>.json` of the data directory.
    pub fn new(root: &Path, target: &str) -> Self {
        Self { path: root.join("state").join(format!("crm-{target}.json")) }
    }

    fn failed(&self, e: impl std::fmt::Display) -> String {
        format!("{}: {e}", self.path.display())
    }
}

#[async_trait]
impl BulkJournal for FileJournal {
    async fn load(&self) -> Result<Option<BulkJob>, String> {
        match std::fs::read(&self.path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(|e| self.failed(e)),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(self.failed(e)),
        }
    }

    async fn store(&self, job: &BulkJob) -> Result<(), String> {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        std::fs::create_dir_all(folder).map_err(|e| self.failed(e))?;
        let part = self.path.with_extension("part");
        let bytes = serde_json::to_vec(job).map_err(|e| self.failed(e))?;
        std::fs::write(&part, bytes).map_err(|e| self.failed(e))?;
        std::fs::File::open(&part).and_then(|f| f.sync_all()).map_err(|e| self.failed(e))?;
        std::fs::rename(&part, &self.path).map_err(|e| self.failed(e))?;
        std::fs::File::open(folder).and_then(|f| f.sync_all()).map_err(|e| self.failed(e))
    }

    async fn clear(&self) -> Result<(), String> {
        match std::fs::remove_file(&self.path) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(self.failed(e)),
            _ => Ok(()),
        }
    }
}

/// Names of the targets of a pipeline.
pub fn names(config: &Config) -> Vec<&'static str> {
    let salesforce = config.crm.salesforce.as_ref().map(|_| "salesforce");
    salesforce.into_iter().chain(config.crm.webhook.as_ref().map(|_| "webhook")).collect()
}

/// The name of a target in acts, which its section may set.
pub fn name_of(config: &Config, name: &str) -> String {
    let set = match name {
        "webhook" => config.crm.webhook.as_ref().map(|w| w.name.to_string()),
        _ => config.crm.salesforce.as_ref().map(|s| s.name.to_string()),
    };
    set.unwrap_or_else(|| name.to_owned())
}

/// Connects a target; gives it with its mapping.
///
/// # Errors
/// Which, where, what to do.
pub async fn connect(
    config: &Config,
    root: &Path,
    name: &str,
) -> Result<(Arc<dyn CrmTarget>, MappingSettings), CrmError> {
    let absent = || CrmError::Config(format!("no target '{name}' in the pipeline file"));
    if name == "webhook" {
        let section = config.crm.webhook.clone().ok_or_else(absent)?;
        let mapping = section.mapping.clone();
        return Ok((Arc::new(Webhook::new(section, Arc::new(EngineTiming))?), mapping));
    }
    let section = config.crm.salesforce.clone().ok_or_else(absent)?;
    let mapping = section.mapping.clone();
    let journal = Arc::new(FileJournal::new(root, &section.name));
    Ok((Arc::new(Salesforce::connect(section, Arc::new(EngineTiming), journal).await?), mapping))
}
