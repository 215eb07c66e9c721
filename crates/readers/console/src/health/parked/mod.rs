//! Parked CRM rows: rows that a CRM refused for good, read, corrected and given again.
//!
//! Contract: a row is known by the place in the log that says that it was parked. Who may
//! see some queues only sees rows that name one of theirs; some centres, those of theirs.
//! What was done is done by the same functions as `ringledger crm`, and names its doer.

pub(crate) mod api;
pub(crate) mod done;
pub(crate) mod page;

use std::sync::Arc;

use model::{Instant, Name};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::desk::{Correction, DeskError, Parked, ParkedRow, Retried};
use crate::auth::{Caller, Sees};
use crate::server::Server;

/// Rows of a page, and the most that may be asked for.
const PAGE: (usize, usize) = (50, 500);
/// The most rows of one retry.
const RETRIED: usize = 1_000;
/// Longest reason, characters.
const LONGEST_REASON: usize = 500;

/// Some parked rows, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
pub(crate) struct ParkedView {
    /// The rows.
    pub rows: Vec<ParkedRow>,
    /// `after` of the next page; null where there is none.
    pub next: Option<String>,
    /// How many rows the filter finds.
    pub count: usize,
    /// Of contacts from when on was looked, RFC 3339; null: of all.
    pub from: Option<String>,
}

/// Which parked rows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(crate) struct ParkedFilter {
    /// Of this CRM target.
    pub target: Option<String>,
    /// Of this object.
    pub object: Option<String>,
    /// Of contacts that ended at or after it, RFC 3339; none: of all of a small log, else of
    /// the last 31 days.
    pub from: Option<String>,
    /// Where the page before ended (`next`).
    pub after: Option<String>,
    /// Rows of a page, 1 to 500.
    #[serde(deserialize_with = "crate::health::number")]
    pub limit: Option<usize>,
}

/// A correction, as it is asked for.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub(crate) struct CorrectionBody {
    /// Field names and their new text; null empties a field.
    pub fields: std::collections::BTreeMap<String, Option<String>>,
    /// Why.
    pub reason: String,
}

/// Why something is done.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub(crate) struct ReasonBody {
    /// Why, 3 to 500 characters.
    pub reason: String,
}

fn seen(sees: &Sees, row: &ParkedRow) -> bool {
    match &row.queue {
        Some(queue) => sees.queue(&row.center, queue),
        None => sees.queues.is_none() && sees.center(&row.center),
    }
}

impl ParkedFilter {
    fn wants(&self, row: &ParkedRow) -> bool {
        let is = |asked: &Option<String>, has: &str| asked.as_deref().is_none_or(|a| a.is_empty() || a == has);
        is(&self.target, &row.target) && is(&self.object, &row.object)
    }

    fn from(&self) -> Result<Option<Instant>, DeskError> {
        let given = self.from.as_deref().filter(|f| !f.is_empty());
        let bad = |text| DeskError::Refused(format!("'{text}' is no instant such as 2026-11-22T05:00:00Z"));
        given.map(|text| Instant::parse_rfc3339(text).map_err(|_| bad(text))).transpose()
    }
}

/// The rows that stand, as the desk has them now.
async fn all(server: &Server, from: Option<Instant>) -> Result<Parked, DeskError> {
    server.desk.parked(from).await
}

/// A page of rows.
async fn list(server: &Server, caller: &Caller, filter: &ParkedFilter) -> Result<ParkedView, DeskError> {
    let parked = all(server, filter.from()?).await?;
    let rows: Vec<ParkedRow> = parked.rows.into_iter().filter(|r| seen(&caller.sees, r) && filter.wants(r)).collect();
    let limit = filter.limit.unwrap_or(PAGE.0).clamp(1, PAGE.1);
    let begin = match filter.after.as_deref().filter(|a| !a.is_empty()) {
        None => 0,
        Some(after) => rows.iter().position(|r| r.place == after).map_or(rows.len(), |at| at + 1),
    };
    let count = rows.len();
    let page: Vec<ParkedRow> = rows.into_iter().skip(begin).take(limit).collect();
    let next = (begin + page.len() < count).then(|| page.last().map(|r| r.place.clone())).flatten();
    Ok(ParkedView { rows: page, next, count, from: parked.from.map(Instant::to_rfc3339) })
}

