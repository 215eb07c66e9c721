//! The rows of every table as columns: one declaration a row type says each column's
//! name, type, description, and how the row gives and takes it.
//!
//! Contract: columns stand in the order declared, `date` is the last one. In a table it
//! is the partition column (it is in the folder's name, not in the file); in a nested
//! list it is a column like any other. A column that a file lacks reads as null where
//! nulls are allowed, so a later version may add columns.

mod calls;
mod events;
mod intervals;
mod legs;
mod recordings;
mod stretches;
mod visits;

use std::cmp::Ordering;
use std::collections::HashMap;

use arrow::array::{ArrayRef, new_null_array};
use arrow::datatypes::{Field, Fields};
use model::facts::{Call, EventRow, Facts, Leg, QueueInterval, Recording, Stretch, Visit};
use model::{Instant, Name};

use crate::cells::{BadCell, Cell};
use crate::table::Table;

/// The partition column of every table.
pub(crate) const DATE: &str = "date";
/// The key under which Delta keeps a column's description.
pub(crate) const COMMENT: &str = "comment";

/// A row type and its columns.
pub(crate) trait Row: Sized {
    /// One builder a column.
    type Builders: Send;
    /// One readable column each.
    type Columns;

    fn fields() -> Vec<Field>;
    fn builders(capacity: usize) -> Self::Builders;
    fn append(&self, to: &mut Self::Builders);
    /// The arrays, in the order of `fields`.
    fn finish(builders: Self::Builders) -> Vec<ArrayRef>;
    /// # Errors
    /// A column is missing or of another type.
    fn columns(fields: &Fields, arrays: &[ArrayRef], rows: usize) -> Result<Self::Columns, BadCell>;
    /// # Errors
    /// A cell holds what the column may not hold.
    fn read(columns: &Self::Columns, row: usize) -> Result<Self, BadCell>;
}

/// A row of one of the tables.
pub(crate) trait Fact: Row + Clone + Send + Sync + 'static {
    const TABLE: Table;
    /// Its rows among all that a fold step brought.
    fn of(facts: &Facts) -> &[Self];
    /// Days since 1970-01-01 of the partition that it is filed under.
    fn day(&self) -> i32;
    /// Its place within a file: centre, then queue or agent, then time, then key.
    fn order(&self, other: &Self) -> Ordering;
    /// Whose revision it is; unique within the table together with `revision`.
    fn key(&self) -> Key;
    fn revision(&self) -> i64;
    fn known_at(&self) -> Instant;
    fn retracted(&self) -> bool {
        false
    }
    fn traits(&self) -> Traits<'_>;
}

/// The key of a row: an id, an id and its switch, or switch, queue and begin of an interval.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key(Name, Name, Instant);

impl Key {
    pub(crate) fn id(id: &Name) -> Self {
        Self(id.clone(), Name::default(), Instant::default())
    }

    /// An id that is unique within its switch.
    pub(crate) fn of_switch(switch: &Name, id: &Name) -> Self {
        Self(id.clone(), switch.clone(), Instant::default())
    }

    pub(crate) fn interval(switch: &Name, queue: &Name, start: Instant) -> Self {
        Self(switch.clone(), queue.clone(), start)
    }
}

/// What filters ask of a row.
pub(crate) struct Traits<'a> {
    pub(crate) center: &'a Name,
    pub(crate) switch: &'a Name,
    pub(crate) queue: Option<&'a Name>,
    pub(crate) agent: Option<&'a Name>,
    pub(crate) call_id: Option<&'a Name>,
    /// When it began, where that is known.
    pub(crate) begin: Option<Instant>,
    /// When it ended; `None` while it lasts. For rows of one instant the same as `begin`.
    pub(crate) end: Option<Instant>,
}

/// The columns that hold a table's begin and end: what a range of time prunes files by.
pub(crate) const fn times(table: Table) -> (&'static [&'static str], &'static [&'static str]) {
    match table {
        Table::Events => (&["at"], &["at"]),
        Table::QueueVisits => (&["joined_at"], &["joined_at"]),
        Table::AgentLegs => (&["offered_at", "answered_at", "ended_at"], &["ended_at"]),
        Table::AgentStates => (&["from"], &["to"]),
        Table::Calls | Table::Recordings => (&["started_at"], &["started_at"]),
        Table::QueueIntervals => (&["interval_start"], &["interval_start"]),
    }
}

