//! Answers for people: reports, searches and look-ups over the lake.
//!
//! Contract: the figures are those of `metrics::queues`, `agents`, `contacts` and
//! `distribution` over the tables' rows as they stand (or stood, `as_of`), of which the
//! asker sees what is [`Visible`] to them; lists are paged, their cursors stay where they
//! are while rows come in. Every answer is of the newest commits. Memory has a limit
//! ([`Limits`]) besides the answers themselves. A [`Reports`] is shared by all who ask.

mod agents;
mod contacts;
mod events;
mod history;
mod kept;
mod lookup;
mod marks;
mod plain;
mod question;
mod queues;
mod reach;
mod recordings;
mod rows;
mod search;
mod slim;
mod snapshots;

use std::collections::BTreeMap;
use std::sync::Arc;

use metrics::{AgentRow, ContactRow, LostRow, Options, QueueRow, ServiceLevel, WaitRow};
use model::facts::{Call, Visit};
use model::{Instant, Name};
use tokio::sync::{Semaphore, SemaphorePermit};

pub use history::History;
pub use marks::Restated;
pub use question::{Behind, Contact, Cursor, Page, Question, Search, Visible};
pub use recordings::{RecordingSearch, RecordingsFound};

use crate::error::TablesError;
use crate::lake::Lake;
use crate::read::Gap;
use crate::table::Table;
use events::Events;
use kept::Kept;
use snapshots::Snapshots;

/// What answering may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of rows that are kept from one question to the next.
    pub memory: usize,
    /// The most rows of a page.
    pub page: usize,
    /// The most days that are read as whole rows for one answer: for a report without an
    /// end of its range, for agents by queue, for lists of contacts that got nobody. What
    /// would need more is refused.
    pub whole_days: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { memory: 512 << 20, page: 500, whole_days: 62 }
    }
}

/// Answers questions from a lake; see the module.
#[derive(Clone)]
pub struct Reports(Arc<Inner>);

struct Inner {
    lake: Arc<Lake>,
    limits: Limits,
    snapshots: Snapshots,
    kept: Kept,
    events: Events,
    /// Reports that are made at the same time; the others wait for their turn, in order.
    turns: Semaphore,
}

/// So many reports at a time: each counts on two threads and reads two days at once, so more
/// would take memory and make each of them later.
const AT_ONCE: usize = 3;

impl Inner {
    /// # Errors
    /// The table has more days than may be read as whole rows for one answer.
    async fn allows(&self, table: Table) -> Result<(), TablesError> {
        self.allows_days(self.snapshots.days(&self.lake, table).await?.len())
    }

    /// # Errors
    /// The range has more days than may be read as whole rows for one answer.
    async fn allows_range(&self, table: Table, options: &Options) -> Result<(), TablesError> {
        match (options.from, options.to) {
            (Some(from), Some(to)) => self.allows_days(usize::try_from(to.days() - from.days()).unwrap_or(0)),
            _ => self.allows(table).await,
        }
    }

    /// # Errors
    /// The table has more days from there on than may be read as whole rows for one answer.
    async fn allows_since(&self, table: Table, since: Option<Instant>) -> Result<(), TablesError> {
        let days = self.snapshots.days(&self.lake, table).await?;
        self.allows_days(since.map_or(days.len(), |at| days.range(at.days()..).count()))
    }

    /// A turn, held while a report is made.
    async fn turn(&self) -> Result<SemaphorePermit<'_>, TablesError> {
        self.turns.acquire().await.map_err(|_| TablesError::Interrupted("the process is about to end".to_owned()))
    }

    fn allows_days(&self, days: usize) -> Result<(), TablesError> {
        let most = self.limits.whole_days;
        if days <= most {
            return Ok(());
        }
        Err(TablesError::Asked(format!(
            "this would read {days} days of whole rows, and {most} may be read at once: name a shorter range, with a \
             begin and an end, on full quarters of an hour"
        )))
    }
}

impl std::fmt::Debug for Reports {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reports").field("lake", &self.0.lake).field("limits", &self.0.limits).finish_non_exhaustive()
    }
}

impl Reports {
    /// Over a lake; nothing is read yet.
    pub fn new(lake: Arc<Lake>, limits: Limits) -> Self {
        let kept = Kept::new(limits.memory);
        Self(Arc::new(Inner {
            lake,
            limits,
            snapshots: Snapshots::default(),
            kept,
            events: Events::default(),
            turns: Semaphore::new(AT_ONCE),
        }))
    }

    /// Bytes of rows that are kept.
    pub fn kept_bytes(&self) -> usize {
        self.0.kept.bytes()
    }

