//! Kafka clients: their settings, and what their errors mean.
//!
//! Contract: any librdkafka setting is passed through, except those on which the log's
//! guarantees rest (refused by name). Secrets appear in no message. A wrong password or
//! certificate becomes `Denied`, naming the broker, within `CONNECT_WITHIN`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::ClientConfig;
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::ConsumerContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};

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
        let trouble = Trouble { brokers: config.brokers.clone(), secrets, said: Mutex::default() };
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

/// What the brokers complained of last.
#[derive(Default)]
struct Said {
    denied: Option<String>,
    last: Option<String>,
}

/// Collects complaints of all clients of one log.
pub struct Trouble {
    brokers: String,
    secrets: Vec<String>,
    said: Mutex<Said>,
}

impl Trouble {
    fn scrub(&self, text: &str) -> String {
        self.secrets.iter().filter(|s| s.len() > 2).fold(text.to_owned(), |t, s| t.replace(s.as_str(), "***"))
    }

    fn heard(&self, error: &KafkaError, reason: &str) {
        let reason = self.scrub(reason);
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let wrong_protocol = reason.contains("security.protocol") || reason.contains("SSL handshake failed");
        if error.rdkafka_error_code().is_some_and(is_denial) || wrong_protocol {
            said.denied = Some(reason);
        } else if error.rdkafka_error_code() != Some(Code::AllBrokersDown) || said.last.is_none() {
            said.last = Some(reason);
        }
    }

    /// A denial heard since the last success.
    pub fn denial(&self) -> Option<LogError> {
        let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        said.denied.as_ref().map(|reason| {
            LogError::Denied(format!(
                "Kafka refuses ringledger: {reason}; check security.protocol, sasl.mechanism, sasl.username, \
                 sasl.password and ssl.ca.location of the log's Kafka settings, and this user's rights"
            ))
        })
    }

    /// Something worked: earlier complaints are over.
    pub fn fine(&self) {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        if said.denied.is_some() || said.last.is_some() {
            *said = Said::default();
        }
    }

    /// What an error means; `what` says what was being done.
    pub fn error(&self, what: &str, e: &KafkaError) -> LogError {
        if let KafkaError::ClientConfig(_, why, name, _) = e {
            return LogError::Fatal(self.scrub(&format!("the Kafka setting {name} is refused: {why}")));
        }
        if let KafkaError::ClientCreation(why) = e {
            return LogError::Fatal(
                self.scrub(&format!("no Kafka client can be made: {why}; check the log's Kafka settings")),
            );
        }
        self.code_error(what, e.rdkafka_error_code(), &e.to_string())
    }

    fn code_error(&self, what: &str, code: Option<Code>, text: &str) -> LogError {
        let text = self.scrub(text);
        match code {
            Some(c) if is_denial(c) => self.denial().unwrap_or_else(|| {
                LogError::Denied(format!("{what}: Kafka at {} refuses: {text}; check this user's rights", self.brokers))
            }),
            Some(Code::UnknownTopicOrPartition | Code::UnknownTopic | Code::UnknownPartition) => {
                LogError::Unknown(format!("{what}: {text}"))
            }
            Some(Code::MessageSizeTooLarge) => LogError::Fatal(format!(
                "{what}: a record is larger than Kafka takes ({text}); raise max.message.bytes of the topic and \
                 message.max.bytes of the log's Kafka settings"
            )),
            _ => self.denial().unwrap_or_else(|| self.transient(what, &text)),
        }
    }

    fn transient(&self, what: &str, text: &str) -> LogError {
        let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let last = said.last.as_ref().map(|l| format!("; last heard: {l}")).unwrap_or_default();
        LogError::Transient(format!("{what}: Kafka at {}: {text}{last}", self.brokers))
    }
}

/// Whether an error goes away once the client knows who leads.
pub fn passes(e: &KafkaError) -> bool {
    e.rdkafka_error_code().is_some_and(|code| {
        matches!(
            code,
            Code::NotLeaderForPartition
                | Code::LeaderNotAvailable
                | Code::ReplicaNotAvailable
                | Code::UnknownTopicOrPartition
                | Code::UnknownPartition
                | Code::UnknownLeaderEpoch
                | Code::FencedLeaderEpoch
                | Code::OffsetNotAvailable
                | Code::CoordinatorNotAvailable
                | Code::NotCoordinator
                | Code::CoordinatorLoadInProgress
                | Code::BrokerTransportFailure
                | Code::AllBrokersDown
                | Code::WaitingForCoordinator
        )
    })
}

fn is_denial(code: Code) -> bool {
    matches!(
        code,
        Code::Authentication
            | Code::SaslAuthenticationFailed
            | Code::SSL
            | Code::UnsupportedSASLMechanism
            | Code::TopicAuthorizationFailed
            | Code::GroupAuthorizationFailed
            | Code::ClusterAuthorizationFailed
            | Code::TransactionalIdAuthorizationFailed
    )
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
