//! Text, numbers, instants, days, positions.

use std::fmt::Write as _;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, BooleanBuilder, Date32Array, Date32Builder, Int32Array, Int32Builder,
    Int64Array, Int64Builder, StringArray, StringBuilder, TimestampMicrosecondArray, TimestampMicrosecondBuilder,
};
use arrow::datatypes::{DataType, Date32Type, Int32Type, Int64Type, TimeUnit, TimestampMicrosecondType};
use model::{Instant, Name, Position};

use super::{BadCell, Cell, Nullable};

/// A day, counted from 1970-01-01 (UTC).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Day(pub i32);

/// A guess of a text's length, so that a column's buffer seldom grows.
const TEXT_GUESS: usize = 16;

fn wrong_type(array: &ArrayRef, expected: &DataType) -> BadCell {
    BadCell::new("", format!("is of type {}, expected {expected}", array.data_type()))
}

/// What the cell types over one Arrow array type share.
macro_rules! nullable {
    ($t:ty) => {
        impl Nullable for $t {
            fn append_null(to: &mut Self::Builder) {
                to.append_null();
            }
            fn is_null(column: &Self::Column, row: usize) -> bool {
                column.is_null(row)
            }
        }
    };
}

macro_rules! primitive {
    ($t:ty, $builder:ty, $array:ty, $arrow:ty, $type:expr, |$v:ident| $put:expr, |$r:ident| $get:expr) => {
        impl Cell for $t {
            type Builder = $builder;
            type Column = $array;

            fn data_type() -> DataType {
                $type
            }
            fn builder(capacity: usize) -> Self::Builder {
                <$builder>::with_capacity(capacity).with_data_type($type)
            }
            fn append(&self, to: &mut Self::Builder) {
                let $v = self;
                to.append_value($put);
            }
            fn finish(mut builder: Self::Builder) -> ArrayRef {
                Arc::new(builder.finish())
            }
            fn column(array: &ArrayRef) -> Result<Self::Column, BadCell> {
                array.as_primitive_opt::<$arrow>().cloned().ok_or_else(|| wrong_type(array, &$type))
            }
            fn get(column: &Self::Column, row: usize) -> Result<Self, BadCell> {
                if column.is_null(row) {
                    return Err(BadCell::new("", "is null where a value must be"));
                }
                let $r = column.value(row);
                Ok($get)
            }
        }
        nullable!($t);
    };
}

primitive!(i64, Int64Builder, Int64Array, Int64Type, DataType::Int64, |v| *v, |r| r);
primitive!(i32, Int32Builder, Int32Array, Int32Type, DataType::Int32, |v| *v, |r| r);
primitive!(Day, Date32Builder, Date32Array, Date32Type, DataType::Date32, |v| v.0, |r| Day(r));
primitive!(
    Instant,
    TimestampMicrosecondBuilder,
    TimestampMicrosecondArray,
    TimestampMicrosecondType,
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
    |v| v.0,
    |r| Instant(r)
);

impl Cell for bool {
    type Builder = BooleanBuilder;
    type Column = BooleanArray;

    fn data_type() -> DataType {
        DataType::Boolean
    }
    fn builder(capacity: usize) -> Self::Builder {
        BooleanBuilder::with_capacity(capacity)
    }
    fn append(&self, to: &mut Self::Builder) {
        to.append_value(*self);
    }
    fn finish(mut builder: Self::Builder) -> ArrayRef {
        Arc::new(builder.finish())
    }
    fn column(array: &ArrayRef) -> Result<Self::Column, BadCell> {
        array.as_boolean_opt().cloned().ok_or_else(|| wrong_type(array, &DataType::Boolean))
    }
    fn get(column: &Self::Column, row: usize) -> Result<Self, BadCell> {
        if column.is_null(row) {
            return Err(BadCell::new("", "is null where a value must be"));
        }
        Ok(column.value(row))
    }
}

/// The text at `row`.
pub(super) fn text(column: &StringArray, row: usize) -> Result<&str, BadCell> {
    if column.is_null(row) {
        return Err(BadCell::new("", "is null where a text must be"));
    }
    Ok(column.value(row))
}

/// A cell type kept as text: how to append it, how to read it.
macro_rules! textual {
    ($t:ty, |$v:ident, $to:ident| $put:expr, |$r:ident| $get:expr) => {
        impl Cell for $t {
            type Builder = StringBuilder;
            type Column = StringArray;

            fn data_type() -> DataType {
                DataType::Utf8
            }
            fn builder(capacity: usize) -> Self::Builder {
                StringBuilder::with_capacity(capacity, capacity.saturating_mul(TEXT_GUESS))
            }
            fn append(&self, $to: &mut Self::Builder) {
                let $v = self;
                $put
            }
            fn finish(mut builder: Self::Builder) -> ArrayRef {
                Arc::new(builder.finish())
            }
            fn column(array: &ArrayRef) -> Result<Self::Column, BadCell> {
                string_column(array)
            }
            fn get(column: &Self::Column, row: usize) -> Result<Self, BadCell> {
                let $r = text(column, row)?;
                $get
            }
        }
        nullable!($t);
    };
}

/// The array as text.
pub(super) fn string_column(array: &ArrayRef) -> Result<StringArray, BadCell> {
    array.as_string_opt::<i32>().cloned().ok_or_else(|| wrong_type(array, &DataType::Utf8))
}

textual!(Name, |v, to| to.append_value(v), |r| Ok(Name::new(r)));
textual!(String, |v, to| to.append_value(v), |r| Ok(r.to_owned()));
textual!(
    Position,
    |v, to| {
        // A builder takes text without failing; `append_value("")` closes the cell.
        let _ = write!(to, "{v}");
        to.append_value("");
    },
    |r| r.parse::<Position>().map_err(|e| BadCell::new("", e))
);
