//! Who is at work in a run, who dies, sleeps, is replaced, and whose a partition is.

use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::fates::mix;
use crate::happened::Kind;
use crate::process::{Outside, Process};
use crate::run::PARTITIONS;

/// A process at work.
struct Running {
    process: Arc<Process>,
    mine: watch::Sender<Vec<i32>>,
    task: JoinHandle<()>,
}

/// Decides, by chance.
pub struct Director {
    outside: Outside,
    rng: Rng,
    started: usize,
    folders: Vec<Running>,
    /// Owners that slept, or still do; others have their partitions.
    late: Vec<Running>,
    others: Vec<(Arc<Process>, JoinHandle<()>)>,
}

impl Director {
    /// The one of a seed.
    pub fn new(seed: u64, outside: &Outside) -> Self {
        let rng = Rng::with_seed(mix(seed, "director"));
        let (folders, late, others) = (Vec::new(), Vec::new(), Vec::new());
        Self { outside: outside.clone(), rng, started: 0, folders, late, others }
    }

    /// Everything from the first start to when nothing fails any more.
    pub async fn directs(&mut self) {
        self.opens();
        for _ in 0..self.rng.usize(2..6) {
            let rest = self.rng.u64(20..2_000);
            tokio::time::sleep(Duration::from_millis(rest)).await;
            self.acts();
        }
    }

    fn named(&mut self, what: &str) -> Arc<Process> {
        self.started += 1;
        Arc::new(Process::start(&self.outside, &format!("{what}-{}", self.started)))
    }

    fn rng_of(&mut self) -> Rng {
        Rng::with_seed(self.rng.u64(..))
    }

    fn opens(&mut self) {
        // One in four times, three of them.
        for _ in 0..2 + self.rng.usize(0..4) / 3 {
            let folder = self.folder(Vec::new());
            self.folders.push(folder);
        }
        for partition in 0..PARTITIONS {
            let at = self.rng.usize(0..self.folders.len());
            self.folders[at].mine.send_modify(|mine| mine.push(partition));
        }
        let (a, b, crm) = (self.named("upkeep"), self.named("upkeep"), self.named("crm"));
        self.keeps(a);
        self.keeps(b);
        self.tells(crm);
    }

    fn folder(&mut self, mine: Vec<i32>) -> Running {
        let (process, rng) = (self.named("facts"), self.rng_of());
        let (mine, told) = watch::channel(mine);
        let folder = process.clone();
        let task = tokio::spawn(async move { folder.fold(told, rng).await });
        Running { process, mine, task }
    }

    fn keeps(&mut self, process: Arc<Process>) {
        let (keeper, rng) = (process.clone(), self.rng_of());
        self.others.push((process, tokio::spawn(async move { keeper.maintain(rng).await })));
    }

    fn tells(&mut self, process: Arc<Process>) {
        let (teller, rng) = (process.clone(), self.rng_of());
        self.others.push((process, tokio::spawn(async move { teller.tell_crm(rng).await })));
    }

    /// One turn of events.
    fn acts(&mut self) {
        let (from, to) = (self.rng.usize(0..self.folders.len()), self.rng.usize(0..self.folders.len()));
        let partition = self.rng.i32(0..PARTITIONS);
        match self.rng.u8(0..12) {
            0..3 => self.replaces(from),
            3..5 => self.sleeps(from),
            // A partition moves; or the one before does not know yet.
            5..7 => {
                self.outside.ground.happened.note(Kind::Moved);
                self.folders[from].mine.send_modify(|mine| mine.retain(|p| *p != partition));
                self.adds(to, partition);
            }
            7..9 => {
                self.outside.ground.happened.note(Kind::TwoOwners);
                self.adds(to, partition);
            }
            _ => {
                let at = self.rng.usize(0..self.others.len());
                let (process, task) = self.others.swap_remove(at);
                self.dies(&process, &task);
                let what = process.life.name.split('-').next().unwrap_or_default().to_owned();
                let next = self.named(&what);
                if what == "crm" { self.tells(next) } else { self.keeps(next) }
            }
        }
    }

    fn adds(&mut self, to: usize, partition: i32) {
        self.folders[to].mine.send_modify(|mine| {
            if !mine.contains(&partition) {
                mine.push(partition);
            }
        });
    }

    /// A folder dies, or is only cut off in the middle of what it does (its flush goes on);
    /// another has its partitions.
    fn replaces(&mut self, at: usize) {
        let mine = self.folders[at].mine.borrow().clone();
        let next = self.folder(mine);
        let before = std::mem::replace(&mut self.folders[at], next);
        self.dies(&before.process, &before.task);
    }

    /// A folder sleeps with all that it has folded; another has its partitions, and it does
    /// not know when it wakes.
    fn sleeps(&mut self, at: usize) {
        let rest = self.rng.u64(300..2_500);
        let mine = self.folders[at].mine.borrow().clone();
        let next = self.folder(mine);
        let before = std::mem::replace(&mut self.folders[at], next);
        before.process.life.sleep_until(self.outside.ground.now_ms() + rest);
        before.process.note(format!("sleeps {rest} ms"));
        self.outside.ground.happened.note(Kind::Slept);
        self.late.push(before);
    }

    fn dies(&mut self, process: &Process, task: &JoinHandle<()>) {
        if task.is_finished() {
            self.outside.ground.odd(format!("{} ended by itself: a panic", process.life.name));
        }
        task.abort();
        if self.rng.u8(0..3) > 0 {
            process.life.end();
            process.note("dies".to_owned());
            self.outside.ground.happened.note(Kind::Died);
        } else {
            process.note("is cut off".to_owned());
            self.outside.ground.happened.note(Kind::CutOff);
        }
    }

    /// Nothing fails any more; the last processes go on for a while and are then stopped
    /// anywhere. What they left on its way may still arrive.
    pub async fn calms_down(&mut self) {
        let rest = self.rng.u64(0..4_000);
        tokio::time::sleep(Duration::from_millis(rest)).await;
        self.outside.ground.fates.calm_down();
        for (process, task) in std::mem::take(&mut self.others) {
            self.dies(&process, &task);
        }
        for folder in std::mem::take(&mut self.folders).into_iter().chain(std::mem::take(&mut self.late)) {
            self.dies(&folder.process, &folder.task);
        }
    }
}
