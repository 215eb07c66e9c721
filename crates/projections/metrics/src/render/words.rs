//! Cells in words for people: units, local time, nulls as –. Finer parts are cut off.

use chrono::{DateTime, TimeZone};
use model::Instant;

use super::Cell;
use crate::options::Options;

/// Columns that read from the left.
pub(super) fn is_text(name: &str) -> bool {
    matches!(name, "center" | "queue" | "agent" | "call_id" | "ani" | "outcome") || name.contains("_by_")
}

/// A cell in words; control characters of names (they come from outside) do not pass.
pub(super) fn text(name: &str, cell: Option<&Cell>, opts: &Options) -> String {
    match cell {
        None | Some(Cell::Null) => "–".to_owned(),
        Some(Cell::Text(t)) => printable(t),
        Some(Cell::Int(v)) if name.contains("_ms") => duration(*v),
        Some(Cell::Int(v)) => v.to_string(),
        Some(Cell::Rate(v)) => format!("{:.1} %", v * 100.0),
        Some(Cell::At(at)) => local(*at, opts),
        Some(Cell::Bool(v)) => if *v { "yes" } else { "no" }.to_owned(),
        Some(Cell::Map(map)) if map.is_empty() => "–".to_owned(),
        Some(Cell::Map(map)) => {
            let name = |k: &str| if k.is_empty() { "(none)".to_owned() } else { printable(k) };
            map.iter().map(|(k, v)| format!("{} {}", name(k), duration(*v))).collect::<Vec<_>>().join(", ")
        }
    }
}

fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// Milliseconds with a unit: `12.3 s`, `4 m 05 s`, `1 h 02 m`.
fn duration(ms: i64) -> String {
    match ms {
        ..60_000 => format!("{}.{} s", ms / 1000, ms % 1000 / 100),
        60_000..3_600_000 => format!("{} m {:02} s", ms / 60_000, ms / 1000 % 60),
        _ => format!("{} h {:02} m", ms / 3_600_000, ms / 60_000 % 60),
    }
}

/// An instant in the zone of the report, to the minute, or to the second where needed.
pub(super) fn local(at: Instant, opts: &Options) -> String {
    let form = if at.0 % 60_000_000 == 0 { "%Y-%m-%d %H:%M %Z" } else { "%Y-%m-%d %H:%M:%S %Z" };
    DateTime::from_timestamp_micros(at.0)
        .map_or_else(|| at.to_rfc3339(), |t| opts.tz.from_utc_datetime(&t.naive_utc()).format(form).to_string())
}
