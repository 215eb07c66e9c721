//! Derived records into the log: contact records and dead letters. Step 1 of a flush.

use bytes::Bytes;
use event_log::dead_letters::DeadLetter;
use event_log::{EventLog, LogError, NewRecord};
use model::facts::Call;
use model::{Instant, TOPIC_CALLS, TOPIC_DEAD_LETTERS};

use crate::contacts;
use crate::fold::Reject;

/// Records appended at once.
const BATCH: usize = 2_000;

/// Publishes contact records to `cti.calls`, keyed by `call_id`; returns after they are
/// acknowledged. A repeat after a kill is harmless: readers take the highest revision.
///
/// # Errors
/// As `EventLog::append`.
pub async fn calls(log: &dyn EventLog, calls: &[Call]) -> Result<(), LogError> {
    for chunk in calls.chunks(BATCH) {
        let batch = chunk.iter().map(contacts::to_record).collect();
        log.append(TOPIC_CALLS, batch).await?;
    }
    Ok(())
}

/// Publishes rejects to `cti.dead-letters`; the id is the position, so that a repeat
/// after a kill is known as one.
///
/// # Errors
/// As `EventLog::append`.
pub async fn rejects(log: &dyn EventLog, rejects: &[Reject], at: Instant) -> Result<(), LogError> {
    for chunk in rejects.chunks(BATCH) {
        let batch: Vec<NewRecord> = chunk.iter().map(|r| letter(r, at).to_record()).collect();
        log.append(TOPIC_DEAD_LETTERS, batch).await?;
    }
    Ok(())
}

fn letter(reject: &Reject, at: Instant) -> DeadLetter {
    DeadLetter {
        id: reject.position.to_string().into(),
        reason: reject.reason.into(),
        text: reject.text.clone(),
        source: reject.source.clone(),
        switch: reject.switch.clone(),
        dialect: reject.dialect.clone(),
        center: reject.center.clone(),
        position: Some(reject.position),
        at,
        bytes: Bytes::clone(&reject.value),
    }
}
