//! The parts that a plan kills: two whole `ringledger run` processes of one group, Kafka,
//! an S3 server, the CRM sandbox; and the load that goes on meanwhile.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use event_log::PARTITIONS;
use serde_json::json;

use super::load::{FOLLOWED, HEARD, Load};
use super::plan::{Kill, Step, Trouble};
use crate::crm_records::{expire_sessions, set_faults};
use crate::kafka::Kafka;
use crate::process::Process;
use crate::rig::{self, Rig};
use crate::s3::S3;
use crate::switch::Switch;

/// What the runtime says of a panic.
pub const PANICKED: &str = "panicked at ";

/// All of it.
pub struct World {
    /// The broker.
    pub kafka: Kafka,
    /// The object store.
    pub s3: S3,
    /// The folder of all files.
    pub rig: Rig,
    /// Address of the CRM sandbox.
    pub crm: String,
    /// What is sent.
    pub load: Arc<Load>,
    /// The pipeline file of both processes.
    pub pipeline: String,
    sandbox: Process,
    lives: [Life; 2],
    /// What was done, by kind.
    pub done: BTreeMap<String, usize>,
    /// Lives that ended by themselves.
    pub gave_up: Vec<String>,
}

/// One of the two processes, from start to kill, again and again.
struct Life {
    process: Process,
    born: usize,
    serves: bool,
}

impl World {
    /// Everything up, nothing sent yet.
    ///
    /// # Panics
    /// Where a part does not start.
    pub fn begin(repetitions: usize) -> Self {
        let (kafka, s3, mut rig) = (Kafka::start(), S3::start("ringledger"), Rig::new());
        rig.use_keys_of(&s3);
        let (sandbox, crm) = rig.sandbox();
        let load = Load::new(repetitions, rig.path("queue_log"), &rig.path("monitor"));
        let pipeline = rig.pipeline("chaos", &parts(&kafka, &s3, &rig, &crm, &load));
        let lives = [0, 1].map(|which| Life { process: start(&rig, &pipeline, which, 0), born: 0, serves: false });
        load.begin();
        Self { kafka, s3, rig, crm, load, pipeline, sandbox, lives, done: BTreeMap::new(), gave_up: Vec::new() }
    }

    /// One step of the plan.
    pub async fn go(&mut self, step: &Step) {
        self.rest(step.rest).await;
        if let Some(trouble) = step.trouble {
            self.count(&format!("{trouble:?}"));
            self.trouble(trouble).await;
        }
        self.rest(step.until_kill).await;
        self.kill(step.kill);
        if step.early {
            self.revive();
        }
        self.rest(step.down).await;
        if let Some(trouble) = step.trouble {
            self.relieve(trouble).await;
        }
        match step.kill {
            Kill::Broker => self.kafka.restart(),
            Kill::Store => self.s3.restart(),
            Kill::Process(_) => {}
        }
        self.revive();
    }

    async fn rest(&mut self, mut time: Duration) {
        let look = Duration::from_millis(100);
        while !time.is_zero() {
            let part = time.min(look);
            tokio::time::sleep(part).await;
            time -= part;
            self.look_for_addresses();
        }
    }

    fn kill(&mut self, kill: Kill) {
        self.count(&format!("Kill{kill:?}"));
        match kill {
            Kill::Process(which) => {
                self.load.serves(which, None);
                if self.lives[which].process.runs() {
                    self.lives[which].process.kill9();
                }
            }
            Kill::Broker => self.kafka.kill9(),
            Kill::Store => self.s3.kill9(),
        }
    }

    /// Starts every process that does not run; one that was not killed gave up by itself.
    pub fn revive(&mut self) {
        for which in 0..2 {
            let life = &mut self.lives[which];
            if life.process.runs() {
                continue;
            }
            if !life.process.killed() {
                self.gave_up.push(format!("process {which}, life {}: {}", life.born, last_words(&life.process.said())));
            }
            let born = life.born + 1;
            let process = start(&self.rig, &self.pipeline, which, born);
            self.lives[which] = Life { process, born, serves: false };
            self.load.serves(which, None);
            self.count("processes started again");
        }
    }

    fn look_for_addresses(&mut self) {
        for (which, life) in self.lives.iter_mut().enumerate().filter(|(_, l)| !l.serves) {
            let said = life.process.said();
            let line = said.lines().find_map(|l| Some(l.split_once("listening on http://")?.1.to_owned()));
            if let Some(address) = line {
                life.serves = true;
                self.load.serves(which, Some(address));
            }
        }
    }

