//! Queue intervals on their way into a CRM.
//!
//! Contract: rows are made of all parts of a half hour; a half hour is written again when
//! a part of it has a newer revision. Nothing is told of a written row, for none of its
//! facts changes by it, unless the row had been parked.

use std::collections::HashSet;

use crm::{Object, Outcome, Row};
use event_log::{LogError, NewRecord};
use model::facts::QueueInterval;
use model::{Act, Instant, Name};

use crate::crm_stage::CrmStage;

/// One switch's part of a queue's quarter hour: centre, switch, queue, begin.
pub(crate) type PartKey = (Name, Name, Name, Instant);

impl CrmStage {
    /// Intervals (by key) that an earlier process parked.
    pub fn parked_before(&mut self, keys: impl IntoIterator<Item = String>) {
        self.parked_intervals.extend(keys);
    }

    /// All parts of every half hour of which a part changed since the last call.
    fn changed(&self, rows: &[QueueInterval]) -> Vec<QueueInterval> {
        let is_new = |r: &&QueueInterval| self.intervals.get(&interval_key(r)).is_none_or(|seen| *seen < r.revision);
        let halves: HashSet<_> = rows.iter().filter(is_new).map(half).collect();
        rows.iter().filter(|r| halves.contains(&half(r))).cloned().collect()
    }

    /// Writes queue intervals that are new or restated since the last call; `rows` are the
    /// newest revisions of every switch's part.
    ///
    /// # Errors
    /// The log failed.
    pub async fn intervals(&mut self, rows: &[QueueInterval]) -> Result<(), LogError> {
        let whole = self.changed(rows);
        if whole.is_empty() {
            return Ok(());
        }
        let given = self.target.interval_rows(&whole);
        let outcomes = self.target.write(given.clone()).await;
        let settled = given.iter().zip(&outcomes).filter_map(|(row, o)| self.settle_interval(row, o, &whole));
        let told = settled.collect();
        self.say_put_off(&outcomes);
        self.tell(told).await?;
        if !outcomes.iter().any(|o| matches!(o, Outcome::Later(_))) {
            self.intervals = rows.iter().map(|r| (interval_key(r), r.revision)).collect();
        }
        Ok(())
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
                self.parked_intervals.insert(row.key.clone());
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

fn interval_key(r: &QueueInterval) -> PartKey {
    (r.center.clone(), r.switch.clone(), r.queue.clone(), r.interval_start)
}

/// The half hour that an interval's CRM record covers.
fn half(row: &QueueInterval) -> (Name, Name, i64) {
    let start = row.interval_start.millis().div_euclid(crm::mapping::HALF_HOUR_MS);
    (row.center.clone(), row.queue.clone(), start)
}
