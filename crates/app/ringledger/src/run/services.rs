//! What the stages of a pipeline share: log, tables, snapshots, vault, telemetry.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use event_log::{EmbeddedLog, EventLog, KafkaConfig, KafkaLog};
use model::{Name, Roster};
use object_store::prefix::PrefixStore;
use object_store::{ObjectStore, RetryConfig};
use pipeline::snapshots::Snapshots;
use tables::{Lake, LakeConfig, S3Settings};
use vault::{StoreConfig, Vault};

use super::targets::Connected;
use super::telemetry::Telemetry;
use super::vitals::Vitals;
use crate::config::{Config, Kafka, StoreSection};
use crate::failure::Failure;
use crate::{data_dir, roster_file, wiring};

/// What the stages share.
pub struct Services {
    /// The pipeline.
    pub config: Config,
    /// The log.
    pub log: Arc<dyn EventLog>,
    /// The same, where it is the embedded one.
    pub embedded: Option<EmbeddedLog>,
    /// The tables.
    pub lake: Arc<Lake>,
    /// The snapshots of `facts`.
    pub snapshots: Snapshots,
    /// The store that they are in.
    pub state: Arc<dyn ObjectStore>,
    /// The recordings.
    pub vault: Arc<Vault>,
    /// Metrics and readiness.
    pub telemetry: Arc<Telemetry>,
    /// What the stages told last, for the page of health.
    pub vitals: Vitals,
    /// The CRM targets that write in this process.
    pub targets: Connected,
    /// Rosters by switch.
    pub rosters: HashMap<Name, Roster>,
}

impl Services {
    /// Opens everything, local or not.
    ///
    /// # Errors
    /// Which part cannot be opened, and what to do.
    pub async fn open(config: Config, root: Option<PathBuf>) -> Result<Self, Failure> {
        let root = self::root(&config, root);
        std::fs::create_dir_all(data_dir::log_dir(&root)).map_err(|e| Failure::File(root.display().to_string(), e))?;
        let (log, embedded) = open_log(&config, &root).await?;
        for topic in event_log::topics() {
            log.ensure_topic(&topic).await?;
        }
        let lake = Lake::open(lake_config(&config, &root)).await?;
        lake.ensure_tables().await?;
        let mut rosters = HashMap::new();
        for (switch, section) in &config.switch {
            if let Some(path) = &section.roster {
                rosters.insert(Name::from(switch), roster_file::read(path)?);
            }
        }
        let state = state_store(&config, &root)?;
        Ok(Self {
            snapshots: Snapshots::new(state.clone(), "facts", wiring::GENERATION),
            state,
            vault: Arc::new(open_vault(&config, &root)?),
            lake: Arc::new(lake),
            telemetry: Arc::new(Telemetry::new()),
            vitals: Vitals::default(),
            targets: Connected::default(),
            log,
            embedded,
            rosters,
            config,
        })
    }

    /// The consumer group that the stage `facts` tells how far its folds are.
    pub fn facts_group(&self) -> &str {
        self.config.kafka.as_ref().map_or("ringledger-facts", |k| k.group.as_str())
    }

    /// The zone in which a switch's day begins.
    pub fn zone_of(&self, switch: &str) -> chrono_tz::Tz {
        let named = self.config.switch.get(switch).and_then(|s| s.time_zone.as_deref());
        named.and_then(|zone| zone.parse().ok()).unwrap_or(chrono_tz::UTC)
    }

    /// The centre of a switch.
    pub fn center_of(&self, switch: &str) -> Name {
        let by_section = self.config.switch.get(switch).and_then(|s| s.center.clone());
        let by_source = || self.config.source.iter().find(|s| s.switch == switch).map(|s| s.center.clone());
        by_section.or_else(by_source).unwrap_or_else(|| "main".to_owned()).into()
    }
}

/// Folder of everything that is local: what the command line says, else the pipeline, else
/// the default.
pub fn root(config: &Config, said: Option<PathBuf>) -> PathBuf {
    said.or_else(|| config.data_dir.clone()).unwrap_or_else(|| PathBuf::from("ringledger-data"))
}

