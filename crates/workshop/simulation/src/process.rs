//! One process: its way to log and store, and the stages that run in it. It may die at
//! any await.

use std::sync::Arc;
use std::time::Duration;

use event_log::EventLog;
use fastrand::Rng;
use object_store::DynObjectStore;
use object_store::memory::InMemory;
use pipeline::crm_stage::CrmStage;
use pipeline::facts_stage::{FactsConfig, FactsStage, StageError};
use pipeline::interval_feed::{FeedError, IntervalFeed};
use pipeline::limits::Pace;
use pipeline::snapshots::Snapshots;
use pipeline::switch_fold::FoldConfig;
use tables::{Lake, LakeConfig, Superseded, Table, TablesError};
use tokio::sync::watch;

use crate::crm_records::{Held, SimulatedCrm};
use crate::ground::{Ground, Life};
use crate::happened::Kind;
use crate::log::FaultyLog;
use crate::memory_log::MemoryLog;
use crate::store::FaultyStore;

const GENERATION: &str = "g1";
/// Tables are put in order at multiples of this, milliseconds of simulated time.
const SLOT_MS: u64 = 1_200;

/// What outlives every process.
#[derive(Clone)]
pub struct Outside {
    /// Time, fates, trace.
    pub ground: Arc<Ground>,
    /// The log.
    pub log: MemoryLog,
    /// The object store.
    pub store: Arc<InMemory>,
    /// What the CRM holds.
    pub crm: Held,
}

/// How folds are made.
pub fn fold_config() -> FoldConfig {
    FoldConfig {
        late_horizon_ms: 86_400_000,
        force_figures: None,
        decoders: Arc::new(|d, s, c| dialects::registry::decoder(d, s, c)),
    }
}

/// The tables on a store; nothing is read yet.
///
/// # Errors
/// It never fails.
pub fn lake(store: Arc<DynObjectStore>) -> Result<Arc<Lake>, TablesError> {
    let config = LakeConfig { place: "lake".into(), generation: GENERATION.into(), ..LakeConfig::default() };
    Ok(Arc::new(Lake::on(config, store)?))
}

/// A process.
pub struct Process {
    /// Its life.
    pub life: Arc<Life>,
    outside: Outside,
    log: Arc<dyn EventLog>,
    store: Arc<FaultyStore>,
}

impl Process {
    /// A new one.
    pub fn start(outside: &Outside, name: &str) -> Self {
        let life = Life::new(name);
        let log = FaultyLog::new(outside.log.clone(), outside.ground.clone(), life.clone());
        let store = FaultyStore::new(outside.store.clone(), outside.ground.clone(), life.clone());
        Self { life, outside: outside.clone(), log: Arc::new(log), store: Arc::new(store) }
    }

    /// Its way to the tables; nothing is read yet.
    ///
    /// # Errors
    /// It never fails.
    pub fn lake(&self) -> Result<Arc<Lake>, TablesError> {
        lake(self.store.clone())
    }

    /// Its stage `facts` over its tables, made where they are absent.
    ///
    /// # Errors
    /// The store failed.
    pub async fn facts(&self, lake: &Arc<Lake>, rng: &mut Rng) -> Result<FactsStage, TablesError> {
        lake.ensure_tables().await?;
        let snapshots = Snapshots::new(self.store.clone(), "state/facts", GENERATION);
        let config =
            FactsConfig { group: "facts".into(), generation: GENERATION.into(), fold: fold_config(), publish: true };
        let pace = Pace {
            flush_rows: [30, 120, 10_000][rng.usize(0..3)],
            snapshot_records: rng.i64(10..150),
            snapshot_ms: [2_000, 20_000, 300_000][rng.usize(0..3)],
            table_lag_records: [20, 200, 1_000][rng.usize(0..3)],
            ahead_from: 10,
        };
        Ok(FactsStage::new(self.log.clone(), lake.clone(), snapshots, config).pacing(pace))
    }

    /// Folds and flushes the partitions that it is told are its own, for ever; what fails
    /// begins anew.
    pub async fn fold(&self, mut mine: watch::Receiver<Vec<i32>>, mut rng: Rng) {
        let Ok(lake) = self.lake() else { return };
        loop {
            if let Ok(mut stage) = self.facts(&lake, &mut rng).await {
                mine.mark_changed();
                let Err(e) = self.fold_until_failure((&mut stage, &lake), &mut mine, &mut rng).await;
                let text = e.to_string();
                if text.starts_with("a flush ended in a panic") {
                    self.outside.ground.odd(text.clone());
                }
                self.note(format!("facts failed: {text}"));
            }
            tokio::time::sleep(Duration::from_millis(rng.u64(100..2_000))).await;
        }
    }

