//! How soon `ringledger run` is there again behind a long history.
//!
//! Contract: a real process over a real Kafka, with tables, snapshots and log of `--events`
//! records. A start is timed from the start of the process: until `/readyz` says so, and
//! until an event that was appended just before the start stands in the tables, so that
//! everything before it is known to be folded; half a second of flushing is in that. Once
//! after an orderly end, once after SIGKILL.

use std::sync::Arc;
use std::time::{Duration, Instant};

use event_log::{EventLog, Lease};
use model::TOPIC_EVENTS;
use pipeline::clock;
use tables::{Lake, LakeConfig, Table};
use tests::kafka::Kafka;
use tests::rig::{self, Rig};

use crate::Failure;
use crate::args::Args;
use crate::child::{Service, step};
use crate::kafka;
use crate::native::Voice;
use crate::told::Told;

/// The generation that the program writes.
const GENERATION: &str = "g1";
/// The group takes a lost member's partitions back after so long (`session.timeout.ms` of
/// `rig::kafka`), and a start waits for that after SIGKILL.
const SESSION: Duration = Duration::from_secs(7);
/// Places before the end of a partition among which there is a record, whatever marks of
/// transactions stand there.
const LOOK_BACK: i64 = 100;
const PATIENCE: Duration = Duration::from_secs(4 * 3600);

/// Measures it.
///
/// # Errors
/// A step failed.
pub async fn cold_start(args: &Args) -> Result<Told, Failure> {
    let kafka = Kafka::start();
    let args = Args { brokers: Some(kafka.brokers()), ..args.clone() };
    let mut told = step(&args, "generate")?;
    let mut start = Starts::new(&args).await?;
    let begun = Instant::now();
    let first = start.start().await?;
    told.figure("history_folded_s", begun.elapsed().as_secs_f64());
    first.service.terminate(Duration::from_secs(600))?;
    for (name, kill) in [("after_an_end", false), ("after_a_kill", true)] {
        let again = start.start().await?;
        told.figure(&format!("{name}_readyz_s"), again.readyz_s);
        told.figure(&format!("{name}_folded_s"), again.folded_s);
        told.maybe(&format!("{name}_rss_mib"), again.service.used().0);
        if !kill {
            // What is killed has folded some since its last snapshot.
            drop(again.service);
            tokio::time::sleep(SESSION).await;
        }
    }
    told.count("snapshot_bytes", folder_bytes(&start.rig.path("data/state")));
    Ok(told)
}

/// What a start was.
struct Started {
    service: Service,
    readyz_s: f64,
    folded_s: f64,
}

/// Starts of one process on one folder.
struct Starts {
    rig: Rig,
    pipeline: String,
    log: Arc<dyn EventLog>,
    lease: Box<dyn Lease>,
    voice: Voice,
    partition: i32,
    starts: u32,
}

impl Starts {
    async fn new(args: &Args) -> Result<Self, Failure> {
        let rig = Rig::new();
        let limits =
            format!("[limits]\nflush_ms = 500\nlate_horizon_hours = {}\ndrain_seconds = 600\n", args.horizon_h);
        let parts = [rig::stages(&["facts", "http"]), rig::kafka(&args.brokers()?), rig::http(&rig), limits];
        let pipeline = rig.pipeline("cold", &parts);
        let log = kafka::connect(args).await?;
        let partition = log.partition_of(TOPIC_EVENTS, b"pbx-0").await?;
        // A source of its own on the same switch: what it says is folded with the rest.
        let lease = log.lease("pbx-0/bench").await?;
        let voice = Voice::new("pbx-0", lease.epoch());
        Ok(Self { rig, pipeline, log, lease, voice, partition, starts: 0 })
    }

    /// Appends an event, starts the process, and waits until the event is in the tables.
    async fn start(&mut self) -> Result<Started, Failure> {
        self.starts += 1;
        let offset = self.append().await?;
        let log = self.rig.path(&format!("run-{}.log", self.starts));
        let data = self.rig.shown("data");
        let begun = Instant::now();
        let words = ["run", &self.pipeline, "--data-dir", &data];
        let mut service = Service::start(self.rig.environment(), &words, &log)?;
        let address = service.wait_for("listening on ", Duration::from_secs(60))?;
        while rig::ready(&address).await.map(|(status, _)| status) != Ok(200) {
            pause(&begun)?;
        }
        let readyz_s = begun.elapsed().as_secs_f64();
        let app = format!("{GENERATION}/facts/{TOPIC_EVENTS}-{}", self.partition);
        let place = LakeConfig::folder(self.rig.path("data/lake"), GENERATION);
        let lake = Lake::open(place).await?;
        while lake.txn_versions(Table::Events, &[&app]).await?.first().copied().flatten() < Some(offset) {
            pause(&begun)?;
        }
        Ok(Started { service, readyz_s, folded_s: begun.elapsed().as_secs_f64() })
    }

    async fn append(&mut self) -> Result<i64, Failure> {
        // At the time of the history's end: it must neither be too late nor make all else so.
        let marks = self.log.watermarks(TOPIC_EVENTS, self.partition).await?;
        let from = (marks.high - LOOK_BACK).max(marks.low);
        let last = self.log.read(TOPIC_EVENTS, self.partition, from, 2 * LOOK_BACK as usize, 1 << 20, Duration::ZERO);
        let at = last.await?.last().ok_or("the history is empty")?.envelope()?.time;
        let data = r#"{"Event":"QueueMemberPause","Queue":"bench","MemberName":"bench","Interface":"PJSIP/bench","Paused":"1"}"#;
        let mut event = self.voice.event(at, clock::now(), data.into());
        event.sequence = 0;
        event.id = format!("cold-{}-{}", std::process::id(), self.starts).into();
        let told = self.lease.append(TOPIC_EVENTS, vec![event_log::NewRecord::event(&event)]).await?;
        told.first().map(|(_, offset)| *offset).ok_or_else(|| "nothing was appended".into())
    }
}

fn pause(begun: &Instant) -> Result<(), Failure> {
    std::thread::sleep(Duration::from_millis(5));
    if begun.elapsed() > PATIENCE { Err("it is not there in hours".into()) } else { Ok(()) }
}

fn folder_bytes(folder: &std::path::Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|e| e.metadata().map_or(0, |m| if m.is_dir() { folder_bytes(&e.path()) } else { m.len() })).sum()
}
