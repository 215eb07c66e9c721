//! Which files of a table have to be read: by day, and by the minima and maxima that the
//! Delta log holds of each file.
//!
//! Contract: all revisions of a key are in one day (a row's `date` never changes), so days
//! are read whole or not at all. A day is left out only where the log proves that none of
//! its rows can be wanted; a file without statistics is always read.

use std::collections::{BTreeMap, BTreeSet};

use deltalake_core::kernel::Add;
use deltalake_core::table::state::DeltaTableState;
use model::Instant;
use object_store::path::Path;
use serde_json::Value;

use super::Filter;
use crate::facts::{DATE, times};
use crate::table::Table;

/// Statistics hold milliseconds where a column holds microseconds.
const COARSE_US: i64 = 1_000;
const DAY_US: i64 = 86_400_000_000;

/// A file of the table's newest snapshot.
#[derive(Clone, Debug)]
pub(crate) struct DataFile {
    pub(crate) path: Path,
    /// Days since 1970-01-01.
    pub(crate) day: i32,
    /// Bytes.
    pub(crate) size: u64,
    stats: Option<Value>,
}

impl DataFile {
    /// The file of an entry of the log.
    pub(crate) fn of_add(add: &Add) -> Self {
        Self {
            path: Path::parse(&add.path).unwrap_or_else(|_| Path::from(add.path.as_str())),
            day: add.partition_values.get(DATE).and_then(|d| day_of(d.as_deref()?)).unwrap_or_default(),
            size: u64::try_from(add.size).unwrap_or_default(),
            stats: add.stats.as_deref().and_then(|s| serde_json::from_str(s).ok()),
        }
    }

    fn stat(&self, kind: &str, column: &str) -> Option<&Value> {
        self.stats.as_ref()?.get(kind)?.get(column)
    }

    fn instant(&self, kind: &str, column: &str) -> Option<Instant> {
        Instant::parse_rfc3339(self.stat(kind, column)?.as_str()?).ok()
    }

    /// No row of it has a later instant in the column; `None` where the log does not say.
    pub(crate) fn latest(&self, column: &str) -> Option<Instant> {
        Some(Instant(self.instant("maxValues", column)?.0.saturating_add(COARSE_US)))
    }

    /// Rows, where the log says.
    pub(crate) fn rows(&self) -> Option<u64> {
        self.stats.as_ref()?.get("numRecords")?.as_u64()
    }

    fn no_nulls(&self, column: &str) -> bool {
        self.stat("nullCount", column).and_then(Value::as_u64) == Some(0)
    }

    fn all_null(&self, column: &str) -> bool {
        let nulls = self.stat("nullCount", column).and_then(Value::as_u64);
        nulls.is_some() && nulls == self.rows()
    }

    /// Whether a row of it may begin before `to`.
    fn may_begin_before(&self, table: Table, to: Instant) -> bool {
        times(table).0.iter().any(|column| match self.instant("minValues", column) {
            Some(least) => least < to,
            None => !self.all_null(column),
        })
    }

    /// Whether a row of it may end at or after `from`.
    pub(crate) fn may_end_after(&self, table: Table, from: Instant) -> bool {
        times(table).1.iter().any(|column| match self.instant("maxValues", column) {
            Some(most) if self.no_nulls(column) => Instant(most.0.saturating_add(COARSE_US)) >= from,
            _ => true,
        })
    }

    /// Whether it may hold a row with this text in the column. A maximum may have been cut.
    pub(crate) fn may_hold(&self, column: &str, text: &str) -> bool {
        let least = self.stat("minValues", column).and_then(Value::as_str);
        let most = self.stat("maxValues", column).and_then(Value::as_str);
        least.is_none_or(|l| l <= text) && most.is_none_or(|m| text <= m || text.starts_with(m))
    }

    /// Whether it may hold a row with one of these texts in the column.
    pub(crate) fn may_hold_any(&self, column: &str, texts: &BTreeSet<&str>) -> bool {
        let least = self.stat("minValues", column).and_then(Value::as_str).unwrap_or_default();
        // Those behind the first one from the least on are further from the most.
        texts.range(least..).next().is_some_and(|text| self.may_hold(column, text))
    }

    /// Whether every row of it was known at `as_of`.
    pub(crate) fn all_known_by(&self, as_of: Instant) -> bool {
        let most = self.instant("maxValues", "known_at");
        most.is_some_and(|most| most.0.saturating_add(COARSE_US) <= as_of.0)
    }

    fn known_by(&self, as_of: Instant) -> bool {
        self.instant("minValues", "known_at").is_none_or(|least| least <= as_of)
    }
}

/// The files of a snapshot, by day and then by what is in them: their names are chance, and
/// what is done with the files, in which order, should not be.
pub(crate) fn live_files(state: &DeltaTableState) -> Vec<DataFile> {
    let mut files: Vec<_> = state
        .log_data()
        .iter()
        .map(|file| {
            let stats = file.stats();
            let read = DataFile {
                path: file.object_store_path(),
                day: file.partition_values_map().get(DATE).and_then(|d| day_of(d.as_deref()?)).unwrap_or_default(),
                size: u64::try_from(file.size()).unwrap_or_default(),
                stats: stats.as_deref().and_then(|s| serde_json::from_str(s).ok()),
            };
            (stats, read)
        })
        .collect();
    files.sort_by(|(a_stats, a), (b_stats, b)| {
        (a.day, a.size, a_stats, &a.path).cmp(&(b.day, b.size, b_stats, &b.path))
    });
    files.into_iter().map(|(_, file)| file).collect()
}

fn day_of(date: &str) -> Option<i32> {
    let midnight = Instant::parse_rfc3339(&format!("{date}T00:00:00Z")).ok()?;
    i32::try_from(midnight.0.div_euclid(DAY_US)).ok()
}

/// Whether a day of a table may hold a row that the filter wants, by its range and ids.
pub(crate) fn day_wanted(table: Table, files: &[DataFile], filter: &Filter) -> bool {
    files.iter().any(|file| {
        filter.to.is_none_or(|to| file.may_begin_before(table, to))
            && filter.from.is_none_or(|from| file.may_end_after(table, from))
            && filter.call_id.as_ref().is_none_or(|id| file.may_hold("call_id", id))
            && filter.recording_id.as_ref().is_none_or(|id| file.may_hold("recording_id", id))
    })
}

/// The files to be read for a filter.
pub(crate) fn wanted(table: Table, files: Vec<DataFile>, filter: &Filter) -> Vec<DataFile> {
    let mut days = BTreeMap::<i32, Vec<DataFile>>::new();
    for file in files {
        days.entry(file.day).or_default().push(file);
    }
    let mut wanted = Vec::new();
    for (_, files) in days {
        if day_wanted(table, &files, filter) {
            wanted.extend(files.into_iter().filter(|f| filter.as_of.is_none_or(|at| f.known_by(at))));
        }
    }
    wanted
}
