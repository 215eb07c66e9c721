//! A lake: seven Delta tables on one store.
//!
//! Contract: a `Lake` may be shared between tasks. Each table has one handle behind a
//! lock, so commits to one table are made one after another and commits to different
//! tables go side by side. Reading takes no lock: it looks at the newest snapshot.

use std::sync::Arc;

use deltalake_core::kernel::transaction::CommitProperties;
use deltalake_core::logstore::LogStoreRef;
use deltalake_core::operations::create::CreateBuilder;
use deltalake_core::protocol::SaveMode;
use deltalake_core::table::state::DeltaTableState;
use deltalake_core::{DeltaResult, DeltaTableError};
use object_store::DynObjectStore;
use tokio::sync::Mutex;

use crate::config::LakeConfig;
use crate::error::TablesError;
use crate::facts::DATE;
use crate::shape;
use crate::store::Place;
use crate::table::Table;
use crate::txns::Txns;

/// The table property that says which generation writes it.
pub(crate) const GENERATION: &str = "ringledger.generation";

/// What is known of one table.
pub(crate) struct Handle {
    /// The newest snapshot seen.
    pub(crate) state: Option<DeltaTableState>,
    /// Every `txn` of that snapshot or of an earlier one.
    pub(crate) txns: Option<Txns>,
}

/// One table: its log store and its handle.
pub(crate) struct Shelf {
    pub(crate) table: Table,
    pub(crate) log_store: LogStoreRef,
    pub(crate) handle: Mutex<Handle>,
}

/// The lake of fact tables; see the module.
#[derive(Clone)]
pub struct Lake {
    pub(crate) config: Arc<LakeConfig>,
    pub(crate) place: Place,
    shelves: Arc<Vec<Shelf>>,
}

impl std::fmt::Debug for Lake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lake").field("config", &self.config).finish_non_exhaustive()
    }
}

impl Lake {
    /// Opens the lake; tables need not exist yet. A store is asked for one thing, so that
    /// a wrong key or address is told here.
    ///
    /// # Errors
    /// The place is unknown, or the store refuses or cannot be reached.
    pub async fn open(config: LakeConfig) -> Result<Self, TablesError> {
        let place = Place::of(&config)?;
        place.probe().await?;
        Self::at(config, place)
    }

    /// The lake on a store that the caller has, in the folder that `config.place` names;
    /// nothing is read yet.
    ///
    /// # Errors
    /// The place is no path.
    pub fn on(config: LakeConfig, store: Arc<DynObjectStore>) -> Result<Self, TablesError> {
        let place = Place::over(store, &config.place)?;
        Self::at(config, place)
    }

    /// The same on a store with faults.
    #[cfg(test)]
    pub(crate) fn wrapped(
        config: LakeConfig,
        wrap: impl FnOnce(Arc<DynObjectStore>) -> Arc<DynObjectStore>,
    ) -> Result<Self, TablesError> {
        let place = Place::of(&config)?.wrapped(wrap);
        Self::at(config, place)
    }

    fn at(config: LakeConfig, place: Place) -> Result<Self, TablesError> {
        let mut shelves = Vec::with_capacity(Table::ALL.len());
        for table in Table::ALL {
            let handle = Mutex::new(Handle { state: None, txns: None });
            shelves.push(Shelf { table, log_store: place.log_store(table)?, handle });
        }
        Ok(Self { config: Arc::new(config), place, shelves: Arc::new(shelves) })
    }

    /// What it was opened with.
    pub fn config(&self) -> &LakeConfig {
        &self.config
    }

    /// Where a table lies, for people and for other readers: a folder or an `s3://` URL.
    pub fn path_of(&self, table: Table) -> String {
        match self.place.url(table) {
            Ok(url) if url.scheme() == "file" => {
                url.to_file_path().map_or_else(|()| url.to_string(), |p| p.display().to_string())
            }
            Ok(url) => url.as_str().trim_end_matches('/').to_owned(),
            Err(_) => self.place.text(table),
        }
    }

    /// Makes every table that does not exist, empty; checks that those that exist are of
    /// this generation; and brings those that an earlier version made to this one's columns
    /// and properties. Running it twice, or two at once, changes nothing.
    ///
    /// # Errors
    /// The store failed, or a table is of another generation.
    pub async fn ensure_tables(&self) -> Result<(), TablesError> {
        let each = self.shelves.iter().map(|shelf| async move {
            let mut handle = shelf.handle.lock().await;
            self.ensure(shelf, &mut handle).await
        });
        all_ended(each).await
    }

