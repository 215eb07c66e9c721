//! Readiness, and the metrics as text.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::Ordering;

use console::Health;

use super::{Telemetry, lock};

impl Telemetry {
    /// Everything is up, or draining.
    pub fn ready(&self, ready: bool) {
        self.ready.store(ready, Ordering::Relaxed);
    }

    /// Whether all is up; the sources that are not connected; the tasks that failed.
    pub fn stands(&self) -> (bool, Vec<String>, Vec<String>) {
        let names = |set: &Mutex<BTreeSet<String>>| lock(set).iter().cloned().collect();
        (self.ready.load(Ordering::Relaxed), names(&self.lost), names(&self.failed))
    }

    fn note_waits(&self) {
        let told = self.waits.told();
        let mut waited = lock(&self.waited);
        waited.extend(told.iter().map(|(what, _)| what.clone()));
        for what in waited.iter() {
            let lasts = told.iter().find(|(name, _)| name == what);
            // A wait that has just begun is one.
            let seconds = lasts.map_or(0.0, |(_, lasts)| lasts.as_secs_f64().max(1.0));
            self.families.set_float("ringledger_waiting_seconds", &[("for", what)], seconds);
        }
    }
}

impl Health for Telemetry {
    fn ready(&self) -> Result<(), String> {
        if !self.ready.load(Ordering::Relaxed) {
            return Err("starting or draining".to_owned());
        }
        if let Some(task) = lock(&self.failed).first() {
            return Err(format!("task {task} failed and waits to be started again"));
        }
        if let Some((what, lasts)) = self.waits.told().first() {
            return Err(format!("waits for {what}, since {} s", lasts.as_secs()));
        }
        // Why a source is lost may tell hosts and users: it stands in the log, not here.
        match lock(&self.lost).first() {
            None => Ok(()),
            Some(source) => Err(format!("source {source} is not connected")),
        }
    }

    fn metrics(&self) -> String {
        self.note_waits();
        self.families.set("ringledger_ready", &[], i64::from(Health::ready(self).is_ok()));
        self.families.text().unwrap_or_else(|e| format!("# {e}\n# EOF\n"))
    }
}
