//! Answers: a report's rows with what has to be said beside them. Pages and API both show
//! these.

use metrics::render::{Report, Sheet};
use metrics::{AgentRow, ContactRow, LostRow, QueueRow};
use model::Instant;
use tables::{Behind, Cursor, Gap, Reports, Restated, TablesError};

use super::rows::{BucketRow, VisitRow};
use super::view::View;
use super::words::Bad;

/// The most rows of an answer.
pub(crate) const MOST_ROWS: usize = 200_000;

/// The longest range in which restated rows are looked for.
const MARKED_DAYS: i64 = 62;

/// The most buckets of waits.
const MOST_EDGES: usize = 50;

/// Which report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    Queues,
    Agents,
    Contacts,
    Lost,
    Waits,
    Visits,
}

impl What {
    /// Its name in addresses and file names.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Queues => "queues",
            Self::Agents => "agents",
            Self::Contacts => "contacts",
            Self::Lost => "lost",
            Self::Waits => "waits",
            Self::Visits => "visits",
        }
    }
}

/// A report that was made.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answer {
    /// The rows.
    pub sheet: Sheet,
    /// What has to be said under them.
    pub notes: Vec<String>,
    /// Rows with visits that changed after their close (`queues` alone).
    pub restated: Vec<Restated>,
    /// When nothing was heard of a source.
    pub gaps: Vec<Gap>,
    /// Where the next page begins (`visits` alone).
    pub next: Option<Cursor>,
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum NoAnswer {
    /// The question is not readable.
    Bad(Bad),
    /// It asks for too much.
    TooMuch(usize),
    /// The tables cannot be read now.
    Tables(TablesError),
}

impl From<Bad> for NoAnswer {
    fn from(bad: Bad) -> Self {
        Self::Bad(bad)
    }
}

impl From<TablesError> for NoAnswer {
    fn from(error: TablesError) -> Self {
        Self::Tables(error)
    }
}

/// The rows of a report as an answer.
pub(crate) fn answer<R: Report>(rows: &[R], view: &View) -> Result<Answer, NoAnswer> {
    if rows.len() > MOST_ROWS {
        return Err(NoAnswer::TooMuch(rows.len()));
    }
    let sheet = Sheet::of(rows, view.options()).with_columns(|name| view.wants(name));
    Ok(Answer { sheet, notes: R::notes(rows, view.options()), ..Answer::default() })
}

/// Makes a report of the API.
pub(crate) async fn make(reports: &Reports, what: What, view: &View) -> Result<Answer, NoAnswer> {
    let question = &view.question;
    let mut made = match what {
        What::Queues => {
            let rows = queues(reports, view).await?;
            let mut made = answer(&rows, view)?;
            made.restated = restated(reports, view, &mut made.notes).await?;
            made
        }
        What::Agents => answer(&agents(reports, view).await?, view)?,
        What::Contacts => answer::<ContactRow>(&reports.contacts(question).await?, view)?,
        What::Lost => answer::<LostRow>(&reports.lost(question).await?, view)?,
        What::Waits => {
            let edges = edges(view)?;
            answer(&BucketRow::of(&reports.waits(question, &edges).await?, &edges), view)?
        }
        What::Visits => return visits(reports, view).await,
    };
    made.gaps = reports.gaps(question).await?;
    Ok(made)
}

/// The `queues` report.
pub(crate) async fn queues(reports: &Reports, view: &View) -> Result<Vec<QueueRow>, NoAnswer> {
    Ok(reports.queues(&view.question).await?)
}

/// The rows that hold restated visits. They are looked for in every revision of the range:
/// not in a longer one than [`MARKED_DAYS`], nor in one without a begin and an end.
pub(crate) async fn restated(
    reports: &Reports,
    view: &View,
    notes: &mut Vec<String>,
) -> Result<Vec<Restated>, NoAnswer> {
    let range = view.options().from.zip(view.options().to);
    if range.is_some_and(|(from, to)| to.millis_since(from) <= MARKED_DAYS * 86_400_000) {
        return Ok(reports.restated(&view.question).await?);
    }
    notes.push(format!("Restated rows are marked in ranges of up to {MARKED_DAYS} days."));
    Ok(Vec::new())
}

/// The `agents` report, of one agent where one is asked for.
pub(crate) async fn agents(reports: &Reports, view: &View) -> Result<Vec<AgentRow>, NoAnswer> {
    let mut rows = reports.agents(&view.question).await?;
    rows.retain(|r| view.agent.as_ref().is_none_or(|a| *a == r.agent));
    Ok(rows)
}

/// The edges of buckets that are asked for.
pub(crate) fn edges(view: &View) -> Result<Vec<i64>, Bad> {
    let Some(text) = view.words.one("edges")? else { return Ok(super::rows::EDGES.to_vec()) };
    let mut edges: Vec<i64> =
        text.split(',').map(|t| super::view::duration("edges", t.trim())).collect::<Result<_, Bad>>()?;
    if edges.len() > MOST_EDGES {
        return Err(Bad::new("edges", format!("at most {MOST_EDGES} durations, such as 10s,20s,1m")));
    }
    edges.sort_unstable();
    edges.dedup();
    Ok(edges)
}

/// The visits behind a row or a figure.
pub(crate) fn behind(view: &View) -> Result<Behind, Bad> {
    let must = |name: &'static str| view.words.one(name)?.ok_or_else(|| Bad::new(name, "it is needed here"));
    let at = view.words.one("at")?.map(|t| super::view::time("at", t, view.options().tz)).transpose()?;
    let page = view.words.one("limit")?.map(limit).transpose()?.unwrap_or(0);
    let after = view.words.one("after")?.map(|t| t.parse::<Cursor>().map_err(|e| Bad::new("after", e.to_string())));
    let column = view.words.one("column")?;
    if let Some(column) = column.filter(|c| !metrics::explain::is_figure(c)) {
        return Err(Bad::new("column", format!("'{column}' is no figure of the queues report with visits behind it")));
    }
    Ok(Behind {
        question: view.question.clone(),
        center: must("center")?.into(),
        queue: must("queue")?.into(),
        at: at.or(view.options().from).unwrap_or(Instant(0)),
        column: column.map(str::to_owned),
        after: after.transpose()?,
        page,
    })
}

fn limit(text: &str) -> Result<usize, Bad> {
    let rows = text.parse().ok().filter(|n| (1..=500).contains(n));
    rows.ok_or_else(|| Bad::new("limit", format!("'{text}' is no number from 1 to 500")))
}

/// A page of visits.
pub(crate) async fn visits(reports: &Reports, view: &View) -> Result<Answer, NoAnswer> {
    let page = reports.visits_behind(&behind(view)?).await?;
    let rows: Vec<VisitRow> = page.rows.into_iter().map(VisitRow::of).collect();
    Ok(Answer { next: page.next, ..answer(&rows, view)? })
}
