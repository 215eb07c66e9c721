//! The embedded log: one file in the data directory, for a first look and for a single
//! small centre.
//!
//! Contract: that of `EventLog`. One process writes, any number read beside it. Every
//! append is on disk before it returns. Append times never go back within a partition: a
//! given time earlier than the last is raised to it. Topics remember their partition
//! count; empty partitions cost nothing.

mod chunk;
mod log;
mod membership;
mod reader;
mod retention;
mod store;
mod transaction;
mod writer;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use model::Instant;
use redb::ReadTransaction;
use tokio::sync::watch;

use self::store::{Store, Topic};
use self::writer::{Done, Shared, Wish, Writer};
use crate::{LogError, NewRecord, TopicSpec};

/// How often a reader beside a writing process looks for new records.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// The embedded log. Cheap to clone; the file closes with the last clone.
#[derive(Clone)]
pub struct EmbeddedLog {
    inner: Arc<Inner>,
}

struct Inner {
    dir: PathBuf,
    // Before `shared`: the thread must end before the file closes.
    writer: Option<Writer>,
    shared: Shared,
    commits: watch::Receiver<u64>,
    cache: reader::Cache,
    topics: RwLock<HashMap<String, Topic>>,
}

impl EmbeddedLog {
    /// Opens the log of a data directory for writing; makes it where it is absent.
    /// Recovers by itself from a process that was killed.
    ///
    /// # Errors
    /// `InUse` where another process holds it, `DiskFull`, `Denied`, `Fatal`.
    pub fn open(dir: &Path) -> Result<Self, LogError> {
        let shared: Shared = Arc::new(RwLock::new(Some(Store::Writer(store::open_writer(dir)?))));
        let (tell, commits) = watch::channel(0);
        let writer = Some(Writer::start(dir.to_owned(), shared.clone(), tell)?);
        Ok(Self::of(dir, writer, shared, commits))
    }

    /// Opens the log for reading only, beside a process that writes it or without one.
    /// Follows what that process commits.
    ///
    /// # Errors
    /// `Unknown` where there is no log; `Denied`, `Fatal`.
    pub fn open_read_only(dir: &Path) -> Result<Self, LogError> {
        let shared: Shared = Arc::new(RwLock::new(Some(Store::Reader(store::open_reader(dir)?))));
        let (_, commits) = watch::channel(0);
        Ok(Self::of(dir, None, shared, commits))
    }

    fn of(dir: &Path, writer: Option<Writer>, shared: Shared, commits: watch::Receiver<u64>) -> Self {
        let (cache, topics) = (reader::Cache::default(), RwLock::default());
        Self { inner: Arc::new(Inner { dir: dir.to_owned(), writer, shared, commits, cache, topics }) }
    }

    /// Drops records past their topic's `retention.ms` and compacts compacted topics;
    /// `cti.events` is never touched. Returns how many records went.
    ///
    /// # Errors
    /// As `append`.
    pub async fn trim(&self, now: Instant) -> Result<u64, LogError> {
        match self.ask(Wish::Trim(now.millis())).await? {
            Done::Number(n) => Ok(n),
            _ => Err(mismatch()),
        }
    }

    /// The topics of this log, as they were made, by name.
    ///
    /// # Errors
    /// The log cannot be read.
    pub async fn topics(&self) -> Result<Vec<TopicSpec>, LogError> {
        self.look(|view, _| {
            use redb::ReadableTable as _;
            let table = view.open_table(store::TOPICS)?;
            let mut out = Vec::new();
            for row in table.iter()? {
                if let Some(t) = store::topic(&table, row?.0.value())? {
                    out.push(TopicSpec { name: t.name, partitions: t.partitions, settings: t.settings });
                }
            }
            Ok(out)
        })
        .await
    }

    async fn ask(&self, wish: Wish) -> Result<Done, LogError> {
        let writer = self.inner.writer.as_ref().ok_or_else(|| {
            LogError::Fatal(format!("the log at {} was opened for reading only", self.inner.dir.display()))
        })?;
        writer.ask(wish).await
    }

    /// Runs blocking work on a view of the file, off the runtime's threads.
    async fn look<T: Send + 'static>(
        &self,
        work: impl FnOnce(&ReadTransaction, &reader::Cache) -> Result<T, redb::Error> + Send + 'static,
    ) -> Result<T, LogError> {
        let inner = self.inner.clone();
        let look = move || {
            let guard = inner.shared.read().unwrap_or_else(PoisonError::into_inner);
            let run = || work(&guard.as_ref().ok_or(redb::Error::DatabaseClosed)?.view()?, &inner.cache);
            run().map_err(|e| store::failure(&inner.dir, &e))
        };
        tokio::task::spawn_blocking(look).await.map_err(|e| LogError::Fatal(format!("reading the log failed: {e}")))?
    }

    async fn topic(&self, name: &str) -> Result<Topic, LogError> {
        if let Some(t) = self.inner.topics.read().unwrap_or_else(PoisonError::into_inner).get(name) {
            return Ok(t.clone());
        }
        let asked = name.to_owned();
        let topic = self
            .look(move |view, _| store::topic(&view.open_table(store::TOPICS)?, &asked))
            .await?
            .ok_or_else(|| no_topic(name))?;
        self.inner.topics.write().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), topic.clone());
        Ok(topic)
    }

    async fn place(&self, topic: &str, partition: i32) -> Result<u32, LogError> {
        let t = self.topic(topic).await?;
        crate::check_partition(topic, t.partitions, partition).map(|()| t.id)
    }

    async fn append_as(
        &self,
        topic: &str,
        lease: Option<(String, u64)>,
        batch: Vec<NewRecord>,
    ) -> Result<Vec<(i32, i64)>, LogError> {
        match self.ask(Wish::Append { topic: topic.to_owned(), lease, batch }).await? {
            Done::Appended(places) => Ok(places),
            _ => Err(mismatch()),
        }
    }

    /// Waits for a commit, or a while where another process commits.
    async fn something_new(&self, commits: &mut watch::Receiver<u64>) {
        if self.inner.writer.is_none() || commits.changed().await.is_err() {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}

fn no_topic(name: &str) -> LogError {
    LogError::Unknown(format!("there is no topic {name} in this log"))
}

fn check_count(topic: &Topic, spec: &TopicSpec) -> Result<(), LogError> {
    crate::check_count(&topic.name, topic.partitions, spec.partitions)
}

fn mismatch() -> LogError {
    LogError::Fatal("the log's writing thread gave the answer of another request".into())
}
