//! Lists of rows as table, CSV or JSON, for commands that are no report of `metrics`.

use metrics::Options;
use model::Instant;
use serde_json::{Map, Value};

use crate::args::Format;

/// A column: its name and how a row gives it.
pub type Column<'a, R> = (&'static str, fn(&R, &Options) -> Value);

/// An instant in RFC 3339 UTC, as JSON wants it.
pub fn time(at: Instant, _tz: chrono_tz::Tz) -> Value {
    at.to_rfc3339().into()
}

/// Rows as text; `extra` adds cells after the columns.
pub fn list<R>(
    rows: &[R],
    columns: &[Column<'_, R>],
    extra: &dyn Fn(&R) -> Vec<(&'static str, Value)>,
    options: &Options,
    format: Format,
) -> String {
    let objects: Vec<Map<String, Value>> = rows
        .iter()
        .map(|row| {
            let cells = columns.iter().map(|(name, cell)| ((*name).to_owned(), cell(row, options)));
            cells.chain(extra(row).into_iter().map(|(n, v)| (n.to_owned(), v))).collect()
        })
        .collect();
    objects_as(&objects, format)
}

/// Objects of equal keys as text.
pub fn objects_as(objects: &[Map<String, Value>], format: Format) -> String {
    match format {
        Format::Json => format!("{}\n", serde_json::to_string_pretty(objects).unwrap_or_default()),
        Format::Csv => csv(objects),
        Format::Table => table(objects),
    }
}

/// One object for people, a line a cell.
pub fn lines(object: &Map<String, Value>) -> String {
    let width = object.keys().map(|k| k.chars().count()).max().unwrap_or(0);
    object.iter().fold(String::new(), |out, (name, value)| format!("{out}{name:<width$}  {}\n", cell(value, "–")))
}

/// An object of these cells, in this order.
pub fn object<const N: usize>(cells: [(&str, Value); N]) -> Map<String, Value> {
    cells.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn cell(value: &Value, null: &str) -> String {
    match value {
        Value::Null => null.to_owned(),
        Value::String(s) => s.clone(),
        other => other.to_string(),
    }
}

fn names(objects: &[Map<String, Value>]) -> Vec<String> {
    objects.first().map(|o| o.keys().cloned().collect()).unwrap_or_default()
}

fn csv(objects: &[Map<String, Value>]) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let mut put = |cells: Vec<String>| writer.write_record(cells).is_ok();
    if !objects.is_empty() {
        put(names(objects));
    }
    for object in objects {
        put(object.values().map(|v| cell(v, "")).collect());
    }
    writer.into_inner().ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default()
}

fn table(objects: &[Map<String, Value>]) -> String {
    if objects.is_empty() {
        return "nothing\n".to_owned();
    }
    let mut lines = vec![names(objects)];
    lines.extend(objects.iter().map(|o| o.values().map(|v| cell(v, "–")).collect()));
    let columns = lines.iter().map(Vec::len).max().unwrap_or(0);
    let width = |c: usize| lines.iter().filter_map(|l| l.get(c)).map(|t| t.chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut out = String::new();
    for line in &lines {
        let cells: Vec<String> = line.iter().zip(&widths).map(|(t, w)| format!("{t:<w$}")).collect();
        out.push_str(cells.join("  ").trim_end());
        out.push('\n');
    }
    out
}
