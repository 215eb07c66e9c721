//! How one value of a row becomes one cell of an Arrow column, and back.
//!
//! Contract: `get(append(x)) == x` for every type here. Appending copies bytes into the
//! column's buffer and allocates nothing of its own. A cell that cannot be read back
//! says what it held and what was expected; nothing panics on foreign data.

mod lists;
mod scalars;
mod words;

use arrow::array::ArrayRef;
use arrow::datatypes::DataType;

pub(crate) use scalars::Day;

/// Why a cell cannot be read: what it holds and what was expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("column '{column}': {reason}")]
pub struct BadCell {
    /// The column, with its list where it is nested.
    pub column: String,
    /// What is wrong.
    pub reason: String,
}

impl BadCell {
    pub(crate) fn new(column: &str, reason: impl Into<String>) -> Self {
        Self { column: column.to_owned(), reason: reason.into() }
    }

    /// The same, seen from the list or struct that holds the column.
    pub(crate) fn within(mut self, outer: &str) -> Self {
        self.column = if self.column.is_empty() { outer.to_owned() } else { format!("{outer}.{}", self.column) };
        self
    }
}

/// A value that fills one column.
pub(crate) trait Cell: Sized {
    /// Whether the column may hold nulls.
    const NULLABLE: bool = false;
    /// Collects values.
    type Builder: Send;
    /// The collected column, ready to be read.
    type Column;

    fn data_type() -> DataType;
    fn builder(capacity: usize) -> Self::Builder;
    fn append(&self, to: &mut Self::Builder);
    fn finish(builder: Self::Builder) -> ArrayRef;
    /// # Errors
    /// The array is of another type.
    fn column(array: &ArrayRef) -> Result<Self::Column, BadCell>;
    /// # Errors
    /// The value at `row` is null or no word of its vocabulary.
    fn get(column: &Self::Column, row: usize) -> Result<Self, BadCell>;
}

/// A `Cell` whose column can hold nulls, so that `Option` of it is one too.
pub(crate) trait Nullable: Cell {
    fn append_null(to: &mut Self::Builder);
    fn is_null(column: &Self::Column, row: usize) -> bool;
}

impl<T: Nullable> Cell for Option<T> {
    const NULLABLE: bool = true;
    type Builder = T::Builder;
    type Column = T::Column;

    fn data_type() -> DataType {
        T::data_type()
    }

    fn builder(capacity: usize) -> Self::Builder {
        T::builder(capacity)
    }

    fn append(&self, to: &mut Self::Builder) {
        match self {
            Some(value) => value.append(to),
            None => T::append_null(to),
        }
    }

    fn finish(builder: Self::Builder) -> ArrayRef {
        T::finish(builder)
    }

    fn column(array: &ArrayRef) -> Result<Self::Column, BadCell> {
        T::column(array)
    }

    fn get(column: &Self::Column, row: usize) -> Result<Self, BadCell> {
        if T::is_null(column, row) { Ok(None) } else { T::get(column, row).map(Some) }
    }
}
