//! The table for people: aligned, with units, nulls as –, the totals row set apart.
//!
//! It shows a choice of columns; JSON and CSV have them all. The centre and the interval
//! are columns only where rows differ in them; an interval that all rows share stands
//! above the table. Instants are in the zone of the report.

use super::{Cell, Cells, Report};
use crate::options::Options;
use crate::render::words::{is_text, local, text};

const GAP: &str = "  ";

/// The rows as a table, with notes below it; every line ends with a newline.
pub fn table<R: Report>(rows: &[R], opts: &Options) -> String {
    let (totals, rest): (Vec<&R>, Vec<&R>) = rows.iter().partition(|r| r.is_total());
    let cells = |rows: &[&R]| rows.iter().map(|r| r.cells(opts)).collect::<Vec<Cells>>();
    let (body, foot) = (cells(&rest), cells(&totals));
    let mut columns = R::table_columns(opts);
    columns.retain(|(name, _)| !matches!(*name, "center" | "interval_start") || shared(&body, name).is_none());

    let mut out = caption(&body, opts);
    out += &grid(&columns, &body, &foot, opts);
    if body.is_empty() {
        out += "(nothing in this range)\n";
    }
    R::notes(rows, opts).iter().for_each(|n| out += &format!("{n}\n"));
    out
}

/// The value that all rows share; none where there is no row.
fn shared<'a>(rows: &'a [Cells], name: &str) -> Option<&'a Cell> {
    let first = rows.first()?.get(name)?;
    rows.iter().all(|r| r.get(name) == Some(first)).then_some(first)
}

fn caption(rows: &[Cells], opts: &Options) -> String {
    match (shared(rows, "interval_start"), shared(rows, "interval_end")) {
        (Some(Cell::At(from)), Some(Cell::At(to))) => {
            // (Of UTC the abbreviation says all.)
            let zone = if opts.tz == chrono_tz::UTC { String::new() } else { format!(" ({})", opts.tz) };
            format!("{} – {}{zone}\n", local(*from, opts), local(*to, opts))
        }
        _ => String::new(),
    }
}

fn grid(columns: &[(&str, &str)], body: &[Cells], foot: &[Cells], opts: &Options) -> String {
    let heading: Vec<String> = columns.iter().map(|(_, title)| (*title).to_owned()).collect();
    let line = |cells: &Cells| columns.iter().map(|(name, _)| text(name, cells.get(name), opts)).collect();
    let body: Vec<Vec<String>> = body.iter().map(line).collect();
    let mut foot: Vec<Vec<String>> = foot.iter().map(line).collect();
    foot.iter_mut().filter_map(|l| l.first_mut()).for_each(|first| "total".clone_into(first));

    let all: Vec<&Vec<String>> = body.iter().chain(&foot).chain(std::iter::once(&heading)).collect();
    let width = |i: usize| all.iter().map(|l| l[i].chars().count()).max().unwrap_or(0);
    let layout: Vec<(usize, bool)> =
        columns.iter().enumerate().map(|(i, (name, _))| (width(i), is_text(name))).collect();
    let rule = layout.iter().map(|(w, _)| "─".repeat(*w)).collect::<Vec<_>>().join(GAP) + "\n";

    let mut out = aligned(&heading, &layout) + &rule;
    body.iter().for_each(|l| out += &aligned(l, &layout));
    if !foot.is_empty() {
        out += &rule;
    }
    foot.iter().for_each(|l| out += &aligned(l, &layout));
    out
}

fn aligned(line: &[String], layout: &[(usize, bool)]) -> String {
    let padded = line.iter().zip(layout).map(|(text, (width, left))| {
        let pad = " ".repeat(width.saturating_sub(text.chars().count()));
        if *left { format!("{text}{pad}") } else { format!("{pad}{text}") }
    });
    padded.collect::<Vec<_>>().join(GAP).trim_end().to_owned() + "\n"
}