    async fn fold_until_failure(
        &self,
        (stage, lake): (&mut FactsStage, &Lake),
        mine: &mut watch::Receiver<Vec<i32>>,
        rng: &mut Rng,
    ) -> Result<std::convert::Infallible, StageError> {
        let happened = &self.outside.ground.happened;
        let mut overtaken = 0;
        loop {
            if mine.has_changed().unwrap_or(false) {
                let wanted = mine.borrow_and_update().clone();
                for partition in stage.partitions().into_iter().filter(|p| !wanted.contains(p)) {
                    stage.let_go(partition).await?;
                }
                let has = stage.partitions();
                let new: Vec<i32> = wanted.into_iter().filter(|p| !has.contains(p)).collect();
                stage.take_all(&new).await?;
            }
            stage.step(Duration::from_millis(300)).await?;
            if self.life.woke(self.outside.ground.now_ms()) {
                // Its tables are those of today, what it has folded is of yesterday.
                self.note("wakes late".to_owned());
                lake.ensure_tables().await?;
                happened.note(Kind::WokeLate);
                stage.flush().await?;
            }
            match rng.u8(0..16) {
                0..3 => stage.flush().await?,
                3 => stage.snapshot_all().await?,
                4 => stage.finish().await?,
                _ => {}
            }
            happened.many(Kind::Overtaken, stage.counts.overtaken - overtaken);
            overtaken = stage.counts.overtaken;
        }
    }

    /// Puts tables in order, for ever: at the same times as all others that do.
    pub async fn maintain(&self, mut rng: Rng) {
        let Ok(lake) = self.lake() else { return };
        loop {
            let slot = self.outside.ground.now_ms() / SLOT_MS + 1;
            tokio::time::sleep_until(self.outside.ground.at(slot * SLOT_MS)).await;
            let table = Table::ALL[usize::try_from(slot).unwrap_or(0) % Table::ALL.len()];
            self.compact(&lake, table).await;
            if rng.u8(0..3) == 0 {
                self.vacuum(&lake, table).await;
            }
        }
    }

    async fn compact(&self, lake: &Lake, table: Table) {
        let happened = &self.outside.ground.happened;
        let done = lake.compact(table, Superseded::Keep).await;
        self.note(match done {
            Ok(done) => {
                happened.many(Kind::Compacted, u64::from(done.files_after > 0));
                format!("compact {table}: {} files became {}", done.files_before, done.files_after)
            }
            Err(TablesError::Overlapped { .. }) => {
                happened.note(Kind::Overlapped);
                format!("compact {table}: overlapped")
            }
            Err(_) => format!("compact {table}: failed"),
        });
    }

    async fn vacuum(&self, lake: &Lake, table: Table) {
        // As if the week that replaced files stay were over.
        let later = model::Instant(pipeline::clock::now().0 + 8 * 86_400_000_000).max(real_now());
        let done = lake.vacuum_as_of(table, 7, false, Some(later)).await;
        let gone = done.map_or(0, |v| v.files.len());
        self.outside.ground.happened.many(Kind::Vacuumed, u64::from(gone > 0));
        self.note(format!("vacuum {table}: {gone} files"));
    }

    /// The stage `crm`, for ever.
    pub async fn tell_crm(&self, mut rng: Rng) {
        loop {
            let ground = Some((self.outside.ground.clone(), self.life.clone()));
            let target = Arc::new(SimulatedCrm::new(self.outside.crm.clone(), ground));
            let mut stage =
                CrmStage::new(self.log.clone(), target, crm::MappingSettings::default(), Default::default());
            let mut feed = None;
            while let Ok(busy) = stage.round(rng.bool()).await {
                if rng.u8(0..12) == 0
                    && let Err(e) = self.intervals(&mut feed, &mut stage).await
                {
                    self.note(format!("intervals failed: {e}"));
                    break;
                }
                let rest = if busy { 20 } else { 300 };
                tokio::time::sleep(Duration::from_millis(rest)).await;
            }
            tokio::time::sleep(Duration::from_millis(rng.u64(100..2_000))).await;
        }
    }

    /// Gives the stage the intervals that it was not given yet; `feed` is made at first.
    ///
    /// # Errors
    /// The store or the log failed.
    pub async fn intervals(&self, feed: &mut Option<IntervalFeed>, stage: &mut CrmStage) -> Result<(), FeedError> {
        let feed = match feed {
            Some(feed) => feed,
            None => feed.insert(IntervalFeed::new(self.lake()?, self.store.clone(), &"simulated".into())),
        };
        feed.round(stage).await
    }

    /// What is worth a line of the trace.
    pub fn note(&self, text: String) {
        self.outside.ground.trace.log(self.outside.ground.now_ms(), format!("{} {text}", self.life.name));
    }
}

/// The machine's time eight days on: the table library stamps removals with its own clock.
fn real_now() -> model::Instant {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    model::Instant(i64::try_from(since.as_micros()).unwrap_or(i64::MAX / 2) + 8 * 86_400_000_000)
}
