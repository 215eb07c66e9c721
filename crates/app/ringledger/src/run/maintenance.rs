//! Compaction and vacuum on schedule.

use std::sync::Arc;
use std::time::Duration;

use super::services::Services;
use super::supervise::Tasks;

/// Removed files are kept so many days, for readers of older versions.
pub const RETENTION_DAYS: u32 = 7;

/// Starts the task.
pub fn start(services: &Arc<Services>, tasks: &mut Tasks) {
    let services = services.clone();
    let every = Duration::from_secs(services.config.limits.maintenance_hours.max(1) * 3600);
    tasks.keep("maintenance".to_owned(), move |stop| {
        let services = services.clone();
        async move {
            loop {
                tokio::select! {
                    () = stop.cancelled() => return Ok(()),
                    () = tokio::time::sleep(every) => {}
                }
                for table in tables::Table::ALL {
                    services.lake.compact(table, tables::Superseded::Drop).await.map_err(|e| e.to_string())?;
                    services.lake.vacuum(table, RETENTION_DAYS, false).await.map_err(|e| e.to_string())?;
                }
            }
        }
    });
}
