//! The OpenAPI description of answers, made from the rows' own names and
//! kinds, so that it is true.

use std::borrow::Cow;

use metrics::render::{Cell, Kind, Report};
use metrics::{AgentRow, Attribution, ContactRow, LostRow, Options, QueueRow};
use utoipa::openapi::schema::{AdditionalProperties, ArrayBuilder, Object, ObjectBuilder, Schema, SchemaType, Type};
use utoipa::openapi::{KnownFormat, RefOr, SchemaFormat};
use utoipa::{PartialSchema, ToSchema};

use super::params::TimeZone;
use super::rows::{BucketRow, VisitRow};
use super::view::FORMULAS;

macro_rules! answers {
    ($($name:ident = $row:ty),* $(,)?) => {$(
        /// An answer of the API.
        pub(crate) enum $name {}
        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                answer::<$row>().into()
            }
        }
        impl ToSchema for $name {
            fn name() -> Cow<'static, str> {
                Cow::Borrowed(stringify!($name))
            }
            // (What the parameters refer to is described with the answers.)
            fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
                schemas.push((TimeZone::name().into_owned(), TimeZone::schema()));
            }
        }
    )*};
}

answers! {
    QueuesAnswer = QueueRow,
    AgentsAnswer = AgentRow,
    ContactsAnswer = ContactRow,
    LostAnswer = LostRow,
    WaitsAnswer = BucketRow,
    VisitsAnswer = VisitRow,
}

/// An answer whose rows are those of `R`.
fn answer<R: Report>() -> Schema {
    let restated =
        [("center", Kind::Text), ("queue", Kind::Text), ("interval_start", Kind::At), ("visits", Kind::Count)];
    let gap = [("center", Kind::Text), ("switch", Kind::Text), ("from", Kind::At), ("to", Kind::At)];
    let answer = ObjectBuilder::new()
        .property("rows", list(row::<R>()))
        .property("notes", list(typed(Kind::Text, false)))
        .property("restated", list(fields(&restated)))
        .property("gaps", list(fields(&gap)))
        .property("next", typed(Kind::Text, true));
    let names = ["rows", "notes", "restated", "gaps", "next"];
    Schema::Object(names.into_iter().fold(answer, ObjectBuilder::required).build())
}

/// A row: every name that some question makes; those that every question makes are required.
fn row<R: Report>() -> Object {
    let always = R::default().cells(&Options::default()).0;
    let more = Options { attribution: Attribution::EventTime, by_queue: true, ..Options::default() };
    let mut row = ObjectBuilder::new();
    for (name, cell) in R::default().cells(&more).0 {
        row = row.property(name, typed(R::kind(name), cell == Cell::Null));
    }
    let kept = always.iter().map(|(name, _)| *name).filter(|name| !FORMULAS.contains(name));
    kept.fold(row, ObjectBuilder::required).build()
}

fn fields(fields: &[(&str, Kind)]) -> Object {
    let object =
        fields.iter().fold(ObjectBuilder::new(), |o, (n, kind)| o.property(*n, typed(*kind, false)).required(*n));
    object.build()
}

fn list(of: impl Into<RefOr<Schema>>) -> Schema {
    Schema::Array(ArrayBuilder::new().items(of.into()).build())
}

/// The schema of a value of a kind.
fn typed(kind: Kind, null: bool) -> Object {
    let basic = match kind {
        Kind::Text | Kind::At => Type::String,
        Kind::Count | Kind::Millis => Type::Integer,
        Kind::Rate => Type::Number,
        Kind::Bool => Type::Boolean,
        Kind::Map => Type::Object,
    };
    let types = if null { SchemaType::from_iter([basic, Type::Null]) } else { SchemaType::new(basic) };
    let object = ObjectBuilder::new().schema_type(types);
    match kind {
        Kind::At => object.format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime))).build(),
        Kind::Map => object
            .additional_properties(Some(AdditionalProperties::RefOr(RefOr::T(Schema::Object(typed(
                Kind::Millis,
                false,
            ))))))
            .build(),
        _ => object.build(),
    }
}
