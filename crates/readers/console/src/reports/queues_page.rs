//! `GET /reports/queues`.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use maud::{Markup, html};
use metrics::render::{Kind, Report as _};
use metrics::{Interval, Options, QueueRow};
use tables::Restated;

use super::answer::{NoAnswer, What};
use super::drawn;
use super::form::{Offers, form};
use super::frame;
use super::table::{Line, Table, table};
use super::view::View;
use super::words::Words;
use super::{answer, fold};
use crate::auth::{Caller, Role};
use crate::guard::allowed;
use crate::server::Server;
use crate::shell::texts::reports as texts;

const PATH: &str = "/reports/queues";

/// `GET /reports/queues`: figures, charts, heat map, waits.
pub(crate) async fn queues(State(server): State<Arc<Server>>, headers: HeaderMap, uri: Uri) -> Response {
    let caller = match allowed(&server, &headers, Role::reports) {
        Ok(caller) => caller,
        Err(refused) => return *refused,
    };
    let words = match frame::words(&uri, Some(Interval::Hour)) {
        Ok(words) => words.with("total", "true"),
        Err(bad) => return refusal(&server, &caller, &Words::default(), &bad.into()),
    };
    match shown(&server, &caller, &words).await {
        Ok(body) => frame::page(&caller, StatusCode::OK, texts::QUEUES, PATH, &body),
        Err(no) => refusal(&server, &caller, &words, &no),
    }
}

fn refusal(server: &Server, caller: &Caller, words: &Words, no: &NoAnswer) -> Response {
    let (status, why) = frame::refused(no);
    let body = html! { (why) (the_form(server, caller, words, &[])) };
    frame::page(caller, status, texts::QUEUES, PATH, &body)
}

fn the_form(server: &Server, caller: &Caller, words: &Words, rows: &[QueueRow]) -> Markup {
    let queues = frame::queues(server, caller, rows.iter().filter_map(|r| r.queue.as_deref()));
    form(&Offers { path: PATH, queues: &queues, levels: true, compare: true, by_queue: false }, words)
}

/// The week before, by what its rows are a week later.
type Before = HashMap<(Option<model::Name>, Option<model::Name>, chrono::NaiveDateTime), QueueRow>;

async fn shown(server: &Server, caller: &Caller, words: &Words) -> Result<Markup, NoAnswer> {
    let view = View::read(words.clone(), caller, (server.clock)())?;
    let rows = answer::queues(&server.reports, &view).await?;
    if rows.len() > answer::MOST_ROWS {
        return Err(NoAnswer::TooMuch(rows.len()));
    }
    let mut notes = QueueRow::notes(&rows, view.options());
    let restated = answer::restated(&server.reports, &view, &mut notes).await?;
    let gaps = server.reports.gaps(&view.question).await?;
    let earlier = match frame::week_before(&view)? {
        Some(before) => Some(answer::queues(&server.reports, &before).await?),
        None => None,
    };
    let options = view.options();
    let empty = rows.iter().all(|r| r.counts.received == 0);
    Ok(html! {
        (the_form(server, caller, words, &rows))
        (frame::span(&view))
        (frame::actions(What::Queues, &view, PATH, (server.clock)()))
        (frame::notes(&notes, &gaps, options.tz))
        @if empty { (frame::nothing(server, &view, PATH).await) }
        @else {
            (by_queue(&view, &rows, &restated, earlier.as_deref()))
            div.charts {
                (drawn::over_time(&view, &rows, &restated, &gaps))
                (drawn::waits(server, &view).await?)
            }
            (drawn::heat(server, &view, &rows).await?)
            @if options.interval != Interval::All { (by_interval(&view, &rows, &restated, earlier.as_deref())) }
        }
    })
}

fn before(rows: &[QueueRow], options: &Options, days: i64) -> Before {
    rows.iter().map(|r| (fold::key(r, options, days), r.clone())).collect()
}

