//! Metrics in Prometheus' text format, and readiness.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use collectors::intake::IntakeCounts;
use console::Health;
use crm::Status;
use model::Name;
use model::facts::RecordingState;
use pipeline::crm_stage::CrmCounts;
use pipeline::facts_stage::FactsCounts;
use pipeline::waits::Waits;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

type Labels = Vec<(String, String)>;
type Gauges = Family<Labels, Gauge<i64, AtomicI64>>;
type Counters = Family<Labels, Counter<u64, AtomicU64>>;
/// What a counter's owner counted when it told last.
type Told = BTreeMap<(&'static str, Labels), u64>;

/// Every metric of this process.
pub struct Telemetry {
    registry: Registry,
    gauges: BTreeMap<&'static str, Gauges>,
    counters: BTreeMap<&'static str, Counters>,
    told: Mutex<Told>,
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

/// What only grows: name (without `_total`) and meaning.
const COUNTERS: &[(&str, &str)] = &[
    ("ringledger_records_folded", "Records read and folded"),
    ("ringledger_rows_committed", "Rows committed to tables"),
    ("ringledger_flushes", "Flushes"),
    ("ringledger_dead_letters", "Records that went to the dead letters"),
    ("ringledger_flush_retries", "Commits that were tried again"),
    ("ringledger_overtaken", "Times that another owner was found ahead"),
    ("ringledger_events_appended", "Events of a source appended"),
    ("ringledger_adapter_events", "Adapter events by what became of them"),
    ("ringledger_crm_rows_written", "Rows written to a CRM, by object"),
    ("ringledger_crm_rows_parked", "Rows that a CRM refused for good"),
    ("ringledger_crm_rows_put_off", "Rows put off"),
    ("ringledger_crm_retries", "CRM requests repeated"),
    ("ringledger_recording_retries", "Attempts at recordings repeated"),
    ("ringledger_task_failures", "Times that a task failed and was started again"),
    ("ringledger_maintenance_files_merged", "Files of tables that compaction replaced"),
    ("ringledger_maintenance_files_removed", "Replaced files that vacuum removed"),
    ("ringledger_maintenance_runs", "Times that maintenance went through every table"),
    ("ringledger_orphan_sweeps", "Looks for recordings that nobody announced"),
];

/// What rises and falls: name and meaning.
const GAUGES: &[(&str, &str)] = &[
    ("ringledger_restated_visits", "Visits of the folds as they stand that changed after their close"),
    ("ringledger_lag_records", "Records of a partition that are not folded yet"),
    (
        "ringledger_partitions_folded",
        "Partitions that this process folds and whose lag it tells; over all processes less than there are while \
         some have no owner",
    ),
    ("ringledger_source_connected", "1 where a source is connected"),
    ("ringledger_crm_contacts_waiting", "Contacts that wait for their CRM rows"),
    ("ringledger_crm_budget_used", "Requests used of the CRM's daily limit"),
    ("ringledger_crm_budget_limit", "The CRM's daily limit"),
    (
        "ringledger_recordings",
        "Recordings by state: those pending, and those of calls that changed in the last two days",
    ),
    ("ringledger_rows_held", "Rows that wait for a flush"),
    (
        "ringledger_waiting",
        "Seconds that something has been waited for: an effect that fails or lasts; 0 once it ended",
    ),
];

/// Every state of a recording, so that one that nothing is in shows 0.
const STATES: [RecordingState; 7] = [
    RecordingState::Recorded,
    RecordingState::IntentionallyNot,
    RecordingState::Partial,
    RecordingState::Pending,
    RecordingState::Empty,
    RecordingState::Missing,
    RecordingState::Orphan,
];

impl Default for Telemetry {
    fn default() -> Self {
        Self::new()
    }
}

impl Telemetry {
    /// Every metric, at nothing.
    pub fn new() -> Self {
        let mut registry = Registry::default();
        let (mut gauges, mut counters) = (BTreeMap::new(), BTreeMap::new());
        for (name, help) in GAUGES {
            let family = Gauges::default();
            registry.register(*name, *help, family.clone());
            gauges.insert(*name, family);
        }
        for (name, help) in COUNTERS {
            let family = Counters::default();
            registry.register(*name, *help, family.clone());
            counters.insert(*name, family);
        }
        Self {
            registry,
            gauges,
            counters,
            told: Mutex::default(),
            ready: AtomicBool::new(false),
            lost: Mutex::default(),
            failed: Mutex::default(),
            waits: Waits::default(),
            waited: Mutex::default(),
        }
    }

    fn set(&self, name: &'static str, labels: &[(&str, &str)], value: i64) {
        if let Some(family) = self.gauges.get(name) {
            family.get_or_create(&owned(labels)).set(value);
        }
    }

    /// Takes in how far an owner has counted. One that counts from 0 again (its task was
    /// started anew) adds to what was counted before.
    fn count(&self, name: &'static str, labels: &[(&str, &str)], value: u64) {
        let labels = owned(labels);
        let before = lock(&self.told).insert((name, labels.clone()), value).unwrap_or(0);
        if let Some(family) = self.counters.get(name) {
            family.get_or_create(&labels).inc_by(value.checked_sub(before).unwrap_or(value));
        }
    }

    fn add(&self, name: &'static str, labels: &[(&str, &str)], more: u64) {
        if let Some(family) = self.counters.get(name) {
            family.get_or_create(&owned(labels)).inc_by(more);
        }
    }

    /// A task failed; it waits to be started again.
    pub fn failed(&self, task: &str) {
        self.add("ringledger_task_failures", &[("task", task)], 1);
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
            let seconds = lasts.map_or(0, |(_, lasts)| whole(lasts.as_secs()).max(1));
            self.set("ringledger_waiting", &[("for", what)], seconds);
        }
    }

    /// Everything is up, or draining.
    pub fn ready(&self, ready: bool) {
        self.ready.store(ready, Ordering::Relaxed);
    }

    /// What the stage `facts` did.
    pub fn facts(&self, counts: &FactsCounts) {
        self.count("ringledger_records_folded", &[], counts.records);
        self.count("ringledger_rows_committed", &[], counts.rows);
        self.count("ringledger_flushes", &[], counts.flushes);
        self.count("ringledger_dead_letters", &[], counts.dead_letters);
        self.count("ringledger_flush_retries", &[], counts.retries);
        self.count("ringledger_overtaken", &[], counts.overtaken);
        self.set("ringledger_restated_visits", &[], whole(counts.restated));
    }

    /// Rows that the stage `facts` holds back for its next flush.
    pub fn rows_held(&self, rows: usize) {
        self.set("ringledger_rows_held", &[], whole(rows as u64));
    }

    /// What one round of maintenance did.
    pub fn maintained(&self, table: &str, merged: usize, removed: usize) {
        self.add("ringledger_maintenance_files_merged", &[("table", table)], merged as u64);
        self.add("ringledger_maintenance_files_removed", &[("table", table)], removed as u64);
    }

    /// A round of maintenance has gone through every table.
    pub fn maintenance_ran(&self) {
        self.add("ringledger_maintenance_runs", &[], 1);
    }

    /// A switch's folder was looked through for recordings that nobody announced.
    pub fn orphans_looked_for(&self, switch: &Name) {
        self.add("ringledger_orphan_sweeps", &[("switch", switch)], 1);
    }

    /// How far a partition's fold is behind.
    pub fn lag(&self, partition: i32, records: i64) {
        self.set("ringledger_lag_records", &[("partition", &partition.to_string())], records);
    }

    /// Partitions folded here, with their lag told.
    pub fn partitions_folded(&self, partitions: usize) {
        self.set("ringledger_partitions_folded", &[], whole(partitions as u64));
    }

    /// What a CRM target did and how it stands.
    pub fn crm(&self, target: &str, counts: &CrmCounts, waiting: usize, status: &Status) {
        for (object, rows) in &counts.written {
            self.count("ringledger_crm_rows_written", &[("target", target), ("object", object)], *rows);
        }
        let of = [("target", target)];
        self.count("ringledger_crm_rows_parked", &of, counts.parked);
        self.count("ringledger_crm_rows_put_off", &of, counts.later);
        self.set("ringledger_crm_contacts_waiting", &of, whole(waiting as u64));
        self.count("ringledger_crm_retries", &of, status.retries);
        if let Some((used, limit)) = status.budget {
            self.set("ringledger_crm_budget_used", &of, whole(used));
            self.set("ringledger_crm_budget_limit", &of, whole(limit));
        }
    }

    /// Recordings of a switch by state.
    pub fn recordings(&self, switch: &Name, by_state: &BTreeMap<RecordingState, u64>) {
        for state in STATES {
            let n = by_state.get(&state).copied().unwrap_or(0);
            let word = serde_json::to_string(&state).unwrap_or_default().replace('"', "");
            self.set("ringledger_recordings", &[("switch", switch), ("state", &word)], whole(n));
        }
    }

    /// Attempts at recordings of a switch that were repeated, since the last time.
    pub fn recording_retries(&self, switch: &Name, more: u64) {
        self.add("ringledger_recording_retries", &[("switch", switch)], more);
    }

    /// What the adapters' intake did.
    pub fn intake(&self, counts: IntakeCounts) {
        let stands = [
            ("accepted", counts.accepted),
            ("repeated", counts.repeated),
            ("refused", counts.refused),
            ("sent_away", counts.sent_away),
            ("failed", counts.failed),
        ];
        for (outcome, n) in stands {
            self.count("ringledger_adapter_events", &[("outcome", outcome)], n);
        }
    }
}

fn owned(labels: &[(&str, &str)]) -> Labels {
    labels.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
}

fn whole(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
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
        let mut text = String::new();
        match encode(&mut text, &self.registry) {
            Ok(()) => text,
            Err(e) => format!("# {e}\n# EOF\n"),
        }
    }
}

