//! A report as a table: figures that open, differences beside them, marks of restated rows.

use maud::{Markup, html};
use metrics::render::{Cell, Cells, Kind};

use super::cells;
use super::words::Words;
use crate::shell::texts::reports as texts;

/// The most rows that a page shows.
pub(crate) const MOST_SHOWN: usize = 500;

/// A row.
#[derive(Clone, Debug, Default)]
pub(crate) struct Line {
    pub cells: Cells,
    /// The same a week before.
    pub before: Option<Cells>,
    /// The visits behind it, but for the column.
    pub opens: Option<Words>,
    /// Addresses behind columns of its own.
    pub links: Vec<(&'static str, String)>,
    /// Visits of it that changed after their close.
    pub restated: i64,
    /// It is a sum of the others.
    pub total: bool,
}

/// What is shown.
pub(crate) struct Table<'a> {
    pub caption: &'a str,
    /// Names and headings.
    pub columns: Vec<(&'static str, String)>,
    pub lines: Vec<Line>,
    pub tz: chrono_tz::Tz,
    pub kind: fn(&str) -> Kind,
}

/// The table, cut at [`MOST_SHOWN`] rows.
pub(crate) fn table(table: &Table<'_>) -> Markup {
    let columns: Vec<&(&'static str, String)> = table.columns.iter().filter(|(name, _)| told(table, name)).collect();
    let (sums, rows): (Vec<&Line>, Vec<&Line>) = table.lines.iter().partition(|l| l.total);
    html! {
        @if rows.len() > MOST_SHOWN { p.notice { (texts::CUT) } }
        div.scroll role="region" aria-label=(table.caption) tabindex="0" {
            table.figures {
                caption.unseen { (table.caption) }
                thead { tr { @for (name, heading) in &columns {
                    th scope="col" class=[is_text((table.kind)(name)).then_some("text")] { (heading) }
                } } }
                tbody {
                    @for line in rows.iter().take(MOST_SHOWN) { tr { (row(table, &columns, line)) } }
                    @for line in &sums { tr.total { (row(table, &columns, line)) } }
                }
            }
        }
    }
}

/// A column that says something: a centre that all rows share does not.
fn told(table: &Table<'_>, name: &str) -> bool {
    let first = table.lines.first().and_then(|l| l.cells.get(name));
    name != "center" || table.lines.iter().filter(|l| !l.total).any(|l| l.cells.get(name) != first)
}

const fn is_text(kind: Kind) -> bool {
    matches!(kind, Kind::Text | Kind::Map | Kind::At)
}

fn row(table: &Table<'_>, columns: &[&(&'static str, String)], line: &Line) -> Markup {
    html! {
        @for (i, (name, _)) in columns.iter().enumerate() {
            @let inner = inner(table, line, name, i == 0);
            @if i == 0 { th scope="row" { (inner) } }
            @else { td class=[is_text((table.kind)(name)).then_some("text")] { (inner) } }
        }
    }
}

fn inner(table: &Table<'_>, line: &Line, name: &str, first: bool) -> Markup {
    let kind = (table.kind)(name);
    let none = Cell::Null;
    let cell = line.cells.get(name).unwrap_or(&none);
    let text = match cell {
        _ if first && line.total => html! { "total" },
        Cell::Null if name == "queue" => html! { (texts::NO_QUEUE) },
        cell => cells::cell(kind, cell, table.tz),
    };
    let own = line.links.iter().find(|(n, _)| *n == name).map(|(_, to)| to.clone());
    let empty = matches!(cell, Cell::Null | Cell::Int(0)) || *cell == Cell::Rate(0.0);
    let behind = || {
        let words = line.opens.as_ref().filter(|_| !empty && metrics::explain::is_figure(name))?;
        Some(words.with("column", name).at("/reports/visits"))
    };
    let difference = line.before.as_ref().and_then(|b| cells::difference(kind, cell, b.get(name)?));
    html! {
        @if let Some(to) = own.or_else(behind) { a href=(to) { (text) } } @else { (text) }
        @if first && line.restated > 0 {
            " " span.restated title=(texts::RESTATED) { "↻ " (line.restated) " restated" }
        }
        @if let Some(difference) = difference { " " span.difference { (difference) } }
    }
}

/// The sums of whole numbers under a report whose rows may be added; other columns are none,
/// but for what `rates` knows to make of the sums.
pub(crate) fn sums(lines: &[Line], rates: impl Fn(&Cells) -> Vec<(&'static str, Cell)>) -> Option<Line> {
    let first = lines.first()?;
    let mut total = Cells::default();
    for (name, cell) in &first.cells.0 {
        let of = |line: &Line| if let Some(Cell::Int(v)) = line.cells.get(name) { *v } else { 0 };
        match cell {
            Cell::Int(_) if *name != "definition_version" => {
                total.put(name, lines.iter().map(of).sum::<i64>());
            }
            _ => total.0.push((name, Cell::Null)),
        }
    }
    for (name, value) in rates(&total) {
        total.0.iter_mut().filter(|(n, _)| *n == name).for_each(|(_, cell)| *cell = value.clone());
    }
    Some(Line { cells: total, total: true, ..Line::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(queue: &str, offered: i64) -> Line {
        let mut cells = Cells::default();
        let name = |text: &str| Cell::Text(text.into());
        cells.put("center", name("main")).put("queue", name(queue)).put("offered", offered);
        Line { cells, opens: Some(Words::new(vec![("queue".into(), queue.into())])), ..Line::default() }
    }

    #[test]
    fn figures_open_and_sums_are_made() {
        let mut lines = vec![line("a&b", 3), line("c", 0)];
        lines.push(sums(&lines, |_| Vec::new()).unwrap());
        let columns = ["center", "queue", "offered"].map(|n| (n, n.to_owned())).to_vec();
        let page = table(&Table { caption: "c", columns, lines, tz: chrono_tz::UTC, kind: Kind::of }).into_string();
        assert!(page.contains("href=\"/reports/visits?queue=a%26b&amp;column=offered\""), "{page}");
        assert_eq!(page.matches("href").count(), 1, "nothing is behind a nought");
        assert!(!page.contains("main"), "all share the centre");
        assert!(
            page.contains("<tr class=\"total\"><th scope=\"row\">total</th>") && page.contains("value=\"3\" data-kind")
        );
    }
}
