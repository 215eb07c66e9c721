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
    let mut next = None;
    loop {
        match step(log, board, next).await {
            Ok(offset) => next = Some(offset),
            Err(LogError::OutOfRange { low, .. }) => next = Some(low),
            Err(e) => {
                tracing::warn!(error = %e, "the board cannot read {TOPIC_LIVE}");
                board.change(|state| state.trouble = Some("the log cannot be read".to_owned()));
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// One read; the next offset.
async fn step(log: &dyn EventLog, board: &Board, next: Option<i64>) -> Result<i64, LogError> {
    let offset = match next {
        Some(offset) => offset,
        None => log.watermarks(TOPIC_LIVE, 0).await?.low,
    };
    let records = log.read(TOPIC_LIVE, 0, offset, RECORDS, BYTES, WAIT).await?;
    let last = records.last().map(|r| r.offset + 1);
    board.change_if(!records.is_empty(), |state| {
        state.trouble = None;
        for record in &records {
            state.take(&record.key, &record.value, Instant::from_millis(record.timestamp_ms));
        }
        state.caught_up |= records.len() < RECORDS;
    });
    Ok(last.unwrap_or(offset))
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
