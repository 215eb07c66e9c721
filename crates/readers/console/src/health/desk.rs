//! What the pages of health are made of, and what they can have done: handed in by who
//! runs the server.

use async_trait::async_trait;
use event_log::dead_letters::DeadLetter;
use model::{Instant, Name, Position};
use serde::Serialize;
use utoipa::ToSchema;

/// Why something could not be read or done; the text is for people who tend the system.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// There is no such row (any more).
    #[error("there is no such row; it may have been written or given up meanwhile")]
    Gone,
    /// What was asked for is not to be done: the text says why.
    #[error("{0}")]
    Refused(String),
    /// Something does not answer; it may be tried again.
    #[error("{0}")]
    Failed(String),
}

/// How this process does.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Vitals {
    /// When it began.
    pub started: Instant,
    /// Everything is up; not while it starts or drains.
    pub running: bool,
    /// Tasks that failed and wait to be started again.
    pub failed: Vec<String>,
    /// Sources that are not connected.
    pub lost: Vec<String>,
    /// What is waited for, the longest first, with how long, milliseconds.
    pub waits: Vec<(String, i64)>,
    /// The group that tells how far the folds are.
    pub group: String,
    /// Next offset to fold of the partitions that this process folds.
    pub folds: Vec<(i32, i64)>,
    /// The stage that folds runs in this process.
    pub folding: bool,
    /// The last flush.
    pub flush: Option<Flush>,
    /// The CRM writers of this process.
    pub crm: Vec<CrmWriter>,
}

/// The last flush of the folds' rows into the tables.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Flush {
    /// When it ended, RFC 3339; null where there was none yet.
    pub ended: Option<String>,
    /// How long it took, milliseconds.
    pub took_ms: i64,
    /// Its rows.
    pub rows: u64,
    /// When rows to flush were looked for last, RFC 3339: where none wait there is no flush.
    pub looked: String,
    /// Rows that wait for the next one.
    pub rows_held: u64,
}

/// What the writer of one CRM did since the process began.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct CrmWriter {
    /// Its name in the pipeline.
    pub target: String,
    /// Rows written.
    pub written: u64,
    /// Rows refused for good.
    pub parked: u64,
    /// Rows put off.
    pub put_off: u64,
    /// Requests repeated.
    pub retries: u64,
    /// Contacts that wait for their rows.
    pub waiting: u64,
    /// Requests used of the daily limit, where the CRM said so.
    pub budget_used: Option<u64>,
    /// The daily limit.
    pub budget_limit: Option<u64>,
    /// The daily limit is used up: nothing is sent for so long, milliseconds.
    pub held_back_ms: Option<u64>,
}

/// What a retry gave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Retried {
    /// What was tried: a dead letter's or a parked row's place.
    pub place: String,
    /// `taken_in`, `replay` or `unreadable` of a dead letter; `written`, `refused`, `later`
    /// or `not_given` of a parked row.
    pub result: String,
    /// What that means, or what was said.
    pub text: String,
}

/// The parked rows that stand.
#[derive(Clone, Debug, Default)]
pub struct Parked {
    /// Oldest first.
    pub rows: Vec<ParkedRow>,
    /// Of contacts from when on; none: of all.
    pub from: Option<Instant>,
}

/// A row that a CRM refused for good.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ParkedRow {
    /// Where the log says that it was parked: `3-42` is offset 42 of partition 3.
    pub place: String,
    /// When it was parked, RFC 3339.
    pub parked_at: String,
    /// The CRM target.
    pub target: String,
    /// API name of its object.
    pub object: String,
    /// The contact; of an interval its key.
    pub call_id: String,
    /// It is of a queue's interval, no contact.
    pub interval: bool,
    /// Places that it had before: it was parked again by a later revision of the contact.
    pub earlier: Vec<String>,
    /// The centre.
    pub center: String,
    /// The switch.
    pub switch: String,
    /// The queue, where the row names one.
    pub queue: Option<String>,
    /// The external id that it is upserted by; null where this build cannot read the row.
    pub key: Option<String>,
    /// What the CRM said, with its code.
    pub reason: String,
    /// What is to be written, corrections included.
    pub fields: Vec<ParkedField>,
    /// Names of further fields that may be filled in by a correction.
    pub further: Vec<String>,
    /// What became of it so far, oldest first.
    pub history: Vec<ParkedStep>,
}

/// A field of a parked row.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ParkedField {
    /// Its API name.
    pub name: String,
    /// Its value.
    pub value: serde_json::Value,
    /// Whether a correction may change it: figures, times and keys stay as measured.
    pub correctable: bool,
    /// Whether one has.
    pub corrected: bool,
}

/// A step in the history of a parked row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ParkedStep {
    /// When, RFC 3339.
    pub at: String,
    /// `parked`, `corrected` or `retried`.
    pub what: String,
    /// Who; null where the program did it by itself.
    pub who: Option<String>,
    /// What the CRM said, or what was changed and why.
    pub text: String,
}

impl ParkedRow {
    /// Whether it stands, or stood, at this place.
    pub fn is_at(&self, place: &str) -> bool {
        self.place == place || self.earlier.iter().any(|e| e == place)
    }
}

/// Fields and their new text; `None` empties a field.
pub type Correction = Vec<(Name, Option<String>)>;

/// Who can say how the process does, and does what is asked for: each act is in the log
/// with who did it.
#[async_trait]
pub trait Desk: Send + Sync {
    /// How it does now.
    fn vitals(&self) -> Vitals;

    /// Reads dead letters once more and takes in what reads now: what came of each, in their
    /// order.
    ///
    /// # Errors
    /// The log fails.
    async fn retry_letters(&self, letters: &[(Position, DeadLetter)], who: &str) -> Result<Vec<Retried>, DeskError>;

    /// The parked rows that stand, of contacts that ended at or after `from`; where none is
    /// given, of as long as is quickly read.
    ///
    /// # Errors
    /// The tables cannot be read.
    async fn parked(&self, from: Option<Instant>) -> Result<Parked, DeskError>;

    /// Gives parked rows to their CRMs again.
    ///
    /// # Errors
    /// The tables, the log or a CRM fail.
    async fn retry_parked(&self, places: &[String], who: &str) -> Result<Vec<Retried>, DeskError>;

    /// Corrects fields of a parked row; the next retry writes it so.
    ///
    /// # Errors
    /// The row stands no more, a field may not be corrected, or the log fails.
    async fn correct_parked(&self, place: &str, fields: Correction, who: &str, reason: &str) -> Result<(), DeskError>;

    /// Gives a parked row up.
    ///
    /// # Errors
    /// The row stands no more, or the log fails.
    async fn discard_parked(&self, place: &str, who: &str, reason: &str) -> Result<(), DeskError>;
}

/// A place in a topic as text: `3-42`.
pub fn place_text(place: Position) -> String {
    format!("{}-{}", place.partition, place.offset)
}

/// The place that such a text names.
pub(super) fn place_of(text: &str) -> Option<Position> {
    let (partition, offset) = text.split_once('-')?;
    Some(Position { partition: partition.parse().ok()?, offset: offset.parse().ok()? })
}
