//! Taking partitions up: their state is that of the tables.
//!
//! Contract (docs/tables.md, 2): the newest snapshot at or below the least `txn` of a
//! partition over the tables, and for each table where it stands itself. Each table is
//! looked at once for all partitions, so that every `txn` of a table comes from one
//! snapshot of it; the commits that follow compare them with the snapshots that they are
//! made on.

use event_log::{EventLog, LogError};
use futures::{StreamExt, TryStreamExt, future, stream};
use model::TOPIC_EVENTS;
use tables::{Lake, Table};

use crate::facts_stage::StageError;
use crate::limits::TAKEN_AT_ONCE;
use crate::owned::{Owned, TABLES};
use crate::snapshots::Snapshots;
use crate::switch_fold::FoldConfig;

/// What taking up needs.
pub struct Taking<'a> {
    pub log: &'a dyn EventLog,
    pub lake: &'a Lake,
    pub snapshots: &'a Snapshots,
    pub fold: &'a FoldConfig,
}

impl Taking<'_> {
    /// Takes up partitions, each with the app id of its `txn`s.
    ///
    /// # Errors
    /// The tables or snapshots cannot be read, or the tables are ahead of the log.
    pub async fn all(&self, partitions: Vec<(i32, String)>) -> Result<Vec<(i32, Owned)>, StageError> {
        let versions = self.versions(&partitions).await?;
        let each = partitions.into_iter().zip(versions);
        let taken = each.map(|((partition, app_id), versions)| self.one(partition, app_id, versions));
        stream::iter(taken).buffered(TAKEN_AT_ONCE).try_collect().await
    }

    /// Where each partition stands in each table; -1 for nowhere.
    async fn versions(&self, partitions: &[(i32, String)]) -> Result<Vec<[i64; TABLES]>, StageError> {
        let app_ids: Vec<&str> = partitions.iter().map(|(_, app_id)| app_id.as_str()).collect();
        let looks = Table::ALL.iter().map(|table| self.lake.txn_versions(*table, &app_ids));
        let mut versions = vec![[-1; TABLES]; partitions.len()];
        for (table, found) in future::try_join_all(looks).await?.into_iter().enumerate() {
            for (of_partition, version) in versions.iter_mut().zip(found) {
                of_partition[table] = version.unwrap_or(-1);
            }
        }
        Ok(versions)
    }

    async fn one(&self, partition: i32, app_id: String, versions: [i64; TABLES]) -> Result<(i32, Owned), StageError> {
        let least = versions.iter().copied().min().unwrap_or(-1);
        let fold = self.snapshots.load(partition, least, self.fold).await?;
        let marks = self.log.watermarks(TOPIC_EVENTS, partition).await?;
        let most = versions.iter().copied().max().unwrap_or(-1);
        if most >= marks.high || fold.next_offset() < marks.low {
            return Err(LogError::OutOfRange {
                topic: TOPIC_EVENTS.to_owned(),
                partition,
                offset: if most >= marks.high { most } else { fold.next_offset() },
                low: marks.low,
                high: marks.high,
            }
            .into());
        }
        Ok((partition, Owned::new(fold, versions, app_id)))
    }
}
