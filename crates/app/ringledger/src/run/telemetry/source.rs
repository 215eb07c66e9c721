//! How a source does: connected or not, and what it appended.

use std::sync::Arc;

use super::{Telemetry, lock};

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

    fn labels(&self) -> [(&str, &str); 2] {
        [("switch", self.switch.as_str()), ("dialect", self.dialect.as_str())]
    }

    fn stands(&self, connected: bool) {
        self.telemetry.families.set("ringledger_source_connected", &self.labels(), i64::from(connected));
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
        self.telemetry.families.set("ringledger_source_connected", &self.labels(), 0);
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
        self.telemetry.families.add("ringledger_events_appended", &self.labels(), events);
    }
}
