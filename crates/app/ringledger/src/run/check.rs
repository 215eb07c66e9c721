//! `check`: is the pipeline file right, and does every connection work?

use std::path::PathBuf;

use model::{Dialect, TOPIC_EVENTS};
use tables::Lake;

use super::{collect, recordings, services, targets};
use crate::config::Config;
use crate::failure::Failure;
use crate::roster_file;

/// One thing that was tried.
pub struct Tried {
    /// What.
    pub what: String,
    /// How it went.
    pub result: Result<String, String>,
}

/// Tries everything; nothing is written beyond empty topics and tables.
pub async fn check(config: &Config, data_dir: Option<PathBuf>) -> Vec<Tried> {
    let root = data_dir.or_else(|| config.data_dir.clone()).unwrap_or_else(|| PathBuf::from("ringledger-data"));
    let mut tried = Vec::new();
    let mut put = |what: String, result: Result<String, String>| tried.push(Tried { what, result });
    put("log".to_owned(), log(config, &root).await);
    put("tables".to_owned(), lake(config, &root).await);
    let vault = async {
        let vault = services::open_vault(config, &root).map_err(|e| e.to_string())?;
        vault.check().await.map_err(|e| e.to_string())?;
        Ok(vault.shown())
    };
    put("vault".to_owned(), vault.await);
    for section in &config.source {
        let what = format!("source {} ({})", section.switch, section.dialect);
        put(what, source(section).await);
    }
    for (switch, section) in &config.switch {
        if let Some(path) = &section.roster {
            let read = roster_file::read(path).map(|r| format!("{} agents", r.entries.len()));
            put(format!("roster of {switch}"), read.map_err(|e| e.to_string()));
        }
        if let Some(place) = &section.recordings {
            put(format!("recordings of {switch}"), recordings::source(place).map(|s| s.place()));
        }
    }
    for name in targets::names(config) {
        let result = async {
            let (target, _) = targets::connect(config, &root, name).await.map_err(|e| e.to_string())?;
            target.check().await.map_err(|e| e.to_string())?;
            Ok("signed in".to_owned())
        };
        put(format!("crm {name}"), result.await);
    }
    tried
}

async fn log(config: &Config, root: &std::path::Path) -> Result<String, String> {
    let opened = async {
        std::fs::create_dir_all(crate::data_dir::log_dir(root))
            .map_err(|e| Failure::File(root.display().to_string(), e))?;
        let (log, _) = services::open_log(config, root).await?;
        for topic in event_log::topics() {
            log.ensure_topic(&topic).await?;
        }
        let partitions = log.partitions(TOPIC_EVENTS).await?;
        Ok::<_, Failure>(format!("{TOPIC_EVENTS} has {partitions} partitions"))
    };
    opened.await.map_err(|e| e.to_string())
}

async fn lake(config: &Config, root: &std::path::Path) -> Result<String, String> {
    let lake = Lake::open(services::lake_config(config, root)).await.map_err(|e| e.to_string())?;
    lake.ensure_tables().await.map_err(|e| e.to_string())?;
    Ok(format!("{} tables", tables::Table::ALL.len()))
}

async fn source(section: &crate::config::SourceSection) -> Result<String, String> {
    if Dialect::of(&section.dialect) == Dialect::AsteriskAmi {
        let config = collect::ami_config(section).map_err(|e| e.to_string())?;
        collectors::ami::check(&config).await.map_err(|e| e.to_string())?;
        return Ok("signed in".to_owned());
    }
    let path = section.path.as_ref().ok_or("`path` is missing")?;
    std::fs::File::open(path).map(|_| "readable".to_owned()).map_err(|e| format!("{}: {e}", path.display()))
}
