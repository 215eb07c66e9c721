//! The last event of each switch and the thresholds that switches stated, from what each
//! file of the events holds: a file is read once, and what it says is kept while it lives.

use std::collections::{BTreeMap, HashMap};
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
    let files = || days.values().flat_map(|files| files.iter());
    let mut known = inner.events.0.lock().await;
    let live: HashMap<&Path, ()> = files().map(|f| (&f.path, ())).collect();
    known.retain(|path, _| live.contains_key(path));
    let past = |file: &DataFile| as_of.is_some_and(|at| !file.all_known_by(at));
    let new = files().filter(|f| !past(f) && !known.contains_key(&f.path));
    let reads =
        new.map(|file| async move { Ok::<_, TablesError>((file.path.clone(), read(inner, file, None).await?)) });
    let mut read_now = futures::stream::iter(reads).buffer_unordered(SIDE_BY_SIDE);
    let mut fresh = Vec::new();
    while let Some((path, derived)) = read_now.try_next().await? {
        fresh.push((path, Arc::new(derived)));
    }
    drop(read_now);
    known.extend(fresh);
    let mut all = Derived::default();
    for file in files() {
        match known.get(&file.path).filter(|_| !past(file)) {
            Some(derived) => all.add(derived),
            // It holds what was not known yet: what was is looked at for this question alone.
            None => all.add(&read(inner, file, as_of).await?),
        }
    }
    Ok(all)
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
