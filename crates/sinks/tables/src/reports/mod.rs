//! Answers for people: reports, searches and look-ups over the lake.
//!
//! Contract: the figures are those of `metrics::queues`, `agents`, `contacts` and
//! `distribution` over the tables' rows as they stand (or stood, `as_of`), of which the
//! asker sees what is [`Visible`] to them; lists are paged, their cursors stay where they
//! are while rows come in. Every answer is of the newest commits. Memory has a limit
//! ([`Limits`]) besides the answers themselves. A [`Reports`] is shared by all who ask.

mod plain;
mod question;
mod recordings;

use std::collections::BTreeMap;
use std::sync::Arc;

use metrics::{AgentRow, ContactRow, LostRow, QueueRow, ServiceLevel, WaitRow};
use model::facts::{Call, Visit};
use model::{Instant, Name};

pub use question::{Behind, Contact, Cursor, Page, Question, Search, Visible};
pub use recordings::{RecordingSearch, RecordingsFound};

use crate::error::TablesError;
use crate::lake::Lake;

/// What answering may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of rows that are kept from one question to the next.
    pub memory: usize,
    /// The most rows of a page.
    pub page: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { memory: 512 << 20, page: 500 }
    }
}

/// Answers questions from a lake; see the module.
#[derive(Clone, Debug)]
pub struct Reports {
    lake: Arc<Lake>,
    limits: Limits,
}

impl Reports {
    /// Over a lake.
    pub fn new(lake: Arc<Lake>, limits: Limits) -> Self {
        Self { lake, limits }
    }

    /// The `queues` report, its totals row last where one is asked for.
    ///
    /// # Errors
    /// A table is absent or cannot be read.
    pub async fn queues(&self, question: &Question) -> Result<Vec<QueueRow>, TablesError> {
        plain::queues(&self.lake, &self.complete(question).await?).await
    }

    /// The `agents` report. An agent's figures are of all their work: who may see some
    /// queues only sees the agents that a row by queue names with one of them.
    ///
    /// # Errors
    /// A table is absent or cannot be read.
    pub async fn agents(&self, question: &Question) -> Result<Vec<AgentRow>, TablesError> {
        plain::agents(&self.lake, &self.complete(question).await?).await
    }

    /// The `contacts` report; who may see some queues only sees the contacts that count
    /// under one of them.
    ///
    /// # Errors
    /// A table is absent or cannot be read.
    pub async fn contacts(&self, question: &Question) -> Result<Vec<ContactRow>, TablesError> {
        plain::contacts(&self.lake, &self.complete(question).await?).await
    }

    /// The contacts that got nobody, as `report contacts --lost` lists them.
    ///
    /// # Errors
    /// A table is absent or cannot be read.
    pub async fn lost(&self, question: &Question) -> Result<Vec<LostRow>, TablesError> {
        plain::lost(&self.lake, &self.complete(question).await?).await
    }

    /// Visits by their wait; `edges` ascend, in milliseconds (`metrics::distribution`).
    ///
    /// # Errors
    /// A table is absent or cannot be read.
    pub async fn waits(&self, question: &Question, edges: &[i64]) -> Result<Vec<WaitRow>, TablesError> {
        plain::waits(&self.lake, &self.complete(question).await?, edges).await
    }

    /// The visits behind a row of the `queues` report or behind one of its figures, by
    /// arrival.
    ///
    /// # Errors
    /// A table is absent or cannot be read, or the column is no figure of the report.
    pub async fn visits_behind(&self, behind: &Behind) -> Result<Page<Visit>, TablesError> {
        if let Some(column) = behind.column.as_deref().filter(|c| !metrics::explain::is_figure(c)) {
            return Err(TablesError::Asked(format!(
                "'{column}' is no figure of the queues report with visits behind it"
            )));
        }
        let question = self.complete(&behind.question).await?;
        plain::visits_behind(&self.lake, behind, &question, self.page(behind.page)).await
    }

    /// Contacts that a search finds, the newest first; merged records are left out.
    ///
    /// # Errors
    /// A table is absent or cannot be read.
    pub async fn search_calls(&self, search: &Search) -> Result<Page<Call>, TablesError> {
        plain::search_calls(&self.lake, search, self.page(search.page)).await
    }

    /// One contact with everything known of it; `None` where there is none that the asker
    /// may see. Where several switches gave the id and none is named, that of the first by
    /// name.
    ///
    /// # Errors
    /// A table is absent or cannot be read.
    pub async fn contact(
        &self,
        call_id: &str,
        switch: Option<&str>,
        visible: &Visible,
    ) -> Result<Option<Contact>, TablesError> {
        plain::contact(&self.lake, call_id, switch, visible).await
    }

    /// When the last event of each switch was, of what was known at `as_of`.
    ///
    /// # Errors
    /// The table is absent or cannot be read.
    pub async fn last_events(&self, as_of: Option<Instant>) -> Result<BTreeMap<Name, Instant>, TablesError> {
        self.lake.last_events(as_of).await
    }

    /// The threshold (ms) that switches stated last for each (centre, queue), of what was
    /// known at `as_of`.
    ///
    /// # Errors
    /// The table is absent or cannot be read.
    pub async fn thresholds(&self, as_of: Option<Instant>) -> Result<BTreeMap<(Name, Name), i64>, TablesError> {
        self.lake.thresholds(as_of).await
    }

    /// The question with the thresholds that switches state, where it asks for them.
    async fn complete(&self, question: &Question) -> Result<Question, TablesError> {
        let mut question = question.clone();
        let options = &mut question.options;
        if options.service_level == ServiceLevel::Switch && options.switch_thresholds.is_empty() {
            options.switch_thresholds = self.thresholds(question.as_of).await?.into_iter().collect();
        }
        Ok(question)
    }

    fn page(&self, asked: usize) -> usize {
        if asked == 0 { self.limits.page } else { asked.min(self.limits.page) }
    }
}
