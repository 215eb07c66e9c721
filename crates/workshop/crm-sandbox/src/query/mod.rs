//! The part of SOQL and SOSL that matching a caller and the clients of the tests need.
//! What is beyond it answers `MALFORMED_QUERY` and says what was not understood.

mod lex;
pub(crate) mod soql;
pub(crate) mod sosl;

use crate::store::Record;

/// What a query found: how many in all, and the rows of one page.
pub(crate) struct Selected {
    pub total: usize,
    pub rows: Vec<Record>,
}

/// A query that cannot be run.
#[derive(Debug)]
pub(crate) struct QueryError {
    pub code: &'static str,
    pub message: String,
}

impl QueryError {
    pub fn malformed(message: impl Into<String>) -> Self {
        Self { code: "MALFORMED_QUERY", message: message.into() }
    }
}
