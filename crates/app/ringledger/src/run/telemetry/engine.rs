//! What the folds tell: records, flushes, dead letters, lag, maintenance, tasks.

use std::time::Duration;

use model::{Instant, Name};
use pipeline::facts_stage::FactsCounts;
use pipeline::waits::Waits;

use super::{Telemetry, lock, seconds, whole};

/// Why a record is a dead letter (`pipeline::fold::Reject`), so that one that nothing has
/// shows 0: an alert on growth sees the first one too.
const REASONS: [&str; 3] = ["envelope", "undecodable", "too_late"];

impl Telemetry {
    /// A task failed; it waits to be started again.
    pub fn failed(&self, task: &str) {
        self.families.add("ringledger_task_failures", &[("task", task)], 1);
        lock(&self.failed).insert(task.to_owned());
    }

    /// A failed task was started again.
    pub fn taken_up(&self, task: &str) {
        lock(&self.failed).remove(task);
    }

    /// Where effects tell that they fail or last.
    pub fn waits(&self) -> Waits {
        self.waits.clone()
    }

    /// What the stage `facts` did.
    pub fn facts(&self, counts: &FactsCounts) {
        self.families.count("ringledger_records_folded", &[], counts.records);
        self.families.count("ringledger_rows_committed", &[], counts.rows);
        self.families.count("ringledger_flushes", &[], counts.flushes);
        self.families.count("ringledger_flush_retries", &[], counts.retries);
        self.families.count("ringledger_overtaken", &[], counts.overtaken);
        self.families.set("ringledger_restated_visits", &[], whole(counts.restated));
        for reason in REASONS {
            let n = counts.dead_letters_by_reason.get(reason).copied().unwrap_or(0);
            self.families.count("ringledger_dead_letters", &[("reason", reason)], n);
        }
    }

    /// Rows that the stage `facts` holds back for its next flush.
    pub fn rows_held(&self, rows: usize) {
        self.families.set("ringledger_rows_held", &[], whole(rows as u64));
    }

    /// Flushes that have landed took so long.
    pub fn flushes_took(&self, took: &[Duration]) {
        took.iter().for_each(|t| self.families.flush_took(t.as_secs_f64()));
    }

    /// All that was folded is durable.
    pub fn durable(&self, at: Instant) {
        self.families.set_float("ringledger_last_flush_timestamp_seconds", &[], seconds(at));
    }

    /// The last event of a switch: when the log took it, and its own time.
    pub fn heard(&self, switch: &Name, known_at: Instant, at: Instant) {
        let of = [("switch", switch.as_str())];
        self.families.set_float("ringledger_switch_heard_timestamp_seconds", &of, seconds(known_at));
        self.families.set_float("ringledger_switch_event_timestamp_seconds", &of, seconds(at));
    }

    /// A switch is listened to from now on: its silence counts from here.
    pub fn listens_to(&self, switch: &str) {
        let (of, now) = ([("switch", switch)], pipeline::clock::now());
        self.families.set_float("ringledger_switch_heard_timestamp_seconds", &of, seconds(now));
    }

    /// How far a partition's fold is behind.
    pub fn lag(&self, partition: i32, records: i64) {
        self.families.set("ringledger_lag_records", &[("partition", &partition.to_string())], records);
    }

    /// Partitions folded here, with their lag told.
    pub fn partitions_folded(&self, partitions: usize) {
        self.families.set("ringledger_partitions_folded", &[], whole(partitions as u64));
    }

    /// Partitions that there are.
    pub fn partitions(&self, partitions: usize) {
        self.families.set("ringledger_partitions", &[], whole(partitions as u64));
    }

    /// What one round of maintenance did.
    pub fn maintained(&self, table: &str, merged: usize, removed: usize) {
        self.families.add("ringledger_maintenance_files_merged", &[("table", table)], merged as u64);
        self.families.add("ringledger_maintenance_files_removed", &[("table", table)], removed as u64);
    }

    /// A round of maintenance has gone through every table.
    pub fn maintenance_ran(&self) {
        self.families.add("ringledger_maintenance_runs", &[], 1);
    }
}
