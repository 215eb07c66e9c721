//! The stage `crm`: contacts and queue intervals into one CRM organisation.
//!
//! Contract: it reads `cti.calls`; every row ends written or parked, and what it did goes
//! back into the log as acts; its position advances only then. At least once, and every
//! write an upsert by external id: one record. A slow CRM delays only this stage.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crm::mapping::{MappingContext, TaskState};
use crm::{CrmTarget, MappingSettings, Object, Outcome, Party, Row};
use event_log::{EventLog, LogError, NewRecord};
use futures::{StreamExt, stream};
use model::facts::{Call, QueueInterval};
use model::{Act, Instant, Name, Roster, TOPIC_CALLS, TOPIC_EVENTS};

use crate::clock;
use crate::contacts;
use crate::crm_queue::{CrmQueue, MOST, Waiting};

/// Contacts asked about at once.
const AT_ONCE: usize = 4;
/// Contacts of one round.
const ROUND: usize = 2_000;
/// Task ids remembered; older ones are known from the contact's own record.
const REMEMBERED: usize = 100_000;

/// What the stage did since the process began.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CrmCounts {
    /// Rows written, by object.
    pub written: HashMap<&'static str, u64>,
    /// Rows parked.
    pub parked: u64,
    /// Rows put off.
    pub later: u64,
    /// Contact records that could not be read.
    pub unreadable: u64,
}

/// The stage.
pub struct CrmStage {
    log: Arc<dyn EventLog>,
    target: Arc<dyn CrmTarget>,
    settings: MappingSettings,
    rosters: HashMap<Name, Roster>,
    queue: CrmQueue,
    /// Where the group was told that it stands, by partition.
    told: HashMap<i32, i64>,
    tasks: HashMap<(Name, Name), Option<String>>,
    intervals: HashMap<(Name, Name, Name, Instant), i64>,
    /// What was done so far.
    pub counts: CrmCounts,
}

impl CrmStage {
    /// A stage for one target; `rosters` by switch give owners of Tasks.
    pub fn new(
        log: Arc<dyn EventLog>,
        target: Arc<dyn CrmTarget>,
        settings: MappingSettings,
        rosters: HashMap<Name, Roster>,
    ) -> Self {
        Self {
            log,
            target,
            settings,
            rosters,
            queue: CrmQueue::default(),
            told: HashMap::new(),
            tasks: HashMap::new(),
            intervals: HashMap::new(),
            counts: CrmCounts::default(),
        }
    }

    fn group(&self) -> String {
        format!("ringledger-crm-{}", self.target.name())
    }

    /// Contacts that wait.
    pub fn waiting(&self) -> usize {
        self.queue.len()
    }

    /// Reads what is new, writes what is due, moves the position. `released`: the input
    /// has ended, nothing more is waited for. Returns whether anything was done.
    ///
    /// # Errors
    /// The log failed.
    pub async fn round(&mut self, released: bool) -> Result<bool, LogError> {
        let read = self.read().await?;
        let due = self.queue.due(clock::now(), released, ROUND, &self.settings);
        let wrote = !due.is_empty();
        self.write(due).await?;
        for (partition, next) in self.queue.positions() {
            if self.told.get(&partition) != Some(&next) {
                self.log.commit(&self.group(), TOPIC_CALLS, partition, next).await?;
                self.told.insert(partition, next);
            }
        }
        Ok(read > 0 || wrote)
    }

    async fn read(&mut self) -> Result<usize, LogError> {
        let mut read = 0;
        for partition in 0..self.log.partitions(TOPIC_CALLS).await? {
            if self.queue.len() >= MOST {
                break;
            }
            let from = match self.queue.next(partition) {
                Some(next) => next,
                None => self.first(partition).await?,
            };
            let records = self.log.read(TOPIC_CALLS, partition, from, 1_000, 8 << 20, Duration::ZERO).await?;
            read += records.len();
            self.queue.start(partition, from);
            for record in &records {
                match contacts::from_record(record) {
                    Ok(call) => self.queue.take(partition, record.offset, call, &self.settings),
                    Err(e) => {
                        self.counts.unreadable += 1;
                        self.queue.start(partition, record.offset + 1);
                        tracing::error!(error = %e, "a contact record is passed over");
                    }
                }
            }
        }
        Ok(read)
    }

