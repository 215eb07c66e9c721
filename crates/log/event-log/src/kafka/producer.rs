//! Appending to Kafka: idempotent, acknowledged by all in-sync replicas, compressed.
//!
//! Contract: a batch's answer comes when every record is acknowledged or has failed; the
//! places are those that the broker gave. Records of one partition keep the batch's order.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::message::{DeliveryResult, Header, Message, OwnedHeaders};
use rdkafka::producer::{BaseRecord, Producer, ProducerContext, ThreadedProducer};
use tokio::sync::oneshot;

use super::client::{Clients, Context};
use crate::{LogError, NewRecord, partition_for};

/// Settings of every producer that a user may change.
const DEFAULTS: [(&str, &str); 5] = [
    ("compression.type", "zstd"),
    ("linger.ms", "5"),
    ("message.timeout.ms", "60000"),
    // Larger than the largest event a framer lets through.
    ("message.max.bytes", "4194304"),
    ("queue.buffering.max.kbytes", "65536"),
];

type Answer = Result<Vec<(i32, i64)>, KafkaError>;

/// A batch on its way.
struct Batch {
    places: Vec<(i32, i64)>,
    left: usize,
    error: Option<KafkaError>,
    answer: Option<oneshot::Sender<Answer>>,
}

impl Batch {
    fn settle(&mut self, count: usize) {
        self.left -= count.min(self.left);
        if self.left > 0 {
            return;
        }
        if let Some(answer) = self.answer.take() {
            let places = std::mem::take(&mut self.places);
            let _ = answer.send(self.error.take().map_or(Ok(places), Err));
        }
    }
}

/// One record's place in its batch.
pub struct Ticket {
    batch: Arc<Mutex<Batch>>,
    index: usize,
}

/// Counts deliveries.
pub struct Deliveries(Context);

impl ClientContext for Deliveries {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        self.0.log(level, facility, message);
    }
    fn error(&self, error: KafkaError, reason: &str) {
        self.0.error(error, reason);
    }
}

impl ProducerContext for Deliveries {
    type DeliveryOpaque = Box<Ticket>;

    fn delivery(&self, result: &DeliveryResult<'_>, ticket: Box<Ticket>) {
        let mut batch = ticket.batch.lock().unwrap_or_else(PoisonError::into_inner);
        match result {
            Ok(m) => {
                if let Some(place) = batch.places.get_mut(ticket.index) {
                    *place = (m.partition(), m.offset());
                }
            }
            Err((e, _)) => {
                batch.error.get_or_insert_with(|| e.clone());
            }
        }
        batch.settle(1);
    }
}

/// A producer that polls itself.
pub type Sender = ThreadedProducer<Deliveries>;

/// Makes a producer; with a transactional id it is one source's alone.
///
/// # Errors
/// Settings are refused.
pub fn make(clients: &Clients, transactional_id: Option<&str>) -> Result<Sender, LogError> {
    let mut fixed = vec![("enable.idempotence", "true"), ("acks", "all")];
    let mut defaults = DEFAULTS.to_vec();
    if let Some(id) = transactional_id {
        fixed.push(("transactional.id", id));
        // A holder that dies in mid-transaction holds up readers no longer than this.
        fixed.push(("transaction.timeout.ms", "10000"));
        // Must not exceed the transaction's own time-out.
        fixed.push(("message.timeout.ms", "10000"));
        defaults.push(("linger.ms", "0"));
    }
    clients
        .config(&defaults, &fixed)
        .create_with_context(Deliveries(clients.context()))
        .map_err(|e| clients.trouble.error("making a producer", &e))
}

/// Hands a batch to the producer. Blocks while its queue is full.
///
/// # Errors
/// The first refusal of the client itself (a record that is too large); records before it
/// may land.
pub fn send(
    to: &Sender,
    topic: &str,
    partitions: i32,
    batch: &[NewRecord],
) -> Result<oneshot::Receiver<Answer>, KafkaError> {
    let (answer, told) = oneshot::channel();
    let state =
        Batch { places: vec![(0, -1); batch.len()], left: batch.len().max(1), error: None, answer: Some(answer) };
    let state = Arc::new(Mutex::new(state));
    if batch.is_empty() {
        state.lock().unwrap_or_else(PoisonError::into_inner).settle(1);
    }
    for (index, r) in batch.iter().enumerate() {
        let partition = r.partition.unwrap_or_else(|| partition_for(&r.key, partitions));
        send_one(to, topic, partition, r, Box::new(Ticket { batch: state.clone(), index }))?;
    }
    Ok(told)
}

fn send_one(to: &Sender, topic: &str, partition: i32, r: &NewRecord, ticket: Box<Ticket>) -> Result<(), KafkaError> {
    let mut headers = OwnedHeaders::new_with_capacity(r.headers.len());
    for (key, value) in &r.headers {
        headers = headers.insert(Header { key, value: Some(value.as_ref()) });
    }
    let mut record = BaseRecord::with_opaque_to(topic, ticket)
        .partition(partition)
        .key(r.key.as_ref())
        .payload(r.value.as_ref())
        .timestamp(r.timestamp_ms.unwrap_or_else(crate::now_ms))
        .headers(headers);
    loop {
        match to.send(record) {
            Ok(()) => return Ok(()),
            Err((KafkaError::MessageProduction(Code::QueueFull), back)) => {
                record = back;
                std::thread::sleep(Duration::from_millis(5));
            }
            Err((e, _)) => return Err(e),
        }
    }
}

/// The producer of plain appends, replaced where it met an error that it cannot overcome.
pub struct Shared {
    clients: Clients,
    now: Mutex<Option<Arc<Sender>>>,
}

impl Shared {
    /// None is made before the first append.
    pub fn new(clients: Clients) -> Self {
        Self { clients, now: Mutex::new(None) }
    }

    fn sender(&self) -> Result<Arc<Sender>, LogError> {
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = now.as_ref().filter(|s| s.client().fatal_error().is_none()) {
            return Ok(sender.clone());
        }
        let made = Arc::new(make(&self.clients, None)?);
        *now = Some(made.clone());
        Ok(made)
    }

    /// Appends a batch.
    ///
    /// # Errors
    /// As `EventLog::append`; part of the batch may have landed.
    pub async fn append(
        &self,
        topic: &str,
        partitions: i32,
        batch: Vec<NewRecord>,
    ) -> Result<Vec<(i32, i64)>, LogError> {
        let what = format!("appending {} records to {topic}", batch.len());
        let sender = self.sender()?;
        let name = topic.to_owned();
        let sent = tokio::task::spawn_blocking(move || send(&sender, &name, partitions, &batch))
            .await
            .map_err(|e| LogError::Fatal(format!("{what}: {e}")))?;
        let told = match sent {
            Ok(told) => told.await.unwrap_or(Err(KafkaError::Canceled)),
            Err(e) => Err(e),
        };
        match told {
            Ok(places) => {
                self.clients.trouble.fine();
                Ok(places)
            }
            Err(e) => Err(self.clients.trouble.error(&what, &e)),
        }
    }
}
