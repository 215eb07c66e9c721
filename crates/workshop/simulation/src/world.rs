//! The input of a run: what some switches said, framed, masked and wrapped as collectors
//! do, on several partitions, with repeats, records of a fenced holder, and bad ones.

use std::io::Read;
use std::sync::OnceLock;

use bytes::Bytes;
use dialects::{NativeRecord, registry};
use event_log::NewRecord;
use fastrand::Rng;
use model::acts::SwitchSettings;
use model::roster::RosterEntry;
use model::{Act, Dialect, Envelope, Instant, Name, Roster};

use crate::fates::mix;
use crate::happened::{Happened, Kind};
use crate::queue_log;

/// When the switches begin to speak, seconds.
const BEGIN: i64 = 1_795_326_272;
/// The time of day at which a run begins: what was said is past.
pub const NOW: Instant = Instant::from_secs(BEGIN + 6 * 3_600);
/// Names of switches; they fall on different partitions.
const SWITCHES: [&str; 4] = ["pbx1", "pbx-north", "pbx7", "exchange"];
/// Twenty calls of a real switch.
const AMI: &[u8] = include_bytes!("../../../../tests/data/asterisk-a/ami-calls.raw.gz");

/// The records of a seed, in the order in which they are appended.
pub fn records(seed: u64, happened: &Happened) -> Vec<NewRecord> {
    let mut rng = Rng::with_seed(mix(seed, "world"));
    let switches = rng.usize(1..=SWITCHES.len());
    let mut queues: Vec<Vec<NewRecord>> = SWITCHES[..switches].iter().map(|s| switch(&mut rng, s, happened)).collect();
    queues.iter_mut().for_each(|q| q.reverse());
    let mut all = Vec::new();
    while queues.iter().any(|q| !q.is_empty()) {
        let at = rng.usize(0..queues.len());
        for _ in 0..rng.u8(1..9) {
            all.extend(queues[at].pop());
        }
    }
    all
}

/// The calls of the real switch.
fn capture() -> &'static [NativeRecord] {
    static RECORDS: OnceLock<Vec<NativeRecord>> = OnceLock::new();
    RECORDS.get_or_init(|| {
        let mut text = Vec::new();
        // What is compiled in can be read; if not, runs have no such switch.
        let _ = flate2::read::GzDecoder::new(AMI).read_to_end(&mut text);
        framed(&Dialect::AsteriskAmi, &text)
    })
}

fn framed(dialect: &Dialect, text: &[u8]) -> Vec<NativeRecord> {
    let (Some(mut framer), Some(mut masker)) = (registry::framer(dialect), registry::masker(dialect)) else {
        return Vec::new();
    };
    let mut out = Vec::new();
    framer.push(text, &mut out);
    framer.finish(&mut out);
    let mut records: Vec<NativeRecord> = out.into_iter().filter_map(|f| f.record.ok()).collect();
    for record in &mut records {
        masker.mask(record);
    }
    records
}

/// One switch on its way into records.
struct Speaker<'a> {
    switch: &'a str,
    dialect: Dialect,
    epoch: u64,
    sequence: u64,
    time: Instant,
    out: Vec<NewRecord>,
    happened: &'a Happened,
}

fn switch(rng: &mut Rng, switch: &str, happened: &Happened) -> Vec<NewRecord> {
    let ami = rng.u8(0..3) == 0;
    let (dialect, records) = if ami {
        let (all, length) = (capture(), rng.usize(20..90));
        let from = rng.usize(0..all.len().saturating_sub(length).max(1));
        (Dialect::AsteriskAmi, all.iter().skip(from).take(length).cloned().collect())
    } else {
        let calls = rng.usize(1..9);
        (
            Dialect::AsteriskQueueLog,
            framed(&Dialect::AsteriskQueueLog, queue_log::rows(rng, BEGIN, calls).concat().as_bytes()),
        )
    };
    let mut speaker =
        Speaker { switch, dialect, epoch: 1, sequence: 0, time: Instant::from_secs(BEGIN), out: Vec::new(), happened };
    speaker.preface(rng);
    for record in &records {
        speaker.says(rng, record);
    }
    if rng.bool() {
        let act = Act::InputEnded { dialect: speaker.dialect.as_str().into(), last_event: speaker.time };
        speaker.acts(&act, "import");
    }
    speaker.out
}

