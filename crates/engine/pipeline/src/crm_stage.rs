//! The stage `crm`: contacts and queue intervals into one CRM organisation.
//!
//! Contract: it reads `cti.calls`; every row ends written or parked, and what it did goes
//! back into the log as acts; its position advances only then. At least once, and every
//! write an upsert by external id: one record. A slow CRM delays only this stage.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use crm::mapping::{MappingContext, TaskState};
use crm::{CrmTarget, MappingSettings, Object, Outcome, Party, Row};
use event_log::{EventLog, LogError, NewRecord};
use model::facts::Call;
use model::{Act, Instant, Name, Roster, TOPIC_CALLS, TOPIC_EVENTS};

use crate::clock;
use crate::contacts;
use crate::crm_parties;
use crate::crm_queue::{CrmQueue, MOST, Waiting};
use crate::limits::TOLD_AT_ONCE;

/// Contacts of one round.
const ROUND: usize = 2_000;
/// Fewer contacts than a batch wait so long for more, milliseconds.
const FLUSH_MS: i64 = 3_000;
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
    pub(crate) target: Arc<dyn CrmTarget>,
    settings: MappingSettings,
    rosters: HashMap<Name, Roster>,
    queue: CrmQueue,
    /// Where the group was told that it stands, by partition.
    told: HashMap<i32, i64>,
    tasks: HashMap<(Name, Name), Option<String>>,
    /// Keys of intervals whose rows stand parked; that one was written after all is told.
    pub(crate) parked_intervals: HashSet<String>,
    /// When rows were written last.
    flushed: Instant,
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
            parked_intervals: HashSet::new(),
            flushed: Instant::default(),
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
        let due = self.due(released);
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

    /// What is written now: a batch that is full, or what came in `FLUSH_MS`. (Every request
    /// costs the CRM's daily limit, however few rows it holds.)
    fn due(&mut self, released: bool) -> Vec<Waiting> {
        let (now, full) = (clock::now(), self.target.batch_rows());
        let early = !released && now.millis_since(self.flushed) < FLUSH_MS;
        if early && self.queue.len() < full {
            return Vec::new();
        }
        let due = self.queue.due(now, released, ROUND, &self.settings);
        if early && due.len() < full {
            return Vec::new();
        }
        if !due.is_empty() {
            self.flushed = now;
        }
        due
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
        let parties = crm_parties::ask(&self.target, &due).await;
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
        let mut told = Vec::new();
        for ((owner, row), outcome) in owners.iter().zip(&rows).zip(&outcomes) {
            match self.settle(&due[*owner], row, outcome) {
                Some(record) => told.push(record),
                None => settled[*owner] = false,
            }
        }
        self.say_put_off(&outcomes);
        self.tell(told).await?;
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

    /// Takes in an outcome; what is to be told of it, `None` where the row is to be given again.
    fn settle(&mut self, waiting: &Waiting, row: &Row, outcome: &Outcome) -> Option<NewRecord> {
        let call = &waiting.call;
        let call_id = call.call_id.clone();
        let (target, object) = (self.target.name(), Name::from(row.object.name()));
        let act = match outcome {
            Outcome::Later(later) => {
                self.counts.later += 1;
                let after = i64::try_from(later.after_ms).unwrap_or(i64::MAX);
                self.queue.later(waiting, clock::now().plus_millis(after));
                return None;
            }
            Outcome::Written { id, .. } => {
                *self.counts.written.entry(row.object.name()).or_default() += 1;
                if row.object == Object::Task {
                    if self.tasks.len() >= REMEMBERED {
                        self.tasks.clear();
                    }
                    self.tasks.insert((call.switch.clone(), call_id.clone()), id.clone());
                }
                let record_id = id.as_deref().map(Name::from);
                Act::CrmWritten { call_id, target, object, record_id, revision: call.revision }
            }
            Outcome::Parked(parked) => {
                self.counts.parked += 1;
                let reason = format!("{}: {}", parked.code, parked.reason);
                let row = serde_json::to_string(&parked.row).unwrap_or_default();
                Act::CrmParked { call_id, target, object, reason, row }
            }
        };
        Some(self.record(&act, &row.key, call.revision, (&call.center, &call.switch), call.ended_at))
    }

    /// One line for all rows that are to be given again, not one each.
    pub(crate) fn say_put_off(&self, outcomes: &[Outcome]) {
        let mut reasons =
            outcomes.iter().filter_map(|o| if let Outcome::Later(later) = o { Some(&later.message) } else { None });
        if let Some(why) = reasons.next() {
            tracing::warn!(target = %self.target.name(), rows = 1 + reasons.count(), why, "rows are put off");
        }
    }

    pub(crate) fn record(
        &self,
        act: &Act,
        key: &str,
        revision: i64,
        place: (&Name, &Name),
        at: Option<Instant>,
    ) -> NewRecord {
        let word = if matches!(act, Act::CrmParked { .. }) { "parked" } else { "written" };
        let object = match act {
            Act::CrmWritten { object, .. } | Act::CrmParked { object, .. } => object.as_str(),
            _ => "",
        };
        let id = format!("{}-{object}-{key}-{revision}-{word}", self.target.name());
        NewRecord::event(&act.envelope("crm", id.into(), place, at.unwrap_or_default(), clock::now()))
    }

    /// Appends what is told; only then may the position pass what it tells of.
    pub(crate) async fn tell(&self, mut records: Vec<NewRecord>) -> Result<(), LogError> {
        while !records.is_empty() {
            let rest = records.split_off(records.len().min(TOLD_AT_ONCE));
            self.log.append(TOPIC_EVENTS, std::mem::replace(&mut records, rest)).await?;
        }
        Ok(())
    }
}
