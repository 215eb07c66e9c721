//! A flush on its way, while the fold goes on.
//!
//! Contract (docs/tables.md, 2): derived records first, then each table once with the
//! `txn`s of the offsets at which the flush was begun; the consumer group is told by the
//! stage after it has landed. One flush is under way at a time, so tables are committed
//! in the order of offsets. A flush that fails leaves nothing of its stage's state in use:
//! rows that were on their way are folded anew.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use event_log::EventLog;
use model::facts::Facts;
use tables::{CommitError, Lake, Table, Txn};
use tokio::time::Instant;

use crate::clock;
use crate::facts_stage::StageError;
use crate::fold::Reject;
use crate::owned::{Owned, TABLES};
use crate::publish;
use crate::retry::{Failure, retry};
use crate::rows;
use crate::waits::Waits;

/// What a flush makes durable.
pub struct Cargo {
    facts: Facts,
    rejects: Vec<Reject>,
    /// The last offset of each partition that is in it.
    pub upto: BTreeMap<i32, i64>,
    /// `txn`s for each table that is committed.
    txns: [Option<Vec<Txn>>; TABLES],
    publish: bool,
}

/// What became of it.
#[derive(Default)]
pub struct Landed {
    /// The last offset of each partition that was in it.
    pub upto: BTreeMap<i32, i64>,
    /// Tables that stand there now.
    pub tables: [bool; TABLES],
    /// Another owner has moved on: the state of every partition is void.
    pub overtaken: bool,
    /// Rows committed.
    pub rows: u64,
    /// Dead letters made, by reason.
    pub dead_letters: BTreeMap<&'static str, u64>,
    /// Attempts repeated.
    pub retries: u64,
    /// How long it took.
    pub took: Duration,
}

/// A flush under way.
pub type Flight = tokio::task::JoinHandle<Result<Landed, StageError>>;

impl Cargo {
    /// What waits, for the tables that have rows or lag `most_lag` records behind; `None`
    /// where there is nothing to do.
    pub fn load(
        owned: &BTreeMap<i32, Owned>,
        (facts, rejects): (&mut Facts, &mut Vec<Reject>),
        most_lag: i64,
        publish: bool,
    ) -> Option<Self> {
        let behind = |i: usize| owned.values().any(|o| o.lag(i) >= most_lag);
        if facts.is_empty() && rejects.is_empty() && !(0..TABLES).any(behind) {
            return None;
        }
        let mut txns = [const { None }; TABLES];
        for (i, table) in Table::ALL.iter().enumerate() {
            if rows::count(*table, facts) > 0 || behind(i) {
                txns[i] = Some(owned.values().filter_map(|o| o.txn(i)).collect());
            }
        }
        let upto = owned.iter().map(|(p, o)| (*p, o.fold.next_offset() - 1)).collect();
        Some(Self { facts: std::mem::take(facts), rejects: std::mem::take(rejects), upto, txns, publish })
    }

    /// Starts the flush; what it waits for is told by `waits`.
    pub fn start(self, log: Arc<dyn EventLog>, lake: Arc<Lake>, waits: Waits) -> Flight {
        tokio::spawn(self.land(log, lake, waits))
    }

    async fn land(self, log: Arc<dyn EventLog>, lake: Arc<Lake>, waits: Waits) -> Result<Landed, StageError> {
        let begun = Instant::now();
        let mut landed = Landed { rows: self.facts.len() as u64, ..Landed::default() };
        if self.publish {
            waits.watch("the log", publish::calls(&*log, &self.facts.calls)).await?;
            waits.watch("the log", publish::rejects(&*log, &self.rejects, clock::now())).await?;
        }
        for reject in &self.rejects {
            *landed.dead_letters.entry(reject.reason).or_default() += 1;
        }
        for (i, table) in Table::ALL.iter().enumerate() {
            let Some(txns) = &self.txns[i] else { continue };
            if !txns.is_empty() && !commit(&lake, &waits, *table, &self.facts, txns, &mut landed.retries).await? {
                landed.overtaken = true;
                return Ok(landed);
            }
            landed.tables[i] = true;
        }
        landed.upto = self.upto;
        landed.took = begun.elapsed();
        Ok(landed)
    }
}

/// Commits one table; `false` where another owner has moved a `txn` of it.
async fn commit(
    lake: &Lake,
    waits: &Waits,
    table: Table,
    facts: &Facts,
    txns: &[Txn],
    retries: &mut u64,
) -> Result<bool, StageError> {
    let (overtaken, repeated) = retry(waits, &format!("table {table}"), || async {
        match lake.commit(table, facts, txns).await {
            Ok(_) => Ok(None),
            Err(CommitError::Overtaken { app_id, .. }) => Ok(Some(app_id)),
            Err(e) if e.passes() => Err(Failure::Passing(e)),
            Err(e) => Err(Failure::Final(e)),
        }
    })
    .await
    .map_err(|e| StageError::Fatal(format!("the tables: {e}")))?;
    *retries += u64::from(repeated);
    if let Some(app_id) = overtaken {
        tracing::warn!(app_id, table = table.name(), "another owner has moved on; taking the partitions up anew");
        return Ok(false);
    }
    Ok(true)
}
