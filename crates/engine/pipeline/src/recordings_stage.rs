//! The stage `recordings`: announced recordings into the vault, outcomes into the log.
//!
//! Contract: every announced recording ends with an outcome (stored, empty, partial,
//! refused, missing after its deadline); what is not there yet stays pending. Repeated
//! attempts upload nothing twice, and an outcome that the log has already is not said
//! again. The vault makes one attempt; waiting and repeating are done here.

use std::collections::HashMap;
use std::sync::Arc;

use event_log::{EventLog, LogError, NewRecord};
use futures::{StreamExt, stream};
use model::acts::RecordingOutcome;
use model::facts::{Recording, RecordingState};
use model::{Act, Instant, Name, TOPIC_EVENTS};
use tokio::sync::mpsc;
use vault::{FailureKind, Source, Terms, Vault, VaultError};

use crate::clock;
use crate::limits::TOLD_AT_ONCE;
use crate::recordings_view::RecordingsView;
use crate::retry::{Failure, retry};
use crate::waits::Waits;

/// Recordings in work at once; each holds at most one part in memory (`vault`, 8 MiB).
const AT_ONCE: usize = 8;
/// A recording that did not come so long after its end is missing, milliseconds.
pub const DEADLINE_MS: i64 = 15 * 60_000;

/// A file that nobody announced is an orphan when it has rested so long, milliseconds.
const ORPHAN_SETTLE_MS: i64 = 60 * 60_000;

/// How recordings are waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waiting {
    /// The input has ended: what is not there is missing.
    InputEnded,
    /// Until `DEADLINE_MS` after the recording's end.
    Live,
}

/// What one round did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordingCounts {
    /// Outcomes by state.
    pub by_state: std::collections::BTreeMap<RecordingState, u64>,
    /// Still waited for.
    pub waiting: u64,
    /// Attempts repeated.
    pub retries: u64,
    /// Paths refused (they climb out of their folder).
    pub refused: u64,
}

