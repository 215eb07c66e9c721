//! The OpenAPI description of the parameters, with the values that are taken.

use std::borrow::Cow;

use metrics::render::Report as _;
use metrics::{Options, QueueRow};
use model::facts::QueueCounts;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{Object, ObjectBuilder, Schema, Type};
use utoipa::openapi::{KnownFormat, Ref, RefOr, Required, SchemaFormat};
use utoipa::{IntoParams, PartialSchema, ToSchema};

use super::presets::Preset;
use super::view::FORMULAS;
use super::words::LONGEST;

/// An IANA time zone.
pub(crate) enum TimeZone {}

impl PartialSchema for TimeZone {
    fn schema() -> RefOr<Schema> {
        let names = chrono_tz::TZ_VARIANTS.iter().map(|tz| tz.name());
        ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names)).into()
    }
}

impl ToSchema for TimeZone {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("TimeZone")
    }
}

/// What every report is asked for.
pub(crate) enum ReportParams {}

impl IntoParams for ReportParams {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let ranges = Preset::ALL.map(|(_, name)| name);
        vec![
            may(
                "interval",
                "Length of the intervals; `all` where none is given.",
                words(&["15m", "30m", "1h", "1d", "1w", "all"]),
            ),
            may(
                "tz",
                "IANA time zone of intervals and of times without an offset; else UTC.",
                Ref::from_schema_name("TimeZone"),
            ),
            may("range", "A range by name; stands before `from` and `to`.", words(&ranges)),
            may("from", "Begin, inclusive: RFC 3339, or a time on the zone's clocks.", instant()),
            may("to", "End, exclusive: RFC 3339, or a time on the zone's clocks.", instant()),
            may("as_of", "The figures as they stood then.", instant()),
            may("agent", "Only this agent (`agents`).", name()),
            may("attribution", "Which interval a figure belongs to.", words(&["arrival", "event-time"])),
            may(
                "service_level",
                "T, such as 20s; `switch`: each queue's own.",
                text("^(switch|[0-9]{1,9}(ms|s|m|h)?)$"),
            ),
            may("short_abandon", "S, such as 5s.", text("^[0-9]{1,9}(ms|s|m|h)?$")),
            may("formula", "Only these formulas of the service level, by commas; else all seven.", words(&FORMULAS)),
            may("exclude_consults", "Leave out visits that an agent's own call made.", flag()),
            may("observed_waits", "Waits as the difference of event times.", flag()),
            may("by", "`agents`: one row a queue.", words(&["queue"])),
            may("total", "`queues`: a totals row at the end.", flag()),
            may(
                "format",
                "A file of this form; else what `Accept` names, else JSON.",
                words(&["json", "csv", "xlsx", "parquet"]),
            ),
        ]
    }
}

/// Of what a report is.
pub(crate) enum OfParams {}

impl IntoParams for OfParams {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![
            may("center", "Only this centre.", name()),
            may("queue", "Only this queue; several, where it stands several times.", name()),
        ]
    }
}

/// Upper edges of buckets.
pub(crate) enum EdgesParams {}

impl IntoParams for EdgesParams {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let edges = text("^[0-9]{1,9}(ms|s|m|h)?(,[0-9]{1,9}(ms|s|m|h)?){0,49}$");
        vec![may("edges", "Upper edges of the buckets: 10s,20s,1m.", edges)]
    }
}

/// A row of the `queues` report, and a place in the list of its visits.
pub(crate) enum RowParams {}

impl IntoParams for RowParams {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let cursor = text("^-?[0-9]{1,18}~[A-Za-z0-9._/:@-]*~[A-Za-z0-9._/:@-]*$");
        let limit = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1)).maximum(Some(500)).build();
        vec![
            must("center", "The row's centre.", name()),
            must("queue", "The row's queue.", name()),
            may("at", "An instant of the row's interval.", instant()),
            may("column", "Only the visits that made this figure.", column()),
            may("after", "Where the page before ended: its `next`.", cursor),
            may("limit", "Rows of the page.", limit),
        ]
    }
}

fn may(name: &str, what: &str, schema: impl Into<RefOr<Schema>>) -> Parameter {
    parameter(name, what, Required::False, schema.into())
}

fn must(name: &str, what: &str, schema: impl Into<RefOr<Schema>>) -> Parameter {
    parameter(name, what, Required::True, schema.into())
}

fn parameter(name: &str, what: &str, required: Required, schema: RefOr<Schema>) -> Parameter {
    let parameter = ParameterBuilder::new().name(name).parameter_in(ParameterIn::Query).required(required);
    parameter.description(Some(what)).schema(Some(schema)).build()
}

fn words(words: &[&'static str]) -> Object {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words.iter().copied())).build()
}

fn flag() -> Object {
    ObjectBuilder::new().schema_type(Type::Boolean).build()
}

fn text(pattern: &str) -> Object {
    ObjectBuilder::new().schema_type(Type::String).pattern(Some(pattern)).build()
}

/// The figures that have visits behind them.
fn column() -> Object {
    let row = QueueRow::default().cells(&Options::default()).0.into_iter().map(|(name, _)| name);
    let made = row.filter(|name| metrics::explain::is_figure(name) && !QueueCounts::NAMES.contains(name));
    let names: Vec<&str> = QueueCounts::NAMES.iter().copied().chain(made).collect();
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names)).build()
}

fn name() -> Object {
    let object = ObjectBuilder::new().schema_type(Type::String).max_length(Some(LONGEST));
    object.pattern(Some(r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$")).build()
}

fn instant() -> Object {
    let format = SchemaFormat::KnownFormat(KnownFormat::DateTime);
    ObjectBuilder::new().schema_type(Type::String).format(Some(format)).build()
}
