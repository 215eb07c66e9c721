//! The OpenAPI description of the parameters, with the values that are taken.

use std::borrow::Cow;

use metrics::render::Report as _;
use metrics::{Options, QueueRow};
use model::facts::QueueCounts;
use utoipa::openapi::schema::{Object, ObjectBuilder, Schema, Type};
use utoipa::openapi::{KnownFormat, RefOr, SchemaFormat};
use utoipa::{IntoParams, PartialSchema, ToSchema};

use super::view::FORMULAS;
use super::words::LONGEST;

fn words(words: &'static [&'static str]) -> Object {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words.iter().copied())).build()
}

fn text(pattern: &str) -> Object {
    ObjectBuilder::new().schema_type(Type::String).pattern(Some(pattern)).build()
}

fn interval() -> Object {
    words(&["15m", "30m", "1h", "1d", "1w", "all"])
}

fn range() -> Object {
    words(&["today", "yesterday", "this-week", "last-week", "this-month", "last-month"])
}

fn attribution() -> Object {
    words(&["arrival", "event-time"])
}

fn threshold() -> Object {
    text("^(switch|[0-9]{1,9}(ms|s|m|h)?)$")
}

fn duration() -> Object {
    text("^[0-9]{1,9}(ms|s|m|h)?$")
}

fn edges() -> Object {
    text("^[0-9]{1,9}(ms|s|m|h)?(,[0-9]{1,9}(ms|s|m|h)?){0,49}$")
}

fn cursor() -> Object {
    text("^-?[0-9]{1,18}~[A-Za-z0-9._/:@-]*~[A-Za-z0-9._/:@-]*$")
}

/// The figures that have visits behind them.
fn column() -> Object {
    let row = QueueRow::default().cells(&Options::default()).0.into_iter().map(|(name, _)| name);
    let made = row.filter(|name| metrics::explain::is_figure(name) && !QueueCounts::NAMES.contains(name));
    let names: Vec<&str> = QueueCounts::NAMES.iter().copied().chain(made).collect();
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names)).build()
}

fn formula() -> Object {
    words(&FORMULAS)
}

fn format() -> Object {
    words(&["json", "csv", "xlsx", "parquet"])
}

fn by() -> Object {
    words(&["queue"])
}

fn name() -> Object {
    let object = ObjectBuilder::new().schema_type(Type::String).max_length(Some(LONGEST));
    object.pattern(Some(r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$")).build()
}

fn instant() -> Object {
    let format = SchemaFormat::KnownFormat(KnownFormat::DateTime);
    ObjectBuilder::new().schema_type(Type::String).format(Some(format)).build()
}

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

/// What a report is asked for. Names and values are those of the command line's `report`.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code)]
pub(crate) struct ReportParams {
    /// Length of the intervals; `all` where none is given.
    #[param(required = false, schema_with = interval)]
    interval: Option<String>,
    /// IANA time zone of intervals and of times without an offset; else UTC.
    tz: Option<TimeZone>,
    /// A range by name, in place of `from` and `to`.
    #[param(required = false, schema_with = range)]
    range: Option<String>,
    /// Begin, inclusive: RFC 3339, or a time on the zone's clocks.
    #[param(required = false, schema_with = instant)]
    from: Option<String>,
    /// End, exclusive: RFC 3339, or a time on the zone's clocks.
    #[param(required = false, schema_with = instant)]
    to: Option<String>,
    /// The figures as they stood then.
    #[param(required = false, schema_with = instant)]
    as_of: Option<String>,
    /// Only this agent (`agents`).
    #[param(required = false, schema_with = name)]
    agent: Option<String>,
    /// Which interval a figure belongs to.
    #[param(required = false, schema_with = attribution)]
    attribution: Option<String>,
    /// T, such as 20s; `switch`: each queue's own.
    #[param(required = false, schema_with = threshold)]
    service_level: Option<String>,
    /// S, such as 5s.
    #[param(required = false, schema_with = duration)]
    short_abandon: Option<String>,
    /// Only these formulas of the service level, separated by commas; else all seven.
    #[param(required = false, schema_with = formula)]
    formula: Option<String>,
    /// Leave out visits that an agent's own call made.
    exclude_consults: Option<bool>,
    /// Waits as the difference of event times.
    observed_waits: Option<bool>,
    /// `agents`: one row a queue.
    #[param(required = false, schema_with = by)]
    by: Option<String>,
    /// `queues`: a totals row at the end.
    total: Option<bool>,
    /// The form, as a file; else what `Accept` names, else JSON.
    #[param(required = false, schema_with = format)]
    format: Option<String>,
}

/// Of what a report is.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code)]
pub(crate) struct OfParams {
    /// Only this centre.
    #[param(required = false, schema_with = name)]
    center: Option<String>,
    /// Only this queue; several, where it stands several times.
    #[param(required = false, schema_with = name)]
    queue: Option<String>,
}

/// Upper edges of buckets.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code)]
pub(crate) struct EdgesParams {
    /// Upper edges of the buckets: 10s,20s,1m.
    #[param(required = false, schema_with = edges)]
    edges: Option<String>,
}

/// A row of the `queues` report, and a place in the list of its visits.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code)]
pub(crate) struct RowParams {
    /// The row's centre.
    #[param(required = true, schema_with = name)]
    center: String,
    /// The row's queue.
    #[param(required = true, schema_with = name)]
    queue: String,
    /// An instant of the row's interval.
    #[param(required = false, schema_with = instant)]
    at: Option<String>,
    /// Only the visits that made this figure.
    #[param(required = false, schema_with = column)]
    column: Option<String>,
    /// Where the page before ended: its `next`.
    #[param(required = false, schema_with = cursor)]
    after: Option<String>,
    /// Rows of the page.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u16>,
}