impl Speaker<'_> {
    fn center(&self) -> Name {
        if self.switch == "pbx-north" { "north".into() } else { "main".into() }
    }

    fn envelope(&self, id: String, data: Vec<u8>) -> Envelope {
        Envelope {
            id: id.into(),
            source: format!("/switch/{}", self.switch).into(),
            dialect: self.dialect.clone(),
            time: self.time,
            received: self.time.plus_millis(3),
            epoch: self.epoch,
            sequence: self.sequence,
            center: self.center(),
            switch: self.switch.into(),
            data: Bytes::from(data),
        }
    }

    fn acts(&mut self, act: &Act, stage: &str) {
        let (id, center, switch): (Name, _, Name) =
            (self.out.len().to_string().into(), self.center(), self.switch.into());
        let envelope = act.envelope(stage, id, (&center, &switch), self.time, self.time);
        self.out.push(NewRecord::event(&envelope));
    }

    fn preface(&mut self, rng: &mut Rng) {
        if rng.bool() {
            let acw_pause_reasons = vec!["wrapup".into()];
            let settings = SwitchSettings { acw_pause_reasons, ..SwitchSettings::default() };
            self.acts(&Act::SettingsSet { settings }, "import");
        }
        if rng.bool() {
            let entry = |name: &str, extension: &str| RosterEntry {
                interface: format!("PJSIP/{extension}").into(),
                name: name.into(),
                extension: Some(extension.into()),
                crm_user: Some(format!("005{name}").into()),
            };
            let entries = vec![entry("Alice", "1001"), entry("Bob", "1002")];
            self.acts(&Act::RosterSet { roster: Roster { entries } }, "import");
        }
    }

    /// A record as its collector wraps it, and what goes wrong on the way into the log.
    fn says(&mut self, rng: &mut Rng, record: &NativeRecord) {
        let time = record.time.unwrap_or(self.time);
        if time < self.time {
            self.happened.note(Kind::OutOfOrder);
        }
        self.time = time;
        self.sequence += 1;
        let data = serde_json::to_vec(&record.data).unwrap_or_default();
        let envelope = self.envelope(format!("{}-{}", self.switch, self.sequence), data);
        self.out.push(NewRecord::event(&envelope));
        match rng.u8(0..60) {
            // An append was tried again that had landed.
            0 | 1 => {
                let again = self.out.len().saturating_sub(rng.usize(1..6));
                let repeated = self.out[again..].to_vec();
                self.happened.many(Kind::Repeated, repeated.len() as u64);
                self.out.extend(repeated);
            }
            // The lease goes to another; the holder before is not yet aware of it.
            2 => {
                let late = Envelope { sequence: self.sequence + 1, ..envelope };
                self.epoch += 1;
                self.sequence += 1;
                let first = self.envelope(format!("{}-{}", self.switch, self.sequence), b"{\"event\":\"x\"}".to_vec());
                self.out.push(NewRecord::event(&first));
                self.out.push(NewRecord::event(&late));
                self.happened.note(Kind::Fenced);
            }
            // What no decoder reads, and what is no CloudEvent.
            3 => {
                self.sequence += 1;
                let bad = self.envelope(format!("{}-{}", self.switch, self.sequence), b"no JSON".to_vec());
                self.out.push(NewRecord::event(&bad));
                self.happened.note(Kind::Unreadable);
            }
            4 => {
                let bad = NewRecord { headers: Vec::new(), ..NewRecord::event(&envelope) };
                self.out.push(bad);
                self.happened.note(Kind::NoEvent);
            }
            _ => {}
        }
    }
}