/// Why a round stopped.
#[derive(Debug, thiserror::Error)]
pub enum RecordingsError {
    /// The outcome cannot be written to the log.
    #[error("the log: {0}")]
    Log(#[from] LogError),
    /// The vault or the source needs a person.
    #[error("recordings: {0}")]
    Vault(#[from] VaultError),
}

/// The stage.
pub struct RecordingsStage {
    /// Where outcomes go.
    pub log: Arc<dyn EventLog>,
    /// Where recordings go.
    pub vault: Arc<Vault>,
    /// Where they come from.
    pub source: Source,
    /// How they are waited for.
    pub waiting: Waiting,
    /// Where it is told what is waited for.
    pub waits: Waits,
}

enum Attempt {
    Outcome(Box<RecordingOutcome>, bool),
    NotYet,
}

impl RecordingsStage {
    /// Handles what is pending among `rows` (newest revisions of all recordings of the
    /// log, so that a recording's place within its call is known).
    ///
    /// # Errors
    /// The log cannot be written, or the store needs a person.
    pub async fn round(&self, rows: &[Recording]) -> Result<RecordingCounts, RecordingsError> {
        let numbers = numbers(rows);
        let due = rows.iter().filter(|row| self.is_due(row));
        let numbered = due.map(|row| (row.clone(), numbers.get(&row.recording_id).copied().unwrap_or(1)));
        self.work(numbered.collect(), |_| ()).await
    }

    /// Handles what is due in a view, which is told of each outcome.
    ///
    /// # Errors
    /// As [`RecordingsStage::round`]; outcomes that the log took by then are told.
    pub async fn round_of(&self, view: &mut RecordingsView) -> Result<RecordingCounts, RecordingsError> {
        self.work(view.due(), |id| view.told(id)).await
    }

    /// Attempts, and beside them what became of them goes into the log: one append, which is
    /// a wait for a disk or a broker, tells of all that ended during the one before.
    async fn work(
        &self,
        due: Vec<(Recording, u32)>,
        told: impl FnMut(&Name),
    ) -> Result<RecordingCounts, RecordingsError> {
        let (ended, to_tell) = mpsc::channel(TOLD_AT_ONCE);
        let attempts = async move {
            let attempts = stream::iter(due).map(|(row, n)| async move { (self.attempt(&row, n).await, row) });
            let mut attempts = std::pin::pin!(attempts.buffered(AT_ONCE));
            while let Some((attempted, row)) = attempts.next().await {
                // (Who tells is gone after a failure of the log, which is what is returned.)
                if ended.send((attempted?, row)).await.is_err() {
                    break;
                }
            }
            Ok(())
        };
        let (attempted, counts) = tokio::join!(attempts, self.tell_all(to_tell, told));
        let counts = counts?;
        attempted.map(|()| counts)
    }

    async fn tell_all(
        &self,
        mut ended: mpsc::Receiver<((Attempt, u32), Recording)>,
        mut told: impl FnMut(&Name),
    ) -> Result<RecordingCounts, LogError> {
        let mut counts = RecordingCounts::default();
        let mut batch = Vec::new();
        while ended.recv_many(&mut batch, TOLD_AT_ONCE).await > 0 {
            let (mut records, mut of) = (Vec::new(), Vec::new());
            for ((attempt, repeats), row) in batch.drain(..) {
                counts.retries += u64::from(repeats);
                match attempt {
                    Attempt::NotYet => counts.waiting += 1,
                    Attempt::Outcome(outcome, refused) => {
                        counts.refused += u64::from(refused);
                        if outcome.state != row.state {
                            *counts.by_state.entry(outcome.state).or_default() += 1;
                            let at = row.ended_at.unwrap_or(row.started_at);
                            records.push(said(*outcome, (&row.center, &row.switch), at));
                            of.push(row.recording_id);
                        }
                    }
                }
            }
            if !records.is_empty() {
                self.log.append(TOPIC_EVENTS, records).await?;
                of.iter().for_each(&mut told);
            }
        }
        Ok(counts)
    }

    fn is_due(&self, row: &Recording) -> bool {
        match row.state {
            RecordingState::Pending => self.waiting == Waiting::InputEnded || row.ended_at.is_some(),
            // A file that turned up after all is taken; one that still is not there says nothing new.
            RecordingState::Missing => self.waiting == Waiting::InputEnded,
            _ => false,
        }
    }

    fn terms(&self) -> Terms {
        match self.waiting {
            Waiting::InputEnded => Terms::import(clock::now()),
            Waiting::Live => Terms::live(clock::now()),
        }
    }

    async fn attempt(&self, row: &Recording, n: u32) -> Result<(Attempt, u32), RecordingsError> {
        let stored = retry(&self.waits.patient(), "the vault", || async {
            self.vault.store(row, n, &self.source, &self.terms()).await.map_err(|e| match e.kind() {
                FailureKind::Transient => Failure::Passing(e),
                _ => Failure::Final(e),
            })
        })
        .await;
        match stored {
            Ok((outcome, repeats)) => Ok((Attempt::Outcome(Box::new(outcome), false), repeats)),
            Err(e) => match e.kind() {
                FailureKind::NotYet if !self.deadline_passed(row) => Ok((Attempt::NotYet, 0)),
                FailureKind::NotYet => Ok((Attempt::Outcome(Box::new(vault::missing(row, Some(&e))), false), 0)),
                FailureKind::Refused => {
                    tracing::warn!(recording_id = %row.recording_id, error = %e, "a recording is refused");
                    Ok((Attempt::Outcome(Box::new(vault::missing(row, Some(&e))), true), 0))
                }
                FailureKind::Transient | FailureKind::Setup => Err(e.into()),
            },
        }
    }

    fn deadline_passed(&self, row: &Recording) -> bool {
        self.waiting == Waiting::InputEnded
            || row.ended_at.is_some_and(|end| clock::now().millis_since(end) > DEADLINE_MS)
    }

    /// Stores files that nobody announced, where the source is a folder; `place` is the
    /// centre and the switch.
    ///
    /// # Errors
    /// The folder cannot be scanned, or the log cannot be written.
    pub async fn orphans(&self, rows: &[Recording], place: (&Name, &Name)) -> Result<RecordingCounts, RecordingsError> {
        let Source::Folder(folder) = &self.source else { return Ok(RecordingCounts::default()) };
        let announced = rows.iter().filter(|r| r.state != RecordingState::Orphan);
        let announced = announced.filter_map(|r| r.source.as_ref().map(ToString::to_string)).collect();
        let own = rows.iter().filter(|r| r.switch == *place.1);
        let known = own.map(|r| &r.recording_id).collect();
        let sweep = self.vault.orphans(folder, (place.0, place.1), announced, &known, &self.orphan_terms()).await?;
        for text in &sweep.skipped {
            tracing::warn!(what = %text, "not looked into");
        }
        let mut counts = RecordingCounts::default();
        let mut records = sweep.outcomes.into_iter().map(|outcome| {
            let at = outcome.started_at.unwrap_or_default();
            said(outcome, place, at)
        });
        loop {
            let batch: Vec<NewRecord> = records.by_ref().take(TOLD_AT_ONCE).collect();
            if batch.is_empty() {
                break;
            }
            let told = batch.len() as u64;
            self.log.append(TOPIC_EVENTS, batch).await?;
            *counts.by_state.entry(RecordingState::Orphan).or_default() += told;
        }
        for (_, error) in sweep.failures {
            match error.kind() {
                FailureKind::NotYet => counts.waiting += 1,
                _ => return Err(error.into()),
            }
        }
        Ok(counts)
    }

    /// While a switch runs, a file that changed lately may yet be announced.
    fn orphan_terms(&self) -> Terms {
        match self.waiting {
            Waiting::InputEnded => self.terms(),
            Waiting::Live => Terms { settle_ms: Some(ORPHAN_SETTLE_MS), ..self.terms() },
        }
    }
}

/// An outcome as it is said in the log. Its id tells recording, state and content, so that
/// the same outcome said twice is one.
fn said(outcome: RecordingOutcome, place: (&Name, &Name), at: Instant) -> NewRecord {
    let hash = outcome.sha256.as_deref().unwrap_or("-");
    let id = format!("{}-{:?}-{hash}", outcome.recording_id, outcome.state);
    NewRecord::event(&Act::RecordingOutcome(outcome).envelope("vault", id.into(), place, at, clock::now()))
}

/// Which recording of its call each one is, from 1, in the order of the log.
fn numbers(rows: &[Recording]) -> HashMap<Name, u32> {
    let mut by_call: HashMap<&Name, Vec<&Recording>> = HashMap::new();
    for row in rows {
        if let Some(call) = &row.call_id {
            by_call.entry(call).or_default().push(row);
        }
    }
    let mut numbers = HashMap::new();
    for mut of_call in by_call.into_values() {
        of_call.sort_by_key(|r| (r.first_event, r.recording_id.clone()));
        numbers.extend(of_call.iter().zip(1..).map(|(r, n)| (r.recording_id.clone(), n)));
    }
    numbers
}
