//! What must hold in the end, whatever was killed on the way.
//!
//! Nothing that was told taken is missing in the log; of each source the log has numbers
//! without holes; the rows are those of an undisturbed fold of the same log; every contact
//! that asks for a Task has one, and one; every recording has an outcome (but where its call
//! goes on) and every stored one its bytes; no dead letter, no parked row.

use std::time::Duration;

use event_log::{EventLog, KafkaConfig, KafkaLog};
use model::facts::RecordingState;
use model::{Envelope, TOPIC_EVENTS};
use tables::{Filter, Lake};

use super::heard::Heard;
use super::load::FOLLOWED;
use super::verdicts::{self, Outcomes};
use super::world::{PANICKED, World};
use crate::crm_records::values;
use crate::process::succeed;
use crate::rig::{self, until};
use crate::{figures, group};

/// For so long everything must stand as it should: lag is told with each flush.
const STAYS: Duration = Duration::from_secs(8);

/// What the end showed.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// Records in the log.
    pub records: usize,
    /// Of them a second time under the same id: an append whose answer was lost.
    pub repeated: usize,
    /// Contacts that ask for a Task, and have it.
    pub contacts: usize,
    /// Rows of all tables, revisions counted.
    pub rows: usize,
    /// Recordings; what is stored was read again and is what the switch had.
    pub recordings: Outcomes,
    /// Owners of the switches' sources, one after the other.
    pub owners: usize,
}

/// Waits until nothing moves any more, ends the processes, and judges.
///
/// # Panics
/// Where something does not hold.
pub async fn judge(world: &mut World, patience: Duration) -> Found {
    let lake = figures::on_s3(&world.s3, "shared").await;
    settled(world, &lake, patience).await;
    eprintln!("chaos: every record is folded, every contact has its Task, every recording its outcome");
    world.drain();
    fold_the_rest(world);
    let mut found = Found { contacts: one_task_each(world, &lake).await, ..Found::default() };
    log_is_whole(world, &mut found).await;
    found.recordings = recordings_verified(world, &lake).await;
    nothing_left_over(world);
    group::ends_as_undisturbed(&world.rig, &world.kafka, &world.s3, &lake).await;
    found.rows = group::rows(&lake).await.iter().map(|(_, rows)| rows.len()).sum();
    found
}

