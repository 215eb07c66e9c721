//! Records that could not be read once and can now, into the log.
//!
//! Contract: such an event has no sequence and needs no lease, so that the source's living
//! collector is not disturbed; its id tells place and content, as in an import, and folds
//! know it by that: appended twice it counts once (among the last ids that a fold
//! remembers). What the caller was doing then is not known: every key in it is masked.

use bytes::Bytes;
use dialects::{Framed, Masker};
use event_log::{EventLog, LogError, NewRecord};
use model::{Envelope, Instant, TOPIC_EVENTS};

use crate::feed::FeedTarget;
use crate::ids::record_id;
use crate::times::{plausible, writable};

/// Appends what reads of `framed`; an event without a believed time of its own has `at`.
///
/// # Errors
/// The log cannot be written: nothing is known to have landed, and it may be tried again.
pub async fn retake(
    log: &dyn EventLog,
    target: &FeedTarget,
    masker: &mut dyn Masker,
    framed: &[Framed],
    at: Instant,
    received: Instant,
) -> Result<u64, LogError> {
    let mut batch = Vec::new();
    for one in framed {
        let Ok(mut record) = one.record.clone() else { continue };
        masker.gap();
        masker.mask(&mut record);
        let envelope = Envelope {
            id: record_id("", one.offset, &one.raw),
            source: target.source(),
            dialect: target.dialect.clone(),
            time: record.time.filter(|t| plausible(*t, received)).map_or(at, writable),
            received,
            epoch: 0,
            sequence: 0,
            center: target.center.clone(),
            switch: target.switch.clone(),
            data: Bytes::from(serde_json::Value::Object(record.data).to_string()),
        };
        batch.push(NewRecord::event(&envelope));
    }
    let appended = batch.len() as u64;
    log.append(TOPIC_EVENTS, batch).await?;
    Ok(appended)
}
