//! Queue intervals on their way into a CRM.
//!
//! Contract: rows are made of all parts of a half hour; which ones are to be written says
//! `interval_feed`. Nothing is told of a written row, for none of its
//! facts changes by it, unless the row had been parked.

use crm::{Object, Outcome, Row};
use event_log::{LogError, NewRecord};
use model::facts::QueueInterval;
use model::{Act, Name};

use crate::crm_stage::CrmStage;
use crate::limits::PARKED_INTERVALS;

impl CrmStage {
    /// Intervals (by key) that an earlier process parked.
    pub fn parked_before(&mut self, keys: impl IntoIterator<Item = String>) {
        self.parked_intervals.extend(keys);
    }

    /// Intervals (by key) that stand parked, in order.
    pub(crate) fn parked(&self) -> Vec<String> {
        let mut keys: Vec<String> = self.parked_intervals.iter().cloned().collect();
        keys.sort_unstable();
        keys
    }

    /// Writes queue intervals: `rows` are the newest revisions of every switch's part of each
    /// half hour that is to be written. `false`: some were put off, and are to be given again.
    ///
    /// # Errors
    /// The log failed.
    pub async fn intervals(&mut self, rows: &[QueueInterval]) -> Result<bool, LogError> {
        let given = self.target.interval_rows(rows);
        if given.is_empty() {
            return Ok(true);
        }
        let outcomes = self.target.write(given.clone()).await;
        let settled = given.iter().zip(&outcomes).filter_map(|(row, o)| self.settle_interval(row, o, rows));
        let told = settled.collect();
        self.say_put_off(&outcomes);
        self.tell(told).await?;
        Ok(!outcomes.iter().any(|o| matches!(o, Outcome::Later(_))))
    }

    /// What became of an interval goes into the log where it was parked, or had been: a
    /// written one that never was parked is nobody's news.
    fn settle_interval(&mut self, row: &Row, outcome: &Outcome, parts: &[QueueInterval]) -> Option<NewRecord> {
        let (call_id, target): (Name, _) = (row.key.as_str().into(), self.target.name());
        let object = Name::from(row.object.name());
        let act = match outcome {
            Outcome::Later(_) => {
                self.counts.later += 1;
                return None;
            }
            Outcome::Written { id, .. } => {
                *self.counts.written.entry(Object::QueueInterval.name()).or_default() += 1;
                if !self.parked_intervals.remove(&row.key) {
                    return None;
                }
                let record_id = id.as_deref().map(Name::from);
                Act::CrmWritten { call_id, target, object, record_id, revision: row.revision }
            }
            Outcome::Parked(parked) => {
                self.counts.parked += 1;
                if self.parked_intervals.len() < PARKED_INTERVALS {
                    self.parked_intervals.insert(row.key.clone());
                }
                let reason = format!("{}: {}", parked.code, parked.reason);
                let row = serde_json::to_string(&parked.row).unwrap_or_default();
                Act::CrmParked { call_id, target, object, reason, row }
            }
        };
        // Any switch that has a part in it will do: the row merges them.
        let part = parts.iter().find(|p| crm::interval_rows(std::slice::from_ref(p)).iter().any(|r| r.key == row.key));
        let part = part.or_else(|| parts.first())?;
        Some(self.record(&act, &row.key, row.revision, (&part.center, &part.switch), Some(part.interval_end)))
    }
}
