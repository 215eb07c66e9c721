//! The data directory: log, lake, vault and state of a local ringledger (docs/tables.md, 1).
//!
//! One process writes; a second writer is told so by the log's lock. Readers work beside.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use event_log::EmbeddedLog;
use event_log::EventLog;
use pipeline::facts_stage::{FactsConfig, FactsStage};
use pipeline::snapshots::Snapshots;
use tables::{Lake, LakeConfig};

use crate::failure::Failure;
use crate::run::services::Services;
use crate::wiring;

/// A data directory opened for writing.
pub struct Writing {
    /// Its root.
    pub root: PathBuf,
    /// The log.
    pub log: Arc<dyn EventLog>,
    /// The tables.
    pub lake: Arc<Lake>,
    snapshots: Snapshots,
}

/// Folder of the log.
pub fn log_dir(root: &Path) -> PathBuf {
    root.join("log")
}

/// Folder of the recordings.
pub fn vault_dir(root: &Path) -> PathBuf {
    root.join("vault")
}

async fn lake(root: &Path) -> Result<Lake, Failure> {
    let path = root.join("lake");
    Ok(Lake::open(LakeConfig::folder(&path, wiring::GENERATION)).await?)
}

/// Opens the data directory for writing; makes it where it is absent.
///
/// # Errors
/// Another process writes to it, the disk is full, or a part cannot be opened.
pub async fn open_writing(root: &Path) -> Result<Writing, Failure> {
    let failed = |e| Failure::File(root.display().to_string(), e);
    std::fs::create_dir_all(log_dir(root)).map_err(failed)?;
    std::fs::create_dir_all(root.join("state")).map_err(failed)?;
    let log: Arc<dyn EventLog> = Arc::new(EmbeddedLog::open(&log_dir(root))?);
    for topic in event_log::topics() {
        log.ensure_topic(&topic).await?;
    }
    let lake = lake(root).await?;
    lake.ensure_tables().await?;
    let store = tables::SyncedFolder::below(root.join("state"))
        .map_err(|e| Failure::Other(format!("{}: {e}", root.join("state").display())))?;
    let snapshots = Snapshots::new(Arc::new(store), "facts", wiring::GENERATION);
    Ok(Writing { root: root.to_owned(), log, lake: Arc::new(lake), snapshots })
}

impl Writing {
    /// The stage `facts` over every partition of this log.
    ///
    /// # Errors
    /// A partition cannot be taken up.
    pub async fn facts(&self) -> Result<FactsStage, Failure> {
        every_partition(&self.log, &self.lake, &self.snapshots).await
    }
}

/// The stage `facts` over every partition of a pipeline's log, where no group shares it.
///
/// # Errors
/// A partition cannot be taken up.
pub async fn facts_of(services: &Services) -> Result<FactsStage, Failure> {
    every_partition(&services.log, &services.lake, &services.snapshots).await
}

/// Folds what the log holds where nobody else does: the log is the embedded one, and no
/// stage `facts` runs in this process.
///
/// # Errors
/// The stage failed.
pub async fn fold_here(services: &Services) -> Result<(), Failure> {
    if services.embedded.is_none() || services.vitals.folds_here() {
        return Ok(());
    }
    let mut facts = facts_of(services).await?;
    facts.run_until_idle(&|_| {}).await?;
    Ok(facts.finish().await?)
}

async fn every_partition(
    log: &Arc<dyn EventLog>,
    lake: &Arc<Lake>,
    snapshots: &Snapshots,
) -> Result<FactsStage, Failure> {
    let config = FactsConfig {
        group: "ringledger-facts".to_owned(),
        generation: wiring::GENERATION.to_owned(),
        fold: wiring::fold_config(),
        publish: true,
    };
    let mut stage = FactsStage::new(log.clone(), lake.clone(), snapshots.clone(), config);
    let partitions: Vec<i32> = (0..log.partitions(model::TOPIC_EVENTS).await?).collect();
    stage.take_all(&partitions).await?;
    Ok(stage)
}

/// Opens the tables for reading, beside a running process or without one.
///
/// # Errors
/// There is no data directory, or its tables cannot be read.
pub async fn open_lake(root: &Path) -> Result<Lake, Failure> {
    // A replay's folder has tables and no log.
    if !root.join("lake").is_dir() {
        exists(root)?;
    }
    lake(root).await
}

/// Opens the log for reading, beside a running process or without one.
///
/// # Errors
/// There is no data directory, or its log cannot be read.
pub fn open_log(root: &Path) -> Result<EmbeddedLog, Failure> {
    exists(root)?;
    Ok(EmbeddedLog::open_read_only(&log_dir(root))?)
}

fn exists(root: &Path) -> Result<(), Failure> {
    if log_dir(root).is_dir() {
        return Ok(());
    }
    Err(Failure::Usage(format!(
        "{} holds no ringledger data; name the folder with --data-dir, or what `run` is given with --pipeline, or fill \
         it with `ringledger import`",
        root.display()
    )))
}