    /// Where the group stands, else the partition's beginning; what is gone by retention
    /// is passed over and said.
    async fn first(&self, partition: i32) -> Result<i64, LogError> {
        let marks = self.log.watermarks(TOPIC_CALLS, partition).await?;
        let committed = self.log.committed(&self.group(), TOPIC_CALLS, partition).await?.unwrap_or(marks.low);
        if committed < marks.low {
            tracing::warn!(partition, committed, low = marks.low, "contact records are gone by retention");
        }
        Ok(committed.clamp(marks.low, marks.high))
    }

    async fn write(&mut self, due: Vec<Waiting>) -> Result<(), LogError> {
        if due.is_empty() {
            return Ok(());
        }
        let target = self.target.clone();
        let asked: Vec<Call> = due.iter().map(|w| w.call.clone()).collect();
        let ask = |call: Call| {
            let target = target.clone();
            async move { target.find_party(&call).await }
        };
        let parties: Vec<_> = stream::iter(asked).map(ask).buffered(AT_ONCE).collect().await;
        let mut rows = Vec::new();
        let mut owners = Vec::new();
        // A contact without rows is settled as it is.
        let mut settled: Vec<bool> = parties.iter().map(Result::is_ok).collect();
        for (i, (waiting, party)) in due.iter().zip(parties).enumerate() {
            match party {
                Err(later) => {
                    self.counts.later += 1;
                    self.queue
                        .later(waiting, clock::now().plus_millis(i64::try_from(later.after_ms).unwrap_or(i64::MAX)));
                }
                Ok(party) => {
                    let made = self.rows_of(&waiting.call, &party);
                    owners.extend(std::iter::repeat_n(i, made.len()));
                    rows.extend(made);
                }
            }
        }
        let outcomes = self.target.write(rows.clone()).await;
        for ((owner, row), outcome) in owners.iter().zip(&rows).zip(&outcomes) {
            let call = &due[*owner].call;
            settled[*owner] &= self.settle(&due[*owner], row, outcome, (&call.center, &call.switch)).await?;
        }
        for (waiting, settled) in due.iter().zip(settled) {
            if settled {
                self.queue.done(waiting);
            }
        }
        Ok(())
    }

    fn rows_of(&self, call: &Call, party: &Party) -> Vec<Row> {
        let none = Roster::default();
        let name = self.target.name();
        let roster = self.rosters.get(&call.switch).unwrap_or(&none);
        let context = MappingContext { settings: &self.settings, roster, target: &name };
        let known = self.tasks.get(&(call.switch.clone(), call.call_id.clone()));
        let task = known.map_or_else(|| TaskState::of(call, &name), |id| TaskState::Written { id: id.clone() });
        self.target.contact_rows(call, &context, party, &task)
    }