/// Everything is folded, every contact has its Task, every recording its outcome; and it
/// stays so for longer than what the processes tell of themselves may be old.
async fn settled(world: &mut World, lake: &Lake, patience: Duration) {
    let begun = std::time::Instant::now();
    let mut since = None;
    loop {
        world.revive();
        match stand(world, lake).await {
            Ok(()) if since.get_or_insert_with(std::time::Instant::now).elapsed() >= STAYS => return,
            Ok(()) => {}
            Err(what) => {
                since = None;
                assert!(begun.elapsed() < patience, "not within {patience:?}: {what}");
            }
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

async fn stand(world: &mut World, lake: &Lake) -> Result<(), String> {
    let lag = world.lag().await?;
    if lag > 0.0 {
        return Err(format!("{lag} records are not folded"));
    }
    let recordings = lake.recordings(&Filter::default()).await.map_err(|e| e.to_string())?;
    let ended = recordings.iter().filter(|r| r.ended_at.is_some());
    let pending = ended.filter(|r| r.state == RecordingState::Pending).count();
    let (keys, tasks) = (group::keys(lake).await?, values(&world.crm, "Task", "PBX_Call_Key__c").await?);
    if pending == 0 && keys == tasks {
        return Ok(());
    }
    let odd = keys.iter().find(|k| !tasks.contains(k)).or_else(|| tasks.iter().find(|t| !keys.contains(t)));
    Err(format!("{pending} recordings pending, {} Tasks for {} contacts ({odd:?})", tasks.len(), keys.len()))
}

/// What the tasks of CRM and recordings told after the last fold is taken in.
fn fold_the_rest(world: &World) {
    let rig = &world.rig;
    let kafka = rig::kafka(&world.kafka.brokers());
    let parts = [rig::stages(&["facts"]), kafka, rig::stores(&world.s3, "shared"), rig::limits()];
    let mut last = rig.run("last", &rig.pipeline("last", &parts), "data-last");
    last.wait_for("partitions assigned", Duration::from_secs(180));
    let status = last.terminate(rig::DRAINS);
    assert!(status.success(), "{status:?}\n{}", last.said());
}

/// One Task each; and of the queue_log, which can be read again, not one contact too few.
async fn one_task_each(world: &World, lake: &Lake) -> usize {
    let keys = group::keys(lake).await.expect("contacts");
    let tasks = values(&world.crm, "Task", "PBX_Call_Key__c").await.expect("Tasks");
    holds(verdicts::one_task_each(&keys, &tasks));
    let (_, _, _, rows) = world.load.counts();
    holds(verdicts::every_row_became_a_contact(&keys, FOLLOWED, rows));
    keys.len()
}

/// A verdict that must be a good one.
fn holds<T>(verdict: Result<T, String>) -> T {
    verdict.unwrap_or_else(|what| panic!("{what}"))
}

async fn log_is_whole(world: &World, found: &mut Found) {
    let config = KafkaConfig { brokers: world.kafka.brokers(), settings: Default::default() };
    let log = KafkaLog::connect(&config).await.expect("a connection");
    let mut heard = Heard::default();
    for partition in 0..log.partitions(TOPIC_EVENTS).await.expect("partitions") {
        let records = read(&log, partition).await;
        records.iter().for_each(|envelope| holds(heard.take(envelope)));
    }
    let (_, _, _, sent) = world.load.counts();
    holds(heard.holds(&world.load.told(), sent));
    (found.records, found.repeated, found.owners) = (heard.records, heard.repeated, heard.owners);
}

async fn read(log: &KafkaLog, partition: i32) -> Vec<Envelope> {
    let high = log.watermarks(TOPIC_EVENTS, partition).await.expect("marks").high;
    let (mut at, mut all) = (0, Vec::new());
    while at < high {
        let wait = Duration::from_secs(60);
        let records = log.read(TOPIC_EVENTS, partition, at, 10_000, 32 << 20, wait).await.expect("records");
        at = records.last().expect("a record below the end").offset + 1;
        all.extend(records.iter().map(|r| r.envelope().expect("an event")));
    }
    all
}

async fn recordings_verified(world: &World, lake: &Lake) -> Outcomes {
    let rows = lake.recordings(&Filter::default()).await.expect("recordings");
    let calls = lake.calls(&Filter::default()).await.expect("calls");
    let open = calls.into_iter().filter(|c| c.ended_at.is_none()).map(|c| c.call_id).collect();
    let found = holds(verdicts::recordings(&rows, &open, &world.rig.path("monitor")));
    let verify = ["recordings", "verify", "--pipeline", &world.pipeline];
    succeed(world.rig.environment(), &verify);
    found
}

/// No dead letter, no parked row; and a process that gave up said why, which a panic does
/// not count as.
fn nothing_left_over(world: &World) {
    let panicked = world.gave_up.iter().find(|words| words.contains(PANICKED));
    assert!(panicked.is_none(), "{panicked:?}");
    for list in [["dead-letters", "list"], ["crm", "parked"]] {
        let arguments = [list[0], list[1], "--pipeline", &world.pipeline, "--format", "json"];
        let said = succeed(world.rig.environment(), &arguments);
        let rows: Vec<serde_json::Value> = serde_json::from_str(&said).expect("an array");
        assert!(rows.is_empty(), "{list:?}: {said}");
    }
}

/// Waits until the first contacts have their Tasks: from there on kills mean something.
///
/// # Panics
/// Where they do not come.
pub async fn first_tasks(world: &World, patience: Duration) {
    until("a first Task", patience, || async {
        let tasks = values(&world.crm, "Task", "PBX_Call_Key__c").await?;
        if tasks.is_empty() { Err("none".to_owned()) } else { Ok(()) }
    })
    .await;
}