/// The log of a pipeline, and the same where it is the embedded one.
///
/// # Errors
/// It cannot be opened: says which and what to do.
pub async fn open_log(
    config: &Config,
    root: &std::path::Path,
) -> Result<(Arc<dyn EventLog>, Option<EmbeddedLog>), Failure> {
    Ok(match &config.kafka {
        None => {
            let log = EmbeddedLog::open(&data_dir::log_dir(root))?;
            (Arc::new(log.clone()), Some(log))
        }
        Some(kafka) => (Arc::new(KafkaLog::connect(&kafka_config(kafka)?).await?), None),
    })
}

/// The client's settings, with its secrets read.
///
/// # Errors
/// A secret is missing: says which variable or file.
pub fn kafka_config(kafka: &Kafka) -> Result<KafkaConfig, Failure> {
    let mut settings = kafka.settings.clone();
    for (name, secret) in &kafka.secrets {
        settings.insert(name.clone(), secret.read(&format!("kafka.secrets.{name}")).map_err(Failure::Usage)?);
    }
    Ok(KafkaConfig { brokers: kafka.brokers.clone(), settings })
}

/// The lake of a pipeline.
pub fn lake_config(config: &Config, root: &std::path::Path) -> LakeConfig {
    match &config.lake {
        None => LakeConfig::folder(root.join("lake"), wiring::GENERATION),
        Some(section) => LakeConfig {
            place: section.url.clone(),
            s3: s3_settings(section),
            generation: wiring::GENERATION.to_owned(),
        },
    }
}

fn s3_settings(section: &StoreSection) -> S3Settings {
    S3Settings {
        region: section.options.get("region").cloned(),
        endpoint: section.options.get("endpoint").cloned(),
        allow_http: section.options.get("allow_http").is_some_and(|v| v == "true"),
        ..S3Settings::default()
    }
}

/// The vault of a pipeline.
///
/// # Errors
/// Its address or an option cannot be used.
pub fn open_vault(config: &Config, root: &std::path::Path) -> Result<Vault, Failure> {
    let store = match &config.vault {
        None => StoreConfig::from_env(&data_dir::vault_dir(root).display().to_string(), &[]),
        Some(section) => {
            let options: Vec<_> = section.options.clone().into_iter().collect();
            StoreConfig::from_env(&section.url, &options)
        }
    };
    Vault::open(&store).map_err(|e| Failure::Other(e.to_string()))
}

/// The store of the snapshots.
///
/// # Errors
/// Which place cannot be used, and why.
pub fn state_store(config: &Config, root: &std::path::Path) -> Result<Arc<dyn ObjectStore>, Failure> {
    let failed = |place: &str, e: &dyn std::fmt::Display| Failure::Other(format!("state at {place}: {e}"));
    let Some(section) = &config.state else {
        let folder = root.join("state");
        let shown = folder.display().to_string();
        std::fs::create_dir_all(&folder).map_err(|e| failed(&shown, &e))?;
        let local = tables::SyncedFolder::below(&folder).map_err(|e| failed(&shown, &e))?;
        return Ok(Arc::new(local));
    };
    let Some(rest) = section.url.strip_prefix("s3://") else {
        std::fs::create_dir_all(&section.url).map_err(|e| failed(&section.url, &e))?;
        let local = tables::SyncedFolder::below(&section.url);
        return Ok(Arc::new(local.map_err(|e| failed(&section.url, &e))?));
    };
    let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
    // The engine repeats what fails and says so; within the client only a moment is bridged.
    let retry = RetryConfig { max_retries: 3, retry_timeout: Duration::from_secs(20), ..RetryConfig::default() };
    let mut builder = object_store::aws::AmazonS3Builder::from_env().with_bucket_name(bucket).with_retry(retry);
    for (name, value) in &section.options {
        let key = name.parse().map_err(|e: object_store::Error| failed(&section.url, &e))?;
        builder = builder.with_config(key, value);
    }
    let store = builder.build().map_err(|e| failed(&section.url, &e))?;
    Ok(Arc::new(PrefixStore::new(store, prefix)))
}
