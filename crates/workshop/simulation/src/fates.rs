//! What becomes of each call: drawn from the seed, the call's name and how often it was
//! made before. So one call more or less elsewhere changes no other call's fate.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

/// What becomes of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It does what it should.
    Fine,
    /// It fails and had no effect.
    Before,
    /// It has its effect and answers with an error.
    After,
    /// Its answer is cut in the middle: half a listing, half an object.
    Cut,
    /// It has its effect and answers that it was there already: what a client's own
    /// repetition of a conditional put is told.
    Exists,
}

/// A call's lot.
#[derive(Clone, Copy, Debug)]
pub struct Lot {
    /// What becomes of it.
    pub fate: Fate,
    /// How long it takes, milliseconds of simulated time.
    pub delay_ms: u64,
    /// Whether it still has its effect where its caller died meanwhile.
    pub outlives: bool,
    /// A number for what else is chosen by chance.
    pub spare: u64,
}

/// So long and longer is slow, milliseconds.
const SLOW_MS: u64 = 50;

impl Lot {
    /// Whether the call takes long.
    pub fn is_slow(&self) -> bool {
        self.delay_ms >= SLOW_MS
    }
}

/// The fates of one run.
#[derive(Debug)]
pub struct Fates {
    seed: u64,
    /// Failures in 1000 calls.
    failures: u64,
    /// Slow calls in 1000.
    slow: u64,
    made: Mutex<HashMap<String, u64>>,
    calm: AtomicBool,
}

impl Fates {
    /// Those of a seed: some are kind, some are not.
    pub fn new(seed: u64) -> Self {
        let mut rng = fastrand::Rng::with_seed(mix(seed, "how bad it is"));
        let failures = [0, 4, 15, 40, 90][rng.usize(0..5)];
        let slow = [2, 20, 80][rng.usize(0..3)];
        Self { seed, failures, slow, made: Mutex::default(), calm: AtomicBool::new(false) }
    }

    /// The seed.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// From now on nothing fails.
    pub fn calm_down(&self) {
        self.calm.store(true, Ordering::SeqCst);
    }

    /// Chance by name: one in so many.
    pub fn one_in(&self, many: u64, name: &str) -> bool {
        mix(self.seed, name).is_multiple_of(many)
    }

    /// The lot of the next call of this name. Calls of a kind that is seldom made fail
    /// `often` times as often.
    pub fn draw(&self, call: &str, often: u64) -> Lot {
        let nth = {
            let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
            let nth = made.entry(call.to_owned()).or_insert(0);
            *nth += 1;
            *nth
        };
        let mut rng = fastrand::Rng::with_seed(mix(self.seed ^ nth.wrapping_mul(0x9e37_79b9_7f4a_7c15), call));
        let mut lot = Lot { fate: Fate::Fine, delay_ms: rng.u64(0..6), outlives: rng.bool(), spare: rng.u64(..) };
        if rng.u64(0..1000) < self.slow * often {
            lot.delay_ms = [SLOW_MS, 400, 3_000, 20_000][rng.usize(0..4)] + rng.u64(0..50);
        }
        if rng.u64(0..1000) < self.failures * often && !self.calm.load(Ordering::SeqCst) {
            lot.fate = [Fate::Before, Fate::After, Fate::Cut, Fate::Exists][rng.usize(0..4)];
        }
        lot
    }
}

/// A seed of its own for something named (FNV-1a, stirred).
pub fn mix(seed: u64, name: &str) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325 ^ seed.wrapping_mul(0xff51_afd7_ed55_8ccd);
    for byte in name.bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    hash ^ (hash >> 29)
}
