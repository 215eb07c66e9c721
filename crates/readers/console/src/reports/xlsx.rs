//! A report as a workbook: real dates, durations and percentages, the header frozen, and a
//! sheet with the question that was asked.

use metrics::render::{Cell, Kind};
use metrics::{Options, zone};
use model::Instant;
use rust_xlsxwriter::{ExcelDateTime, Format, FormatAlign, Workbook, Worksheet, XlsxError};

use super::answer::{Answer, What};
use super::view::View;

/// Milliseconds of a day, which is Excel's unit of time.
const DAY_MS: f64 = 86_400_000.0;

/// The workbook as bytes. Instants are on the clocks of the report's zone, for a sheet knows
/// no zones; the second sheet names it.
pub(crate) fn workbook(what: What, view: &View, answer: &Answer) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    report(book.add_worksheet().set_name(what.name())?, view.options(), answer)?;
    question(book.add_worksheet().set_name("question")?, what, view, answer)?;
    book.save_to_buffer()
}

fn report(sheet: &mut Worksheet, options: &Options, answer: &Answer) -> Result<(), XlsxError> {
    let columns = &answer.sheet.columns;
    let heading = Format::new().set_bold().set_align(FormatAlign::Top).set_text_wrap();
    for (column, (name, kind)) in (0_u16..).zip(columns) {
        sheet.write_string_with_format(0, column, *name, &heading)?;
        sheet.set_column_width(column, width(*kind))?;
    }
    let formats: Vec<Format> = columns.iter().map(|(_, kind)| Format::new().set_num_format(form(*kind))).collect();
    for (row, cells) in (1_u32..).zip(&answer.sheet.rows) {
        for ((column, cell), format) in (0_u16..).zip(cells).zip(&formats) {
            write(sheet, (row, column), cell, (columns[usize::from(column)].1, format), options)?;
        }
    }
    sheet.set_freeze_panes(1, 0)?;
    if let Some(last) = u16::try_from(columns.len()).ok().and_then(|n| n.checked_sub(1)) {
        sheet.autofilter(0, 0, u32::try_from(answer.sheet.rows.len()).unwrap_or(u32::MAX), last)?;
    }
    Ok(())
}

/// The number format of a kind.
const fn form(kind: Kind) -> &'static str {
    match kind {
        Kind::Millis => "[h]:mm:ss.000",
        Kind::Rate => "0.0%",
        Kind::At => "yyyy-mm-dd hh:mm:ss",
        Kind::Count => "0",
        Kind::Text | Kind::Bool | Kind::Map => "@",
    }
}

const fn width(kind: Kind) -> f64 {
    match kind {
        Kind::At => 19.0,
        Kind::Text | Kind::Map => 16.0,
        Kind::Millis => 13.0,
        Kind::Rate | Kind::Count | Kind::Bool => 11.0,
    }
}

fn write(
    sheet: &mut Worksheet,
    (row, column): (u32, u16),
    cell: &Cell,
    (kind, format): (Kind, &Format),
    options: &Options,
) -> Result<(), XlsxError> {
    match cell {
        Cell::Null => {}
        Cell::Int(v) if kind == Kind::Millis => {
            sheet.write_number_with_format(row, column, *v as f64 / DAY_MS, format)?;
        }
        Cell::Int(v) => _ = sheet.write_number_with_format(row, column, *v as f64, format)?,
        Cell::Rate(v) => _ = sheet.write_number_with_format(row, column, *v, format)?,
        Cell::Bool(v) => _ = sheet.write_boolean(row, column, *v)?,
        Cell::At(at) => match excel(*at, options) {
            Some(when) => _ = sheet.write_datetime_with_format(row, column, &when, format)?,
            None => _ = sheet.write_string(row, column, at.to_rfc3339())?,
        },
        // Text is written as text: what begins with = is no formula.
        Cell::Text(_) | Cell::Map(_) => _ = sheet.write_string_with_format(row, column, cell.plain(), format)?,
    }
    Ok(())
}

/// The time on the clocks of the zone; `None` before Excel's years.
fn excel(at: Instant, options: &Options) -> Option<ExcelDateTime> {
    let text = zone::local_of(options.tz, at).format("%Y-%m-%dT%H:%M:%S%.3f").to_string();
    ExcelDateTime::parse_from_str(&text).ok()
}

/// What was asked, word for word, and what has to be said.
fn question(sheet: &mut Worksheet, what: What, view: &View, answer: &Answer) -> Result<(), XlsxError> {
    let bold = Format::new().set_bold();
    let options = view.options();
    let instant = |at: Option<Instant>| at.map_or_else(|| "open".to_owned(), Instant::to_rfc3339);
    let mut lines = vec![
        ("report".to_owned(), what.name().to_owned()),
        ("from".to_owned(), instant(options.from)),
        ("to".to_owned(), instant(options.to)),
        ("tz".to_owned(), options.tz.name().to_owned()),
        ("as_of".to_owned(), view.question.as_of.map_or_else(|| "now".to_owned(), Instant::to_rfc3339)),
        ("interval".to_owned(), super::view::interval_name(options.interval).to_owned()),
        ("address".to_owned(), view.words.at(&format!("/api/v1/reports/{}", what.name()))),
    ];
    lines.extend(answer.notes.iter().map(|n| ("note".to_owned(), n.clone())));
    let restated = |r: &tables::Restated| format!("{} {} {}: {} visits", r.center, r.queue, r.interval_start, r.visits);
    lines.extend(answer.restated.iter().map(|r| ("restated".to_owned(), restated(r))));
    lines.extend(
        answer.gaps.iter().map(|g| ("gap".to_owned(), format!("{} {}: {} to {}", g.center, g.switch, g.from, g.to))),
    );
    for (row, (name, value)) in (0_u32..).zip(lines) {
        sheet.write_string_with_format(row, 0, name, &bold)?;
        sheet.write_string(row, 1, value)?;
    }
    sheet.set_column_width(0, 12.0)?;
    sheet.set_column_width(1, 60.0)?;
    Ok(())
}
