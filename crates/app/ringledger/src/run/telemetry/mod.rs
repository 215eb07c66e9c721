//! Metrics in Prometheus' text format, and readiness: what each metric means for a reader
//! is `docs/monitoring.md`.
//!
//! Contract: telling never waits and never fails. Each subject tells in a module of its
//! own; `families` keeps the metrics, `names` names them.

mod engine;
mod families;
mod health;
mod http;
mod names;
mod queues;
mod sinks;
mod source;

use std::collections::BTreeSet;
use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, MutexGuard, PoisonError};

use model::Instant;
use pipeline::waits::Waits;

use families::Families;
pub use source::SourceWatch;

/// Every metric of this process.
pub struct Telemetry {
    families: Families,
    ready: AtomicBool,
    /// Sources that are not connected.
    lost: Mutex<BTreeSet<String>>,
    /// Tasks that failed and wait to be started again.
    failed: Mutex<BTreeSet<String>>,
    /// Effects that fail or last.
    waits: Waits,
    /// What was ever waited for, so that its gauge falls to 0.
    waited: Mutex<BTreeSet<String>>,
}

impl Default for Telemetry {
    fn default() -> Self {
        Self::new()
    }
}

impl Telemetry {
    /// Every metric, at nothing.
    pub fn new() -> Self {
        let families = Families::new();
        families.set_float("ringledger_start_timestamp_seconds", &[], seconds(pipeline::clock::now()));
        Self {
            families,
            ready: AtomicBool::new(false),
            lost: Mutex::default(),
            failed: Mutex::default(),
            waits: Waits::default(),
            waited: Mutex::default(),
        }
    }
}

/// A moment as Prometheus has it.
fn seconds(at: Instant) -> f64 {
    at.0 as f64 / 1e6
}

fn whole(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
