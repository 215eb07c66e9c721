//! The stage `facts`: the log folded into tables, exactly once.
//!
//! Contract (docs/tables.md, 2): on taking a partition the newest snapshot at or below
//! the least table version is loaded and the log is folded from there; what a table holds
//! already is discarded for that table. A flush at X publishes derived records, commits
//! each table once with `txn` X, then commits X to the group. An owner that was overtaken
//! drops the partition's state and takes it up anew.
//!
//! A flush that size forces goes on beside the fold (`flight`), one at a time; one that a
//! caller asks for has landed when it returns. After a failed flush the stage owns nothing
//! any more: what it was about to make durable is folded anew by whoever takes it up.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use event_log::{EventLog, LogError};
use futures::{StreamExt as _, TryStreamExt as _};
use model::facts::Facts;
use model::{Instant, TOPIC_EVENTS};
use tables::{Lake, TablesError};

use crate::ahead::Ahead;
use crate::clock;
pub use crate::facts_counts::FactsCounts;
use crate::flight::{Cargo, Flight, Landed};
use crate::fold::{PartitionFold, Reject};
use crate::limits::{Pace, READ_WAIT, TAKEN_AT_ONCE};
use crate::owned::{Owned, TABLES};
use crate::retry::{Failure, retry};
use crate::snapshots::{SnapshotError, Snapshots};
use crate::switch_fold::FoldConfig;
use crate::taking::Taking;
use crate::waits::Waits;

/// Flushes whose duration is kept until somebody asks.
const MOST_TOLD: usize = 1_000;

