//! Topics of a Kafka cluster: whether it answers, which are there, making one.
//!
//! Contract: a topic is made with the settings stated, or found with its partition count
//! unchanged; settings of a topic that is there are left to its administrator.

use std::time::{Duration, Instant};

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};

use super::client::{ASK_WITHIN, CONNECT_WITHIN, Clients, Context};
use crate::{LogError, TopicSpec};

/// Not a topic's setting for Kafka, but how it is made.
const REPLICATION: &str = "replication.factor";

/// Waits for the first answer of a broker.
///
/// # Errors
/// `Denied` as soon as one refuses; `Transient` where none answers in time.
pub fn reach(clients: &Clients, consumer: &BaseConsumer<Context>) -> Result<(), LogError> {
    let until = Instant::now() + CONNECT_WITHIN;
    loop {
        match consumer.fetch_metadata(Some("cti.events"), Duration::from_secs(2)) {
            Ok(_) => {
                clients.trouble.fine();
                return Ok(());
            }
            Err(e) => {
                if let Some(denied) = clients.trouble.denial() {
                    return Err(denied);
                }
                if Instant::now() > until {
                    return Err(clients.trouble.error("connecting to Kafka", &e));
                }
                std::thread::sleep(Duration::from_millis(100));
            }
        }
    }
}

/// A topic's partition count; `None` where it is not there.
///
/// # Errors
/// The brokers cannot be asked.
pub fn count(clients: &Clients, consumer: &BaseConsumer<Context>, topic: &str) -> Result<Option<i32>, LogError> {
    let what = format!("asking for topic {topic}");
    let until = Instant::now() + ASK_WITHIN;
    loop {
        let told = consumer.fetch_metadata(Some(topic), ASK_WITHIN).map_err(|e| clients.trouble.error(&what, &e))?;
        let found = told.topics().iter().find(|t| t.name() == topic);
        let wrong = found.and_then(|t| t.error()).map(Code::from);
        match (found, wrong) {
            (Some(t), None) if !t.partitions().is_empty() => {
                return Ok(Some(i32::try_from(t.partitions().len()).unwrap_or(i32::MAX)));
            }
            (None, _) | (_, Some(Code::UnknownTopicOrPartition | Code::UnknownTopic)) => return Ok(None),
            // No leader yet: just made, or its broker is coming back.
            _ if Instant::now() < until => std::thread::sleep(Duration::from_millis(50)),
            (_, wrong) => {
                let e = KafkaError::MetadataFetch(wrong.unwrap_or(Code::LeaderNotAvailable));
                return Err(clients.trouble.error(&what, &e));
            }
        }
    }
}

/// Makes a topic, or checks the count of one that is there.
///
/// # Errors
/// Another count; or the brokers refuse.
pub async fn ensure(
    clients: &Clients,
    consumer: &std::sync::Arc<BaseConsumer<Context>>,
    spec: &TopicSpec,
) -> Result<(), LogError> {
    if let Some(has) = ask(clients, consumer, &spec.name).await? {
        return crate::check_count(&spec.name, has, spec.partitions);
    }
    make(clients, spec).await?;
    let until = Instant::now() + ASK_WITHIN;
    // Made is not yet known to every broker.
    while Instant::now() < until {
        if let Some(has) = ask(clients, consumer, &spec.name).await? {
            return crate::check_count(&spec.name, has, spec.partitions);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Err(LogError::Transient(format!("topic {} was made but is not there yet; try again", spec.name)))
}

async fn ask(
    clients: &Clients,
    consumer: &std::sync::Arc<BaseConsumer<Context>>,
    topic: &str,
) -> Result<Option<i32>, LogError> {
    let (clients, consumer, topic) = (clients.clone(), consumer.clone(), topic.to_owned());
    super::blocking(move || count(&clients, &consumer, &topic)).await
}

async fn make(clients: &Clients, spec: &TopicSpec) -> Result<(), LogError> {
    let what = format!("making topic {}", spec.name);
    let failed = |e: KafkaError| clients.trouble.error(&what, &e);
    let admin: AdminClient<Context> =
        clients.config(&[], &[]).create_with_context(clients.context()).map_err(failed)?;
    let setting = |name: &str| spec.settings.iter().find(|(k, _)| k == name).map(|(_, v)| v.as_str());
    let replicas = match setting(REPLICATION) {
        None => -1,
        Some(text) => text
            .parse()
            .map_err(|_| LogError::Fatal(format!("{what}: {REPLICATION} is '{text}', which is no number")))?,
    };
    let mut topic = NewTopic::new(&spec.name, spec.partitions, TopicReplication::Fixed(replicas));
    for (k, v) in spec.settings.iter().filter(|(k, _)| k != REPLICATION) {
        topic = topic.set(k, v);
    }
    // Append times are ours to give: `log copy` keeps them.
    if setting("message.timestamp.type").is_none() {
        topic = topic.set("message.timestamp.type", "CreateTime");
    }
    let options = AdminOptions::new().operation_timeout(Some(ASK_WITHIN)).request_timeout(Some(ASK_WITHIN));
    for result in admin.create_topics([&topic], &options).await.map_err(failed)? {
        match result {
            Ok(_) | Err((_, Code::TopicAlreadyExists)) => {}
            Err((_, code)) => return Err(failed(KafkaError::AdminOp(code))),
        }
    }
    Ok(())
}
