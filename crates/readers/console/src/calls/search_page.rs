//! The page that finds calls: a form, a table, the way to older ones.

use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use maud::{Markup, html};

use super::api::{Trouble, list};
use super::ask::Ask;
use super::row::{CallList, CallRow};
use super::{address, when};
use crate::auth::Role;
use crate::guard::allowed;
use crate::server::Server;
use crate::shell::texts::calls as texts;
use crate::shell::{self, Page, Place, show};

/// `GET /calls`.
pub(crate) async fn search(
    State(server): State<Arc<Server>>,
    query: Result<Query<Ask>, QueryRejection>,
    headers: HeaderMap,
) -> Response {
    let caller = match allowed(&server, &headers, Role::watches) {
        Ok(caller) => caller,
        Err(refused) => return *refused,
    };
    let asked = Ask::of(query);
    let ask = asked.as_ref().cloned().unwrap_or_default();
    let (status, found) = match list(&server, &caller, &asked).await {
        Ok(list) => (StatusCode::OK, results(&ask, &list)),
        Err(Trouble::Asked(why)) => (StatusCode::BAD_REQUEST, html! { p role="alert" { (why) } }),
        Err(Trouble::Tables(e)) => {
            tracing::error!(error = %e, "calls cannot be searched");
            (StatusCode::SERVICE_UNAVAILABLE, html! { p role="alert" { (texts::UNREAD) } })
        }
    };
    let body = html! { (form(&ask)) (found) };
    let page = Page { title: texts::CALLS, place: Some(Place::Calls), scripts: &[], class: "wide", body };
    shell::respond(status, shell::document(Some(&caller), &page))
}

fn form(ask: &Ask) -> Markup {
    let value = |text: &Option<String>| text.clone().unwrap_or_default();
    let field = |name: &str, label: &str, text: &Option<String>, hint: &str| {
        html! { label { (label) " " input type="text" name=(name) value=(value(text)) placeholder=(hint) autocomplete="off"; } }
    };
    html! {
        form.filters.search method="get" action="/calls" role="search" data-tidy {
            (field("number", "Number", &ask.number, "end of it"))
            (field("account", "Account", &ask.account, "as the IVR took it"))
            (field("agent", "Agent", &ask.agent, ""))
            (field("queue", "Queue", &ask.queue, ""))
            (time("from", "From", ask, &ask.from))
            (time("to", "Before", ask, &ask.to))
            label { "Zone " input type="text" name="tz" value=(value(&ask.tz)) placeholder="UTC" data-zone[ask.from.is_none() && ask.to.is_none()] autocomplete="off"; }
            (field("min_duration", "Lasted at least", &ask.min_duration, "0:30"))
            (field("max_duration", "At most", &ask.max_duration, "10m"))
            (choice("outcome", "Outcome", &texts::OUTCOMES, &ask.outcome))
            (choice("direction", "Direction", &texts::DIRECTIONS, &ask.direction))
            @if let Some(limit) = &ask.limit { input type="hidden" name="limit" value=(limit); }
            span.go { button type="submit" { (texts::FIND) } " " a href="/calls" { (texts::CLEAR) } }
        }
    }
}

/// A date and time of the zone; what cannot be read is shown as it came.
fn time(name: &str, label: &str, ask: &Ask, text: &Option<String>) -> Markup {
    let tz = ask.tz().unwrap_or(chrono_tz::UTC);
    let read = text.as_deref().and_then(|t| when::instant(t.trim(), tz)).map(|at| when::field(at, tz));
    html! { label { (label) " " input type="datetime-local" step="1" name=(name) value=(read.unwrap_or_default()); } }
}

fn choice(name: &str, label: &str, words: &[(&str, &str)], chosen: &Option<String>) -> Markup {
    html! {
        label { (label) " "
            select name=(name) {
                option value="" { (texts::ANY) }
                @for (word, shown) in words {
                    option value=(word) selected[chosen.as_deref() == Some(*word)] { (shown) }
                }
            }
        }
    }
}

fn results(ask: &Ask, list: &CallList) -> Markup {
    let all = ask.address(None) == "/calls";
    if list.calls.is_empty() {
        return html! { p.empty role="status" { (if all { texts::NO_CALLS } else { texts::NONE_FOUND }) } (pager(ask, list)) };
    }
    html! {
        div.scroll role="region" aria-label=(texts::CALLS) tabindex="0" {
            table.calls {
                thead { tr { @for heading in texts::COLUMNS {
                    th scope="col" class=[["Wait", "Talk"].contains(&heading).then_some("number")] { (heading) }
                } } }
                tbody { @for call in &list.calls { (row(call)) } }
            }
        }
        (pager(ask, list))
    }
}

fn row(call: &CallRow) -> Markup {
    let length = |ms: Option<i64>| ms.map_or_else(|| "–".to_owned(), show::duration);
    let withheld = if call.withheld { texts::WITHHELD } else { "–" };
    html! {
        tr {
            th scope="row" { a href=(address(&call.call_id, &call.switch)) { time datetime=(call.started_at) { (show::instant(&call.started_at)) } } }
            td { (call.from.as_deref().unwrap_or(withheld)) }
            td { (call.to.as_deref().unwrap_or("–")) }
            td { (listed(&call.queues)) }
            td { (listed(&call.agents)) }
            td.number { (length(call.wait_ms)) }
            td.number { (length(call.talk_ms)) }
            td { (outcome(call)) }
            td { (recordings(&call.recordings)) }
        }
    }
}

/// The outcome, with the direction where it is not the usual one.
fn outcome(call: &CallRow) -> Markup {
    let lasts = call.ended_at.is_none();
    html! {
        (if lasts { texts::LASTS } else { texts::outcome(&call.outcome) })
        @if call.direction != "inbound" { " " span.quiet { (call.direction) } }
    }
}

fn listed(names: &[String]) -> String {
    if names.is_empty() { "–".to_owned() } else { names.join(", ") }
}

/// States of recordings, each once, with how many.
fn recordings(states: &[String]) -> Markup {
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for state in states {
        match counts.iter_mut().find(|(s, _)| s == state) {
            Some((_, n)) => *n += 1,
            None => counts.push((state, 1)),
        }
    }
    html! {
        @if counts.is_empty() { "–" }
        @for (n, (state, count)) in counts.iter().enumerate() {
            @if n > 0 { ", " }
            @if *count > 1 { (count) " × " }
            (texts::recording_state(state))
        }
    }
}

fn pager(ask: &Ask, list: &CallList) -> Markup {
    let later = ask.cursor.as_deref().is_some_and(|c| !c.is_empty());
    html! {
        @if later || list.next.is_some() {
            nav.pager aria-label="Pages" {
                @if later { a.button href=(ask.address(None)) { (texts::FIRST_PAGE) } }
                @if let Some(next) = &list.next { a.button rel="next" href=(ask.address(Some(next))) { (texts::NEXT_PAGE) } }
            }
        }
    }
}
