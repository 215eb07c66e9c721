//! 13 months of the made-up centre in a lake, a day a commit: what is there stays, so that
//! a run that was stopped goes on.

use std::path::Path;

use tables::{Lake, LakeConfig, Table, Txn};

use super::centre;
use crate::Failure;

const APP: &str = "bench/facts/cti.events-0";
const SEED: u64 = 5;
/// Tables that have rows.
const TABLES: [Table; 5] = [Table::Events, Table::QueueVisits, Table::AgentLegs, Table::AgentStates, Table::Calls];

/// The lake in `folder` with all its days.
///
/// # Errors
/// It cannot be written.
pub async fn lake(folder: &Path, visits: u64) -> Result<Lake, Failure> {
    let place = folder.join(format!("lake-{visits}"));
    let lake = Lake::open(LakeConfig::folder(&place, "bench")).await?;
    lake.ensure_tables().await?;
    let mut seen = Vec::new();
    for table in TABLES {
        seen.push(lake.txn_version(table, APP).await?);
    }
    let first = seen.iter().map(|s| s.map_or(0, |v| v + 1)).min().unwrap_or_default();
    for nth in i32::try_from(first)?..centre::DAYS {
        let facts = tokio::task::spawn_blocking(move || centre::day(nth, visits, SEED)).await?;
        let version = i64::from(nth);
        let due = TABLES.iter().zip(&mut seen).filter(|(_, seen)| seen.is_none_or(|s| s < version));
        futures::future::try_join_all(due.map(|(table, seen)| {
            let (lake, facts) = (&lake, &facts);
            async move {
                let txn = Txn { app_id: APP.to_owned(), version, seen: *seen };
                lake.commit(*table, facts, &[txn]).await?;
                *seen = Some(version);
                Ok::<_, Failure>(())
            }
        }))
        .await?;
        if nth % 30 == 29 {
            eprintln!("day {} of {}", nth + 1, centre::DAYS);
        }
    }
    Ok(lake)
}
