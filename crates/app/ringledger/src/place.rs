//! Where a command finds log, tables and recordings: in a data directory, or wherever
//! pipeline files say.
//!
//! Contract: reading works beside a running process. Without a pipeline file everything is
//! local; with one, each of the four (log, tables, snapshots, vault) is where the file says
//! and in the data directory otherwise, exactly as for `run`.

use std::path::PathBuf;
use std::sync::Arc;

use event_log::{EventLog, KafkaLog};
use tables::Lake;
use vault::Vault;

use crate::args::Place;
use crate::config::{self, Config};
use crate::data_dir;
use crate::failure::Failure;
use crate::run::services;

/// A place whose pipeline files have been read.
pub struct Found {
    /// What the pipeline files say; the defaults where there are none.
    pub config: Config,
    /// Folder of everything that is local.
    pub root: PathBuf,
}

impl Place {
    /// Reads the pipeline files; nothing is opened yet.
    ///
    /// # Errors
    /// A pipeline file is wrong.
    pub fn find(&self) -> Result<Found, Failure> {
        let config = config::read(&self.pipeline).map_err(|e| Failure::Usage(e.to_string()))?;
        let root = services::root(&config, self.data_dir.clone());
        Ok(Found { config, root })
    }
}

impl Found {
    /// The tables, for reading and upkeep.
    ///
    /// # Errors
    /// There are none, or they cannot be read.
    pub async fn lake(&self) -> Result<Lake, Failure> {
        match &self.config.lake {
            None => data_dir::open_lake(&self.root).await,
            Some(_) => Ok(Lake::open(services::lake_config(&self.config, &self.root)).await?),
        }
    }

    /// The log, for reading.
    ///
    /// # Errors
    /// There is none, or it cannot be read.
    pub async fn log(&self) -> Result<Arc<dyn EventLog>, Failure> {
        match &self.config.kafka {
            None => Ok(Arc::new(data_dir::open_log(&self.root)?)),
            Some(kafka) => Ok(Arc::new(KafkaLog::connect(&services::kafka_config(kafka)?).await?)),
        }
    }

    /// The recordings.
    ///
    /// # Errors
    /// Their place cannot be used.
    pub fn vault(&self) -> Result<Vault, Failure> {
        services::open_vault(&self.config, &self.root)
    }
}
