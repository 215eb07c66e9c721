//! The small trait behind which every CRM stands.

use async_trait::async_trait;
use model::Name;
use model::facts::{Call, QueueInterval};
use serde::{Deserialize, Serialize};

use crate::config::CrmError;
use crate::mapping::{MappingContext, TaskState};
use crate::matcher::Party;
use crate::row::{Outcome, Row};

/// Why a row was not written now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LaterKind {
    /// The daily limit is used up: the circuit is open.
    LimitExceeded,
    /// The budget guard holds bulk catch-up back.
    Budget,
    /// Not reachable, timed out, or the connection broke, also after the retries.
    Unreachable,
    /// It answered 429 or 5xx, or no JSON, also after the retries.
    Unavailable,
    /// The row stayed locked, also after the retries.
    Locked,
    /// The log-in is refused: somebody must correct the configuration.
    Refused,
}

/// When to give a row again, and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Later {
    /// What kind of failure.
    pub kind: LaterKind,
    /// Not before so many milliseconds.
    pub after_ms: u64,
    /// Which, where, what to do.
    pub message: String,
}

/// How a target stands, for metrics and `/readyz`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Status {
    /// Requests used of the daily limit, and the limit, as last stated.
    pub budget: Option<(u64, u64)>,
    /// The circuit stays open for so many milliseconds.
    pub circuit_open_ms: Option<u64>,
    /// Requests sent since the start.
    pub requests: u64,
    /// Attempts that were repeated since the start.
    pub retries: u64,
    /// Log-ins since the start.
    pub logins: u64,
}

/// A bulk job under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BulkJob {
    /// The CRM's id of it.
    pub job_id: String,
    /// API name of the object.
    pub object: String,
    /// Rows in it.
    pub rows: u64,
}

/// Where the id of a bulk job is kept from before its upload until its outcomes are
/// known. At most one job is kept at a time.
#[async_trait]
pub trait BulkJournal: Send + Sync {
    /// The job under way, if any.
    async fn load(&self) -> Result<Option<BulkJob>, String>;
    /// Keeps it durably; the upload begins only after this returned.
    async fn store(&self, job: &BulkJob) -> Result<(), String>;
    /// It is finished and its outcomes are returned.
    async fn clear(&self) -> Result<(), String>;
}

/// One CRM. Rows are written in one process per CRM organisation, since lanes cannot
/// span processes.
#[async_trait]
pub trait CrmTarget: Send + Sync {
    /// Its name in acts and metrics: `salesforce`, `webhook`.
    fn name(&self) -> Name;

    /// Rows flushed at once: the engine flushes at so many rows or after 3 s.
    fn batch_rows(&self) -> usize;

    /// Whom the contact is with.
    ///
    /// # Errors
    /// The failure, where the CRM cannot be asked; the engine tries again later.
    async fn find_party(&self, call: &Call) -> Result<Party, Later>;

    /// The rows of a contact.
    fn contact_rows(&self, call: &Call, context: &MappingContext<'_>, party: &Party, task: &TaskState) -> Vec<Row>;

    /// The rows of the intervals; `rows` holds the newest revision of every switch's part.
    fn interval_rows(&self, rows: &[QueueInterval]) -> Vec<Row>;

    /// Writes rows: one outcome each, in their order.
    async fn write(&self, rows: Vec<Row>) -> Vec<Outcome>;

    /// Tries the connection and says what is wrong with it (`ringledger check`).
    ///
    /// # Errors
    /// Which, where, what to do.
    async fn check(&self) -> Result<(), CrmError>;

    /// How it stands.
    fn status(&self) -> Status;
}
