//! How this process does, for the page of health: what its stages told last.
//!
//! Contract: telling never waits and never fails; metrics are told to `telemetry`, which
//! has them for Prometheus.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use console::{CrmWriter, Flush};
use crm::Status;
use model::Instant;
use pipeline::crm_stage::CrmCounts;

/// What was told last.
pub struct Vitals {
    started: Instant,
    told: Mutex<Told>,
}

#[derive(Default)]
struct Told {
    /// Next offset to fold, by partition; `None` where the stage does not run here.
    folds: Option<BTreeMap<i32, i64>>,
    flush: Option<Flush>,
    rows: u64,
    crm: BTreeMap<String, CrmWriter>,
}

impl Default for Vitals {
    fn default() -> Self {
        Self { started: pipeline::clock::now(), told: Mutex::default() }
    }
}

impl Vitals {
    fn lock(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The stage `facts` begins (`true`) or has ended.
    pub fn folding(&self, folds: bool) {
        self.lock().folds = folds.then(BTreeMap::new);
    }

    /// The stage `facts` runs in this process.
    pub fn folds_here(&self) -> bool {
        self.lock().folds.is_some()
    }

    /// A flush has landed: how long it took, rows committed since the stage began, rows that
    /// wait, and where the folds stand.
    pub fn flushed(&self, took: std::time::Duration, rows: u64, rows_held: usize, folds: BTreeMap<i32, i64>) {
        let mut told = self.lock();
        // A stage that was started anew counts from 0 again.
        let since = rows.checked_sub(told.rows).unwrap_or(rows);
        told.rows = rows;
        told.folds = Some(folds);
        let looked = pipeline::clock::now().to_rfc3339();
        let took_ms = i64::try_from(took.as_millis()).unwrap_or(i64::MAX);
        // Where no rows waited there was no flush.
        let ended = (since > 0).then(|| looked.clone());
        let news = Flush { ended, took_ms, rows: since, looked: looked.clone(), rows_held: 0 };
        let last = told.flush.take().filter(|_| since == 0).unwrap_or(news);
        told.flush = Some(Flush { looked, rows_held: rows_held as u64, ..last });
    }

    /// What a CRM target did and how it stands.
    pub fn crm(&self, target: &str, counts: &CrmCounts, waiting: usize, status: &Status) {
        let writer = CrmWriter {
            target: target.to_owned(),
            written: counts.written.values().sum(),
            parked: counts.parked,
            put_off: counts.later,
            retries: status.retries,
            waiting: waiting as u64,
            budget_used: status.budget.map(|(used, _)| used),
            budget_limit: status.budget.map(|(_, limit)| limit),
            held_back_ms: status.circuit_open_ms,
        };
        self.lock().crm.insert(target.to_owned(), writer);
    }

    /// All of it, of which `known` is what telemetry knows.
    pub fn with(&self, known: console::Vitals) -> console::Vitals {
        let told = self.lock();
        console::Vitals {
            started: self.started,
            folds: told.folds.iter().flatten().map(|(p, next)| (*p, *next)).collect(),
            folding: told.folds.is_some(),
            flush: told.flush.clone(),
            crm: told.crm.values().cloned().collect(),
            ..known
        }
    }
}