    /// Records an outcome; `true` where it is final.
    async fn settle(
        &mut self,
        waiting: &Waiting,
        row: &Row,
        outcome: &Outcome,
        place: (&Name, &Name),
    ) -> Result<bool, LogError> {
        let call_id = waiting.call.call_id.clone();
        let (target, object) = (self.target.name(), Name::from(row.object.name()));
        let act = match outcome {
            Outcome::Later(later) => {
                self.counts.later += 1;
                let after = i64::try_from(later.after_ms).unwrap_or(i64::MAX);
                self.queue.later(waiting, clock::now().plus_millis(after));
                tracing::warn!(target = %target, key = row.key, why = later.message, "a row is put off");
                return Ok(false);
            }
            Outcome::Written { id, .. } => {
                *self.counts.written.entry(row.object.name()).or_default() += 1;
                if row.object == Object::Task {
                    if self.tasks.len() >= REMEMBERED {
                        self.tasks.clear();
                    }
                    self.tasks.insert((waiting.call.switch.clone(), call_id.clone()), id.clone());
                }
                let record_id = id.as_deref().map(Name::from);
                Act::CrmWritten { call_id, target, object, record_id, revision: waiting.call.revision }
            }
            Outcome::Parked(parked) => {
                self.counts.parked += 1;
                let reason = format!("{}: {}", parked.code, parked.reason);
                let row = serde_json::to_string(&parked.row).unwrap_or_default();
                Act::CrmParked { call_id, target, object, reason, row }
            }
        };
        self.tell(&act, &row.key, waiting.call.revision, place, waiting.call.ended_at).await?;
        Ok(true)
    }

    async fn tell(
        &self,
        act: &Act,
        key: &str,
        revision: i64,
        place: (&Name, &Name),
        at: Option<Instant>,
    ) -> Result<(), LogError> {
        let word = if matches!(act, Act::CrmParked { .. }) { "parked" } else { "written" };
        let object = match act {
            Act::CrmWritten { object, .. } | Act::CrmParked { object, .. } => object.as_str(),
            _ => "",
        };
        let id = format!("{}-{object}-{key}-{revision}-{word}", self.target.name());
        let envelope = act.envelope("crm", id.into(), place, at.unwrap_or_default(), clock::now());
        self.log.append(TOPIC_EVENTS, vec![NewRecord::event(&envelope)]).await?;
        Ok(())
    }

    /// All parts of every half hour of which a part changed since the last call.
    fn changed(&self, rows: &[QueueInterval]) -> Vec<QueueInterval> {
        let is_new = |r: &&QueueInterval| self.intervals.get(&interval_key(r)).is_none_or(|seen| *seen < r.revision);
        let halves: std::collections::HashSet<_> = rows.iter().filter(is_new).map(half).collect();
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
        let outcomes = self.target.write(self.target.interval_rows(&whole)).await;
        for outcome in &outcomes {
            match outcome {
                Outcome::Written { .. } => {
                    *self.counts.written.entry(Object::QueueInterval.name()).or_default() += 1;
                }
                Outcome::Parked(parked) => {
                    self.counts.parked += 1;
                    self.tell_parked_interval(parked, &whole).await?;
                }
                Outcome::Later(_) => self.counts.later += 1,
            }
        }
        if !outcomes.iter().any(|o| matches!(o, Outcome::Later(_))) {
            self.intervals = rows.iter().map(|r| (interval_key(r), r.revision)).collect();
        }
        Ok(())
    }

    async fn tell_parked_interval(&self, parked: &crm::Parked, rows: &[QueueInterval]) -> Result<(), LogError> {
        let Some(first) = rows.first() else { return Ok(()) };
        let act = Act::CrmParked {
            call_id: parked.row.key.as_str().into(),
            target: self.target.name(),
            object: parked.row.object.name().into(),
            reason: format!("{}: {}", parked.code, parked.reason),
            row: serde_json::to_string(&parked.row).unwrap_or_default(),
        };
        let place = (&first.center, &first.switch);
        self.tell(&act, &parked.row.key, parked.row.revision, place, Some(first.interval_end)).await
    }
}

fn interval_key(r: &QueueInterval) -> (Name, Name, Name, Instant) {
    (r.center.clone(), r.switch.clone(), r.queue.clone(), r.interval_start)
}

/// The half hour that an interval's CRM record covers.
fn half(row: &QueueInterval) -> (Name, Name, i64) {
    let start = row.interval_start.millis().div_euclid(crm::mapping::HALF_HOUR_MS);
    (row.center.clone(), row.queue.clone(), start)
}
