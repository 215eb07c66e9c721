//! The cells of a row, by name, in order.

use std::collections::BTreeMap;

use model::{Instant, Name};

use super::Kind;
use crate::options::Options;

/// One value of a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// Where a denominator is 0, or nothing is known.
    Null,
    /// A name.
    Text(Name),
    /// A count, or milliseconds (`_ms` in the name).
    Int(i64),
    /// A fraction.
    Rate(f64),
    /// An instant.
    At(Instant),
    /// Yes or no.
    Bool(bool),
    /// Milliseconds by name.
    Map(BTreeMap<Name, i64>),
}

impl From<i64> for Cell {
    fn from(v: i64) -> Self {
        Self::Int(v)
    }
}

impl From<f64> for Cell {
    fn from(v: f64) -> Self {
        Self::Rate(v)
    }
}

impl From<Instant> for Cell {
    fn from(v: Instant) -> Self {
        Self::At(v)
    }
}

impl From<bool> for Cell {
    fn from(v: bool) -> Self {
        Self::Bool(v)
    }
}

impl From<&Name> for Cell {
    fn from(v: &Name) -> Self {
        Self::Text(v.clone())
    }
}

impl From<&BTreeMap<Name, i64>> for Cell {
    fn from(v: &BTreeMap<Name, i64>) -> Self {
        Self::Map(v.clone())
    }
}

impl<T: Into<Cell>> From<Option<T>> for Cell {
    fn from(v: Option<T>) -> Self {
        v.map_or(Self::Null, Into::into)
    }
}

/// A row under construction: names and values.
#[derive(Clone, Debug, Default)]
pub struct Cells(pub Vec<(&'static str, Cell)>);

impl Cells {
    /// Appends a value.
    pub fn put(&mut self, name: &'static str, value: impl Into<Cell>) -> &mut Self {
        self.0.push((name, value.into()));
        self
    }

    /// The value of that name.
    pub fn get(&self, name: &str) -> Option<&Cell> {
        self.0.iter().find(|(n, _)| *n == name).map(|(_, v)| v)
    }
}

/// A row of a report.
pub trait Report: Default {
    /// Every value, by its name in `docs/metrics.md`, in its order. Which names there are
    /// depends on the options alone, never on the row.
    fn cells(&self, opts: &Options) -> Cells;

    /// What the table for people shows: names, and their headings.
    fn table_columns(opts: &Options) -> Vec<(&'static str, &'static str)>;

    /// What kind of value a column holds, also where every cell of it is null.
    fn kind(name: &str) -> Kind {
        Kind::of(name)
    }

    /// Whether it is a totals row: set apart under the table.
    fn is_total(&self) -> bool {
        false
    }

    /// What has to be said under the table.
    fn notes(_rows: &[Self], _opts: &Options) -> Vec<String> {
        Vec::new()
    }
}
