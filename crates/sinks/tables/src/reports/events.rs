//! The last event of each switch and the thresholds that switches stated, from what each
//! file of the events holds: a file is read once, and what it says is kept while it lives.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use futures::{StreamExt as _, TryStreamExt as _};
use model::{Instant, Name};
use object_store::path::Path;
use tokio::sync::Mutex;

use super::{Inner, rows};
use crate::error::TablesError;
use crate::read::{DataFile, Derived};
use crate::table::Table;

/// Files read at once.
const SIDE_BY_SIDE: usize = 2;

/// What files say, by their path.
#[derive(Default)]
pub(super) struct Events(Mutex<HashMap<Path, Arc<Derived>>>);

/// Over all events that were known at `as_of`.
///
/// # Errors
/// The table is absent or cannot be read.
pub(super) async fn derived(inner: &Inner, as_of: Option<Instant>) -> Result<Derived, TablesError> {
    let days = inner.snapshots.days(&inner.lake, Table::Events).await?;
    // Owned, here and below: a future that borrows from a closure is not `Send` for every
    // lifetime, as the console's handlers must be.
    let files: Vec<DataFile> = days.values().flat_map(|files| files.iter().cloned()).collect();
    let mut known = inner.events.0.lock().await;
    let live: HashSet<&Path> = files.iter().map(|f| &f.path).collect();
    known.retain(|path, _| live.contains(path));
    let new: Vec<DataFile> =
        files.iter().filter(|f| !past(f, as_of) && !known.contains_key(&f.path)).cloned().collect();
    let reads: Vec<_> = new.into_iter().map(|file| read_new(inner, file)).collect();
    let fresh: Vec<(Path, Arc<Derived>)> =
        futures::stream::iter(reads).buffer_unordered(SIDE_BY_SIDE).try_collect().await?;
    known.extend(fresh);
    let mut all = Derived::default();
    for file in &files {
        match known.get(&file.path).filter(|_| !past(file, as_of)) {
            Some(derived) => all.add(derived),
            // It holds what was not known yet: what was is looked at for this question alone.
            None => all.add(&read(inner, file, as_of).await?),
        }
    }
    Ok(all)
}

/// Whether the file holds what was not known at `as_of`.
fn past(file: &DataFile, as_of: Option<Instant>) -> bool {
    as_of.is_some_and(|at| !file.all_known_by(at))
}

async fn read_new(inner: &Inner, file: DataFile) -> Result<(Path, Arc<Derived>), TablesError> {
    let derived = read(inner, &file, None).await?;
    Ok((file.path, Arc::new(derived)))
}

async fn read(inner: &Inner, file: &DataFile, as_of: Option<Instant>) -> Result<Derived, TablesError> {
    let store = inner.lake.shelf(Table::Events)?.log_store.object_store(None);
    let mut derived = Derived::default();
    let mut columns = vec!["switch", "source", "at", "known_at"];
    if file.may_hold("type", Derived::CONFIGURED) {
        columns.extend(["center", "queue", "type", "details"]);
    }
    rows::columns(&inner.lake, Table::Events, &store, file, &columns, |batch| derived.look(batch, as_of)).await?;
    Ok(derived)
}

impl Derived {
    /// The threshold of each (centre, queue), milliseconds.
    pub(super) fn thresholds(self) -> BTreeMap<(Name, Name), i64> {
        self.stated.into_iter().map(|(key, (_, threshold))| (key, threshold)).collect()
    }
}
