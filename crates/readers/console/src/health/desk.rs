//! What the pages of health are made of, and what they can have done: handed in by who
//! runs the server.

use model::Instant;
use serde::Serialize;
use utoipa::ToSchema;

/// Why something could not be read or done; the text is for people who tend the system.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct DeskError(pub String);

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

/// A flush of the folds' rows into the tables.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Flush {
    /// When it ended, RFC 3339.
    pub ended: String,
    /// How long it took, milliseconds.
    pub took_ms: i64,
    /// Rows since the flush before.
    pub rows: u64,
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

/// Who can say how the process does.
pub trait Desk: Send + Sync {
    /// How it does now.
    fn vitals(&self) -> Vitals;
}
