//! Compaction and vacuum on schedule, and retention of the embedded log.

use std::sync::Arc;
use std::time::Duration;

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
    let every = Duration::from_secs(services.config.limits().maintenance_hours.max(1) * 3600);
    loop {
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            () = tokio::time::sleep(every) => {}
        }
        for table in Table::ALL {
            match tidy(services, table).await {
                Ok(()) => {}
                Err(e @ TablesError::Overlapped { .. }) => tracing::info!(error = %e, "left to the other"),
                Err(e) => return Err(e.to_string()),
            }
        }
        if let Some(log) = &services.embedded {
            let dropped = log.trim(pipeline::clock::now()).await.map_err(|e| e.to_string())?;
            tracing::info!(dropped, "records past their retention are gone from the log");
        }
    }
}

async fn tidy(services: &Services, table: Table) -> Result<(), TablesError> {
    let kept = pipeline::clock::now().plus_millis(-i64::from(RETENTION_DAYS) * DAY_MS);
    services.lake.compact(table, Superseded::DropBefore(kept)).await?;
    services.lake.vacuum(table, RETENTION_DAYS, false).await?;
    Ok(())
}
