//! Cells as people read them, and the difference between two of them.

use maud::{Markup, html};
use metrics::render::{Cell, Kind};
use metrics::zone;
use model::Instant;

use crate::shell::show;

/// A cell; numbers stand so that the common script puts them into the reader's form.
pub(crate) fn cell(kind: Kind, cell: &Cell, tz: chrono_tz::Tz) -> Markup {
    html! {
        @match cell {
            Cell::Null => "–",
            Cell::Int(v) if kind == Kind::Millis => (show::duration(*v)),
            Cell::Int(v) => data value=(v) data-kind="count" { (v) },
            Cell::Rate(v) => data value=(v) data-kind="rate" { (show::percent(*v)) },
            Cell::At(at) => (local(*at, tz)),
            Cell::Bool(v) => (if *v { "yes" } else { "no" }),
            Cell::Text(text) => (printable(text)),
            Cell::Map(map) => @for (i, (name, ms)) in map.iter().enumerate() {
                @if i > 0 { ", " }
                (if name.is_empty() { "(none)".to_owned() } else { printable(name) }) " " (show::duration(*ms))
            },
        }
    }
}

/// Names come from outside: control characters do not pass.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// A time on the clocks of the zone.
pub(crate) fn local(at: Instant, tz: chrono_tz::Tz) -> String {
    let form = if at.0 % 60_000_000 == 0 { "%Y-%m-%d %H:%M" } else { "%Y-%m-%d %H:%M:%S" };
    zone::local_of(tz, at).format(form).to_string()
}

/// The difference to an earlier figure with its sign; nothing where one of them is none.
pub(crate) fn difference(kind: Kind, now: &Cell, before: &Cell) -> Option<String> {
    let sign = |up: bool| if up { "+" } else { "−" };
    Some(match (now, before) {
        (Cell::Int(a), Cell::Int(b)) if a == b => "±0".to_owned(),
        (Cell::Int(a), Cell::Int(b)) if kind == Kind::Millis => {
            format!("{}{}", sign(a > b), show::duration((a - b).abs()))
        }
        (Cell::Int(a), Cell::Int(b)) => format!("{}{}", sign(a > b), (a - b).abs()),
        (Cell::Rate(a), Cell::Rate(b)) => {
            let points = (a - b) * 100.0;
            if points.abs() < 0.05 { "±0".to_owned() } else { format!("{}{:.1} pp", sign(points > 0.0), points.abs()) }
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_have_signs_and_units() {
        let of = |kind, a, b| difference(kind, &a, &b);
        assert_eq!(of(Kind::Count, Cell::Int(5), Cell::Int(8)).as_deref(), Some("−3"));
        assert_eq!(of(Kind::Millis, Cell::Int(61_000), Cell::Int(0)).as_deref(), Some("+1:01"));
        assert_eq!(of(Kind::Rate, Cell::Rate(0.8), Cell::Rate(0.755)).as_deref(), Some("+4.5 pp"));
        assert_eq!(of(Kind::Rate, Cell::Rate(0.8), Cell::Rate(0.8)).as_deref(), Some("±0"));
        assert_eq!(of(Kind::Rate, Cell::Rate(0.8), Cell::Null), None);
    }

    #[test]
    fn names_are_no_markup() {
        let text = cell(Kind::Text, &Cell::Text("<b>\u{7}".into()), chrono_tz::UTC).into_string();
        assert_eq!(text, "&lt;b&gt;\u{fffd}");
    }
}
