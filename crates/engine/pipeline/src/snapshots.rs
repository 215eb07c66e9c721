//! Snapshots of partition folds: `<stage>/cti.events-<partition>/<X>` in an object store,
//! X being the last offset included.
//!
//! Contract: a snapshot is one object, written whole or not at all; its first bytes name
//! the generation, and one of another generation is refused. The newest at or below an
//! asked offset is loaded; older ones are dropped once a newer one is at or below every
//! table's version.

use std::sync::Arc;

use futures::TryStreamExt;
use model::{Dialect, Name};
use object_store::{ObjectStore, ObjectStoreExt, path::Path};
use serde::{Deserialize, Serialize};

use crate::fold::PartitionFold;
use crate::repeats::Repeats;
use crate::switch_fold::{FoldConfig, SwitchFold};
use crate::visit_feed::VisitFeed;

/// Raised whenever the format of a snapshot changes: older ones are left aside and the
/// fold starts from the beginning of the log.
pub const FORMAT: u32 = 3;

/// What goes wrong with snapshots.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// The store failed; may pass.
    #[error("the snapshot store: {0}")]
    Store(#[from] object_store::Error),
    /// The snapshot is not readable by this build.
    #[error("snapshot {0} cannot be read: {1}; remove it, and the fold starts from an older one or from the beginning")]
    Unreadable(String, String),
    /// The snapshot is of another generation.
    #[error("snapshot {path} is of generation '{found}', this run is of '{wanted}': run `ringledger replay`")]
    Generation {
        /// Which.
        path: String,
        /// Its generation.
        found: String,
        /// The generation of this run.
        wanted: String,
    },
}

/// The snapshots of one stage.
#[derive(Clone)]
pub struct Snapshots {
    store: Arc<dyn ObjectStore>,
    stage: String,
    generation: String,
}

#[derive(Serialize, Deserialize)]
struct SavedSwitch {
    switch: Name,
    center: Name,
    figures: Option<Dialect>,
    decoders: Vec<(Name, Dialect, Vec<u8>)>,
    timeline: timeline::Timeline,
    intervals: VisitFeed,
    live: metrics::live::LiveFold,
    untouched: bool,
    repeats: Repeats,
}

/// As `SavedSwitch`, borrowed for writing.
#[derive(Serialize)]
struct SavingSwitch<'a> {
    switch: &'a Name,
    center: &'a Name,
    figures: &'a Option<Dialect>,
    decoders: Vec<(&'a Name, &'a Dialect, Vec<u8>)>,
    timeline: &'a timeline::Timeline,
    intervals: &'a VisitFeed,
    live: &'a metrics::live::LiveFold,
    untouched: bool,
    repeats: &'a Repeats,
}

/// The state of a fold as bytes.
pub fn encode(fold: &PartitionFold, generation: &str) -> Result<Vec<u8>, String> {
    let mut switches: Vec<_> = fold.switches.values().collect();
    switches.sort_by(|a, b| a.switch.cmp(&b.switch));
    let saving: Vec<_> = switches.into_iter().map(saving).collect();
    let header = (FORMAT, generation, fold.next);
    let bytes = postcard::to_stdvec(&(header, saving)).map_err(|e| e.to_string())?;
    zstd::encode_all(bytes.as_slice(), 1).map_err(|e| e.to_string())
}

fn saving(s: &SwitchFold) -> SavingSwitch<'_> {
    let mut decoders: Vec<_> = s.decoders.iter().map(|((n, d), decoder)| (n, d, decoder.snapshot())).collect();
    decoders.sort_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)));
    SavingSwitch {
        switch: &s.switch,
        center: &s.center,
        figures: &s.figures,
        decoders,
        timeline: &s.timeline,
        intervals: &s.intervals,
        live: &s.live,
        untouched: s.untouched,
        repeats: &s.repeats,
    }
}

/// The fold that `encode` gave, and its generation.
pub fn decode(bytes: &[u8], partition: i32, config: &FoldConfig) -> Result<(PartitionFold, String), String> {
    let raw = zstd::decode_all(bytes).map_err(|e| e.to_string())?;
    let ((format, generation, next), rest) =
        postcard::take_from_bytes::<(u32, String, i64)>(&raw).map_err(|e| e.to_string())?;
    if format != FORMAT {
        return Err(format!("it has format {format}, this build writes {FORMAT}"));
    }
    let saved: Vec<SavedSwitch> = postcard::from_bytes(rest).map_err(|e| e.to_string())?;
    let mut fold = PartitionFold::new(partition, config.clone());
    fold.next = next;
    for s in saved {
        fold.switches.insert(s.switch.clone(), restored(s, config)?);
    }
    Ok((fold, generation))
}

