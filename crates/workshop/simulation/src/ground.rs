//! What all parts of a simulation stand on: simulated time, fates, the trace, and the
//! lives of processes.
//!
//! Contract: simulated time goes on when everybody waits. Every call of store or log first
//! waits for a millisecond that no other call has, so their order is the seed's and not
//! the machine's.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::ThreadId;
use std::time::Duration;

use tokio::time::Instant;

use crate::baton::Baton;
use crate::broken::Broken;
use crate::fates::Fates;
use crate::happened::Happened;
use crate::trace::Trace;

/// The ground of one run.
#[derive(Debug)]
pub struct Ground {
    /// What becomes of calls.
    pub fates: Fates,
    /// What was called.
    pub trace: Trace,
    /// What was done to it.
    pub happened: Happened,
    /// Whose turn it is.
    pub baton: Arc<Baton>,
    broken: Option<Broken>,
    odd: Mutex<Vec<String>>,
    effects: AtomicU64,
    begun: Instant,
    main: ThreadId,
    taken: Mutex<BTreeSet<u64>>,
    last: AtomicU64,
}

impl Ground {
    /// The ground of a seed; made within its runtime.
    pub fn new(seed: u64, broken: Option<Broken>, baton: Arc<Baton>) -> Arc<Self> {
        Arc::new(Self {
            fates: Fates::new(seed),
            trace: Trace::default(),
            happened: Happened::default(),
            baton,
            broken,
            odd: Mutex::default(),
            effects: AtomicU64::new(0),
            begun: Instant::now(),
            main: std::thread::current().id(),
            taken: Mutex::default(),
            last: AtomicU64::new(0),
        })
    }

    /// The seed.
    pub fn seed(&self) -> u64 {
        self.fates.seed()
    }

    /// Something that must never be, whatever fails.
    pub fn odd(&self, what: String) {
        self.odd.lock().unwrap_or_else(PoisonError::into_inner).push(what);
    }

    /// All that was odd.
    pub fn all_odd(&self) -> Vec<String> {
        self.odd.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Something in store or log changes.
    pub fn effect(&self) {
        self.effects.fetch_add(1, Ordering::SeqCst);
    }

    /// Changes of store and log so far.
    pub fn effects(&self) -> u64 {
        self.effects.load(Ordering::SeqCst)
    }

    /// Whether this is broken on purpose.
    pub fn is_broken(&self, how: Broken) -> bool {
        self.broken == Some(how)
    }

    /// Whether this is the simulation's thread; else it is one of a library, where
    /// nothing can wait for simulated time.
    pub fn on_main(&self) -> bool {
        std::thread::current().id() == self.main
    }

    /// Milliseconds since the begin, as last waited for.
    pub fn now_ms(&self) -> u64 {
        if self.on_main() { self.elapsed() } else { self.last.load(Ordering::SeqCst) }
    }

    /// The instant so many milliseconds from the begin.
    pub fn at(&self, ms: u64) -> Instant {
        self.begun + Duration::from_millis(ms)
    }

    fn elapsed(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Waits for a call's turn, so long and while its process sleeps.
    pub async fn turn_of(&self, life: &Life, delay_ms: u64) {
        self.turn(delay_ms).await;
        while let Some(rest) = life.sleeps_until().checked_sub(self.elapsed()).filter(|rest| *rest > 0) {
            self.turn(rest).await;
        }
    }

    /// Waits at least so long, for a millisecond of one's own.
    async fn turn(&self, delay_ms: u64) {
        let mut at = self.elapsed() + 1 + delay_ms;
        {
            let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
            while !taken.insert(at) {
                at += 1;
            }
        }
        tokio::time::sleep_until(self.at(at)).await;
        self.last.fetch_max(at, Ordering::SeqCst);
    }
}

/// The life of a process: its calls end with it.
#[derive(Debug)]
pub struct Life {
    /// Whose it is.
    pub name: String,
    over: AtomicBool,
    sleeps_until: AtomicU64,
    slept: AtomicBool,
}

impl Life {
    /// A new one.
    pub fn new(name: impl Into<String>) -> Arc<Self> {
        let (over, sleeps_until, slept) = (AtomicBool::new(false), AtomicU64::new(0), AtomicBool::new(false));
        Arc::new(Self { name: name.into(), over, sleeps_until, slept })
    }

    /// kill -9.
    pub fn end(&self) {
        self.over.store(true, Ordering::SeqCst);
    }

    /// Whether it has ended.
    pub fn is_over(&self) -> bool {
        self.over.load(Ordering::SeqCst)
    }

    /// Its calls wait until then, milliseconds since the begin: a machine that was suspended.
    pub fn sleep_until(&self, at_ms: u64) {
        self.sleeps_until.store(at_ms, Ordering::SeqCst);
        self.slept.store(true, Ordering::SeqCst);
    }

    fn sleeps_until(&self) -> u64 {
        self.sleeps_until.load(Ordering::SeqCst)
    }

    /// Whether it slept since it was asked last, and is awake.
    pub fn woke(&self, now_ms: u64) -> bool {
        self.sleeps_until() <= now_ms && self.slept.swap(false, Ordering::SeqCst)
    }
}