/// How many rows stand that somebody sees.
pub(super) async fn standing(server: &Server, sees: &Sees) -> Result<usize, DeskError> {
    let parked = server.memory.parked.get(super::KEPT, async { all(server, None).await.map(Arc::new) }).await?;
    Ok(parked.rows.iter().filter(|r| seen(sees, r)).count())
}

/// One row, where it stands and the caller may see it.
async fn one(server: &Server, caller: &Caller, place: &str) -> Result<ParkedRow, DeskError> {
    let find = |parked: Parked| parked.rows.into_iter().find(|r| r.is_at(place) && seen(&caller.sees, r));
    // One that is listed by an earlier `from` is read too.
    let found = find(all(server, None).await?);
    match found {
        Some(row) => Ok(row),
        None => find(all(server, Some(Instant::default())).await?).ok_or(DeskError::Gone),
    }
}

/// Gives rows again: one, or those of a filter.
async fn retry(server: &Server, caller: &Caller, which: Which<'_>) -> Result<Vec<Retried>, DeskError> {
    let places: Vec<String> = match which {
        Which::One(place) => vec![one(server, caller, place).await?.place],
        Which::All(filter) => {
            let parked = all(server, filter.from()?).await?;
            let wanted = parked.rows.into_iter().filter(|r| seen(&caller.sees, r) && filter.wants(r));
            wanted.map(|r| r.place).take(RETRIED).collect()
        }
    };
    let done = if places.is_empty() { Ok(Vec::new()) } else { server.desk.retry_parked(&places, &caller.name).await };
    server.memory.parked.forget().await;
    done
}

/// What is given again.
enum Which<'a> {
    One(&'a str),
    All(&'a ParkedFilter),
}

fn worded(reason: &str) -> Result<&str, DeskError> {
    let reason = reason.trim();
    let length = reason.chars().count();
    if (3..=LONGEST_REASON).contains(&length) {
        return Ok(reason);
    }
    Err(DeskError::Refused(format!("say why, in 3 to {LONGEST_REASON} characters")))
}

/// Keeps a correction of what differs from the row as it stands.
async fn correct(
    server: &Server,
    caller: &Caller,
    place: &str,
    fields: Vec<(String, Option<String>)>,
    reason: &str,
) -> Result<ParkedRow, DeskError> {
    let (row, reason) = (one(server, caller, place).await?, worded(reason)?);
    let same = |name: &str, text: &Option<String>| {
        let known = row.fields.iter().find(|f| f.name == name).map(|f| text_of(&f.value));
        known.unwrap_or_default() == text.clone().unwrap_or_default()
    };
    let changed: Correction = fields
        .into_iter()
        .filter(|(name, text)| !same(name, text))
        .map(|(name, text)| (Name::from(name), text.filter(|t| !t.is_empty())))
        .collect();
    if changed.is_empty() {
        return Err(DeskError::Refused("no field differs from what stands there".to_owned()));
    }
    server.desk.correct_parked(&row.place, changed, &caller.name, reason).await?;
    server.memory.parked.forget().await;
    one(server, caller, place).await
}

async fn discard(server: &Server, caller: &Caller, place: &str, reason: &str) -> Result<(), DeskError> {
    let (row, reason) = (one(server, caller, place).await?, worded(reason)?);
    server.desk.discard_parked(&row.place, &caller.name, reason).await?;
    server.memory.parked.forget().await;
    Ok(())
}

/// A value as it is typed.
fn text_of(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Null => String::new(),
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
