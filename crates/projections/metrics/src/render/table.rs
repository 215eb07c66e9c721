//! The table for people: aligned, with units, nulls as –, the totals row set apart.
//!
//! It shows a choice of columns; JSON and CSV have them all. Instants are in the zone of
//! the report, which the heading names.

use chrono::{DateTime, TimeZone};
use model::Instant;

use super::{Cell, Report};
use crate::options::Options;

const GAP: &str = "  ";

/// The rows as a table, with notes below it; every line ends with a newline.
pub fn table<R: Report>(rows: &[R], opts: &Options) -> String {
    let columns = R::table_columns(opts);
    let heading: Vec<String> = columns.iter().map(|(_, title)| (*title).to_owned()).collect();
    let (totals, rest): (Vec<&R>, Vec<&R>) = rows.iter().partition(|r| r.is_total());
    let line = |row: &&R| -> Vec<String> {
        let cells = row.cells(opts);
        columns.iter().map(|(name, _)| text(name, cells.get(name), opts)).collect()
    };
    let body: Vec<Vec<String>> = rest.iter().map(line).collect();
    let foot: Vec<Vec<String>> = totals
        .iter()
        .map(line)
        .map(|mut l| {
            name_total(&mut l);
            l
        })
        .collect();
    let widths: Vec<usize> = (0..columns.len()).map(|i| width(i, &heading, &body, &foot)).collect();
    let left: Vec<bool> = columns.iter().map(|(name, _)| is_text(name)).collect();

    let mut out = String::new();
    let rule = widths.iter().map(|w| "─".repeat(*w)).collect::<Vec<_>>().join(GAP) + "\n";
    out += &aligned(&heading, &widths, &left);
    out += &rule;
    body.iter().for_each(|l| out += &aligned(l, &widths, &left));
    if !foot.is_empty() {
        out += &rule;
        foot.iter().for_each(|l| out += &aligned(l, &widths, &left));
    }
    if rest.is_empty() {
        out += "(nothing in this range)\n";
    }
    R::notes(rows, opts).iter().for_each(|n| out += &format!("{n}\n"));
    out
}

fn name_total(line: &mut [String]) {
    if let Some(first) = line.first_mut() {
        *first = "total".to_owned();
    }
}

fn width(column: usize, heading: &[String], body: &[Vec<String>], foot: &[Vec<String>]) -> usize {
    let all = body.iter().chain(foot).map(|l| &l[column]).chain(std::iter::once(&heading[column]));
    all.map(|t| t.chars().count()).max().unwrap_or(0)
}

fn aligned(line: &[String], widths: &[usize], left: &[bool]) -> String {
    let padded = line.iter().zip(widths).zip(left).map(|((t, w), left)| {
        let pad = " ".repeat(w.saturating_sub(t.chars().count()));
        if *left { format!("{t}{pad}") } else { format!("{pad}{t}") }
    });
    padded.collect::<Vec<_>>().join(GAP).trim_end().to_owned() + "\n"
}

/// Columns that read from the left.
fn is_text(name: &str) -> bool {
    matches!(name, "center" | "queue" | "agent" | "call_id" | "ani" | "outcome") || name.contains("_by_")
}

fn text(name: &str, cell: Option<&Cell>, opts: &Options) -> String {
    match cell {
        None | Some(Cell::Null) => "–".to_owned(),
        Some(Cell::Text(t)) => t.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect(),
        Some(Cell::Int(v)) if name.contains("_ms") => duration(*v),
        Some(Cell::Int(v)) => v.to_string(),
        Some(Cell::Rate(v)) => format!("{:.1} %", v * 100.0),
        Some(Cell::At(at)) => local(*at, opts),
        Some(Cell::Bool(v)) => if *v { "yes" } else { "no" }.to_owned(),
        Some(Cell::Map(map)) if map.is_empty() => "–".to_owned(),
        Some(Cell::Map(map)) => {
            let parts =
                map.iter().map(|(k, v)| format!("{} {}", if k.is_empty() { "(none)" } else { k }, duration(*v)));
            parts.collect::<Vec<_>>().join(", ")
        }
    }
}

/// Milliseconds with a unit: `12.3 s`, `4 m 05 s`, `1 h 02 m`; finer parts are cut off.
fn duration(ms: i64) -> String {
    match ms {
        ..60_000 => format!("{}.{} s", ms / 1000, ms % 1000 / 100),
        60_000..3_600_000 => format!("{} m {:02} s", ms / 60_000, ms / 1000 % 60),
        _ => format!("{} h {:02} m", ms / 3_600_000, ms / 60_000 % 60),
    }
}

fn local(at: Instant, opts: &Options) -> String {
    let form = if at.0 % 60_000_000 == 0 { "%Y-%m-%d %H:%M %Z" } else { "%Y-%m-%d %H:%M:%S %Z" };
    DateTime::from_timestamp_micros(at.0)
        .map_or_else(|| at.to_rfc3339(), |t| opts.tz.from_utc_datetime(&t.naive_utc()).format(form).to_string())
}
