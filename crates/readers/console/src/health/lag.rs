//! How far the folds are behind the log, by partition.

use std::time::Duration;

use event_log::{EventLog, LogError};
use futures::{StreamExt as _, TryStreamExt as _};
use model::{Instant, TOPIC_EVENTS};
use serde::Serialize;
use utoipa::ToSchema;

use super::desk::Vitals;

/// Partitions asked about at once.
const AT_ONCE: usize = 8;

/// A partition of the log and how far its fold is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct PartitionView {
    /// Its number.
    pub partition: i32,
    /// Offset that the next record gets.
    pub high: i64,
    /// Offset of the first record that is not folded durably.
    pub stands: i64,
    /// Records between the two.
    pub behind: i64,
    /// Age of the oldest of them, milliseconds; null where there is none.
    pub behind_ms: Option<i64>,
    /// Whether this process folds it.
    pub here: bool,
}

/// Every partition, by number.
pub(super) async fn partitions(
    log: &dyn EventLog,
    vitals: &Vitals,
    now: Instant,
) -> Result<Vec<PartitionView>, LogError> {
    let count = log.partitions(TOPIC_EVENTS).await?;
    let asked = futures::stream::iter((0..count).map(|p| one(log, vitals, p, now)));
    asked.buffered(AT_ONCE).try_collect().await
}

async fn one(log: &dyn EventLog, vitals: &Vitals, partition: i32, now: Instant) -> Result<PartitionView, LogError> {
    let marks = log.watermarks(TOPIC_EVENTS, partition).await?;
    let told = log.committed(&vitals.group, TOPIC_EVENTS, partition).await?;
    let stands = told.unwrap_or(marks.low).clamp(marks.low, marks.high);
    let behind = marks.high - stands;
    let behind_ms = if behind == 0 { None } else { age(log, partition, stands, now).await };
    let here = vitals.folds.iter().any(|(p, _)| *p == partition);
    Ok(PartitionView { partition, high: marks.high, stands, behind, behind_ms, here })
}

/// How long ago a record was appended; `None` where it cannot be read (retention may take
/// it just now).
async fn age(log: &dyn EventLog, partition: i32, offset: i64, now: Instant) -> Option<i64> {
    let read = log.read(TOPIC_EVENTS, partition, offset, 1, 1, Duration::ZERO).await.ok()?;
    Some((now.millis() - read.first()?.timestamp_ms).max(0))
}
