//! Consumer groups: who owns which partitions, and how far a group is.
//!
//! Contract: a membership stays alive by itself (a thread of its own answers the
//! coordinator) and fetches nothing. Partitions move one by one (cooperative). A group's
//! offsets are written through its member where this process has one, since the
//! coordinator takes those of no one else while a group has members.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use async_trait::async_trait;
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer, ConsumerContext, Rebalance as Event};
use rdkafka::error::KafkaError;
use rdkafka::{Offset, TopicPartitionList};
use tokio::sync::mpsc;

use super::client::{ASK_WITHIN, Clients, Context};
use crate::{LogError, Membership, Rebalance};

/// Changes that may wait for their reader; it is gone if it lets more wait.
const WAITING: usize = 1024;
/// How long a dropped membership waits until the group was told.
const LEAVE_WITHIN: Duration = Duration::from_secs(2);

type Member = BaseConsumer<Watch>;

/// Tells of assignments.
pub struct Watch {
    context: Context,
    tell: Option<mpsc::Sender<Result<Rebalance, LogError>>>,
    lost: AtomicBool,
}

impl Watch {
    fn say(&self, what: Result<Rebalance, LogError>) {
        if self.tell.as_ref().is_some_and(|t| t.try_send(what).is_err()) {
            self.lost.store(true, Ordering::Relaxed);
        }
    }
}

impl ClientContext for Watch {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        self.context.log(level, facility, message);
    }
    fn error(&self, error: KafkaError, reason: &str) {
        self.context.error(error, reason);
    }
}

impl ConsumerContext for Watch {
    fn post_rebalance(&self, member: &BaseConsumer<Self>, event: &Event<'_>) {
        let partitions = |l: &TopicPartitionList| l.elements().iter().map(|e| e.partition()).collect::<Vec<_>>();
        match event {
            Event::Assign(list) if list.count() > 0 => {
                // Records are read elsewhere; here they would only be thrown away.
                if let Err(e) = member.pause(list) {
                    tracing::debug!("a membership could not be paused: {e}");
                }
                self.say(Ok(Rebalance::Assigned(partitions(list))));
            }
            Event::Revoke(list) if list.count() > 0 => self.say(Ok(Rebalance::Revoked(partitions(list)))),
            Event::Error(e) => self.say(Err(self.context.trouble.error("sharing partitions", e))),
            _ => {}
        }
    }
}

/// The groups of one log.
pub struct Groups {
    clients: Clients,
    members: Mutex<HashMap<String, Weak<Member>>>,
    others: Mutex<HashMap<String, Arc<Member>>>,
}

impl Groups {
    /// None is joined yet.
    pub fn new(clients: Clients) -> Self {
        Self { clients, members: Mutex::default(), others: Mutex::default() }
    }

    fn consumer(
        &self,
        group: &str,
        tell: Option<mpsc::Sender<Result<Rebalance, LogError>>>,
    ) -> Result<Arc<Member>, LogError> {
        let defaults =
            [("session.timeout.ms", "30000"), ("queued.min.messages", "1"), ("fetch.message.max.bytes", "1024")];
        let fixed = [
            ("group.id", group),
            ("enable.auto.commit", "false"),
            ("enable.auto.offset.store", "false"),
            ("auto.offset.reset", "latest"),
            ("partition.assignment.strategy", "cooperative-sticky"),
        ];
        let watch = Watch { context: self.clients.context(), tell, lost: AtomicBool::new(false) };
        self.clients
            .config(&defaults, &fixed)
            .create_with_context(watch)
            .map(Arc::new)
            .map_err(|e| self.clients.trouble.error("making a group's consumer", &e))
    }

    /// The consumer that speaks for a group: its member here, or one that only asks.
    fn voice(&self, group: &str) -> Result<Arc<Member>, LogError> {
        let joined = self.members.lock().unwrap_or_else(PoisonError::into_inner).get(group).and_then(Weak::upgrade);
        if let Some(member) = joined {
            return Ok(member);
        }
        let mut others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(other) = others.get(group) {
            return Ok(other.clone());
        }
        let made = self.consumer(group, None)?;
        others.insert(group.to_owned(), made.clone());
        Ok(made)
    }