    async fn trouble(&mut self, trouble: Trouble) {
        match trouble {
            Trouble::BrokerRestarted => self.kafka.stop(),
            Trouble::StoreStopped => self.s3.stop(),
            Trouble::StoreHangs => self.s3.pause(),
            Trouble::CrmHangs => self.sandbox.pause(),
            Trouble::CrmSessionsExpire => expire_sessions(&self.crm).await,
            Trouble::CrmDropsAnswers => set_faults(&self.crm, &json!({ "drop_after_work": 6 })).await,
            Trouble::CrmLocksRows => {
                // The next contacts of the queue_log, whose ids are known beforehand.
                let (_, _, written, _) = self.load.counts();
                let next = (0..20).map(|n| super::calls::rowed(written / super::calls::ROWS + n));
                let lock: Vec<String> = next.map(|call| format!("main/{FOLLOWED}/{call}")).collect();
                set_faults(&self.crm, &json!({ "lock": lock, "lock_times": 30 })).await;
            }
            Trouble::CrmLimitExhausted => set_faults(&self.crm, &json!({ "limit_exhausted": true })).await,
            Trouble::CrmUnavailable => {
                set_faults(&self.crm, &json!({ "unavailable": 10, "too_many": 5, "not_json": 5 })).await;
            }
            Trouble::SwitchesHangUp => self.load.switches.iter().for_each(Switch::hang_up),
        }
    }

    async fn relieve(&mut self, trouble: Trouble) {
        match trouble {
            Trouble::BrokerRestarted => self.kafka.restart(),
            Trouble::StoreStopped => self.s3.restart(),
            Trouble::StoreHangs => self.s3.resume(),
            Trouble::CrmHangs => self.sandbox.resume(),
            Trouble::CrmSessionsExpire | Trouble::SwitchesHangUp => {}
            _ => set_faults(&self.crm, &json!({})).await,
        }
    }

    /// Every part up and no fault on, from now to the end; waits for the load's end.
    ///
    /// # Panics
    /// Where that does not come within `patience`.
    pub async fn calm_down(&mut self, patience: Duration) {
        set_faults(&self.crm, &json!({})).await;
        let begun = std::time::Instant::now();
        while !self.load.done() {
            self.rest(Duration::from_millis(200)).await;
            self.revive();
            let counts = self.load.counts();
            assert!(begun.elapsed() < patience, "the load does not end: (notes, of, rows, of) {counts:?}");
        }
        self.load.end();
    }

    /// Records that wait to be folded, as the processes tell.
    ///
    /// # Errors
    /// Not all of them can be asked, or a partition has no owner (after a kill, for as long
    /// as the group waits for its member): nobody tells its lag then.
    pub async fn lag(&mut self) -> Result<f64, String> {
        self.look_for_addresses();
        let (mut lag, mut owned) = (0.0, 0.0);
        for life in &self.lives {
            let said = life.process.said();
            let line = said.lines().find_map(|l| Some(l.split_once("listening on ")?.1.to_owned()));
            let address = line.ok_or("it does not serve yet")?;
            lag += rig::metric(&address, "ringledger_lag_records").await?;
            owned += rig::metric(&address, "ringledger_partitions_folded").await?;
        }
        match owned as i32 {
            PARTITIONS => Ok(lag),
            other => Err(format!("{other} of {PARTITIONS} partitions have an owner")),
        }
    }

    /// Asks both processes to end.
    ///
    /// # Panics
    /// Where one does not end well.
    pub fn drain(&mut self) {
        for life in &mut self.lives {
            let status = life.process.terminate(rig::DRAINS);
            assert!(status.success(), "{status:?}\n{}", life.process.said());
        }
    }

    fn count(&mut self, what: &str) {
        *self.done.entry(what.to_owned()).or_default() += 1;
    }
}

/// Why a process ended by itself: a panic before all else, then the error of the command.
fn last_words(said: &str) -> String {
    let lines: Vec<&str> = said.lines().collect();
    let panic = lines.iter().position(|l| l.contains(PANICKED)).map(|at| lines[at..].iter().take(2));
    let error = || lines.iter().rev().find(|l| l.starts_with("ringledger: "));
    let words: Vec<&str> = panic.map_or_else(|| error().into_iter().copied().collect(), |p| p.copied().collect());
    words.join(" ")
}

fn start(rig: &Rig, pipeline: &str, which: usize, born: usize) -> Process {
    rig.run(&format!("run-{which}-{born}"), pipeline, &format!("data-{which}"))
}

/// The pipeline of both processes: every stage, all sources.
fn parts(kafka: &Kafka, s3: &S3, rig: &Rig, crm: &str, load: &Load) -> Vec<String> {
    let mut parts = vec![rig::kafka(&kafka.brokers()), rig::stores(s3, "shared"), rig::http(rig), rig::limits()];
    // A circuit that opens for minutes would be all that a short run sees of a CRM.
    parts.push(rig::salesforce_with(crm, "timeout_ms = 3000\ncircuit_ms = 3000\n"));
    parts.extend(HEARD.iter().zip(&load.switches).map(|(name, switch)| rig::source(name, switch.port())));
    let queue_log = load.queue_log.display();
    parts.push(format!(
        "[[source]]\ndialect = \"asterisk.queue_log\"\nswitch = \"{FOLLOWED}\"\npath = \"{queue_log}\"\n"
    ));
    let monitor = rig.path("monitor");
    let folder = format!("recordings = {{ folder = \"{}\" }}\n", monitor.display());
    parts.extend(HEARD.iter().map(|name| rig::switch(name, false) + &folder));
    parts.push(rig::switch(FOLLOWED, false));
    parts
}
