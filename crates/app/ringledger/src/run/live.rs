//! Live figures into `cti.live`: a record a switch and queue, whenever they have changed;
//! and as gauges, as they stand.

use std::collections::HashMap;

use bytes::Bytes;
use event_log::{LogError, NewRecord};
use metrics::render::json;
use model::TOPIC_LIVE;
use pipeline::facts_stage::FactsStage;

use super::services::Services;

/// What was published last, by key; as many as there are queues.
#[derive(Default)]
pub struct Live {
    published: HashMap<Bytes, Bytes>,
}

impl Live {
    /// Partitions came or went: everything is published once more.
    pub fn forget(&mut self) {
        self.published.clear();
    }

    /// Publishes the figures of every switch that have changed.
    ///
    /// # Errors
    /// The log cannot be written.
    pub async fn publish(&mut self, services: &Services, stage: &FactsStage) -> Result<(), LogError> {
        let now = pipeline::clock::now();
        let options = metrics::Options::default();
        let (mut batch, mut all) = (Vec::new(), Vec::new());
        for fold in stage.folds() {
            for (switch, known_at, at) in fold.heard() {
                services.telemetry.heard(switch, known_at, at);
            }
            for row in fold.live_rows(now, chrono_tz::UTC) {
                let key = Bytes::from(format!("{}/{}", row.switch.as_deref().unwrap_or_default(), row.queue));
                let value = Bytes::from(json(std::slice::from_ref(&row), &options));
                if self.published.get(&key) != Some(&value) {
                    self.published.insert(key.clone(), value.clone());
                    batch.push(NewRecord { key, partition: None, timestamp_ms: None, headers: Vec::new(), value });
                }
                all.push(row);
            }
        }
        services.telemetry.queues(&all);
        if !batch.is_empty() {
            services.log.append(TOPIC_LIVE, batch).await?;
        }
        Ok(())
    }
}
