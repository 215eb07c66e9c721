//! The newest snapshot of each table, kept from one question to the next.
//!
//! Contract: an answer is of the newest commits, but only what is new in the Delta log is
//! read; a table's files are listed and their statistics parsed once for each version.

use std::collections::BTreeMap;
use std::sync::Arc;

use deltalake_core::table::state::DeltaTableState;
use tokio::sync::Mutex;

use crate::error::TablesError;
use crate::lake::{Lake, load};
use crate::read::{DataFile, live_files};
use crate::table::Table;

/// The live files of each day.
pub(super) type Days = BTreeMap<i32, Arc<Vec<DataFile>>>;

#[derive(Default)]
struct Known {
    state: Option<DeltaTableState>,
    days: Option<(u64, Arc<Days>)>,
}

/// See the module.
#[derive(Default)]
pub(super) struct Snapshots {
    tables: [Mutex<Known>; Table::ALL.len()],
}

impl Snapshots {
    /// A table's files, newest snapshot.
    pub(super) async fn days(&self, lake: &Lake, table: Table) -> Result<Arc<Days>, TablesError> {
        let shelf = lake.shelf(table)?;
        let place = Table::ALL.iter().position(|t| *t == table).unwrap_or_default();
        let mut known = self.tables[place].lock().await;
        let log_store = shelf.log_store.as_ref();
        let state = match known.state.take() {
            Some(mut state) => state.update(log_store, None).await.map(|()| state),
            None => load(log_store).await,
        };
        // After a failure the next question loads it anew.
        let state = match state {
            Ok(state) => state,
            Err(error) => return Err(lake.missing_or(shelf, error).await),
        };
        let version = state.version();
        let days = match known.days.take().filter(|(of, _)| *of == version) {
            Some((_, days)) => days,
            None => Arc::new(by_day(&state)),
        };
        (known.state, known.days) = (Some(state), Some((version, Arc::clone(&days))));
        Ok(days)
    }
}

fn by_day(state: &DeltaTableState) -> Days {
    let files = live_files(state);
    files.chunk_by(|a, b| a.day == b.day).map(|day| (day[0].day, Arc::new(day.to_vec()))).collect()
}
