//! One process's way to the log: every call may fail before or after it took effect, or
//! be slow; a read may return less than was asked for.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use event_log::{EventLog, Lease, LogError, Membership, NewRecord, Record, TopicSpec, Watermarks};
use model::Instant;

use crate::broken::Broken;
use crate::fates::{Fate, Lot};
use crate::ground::{Ground, Life};
use crate::happened::Kind;
use crate::memory_log::MemoryLog;

/// Records of one read at most.
const READ: u64 = 60;

/// The way of a process.
pub struct FaultyLog {
    inner: MemoryLog,
    /// Partitions that were read, for what is broken on purpose.
    begun: Mutex<BTreeSet<i32>>,
    ground: Arc<Ground>,
    life: Arc<Life>,
}

fn broken(why: &str) -> LogError {
    LogError::Transient(format!("the simulated log: {why}"))
}

impl FaultyLog {
    /// The way of a process.
    pub fn new(inner: MemoryLog, ground: Arc<Ground>, life: Arc<Life>) -> Self {
        Self { inner, ground, life, begun: Mutex::default() }
    }

    /// Waits for a call's turn; whether it has its effect, and its lot.
    async fn turn(&self, what: &str) -> Result<Lot, LogError> {
        let lot = self.ground.fates.draw(what, if what.starts_with("append") { 6 } else { 3 });
        self.ground.turn_of(&self.life, lot.delay_ms).await;
        let over = self.life.is_over();
        if over && !lot.outlives {
            std::future::pending::<()>().await;
        }
        self.count(&lot, what.starts_with("append"), over);
        let dead = if over { ", after its death" } else { "" };
        self.ground.trace.log(self.ground.now_ms(), format!("{} {what}: {:?}{dead}", self.life.name, lot.fate));
        if lot.fate == Fate::Before { Err(broken("no connection")) } else { Ok(lot) }
    }

    /// Whether a fold's first read of a partition is to miss a record.
    fn late(&self, topic: &str, partition: i32, offset: i64) -> bool {
        self.ground.is_broken(Broken::TakenUpLate)
            && topic == model::TOPIC_EVENTS
            && self.begun.lock().unwrap_or_else(PoisonError::into_inner).insert(partition)
            && offset > 0
    }

    fn count(&self, lot: &Lot, append: bool, over: bool) {
        let happened = &self.ground.happened;
        match lot.fate {
            Fate::Before => happened.note(Kind::LogBefore),
            Fate::Cut if append => happened.note(Kind::LogCut),
            Fate::After | Fate::Cut => happened.note(Kind::LogAfter),
            Fate::Exists | Fate::Fine => {}
        }
        if lot.is_slow() {
            happened.note(Kind::LogSlow);
        }
        if over {
            happened.note(Kind::AfterDeath);
        }
    }

    /// What comes back of a call that had its effect.
    async fn answer<T>(&self, lot: Lot, done: Result<T, LogError>) -> Result<T, LogError> {
        if self.life.is_over() {
            std::future::pending::<()>().await;
        }
        if matches!(lot.fate, Fate::After | Fate::Cut) { done.and(Err(broken("the answer was lost"))) } else { done }
    }
}

#[async_trait]
impl EventLog for FaultyLog {
    async fn ensure_topic(&self, spec: &TopicSpec) -> Result<(), LogError> {
        self.inner.ensure_topic(spec).await
    }

    async fn partitions(&self, topic: &str) -> Result<i32, LogError> {
        self.inner.partitions(topic).await
    }

    async fn append(&self, topic: &str, mut batch: Vec<NewRecord>) -> Result<Vec<(i32, i64)>, LogError> {
        let lot = self.turn(&format!("append {} to {topic}", batch.len())).await?;
        if lot.fate == Fate::Cut {
            batch.truncate(batch.len() / 2);
        }
        self.ground.effect();
        let last = batch.last().cloned();
        if self.ground.is_broken(Broken::AppendLosesTail) {
            batch.pop();
        }
        let mut places = self.inner.append(topic, batch).await;
        if let (true, Ok(places), Some(_)) = (self.ground.is_broken(Broken::AppendLosesTail), &mut places, last) {
            places.push((0, 0));
        }
        self.answer(lot, places).await
    }

    async fn read(
        &self,
        topic: &str,
        partition: i32,
        offset: i64,
        max_records: usize,
        max_bytes: usize,
        wait: Duration,
    ) -> Result<Vec<Record>, LogError> {
        let lot = self.turn(&format!("read {topic}/{partition}")).await?;
        let few = usize::try_from(1 + lot.spare % READ).unwrap_or(1);
        let mut read = self.inner.read(topic, partition, offset, max_records.min(few), max_bytes, wait).await;
        if let Ok(records) = &mut read
            && self.late(topic, partition, offset)
        {
            records.drain(..records.len().min(1));
        }
        self.answer(lot, read).await
    }

    async fn watermarks(&self, topic: &str, partition: i32) -> Result<Watermarks, LogError> {
        let lot = self.turn(&format!("watermarks {topic}/{partition}")).await?;
        self.answer(lot, self.inner.watermarks(topic, partition).await).await
    }

    async fn offset_at(&self, topic: &str, partition: i32, at: Instant) -> Result<i64, LogError> {
        self.inner.offset_at(topic, partition, at).await
    }

    async fn commit(&self, group: &str, topic: &str, partition: i32, next_offset: i64) -> Result<(), LogError> {
        let lot = self.turn(&format!("commit {group} {topic}/{partition} {next_offset}")).await?;
        self.answer(lot, self.inner.commit(group, topic, partition, next_offset).await).await
    }

    async fn committed(&self, group: &str, topic: &str, partition: i32) -> Result<Option<i64>, LogError> {
        let lot = self.turn(&format!("committed {group} {topic}/{partition}")).await?;
        self.answer(lot, self.inner.committed(group, topic, partition).await).await
    }

    async fn join(&self, group: &str, topic: &str) -> Result<Box<dyn Membership>, LogError> {
        self.inner.join(group, topic).await
    }

    async fn lease(&self, source: &str) -> Result<Box<dyn Lease>, LogError> {
        self.inner.lease(source).await
    }
}
