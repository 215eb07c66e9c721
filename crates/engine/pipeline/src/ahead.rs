//! Reading the next batch of a partition, and the envelopes in it, while the one before is
//! folded.
//!
//! Contract: a batch that was read ahead is given to the reader that stands at its first
//! offset, or dropped; so the fold sees the same records in the same order as without.
//! Memory: `AHEAD` batches at most.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use event_log::{EventLog, LogError, Opened};
use model::TOPIC_EVENTS;

use crate::limits::{AHEAD, READ_BYTES, READ_RECORDS};

/// Batches on their way.
#[derive(Default)]
pub struct Ahead(BTreeMap<i32, Reading>);

struct Reading {
    offset: i64,
    batch: tokio::task::JoinHandle<Result<Vec<Opened>, LogError>>,
}

async fn read(log: &dyn EventLog, partition: i32, offset: i64, wait: Duration) -> Result<Vec<Opened>, LogError> {
    log.read_events(TOPIC_EVENTS, partition, offset, READ_RECORDS, READ_BYTES, wait).await
}

impl Ahead {
    /// The records of a partition from an offset on; where there are `many`, the next ones
    /// are read meanwhile. Waits up to `wait` for the first.
    ///
    /// # Errors
    /// As `EventLog::read`.
    pub async fn take(
        &mut self,
        log: &Arc<dyn EventLog>,
        (partition, offset): (i32, i64),
        wait: Duration,
        many: usize,
    ) -> Result<Vec<Opened>, LogError> {
        let mut records = Vec::new();
        if let Some(reading) = self.0.remove(&partition)
            && reading.offset == offset
        {
            records = reading
                .batch
                .await
                .map_err(|e| LogError::Fatal(format!("reading {TOPIC_EVENTS}/{partition} ahead: {e}")))??;
        }
        if records.is_empty() {
            records = read(&**log, partition, offset, wait).await?;
        }
        if records.len() >= many && self.0.len() < AHEAD {
            self.begin(log.clone(), partition, &records);
        }
        Ok(records)
    }

    fn begin(&mut self, log: Arc<dyn EventLog>, partition: i32, before: &[Opened]) {
        let Some(offset) = before.last().map(|r| r.offset + 1) else { return };
        let batch = tokio::spawn(async move { read(&*log, partition, offset, Duration::ZERO).await });
        self.0.insert(partition, Reading { offset, batch });
    }

    /// Drops what was read ahead of a partition.
    pub fn forget(&mut self, partition: i32) {
        self.0.remove(&partition);
    }
}
