//! Families of metrics by name: one place that makes, sets and writes them.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, AtomicU64};

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

use super::lock;
use super::names::{COUNTERS, FLOATS, GAUGES};

type Labels = Vec<(String, String)>;
type Gauges = Family<Labels, Gauge<i64, AtomicI64>>;
type Floats = Family<Labels, Gauge<f64, AtomicU64>>;
type Counters = Family<Labels, Counter<u64, AtomicU64>>;
/// What a counter's owner counted when it told last.
type Told = BTreeMap<(&'static str, Labels), u64>;
/// A metric's labels.
pub type Of<'a> = &'a [(&'a str, &'a str)];

/// Every metric of a process.
pub struct Families {
    registry: Registry,
    gauges: BTreeMap<&'static str, Gauges>,
    floats: BTreeMap<&'static str, Floats>,
    counters: BTreeMap<&'static str, Counters>,
    flush_duration: Histogram,
    told: Mutex<Told>,
    /// Held while families are written, and while one is told anew.
    whole: Mutex<()>,
}

impl Families {
    /// Every metric, at nothing.
    pub fn new() -> Self {
        let mut registry = Registry::default();
        let (mut gauges, mut floats, mut counters) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        for (name, help) in GAUGES {
            let family = Gauges::default();
            registry.register(*name, *help, family.clone());
            gauges.insert(*name, family);
        }
        for (name, help) in FLOATS {
            let family = Floats::default();
            registry.register(*name, *help, family.clone());
            floats.insert(*name, family);
        }
        for (name, help) in COUNTERS {
            let family = Counters::default();
            registry.register(*name, *help, family.clone());
            counters.insert(*name, family);
        }
        // 10 ms to 82 s.
        let flush_duration = Histogram::new(exponential_buckets(0.01, 2.0, 14));
        registry.register("ringledger_flush_duration_seconds", "How long flushes took", flush_duration.clone());
        Self { registry, gauges, floats, counters, flush_duration, told: Mutex::default(), whole: Mutex::default() }
    }

    /// A gauge stands at `value`.
    pub fn set(&self, name: &'static str, labels: Of<'_>, value: i64) {
        if let Some(family) = self.gauges.get(name) {
            family.get_or_create(&owned(labels)).set(value);
        }
    }

    /// A gauge of seconds or parts stands at `value`.
    pub fn set_float(&self, name: &'static str, labels: Of<'_>, value: f64) {
        if let Some(family) = self.floats.get(name) {
            family.get_or_create(&owned(labels)).set(value);
        }
    }

    /// Gauges whose name begins so are told anew by `tell`, all at once for a reader.
    pub fn anew(&self, prefix: &str, tell: impl FnOnce()) {
        let _whole = lock(&self.whole);
        self.gauges.iter().filter(|(name, _)| name.starts_with(prefix)).for_each(|(_, family)| family.clear());
        self.floats.iter().filter(|(name, _)| name.starts_with(prefix)).for_each(|(_, family)| family.clear());
        tell();
    }

    /// Takes in how far an owner has counted. One that counts from 0 again (its task was
    /// started anew) adds to what was counted before.
    pub fn count(&self, name: &'static str, labels: Of<'_>, value: u64) {
        let labels = owned(labels);
        let before = lock(&self.told).insert((name, labels.clone()), value).unwrap_or(0);
        if let Some(family) = self.counters.get(name) {
            family.get_or_create(&labels).inc_by(value.checked_sub(before).unwrap_or(value));
        }
    }

    /// So many more.
    pub fn add(&self, name: &'static str, labels: Of<'_>, more: u64) {
        if let Some(family) = self.counters.get(name) {
            family.get_or_create(&owned(labels)).inc_by(more);
        }
    }

    /// A flush took so many seconds.
    pub fn flush_took(&self, seconds: f64) {
        self.flush_duration.observe(seconds);
    }

    /// All of it as OpenMetrics text.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn text(&self) -> Result<String, fmt::Error> {
        let _whole = lock(&self.whole);
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

fn owned(labels: Of<'_>) -> Labels {
    labels.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
}