/// Totals of each queue, and of all.
fn by_queue(view: &View, rows: &[QueueRow], restated: &[Restated], earlier: Option<&[QueueRow]>) -> Markup {
    let options = view.options();
    let total = |rows: &[QueueRow]| rows.iter().find(|r| r.is_total()).cloned();
    let sums = |rows: &[QueueRow]| -> Vec<QueueRow> {
        let mut sums = fold::by_queue(rows, &Options { from: None, to: None, ..options.clone() });
        sums.extend(total(rows));
        sums
    };
    let compared = earlier;
    let earlier: Option<HashMap<_, QueueRow>> =
        earlier.map(|e| sums(e).into_iter().map(|r| ((r.center.clone(), r.queue.clone()), r)).collect());
    let base = frame::pinned(view).with("interval", "all");
    let lines = sums(rows).into_iter().map(|row| {
        let marks =
            restated.iter().filter(|r| Some(&r.queue) == row.queue.as_ref() && Some(&r.center) == row.center.as_ref());
        let before = earlier.as_ref().and_then(|e| e.get(&(row.center.clone(), row.queue.clone())));
        let mut line = line(&row, &base, options, before);
        line.restated = marks.map(|r| r.visits).sum();
        if line.opens.is_some() {
            line.cells.put("staffing", &model::Name::new_static(texts::WHAT_IF));
        }
        line
    });
    let columns = columns(view, false);
    let table_of = Table { caption: texts::BY_QUEUE, columns, lines: lines.collect(), tz: options.tz, kind: Kind::of };
    html! {
        h2 { (texts::BY_QUEUE) }
        (table(&table_of))
        p.hint { (texts::OPENS) }
        (frame::compared(view, compared.map(|e| e.iter().any(|r| r.counts.received > 0))))
    }
}

fn by_interval(view: &View, rows: &[QueueRow], restated: &[Restated], earlier: Option<&[QueueRow]>) -> Markup {
    let options = view.options();
    let earlier = earlier.map(|e| before(e, options, 7));
    let base = frame::pinned(view);
    let marks: HashMap<_, i64> = restated.iter().map(|r| ((&r.center, &r.queue, r.interval_start), r.visits)).collect();
    let lines = rows.iter().filter(|r| !r.is_total()).map(|row| {
        let before = earlier.as_ref().and_then(|e| e.get(&fold::key(row, options, 0)));
        let mut line = line(row, &base, options, before);
        let place = row.center.as_ref().zip(row.queue.as_ref()).map(|(c, q)| (c, q, row.interval_start));
        line.restated = place.and_then(|p| marks.get(&p).copied()).unwrap_or(0);
        line
    });
    let columns = columns(view, true);
    let table_of =
        Table { caption: texts::BY_INTERVAL, columns, lines: lines.collect(), tz: options.tz, kind: Kind::of };
    html! { h2 { (texts::BY_INTERVAL) } (table(&table_of)) }
}

fn line(row: &QueueRow, base: &Words, options: &Options, before: Option<&QueueRow>) -> Line {
    let opens = row.center.as_ref().zip(row.queue.as_ref()).map(|(center, queue)| {
        let at = row.interval_start.to_rfc3339();
        base.with("center", center.as_str()).with("queue", queue.as_str()).with("at", at)
    });
    Line {
        cells: row.cells(options),
        before: before.map(|b| b.cells(options)),
        links: opens.iter().map(|words| ("staffing", words.at("/staffing"))).collect(),
        opens,
        total: row.is_total(),
        ..Line::default()
    }
}

/// The columns of the table for people, with the formula that is asked for.
fn columns(view: &View, by_interval: bool) -> Vec<(&'static str, String)> {
    let columns = QueueRow::table_columns(view.options()).into_iter();
    let columns = columns.filter(|(name, _)| by_interval || *name != "interval_start");
    let mut columns: Vec<(&'static str, String)> =
        columns
            .map(|(name, heading)| {
                if name == "service_level" { (view.formula(), heading.to_owned()) } else { (name, heading.to_owned()) }
            })
            .collect();
    if !by_interval {
        columns.push(("staffing", texts::STAFFING_NAME.to_owned()));
    }
    columns
}
