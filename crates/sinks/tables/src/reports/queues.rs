//! Reports over queues from [`SlimVisits`], day by day.
//!
//! Days that are kept cost their counting; the others are read two at a time and counted as
//! they come, so that no more than a few are held beside what is kept. Counting has two
//! threads of its own: whoever else is served by the process does not wait for it.

use std::sync::{Arc, Mutex, PoisonError};

use futures::{StreamExt as _, TryStreamExt as _};
use metrics::{Attribution, Options, QueueFold, QueueRow, SlimVisits, WaitFold, WaitRow};
use model::{Instant, Name};
use tokio::sync::mpsc::{Receiver, channel};

use super::kept::{Part, stamp};
use super::question::Question;
use super::{Inner, slim};
use crate::error::TablesError;
use crate::read::{DataFile, Filter, day_wanted};
use crate::table::Table;

/// Days read at once, and days that wait to be counted.
const SIDE_BY_SIDE: usize = 2;

/// Centre and queue.
type Key = (Name, Name);
type Bounds = Vec<Instant>;

/// The `queues` report.
///
/// # Errors
/// The table is absent or cannot be read.
pub(super) async fn queues(inner: &Arc<Inner>, question: &Question) -> Result<Vec<QueueRow>, TablesError> {
    let bounds = bounds(inner, question).await?;
    counted(inner, question, move |question, days| {
        let days = Mutex::new(days);
        let count = || {
            let mut fold = QueueFold::new(&question.options, bounds.iter().copied());
            while let Some(visits) = next(&days) {
                fold.add(&visits, &|key| sees(&question, key));
            }
            fold
        };
        let (mut fold, beside) = by_two(&count);
        fold.merge(beside);
        fold.finish()
    })
    .await
}

/// The distribution of waits.
///
/// # Errors
/// The table is absent or cannot be read.
pub(super) async fn waits(
    inner: &Arc<Inner>,
    question: &Question,
    edges: Vec<i64>,
) -> Result<Vec<WaitRow>, TablesError> {
    let bounds = bounds(inner, question).await?;
    counted(inner, question, move |question, days| {
        let days = Mutex::new(days);
        let count = || {
            let mut fold = WaitFold::new(&question.options, &edges, bounds.iter().copied());
            while let Some(visits) = next(&days) {
                fold.add(&visits, &|key| sees(&question, key));
            }
            fold
        };
        let (mut fold, beside) = by_two(&count);
        fold.merge(beside);
        fold.finish()
    })
    .await
}

fn next(days: &Mutex<Receiver<Arc<SlimVisits>>>) -> Option<Arc<SlimVisits>> {
    days.lock().unwrap_or_else(PoisonError::into_inner).blocking_recv()
}

/// What two threads make of their shares.
fn by_two<T: Send>(count: &(impl Fn() -> T + Sync)) -> (T, T) {
    std::thread::scope(|scope| {
        let beside = scope.spawn(count);
        let mine = count();
        let theirs = beside.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        (mine, theirs)
    })
}

fn sees(question: &Question, (center, queue): &Key) -> bool {
    question.visible.center(center) && question.visible.queue(Some(queue))
}

/// First and last instants of the data, where the report needs them.
async fn bounds(inner: &Arc<Inner>, question: &Question) -> Result<Bounds, TablesError> {
    if !question.options.spans_data() {
        return Ok(Vec::new());
    }
    counted(inner, question, |question, mut days| {
        let mut bounds = Vec::new();
        while let Some(visits) = days.blocking_recv() {
            let seen = |key: &Key| question.options.of_center(&key.0) && sees(&question, key);
            bounds.extend(visits.bounds().filter(|(key, _)| seen(key)).flat_map(|(_, ends)| ends));
        }
        bounds
    })
    .await
}

/// Hands the days that a question is about to `count`, which runs on a thread of its own.
async fn counted<R: Send + 'static>(
    inner: &Arc<Inner>,
    question: &Question,
    count: impl FnOnce(Question, Receiver<Arc<SlimVisits>>) -> R + Send + 'static,
) -> Result<R, TablesError> {
    let (sender, receiver) = channel(SIDE_BY_SIDE);
    let asked = question.clone();
    let counting = tokio::task::spawn_blocking(move || count(asked, receiver));
    let wanted = wanted(inner, question).await?;
    let number = inner.kept.question();
    let reads: Vec<_> = wanted.into_iter().map(|day| one_day(inner, day, question.as_of, number)).collect();
    let mut read = futures::stream::iter(reads).buffer_unordered(SIDE_BY_SIDE);
    while let Some(visits) = read.try_next().await? {
        // A closed channel means that counting has failed: its error follows below.
        if sender.send(visits).await.is_err() {
            break;
        }
    }
    drop(sender);
    counting.await.map_err(|e| TablesError::Interrupted(e.to_string()))
}

/// Day and files.
type Day = (i32, Arc<Vec<DataFile>>);

/// The days that may hold a visit of the report.
async fn wanted(inner: &Inner, question: &Question) -> Result<Vec<Day>, TablesError> {
    let days = inner.snapshots.days(&inner.lake, Table::QueueVisits).await?;
    let filter = range(&question.options);
    let wanted = days.iter().filter(|(_, files)| day_wanted(Table::QueueVisits, files, &filter));
    Ok(wanted.map(|(day, files)| (*day, Arc::clone(files))).collect())
}

/// By event time a visit that arrived before the range counts in it too.
fn range(options: &Options) -> Filter {
    let from = options.from.filter(|_| options.attribution == Attribution::Arrival);
    Filter { from, to: options.to, ..Filter::default() }
}

/// A day's visits, kept or read.
async fn one_day(
    inner: &Arc<Inner>,
    (day, files): Day,
    as_of: Option<Instant>,
    question: u64,
) -> Result<Arc<SlimVisits>, TablesError> {
    // What is all known by then is the same as now.
    let as_of = as_of.filter(|at| !files.iter().all(|f| f.all_known_by(*at)));
    let stamp = stamp(files.iter());
    let part = Part { kind: "visits".to_owned(), day, as_of };
    if let Some(visits) = inner.kept.get::<SlimVisits>(&part, stamp, question) {
        return Ok(visits);
    }
    let inner = Arc::clone(inner);
    let task = tokio::spawn(async move {
        let store = inner.lake.shelf(Table::QueueVisits)?.log_store.object_store(None);
        let visits = Arc::new(slim::read(&inner.lake, &store, &files, as_of).await?);
        inner.kept.put(part, stamp, Arc::clone(&visits), visits.bytes(), question);
        Ok(visits)
    });
    task.await.unwrap_or_else(|e| Err(TablesError::Interrupted(e.to_string())))
}
