//! Live figures into `cti.live`: records of queues, agents and switches (`metrics::live::record`),
//! whenever they have changed; and as gauges, as they stand.
//!
//! Contract: a switch's own record is written again after [`ALIVE`], changed or not: where
//! it stays away, readers know that nobody folds.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use bytes::Bytes;
use event_log::{EventLog, LogError, NewRecord};
use metrics::{LiveRecord, LiveRow};
use model::{Name, TOPIC_LIVE};
use pipeline::facts_stage::FactsStage;

use super::services::Services;

/// A switch's record is written at least so often.
const ALIVE: Duration = Duration::from_secs(2);

/// As of when figures are, and the zone whose midnight they count from, by switch.
type Terms<'a> = dyn Fn(&Name) -> (Option<model::Instant>, chrono_tz::Tz) + Sync + 'a;

/// What was published last, by key; as many as there are queues, agents and switches.
#[derive(Default)]
pub struct Live {
    published: HashMap<String, (LiveRecord, Instant)>,
}

impl Live {
    /// Partitions came or went: everything is published once more.
    pub fn forget(&mut self) {
        self.published.clear();
    }

    /// Publishes the figures as of now of every switch that have changed.
    ///
    /// # Errors
    /// The log cannot be written.
    pub async fn publish(&mut self, services: &Services, stage: &FactsStage) -> Result<(), LogError> {
        let now = pipeline::clock::now();
        for fold in stage.folds() {
            for (switch, known_at, at) in fold.heard() {
                services.telemetry.heard(switch, known_at, at);
            }
        }
        let terms = |switch: &Name| (Some(now), services.zone_of(switch));
        let records: Vec<LiveRecord> = stage.folds().flat_map(|fold| fold.live(&terms)).collect();
        services.telemetry.queues(&queues(&records));
        self.append(&*services.log, records).await
    }

    /// Publishes them as `terms` says of each switch.
    ///
    /// # Errors
    /// The log cannot be written.
    pub async fn publish_as(
        &mut self,
        log: &dyn EventLog,
        stage: &FactsStage,
        terms: &Terms<'_>,
    ) -> Result<(), LogError> {
        self.append(log, stage.folds().flat_map(|fold| fold.live(terms)).collect()).await
    }

    /// Those that say something new.
    async fn append(&mut self, log: &dyn EventLog, records: Vec<LiveRecord>) -> Result<(), LogError> {
        let batch: Vec<NewRecord> = records.into_iter().filter_map(|record| self.changed(record)).collect();
        if !batch.is_empty() {
            log.append(TOPIC_LIVE, batch).await?;
        }
        Ok(())
    }

    /// The record to append, where it says something new.
    fn changed(&mut self, record: LiveRecord) -> Option<NewRecord> {
        let key = record.key();
        if self.published.get(&key).is_some_and(|(known, at)| says_the_same(known, &record, at.elapsed())) {
            return None;
        }
        let value = Bytes::from(record.to_json());
        let appended = NewRecord {
            key: Bytes::from(key.clone()),
            partition: None,
            timestamp_ms: None,
            headers: Vec::new(),
            value,
        };
        self.published.insert(key, (record, Instant::now()));
        Some(appended)
    }
}

/// The queues among them.
fn queues(records: &[LiveRecord]) -> Vec<&LiveRow> {
    records.iter().filter_map(LiveRecord::queue).collect()
}

/// Whether a record says what was said `ago`.
fn says_the_same(known: &LiveRecord, record: &LiveRecord, ago: Duration) -> bool {
    match (known, record) {
        (LiveRecord::Switch(a), LiveRecord::Switch(b)) => a.agents == b.agents && ago < ALIVE,
        (a, b) => a == b,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use metrics::SwitchNow;

    fn switch(as_of: i64, agents: &[&str]) -> LiveRecord {
        LiveRecord::Switch(SwitchNow {
            center: "main".into(),
            switch: "pbx".into(),
            as_of: Some(model::Instant::from_secs(as_of)),
            last_event: None,
            agents: agents.iter().map(|a| (*a).into()).collect(),
        })
    }

    #[test]
    fn a_switch_is_told_when_its_agents_change_and_every_two_seconds() {
        assert!(says_the_same(&switch(1, &["Ann"]), &switch(2, &["Ann"]), Duration::from_secs(1)));
        assert!(!says_the_same(&switch(1, &["Ann"]), &switch(2, &[]), Duration::from_secs(1)));
        assert!(!says_the_same(&switch(1, &["Ann"]), &switch(3, &["Ann"]), ALIVE));
    }
}
