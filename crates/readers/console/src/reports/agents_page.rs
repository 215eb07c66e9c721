//! `GET /reports/agents`.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use maud::{Markup, html};
use metrics::render::{Cell, Cells, Report as _};
use metrics::{AgentRow, Interval, rates};
use tables::Gap;

use super::answer::{self, NoAnswer, What};
use super::drawn;
use super::fold;
use super::form::{Offers, form};
use super::frame;
use super::table::{Line, Table, sums, table};
use super::view::View;
use super::words::Words;
use crate::auth::{Caller, Role};
use crate::charts::{Chart, Series, Unit, bars};
use crate::guard::allowed;
use crate::pages::encode;
use crate::server::Server;
use crate::shell::texts::reports as texts;

const PATH: &str = "/reports/agents";

/// `GET /reports/agents`: what each agent did, and how their time was spent.
pub(crate) async fn agents(State(server): State<Arc<Server>>, headers: HeaderMap, uri: Uri) -> Response {
    let caller = match allowed(&server, &headers, Role::reports) {
        Ok(caller) => caller,
        Err(refused) => return *refused,
    };
    let (words, made) = match frame::words(&uri, Some(Interval::All)) {
        Ok(words) => (words.clone(), shown(&server, &caller, &words).await),
        Err(bad) => (Words::default(), Err(bad.into())),
    };
    match made {
        Ok(body) => frame::page(&caller, StatusCode::OK, texts::AGENTS, PATH, &body),
        Err(no) => {
            let (status, why) = frame::refused(&no);
            let body = html! { (why) (the_form(&server, &caller, &words)) };
            frame::page(&caller, status, texts::AGENTS, PATH, &body)
        }
    }
}

fn the_form(server: &Server, caller: &Caller, words: &Words) -> Markup {
    let queues = frame::queues(server, caller, std::iter::empty());
    form(&Offers { path: PATH, queues: &queues, by_queue: true, compare: true, ..Offers::default() }, words)
}

async fn shown(server: &Server, caller: &Caller, words: &Words) -> Result<Markup, NoAnswer> {
    let view = View::read(words.clone(), caller, (server.clock)())?;
    let rows = answer::agents(&server.reports, &view).await?;
    if rows.len() > answer::MOST_ROWS {
        return Err(NoAnswer::TooMuch(rows.len()));
    }
    let gaps = server.reports.gaps(&view.question).await?;
    let options = view.options();
    let before = match frame::week_before(&view)? {
        Some(before) => Some(answer::agents(&server.reports, &before).await?),
        None => None,
    };
    let listed = listed(&view, &rows, before.as_deref());
    Ok(html! {
        (the_form(server, caller, words))
        (frame::span(&view))
        (frame::actions(What::Agents, &view, PATH, (server.clock)()))
        (frame::notes(&AgentRow::notes(&rows, options), &gaps, options.tz))
        @if rows.is_empty() { (frame::nothing(server, &view, PATH).await) }
        @else { div.charts { (times(&view, &rows, &gaps)) } h2 { (texts::BY_AGENT) } (table(&listed)) (frame::compared(&view, before.map(|b| !b.is_empty()))) }
    })
}

/// What an agent's row is named by.
const NAMES: [&str; 3] = ["center", "agent", "queue"];

fn listed<'a>(view: &View, rows: &[AgentRow], before: Option<&[AgentRow]>) -> Table<'a> {
    let options = view.options();
    let before = fold::week_later(before.unwrap_or_default(), &NAMES, options);
    let mut lines: Vec<Line> = rows.iter().map(|row| line(view, row)).collect();
    for line in &mut lines {
        line.before = before.get(&fold::place(&line.cells, &NAMES, options, 0)).cloned();
    }
    // An agent's time counts in each of their queues: rows by queue have no sum.
    if !options.by_queue {
        lines.extend(sums(&lines, |total| vec![("occupancy", occupancy(total))]));
    }
    let columns = AgentRow::table_columns(options).into_iter();
    let columns = columns.filter(|(name, _)| options.interval != Interval::All || *name != "interval_start");
    let columns = columns.map(|(n, h)| (n, h.to_owned())).collect();
    Table { caption: texts::BY_AGENT, columns, lines, tz: options.tz, kind: AgentRow::kind }
}

/// A row leads to the calls of its agent in the range.
fn line(view: &View, row: &AgentRow) -> Line {
    let mut to = format!("/calls?agent={}", encode(&row.agent));
    for (name, at) in [("from", view.options().from), ("to", view.options().to)] {
        to += &at.map(|at| format!("&{name}={}", encode(&at.to_rfc3339()))).unwrap_or_default();
    }
    Line { cells: row.cells(view.options()), links: vec![("agent", to)], ..Line::default() }
}

/// That of sums, as `docs/metrics.md` defines it.
fn occupancy(total: &Cells) -> Cell {
    let of = |name: &str| if let Some(Cell::Int(v)) = total.get(name) { *v } else { 0 };
    let busy = of("state_talk_ms") + of("state_acw_ms");
    rates::rate(busy, busy + of("state_idle_ms")).into()
}

/// How time was spent by interval, over all agents.
fn times(view: &View, rows: &[AgentRow], gaps: &[Gap]) -> Markup {
    let options = view.options();
    let mut spans = BTreeMap::<_, [i64; 5]>::new();
    for row in rows {
        let t = &row.times;
        let sums = spans.entry((row.interval_start, row.interval_end)).or_default();
        let parts = [t.state_talk_ms, t.state_acw_ms, t.state_ring_ms, t.state_pause_ms, t.state_idle_ms];
        sums.iter_mut().zip(parts).for_each(|(sum, part)| *sum += part);
    }
    if options.interval == Interval::All || options.by_queue || spans.len() > drawn::MOST_DRAWN {
        return html! {};
    }
    let axis = drawn::axis(&spans.keys().copied().collect::<Vec<_>>(), &[], gaps, options);
    let names = [("talking", "talk"), ("ACW", "acw"), ("ringing", "ring"), ("paused", "pause"), ("idle", "idle")];
    let of = |i: usize| spans.values().map(|sums| sums.get(i).map(|v| *v as f64)).collect();
    let series: Vec<Series> =
        names.iter().enumerate().map(|(i, (name, class))| Series { name, class, values: of(i) }).collect();
    let (title, desc) = texts::CHART_TIMES;
    bars(&Chart { id: "times", title, desc, unit: Unit::Millis, axis: &axis, series: &series })
}
