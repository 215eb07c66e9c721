//! Follows `cti.live`.

use std::time::Duration;

use event_log::{EventLog, LogError};
use model::{Instant, TOPIC_LIVE};

use super::Board;

/// A read waits so long for a first record.
const WAIT: Duration = Duration::from_millis(500);
/// Pause after a failure.
const PAUSE: Duration = Duration::from_secs(1);
/// Records and bytes of one read.
const RECORDS: usize = 5_000;
const BYTES: usize = 4 << 20;

/// Reads for ever; a failure is shown on the board and tried again.
pub(super) async fn follow(log: &dyn EventLog, board: &Board) {
    // Where to go on, and where the topic ended when it was first seen.
    let mut next = None;
    loop {
        match step(log, board, next).await {
            Ok(stand) => next = Some(stand),
            Err(LogError::OutOfRange { low, high, .. }) => next = Some((low, high)),
            Err(e) => {
                tracing::warn!(error = %e, "the board cannot read {TOPIC_LIVE}");
                board.change(|state| state.trouble = Some("the log cannot be read".to_owned()));
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// One read; the next offset, and the end as before.
async fn step(log: &dyn EventLog, board: &Board, next: Option<(i64, i64)>) -> Result<(i64, i64), LogError> {
    let (offset, end) = match next {
        Some(stand) => stand,
        None => {
            let marks = log.watermarks(TOPIC_LIVE, 0).await?;
            (marks.low, marks.high)
        }
    };
    let records = log.read(TOPIC_LIVE, 0, offset, RECORDS, BYTES, WAIT).await?;
    let reached = records.last().map_or(offset, |r| r.offset + 1);
    board.change_if(!records.is_empty(), |state| {
        state.trouble = None;
        for record in &records {
            state.take(&record.key, &record.value, Instant::from_millis(record.timestamp_ms));
        }
        // (Nothing more within the wait is the end as well: compaction may have taken the last.)
        state.caught_up |= reached >= end || records.is_empty();
    });
    Ok((reached, end))
}

impl Board {
    /// Changes the state; wakes watchers where it matters to them.
    fn change_if(&self, news: bool, with: impl FnOnce(&mut super::State)) {
        let known = {
            let state = self.state.read().unwrap_or_else(std::sync::PoisonError::into_inner);
            state.caught_up && state.trouble.is_none()
        };
        if news || !known {
            self.change(with);
        }
    }
}
