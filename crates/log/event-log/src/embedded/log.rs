//! The embedded log as an `EventLog`.

use std::time::Duration;

use async_trait::async_trait;
use model::Instant;

use super::membership::{EmbeddedLease, Everything};
use super::reader::{self, Found, Limit};
use super::writer::{Done, Wish};
use super::{EmbeddedLog, check_count, mismatch, store};
use crate::{EventLog, Lease, LogError, Membership, NewRecord, Record, TopicSpec, Watermarks};

#[async_trait]
impl EventLog for EmbeddedLog {
    async fn ensure_topic(&self, spec: &TopicSpec) -> Result<(), LogError> {
        if self.inner.writer.is_none() {
            return check_count(&self.topic(&spec.name).await?, spec);
        }
        self.ask(Wish::Topic(spec.clone())).await.map(|_| ())
    }

    async fn partitions(&self, topic: &str) -> Result<i32, LogError> {
        self.topic(topic).await.map(|t| t.partitions)
    }

    async fn append(&self, topic: &str, batch: Vec<NewRecord>) -> Result<Vec<(i32, i64)>, LogError> {
        self.append_as(topic, None, batch).await
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
        let id = self.place(topic, partition).await?;
        let limit = Limit { records: max_records.max(1), bytes: max_bytes };
        let until = tokio::time::Instant::now() + wait;
        let mut commits = self.inner.commits.clone();
        loop {
            commits.mark_unchanged();
            let found = self.look(move |view, cache| reader::read(view, cache, id, partition, offset, limit)).await?;
            match found {
                Found::Outside(w) => {
                    let topic = topic.to_owned();
                    return Err(LogError::OutOfRange { topic, partition, offset, low: w.low, high: w.high });
                }
                Found::Records(r) if !r.is_empty() => return Ok(r),
                Found::Records(r) => {
                    if tokio::time::timeout_at(until, self.something_new(&mut commits)).await.is_err() {
                        return Ok(r);
                    }
                }
            }
        }
    }

    async fn watermarks(&self, topic: &str, partition: i32) -> Result<Watermarks, LogError> {
        let id = self.place(topic, partition).await?;
        self.look(move |view, _| reader::watermarks(view, id, partition)).await
    }

    async fn offset_at(&self, topic: &str, partition: i32, at: Instant) -> Result<i64, LogError> {
        let id = self.place(topic, partition).await?;
        // Rounded up: an append at 12:00:00.000 is before 12:00:00.000001.
        let at_ms = at.0.div_euclid(1000) + i64::from(at.0.rem_euclid(1000) != 0);
        self.look(move |view, cache| reader::offset_at(view, cache, id, partition, at_ms)).await
    }

    async fn commit(&self, group: &str, topic: &str, partition: i32, next_offset: i64) -> Result<(), LogError> {
        self.place(topic, partition).await?;
        let wish = Wish::Offset { group: group.to_owned(), topic: topic.to_owned(), partition, next: next_offset };
        self.ask(wish).await.map(|_| ())
    }

    async fn committed(&self, group: &str, topic: &str, partition: i32) -> Result<Option<i64>, LogError> {
        let id = self.place(topic, partition).await?;
        let group = group.to_owned();
        self.look(move |view, _| {
            Ok(view.open_table(store::GROUPS)?.get((group.as_str(), id, partition))?.map(|v| v.value()))
        })
        .await
    }

    async fn join(&self, _group: &str, topic: &str) -> Result<Box<dyn Membership>, LogError> {
        let all = (0..self.topic(topic).await?.partitions).collect();
        Ok(Box::new(Everything(Some(all))))
    }

    async fn lease(&self, source: &str) -> Result<Box<dyn Lease>, LogError> {
        match self.ask(Wish::Lease(source.to_owned())).await? {
            Done::Number(epoch) => Ok(Box::new(EmbeddedLease { log: self.clone(), source: source.to_owned(), epoch })),
            _ => Err(mismatch()),
        }
    }
}
