//! Kafka clients: their settings, and what their errors mean.
//!
//! Contract: any librdkafka setting is passed through, except those on which the log's
//! guarantees rest (refused by name). Secrets appear in no message. A wrong password or
//! certificate becomes `Denied`, naming the broker, within `CONNECT_WITHIN`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::ClientConfig;
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::ConsumerContext;
use rdkafka::error::KafkaError;

pub use super::trouble::{Trouble, passes};
use crate::LogError;

/// How long a first connection may take before the error is told.
pub const CONNECT_WITHIN: Duration = Duration::from_secs(20);
/// How long one question to the brokers may take.
pub const ASK_WITHIN: Duration = Duration::from_secs(10);

/// Settings on which the contract rests: ours alone.
const OURS: [&str; 8] = [
    "bootstrap.servers",
    "group.id",
    "enable.idempotence",
    "acks",
    "request.required.acks",
    "transactional.id",
    "isolation.level",
    "enable.auto.commit",
];

/// Where Kafka is and how to speak to it.
#[derive(Clone, Default)]
pub struct KafkaConfig {
    /// `host:port` list, comma-separated.
    pub brokers: String,
    /// librdkafka settings by name (`security.protocol`, `sasl.username`, …). A value
    /// `env:NAME` or `file:PATH` is read from there when connecting, so that secrets need
    /// not stand in pipeline files.
    pub settings: BTreeMap<String, String>,
}

impl std::fmt::Debug for KafkaConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<_> = self.settings.keys().collect();
        f.debug_struct("KafkaConfig").field("brokers", &self.brokers).field("settings", &names).finish()
    }
}

/// Makes clients, and tells what their errors mean.
#[derive(Clone)]
pub struct Clients {
    base: ClientConfig,
    own: BTreeMap<String, String>,
    /// What the brokers complained of.
    pub trouble: Arc<Trouble>,
}

impl Clients {
    /// Reads the settings.
    ///
    /// # Errors
    /// `Fatal`: a setting that is ours, or whose variable or file cannot be read.
    pub fn new(config: &KafkaConfig) -> Result<Self, LogError> {
        let (mut own, mut secrets) = (BTreeMap::new(), Vec::new());
        for (name, value) in &config.settings {
            if OURS.contains(&name.as_str()) {
                return Err(LogError::Fatal(format!(
                    "the Kafka setting {name} cannot be changed: the log's guarantees rest on it; leave it out"
                )));
            }
            let resolved = resolve(name, value)?;
            if resolved != *value || is_secret(name) {
                secrets.push(resolved.clone());
            }
            own.insert(name.clone(), resolved);
        }
        let mut base = ClientConfig::new();
        base.set("bootstrap.servers", &config.brokers)
            .set("client.id", "ringledger")
            .set("socket.connection.setup.timeout.ms", "10000")
            .set("reconnect.backoff.max.ms", "2000")
            .set_log_level(RDKafkaLogLevel::Warning);
        let trouble = Trouble::new(config.brokers.clone(), secrets);
        Ok(Self { base, own, trouble: Arc::new(trouble) })
    }

    /// Settings of one client: `defaults` give way to the user's own, `fixed` do not.
    pub fn config(&self, defaults: &[(&str, &str)], fixed: &[(&str, &str)]) -> ClientConfig {
        let mut c = self.base.clone();
        for (k, v) in defaults {
            c.set(*k, *v);
        }
        for (k, v) in &self.own {
            c.set(k, v);
        }
        for (k, v) in fixed {
            c.set(*k, *v);
        }
        c
    }

    /// Asks the brokers, again while a leader is being found (a topic that was just made, a
    /// broker that comes back), for `ASK_WITHIN` at most.
    ///
    /// # Errors
    /// The last answer, told for people.
    pub fn insist<T>(&self, what: &str, mut ask: impl FnMut() -> Result<T, KafkaError>) -> Result<T, LogError> {
        let until = Instant::now() + ASK_WITHIN;
        loop {
            match ask() {
                Err(e) if passes(&e) && Instant::now() < until && self.trouble.denial().is_none() => {
                    std::thread::sleep(Duration::from_millis(50));
                }
                other => return other.map_err(|e| self.trouble.error(what, &e)),
            }
        }
    }

    /// A context for a client.
    pub fn context(&self) -> Context {
        Context { trouble: self.trouble.clone() }
    }
}

fn is_secret(name: &str) -> bool {
    ["password", "secret", "key.pem", "jaas", "oauthbearer"].iter().any(|s| name.contains(s))
}

fn resolve(name: &str, value: &str) -> Result<String, LogError> {
    if let Some(variable) = value.strip_prefix("env:") {
        return std::env::var(variable).map_err(|_| {
            LogError::Fatal(format!(
                "the Kafka setting {name} names the environment variable {variable}, which is not set"
            ))
        });
    }
    if let Some(path) = value.strip_prefix("file:") {
        return std::fs::read_to_string(path).map(|text| text.trim_end_matches(['\r', '\n']).to_owned()).map_err(|e| {
            LogError::Fatal(format!("the Kafka setting {name} names the file {path}, which is not readable: {e}"))
        });
    }
    Ok(value.to_owned())
}

/// Hands complaints to `Trouble`, log lines to `tracing`.
pub struct Context {
    /// Where complaints go.
    pub trouble: Arc<Trouble>,
}

impl ClientContext for Context {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        let message = self.trouble.scrub(message);
        match level {
            RDKafkaLogLevel::Emerg | RDKafkaLogLevel::Alert | RDKafkaLogLevel::Critical | RDKafkaLogLevel::Error => {
                tracing::warn!(facility, "kafka: {message}");
            }
            _ => tracing::debug!(facility, "kafka: {message}"),
        }
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.trouble.heard(&error, reason);
        tracing::debug!("kafka: {}", self.trouble.scrub(reason));
    }
}

impl ConsumerContext for Context {}
