//! From the append of a hang-up to its row in the tables, and to the live figure, under a
//! steady load.
//!
//! Contract: a real Kafka and `ringledger run` (stages `facts` and `http`) as a process; this
//! process is the switch and the reader. Load is the capture at `--rate` events a second,
//! appended every 50 ms as a collector appends, in transactions. Five times a second a probe
//! caller who waits in a queue of its own hangs up; time counts from before the append of
//! the hang-up. The row is there when the `txn` of the table has passed the hang-up's offset
//! (looked for every 5 ms); the live figure when a record of `cti.live` counts the abandon.
//! The latency of rows is `flush_ms` (5 s by default) before all else: rows wait for a flush.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use event_log::EventLog;
use model::{TOPIC_EVENTS, TOPIC_LIVE};
use tables::{Lake, LakeConfig, Table};
use tests::kafka::Kafka;
use tests::rig::{self, Rig};
use tokio::sync::mpsc;

use crate::Failure;
use crate::args::Args;
use crate::child::Service;
use crate::kafka;
use crate::load::{Load, QUEUE, WARM_S};
use crate::told::Told;

const GENERATION: &str = "g1";
const PATIENCE: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// A hang-up that was appended: when, where, and the how-many-th it was.
#[derive(Clone, Copy, Debug)]
pub struct Probe {
    pub begun: Instant,
    pub offset: i64,
    pub nth: i64,
}

/// Measures both.
///
/// # Errors
/// A part failed, or a probe never showed.
pub async fn latency(args: &Args) -> Result<Told, Failure> {
    let kafka = Kafka::start();
    let args = Args { brokers: Some(kafka.brokers()), ..args.clone() };
    let log = kafka::connect(&args).await?;
    for topic in event_log::topics() {
        log.ensure_topic(&topic).await?;
    }
    let rig = Rig::new();
    let limits = format!("[limits]\nflush_ms = {}\nlate_horizon_hours = 24\n", args.flush_ms);
    let parts = [rig::stages(&["facts", "http"]), rig::kafka(&args.brokers()?), rig::http(&rig), limits];
    let (pipeline, data) = (rig.pipeline("latency", &parts), rig.shown("data"));
    // (`-v`: the line that is waited for is one of many words.)
    let words = ["-v", "run", &pipeline, "--data-dir", &data];
    let mut service = Service::start(rig.environment(), &words, &rig.path("run.log"))?;
    service.wait_for("partitions assigned", PATIENCE)?;
    let load = Load::open(log.clone(), &args).await?;
    let lake = Lake::open(LakeConfig::folder(rig.path("data/lake"), GENERATION)).await?;
    let app = format!("{GENERATION}/facts/{TOPIC_EVENTS}-{}", load.partition);
    let ((to_rows, rows), (to_live, live)) = (mpsc::unbounded_channel(), mpsc::unbounded_channel());
    let rows = tokio::spawn(in_tables(lake, app, rows));
    let live = tokio::spawn(in_live(log, live));
    let appended = load.run(args.rate, WARM_S + args.seconds, &[to_rows, to_live]).await?;
    let mut told = Told::default();
    told.figure("load_events_per_s", appended.per_s);
    told.count("load_late_batches", appended.late);
    told.count("flush_ms", args.flush_ms);
    percentiles(&mut told, "row", rows.await??)?;
    percentiles(&mut told, "live", live.await??)?;
    let (rss, used) = service.used();
    told.maybe("run_rss_peak_mib", rss);
    told.maybe("run_processor_s", used);
    Ok(told)
}

/// Milliseconds from each probe to its row.
async fn in_tables(lake: Lake, app: String, mut probes: mpsc::UnboundedReceiver<Probe>) -> Result<Vec<f64>, Failure> {
    let mut found = Vec::new();
    while let Some(probe) = probes.recv().await {
        while lake.txn_versions(Table::QueueVisits, &[&app]).await?.first().copied().flatten() < Some(probe.offset) {
            if probe.begun.elapsed() > PATIENCE {
                return Err(format!("{probe:?} never became a row").into());
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        found.push(probe.begun.elapsed().as_secs_f64() * 1e3);
    }
    Ok(found)
}

/// Milliseconds from each probe to the live figure that counts it.
async fn in_live(log: Arc<dyn EventLog>, mut probes: mpsc::UnboundedReceiver<Probe>) -> Result<Vec<f64>, Failure> {
    let (mut next, mut found, mut open) = (0, Vec::new(), VecDeque::<Probe>::new());
    loop {
        for record in log.read(TOPIC_LIVE, 0, next, 1_000, 1 << 20, Duration::from_millis(20)).await? {
            next = record.offset + 1;
            let counted = abandoned(&record.value);
            while let Ok(probe) = probes.try_recv() {
                open.push_back(probe);
            }
            while let Some(probe) = open.pop_front_if(|p| p.nth <= counted) {
                found.push(probe.begun.elapsed().as_secs_f64() * 1e3);
            }
        }
        while let Ok(probe) = probes.try_recv() {
            open.push_back(probe);
        }
        if open.is_empty() && probes.is_closed() && probes.is_empty() {
            return Ok(found);
        }
        if let Some(probe) = open.front().filter(|p| p.begun.elapsed() > PATIENCE) {
            return Err(format!("{probe:?} never became a live figure (a day of UTC may have begun)").into());
        }
    }
}

/// Abandons of the probes' queue that a live record counts; -1 of any other queue.
fn abandoned(value: &[u8]) -> i64 {
    let row: serde_json::Value = serde_json::from_slice(value).unwrap_or_default();
    row["abandoned"].as_i64().filter(|_| row["queue"] == QUEUE).unwrap_or(-1)
}

fn percentiles(told: &mut Told, name: &str, mut found: Vec<f64>) -> Result<(), Failure> {
    found.sort_by(f64::total_cmp);
    let at = |per_mille: usize| found.get((found.len() * per_mille / 1000).min(found.len().saturating_sub(1)));
    told.count(&format!("{name}_probes"), found.len() as u64);
    for (word, per_mille) in [("p50", 500), ("p99", 990), ("most", 1000)] {
        told.figure(&format!("{name}_ms_{word}"), *at(per_mille).ok_or("no probe was heard of")?);
    }
    Ok(())
}
