//! A switch that says the capture at a steady rate, with probes in it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use dialects::NativeRecord;
use event_log::{EventLog, Lease, NewRecord};
use model::{Instant as At, TOPIC_EVENTS};
use pipeline::clock;
use serde_json::{Value, json};
use tokio::sync::mpsc::UnboundedSender;

use crate::Failure;
use crate::args::Args;
use crate::capture::Capture;
use crate::latency::Probe;
use crate::native::{self, Voice};

/// The probes' queue.
pub const QUEUE: &str = "probes";
/// Batches a second.
const BATCHES: u64 = 20;
/// A probe every so many batches.
const PROBE_EVERY: u64 = 4;
/// Event seconds of one repetition.
const REPETITION_S: u64 = 900;
/// Seconds before the first probe counts.
pub const WARM_S: u64 = 10;
/// The capture's first second.
const BEGUN_S: u64 = 1_795_326_267;

/// The switch.
pub struct Load {
    lease: Box<dyn Lease>,
    voice: Voice,
    capture: Capture,
    shift_s: u64,
    /// Where its events go.
    pub partition: i32,
}

/// What was said.
pub struct Appended {
    /// Events a second.
    pub per_s: f64,
    /// Batches that were begun more than one batch's time late.
    pub late: u64,
}

impl Load {
    /// Takes the lease. The capture is moved so that the load ends at about now.
    ///
    /// # Errors
    /// The log cannot be reached, or the capture cannot be read.
    pub async fn open(log: Arc<dyn EventLog>, args: &Args) -> Result<Self, Failure> {
        let lease = log.lease("pbx-0/asterisk.ami").await?;
        let partition = log.partition_of(TOPIC_EVENTS, b"pbx-0").await?;
        let voice = Voice::new("pbx-0", lease.epoch());
        let events = args.rate * (args.seconds + WARM_S);
        let repetitions = events.div_ceil(crate::generate::per_repetition()?);
        let now = u64::try_from(clock::now().millis() / 1000)?;
        let shift_s = now.saturating_sub(BEGUN_S + repetitions * REPETITION_S);
        Ok(Self { lease, voice, capture: Capture::read()?, shift_s, partition })
    }

    /// Says so many events a second for so long; each probe's hang-up is told to all of
    /// `heard` once it is appended, but for those at the begin.
    ///
    /// # Errors
    /// The log failed.
    pub async fn run(mut self, rate: u64, seconds: u64, heard: &[UnboundedSender<Probe>]) -> Result<Appended, Failure> {
        let (each, every) = (usize::try_from(rate / BATCHES)?, Duration::from_millis(1000 / BATCHES));
        let mut said = Said { capture: self.capture.clone(), shift_s: self.shift_s, nth: 0, left: Vec::new() };
        let (begun, mut late, mut probes) = (Instant::now(), 0, 0);
        for batch in 0..seconds * BATCHES {
            let due = begun + every * u32::try_from(batch)?;
            tokio::time::sleep_until(due.into()).await;
            late += u64::from(due.elapsed() > every);
            let (records, at) = said.take(each)?;
            let mut events: Vec<NewRecord> = records.into_iter().map(|r| self.event(r, at)).collect();
            let probe = batch % PROBE_EVERY == PROBE_EVERY - 1;
            if batch % PROBE_EVERY == 0 {
                events.extend(joins(probes + 1, at).map(|m| self.event(m, at)));
            } else if probe {
                probes += 1;
                events.extend(hangs_up(probes, at).map(|m| self.event(m, at)));
            }
            let before = Instant::now();
            let places = self.lease.append(TOPIC_EVENTS, events).await?;
            if let (true, Some((_, offset))) = (probe && batch >= WARM_S * BATCHES, places.last()) {
                let probe = Probe { begun: before, offset: *offset, nth: probes };
                for to in heard {
                    // (A reader that has failed tells so itself.)
                    let _ = to.send(probe);
                }
            }
        }
        Ok(Appended { per_s: rate as f64 * seconds as f64 / begun.elapsed().as_secs_f64(), late })
    }

    fn event(&mut self, record: NativeRecord, at: At) -> NewRecord {
        let data = Bytes::from(Value::Object(record.data).to_string());
        NewRecord::event(&self.voice.event(record.time.unwrap_or(at), clock::now(), data))
    }
}

/// The capture, repetition after repetition.
struct Said {
    capture: Capture,
    shift_s: u64,
    nth: u64,
    /// Backwards.
    left: Vec<NativeRecord>,
}

impl Said {
    /// The next so many records, and the time of the last.
    fn take(&mut self, wanted: usize) -> Result<(Vec<NativeRecord>, At), Failure> {
        let mut out = Vec::with_capacity(wanted);
        while out.len() < wanted {
            if self.left.is_empty() {
                let bytes = self.capture.repetition(self.nth, self.shift_s + self.nth * REPETITION_S);
                self.left = native::frame(&bytes)?;
                self.left.reverse();
                self.nth += 1;
            }
            out.extend(self.left.pop());
        }
        let at = out.iter().rev().find_map(|r| r.time).unwrap_or_else(clock::now);
        Ok((out, at))
    }
}

fn message(event: &str, nth: i64, at: At, more: &Value) -> NativeRecord {
    let id = format!("probe.{nth}");
    let channel = format!("PJSIP/probe-{nth:08x}");
    let mut data = json!({
        "Event": event,
        "Timestamp": format!("{}.{:06}", at.0 / 1_000_000, at.0 % 1_000_000),
        "Channel": channel, "Uniqueid": id, "Linkedid": id, "CallerIDNum": "07700900000",
    });
    if let (Some(data), Some(more)) = (data.as_object_mut(), more.as_object()) {
        data.extend(more.clone());
    }
    NativeRecord { time: Some(at), data: data.as_object().cloned().unwrap_or_default() }
}

fn joins(nth: i64, at: At) -> impl Iterator<Item = NativeRecord> {
    let channel = message("Newchannel", nth, at, &json!({ "Exten": "442079460000", "Context": "from-trunk" }));
    [channel, message("QueueCallerJoin", nth, at, &json!({ "Queue": QUEUE, "Position": "1", "Count": "1" }))]
        .into_iter()
}

fn hangs_up(nth: i64, at: At) -> impl Iterator<Item = NativeRecord> {
    let gave_up = json!({ "Queue": QUEUE, "Position": "1", "OriginalPosition": "1", "HoldTime": "1" });
    [
        message("QueueCallerAbandon", nth, at, &gave_up),
        message("QueueCallerLeave", nth, at, &json!({ "Queue": QUEUE, "Position": "1", "Count": "0" })),
        message("Hangup", nth, at, &json!({ "Cause": "16", "Cause-txt": "Normal Clearing" })),
    ]
    .into_iter()
}
