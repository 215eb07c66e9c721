//! A partition that the stage `facts` owns: its fold, and where each table stands.

use event_log::Opened;
use model::facts::Facts;
use tables::{Table, Txn};

use crate::fold::{PartitionFold, Reject};
use crate::rows;

/// Number of tables.
pub(crate) const TABLES: usize = Table::ALL.len();

/// Rows of each table, to tell what one record brought.
type Lengths = [usize; TABLES];

/// One owned partition.
pub struct Owned {
    /// Its fold.
    pub fold: PartitionFold,
    /// `txn` version of each table, as last seen; -1 for none.
    versions: [i64; TABLES],
    app_id: String,
    snapshot_at: i64,
    told: i64,
}

impl Owned {
    /// With the versions that the tables have.
    pub fn new(fold: PartitionFold, versions: [i64; TABLES], app_id: String) -> Self {
        let at = fold.next_offset();
        Self { fold, versions, app_id, snapshot_at: at, told: at }
    }

    /// Folds a record; what a table holds already is not added for that table.
    pub fn apply(&mut self, record: &Opened, facts: &mut Facts, rejects: &mut Vec<Reject>) {
        let catching_up = self.versions.iter().any(|v| record.offset <= *v);
        let before = catching_up.then(|| lengths(facts));
        let folded = self.fold.apply(record, facts);
        if let Some(before) = before {
            self.discard(record.offset, &before, facts);
        }
        // Dead letters are published before tables are committed, so one that any table
        // has passed was published.
        if let Err(reject) = folded
            && self.versions.iter().all(|v| record.offset > *v)
        {
            rejects.push(*reject);
        }
    }

    fn discard(&self, offset: i64, before: &Lengths, facts: &mut Facts) {
        for (i, table) in Table::ALL.iter().enumerate() {
            if offset <= self.versions[i] {
                rows::truncate(*table, facts, before[i]);
            }
        }
    }

    /// The `txn` of a commit of this partition's fold to a table; `None` where the table
    /// has all of it.
    pub fn txn(&self, index: usize) -> Option<Txn> {
        let version = self.fold.next_offset() - 1;
        (version > self.versions[index]).then(|| Txn {
            app_id: self.app_id.clone(),
            version,
            seen: Some(self.versions[index]).filter(|v| *v >= 0),
        })
    }

    /// The table has all of the fold up to an offset.
    pub fn committed(&mut self, index: usize, upto: i64) {
        self.versions[index] = self.versions[index].max(upto);
    }

    /// Records that a table lags behind.
    pub fn lag(&self, index: usize) -> i64 {
        self.fold.next_offset() - 1 - self.versions[index]
    }

    /// Version that every table has reached.
    pub fn least_version(&self) -> i64 {
        self.versions.iter().copied().min().unwrap_or(-1)
    }

    /// Records folded since the last snapshot.
    pub fn since_snapshot(&self) -> i64 {
        self.fold.next_offset() - self.snapshot_at
    }

    /// A snapshot of the fold was taken.
    pub fn snapshot_taken(&mut self) {
        self.snapshot_at = self.fold.next_offset();
    }

    /// Whether the group must be told that everything below `next` is flushed; counts as
    /// told.
    pub fn tell_group(&mut self, next: i64) -> bool {
        std::mem::replace(&mut self.told, next) != next
    }
}

fn lengths(facts: &Facts) -> Lengths {
    let mut out = [0; TABLES];
    for (i, table) in Table::ALL.iter().enumerate() {
        out[i] = rows::count(*table, facts);
    }
    out
}