/// What a stage can fail with.
#[derive(Debug, thiserror::Error)]
pub enum StageError {
    /// The log.
    #[error("the log: {0}")]
    Log(#[from] LogError),
    /// The tables.
    #[error("the tables: {0}")]
    Tables(#[from] TablesError),
    /// The snapshots.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// Something that will not pass by itself.
    #[error("{0}")]
    Fatal(String),
}

/// Settings of the stage.
#[derive(Clone)]
pub struct FactsConfig {
    /// Consumer group: only so that lag can be seen.
    pub group: String,
    /// Part of each `app_id`.
    pub generation: String,
    /// The fold.
    pub fold: FoldConfig,
    /// Publish contact records and dead letters, and tell the group (a replay does not).
    pub publish: bool,
}

/// The stage.
pub struct FactsStage {
    log: Arc<dyn EventLog>,
    lake: Arc<Lake>,
    snapshots: Snapshots,
    config: FactsConfig,
    owned: BTreeMap<i32, Owned>,
    pending: Facts,
    rejects: Vec<Reject>,
    ahead: Ahead,
    flight: Option<Flight>,
    waits: Waits,
    /// When everything was last made durable; at first, when the stage began.
    finished: Instant,
    pace: Pace,
    took: Vec<Duration>,
    /// What was done so far.
    pub counts: FactsCounts,
}

impl FactsStage {
    /// A stage that owns no partition yet.
    pub fn new(log: Arc<dyn EventLog>, lake: Arc<Lake>, snapshots: Snapshots, config: FactsConfig) -> Self {
        Self {
            log,
            lake,
            snapshots,
            config,
            owned: BTreeMap::new(),
            pending: Facts::default(),
            rejects: Vec::new(),
            ahead: Ahead::default(),
            flight: None,
            waits: Waits::default(),
            finished: clock::now(),
            pace: Pace::default(),
            took: Vec::new(),
            counts: FactsCounts::default(),
        }
    }

    /// The same stage; what it waits for is told there.
    #[must_use]
    pub fn telling(self, waits: Waits) -> Self {
        Self { waits, ..self }
    }

    /// The same stage at another pace.
    #[must_use]
    pub fn pacing(self, pace: Pace) -> Self {
        Self { pace, ..self }
    }

    fn app_id(&self, partition: i32) -> String {
        format!("{}/facts/{TOPIC_EVENTS}-{partition}", self.config.generation)
    }

    /// Takes a partition up: its state is that of the tables.
    ///
    /// # Errors
    /// As [`FactsStage::take_all`].
    pub async fn take(&mut self, partition: i32) -> Result<(), StageError> {
        self.take_all(&[partition]).await
    }

    /// Takes partitions up, all of an assignment at once: one look at each table.
    ///
    /// # Errors
    /// The tables or snapshots cannot be read, or the tables are ahead of the log. None of
    /// the partitions is taken then.
    pub async fn take_all(&mut self, partitions: &[i32]) -> Result<(), StageError> {
        let named = partitions.iter().map(|p| (*p, self.app_id(*p))).collect();
        let taking = Taking { log: &*self.log, lake: &self.lake, snapshots: &self.snapshots, fold: &self.config.fold };
        for (partition, owned) in self.waits.watch("the tables", taking.all(named)).await? {
            self.ahead.forget(partition);
            self.owned.insert(partition, owned);
        }
        Ok(())
    }

    /// Lets a partition go: flushed work stands, the rest is dropped.
    ///
    /// # Errors
    /// The flush before letting go failed; the state is dropped all the same.
    pub async fn let_go(&mut self, partition: i32) -> Result<(), StageError> {
        let flushed = self.flush().await;
        self.owned.remove(&partition);
        self.ahead.forget(partition);
        flushed
    }

    /// Partitions that this stage owns.
    pub fn partitions(&self) -> Vec<i32> {
        self.owned.keys().copied().collect()
    }

    /// The folds, for live figures and lag.
    pub fn folds(&self) -> impl Iterator<Item = &PartitionFold> {
        self.owned.values().map(|o| &o.fold)
    }

    /// Rows that wait for a flush.
    pub fn waiting_rows(&self) -> usize {
        self.pending.len() + self.rejects.len()
    }

    /// How long each flush took that has landed since this was last asked (a limited number).
    pub fn flushes_took(&mut self) -> Vec<Duration> {
        std::mem::take(&mut self.took)
    }

    /// Reads and folds what is there, once over all owned partitions; returns the records
    /// read. Waits up to `wait` in all where nothing is there.
    ///
    /// # Errors
    /// The log cannot be read, or a forced flush failed.
    pub async fn step(&mut self, wait: Duration) -> Result<usize, StageError> {
        let mut read = 0;
        for partition in self.partitions() {
            read += self.step_partition(partition, Duration::ZERO).await?;
            self.flush_if_full().await?;
        }
        if read == 0 && !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
        Ok(read)
    }

    async fn step_partition(&mut self, partition: i32, wait: Duration) -> Result<usize, StageError> {
        let Some(owned) = self.owned.get_mut(&partition) else { return Ok(0) };
        let from = owned.fold.next_offset();
        let records = self.ahead.take(&self.log, (partition, from), wait, self.pace.ahead_from).await?;
        for record in &records {
            owned.apply(record, &mut self.pending, &mut self.rejects);
        }
        self.counts.records += records.len() as u64;
        Ok(records.len())
    }

    /// Folds all that the log holds now, and flushes.
    ///
    /// # Errors
    /// See [`FactsStage::step`] and [`FactsStage::flush`].
    pub async fn run_until_idle(&mut self, progress: &(dyn Fn(u64) + Sync)) -> Result<(), StageError> {
        loop {
            let overtaken = self.counts.overtaken;
            for partition in self.partitions() {
                let high = self.log.watermarks(TOPIC_EVENTS, partition).await?.high;
                while self.owned.get(&partition).is_some_and(|o| o.fold.next_offset() < high) {
                    let read = self.step_partition(partition, READ_WAIT).await?;
                    progress(read as u64);
                    self.flush_if_full().await?;
                }
            }
            self.flush().await?;
            if overtaken == self.counts.overtaken {
                return Ok(());
            }
        }
    }

    /// Makes everything durable that was folded so far; every [`Pace::snapshot_ms`] as
    /// [`FactsStage::finish`] does, so that many quiet partitions are not folded anew from
    /// long ago after a kill.
    ///
    /// # Errors
    /// An effect failed for good or too often.
    pub async fn flush(&mut self) -> Result<(), StageError> {
        if clock::now().millis() - self.finished.millis() >= self.pace.snapshot_ms {
            return self.finish().await;
        }
        self.flush_lagging(self.pace.table_lag_records).await
    }

    /// Flushes, moves every table on to where the fold stands, and takes snapshots, so
    /// that the next start reads nothing twice.
    ///
    /// # Errors
    /// As [`FactsStage::flush`].
    pub async fn finish(&mut self) -> Result<(), StageError> {
        self.finished = clock::now();
        self.flush_lagging(1).await?;
        self.snapshot_all().await
    }

    async fn flush_lagging(&mut self, most_lag: i64) -> Result<(), StageError> {
        self.settle().await?;
        self.start_flush(most_lag);
        if self.flight.is_none() {
            // Records that made no row are passed too: whoever asks sees no lag.
            let stands: Vec<(i32, i64)> = self.folds().map(|f| (f.partition(), f.next_offset())).collect();
            for (partition, next) in stands {
                self.tell_group(partition, next).await;
            }
            return Ok(());
        }
        self.settle().await
    }

    /// Starts a flush where enough rows wait, after the one before has landed.
    async fn flush_if_full(&mut self) -> Result<(), StageError> {
        let landed = self.flight.as_ref().is_some_and(Flight::is_finished);
        let full = self.waiting_rows() >= self.pace.flush_rows;
        if landed || full {
            self.settle().await?;
        }
        if full {
            self.start_flush(self.pace.table_lag_records);
        }
        Ok(())
    }

    fn start_flush(&mut self, most_lag: i64) {
        let waiting = (&mut self.pending, &mut self.rejects);
        let cargo = Cargo::load(&self.owned, waiting, most_lag, self.config.publish);
        self.flight = cargo.map(|c| c.start(self.log.clone(), self.lake.clone(), self.waits.clone()));
    }

    /// Waits for the flush that is under way, and notes what became of it.
    async fn settle(&mut self) -> Result<(), StageError> {
        let Some(flight) = self.flight.take() else { return Ok(()) };
        let landed = flight.await.unwrap_or_else(|e| Err(StageError::Fatal(format!("a flush ended in a panic: {e}"))));
        match landed {
            Err(e) => {
                self.drop_all();
                Err(e)
            }
            Ok(landed) if landed.overtaken => self.take_anew().await,
            Ok(landed) => self.note(landed).await,
        }
    }

    /// What was folded and has not landed must not be followed by later commits.
    fn drop_all(&mut self) {
        self.partitions().into_iter().for_each(|p| self.ahead.forget(p));
        self.owned.clear();
        self.pending = Facts::default();
        self.rejects.clear();
    }

    /// Another owner was ahead: what was folded here is void, and is folded again from
    /// where the tables stand now.
    async fn take_anew(&mut self) -> Result<(), StageError> {
        self.counts.overtaken += 1;
        let partitions = self.partitions();
        self.drop_all();
        self.take_all(&partitions).await
    }

    async fn note(&mut self, landed: Landed) -> Result<(), StageError> {
        self.counts.landed(&landed);
        if self.took.len() < MOST_TOLD {
            self.took.push(landed.took);
        }
        self.counts.restated = self.folds().map(PartitionFold::restated).sum();
        for (partition, upto) in landed.upto {
            let Some(owned) = self.owned.get_mut(&partition) else { continue };
            (0..TABLES).filter(|i| landed.tables[*i]).for_each(|i| owned.committed(i, upto));
            let due = owned.since_snapshot() >= self.pace.snapshot_records;
            self.tell_group(partition, upto + 1).await;
            if due {
                self.snapshot(partition).await?;
            }
        }
        Ok(())
    }

    /// Only so that lag can be seen: what is folded is told by the tables.
    async fn tell_group(&mut self, partition: i32, next: i64) {
        let news = self.owned.get_mut(&partition).is_some_and(|o| o.tell_group(next));
        if news
            && self.config.publish
            && let Err(e) = self.log.commit(&self.config.group, TOPIC_EVENTS, partition, next).await
        {
            tracing::warn!(partition, error = %e, "the group was not told how far the fold is");
        }
    }

    async fn snapshot(&mut self, partition: i32) -> Result<(), StageError> {
        self.save(partition).await?;
        if let Some(owned) = self.owned.get_mut(&partition) {
            owned.snapshot_taken();
        }
        Ok(())
    }

    async fn save(&self, partition: i32) -> Result<(), StageError> {
        let Some(owned) = self.owned.get(&partition) else { return Ok(()) };
        let saved = retry(&self.waits, "the snapshots", || async {
            self.snapshots.save(&owned.fold).await.map_err(|e| match e {
                SnapshotError::Store(_) => Failure::Passing(e),
                _ => Failure::Final(e),
            })
        });
        saved.await?;
        // Older ones that stay behind are dropped with the next.
        if let Err(e) = self.snapshots.prune(partition, owned.least_version()).await {
            tracing::warn!(partition, error = %e, "older snapshots stay behind");
        }
        Ok(())
    }

    /// Takes a snapshot of every owned partition that has moved since its last one, so
    /// that the next start is quick.
    ///
    /// # Errors
    /// The snapshot store failed.
    pub async fn snapshot_all(&mut self) -> Result<(), StageError> {
        let moved = |(p, o): (&i32, &Owned)| (o.since_snapshot() > 0).then_some(*p);
        let moved: Vec<i32> = self.owned.iter().filter_map(moved).collect();
        // Some at once: the fold waits meanwhile, and each is some round trips to the store.
        let saves = moved.iter().map(|p| self.save(*p)).collect::<Vec<_>>();
        futures::stream::iter(saves).buffered(TAKEN_AT_ONCE).try_collect::<Vec<()>>().await?;
        self.owned.iter_mut().filter(|(p, _)| moved.contains(p)).for_each(|(_, owned)| owned.snapshot_taken());
        Ok(())
    }
}
