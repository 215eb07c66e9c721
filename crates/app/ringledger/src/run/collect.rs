//! The stage `collect`: one task a source.

use std::path::Path;
use std::sync::Arc;

use collectors::ami::{AmiConfig, TlsConfig};
use collectors::feed::{Feed, FeedTarget};
use model::Dialect;
use tokio_util::sync::CancellationToken;

use super::services::Services;
use super::supervise::Tasks;
use super::telemetry::SourceWatch;
use super::turn::in_turn;
use crate::config::SourceSection;
use crate::failure::Failure;

/// Starts every source.
///
/// # Errors
/// A source lacks what its dialect needs.
pub fn start(services: &Arc<Services>, tasks: &mut Tasks) -> Result<(), Failure> {
    for section in &services.config.source {
        services.telemetry.listens_to(&section.switch);
        match Dialect::of(&section.dialect) {
            Dialect::AsteriskAmi => start_ami(services, section, tasks)?,
            Dialect::AsteriskQueueLog | Dialect::AsteriskCel => start_file(services, section, tasks)?,
            _ => {
                return Err(Failure::Usage(format!(
                    "source {}: dialect '{}' is not known; one of asterisk.ami, asterisk.queue_log, asterisk.cel",
                    section.switch, section.dialect
                )));
            }
        }
    }
    Ok(())
}

fn target(section: &SourceSection) -> FeedTarget {
    FeedTarget {
        switch: section.switch.as_str().into(),
        center: section.center.as_str().into(),
        dialect: Dialect::of(&section.dialect),
    }
}

fn missing(section: &SourceSection, what: &str) -> Failure {
    Failure::Usage(format!("source {} ({}): `{what}` is missing", section.switch, section.dialect))
}

/// The connection of a section.
///
/// # Errors
/// Something is missing, or its secret cannot be read.
pub fn ami_config(section: &SourceSection) -> Result<AmiConfig, Failure> {
    let secret = section.secret.as_ref().ok_or_else(|| missing(section, "secret"))?;
    let tls =
        section.tls.as_ref().map(|t| TlsConfig { ca_file: t.ca_file.clone(), server_name: t.server_name.clone() });
    Ok(AmiConfig {
        host: section.host.clone().ok_or_else(|| missing(section, "host"))?,
        port: section.port.unwrap_or(if tls.is_some() { 5039 } else { 5038 }),
        tls,
        username: section.username.clone().ok_or_else(|| missing(section, "username"))?,
        secret: secret.read(&format!("source {}: secret", section.switch)).map_err(Failure::Usage)?,
    })
}

fn start_ami(services: &Arc<Services>, section: &SourceSection, tasks: &mut Tasks) -> Result<(), Failure> {
    let (config, target) = (Arc::new(ami_config(section)?), target(section));
    let services = services.clone();
    let name = format!("collect {}", target.lease_name());
    tasks.keep(name.clone(), move |stop| {
        let (services, target, config, name) = (services.clone(), target.clone(), config.clone(), name.clone());
        async move { in_turn(&services, &name, stop, |turn| ami(&services, &target, &config, turn)).await }
    });
    Ok(())
}

/// A switch is heard by one process at a time: the others stand by.
async fn ami(
    services: &Services,
    target: &FeedTarget,
    config: &AmiConfig,
    stop: CancellationToken,
) -> Result<(), String> {
    let watch = Arc::new(SourceWatch::new(services.telemetry.clone(), &target.switch, "asterisk.ami"));
    let feed = open(services, target.clone()).await?;
    let framer = || dialects::registry::framer(&Dialect::AsteriskAmi).unwrap_or_else(|| unreachable!());
    collectors::ami::run(config, feed, &framer, &pipeline::clock::now, watch, stop).await.map_err(|e| e.to_string())
}

fn start_file(services: &Arc<Services>, section: &SourceSection, tasks: &mut Tasks) -> Result<(), Failure> {
    let path = section.path.clone().ok_or_else(|| missing(section, "path"))?;
    let (services, target) = (services.clone(), target(section));
    let name = format!("collect {}", target.lease_name());
    tasks.keep(name.clone(), move |stop| {
        let (services, target, path, name) = (services.clone(), target.clone(), path.clone(), name.clone());
        async move { in_turn(&services, &name, stop, |turn| file(&services, &target, &path, turn)).await }
    });
    Ok(())
}

async fn file(services: &Services, target: &FeedTarget, path: &Path, stop: CancellationToken) -> Result<(), String> {
    let dialect = target.dialect.clone();
    let feed = open(services, target.clone()).await?;
    let framer = || dialects::registry::framer(&dialect).unwrap_or_else(|| unreachable!());
    collectors::follow::run(path, feed, &framer, &pipeline::clock::now, stop).await.map_err(|e| e.to_string())
}

async fn open(services: &Services, target: FeedTarget) -> Result<Feed, String> {
    let masker = dialects::registry::masker(&target.dialect).ok_or("the dialect has no masker")?;
    Feed::open_live(services.log.clone(), target, masker).await.map_err(|e| e.to_string())
}
