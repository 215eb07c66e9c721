//! The one writer: a thread that gathers what callers want and commits it together.
//!
//! Contract: an answer is given after the commit is on disk (or failed); requests that
//! wait while a commit runs share the next one; a request that is refused does not touch
//! its neighbours. After a failed commit nothing of its requests was kept, and the file is
//! opened anew.

use std::path::PathBuf;
use std::sync::{Arc, RwLock};

use tokio::sync::{mpsc, oneshot, watch};

use super::{store, transaction};
use crate::{LogError, NewRecord, TopicSpec};

/// What one request wants of the writer.
pub enum Wish {
    /// Make a topic, or check it.
    Topic(TopicSpec),
    /// Append, if the lease (source, epoch) is still held.
    Append {
        /// Topic.
        topic: String,
        /// Source and epoch of the lease.
        lease: Option<(String, u64)>,
        /// Records.
        batch: Vec<NewRecord>,
    },
    /// A group's next offset.
    Offset {
        /// Group.
        group: String,
        /// Topic.
        topic: String,
        /// Partition.
        partition: i32,
        /// Next offset to read.
        next: i64,
    },
    /// The next epoch of a source.
    Lease(String),
    /// Drop what retention allows, as of this time in ms; and compact.
    Trim(i64),
}

/// What became of it.
pub enum Done {
    /// Made, stored.
    Nothing,
    /// `(partition, offset)` of each record.
    Appended(Vec<(i32, i64)>),
    /// The new epoch, or the number of records dropped.
    Number(u64),
}

/// A wish and where its answer goes.
pub struct Request {
    wish: Wish,
    reply: oneshot::Sender<Result<Done, LogError>>,
}

/// Requests that may wait; more make their callers wait.
const WAITING: usize = 256;
/// A commit takes no more than about this many bytes.
const GATHER_BYTES: usize = 16 * 1024 * 1024;

/// The file, replaced where it had to be opened anew.
pub type Shared = Arc<RwLock<Option<store::Store>>>;

/// Handle of the thread.
pub struct Writer {
    requests: Option<mpsc::Sender<Request>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Writer {
    /// Starts the thread; `commits` counts the commits, for readers that wait.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn start(dir: PathBuf, shared: Shared, commits: watch::Sender<u64>) -> Result<Self, LogError> {
        let (requests, inbox) = mpsc::channel(WAITING);
        let thread = std::thread::Builder::new()
            .name("ringledger-log".into())
            .spawn(move || Loop { dir, shared, commits }.run(inbox))
            .map_err(|e| LogError::Fatal(format!("the log's writing thread cannot start: {e}")))?;
        Ok(Self { requests: Some(requests), thread: Some(thread) })
    }

    /// Has a wish done.
    ///
    /// # Errors
    /// As the wish.
    pub async fn ask(&self, wish: Wish) -> Result<Done, LogError> {
        let gone = || LogError::Fatal("the log's writing thread has ended; see the message before".into());
        let (reply, answer) = oneshot::channel();
        let requests = self.requests.as_ref().ok_or_else(gone)?;
        requests.send(Request { wish, reply }).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }
}

impl Drop for Writer {
    /// Waits for the thread, so that the file can be opened again at once.
    fn drop(&mut self) {
        self.requests.take();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the log's writing thread ended in a panic");
        }
    }
}

struct Loop {
    dir: PathBuf,
    shared: Shared,
    commits: watch::Sender<u64>,
}

impl Loop {
    fn run(self, mut inbox: mpsc::Receiver<Request>) {
        while let Some(first) = inbox.blocking_recv() {
            let mut bytes = weight(&first.wish);
            let mut group = vec![first];
            while bytes < GATHER_BYTES {
                let Ok(next) = inbox.try_recv() else { break };
                bytes += weight(&next.wish);
                group.push(next);
            }
            self.commit(group);
        }
    }

    fn commit(&self, group: Vec<Request>) {
        let (wishes, replies): (Vec<_>, Vec<_>) = group.into_iter().map(|r| (r.wish, r.reply)).unzip();
        match self.transact(wishes) {
            Ok(answers) => {
                self.commits.send_modify(|n| *n += 1);
                for (reply, answer) in replies.into_iter().zip(answers) {
                    let _ = reply.send(answer);
                }
            }
            Err(e) => {
                tracing::error!(error = %store::failure(&self.dir, &e), "a commit of the log failed; none of it was kept");
                self.reopen();
                for reply in replies {
                    let _ = reply.send(Err(store::failure(&self.dir, &e)));
                }
            }
        }
    }

    fn transact(&self, wishes: Vec<Wish>) -> Result<Vec<Result<Done, LogError>>, redb::Error> {
        let guard = self.shared.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        let db = match guard.as_ref() {
            Some(store::Store::Writer(db)) => db,
            _ => {
                drop(guard);
                // The last attempt to open it anew failed; try once more.
                return self.reopen_and_transact(wishes);
            }
        };
        transaction::run(db, wishes)
    }

    fn reopen_and_transact(&self, wishes: Vec<Wish>) -> Result<Vec<Result<Done, LogError>>, redb::Error> {
        self.reopen();
        let guard = self.shared.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        match guard.as_ref() {
            Some(store::Store::Writer(db)) => transaction::run(db, wishes),
            _ => Err(redb::Error::DatabaseClosed),
        }
    }

    /// After an error of the disk the file answers nothing until it is opened anew.
    fn reopen(&self) {
        let mut slot = self.shared.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        *slot = None;
        match store::open_writer(&self.dir) {
            Ok(db) => *slot = Some(store::Store::Writer(db)),
            Err(e) => tracing::error!(error = %e, "the log cannot be opened again yet; the next request tries it"),
        }
    }
}

fn weight(wish: &Wish) -> usize {
    match wish {
        Wish::Append { batch, .. } => {
            batch.iter().map(|r| super::chunk::size_of(&r.key, &r.headers, &r.value)).sum::<usize>()
        }
        _ => 64,
    }
}
