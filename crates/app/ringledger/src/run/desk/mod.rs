//! What the console's pages of health are told and have done: the same functions as the
//! commands `dead-letters` and `crm`.
//!
//! Contract: what was done here is in the answers at once, also before the folds have
//! brought it into the tables; where this process does not fold and nobody else can (the
//! embedded log), it is folded by who did it. One thing is done at a time.

mod rows;

use std::sync::{Arc, MutexGuard, PoisonError};

use async_trait::async_trait;
use console::{Correction, Desk, DeskError, Parked, ParkedRow, Retried, Vitals, place_text};
use event_log::dead_letters::DeadLetter;
use model::facts::EventRow;
use model::{Instant, Position};
use tables::{Filter, Table};
use tokio::sync::Mutex;

use super::services::Services;
use crate::data_dir;
use crate::failure::Failure;
use crate::parked::{self, ParkedRow as Row};
use crate::retaking::{self, Tried};

/// Events up to which parked rows are looked for in all of them.
const SMALL: u64 = 5_000_000;
/// In a larger table, of contacts of so long; milliseconds.
const BACK_MS: i64 = 31 * 86_400_000;
/// Acts of ours that are remembered: the newest.
const REMEMBERED: usize = 1_000;

/// The console's way to the services.
pub struct OurDesk {
    services: Arc<Services>,
    /// Held while something is done.
    doing: Mutex<()>,
    /// Acts that this process told, which the tables may not hold yet.
    told: std::sync::Mutex<Vec<EventRow>>,
}

fn failed(e: impl std::fmt::Display) -> DeskError {
    DeskError::Failed(e.to_string())
}

fn of_failure(e: Failure) -> DeskError {
    match e {
        Failure::Usage(text) => DeskError::Refused(text),
        other => failed(other),
    }
}

impl OurDesk {
    /// For these services.
    pub fn new(services: Arc<Services>) -> Self {
        Self { services, doing: Mutex::default(), told: std::sync::Mutex::default() }
    }

    /// From when on is looked where nobody says.
    async fn usual(&self) -> Result<Option<Instant>, DeskError> {
        let size = self.services.lake.size(Table::Events).await.map_err(failed)?;
        let large = size.rows.is_none_or(|rows| rows > SMALL);
        Ok(large.then(|| pipeline::clock::now().plus_millis(-BACK_MS)))
    }

    fn told(&self) -> MutexGuard<'_, Vec<EventRow>> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn standing(&self, from: Option<Instant>) -> Result<Vec<Row>, DeskError> {
        let filter = Filter { from, ..Filter::default() };
        // Taken before the tables are read: what is told meanwhile is in neither.
        let told = self.told().clone();
        parked::standing_with(&self.services.lake, &filter, &told).await.map_err(failed)
    }

    /// The rows at these places, in their order.
    async fn named(&self, places: &[String]) -> Result<Vec<Row>, DeskError> {
        let is_at = |r: &Row, place: &String| r.places().any(|p| place_text(p) == *place);
        let mut rows = self.standing(self.usual().await?).await?;
        if places.iter().any(|place| !rows.iter().any(|r| is_at(r, place))) {
            rows = self.standing(None).await?;
        }
        rows.retain(|r| places.iter().any(|place| is_at(r, place)));
        Ok(rows)
    }

    async fn done(&self, acts: Vec<EventRow>) -> Result<(), DeskError> {
        {
            let mut told = self.told();
            told.extend(acts);
            let more = told.len().saturating_sub(REMEMBERED);
            told.drain(..more);
        }
        data_dir::fold_here(&self.services).await.map_err(failed)
    }
}

#[async_trait]
impl Desk for OurDesk {
    fn vitals(&self) -> Vitals {
        let services = &self.services;
        let (running, lost, failed) = services.telemetry.stands();
        let ms = |lasts: std::time::Duration| i64::try_from(lasts.as_millis()).unwrap_or(i64::MAX);
        let waits = services.telemetry.waits().told().into_iter().map(|(what, lasts)| (what, ms(lasts))).collect();
        let group = services.facts_group().to_owned();
        services.vitals.with(Vitals { running, lost, failed, waits, group, ..Vitals::default() })
    }

    async fn retry_letters(&self, letters: &[(Position, DeadLetter)], who: &str) -> Result<Vec<Retried>, DeskError> {
        let (log, _one_at_a_time) = (&*self.services.log, self.doing.lock().await);
        let (mut retried, mut appended) = (Vec::new(), false);
        for (place, letter) in letters {
            let tried = retaking::attempt(log, letter).await.map_err(of_failure)?;
            if let Tried::Reads(framed) = &tried {
                retaking::append(log, letter, framed, who).await.map_err(of_failure)?;
                appended = true;
            }
            let (result, text) = tried.told();
            retried.push(Retried { place: place_text(*place), result: result.to_owned(), text });
        }
        if appended {
            data_dir::fold_here(&self.services).await.map_err(failed)?;
        }
        tracing::info!(who, letters = letters.len(), "dead letters were tried once more");
        Ok(retried)
    }

    async fn parked(&self, from: Option<Instant>) -> Result<Parked, DeskError> {
        let from = match from {
            Some(from) => Some(from),
            None => self.usual().await?,
        };
        let rows: Vec<ParkedRow> = self.standing(from).await?.iter().map(rows::row).collect();
        Ok(Parked { rows, from })
    }

    async fn retry_parked(&self, places: &[String], who: &str) -> Result<Vec<Retried>, DeskError> {
        let _one_at_a_time = self.doing.lock().await;
        let rows = self.named(places).await?;
        let given = parked::give(&self.services, &rows.iter().collect::<Vec<_>>(), who).await.map_err(of_failure)?;
        let outcomes = rows.iter().zip(&given.outcomes).map(|(row, given)| {
            let (result, text) = given.told();
            Retried { place: place_text(row.event.position), result: result.to_owned(), text: text.to_owned() }
        });
        let outcomes = outcomes.collect();
        self.done(given.told).await?;
        Ok(outcomes)
    }

    async fn correct_parked(&self, place: &str, fields: Correction, who: &str, reason: &str) -> Result<(), DeskError> {
        let _one_at_a_time = self.doing.lock().await;
        let rows = self.named(&[place.to_owned()]).await?;
        let row = rows.first().ok_or(DeskError::Gone)?;
        let acts = parked::correct(&self.services, row, fields, who, reason).await.map_err(of_failure)?;
        self.done(acts).await
    }

    async fn discard_parked(&self, place: &str, who: &str, reason: &str) -> Result<(), DeskError> {
        let _one_at_a_time = self.doing.lock().await;
        let rows = self.named(&[place.to_owned()]).await?;
        let row = rows.first().ok_or(DeskError::Gone)?;
        let acts = parked::discard(&self.services, row, who, reason).await.map_err(of_failure)?;
        self.done(acts).await
    }
}
