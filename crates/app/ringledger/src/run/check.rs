//! `check`: is the pipeline file right, and does every connection work?

use std::path::PathBuf;

use futures::StreamExt as _;
use model::{Dialect, TOPIC_EVENTS};
use object_store::ObjectStore as _;
use tables::Lake;

use super::{collect, recordings, services, targets};
use crate::config::{Config, HttpSection, RecordingsSource};
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
    let root = services::root(config, data_dir);
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
    if config.state.is_some() {
        put("state".to_owned(), state(config, &root).await);
    }
    if let Some(section) = &config.http {
        put("http".to_owned(), http(section).await);
    }
    if let Some(section) = config.http.as_ref().filter(|s| s.oidc.is_some()) {
        put("http.oidc".to_owned(), oidc(section).await);
    }
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
            put(format!("recordings of {switch}"), recordings_of(place).await);
        }
    }
    for name in targets::names(config) {
        let result = async {
            let state = services::state_store(config, &root).map_err(|e| e.to_string())?;
            let (target, _) = targets::connect(config, &state, name).await.map_err(|e| e.to_string())?;
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

async fn state(config: &Config, root: &std::path::Path) -> Result<String, String> {
    let store = services::state_store(config, root).map_err(|e| e.to_string())?;
    let place = config.state.as_ref().map(|s| s.url.clone()).unwrap_or_default();
    match store.list(None).next().await {
        Some(Err(e)) => {
            // Some servers answer with a page.
            let said = e.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
            Err(format!(
                "the snapshots' store at {place}: {said}; check its address and bucket, AWS_ACCESS_KEY_ID and \
                 AWS_SECRET_ACCESS_KEY"
            ))
        }
        _ => Ok(place),
    }
}

/// Tokens and accounts, and whether the address is free.
async fn http(section: &HttpSection) -> Result<String, String> {
    let tokens = super::access::tokens(section).map_err(|e| e.to_string())?.len();
    let accounts = super::access::accounts(section).map_err(|e| e.to_string())?.map_or(0, |a| a.count());
    let in_use = |e| format!("cannot listen on {}: {e}; stop what listens there, or choose another", section.listen);
    tokio::net::TcpListener::bind(section.listen).await.map_err(in_use)?;
    Ok(match (tokens, accounts) {
        (0, 0) => format!("{}, and nobody has a token or an account: all but health answers 401", section.listen),
        (tokens, accounts) => format!("{}, {tokens} tokens, {accounts} accounts", section.listen),
    })
}

/// The provider's metadata and keys.
async fn oidc(section: &HttpSection) -> Result<String, String> {
    let opened = super::access::oidc(section).map_err(|e| e.to_string().replace("http.oidc: ", ""));
    match opened? {
        Some(oidc) => oidc.check().await,
        None => Ok("none".to_owned()),
    }
}

async fn recordings_of(place: &RecordingsSource) -> Result<String, String> {
    let source = recordings::source(place)?;
    source.check().await.map_err(|e| e.to_string())?;
    Ok(source.place())
}

async fn source(section: &crate::config::SourceSection) -> Result<String, String> {
    if Dialect::of(&section.dialect) == Dialect::AsteriskAmi {
        let config = collect::ami_config(section).map_err(|e| e.to_string())?;
        collectors::ami::check(&config).await.map_err(|e| e.to_string())?;
        return Ok("signed in".to_owned());
    }
    let path = section.path.as_ref().ok_or("`path` is missing")?;
    let opened = std::fs::File::open(path).map(|_| "readable".to_owned());
    opened.map_err(|e| Failure::File(path.display().to_string(), e).to_string())
}
