//! Nested lists: of rows (a list of structs) and of texts.
//!
//! Lists and their elements are never null, an absent list is an empty one: that is the
//! form that DuckDB, Polars, PyArrow and Spark read alike. Maps are written as lists of
//! `{key, value}` for the same reason: Polars has no map type.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, ListArray, StringArray, StringBuilder, StructArray};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field, FieldRef, Fields};
use model::Name;

use super::{BadCell, Cell};
use crate::facts::Row;

/// What Delta calls the element of a list.
const ELEMENT: &str = "element";

fn element(data_type: DataType) -> FieldRef {
    Arc::new(Field::new(ELEMENT, data_type, false))
}

/// Elements of all lists, and how many are in each.
pub(crate) struct Lists<B> {
    lengths: Vec<usize>,
    elements: B,
}

fn list_of(lengths: Vec<usize>, data_type: DataType, elements: ArrayRef) -> ArrayRef {
    Arc::new(ListArray::new(element(data_type), OffsetBuffer::from_lengths(lengths), elements, None))
}

fn as_list(array: &ArrayRef) -> Result<&ListArray, BadCell> {
    array.as_list_opt::<i32>().ok_or_else(|| BadCell::new("", format!("is of type {}, no list", array.data_type())))
}

/// Where the elements of list `row` are; a null list reads as an empty one.
fn span(list: &ListArray, row: usize) -> std::ops::Range<usize> {
    if list.is_null(row) {
        return 0..0;
    }
    let offsets = list.value_offsets();
    let at = |i: usize| offsets.get(i).map_or(0, |o| usize::try_from(*o).unwrap_or(0));
    at(row)..at(row + 1)
}

impl<T: Row> Cell for Vec<T> {
    type Builder = Lists<T::Builders>;
    type Column = (ListArray, T::Columns);

    fn data_type() -> DataType {
        DataType::List(element(DataType::Struct(Fields::from(T::fields()))))
    }
    fn builder(capacity: usize) -> Self::Builder {
        Lists { lengths: Vec::with_capacity(capacity), elements: T::builders(capacity) }
    }
    fn append(&self, to: &mut Self::Builder) {
        to.lengths.push(self.len());
        for row in self {
            row.append(&mut to.elements);
        }
    }
    fn finish(builder: Self::Builder) -> ArrayRef {
        let fields = Fields::from(T::fields());
        let arrays = T::finish(builder.elements);
        // Fields and arrays come from one declaration (`columns!`), so they always fit.
        let structs = StructArray::new(fields.clone(), arrays, None);
        list_of(builder.lengths, DataType::Struct(fields), Arc::new(structs))
    }
    fn column(array: &ArrayRef) -> Result<Self::Column, BadCell> {
        let list = as_list(array)?;
        let structs =
            list.values().as_struct_opt().ok_or_else(|| BadCell::new("", "its elements are no structs".to_owned()))?;
        let columns = T::columns(structs.fields(), structs.columns(), structs.len())?;
        Ok((list.clone(), columns))
    }
    fn get((list, columns): &Self::Column, row: usize) -> Result<Self, BadCell> {
        span(list, row).map(|i| T::read(columns, i)).collect()
    }
}

macro_rules! list_of_text {
    ($t:ty) => {
        impl Cell for Vec<$t> {
            type Builder = Lists<StringBuilder>;
            type Column = (ListArray, StringArray);

            fn data_type() -> DataType {
                DataType::List(element(DataType::Utf8))
            }
            fn builder(capacity: usize) -> Self::Builder {
                Lists { lengths: Vec::with_capacity(capacity), elements: <$t>::builder(capacity) }
            }
            fn append(&self, to: &mut Self::Builder) {
                to.lengths.push(self.len());
                for text in self {
                    text.append(&mut to.elements);
                }
            }
            fn finish(builder: Self::Builder) -> ArrayRef {
                list_of(builder.lengths, DataType::Utf8, <$t>::finish(builder.elements))
            }
            fn column(array: &ArrayRef) -> Result<Self::Column, BadCell> {
                let list = as_list(array)?;
                Ok((list.clone(), <$t>::column(list.values())?))
            }
            fn get((list, texts): &Self::Column, row: usize) -> Result<Self, BadCell> {
                span(list, row).map(|i| <$t>::get(texts, i)).collect()
            }
        }
    };
}

list_of_text!(Name);
list_of_text!(String);
