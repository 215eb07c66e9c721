//! What brokers complain of, and what it means to the caller.
//!
//! Contract: secrets appear in no message. A refusal (password, certificate, rights) is
//! remembered until something works, so that an operation that only timed out can say why.

use std::sync::{Mutex, PoisonError};

use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};

use crate::LogError;

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
    /// Of clients that speak to `brokers`; `secrets` are kept out of messages.
    pub fn new(brokers: String, secrets: Vec<String>) -> Self {
        Self { brokers, secrets, said: Mutex::default() }
    }

    /// The text without secrets.
    pub fn scrub(&self, text: &str) -> String {
        self.secrets.iter().filter(|s| s.len() > 2).fold(text.to_owned(), |t, s| t.replace(s.as_str(), "***"))
    }

    /// Remembers a complaint.
    pub fn heard(&self, error: &KafkaError, reason: &str) {
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
        LogError::Transient(format!(
            "{what}: Kafka at {}: {text}{last}; check that the brokers run and can be reached from here",
            self.brokers
        ))
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
