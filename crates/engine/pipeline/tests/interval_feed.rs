//! Queue intervals reach a CRM whatever their age, each once, and again when restated.

#[path = "common/fake.rs"]
mod fake;

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crm::MappingSettings;
use event_log::{EmbeddedLog, EventLog};
use fake::{Fake, Mood};
use model::facts::{Facts, QueueInterval};
use model::{Act, Instant, TOPIC_EVENTS};
use pipeline::crm_stage::CrmStage;
use pipeline::interval_feed::IntervalFeed;
use tables::{Lake, LakeConfig, SyncedFolder, Table, Txn};

/// 2025-01-01T10:00:00Z: far older than any window of a running process.
const BEGIN: i64 = 1_735_725_600;

fn part(switch: &str, quarter: i64, revision: i64) -> QueueInterval {
    let start = Instant::from_secs(BEGIN + quarter * 900);
    QueueInterval {
        center: "main".into(),
        switch: switch.into(),
        queue: "sales".into(),
        interval_start: start,
        interval_end: start.plus_millis(900_000),
        revision,
        ..QueueInterval::default()
    }
}

struct World {
    lake: Arc<Lake>,
    log: Arc<dyn EventLog>,
    state: Arc<SyncedFolder>,
    fake: Arc<Fake>,
    commits: i64,
}

impl World {
    async fn new(root: &Path) -> Self {
        let log = EmbeddedLog::open(&root.join("log")).unwrap();
        for topic in event_log::topics() {
            log.ensure_topic(&topic).await.unwrap();
        }
        std::fs::create_dir_all(root.join("state")).unwrap();
        let lake = Lake::open(LakeConfig::folder(root.join("lake"), "g1")).await.unwrap();
        lake.ensure_tables().await.unwrap();
        Self {
            lake: Arc::new(lake),
            log: Arc::new(log),
            state: Arc::new(SyncedFolder::below(root.join("state")).unwrap()),
            fake: Fake::new(Mood::Works),
            commits: 0,
        }
    }

    async fn commit(&mut self, parts: Vec<QueueInterval>) {
        let facts = Facts { queue_intervals: parts, ..Facts::default() };
        let seen = (self.commits > 0).then_some(self.commits);
        self.commits += 1;
        let txn = Txn { app_id: "g1/facts/cti.events-0".into(), version: self.commits, seen };
        self.lake.commit(Table::QueueIntervals, &facts, &[txn]).await.unwrap();
    }

    /// A process that begins, and its stage.
    fn process(&self) -> (IntervalFeed, CrmStage) {
        let stage = CrmStage::new(self.log.clone(), self.fake.clone(), MappingSettings::default(), HashMap::new());
        (IntervalFeed::new(self.lake.clone(), self.state.clone(), &"fake".into()), stage)
    }

    /// What the CRM took since the last look.
    fn took(&self) -> Vec<String> {
        let mut took = std::mem::take(&mut *self.fake.took.lock().unwrap());
        took.sort();
        took
    }
}

/// What the log was told.
async fn acts(log: &dyn EventLog) -> Vec<Act> {
    let mut acts = Vec::new();
    for partition in 0..log.partitions(TOPIC_EVENTS).await.unwrap() {
        let records = log.read(TOPIC_EVENTS, partition, 0, 10_000, 8 << 20, Duration::ZERO).await.unwrap();
        acts.extend(records.iter().map(|r| serde_json::from_slice::<Act>(&r.envelope().unwrap().data).unwrap()));
    }
    acts
}

#[tokio::test]
async fn intervals_of_any_age_are_given_once_and_again_when_restated() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = World::new(folder.path()).await;
    world.commit(vec![part("pbx1", 0, 1), part("pbx1", 1, 1), part("pbx1", 200, 1)]).await;
    world.commit(vec![part("pbx2", 1, 1)]).await;
    let (mut feed, mut stage) = world.process();
    feed.round(&mut stage).await.unwrap();
    assert_eq!(world.took().len(), 2, "two half hours, two days apart");
    feed.round(&mut stage).await.unwrap();
    assert_eq!(world.took(), Vec::<String>::new(), "nothing came in");

    let (mut feed, mut stage) = world.process();
    feed.round(&mut stage).await.unwrap();
    assert_eq!(world.took(), Vec::<String>::new(), "another process goes on where the first stood");
    world.commit(vec![part("pbx2", 1, 2)]).await;
    feed.round(&mut stage).await.unwrap();
    assert_eq!(world.took().len(), 1, "the half hour of which a part was restated");
}

