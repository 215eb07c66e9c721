//! `GET /staffing`: the calculator.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use maud::{Markup, html};

use super::answer::{StaffingAnswer, StaffingFigures, answer};
use super::ask::{Ask, DEFAULTS};
use crate::auth::{Caller, Role};
use crate::guard::allowed;
use crate::reports::answer::NoAnswer;
use crate::reports::words::Words;
use crate::reports::{api, frame};
use crate::server::Server;
use crate::shell::show;
use crate::shell::texts::{reports as words_of, staffing as texts};

const PATH: &str = "/staffing";

/// `GET /staffing`.
pub(crate) async fn staffing(State(server): State<Arc<Server>>, headers: HeaderMap, uri: Uri) -> Response {
    let caller = match allowed(&server, &headers, Role::reports) {
        Ok(caller) => caller,
        Err(refused) => return *refused,
    };
    let words = match api::words(&uri) {
        Ok(words) => words.without(&["column", "total", "format", "compare", "heat", "formula"]),
        Err(bad) => return page(&caller, &Words::default(), Err(bad.into())),
    };
    let asked = words.all("arrivals").chain(words.all("queue")).next().is_some();
    let made = if asked { Some(made(&server, &caller, &words).await) } else { None };
    page(&caller, &words, made.transpose())
}

async fn made(server: &Server, caller: &Caller, words: &Words) -> Result<StaffingAnswer, NoAnswer> {
    Ok(answer(&Ask::read(server, caller, words).await?)?)
}

fn page(caller: &Caller, words: &Words, made: Result<Option<StaffingAnswer>, NoAnswer>) -> Response {
    let (status, result) = match &made {
        Ok(Some(answer)) => (StatusCode::OK, shown(answer)),
        Ok(None) => (StatusCode::OK, html! { p.hint { (texts::BEGIN) } }),
        Err(no) => frame::refused(no),
    };
    let measured = made.as_ref().ok().and_then(Option::as_ref);
    let body = html! { (form(words, measured)) (result) (citations()) };
    frame::page(caller, status, words_of::STAFFING, PATH, &body)
}

/// The form; where figures were measured they stand in its fields as what to change.
fn form(words: &Words, measured: Option<&StaffingAnswer>) -> Markup {
    let typed = |name: &str| words.all(name).next().map(str::to_owned);
    let seconds = |ms: f64| format!("{}s", (ms / 1000.0).round() as i64);
    let found = |name: &str| {
        let m = measured?;
        Some(match name {
            "arrivals" => format!("{}", (m.arrivals * 10.0).round() / 10.0),
            "period" => seconds(m.interval_ms),
            "aht" => seconds(m.aht_ms),
            "patience" => seconds(m.patience_ms?),
            _ => return None,
        })
    };
    let default = |name: &str| DEFAULTS.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned());
    html! {
        @if let Some(queue) = words.all("queue").next() {
            p.span { strong { (queue) } " "
                @if let Some(m) = measured { (texts::MEASURED) " "
                    @if let Some(from) = &m.measured_from { time datetime=(from) { (show::instant(from)) } }
                    " – "
                    @if let Some(to) = &m.measured_to { time datetime=(to) { (show::instant(to)) } } }
                " " a href=(PATH) { (texts::ANEW) } }
        }
        form.filters method="get" action=(PATH) {
            @for name in ["center", "queue", "from", "to", "range", "tz", "interval", "at"] {
                @for value in words.all(name) { input type="hidden" name=(name) value=(value); }
            }
            @for (name, label, hint) in texts::FIELDS {
                div { label for=(name) { (label) }
                    input id=(name) type="text" name=(name) size="9" title=(hint) autocomplete="off"
                        value=[typed(name).or_else(|| default(name))]
                        placeholder=[found(name).or_else(|| Some((*hint).to_owned()))]; }
            }
            div { button type="submit" { (texts::COUNT) } }
        }
    }
}

fn shown(answer: &StaffingAnswer) -> Markup {
    let needs = [("Erlang C", Some(&answer.erlang_c)), ("Erlang A", answer.erlang_a.as_ref())];
    html! {
        dl.facts {
            dt { (texts::LOAD) } dd { (format!("{:.2} Erlang", answer.load_erlangs)) }
            dt { "Arrivals" } dd { (format!("{:.1}", answer.arrivals)) " in " (show::duration(answer.interval_ms as i64)) }
            dt { "AHT" } dd { (show::duration(answer.aht_ms as i64)) }
            dt { (texts::PATIENCE) } dd {
                @match answer.patience_ms { Some(ms) => (show::duration(ms as i64)), None => (texts::NO_PATIENCE) } }
        }
        table.figures.needs {
            caption { (texts::NEEDED) }
            thead { tr { th scope="col" { "Model" } th scope="col" { "Agents" } th scope="col" { "To roster" } } }
            tbody { @for (model, need) in needs { tr {
                th scope="row" { (model) }
                td { @match need { Some(n) => strong { (n.agents) }, None => "–" } }
                td { @match need { Some(n) => (n.rostered), None => "–" } }
            } } }
        }
        h2 { (texts::AROUND) }
        (around(answer))
    }
}

fn around(answer: &StaffingAnswer) -> Markup {
    let chosen = |agents: u32| {
        let c = (agents == answer.erlang_c.agents).then_some("C");
        let a = answer.erlang_a.as_ref().filter(|a| a.agents == agents).map(|_| "A");
        [c, a].into_iter().flatten().collect::<Vec<_>>()
    };
    html! {
        div.scroll role="region" aria-label=(texts::AROUND) tabindex="0" {
            table.figures {
                caption.unseen { (texts::AROUND) }
                thead {
                    tr { td {} th scope="colgroup" colspan="3" { "Erlang C" } th.edge scope="colgroup" colspan="4" { "Erlang A" } }
                    tr { th scope="col" { "Agents" }
                        @for heading in ["SL", "occupancy", "ASA", "SL", "abandoned", "occupancy", "ASA"] { th scope="col" { (heading) } } }
                }
                tbody { @for row in &answer.rows {
                    @let marks = chosen(row.agents);
                    tr.chosen[!marks.is_empty()] {
                        th scope="row" { (row.agents) @if !marks.is_empty() { " " span.quiet { "← " (texts::FEWEST) " " (marks.join(", ")) } } }
                        (figures(Some(&row.erlang_c), false))
                        (figures(row.erlang_a.as_ref(), true))
                    }
                } }
            }
        }
    }
}

fn figures(figures: Option<&StaffingFigures>, abandons: bool) -> Markup {
    let rate = |v: Option<f64>| v.map_or_else(|| "–".to_owned(), show::percent);
    let wait = |v: Option<f64>| v.map_or_else(|| "–".to_owned(), |ms| show::duration(ms as i64));
    let of = |get: fn(&StaffingFigures) -> Option<f64>| figures.and_then(get);
    html! {
        td.edge { @if figures.is_some_and(|f| !f.stable) { (texts::GROWS) } @else { (rate(of(|f| f.service_level))) } }
        @if abandons { td { (rate(of(|f| f.abandon_rate))) } }
        td { (rate(of(|f| f.occupancy))) }
        td { (wait(of(|f| f.asa_ms))) }
    }
}

fn citations() -> Markup {
    html! {
        section.citations {
            h2 { (texts::FORMULAS) }
            @for paragraph in texts::CITED { p { (paragraph) } }
        }
    }
}
