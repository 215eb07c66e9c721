//! `GET /reports/contacts`: contacts by outcome, and those that got nobody.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use maud::{Markup, html};
use metrics::render::{Cell, Cells, Report as _};
use metrics::{ContactRow, Interval, LostRow, rates};

use super::answer::{self, NoAnswer, What};
use super::fold;
use super::form::{Offers, form};
use super::frame;
use super::table::{Line, Table, sums, table};
use super::view::View;
use super::words::Words;
use crate::auth::{Caller, Role};
use crate::guard::allowed;
use crate::pages::encode;
use crate::server::Server;
use crate::shell::texts::reports as texts;

const PATH: &str = "/reports/contacts";

/// `GET /reports/contacts`.
pub(crate) async fn contacts(State(server): State<Arc<Server>>, headers: HeaderMap, uri: Uri) -> Response {
    let caller = match allowed(&server, &headers, Role::reports) {
        Ok(caller) => caller,
        Err(refused) => return *refused,
    };
    let (words, made) = match frame::words(&uri, Some(Interval::All)) {
        Ok(words) => (words.clone(), shown(&server, &caller, &words).await),
        Err(bad) => (Words::default(), Err(bad.into())),
    };
    match made {
        Ok(body) => frame::page(&caller, StatusCode::OK, texts::CONTACTS, PATH, &body),
        Err(no) => {
            let (status, why) = frame::refused(&no);
            let body = html! { (why) (the_form(&server, &caller, &words)) };
            frame::page(&caller, status, texts::CONTACTS, PATH, &body)
        }
    }
}

fn the_form(server: &Server, caller: &Caller, words: &Words) -> Markup {
    let queues = frame::queues(server, caller, std::iter::empty());
    form(&Offers { path: PATH, queues: &queues, compare: true, ..Offers::default() }, words)
}

async fn shown(server: &Server, caller: &Caller, words: &Words) -> Result<Markup, NoAnswer> {
    let view = View::read(words.clone(), caller, (server.clock)())?;
    let rows = server.reports.contacts(&view.question).await?;
    if rows.len() > answer::MOST_ROWS {
        return Err(NoAnswer::TooMuch(rows.len()));
    }
    // A list that would read too much is named, and the figures stand.
    let (lost, unlisted) = match server.reports.lost(&view.question).await {
        Ok(lost) => (lost, None),
        Err(tables::TablesError::Asked(why)) => (Vec::new(), Some(why)),
        Err(e) => return Err(e.into()),
    };
    let gaps = server.reports.gaps(&view.question).await?;
    let options = view.options();
    let now = (server.clock)();
    let before = match frame::week_before(&view)? {
        Some(before) => Some(server.reports.contacts(&before.question).await?),
        None => None,
    };
    let (listed, lost) = (by_queue(&view, &rows, before.as_deref()), nobody(&view, &lost));
    Ok(html! {
        (the_form(server, caller, words))
        (frame::span(&view))
        (frame::actions(What::Contacts, &view, PATH, now))
        (frame::notes(&ContactRow::notes(&rows, options), &gaps, options.tz))
        @if rows.is_empty() { (frame::nothing(server, &view, PATH).await) }
        @else {
            h2 { (texts::BY_QUEUE) }
            (table(&listed))
            (frame::compared(&view, before.map(|b| !b.is_empty())))
            h2 #lost { (texts::LOST) " (" (lost.lines.len()) ")" }
            @if let Some(why) = &unlisted { (crate::shell::notice(why)) }
            (frame::exports(What::Lost, &view))
            @if !lost.lines.is_empty() { (table(&lost)) }
        }
    })
}

/// What a row of contacts is named by.
const NAMES: [&str; 2] = ["center", "queue"];

fn by_queue<'a>(view: &View, rows: &[ContactRow], before: Option<&[ContactRow]>) -> Table<'a> {
    let options = view.options();
    let before = fold::week_later(before.unwrap_or_default(), &NAMES, options);
    let line = |row: &ContactRow| {
        let cells = row.cells(options);
        let before = before.get(&fold::place(&cells, &NAMES, options, 0)).cloned();
        Line { cells, before, ..Line::default() }
    };
    let mut lines: Vec<Line> = rows.iter().map(line).collect();
    lines.extend(sums(&lines, |total| vec![("lost_rate", lost_rate(total))]));
    let columns = ContactRow::table_columns(options).into_iter();
    let columns = columns.filter(|(name, _)| options.interval != Interval::All || *name != "interval_start");
    // Outcomes that nobody had say nothing.
    let total = lines.last().map(|l| l.cells.clone()).unwrap_or_default();
    let columns = columns.filter(|(name, _)| total.get(name) != Some(&Cell::Int(0)));
    let columns = columns.map(|(n, h)| (n, h.replace('_', " "))).collect();
    Table { caption: texts::CONTACTS, columns, lines, tz: options.tz, kind: ContactRow::kind }
}

/// That of sums, as `docs/metrics.md` defines it.
fn lost_rate(total: &Cells) -> Cell {
    let of = |name: &str| if let Some(Cell::Int(v)) = total.get(name) { *v } else { 0 };
    rates::rate(of("abandoned") + of("lost"), of("contacts") - of("ivr_abandoned") - of("self_served")).into()
}

fn nobody<'a>(view: &View, rows: &[LostRow]) -> Table<'a> {
    let options = view.options();
    let line = |row: &LostRow| {
        let to = format!("/calls/{}", encode(&row.call_id));
        Line { cells: row.cells(options), links: vec![("call_id", to.clone()), ("started_at", to)], ..Line::default() }
    };
    let mut columns: Vec<_> = LostRow::table_columns(options).into_iter().map(|(n, h)| (n, h.to_owned())).collect();
    // When stands first: it is what leads to the call.
    columns.sort_by_key(|(name, _)| *name != "started_at");
    Table { caption: texts::LOST, columns, lines: rows.iter().map(line).collect(), tz: options.tz, kind: LostRow::kind }
}