fn restored(saved: SavedSwitch, config: &FoldConfig) -> Result<SwitchFold, String> {
    let mut switch = SwitchFold::new(saved.center, saved.switch, config.clone());
    switch.figures = saved.figures;
    switch.timeline = saved.timeline;
    switch.intervals = saved.intervals;
    switch.live = saved.live;
    switch.untouched = saved.untouched;
    switch.repeats = saved.repeats;
    for (source, dialect, bytes) in saved.decoders {
        let mut decoder = (config.decoders)(&dialect, &switch.switch, &switch.center)
            .ok_or_else(|| format!("no decoder for {}", dialect.as_str()))?;
        decoder.restore(&bytes)?;
        switch.decoders.insert((source, dialect), decoder);
    }
    Ok(switch)
}

impl Snapshots {
    /// The snapshots of `stage` in `store`.
    pub fn new(store: Arc<dyn ObjectStore>, stage: &str, generation: &str) -> Self {
        Self { store, stage: stage.to_owned(), generation: generation.to_owned() }
    }

    fn folder(&self, partition: i32) -> Path {
        Path::from(format!("{}/{}-{partition}", self.stage, model::TOPIC_EVENTS))
    }

    /// Offsets of which there are snapshots, ascending.
    ///
    /// # Errors
    /// The store failed.
    pub async fn list(&self, partition: i32) -> Result<Vec<i64>, SnapshotError> {
        let folder = self.folder(partition);
        let objects: Vec<_> = self.store.list(Some(&folder)).try_collect().await?;
        let mut offsets: Vec<i64> = objects.iter().filter_map(|o| o.location.filename()?.parse().ok()).collect();
        offsets.sort_unstable();
        Ok(offsets)
    }

    /// Writes the snapshot of a fold.
    ///
    /// # Errors
    /// The store failed.
    pub async fn save(&self, fold: &PartitionFold) -> Result<i64, SnapshotError> {
        let last = fold.next - 1;
        let path = self.folder(fold.partition).join(format!("{last:020}"));
        let bytes = encode(fold, &self.generation).map_err(|e| SnapshotError::Unreadable(path.to_string(), e))?;
        self.store.put(&path, bytes.into()).await?;
        Ok(last)
    }

    /// The newest snapshot at or below `at_most`; a fold at the beginning where none is.
    ///
    /// # Errors
    /// The store failed, or a snapshot is of another generation.
    pub async fn load(
        &self,
        partition: i32,
        at_most: i64,
        config: &FoldConfig,
    ) -> Result<PartitionFold, SnapshotError> {
        let offsets = self.list(partition).await?;
        for offset in offsets.into_iter().rev().filter(|o| *o <= at_most) {
            let path = self.folder(partition).join(format!("{offset:020}"));
            let bytes = self.store.get(&path).await?.bytes().await?;
            match decode(&bytes, partition, config) {
                Ok((fold, generation)) if generation == self.generation => return Ok(fold),
                Ok((_, found)) => {
                    let wanted = self.generation.clone();
                    return Err(SnapshotError::Generation { path: path.to_string(), found, wanted });
                }
                Err(e) => tracing::warn!(%path, error = %e, "a snapshot is left aside"),
            }
        }
        Ok(PartitionFold::new(partition, config.clone()))
    }

    /// Drops all snapshots older than the newest one at or below `safe`.
    ///
    /// # Errors
    /// The store failed.
    pub async fn prune(&self, partition: i32, safe: i64) -> Result<u64, SnapshotError> {
        let offsets = self.list(partition).await?;
        let Some(keep) = offsets.iter().rev().find(|o| **o <= safe).copied() else { return Ok(0) };
        let mut dropped = 0;
        for offset in offsets.into_iter().filter(|o| *o < keep) {
            self.store.delete(&self.folder(partition).join(format!("{offset:020}"))).await?;
            dropped += 1;
        }
        Ok(dropped)
    }
}