/// Tells telemetry how a source does.
pub struct SourceWatch {
    telemetry: Arc<Telemetry>,
    switch: String,
    dialect: String,
}

impl SourceWatch {
    /// For one source; not connected yet.
    pub fn new(telemetry: Arc<Telemetry>, switch: &str, dialect: &str) -> Self {
        let watch = Self { telemetry, switch: switch.to_owned(), dialect: dialect.to_owned() };
        watch.stands(false);
        watch
    }

    fn stands(&self, connected: bool) {
        let labels = [("switch", self.switch.as_str()), ("dialect", self.dialect.as_str())];
        self.telemetry.set("ringledger_source_connected", &labels, i64::from(connected));
        let name = format!("{} ({})", self.switch, self.dialect);
        let mut lost = lock(&self.telemetry.lost);
        if connected {
            lost.remove(&name)
        } else {
            lost.insert(name)
        };
    }
}

impl Drop for SourceWatch {
    /// A source that this process feeds no more is nothing that it lacks.
    fn drop(&mut self) {
        self.stands(true);
        let labels = [("switch", self.switch.as_str()), ("dialect", self.dialect.as_str())];
        self.telemetry.set("ringledger_source_connected", &labels, 0);
    }
}

impl collectors::ami::Watch for SourceWatch {
    fn connected(&self) {
        self.stands(true);
    }

    fn lost(&self, _why: &str) {
        self.stands(false);
    }

    fn appended(&self, events: u64) {
        let labels = [("switch", self.switch.as_str()), ("dialect", self.dialect.as_str())];
        self.telemetry.add("ringledger_events_appended", &labels, events);
    }
}