    /// The `queues` report, its totals row last where one is asked for.
    ///
    /// # Errors
    /// A table is absent or cannot be read.
    pub async fn queues(&self, question: &Question) -> Result<Vec<QueueRow>, TablesError> {
        let _turn = self.0.turn().await?;
        let question = self.complete(question).await?;
        if metrics::queue_fold::needs_rows(&question.options) {
            self.0.allows(Table::QueueVisits).await?;
            return plain::queues(&self.0.lake, &question).await;
        }
        queues::queues(&self.0, &question).await
    }

    /// The `agents` report. An agent's figures are of all their work: who may see some
    /// queues only sees the agents that a row by queue names with one of them.
    ///
    /// # Errors
    /// A table is absent or cannot be read.
    pub async fn agents(&self, question: &Question) -> Result<Vec<AgentRow>, TablesError> {
        let _turn = self.0.turn().await?;
        agents::agents(&self.0, &self.complete(question).await?).await
    }

    /// The `contacts` report; who may see some queues only sees the contacts that count
    /// under one of them.
    ///
    /// # Errors
    /// A table is absent or cannot be read.
    pub async fn contacts(&self, question: &Question) -> Result<Vec<ContactRow>, TablesError> {
        let _turn = self.0.turn().await?;
        match contacts::contacts(&self.0, question).await? {
            Some(rows) => Ok(rows),
            None => {
                self.0.allows_range(Table::Calls, &question.options).await?;
                plain::contacts(&self.0.lake, question).await
            }
        }
    }

    /// The contacts that got nobody, as `report contacts --lost` lists them.
    ///
    /// # Errors
    /// A table is absent or cannot be read.
    pub async fn lost(&self, question: &Question) -> Result<Vec<LostRow>, TablesError> {
        let _turn = self.0.turn().await?;
        self.0.allows_since(Table::Calls, plain::lost_since(&question.options)).await?;
        plain::lost(&self.0.lake, &self.complete(question).await?).await
    }

    /// Visits by their wait; `edges` ascend, in milliseconds (`metrics::distribution`).
    ///
    /// # Errors
    /// A table is absent or cannot be read.
    pub async fn waits(&self, question: &Question, edges: &[i64]) -> Result<Vec<WaitRow>, TablesError> {
        let _turn = self.0.turn().await?;
        let question = self.complete(question).await?;
        if metrics::queue_fold::needs_rows(&question.options) {
            self.0.allows(Table::QueueVisits).await?;
            return plain::waits(&self.0.lake, &question, edges).await;
        }
        queues::waits(&self.0, &question, edges.to_vec()).await
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
        let _turn = self.0.turn().await?;
        let question = self.complete(&behind.question).await?;
        plain::visits_behind(&self.0, behind, &question, self.page(behind.page)).await
    }

    /// Contacts that a search finds, the newest first; merged records are left out.
    ///
    /// # Errors
    /// A table is absent or cannot be read.
    pub async fn search_calls(&self, search: &Search) -> Result<Page<Call>, TablesError> {
        search::calls(&self.0, search, self.page(search.page)).await
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
        lookup::contact(&self.0, call_id, switch, visible).await
    }

    /// When the last event of each switch was, of what was known at `as_of`.
    ///
    /// # Errors
    /// The table is absent or cannot be read.
    pub async fn last_events(&self, as_of: Option<Instant>) -> Result<BTreeMap<Name, Instant>, TablesError> {
        Ok(events::derived(&self.0, as_of).await?.last)
    }

    /// The threshold (ms) that switches stated last for each (centre, queue), of what was
    /// known at `as_of`.
    ///
    /// # Errors
    /// The table is absent or cannot be read.
    pub async fn thresholds(&self, as_of: Option<Instant>) -> Result<BTreeMap<(Name, Name), i64>, TablesError> {
        Ok(events::derived(&self.0, as_of).await?.thresholds())
    }

    /// The rows of the `queues` report by arrival that hold visits which changed after their
    /// close. It reads every revision of the range: ask for it where rows are shown.
    ///
    /// # Errors
    /// A table is absent or cannot be read.
    pub async fn restated(&self, question: &Question) -> Result<Vec<Restated>, TablesError> {
        marks::restated(&self.0.lake, question).await
    }

    /// When nothing was heard of a source of the centres asked for, within the range.
    ///
    /// # Errors
    /// The table is absent or cannot be read.
    pub async fn gaps(&self, question: &Question) -> Result<Vec<Gap>, TablesError> {
        marks::gaps(&self.0.lake, question).await
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
        if asked == 0 { self.0.limits.page } else { asked.min(self.0.limits.page) }
    }
}