/// The columns of a table, `date` last, each with its description.
pub(crate) fn fields(table: Table) -> Vec<Field> {
    match table {
        Table::Events => EventRow::fields(),
        Table::QueueVisits => Visit::fields(),
        Table::AgentLegs => Leg::fields(),
        Table::AgentStates => Stretch::fields(),
        Table::Calls => Call::fields(),
        Table::QueueIntervals => QueueInterval::fields(),
        Table::Recordings => Recording::fields(),
    }
}

/// A column's field: name, type, description.
pub(crate) fn field<T: Cell>(name: &str, comment: &str) -> Field {
    let name = name.trim_start_matches("r#");
    Field::new(name, T::data_type(), T::NULLABLE)
        .with_metadata(HashMap::from([(COMMENT.to_owned(), comment.to_owned())]))
}

/// The column of that name, or nulls where the file has none and the column allows them.
pub(crate) fn find<T: Cell>(
    name: &str,
    fields: &Fields,
    arrays: &[ArrayRef],
    rows: usize,
) -> Result<T::Column, BadCell> {
    let name = name.trim_start_matches("r#");
    let found = fields.find(name).and_then(|(i, _)| arrays.get(i)).cloned();
    let array = match found {
        Some(array) => array,
        None if T::NULLABLE => new_null_array(&T::data_type(), rows),
        None => return Err(BadCell::new(name, "is missing")),
    };
    T::column(&array).map_err(|e| e.within(name))
}

/// Declares the columns of a row type: `name: Type = |row| place, "description";` and,
/// after `read`, how a row is made of the values read (each is a local of its column's name).
macro_rules! columns {
    (
        $builders:ident, $columns:ident for $row:ty {
            $($name:ident : $t:ty = |$r:ident| $from:expr, $comment:expr;)*
        }
        read $build:expr
    ) => {
        pub(crate) struct $builders { $($name: <$t as $crate::cells::Cell>::Builder,)* }
        pub(crate) struct $columns { $($name: <$t as $crate::cells::Cell>::Column,)* }

        impl $crate::facts::Row for $row {
            type Builders = $builders;
            type Columns = $columns;

            fn fields() -> Vec<arrow::datatypes::Field> {
                vec![$($crate::facts::field::<$t>(stringify!($name), $comment),)*]
            }
            fn builders(capacity: usize) -> Self::Builders {
                $builders { $($name: <$t as $crate::cells::Cell>::builder(capacity),)* }
            }
            fn append(&self, to: &mut Self::Builders) {
                $({ let $r = self; <$t as $crate::cells::Cell>::append($from, &mut to.$name); })*
            }
            fn finish(builders: Self::Builders) -> Vec<arrow::array::ArrayRef> {
                vec![$(<$t as $crate::cells::Cell>::finish(builders.$name),)*]
            }
            fn columns(
                fields: &arrow::datatypes::Fields,
                arrays: &[arrow::array::ArrayRef],
                rows: usize,
            ) -> Result<Self::Columns, $crate::cells::BadCell> {
                Ok($columns { $($name: $crate::facts::find::<$t>(stringify!($name), fields, arrays, rows)?,)* })
            }
            #[allow(unused_variables)]
            fn read(columns: &Self::Columns, row: usize) -> Result<Self, $crate::cells::BadCell> {
                $(let $name = <$t as $crate::cells::Cell>::get(&columns.$name, row)
                    .map_err(|e| e.within(stringify!($name).trim_start_matches("r#")))?;)*
                Ok($build)
            }
        }
    };
}
pub(crate) use columns;

/// What rows of several tables say of themselves in the same words.
pub(crate) mod say {
    pub(crate) const CALL: &str = "The contact.";
    pub(crate) const CENTER: &str = "The centre.";
    pub(crate) const SWITCH: &str = "The switch.";
    pub(crate) const RETRACTED: &str = "It turned out not to be one; readers leave it out.";
    pub(crate) const REVISION: &str = "From 1; the truth is the highest revision of each key.";
    pub(crate) const KNOWN: &str = "When the log took the event that made this revision.";
    pub(crate) const FIRST: &str = "Its first event, as topic/partition/offset.";
    pub(crate) const LAST: &str = "The event that made this revision, as topic/partition/offset.";
    pub(crate) const DEFINITION: &str = "Version of the definitions; raised whenever a formula changes.";
    pub(crate) const DATE: &str = "Day (UTC) that the first revision was filed under; never changes. Partition.";
}
