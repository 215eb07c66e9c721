//! Metrics in Prometheus' text format, and readiness.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use console::Health;
use crm::Status;
use model::Name;
use model::facts::Recording;
use pipeline::crm_stage::CrmCounts;
use pipeline::facts_stage::FactsCounts;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

type Labels = Vec<(String, String)>;
type Gauges = Family<Labels, Gauge<i64, AtomicI64>>;

/// Every metric of this process. Counts are given as they stand, so a gauge holds each:
/// its name tells that it only grows (`_total`).
pub struct Telemetry {
    registry: Registry,
    gauges: BTreeMap<&'static str, Gauges>,
    ready: AtomicBool,
    /// Sources that are not connected, and why.
    lost: Mutex<BTreeMap<String, String>>,
}

/// Name and meaning of each.
const METRICS: &[(&str, &str)] = &[
    ("ringledger_records_folded", "Records read and folded since the start"),
    ("ringledger_rows_committed", "Rows committed to tables since the start"),
    ("ringledger_flushes", "Flushes since the start"),
    ("ringledger_dead_letters", "Records that went to the dead letters since the start"),
    ("ringledger_flush_retries", "Commits that were tried again since the start"),
    ("ringledger_overtaken", "Times that another owner was found ahead since the start"),
    ("ringledger_restated_rows", "Visits changed after their close since the start"),
    ("ringledger_lag_records", "Records of a partition that are not folded yet"),
    ("ringledger_source_connected", "1 where a source is connected"),
    ("ringledger_events_appended", "Events of a source appended since the start"),
    ("ringledger_crm_rows_written", "Rows written to a CRM since the start, by object"),
    ("ringledger_crm_rows_parked", "Rows that a CRM refused for good since the start"),
    ("ringledger_crm_rows_put_off", "Rows put off since the start"),
    ("ringledger_crm_contacts_waiting", "Contacts that wait for their CRM rows"),
    ("ringledger_crm_budget_used", "Requests used of the CRM's daily limit"),
    ("ringledger_crm_budget_limit", "The CRM's daily limit"),
    ("ringledger_crm_retries", "CRM requests repeated since the start"),
    ("ringledger_recordings", "Recordings by state"),
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
        let mut gauges = BTreeMap::new();
        for (name, help) in METRICS {
            let family = Gauges::default();
            registry.register(*name, *help, family.clone());
            gauges.insert(*name, family);
        }
        Self { registry, gauges, ready: AtomicBool::new(false), lost: Mutex::default() }
    }

    fn set(&self, name: &'static str, labels: &[(&str, &str)], value: i64) {
        let labels: Labels = labels.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        if let Some(family) = self.gauges.get(name) {
            family.get_or_create(&labels).set(value);
        }
    }

    fn count(&self, name: &'static str, labels: &[(&str, &str)], value: u64) {
        self.set(name, labels, i64::try_from(value).unwrap_or(i64::MAX));
    }

    /// Everything is up, or draining.
    pub fn ready(&self, ready: bool) {
        self.ready.store(ready, Ordering::Relaxed);
    }

    /// What the stage `facts` did.
    pub fn facts(&self, counts: &FactsCounts, _read: usize) {
        self.count("ringledger_records_folded", &[], counts.records);
        self.count("ringledger_rows_committed", &[], counts.rows);
        self.count("ringledger_flushes", &[], counts.flushes);
        self.count("ringledger_dead_letters", &[], counts.dead_letters);
        self.count("ringledger_flush_retries", &[], counts.retries);
        self.count("ringledger_overtaken", &[], counts.overtaken);
        self.count("ringledger_restated_rows", &[], counts.restated);
    }

    /// How far a partition's fold is behind.
    pub fn lag(&self, partition: i32, records: i64) {
        self.set("ringledger_lag_records", &[("partition", &partition.to_string())], records);
    }

    /// What a CRM target did and how it stands.
    pub fn crm(&self, target: &str, counts: &CrmCounts, waiting: usize, status: &Status) {
        for (object, rows) in &counts.written {
            self.count("ringledger_crm_rows_written", &[("target", target), ("object", object)], *rows);
        }
        let of = [("target", target)];
        self.count("ringledger_crm_rows_parked", &of, counts.parked);
        self.count("ringledger_crm_rows_put_off", &of, counts.later);
        self.count("ringledger_crm_contacts_waiting", &of, waiting as u64);
        self.count("ringledger_crm_retries", &of, status.retries);
        if let Some((used, limit)) = status.budget {
            self.count("ringledger_crm_budget_used", &of, used);
            self.count("ringledger_crm_budget_limit", &of, limit);
        }
    }

    /// Recordings of a switch by state.
    pub fn recordings(&self, switch: &Name, rows: &[Recording]) {
        let mut by_state: BTreeMap<String, i64> = BTreeMap::new();
        for row in rows {
            let state = serde_json::to_string(&row.state).unwrap_or_default().replace('"', "");
            *by_state.entry(state).or_default() += 1;
        }
        for (state, n) in by_state {
            self.set("ringledger_recordings", &[("switch", switch), ("state", &state)], n);
        }
    }
}

impl Health for Telemetry {
    fn ready(&self) -> Result<(), String> {
        if !self.ready.load(Ordering::Relaxed) {
            return Err("starting or draining".to_owned());
        }
        let lost = self.lost.lock().unwrap_or_else(PoisonError::into_inner);
        // Why a source is lost may tell hosts and users: it stands in the log, not here.
        match lost.keys().next() {
            None => Ok(()),
            Some(source) => Err(format!("source {source} is not connected")),
        }
    }

    fn metrics(&self) -> String {
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
    appended: AtomicI64,
}

impl SourceWatch {
    /// For one source; not connected yet.
    pub fn new(telemetry: Arc<Telemetry>, switch: &str, dialect: &str) -> Self {
        let watch =
            Self { telemetry, switch: switch.to_owned(), dialect: dialect.to_owned(), appended: AtomicI64::new(0) };
        watch.put("ringledger_source_connected", 0);
        watch
    }

    fn put(&self, name: &'static str, value: i64) {
        self.telemetry.set(name, &[("switch", &self.switch), ("dialect", &self.dialect)], value);
    }

    fn name(&self) -> String {
        format!("{} ({})", self.switch, self.dialect)
    }
}

impl collectors::ami::Watch for SourceWatch {
    fn connected(&self) {
        self.put("ringledger_source_connected", 1);
        self.telemetry.lost.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.name());
    }

    fn lost(&self, why: &str) {
        self.put("ringledger_source_connected", 0);
        self.telemetry.lost.lock().unwrap_or_else(PoisonError::into_inner).insert(self.name(), why.to_owned());
    }

    fn appended(&self, events: u64) {
        let events = i64::try_from(events).unwrap_or(i64::MAX);
        let all = self.appended.fetch_add(events, Ordering::Relaxed) + events;
        self.put("ringledger_events_appended", all);
    }
}
