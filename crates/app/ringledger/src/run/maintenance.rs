//! Compaction and vacuum on schedule, and retention of the embedded log.

use std::sync::Arc;

use tables::{Superseded, Table, TablesError};
use tokio_util::sync::CancellationToken;

use super::services::Services;
use super::supervise::Tasks;
use super::turn::in_turn;

/// Removed files are kept so many days, for readers of older versions; superseded
/// revisions so long, for `--as-of`.
pub const RETENTION_DAYS: u32 = 7;
const DAY_MS: i64 = 86_400_000;

/// Starts the task.
pub fn start(services: &Arc<Services>, tasks: &mut Tasks) {
    let services = services.clone();
    tasks.keep("maintenance".to_owned(), move |stop| {
        let services = services.clone();
        async move { in_turn(&services, "maintenance", stop, |turn| run(&services, turn)).await }
    });
}

async fn run(services: &Services, stop: CancellationToken) -> Result<(), String> {
    let every = services.config.limits().maintenance_every();
    loop {
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            () = tokio::time::sleep(every) => {}
        }
        for table in Table::ALL {
            match tidy(services, table).await {
                Ok((merged, removed)) => services.telemetry.maintained(table.name(), merged, removed),
                Err(e @ TablesError::Overlapped { .. }) => tracing::info!(error = %e, "left to the other"),
                Err(e) => return Err(e.to_string()),
            }
        }
        services.telemetry.maintenance_ran();
        if let Some(log) = &services.embedded {
            let dropped = log.trim(pipeline::clock::now()).await.map_err(|e| e.to_string())?;
            tracing::info!(dropped, "records past their retention are gone from the log");
        }
    }
}

/// Files that compaction replaced and that vacuum removed.
async fn tidy(services: &Services, table: Table) -> Result<(usize, usize), TablesError> {
    let kept = pipeline::clock::now().plus_millis(-i64::from(RETENTION_DAYS) * DAY_MS);
    let merged = services.lake.compact(table, Superseded::DropBefore(kept)).await?;
    let removed = services.lake.vacuum(table, RETENTION_DAYS, false).await?.files.len();
    if merged.files_before > 0 || removed > 0 {
        let (before, after) = (merged.files_before, merged.files_after);
        tracing::info!(%table, before, after, removed, "small files became few, replaced ones of old are gone");
    }
    Ok((merged.files_before, removed))
}
