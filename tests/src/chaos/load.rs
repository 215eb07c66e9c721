//! What is sent while parts die: two switches' manager streams, the queue_log of a third,
//! and an agent desktop's notes.
//!
//! Contract: how far everything is sent follows from one mark (0 to 1), which the plan
//! moves. A note is given until one of the processes says 202, under the same id each time.
//! What was told so (and every row of the queue_log) must be in the log in the end; of a
//! manager connection that a kill breaks only a beginning can be.

use std::io::Write;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::json;

use super::calls;
use crate::rig;
use crate::switch::{Switch, capture};

/// The switches that are heard over TCP.
pub const HEARD: [&str; 2] = ["pbx1", "pbx2"];
/// The switch whose queue_log is followed.
pub const FOLLOWED: &str = "pbx3";

const STREAM: &str = "ami-calls.raw.gz";
/// Parts into which the way is divided.
const WHOLE: usize = 1_000_000;
/// The mark is followed in so many small steps a second.
const TICK: Duration = Duration::from_millis(50);
/// Recordings were made so long ago.
const RESTED: Duration = Duration::from_secs(60);
/// How long an answer to a note is waited for.
const ANSWER: Duration = Duration::from_secs(4);

/// A note to be given: its switch and its call, and when.
struct Note {
    from: f64,
    switch: &'static str,
    call: String,
}

/// The load.
pub struct Load {
    /// The switches of [`HEARD`].
    pub switches: Vec<Switch>,
    /// The queue_log of [`FOLLOWED`].
    pub queue_log: PathBuf,
    rows: usize,
    written: AtomicUsize,
    mark: AtomicUsize,
    notes: Vec<Note>,
    /// Ids of the notes that were answered with 202.
    told: Mutex<Vec<String>>,
    /// Times that a note was given and not answered so.
    refused: AtomicUsize,
    /// Where the processes serve, once they do.
    addresses: Mutex<[Option<String>; 2]>,
    stop: AtomicBool,
}

impl Load {
    /// Switches that wait, and an empty queue_log; recordings are put into `monitor`, all
    /// but every fifth.
    ///
    /// # Panics
    /// Where files cannot be written.
    pub fn new(repetitions: usize, queue_log: PathBuf, monitor: &std::path::Path) -> Arc<Self> {
        let (mut switches, mut notes) = (Vec::new(), Vec::new());
        for (nth, switch) in HEARD.into_iter().enumerate() {
            let stream = calls::stream(&capture(STREAM), nth as u64, repetitions as u64);
            record(monitor, &calls::announced(&stream));
            notes.extend(calls::begun(&stream).into_iter().map(|(from, call)| Note { from, switch, call }));
            switches.push(Switch::start(&stream));
        }
        switches.iter().for_each(|s| s.hold_at(0.0));
        notes.sort_by(|a, b| a.from.total_cmp(&b.from));
        std::fs::write(&queue_log, "").expect("a queue_log");
        Arc::new(Self {
            switches,
            queue_log,
            rows: repetitions * calls::ROWED * calls::ROWS,
            written: AtomicUsize::new(0),
            mark: AtomicUsize::new(0),
            notes,
            told: Mutex::default(),
            refused: AtomicUsize::new(0),
            addresses: Mutex::default(),
            stop: AtomicBool::new(false),
        })
    }

    /// Begins to send.
    pub fn begin(self: &Arc<Self>) {
        let (pressing, telling) = (self.clone(), self.clone());
        std::thread::spawn(move || pressing.press());
        tokio::spawn(async move { telling.tell().await });
    }

    /// How far everything may be sent: after `done` of `all` steps.
    pub fn may_send(&self, done: usize, all: usize) {
        self.mark.store(WHOLE * done / all.max(1), Ordering::SeqCst);
    }

    /// A process serves here from now on.
    pub fn serves(&self, which: usize, address: Option<String>) {
        self.addresses.lock().unwrap_or_else(PoisonError::into_inner)[which] = address;
    }

