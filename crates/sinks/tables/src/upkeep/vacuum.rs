//! Vacuum: removes files that compaction has replaced, once no reader of the past needs
//! them. Lite: only what the Delta log says was removed, never what it does not know.

use std::sync::Arc;

use chrono::TimeDelta;
use deltalake_core::DeltaTable;
use deltalake_core::operations::vacuum::{Clock, VacuumMode};
use model::Instant;

use crate::error::TablesError;
use crate::lake::Lake;
use crate::shape::REMOVED_KEPT_DAYS;
use crate::table::Table;

/// The least time that replaced files stay: readers may hold an older snapshot so long.
const LEAST_DAYS: u32 = 7;

/// What a vacuum did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Vacuumed {
    /// Files removed, or (`dry_run`) that would be.
    pub files: Vec<String>,
    /// Nothing was removed.
    pub dry_run: bool,
}

impl Lake {
    /// Removes files that were replaced more than `retention_days` ago.
    ///
    /// # Errors
    /// A retention below 7 days, or so long that the log has forgotten what was removed; or
    /// the store failed (what is gone is gone, the rest stays).
    pub async fn vacuum(&self, table: Table, retention_days: u32, dry_run: bool) -> Result<Vacuumed, TablesError> {
        self.vacuum_as_of(table, retention_days, dry_run, None).await
    }

    /// The same as if it were `now` (`None`: as it is).
    ///
    /// # Errors
    /// As [`Lake::vacuum`].
    pub async fn vacuum_as_of(
        &self,
        table: Table,
        retention_days: u32,
        dry_run: bool,
        now: Option<Instant>,
    ) -> Result<Vacuumed, TablesError> {
        if retention_days < LEAST_DAYS {
            return Err(TablesError::Asked(format!(
                "vacuum keeps replaced files at least {LEAST_DAYS} days, {retention_days} were asked for: \
                 readers may still hold an older snapshot"
            )));
        }
        if retention_days >= REMOVED_KEPT_DAYS {
            return Err(TablesError::Asked(format!(
                "the log remembers removed files for {REMOVED_KEPT_DAYS} days, so vacuum cannot wait for \
                 {retention_days}: ask for {LEAST_DAYS} to {}",
                REMOVED_KEPT_DAYS - 1
            )));
        }
        let shelf = self.shelf(table)?;
        let mut handle = DeltaTable::new(shelf.log_store.clone());
        if let Err(error) = handle.load().await {
            return Err(self.missing_or(shelf, error).await);
        }
        let mut vacuum = handle.vacuum();
        if let Some(now) = now {
            vacuum = vacuum.with_clock(Arc::new(At(now)));
        }
        let (_, metrics) = vacuum
            .with_mode(VacuumMode::Lite)
            .with_retention_period(TimeDelta::days(i64::from(retention_days)))
            // The log remembers removals for longer than that; the check above is ours.
            .with_enforce_retention_duration(false)
            .with_dry_run(dry_run)
            .await
            .map_err(|e| self.place.explain(table, &e))?;
        Ok(Vacuumed { files: metrics.files_deleted, dry_run: metrics.dry_run })
    }
}

/// A clock that stands.
#[derive(Debug)]
struct At(Instant);

impl Clock for At {
    fn current_timestamp_millis(&self) -> i64 {
        self.0.millis()
    }
}
