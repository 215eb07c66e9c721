//! A run of a seed: input comes in while processes work, fail, die, overlap and are
//! replaced; then everything calms down, the last ones finish, and what there is is
//! compared with what an undisturbed run gives.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use event_log::{EventLog, NewRecord, TopicSpec};
use fastrand::Rng;
use model::{TOPIC_CALLS, TOPIC_DEAD_LETTERS, TOPIC_EVENTS};
use object_store::memory::InMemory;

use crate::baton::Baton;
use crate::broken::Broken;
use crate::compare;
use crate::crm_records::Held;
use crate::director::Director;
use crate::fates::mix;
use crate::ground::Ground;
use crate::happened::Counts;
use crate::memory_log::MemoryLog;
use crate::process::{Outside, lake};
use crate::world;

/// Partitions of `cti.events`.
pub const PARTITIONS: i32 = 4;
/// Longer than any run takes, in simulated time.
const AT_MOST: Duration = Duration::from_secs(30 * 86_400);

/// What a run left.
#[derive(Debug)]
pub struct Outcome {
    /// The seed.
    pub seed: u64,
    /// What differs from an undisturbed run; none: all is as it should be.
    pub differences: Vec<String>,
    /// Calls of store, log and CRM, and what else was noted.
    pub calls: usize,
    /// Every call and its fate: what two runs of one seed are compared by.
    pub lines: Vec<String>,
    /// The same by time, for people.
    pub by_time: Vec<String>,
    /// Rows in the tables at the end, table by table.
    pub rows: Vec<(&'static str, usize)>,
    /// Records in the CRM at the end.
    pub crm: usize,
    /// What was done to it.
    pub happened: Counts,
}

/// Runs a seed.
pub fn run(seed: u64) -> Outcome {
    run_in(seed, None)
}

/// Runs a seed in a world that may be broken on purpose.
pub fn run_in(seed: u64, broken: Option<Broken>) -> Outcome {
    // One in six begins with nothing.
    let store = if mix(seed, "tables").is_multiple_of(6) { None } else { empty_tables() };
    // Jitter of retries.
    fastrand::seed(mix(seed, "jitter"));
    let baton = Arc::new(Baton::default());
    let runtime = match baton.runtime() {
        Ok(runtime) => runtime,
        Err(e) => return Outcome::failed(seed, format!("no runtime: {e}")),
    };
    let done = runtime.block_on(async {
        let outside = outside(Ground::new(seed, broken, baton.clone()), store.unwrap_or_default()).await;
        let played = tokio::time::timeout(AT_MOST, play(seed, &outside)).await;
        let mut outcome = played.unwrap_or_else(|_| Outcome::failed(seed, "it does not end".to_owned()));
        let ground = &outside.ground;
        outcome.differences.extend(ground.all_odd());
        (outcome.lines, outcome.by_time) = (ground.trace.lines(), ground.trace.by_time());
        outcome.calls = outcome.lines.len();
        outcome.happened = ground.happened.counts();
        outcome
    });
    pipeline::clock::simulate(None);
    baton.end();
    done
}

impl Outcome {
    fn of(seed: u64) -> Self {
        let (differences, lines, by_time, rows) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { seed, differences, calls: 0, lines, by_time, rows, crm: 0, happened: Counts::new() }
    }

    fn failed(seed: u64, why: String) -> Self {
        Self { differences: vec![why], ..Self::of(seed) }
    }
}

/// A store with all tables, empty: made once, for making them is dear and most runs are not
/// about it. `None`: it could not be made.
fn empty_tables() -> Option<InMemory> {
    static EMPTY: OnceLock<Option<Arc<InMemory>>> = OnceLock::new();
    let make = || {
        let store = Arc::new(InMemory::new());
        let runtime = tokio::runtime::Builder::new_current_thread().build().ok()?;
        let made = lake(store.clone()).map(|lake| runtime.block_on(async move { lake.ensure_tables().await }));
        made.ok()?.ok().map(|()| store)
    };
    EMPTY.get_or_init(make).as_ref().map(|store| store.fork())
}

/// The log with its topics, the store, an empty CRM.
async fn outside(ground: Arc<Ground>, store: InMemory) -> Outside {
    pipeline::clock::simulate(Some(world::NOW));
    Outside { ground, log: topics().await, store: Arc::new(store), crm: Held::default() }
}

/// A log with its topics.
pub async fn topics() -> MemoryLog {
    let log = MemoryLog::default();
    for (name, partitions) in [(TOPIC_EVENTS, PARTITIONS), (TOPIC_CALLS, 3), (TOPIC_DEAD_LETTERS, 1)] {
        let spec = TopicSpec { name: name.to_owned(), partitions, settings: Vec::new() };
        // Nothing can be wrong with a new topic in memory.
        let _ = log.ensure_topic(&spec).await;
    }
    log
}

async fn play(seed: u64, outside: &Outside) -> Outcome {
    let records = world::records(seed, &outside.ground.happened);
    let feeder = tokio::spawn(feed(outside.log.clone(), records.clone(), Rng::with_seed(mix(seed, "feeder"))));
    let mut director = Director::new(seed, outside);
    director.directs().await;
    let fed = feeder.await;
    director.calms_down().await;
    let mut outcome = Outcome::of(seed);
    if fed.is_err() {
        outcome.differences.push("the input did not come in".to_owned());
    }
    let ended = compare::ended(outside, &records, &mut outcome.differences).await;
    (outcome.rows, outcome.crm) = ended.unwrap_or_default();
    outcome
}

/// Appends the input as time goes by.
async fn feed(log: MemoryLog, mut records: Vec<NewRecord>, mut rng: Rng) {
    while !records.is_empty() {
        let rest = records.split_off(rng.usize(1..40).min(records.len()));
        let _ = log.append(TOPIC_EVENTS, std::mem::replace(&mut records, rest)).await;
        tokio::time::sleep(Duration::from_millis(rng.u64(1..600))).await;
    }
}
