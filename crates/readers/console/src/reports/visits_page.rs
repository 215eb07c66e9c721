//! `GET /reports/visits`: the visits behind a figure, by pages; each leads to its call.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use maud::{Markup, html};
use metrics::render::{Cell, Cells, Report as _};

use super::answer::{self, NoAnswer, What};
use super::api;
use super::frame;
use super::rows::VisitRow;
use super::table::{Line, Table, table};
use super::view::View;
use crate::auth::{Caller, Role};
use crate::guard::allowed;
use crate::pages::encode;
use crate::server::Server;
use crate::shell::texts::reports as texts;

/// `GET /reports/visits`.
pub(crate) async fn visits(State(server): State<Arc<Server>>, headers: HeaderMap, uri: Uri) -> Response {
    let caller = match allowed(&server, &headers, Role::reports) {
        Ok(caller) => caller,
        Err(refused) => return *refused,
    };
    match shown(&server, &caller, &uri).await {
        Ok(body) => frame::page(&caller, StatusCode::OK, texts::VISITS, "", &body),
        Err(no) => {
            let (status, why) = frame::refused(&no);
            frame::page(&caller, status, texts::VISITS, "", &why)
        }
    }
}

async fn shown(server: &Server, caller: &Caller, uri: &Uri) -> Result<Markup, NoAnswer> {
    let words = api::words(uri)?.without(&["format"]);
    let view = View::read(words, caller, (server.clock)())?;
    let page = server.reports.visits_behind(&answer::behind(&view)?).await?;
    let options = view.options();
    let lines: Vec<Line> = page.rows.into_iter().map(|v| line(VisitRow::of(v).cells(options))).collect();
    let columns = VisitRow::table_columns(options).into_iter().map(|(n, h)| (n, h.to_owned())).collect();
    let report = view.words.without(&["column", "at", "after", "limit", "center"]).at("/reports/queues");
    let export = view.words.without(&["compare", "heat"]);
    let number = lines.len();
    let listed = Table { caption: texts::VISITS, columns, lines, tz: options.tz, kind: VisitRow::kind };
    Ok(html! {
        (asked(&view))
        p.actions {
            span.quiet { (texts::EXPORT) ":" }
            @for (_, name) in super::export::Format::ALL {
                a.button href=(export.with("format", name).at(&format!("/api/v1/reports/{}", What::Visits.name()))) download { (name.to_uppercase()) }
            }
            a.button href=(report) { "The report" }
        }
        @if number == 0 { p.empty { (texts::NO_VISITS) } } @else { (table(&listed)) }
        @if let Some(next) = page.next {
            p.actions { a.button rel="next" href=(view.words.with("after", next.to_string()).at("/reports/visits")) { (texts::NEXT) } }
        }
    })
}

/// Which figure it is.
fn asked(view: &View) -> Markup {
    let word = |name: &'static str| view.words.one(name).ok().flatten();
    html! {
        p.span {
            @if let Some(queue) = word("queue") { strong { (queue) } " " }
            @if let Some(column) = word("column") { code { (column) } " " }
            @if let (Some(at), true) = (word("at"), view.options().interval != metrics::Interval::All) {
                "interval of " (interval_of(view, at))
            }
        }
        (frame::span(view))
    }
}

/// The interval's instant on the clocks of the report.
fn interval_of(view: &View, at: &str) -> String {
    let tz = view.options().tz;
    super::view::time("at", at, tz).map_or_else(|_| at.to_owned(), |at| super::cells::local(at, tz))
}

fn line(cells: Cells) -> Line {
    let text = |name| if let Some(Cell::Text(t)) = cells.get(name) { Some(t.to_string()) } else { None };
    let call = text("call_id").zip(text("switch"));
    let to = call.map(|(call, switch)| format!("/calls/{}?switch={}", encode(&call), encode(&switch)));
    let links = to.into_iter().flat_map(|to| [("call_id", to.clone()), ("joined_at", to)]).collect();
    Line { cells, links, ..Line::default() }
}