#[tokio::test]
async fn what_was_put_off_is_given_again_also_by_another_process() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = World::new(folder.path()).await;
    world.commit(vec![part("pbx1", 0, 1)]).await;
    world.fake.turns(Mood::Busy);
    let (mut feed, mut stage) = world.process();
    feed.round(&mut stage).await.unwrap();
    feed.round(&mut stage).await.unwrap();
    assert_eq!((world.took().len(), stage.counts.later), (0, 2));
    world.fake.turns(Mood::Works);
    let (mut feed, mut stage) = world.process();
    feed.round(&mut stage).await.unwrap();
    assert_eq!(world.took().len(), 1);
}

#[tokio::test]
async fn an_interval_that_was_parked_is_told_as_written_by_any_later_process() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = World::new(folder.path()).await;
    world.commit(vec![part("pbx1", 0, 1)]).await;
    world.fake.turns(Mood::Refuses);
    let (mut feed, mut stage) = world.process();
    feed.round(&mut stage).await.unwrap();
    assert_eq!(stage.counts.parked, 1);
    // Processes that find nothing to do come and go; nobody tells them what was parked.
    world.fake.turns(Mood::Works);
    for _ in 0..2 {
        let (mut feed, mut stage) = world.process();
        feed.round(&mut stage).await.unwrap();
    }
    world.commit(vec![part("pbx1", 0, 2)]).await;
    let (mut feed, mut stage) = world.process();
    feed.round(&mut stage).await.unwrap();
    let told = acts(&*world.log).await;
    let [Act::CrmParked { call_id: parked, .. }, Act::CrmWritten { call_id: written, .. }] = told.as_slice() else {
        panic!("{told:?}")
    };
    assert_eq!(parked, written);
    // It is parked no more: written once more, it is no news.
    world.commit(vec![part("pbx1", 0, 3)]).await;
    let (mut feed, mut stage) = world.process();
    feed.round(&mut stage).await.unwrap();
    assert_eq!(acts(&*world.log).await.len(), 2);
}

#[tokio::test]
async fn what_an_earlier_version_kept_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = World::new(folder.path()).await;
    world.commit(vec![part("pbx1", 0, 1)]).await;
    let (mut feed, mut stage) = world.process();
    feed.round(&mut stage).await.unwrap();
    world.took();
    let kept = folder.path().join("state/crm/fake/queue_intervals.json");
    let mut json: serde_json::Value = serde_json::from_slice(&std::fs::read(&kept).unwrap()).unwrap();
    assert!(json.as_object_mut().unwrap().remove("parked").is_some());
    std::fs::write(&kept, json.to_string()).unwrap();
    let (mut feed, mut stage) = world.process();
    feed.round(&mut stage).await.unwrap();
    assert_eq!(world.took(), Vec::<String>::new(), "it goes on where that one stood");
}

#[tokio::test]
async fn files_that_are_gone_are_no_end_of_following() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = World::new(folder.path()).await;
    world.commit(vec![part("pbx1", 0, 1)]).await;
    let (mut feed, mut stage) = world.process();
    feed.round(&mut stage).await.unwrap();
    world.took();
    world.commit(vec![part("pbx1", 4, 1)]).await;
    world.commit(vec![part("pbx1", 8, 1)]).await;
    // As compaction and, after its seven days, vacuum do while no process runs.
    let day = folder.path().join("lake/queue_intervals/date=2025-01-01");
    let replaced: Vec<_> = std::fs::read_dir(&day).unwrap().map(|f| f.unwrap().path()).collect();
    world.lake.compact(Table::QueueIntervals, tables::Superseded::Keep).await.unwrap();
    replaced.iter().for_each(|f| std::fs::remove_file(f).unwrap());
    feed.round(&mut stage).await.unwrap();
    assert!(world.took().len() >= 2, "both that came in");
}

#[tokio::test]
async fn files_that_cannot_be_read_are_not_taken_for_gone() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = World::new(folder.path()).await;
    world.commit(vec![part("pbx1", 0, 1)]).await;
    let (mut feed, mut stage) = world.process();
    feed.round(&mut stage).await.unwrap();
    world.took();
    let day = folder.path().join("lake/queue_intervals/date=2025-01-01");
    let files = || -> HashSet<_> { std::fs::read_dir(&day).unwrap().map(|f| f.unwrap().path()).collect() };
    let before = files();
    world.commit(vec![part("pbx1", 4, 1)]).await;
    let news = files().difference(&before).find(|f| f.extension().is_some_and(|e| e == "parquet")).unwrap().clone();
    let whole = std::fs::read(&news).unwrap();
    std::fs::write(&news, "cut").unwrap();
    let told = feed.round(&mut stage).await.unwrap_err().to_string();
    assert!(told.contains("queue_intervals"), "{told}");
    assert_eq!(world.took().len(), 0, "nothing is given again for a store that fails");
    std::fs::write(&news, whole).unwrap();
    feed.round(&mut stage).await.unwrap();
    assert_eq!(world.took().len(), 1, "and what came in is given when it can be read");
}
