//! Reading back what the log holds now.

use std::time::Duration;

use event_log::{EventLog, LogError, Record};

/// How often an answer may fail to come before the log counts as not readable.
const TRIES: u32 = 6;
/// How long one answer is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// Calls `take` with every record of a partition that is there now.
///
/// # Errors
/// As [`range`].
pub async fn whole(log: &dyn EventLog, topic: &str, partition: i32, take: impl FnMut(&Record)) -> Result<(), LogError> {
    let marks = log.watermarks(topic, partition).await?;
    range(log, topic, partition, (marks.low, marks.high), take).await
}

/// Calls `take` with every record from the first offset to before the second.
///
/// # Errors
/// The log cannot be read. A log that only falls silent is an error too: half a read-back
/// would let events in twice.
pub async fn range(
    log: &dyn EventLog,
    topic: &str,
    partition: i32,
    (mut offset, high): (i64, i64),
    mut take: impl FnMut(&Record),
) -> Result<(), LogError> {
    let mut silent = 0;
    while offset < high {
        let records = log.read(topic, partition, offset, 10_000, 16 << 20, PATIENCE).await?;
        let Some(last) = records.last() else {
            silent += 1;
            if silent >= TRIES {
                return Err(LogError::Transient(format!(
                    "reading back {topic}/{partition}: nothing came from offset {offset} on, though the log says that \
                     it reaches to {high}; try again when its servers answer"
                )));
            }
            continue;
        };
        silent = 0;
        offset = last.offset + 1;
        records.iter().filter(|r| r.offset < high).for_each(&mut take);
    }
    Ok(())
}
