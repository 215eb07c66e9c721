//! Which queue intervals a CRM has not been given yet.
//!
//! Contract: the table of intervals is followed from its beginning, whatever the age of a
//! row; a half hour is given whole (all switches' parts, newest revisions) each time that a
//! part of it came in. How far the target was given is kept in the state's store, and moves
//! on only when nothing was put off: a half hour may be given again, none is passed over.
//! Which rows stand parked is kept with it, whatever their age, so that one that is written
//! after all is told by any later process. Memory: the names of the half hours that came in, and the rows of one day.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use event_log::LogError;
use model::facts::QueueInterval;
use model::{Instant, Name};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _};
use serde::{Deserialize, Serialize};
use tables::{Filter, Followed, Lake, TablesError};

use crate::crm_stage::CrmStage;

const DAY_MS: i64 = 86_400_000;

/// Why a round stopped; it may be tried again.
#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    /// The intervals cannot be read.
    #[error("the tables: {0}")]
    Tables(#[from] TablesError),
    /// What became of rows cannot be told.
    #[error("the log: {0}")]
    Log(#[from] LogError),
    /// How far the target was given cannot be read or kept.
    #[error("how far the CRM was given intervals, {path} in the state's store: {reason}; removed, all are given again")]
    State {
        /// Path of the object.
        path: String,
        /// What the store or the reader said.
        reason: String,
    },
}

/// What is kept between two processes.
#[derive(Serialize, Deserialize)]
struct Kept {
    /// Generation of the tables that were followed.
    generation: String,
    /// How far; `None`: nothing was given whole yet.
    followed: Option<u64>,
    /// Keys of the rows that stand parked, in order.
    #[serde(default)]
    parked: Vec<String>,
}

/// A half hour of a queue, which one CRM record covers: centre, queue, number since 1970.
type Half = (Name, Name, i64);

/// The half hours that came in, by day.
type Halves = BTreeMap<i64, HashSet<Half>>;

/// Follows the intervals for one target.
pub struct IntervalFeed {
    lake: Arc<Lake>,
    store: Arc<dyn ObjectStore>,
    path: Path,
    /// `None`: not looked up yet.
    since: Option<Option<Followed>>,
    /// The parked rows that are kept.
    parked: Vec<String>,
}

impl IntervalFeed {
    /// A feed for one target; `store` keeps how far it was given.
    pub fn new(lake: Arc<Lake>, store: Arc<dyn ObjectStore>, target: &Name) -> Self {
        let path = Path::from_iter(["crm", target.as_str(), "queue_intervals.json"]);
        Self { lake, store, path, since: None, parked: Vec::new() }
    }

    /// Gives the stage all that came in since the last round.
    ///
    /// # Errors
    /// Nothing is passed over: the next round begins where this one did.
    pub async fn round(&mut self, stage: &mut CrmStage) -> Result<(), FeedError> {
        let since = match self.since {
            Some(since) => since,
            None => {
                let (since, parked) = self.kept().await?;
                stage.parked_before(parked.iter().cloned());
                self.parked = parked;
                since
            }
        };
        let (followed, halves) = self.new_halves(since).await?;
        let news = !halves.is_empty();
        let mut settled = true;
        for (day, wanted) in halves {
            settled &= stage.intervals(&self.parts(day, &wanted).await?).await?;
        }
        let reached = if settled { Some(followed) } else { since };
        let parked = stage.parked();
        if (settled && news) || parked != self.parked {
            self.keep(reached, &parked).await?;
            self.parked = parked;
        }
        self.since = Some(reached);
        Ok(())
    }

    async fn new_halves(&self, since: Option<Followed>) -> Result<(Followed, Halves), TablesError> {
        let mut halves = Halves::new();
        let take = |rows: Vec<QueueInterval>| {
            for row in &rows {
                halves.entry(day_of(row)).or_default().insert(half(row));
            }
        };
        let followed = self.lake.follow_intervals(since, take).await?;
        Ok((followed, halves))
    }

    /// The newest revisions of all parts of a day's half hours.
    async fn parts(&self, day: i64, wanted: &HashSet<Half>) -> Result<Vec<QueueInterval>, TablesError> {
        let begin = Instant::from_millis(day * DAY_MS);
        let filter = Filter { from: Some(begin), to: Some(begin.plus_millis(DAY_MS)), ..Filter::default() };
        let mut rows = self.lake.intervals(&filter).await?;
        rows.retain(|row| wanted.contains(&half(row)));
        Ok(rows)
    }

    async fn kept(&self) -> Result<(Option<Followed>, Vec<String>), FeedError> {
        let bytes = match self.store.get(&self.path).await {
            Ok(found) => found.bytes().await,
            Err(object_store::Error::NotFound { .. }) => return Ok((None, Vec::new())),
            Err(e) => Err(e),
        };
        let bytes = bytes.map_err(|e| self.failed(&e))?;
        let kept: Kept = serde_json::from_slice(&bytes).map_err(|e| self.failed(&e))?;
        // Of other tables the number says nothing.
        let same = kept.generation == self.lake.config().generation;
        Ok((kept.followed.filter(|_| same).map(Followed::of_number), kept.parked))
    }

    async fn keep(&self, followed: Option<Followed>, parked: &[String]) -> Result<(), FeedError> {
        let generation = self.lake.config().generation.clone();
        let kept = Kept { generation, followed: followed.map(|f| f.number()), parked: parked.to_vec() };
        let bytes = serde_json::to_vec(&kept).map_err(|e| self.failed(&e))?;
        self.store.put(&self.path, bytes.into()).await.map_err(|e| self.failed(&e))?;
        Ok(())
    }

    fn failed(&self, reason: &dyn std::fmt::Display) -> FeedError {
        FeedError::State { path: self.path.to_string(), reason: reason.to_string() }
    }
}

fn day_of(row: &QueueInterval) -> i64 {
    row.interval_start.millis().div_euclid(DAY_MS)
}

fn half(row: &QueueInterval) -> Half {
    let start = row.interval_start.millis().div_euclid(crm::mapping::HALF_HOUR_MS);
    (row.center.clone(), row.queue.clone(), start)
}