    /// Notes told, notes in all, rows written, rows in all.
    pub fn counts(&self) -> (usize, usize, usize, usize) {
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner).len();
        (told, self.notes.len(), self.written.load(Ordering::SeqCst), self.rows)
    }

    /// Whether all was sent and, where it is answered, answered.
    pub fn done(&self) -> bool {
        let (told, notes, written, rows) = self.counts();
        told == notes && written == rows && self.switches.iter().all(Switch::played)
    }

    /// Ids of the notes that were answered with 202.
    pub fn told(&self) -> Vec<String> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Times that a note had to be given again.
    pub fn again(&self) -> usize {
        self.refused.load(Ordering::SeqCst)
    }

    fn press(&self) {
        let mut at = 0_usize;
        while !self.stop.load(Ordering::SeqCst) {
            let mark = self.mark.load(Ordering::SeqCst);
            // A step of the plan is sent over a second or so, and not at once.
            at += (mark - at).min((mark - at) / 20 + WHOLE / 4_000);
            let part = at as f64 / WHOLE as f64;
            if at >= WHOLE {
                self.switches.iter().for_each(Switch::release);
            } else {
                self.switches.iter().for_each(|s| s.hold_at(part));
            }
            self.write_rows(self.rows * at / WHOLE);
            std::thread::sleep(TICK);
        }
    }

    /// Appends rows as a switch does: some at a time, also half of one.
    fn write_rows(&self, until: usize) {
        let from = self.written.load(Ordering::SeqCst);
        if from >= until {
            return;
        }
        let text: String = (from..until).map(calls::row).collect();
        let mut file = std::fs::OpenOptions::new().append(true).open(&self.queue_log).expect("the queue_log");
        let (one, other) = text.as_bytes().split_at(text.len() / 2);
        file.write_all(one).expect("rows");
        file.write_all(other).expect("rows");
        self.written.store(until, Ordering::SeqCst);
    }

    async fn tell(&self) {
        let client = reqwest::Client::builder().timeout(ANSWER).build().expect("a client");
        let mut whom = 0;
        for note in &self.notes {
            while self.mark.load(Ordering::SeqCst) as f64 / (WHOLE as f64) < note.from {
                if self.stop.load(Ordering::SeqCst) {
                    return;
                }
                tokio::time::sleep(TICK).await;
            }
            while !self.give(&client, note, whom).await {
                if self.stop.load(Ordering::SeqCst) {
                    return;
                }
                whom = 1 - whom;
                self.refused.fetch_add(1, Ordering::SeqCst);
                tokio::time::sleep(TICK * 4).await;
            }
        }
    }

    /// Whether a process took the note.
    async fn give(&self, client: &reqwest::Client, note: &Note, whom: usize) -> bool {
        let address = self.addresses.lock().unwrap_or_else(PoisonError::into_inner)[whom].clone();
        let Some(address) = address else { return false };
        let id = format!("{}-{}", note.switch, note.call);
        let event = json!({
            "specversion": "1.0", "id": id, "source": "/adapter/desk", "type": "cti.adapter", "switch": note.switch,
            "time": "2026-11-22T05:44:40.250Z",
            "data": { "type": "NoteSaved", "call_id": note.call, "agent": "Ines Costa", "text": "calls back" },
        });
        let request = client.post(format!("http://{address}/v1/events")).bearer_auth(rig::ADAPTER);
        let request = request.header("content-type", "application/cloudevents+json").body(event.to_string());
        let taken = request.send().await.is_ok_and(|answer| answer.status().as_u16() == 202);
        if taken {
            self.told.lock().unwrap_or_else(PoisonError::into_inner).push(id);
        }
        taken
    }

    /// Ends the threads.
    pub fn end(&self) {
        self.stop.store(true, Ordering::SeqCst);
    }
}

/// Puts real recordings under these names into a folder, all but every fifth.
fn record(monitor: &std::path::Path, names: &[String]) {
    let data = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("data/asterisk-a/recordings");
    let entries = std::fs::read_dir(&data).expect("the capture's recordings").flatten();
    let mut files: Vec<PathBuf> = entries.map(|e| e.path()).collect();
    files.sort();
    std::fs::create_dir_all(monitor).expect("a folder for recordings");
    for (i, name) in names.iter().enumerate().filter(|(i, _)| i % 5 != 4) {
        let (from, to) = (&files[i % files.len()], monitor.join(name));
        std::fs::copy(from, &to).expect("a recording");
        // They rest already: what changed a moment ago counts as growing, and these calls
        // are so old that it would not be waited for.
        let file = std::fs::OpenOptions::new().append(true).open(&to).expect("a recording");
        file.set_modified(std::time::SystemTime::now() - RESTED).expect("a time");
    }
}