    /// Joins a group; blocks shortly.
    ///
    /// # Errors
    /// Settings are refused.
    pub fn join(&self, group: &str, topic: &str) -> Result<KafkaMember, LogError> {
        let (tell, changes) = mpsc::channel(WAITING);
        let member = self.consumer(group, Some(tell))?;
        member.subscribe(&[topic]).map_err(|e| self.clients.trouble.error("joining a group", &e))?;
        self.members.lock().unwrap_or_else(PoisonError::into_inner).insert(group.to_owned(), Arc::downgrade(&member));
        let stop = Arc::new(AtomicBool::new(false));
        let ended = stop.clone();
        let clients = self.clients.clone();
        let (leaving, left) = std::sync::mpsc::channel::<()>();
        std::thread::Builder::new()
            .name("ringledger-group".into())
            .spawn(move || {
                stay(&member, &ended, &clients);
                // The last holder of a member tells the coordinator that it leaves.
                drop(member);
                drop(leaving);
            })
            .map_err(|e| LogError::Fatal(format!("the group's thread cannot start: {e}")))?;
        Ok(KafkaMember { changes, stop, left: Mutex::new(left) })
    }

    /// Writes a group's next offset; blocks.
    ///
    /// # Errors
    /// The coordinator refuses or cannot be reached.
    pub fn commit(&self, group: &str, topic: &str, partition: i32, next: i64) -> Result<(), LogError> {
        let what = format!("telling that group {group} stands at {topic}/{partition}/{next}");
        let failed = |e: KafkaError| self.clients.trouble.error(&what, &e);
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(topic, partition, Offset::Offset(next)).map_err(failed)?;
        let until = std::time::Instant::now() + ASK_WITHIN;
        loop {
            match self.voice(group)?.commit(&list, CommitMode::Sync) {
                Ok(()) => return Ok(()),
                // A coordinator that was just found, or a rebalance that is under way.
                Err(e) if std::time::Instant::now() > until => return Err(failed(e)),
                Err(e) => {
                    tracing::debug!("{what}: {e}; again");
                    if let Some(denied) = self.clients.trouble.denial() {
                        return Err(denied);
                    }
                    std::thread::sleep(Duration::from_millis(100));
                }
            }
        }
    }

    /// Reads a group's next offset; blocks.
    ///
    /// # Errors
    /// The coordinator refuses or cannot be reached.
    pub fn committed(&self, group: &str, topic: &str, partition: i32) -> Result<Option<i64>, LogError> {
        let voice = self.voice(group)?;
        let told = self.clients.insist(&format!("asking where group {group} stands"), || {
            let mut list = TopicPartitionList::new();
            list.add_partition(topic, partition);
            voice.committed_offsets(list, ASK_WITHIN)
        })?;
        Ok(told.find_partition(topic, partition).and_then(|p| match p.offset() {
            Offset::Offset(n) => Some(n),
            _ => None,
        }))
    }
}

/// Answers the coordinator until the membership is dropped.
fn stay(member: &Member, ended: &AtomicBool, clients: &Clients) {
    while !ended.load(Ordering::Relaxed) {
        // A record that slipped in before the pause is read elsewhere.
        if let Some(Err(e)) = member.poll(Duration::from_millis(100)) {
            tracing::debug!("group: {e}");
            if let Some(denied) = clients.trouble.denial() {
                member.context().say(Err(denied));
                break;
            }
        }
        if member.context().lost.load(Ordering::Relaxed) {
            break;
        }
    }
}

/// A membership; dropped, its thread leaves the group. The drop waits a little for that:
/// a process that ended before would leave its partitions waiting for the session's end.
pub struct KafkaMember {
    changes: mpsc::Receiver<Result<Rebalance, LogError>>,
    stop: Arc<AtomicBool>,
    left: Mutex<std::sync::mpsc::Receiver<()>>,
}

impl Drop for KafkaMember {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let left = self.left.get_mut().unwrap_or_else(PoisonError::into_inner);
        // Nothing is ever sent: the other side is gone once the group was left.
        let _ = left.recv_timeout(LEAVE_WITHIN);
    }
}

#[async_trait]
impl Membership for KafkaMember {
    async fn changed(&mut self) -> Result<Rebalance, LogError> {
        self.changes.recv().await.unwrap_or_else(|| {
            Err(LogError::Transient("the membership of the consumer group is lost: join again".into()))
        })
    }
}
