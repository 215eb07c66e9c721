//! The one task that appends: requests that came meanwhile go into one append together.
//!
//! Being alone it decides which of two equal events is first. Ids count as known only
//! after the log has their events.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use event_log::{EventLog, LogError, NewRecord};
use model::{Envelope, Instant, TOPIC_EVENTS};
use rustc_hash::FxHashSet;
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};

use super::Counters;
use super::ids::{Ids, Key, key};

/// Events appended together at most, beyond those of the last request.
const TOGETHER: usize = 2_000;

/// What became of a request's events.
#[derive(Clone, Copy, Debug, Default)]
pub struct Taken {
    /// New in the log.
    pub accepted: u64,
    /// There already, or twice in the request.
    pub repeated: u64,
}

/// A request's events, and who waits for them.
pub struct Job {
    pub events: Vec<Envelope>,
    pub done: oneshot::Sender<Result<Taken, Arc<LogError>>>,
    /// Given back when the request is done, also where its sender has gone away.
    pub place: OwnedSemaphorePermit,
}

/// Appends until the last sender of jobs is gone.
pub async fn run(log: Arc<dyn EventLog>, mut ids: Ids, mut jobs: mpsc::Receiver<Job>, counters: Arc<Counters>) {
    while let Some(first) = jobs.recv().await {
        let mut group = vec![first];
        while group.iter().map(|j| j.events.len()).sum::<usize>() < TOGETHER
            && let Ok(next) = jobs.try_recv()
        {
            group.push(next);
        }
        append(&*log, &mut ids, group).await;
        counters.forgotten_early.store(ids.forgotten_early, Ordering::Relaxed);
    }
}

async fn append(log: &dyn EventLog, ids: &mut Ids, group: Vec<Job>) {
    let mut batch = Vec::new();
    let mut fresh: Vec<(Key, Instant)> = Vec::new();
    let mut met = FxHashSet::default();
    let mut answers = Vec::new();
    for job in group {
        let mut taken = Taken::default();
        for event in &job.events {
            let key = key(event);
            if ids.contains(key) || !met.insert(key) {
                taken.repeated += 1;
                continue;
            }
            fresh.push((key, event.received));
            batch.push(NewRecord::event(event));
            taken.accepted += 1;
        }
        answers.push((job, taken));
    }
    let failure = match batch.is_empty() {
        true => None,
        false => log.append(TOPIC_EVENTS, batch).await.err().map(Arc::new),
    };
    if failure.is_none() {
        for (key, at) in &fresh {
            ids.remember(*key, *at);
        }
        if let Some((_, at)) = fresh.last() {
            ids.expire(*at);
        }
    }
    for (job, taken) in answers {
        // (Who waited may have gone away.)
        let _ = job.done.send(failure.clone().map_or(Ok(taken), Err));
        drop(job.place);
    }
}