    async fn ensure(&self, shelf: &Shelf, handle: &mut Handle) -> Result<(), TablesError> {
        let explain = |e: DeltaTableError| self.place.explain(shelf.table, &e);
        if !shelf.log_store.is_delta_table_location().await.map_err(explain)?
            && let Err(error) = create(shelf, &self.config.generation).await
        {
            // Another process may have made it in between; then it is there now.
            if !shelf.log_store.is_delta_table_location().await.map_err(explain)? {
                return Err(explain(error));
            }
        }
        self.refresh(shelf, handle).await?;
        self.of_this_generation(shelf, handle)?;
        self.shape(shelf, handle).await
    }

    pub(crate) fn shelf(&self, table: Table) -> Result<&Shelf, TablesError> {
        let found = self.shelves.iter().find(|s| s.table == table);
        found.ok_or_else(|| TablesError::Asked(format!("no table {table}")))
    }

    /// Brings a handle to the table's newest snapshot.
    pub(crate) async fn refresh(&self, shelf: &Shelf, handle: &mut Handle) -> Result<(), TablesError> {
        let log_store = shelf.log_store.as_ref();
        let result = match handle.state.as_mut() {
            Some(state) => state.update(log_store, None).await,
            None => load(log_store).await.map(|state| handle.state = Some(state)),
        };
        if let Err(error) = result {
            // A half-updated snapshot is worth nothing: the next try loads it whole.
            handle.state = None;
            return Err(self.missing_or(shelf, error).await);
        }
        Ok(())
    }

    pub(crate) async fn missing_or(&self, shelf: &Shelf, error: DeltaTableError) -> TablesError {
        match shelf.log_store.is_delta_table_location().await {
            Ok(false) => TablesError::Absent { table: shelf.table, place: self.place.text(shelf.table) },
            _ => self.place.explain(shelf.table, &error),
        }
    }

    /// # Errors
    /// The table is of another generation.
    pub(crate) fn of_this_generation(&self, shelf: &Shelf, handle: &Handle) -> Result<(), TablesError> {
        let Some(state) = &handle.state else { return Ok(()) };
        let found = state.metadata().configuration().get(GENERATION).cloned().unwrap_or_default();
        if found == self.config.generation {
            return Ok(());
        }
        Err(TablesError::Generation {
            table: shelf.table,
            place: self.place.text(shelf.table),
            found,
            expected: self.config.generation.clone(),
        })
    }
}

/// The newest snapshot of a table, read anew.
pub(crate) async fn load(log_store: &dyn deltalake_core::logstore::LogStore) -> DeltaResult<DeltaTableState> {
    DeltaTableState::try_new(log_store, None).await
}

async fn create(shelf: &Shelf, generation: &str) -> DeltaResult<()> {
    let properties = shape::properties(shelf.table).map(|(name, value)| (name.to_owned(), Some(value)));
    let generation = (GENERATION.to_owned(), Some(generation.to_owned()));
    CreateBuilder::new()
        .with_log_store(Arc::clone(&shelf.log_store))
        .with_table_name(shelf.table.name())
        .with_comment(shelf.table.description())
        .with_columns(shape::columns(shelf.table)?.fields().cloned())
        .with_partition_columns([DATE])
        .with_raise_if_key_not_exists(false)
        .with_configuration(properties.into_iter().chain([generation]))
        .with_save_mode(SaveMode::Ignore)
        // Without retries a table made by another process in between is an error here,
        // not a second commit of metadata on top of it.
        .with_commit_properties(CommitProperties::default().with_max_retries(0))
        .await
        .map(|_| ())
}

/// Waits for all, also where one fails: a table that is still being read would panic in its
/// threads when the process that was given the error ends. Gives the first error.
async fn all_ended<E>(each: impl Iterator<Item = impl Future<Output = Result<(), E>>>) -> Result<(), E> {
    futures::future::join_all(each).await.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::all_ended;

    #[tokio::test]
    async fn an_error_is_given_when_all_have_ended() {
        let ended = AtomicU32::new(0);
        let one = |n: u32| {
            let ended = &ended;
            async move {
                for _ in 0..n {
                    tokio::task::yield_now().await;
                }
                ended.fetch_add(1, Ordering::SeqCst);
                if n == 2 { Err(n) } else { Ok(()) }
            }
        };
        assert_eq!(all_ended([7, 2, 5].into_iter().map(one)).await, Err(2));
        assert_eq!(ended.load(Ordering::SeqCst), 3);
    }
}
