//! Following a table: what came in since the last look, at the cost of what came in.
//!
//! Contract: every revision of every row is given once and at least once, by commits, in
//! no order within one; a first look gives all that the table holds, day by day, so that
//! who follows holds one day at a time. Compactions say nothing new and cost one small
//! read. Looking where nothing came costs two small requests. Where the log has forgotten
//! what came in between, or its files are gone, everything is given again.

use deltalake_core::kernel::{Action, Add, Version};
use deltalake_core::logstore::get_actions;
use futures::{StreamExt as _, TryStreamExt as _};
use model::Name;
use object_store::ObjectStoreExt as _;
use object_store::path::Path;

use super::files::{DataFile, live_files};
use super::scan::{SIDE_BY_SIDE, read_rows};
use crate::error::TablesError;
use crate::facts::Fact;
use crate::lake::{Lake, Shelf};

/// How far a follower has read a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Followed(Version);

impl Followed {
    /// The same, as somebody keeps it who goes on later.
    pub fn number(self) -> u64 {
        self.0
    }

    /// What [`Followed::number`] gave for the same table.
    pub fn of_number(number: u64) -> Self {
        Self(number)
    }
}

impl Lake {
    /// Hands to `each` the rows of one switch that were committed since `since` (with
    /// `None`: all), some at a time; gives how far the table was followed. Where the log no
    /// longer tells what came in between, everything is given again.
    ///
    /// # Errors
    /// The table is absent or cannot be read; the same look may be tried again.
    pub async fn follow_recordings(
        &self,
        since: Option<Followed>,
        switch: &Name,
        mut each: impl FnMut(Vec<model::facts::Recording>),
    ) -> Result<Followed, TablesError> {
        self.follow(since, Some(switch), &mut each).await
    }

    /// As [`Lake::follow_recordings`], for the queue intervals of all switches.
    ///
    /// # Errors
    /// The table is absent or cannot be read; the same look may be tried again.
    pub async fn follow_intervals(
        &self,
        since: Option<Followed>,
        mut each: impl FnMut(Vec<model::facts::QueueInterval>),
    ) -> Result<Followed, TablesError> {
        self.follow(since, None, &mut each).await
    }

    async fn follow<T: Fact>(
        &self,
        since: Option<Followed>,
        switch: Option<&Name>,
        each: &mut impl FnMut(Vec<T>),
    ) -> Result<Followed, TablesError> {
        let Some(Followed(version)) = since else { return self.whole(switch, each).await };
        match self.later(version, switch, each).await? {
            Some(followed) => Ok(followed),
            None => self.whole(switch, each).await,
        }
    }

    /// All that the newest snapshot holds, a day at a time.
    async fn whole<T: Fact>(
        &self,
        switch: Option<&Name>,
        each: &mut impl FnMut(Vec<T>),
    ) -> Result<Followed, TablesError> {
        let state = self.newest(T::TABLE).await?;
        let files = live_files(&state);
        for day in files.chunk_by(|a, b| a.day == b.day) {
            let rows = self.rows_of(day.to_vec(), switch).await?;
            each(rows);
        }
        Ok(Followed(state.version()))
    }

    /// What the entries behind `version` brought; `None` where the log has forgotten it.
    async fn later<T: Fact>(
        &self,
        version: Version,
        switch: Option<&Name>,
        each: &mut impl FnMut(Vec<T>),
    ) -> Result<Option<Followed>, TablesError> {
        let shelf = self.shelf(T::TABLE)?;
        let explain = |e| self.place.explain(T::TABLE, &e);
        let mut at = version;
        while let Some(entry) = shelf.log_store.read_commit_entry(at + 1).await.map_err(explain)? {
            at += 1;
            let actions = get_actions(at, &entry).map_err(explain)?;
            let files: Vec<DataFile> = actions.iter().filter_map(added).map(DataFile::of_add).collect();
            match self.rows_of(files.clone(), switch).await {
                Ok(rows) if rows.is_empty() => {}
                Ok(rows) => each(rows),
                // Compaction and vacuum have taken them: their rows stand in other files.
                Err(_) if self.some_are_gone(shelf, &files).await? => return Ok(None),
                Err(e) => return Err(e),
            }
        }
        if at == version && !self.remembers(shelf, version).await? {
            return Ok(None);
        }
        Ok(Some(Followed(at)))
    }

    /// Whether the log still has an entry: where it has gone, the next one may have too.
    async fn remembers(&self, shelf: &Shelf, version: Version) -> Result<bool, TablesError> {
        let path = Path::from("_delta_log").join(format!("{version:020}.json"));
        match shelf.log_store.object_store(None).head(&path).await {
            Ok(_) => Ok(true),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(e) => Err(self.place.explain_store(&e)),
        }
    }

    /// Whether a file is gone for good: asked only where reading has failed, so that a store
    /// that fails is not taken for one that has forgotten.
    async fn some_are_gone(&self, shelf: &Shelf, files: &[DataFile]) -> Result<bool, TablesError> {
        let store = shelf.log_store.object_store(None);
        for file in files {
            match store.head(&file.path).await {
                Ok(_) => {}
                Err(object_store::Error::NotFound { .. }) => return Ok(true),
                Err(e) => return Err(self.place.explain_store(&e)),
            }
        }
        Ok(false)
    }

    async fn rows_of<T: Fact>(&self, files: Vec<DataFile>, switch: Option<&Name>) -> Result<Vec<T>, TablesError> {
        let store = self.shelf(T::TABLE)?.log_store.object_store(None);
        let wanted = files.into_iter().filter(|f| switch.is_none_or(|s| f.may_hold("switch", s)));
        let reads = wanted.map(|file| {
            let store = store.clone();
            async move { read_rows::<T>(self, &store, &file).await }
        });
        let mut read = futures::stream::iter(reads).buffered(SIDE_BY_SIDE);
        let mut rows = Vec::new();
        while let Some(some) = read.try_next().await? {
            rows.extend(some.into_iter().filter(|row| switch.is_none_or(|s| row.traits().switch == s)));
        }
        Ok(rows)
    }
}

/// A file that brought something new.
fn added(action: &Action) -> Option<&Add> {
    match action {
        Action::Add(add) if add.data_change => Some(add),
        _ => None,
    }
}
