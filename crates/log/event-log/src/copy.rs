//! `log copy`: moves one log's topics into another, positions and times kept.
//!
//! Contract: every record lands in its partition at its offset with its append time, key,
//! headers and value; the first that does not ends the copy with an error. The target must
//! be empty, or hold the beginning of the same copy, which is then continued. The source
//! is only read. Nobody else may append to the target meanwhile: an offset that differs
//! would tell.

use std::time::Duration;

use model::{TOPIC_DEAD_LETTERS, TOPIC_EVENTS};

use crate::{EventLog, LogError, NewRecord, Record, TopicSpec, Watermarks};

/// Records and bytes of one step.
const STEP: (usize, usize) = (2000, 4 << 20);

/// What a copy did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Copied {
    /// Records copied now.
    pub records: u64,
    /// Records that were there from an earlier copy, cut short.
    pub before: u64,
}

/// Copies `cti.events` and `cti.dead-letters`; what is derived from them (`cti.calls`,
/// `cti.live`) is made anew by the stages. `progress` is told of each step.
///
/// # Errors
/// `Fatal` where the target holds something else, or the source no longer begins at 0;
/// else as reading and appending.
pub async fn copy_log(
    from: &dyn EventLog,
    to: &dyn EventLog,
    progress: &mut (dyn FnMut(&str, u64) + Send),
) -> Result<Copied, LogError> {
    let mut sum = Copied::default();
    for topic in [TOPIC_EVENTS, TOPIC_DEAD_LETTERS] {
        let done = match copy_topic(from, to, topic, progress).await {
            // A log that never met anything unreadable.
            Err(LogError::Unknown(_)) if topic == TOPIC_DEAD_LETTERS => continue,
            other => other?,
        };
        sum.records += done.records;
        sum.before += done.before;
    }
    Ok(sum)
}

/// Copies one topic.
///
/// # Errors
/// As `copy_log`.
pub async fn copy_topic(
    from: &dyn EventLog,
    to: &dyn EventLog,
    topic: &str,
    progress: &mut (dyn FnMut(&str, u64) + Send),
) -> Result<Copied, LogError> {
    let partitions = from.partitions(topic).await?;
    let known = crate::topics().into_iter().find(|t| t.name == topic);
    let spec = known.unwrap_or_else(|| TopicSpec { name: topic.to_owned(), partitions, settings: Vec::new() });
    to.ensure_topic(&TopicSpec { partitions, ..spec }).await?;
    // All partitions are looked at before the first record moves.
    let mut work = Vec::new();
    for p in 0..partitions {
        let marks = from.watermarks(topic, p).await?;
        work.push((p, start(from, to, topic, p, marks).await?, marks.high));
    }
    let mut sum = Copied::default();
    for (p, start, high) in work {
        sum.before += u64::try_from(start).unwrap_or(0);
        let mut next = start;
        while next < high {
            next = step(from, to, topic, p, next, high).await?;
            progress(topic, u64::try_from(next - start).unwrap_or(0) + sum.records);
        }
        sum.records += u64::try_from(next - start).unwrap_or(0);
        verify_end(to, topic, p, high).await?;
    }
    Ok(sum)
}

/// Where to begin: 0 in an empty target; after the last record of a copy cut short.
async fn start(
    from: &dyn EventLog,
    to: &dyn EventLog,
    topic: &str,
    p: i32,
    source: Watermarks,
) -> Result<i64, LogError> {
    let target = to.watermarks(topic, p).await?;
    if source.low > 0 && source.high > 0 {
        return Err(LogError::Fatal(format!(
            "{topic}/{p} begins at offset {}, not at 0: its positions cannot be kept in a new log",
            source.low
        )));
    }
    if target.high == 0 {
        return Ok(0);
    }
    let other = |why: String| {
        LogError::Fatal(format!(
            "the target's {topic}/{p} is not empty and holds something else than this log ({why}): \
             copy into a cluster where {topic} is empty"
        ))
    };
    if target.low > 0 || target.high > source.high {
        return Err(other(format!("it holds {}..{}, the source 0..{}", target.low, target.high, source.high)));
    }
    // Both ends of what is there must be the same records.
    for offset in [0, target.high - 1] {
        let (theirs, ours) = (one(to, topic, p, offset).await?, one(from, topic, p, offset).await?);
        if theirs != ours || ours.is_none() {
            return Err(other(format!("offset {offset} differs")));
        }
    }
    Ok(target.high)
}

async fn one(log: &dyn EventLog, topic: &str, p: i32, offset: i64) -> Result<Option<Record>, LogError> {
    let found = log.read(topic, p, offset, 1, 1, Duration::from_secs(10)).await?;
    Ok(found.into_iter().next().filter(|r| r.offset == offset))
}

async fn step(
    from: &dyn EventLog,
    to: &dyn EventLog,
    topic: &str,
    p: i32,
    next: i64,
    high: i64,
) -> Result<i64, LogError> {
    let mut read = from.read(topic, p, next, STEP.0, STEP.1, Duration::from_secs(10)).await?;
    read.retain(|r| r.offset < high);
    let expected: Vec<(i32, i64)> = (next..).take(read.len()).map(|o| (p, o)).collect();
    if read.is_empty() || read.iter().zip(&expected).any(|(r, (_, o))| r.offset != *o) {
        return Err(LogError::Fatal(format!(
            "the source's {topic}/{p} has a gap at or after offset {next}: positions cannot be kept"
        )));
    }
    let batch: Vec<NewRecord> = read
        .into_iter()
        .map(|r| NewRecord {
            key: r.key,
            partition: Some(p),
            timestamp_ms: Some(r.timestamp_ms),
            headers: r.headers,
            value: r.value,
        })
        .collect();
    let placed = to.append(topic, batch).await?;
    if placed != expected {
        return Err(LogError::Fatal(format!(
            "records of {topic}/{p} landed at other offsets than {next}..{}: somebody else writes into the target; \
             stop that and copy into an empty cluster",
            next + expected.len() as i64
        )));
    }
    Ok(next + expected.len() as i64)
}

async fn verify_end(to: &dyn EventLog, topic: &str, p: i32, high: i64) -> Result<(), LogError> {
    let marks = to.watermarks(topic, p).await?;
    if (marks.low, marks.high) == (0, high) {
        return Ok(());
    }
    Err(LogError::Fatal(format!(
        "after the copy {topic}/{p} holds {}..{} instead of 0..{high}: check the topic's retention settings",
        marks.low, marks.high
    )))
}
