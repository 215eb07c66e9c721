//! `GET /recordings`.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use maud::{Markup, html};

use super::{RecordingFilter, RecordingView, RecordingsView, STATES, given, list, word};
use crate::auth::{Caller, Role};
use crate::guard::allowed;
use crate::health::page::{count, moment};
use crate::health::parts::query;
use crate::pages::encode;
use crate::server::Server;
use crate::shell::{self, Page, Place, show, texts::health, texts::recordings as texts};

/// The handler.
pub(crate) async fn recordings(
    State(server): State<Arc<Server>>,
    Query(filter): Query<RecordingFilter>,
    headers: HeaderMap,
) -> Response {
    let caller = match allowed(&server, &headers, Role::watches) {
        Ok(caller) => caller,
        Err(refused) => return *refused,
    };
    let place = Some(Place::Recordings);
    let view = match list(&server, &caller, &filter).await {
        Ok(view) => view,
        Err(why) => {
            let (status, title, text) = why.told();
            let body = html! { p role="alert" { (text) } p { a href="/recordings" { (texts::RECORDINGS) } } };
            let page = Page { title, place, scripts: &[], class: "", body };
            return shell::respond(status, shell::document(Some(&caller), &page));
        }
    };
    let body = html! {
        (states(&filter, &view))
        (filters(&filter))
        @if view.recordings.is_empty() { p.empty { (texts::NONE) } }
        @else { (table(&caller, &view.recordings)) }
        @if let Some(next) = &view.next {
            p { a.button href=(address(&filter, given(&filter.state), Some(next))) { (health::NEXT) } }
        }
        @if let Some(from) = &view.from { p.hint { (texts::LOOKED_FROM) " " (moment(from)) "." } }
    };
    shell::page(&caller, &Page { title: texts::RECORDINGS, place, scripts: &[], class: "wide", body })
}

fn address(filter: &RecordingFilter, state: Option<&str>, after: Option<&str>) -> String {
    let fields = [
        ("state", state),
        ("queue", filter.queue.as_deref()),
        ("agent", filter.agent.as_deref()),
        ("from", filter.from.as_deref()),
        ("to", filter.to.as_deref()),
        ("after", after),
    ];
    format!("/recordings?{}", query(&fields))
}

/// Counts by state, each a way to its list.
fn states(filter: &RecordingFilter, view: &RecordingsView) -> Markup {
    let all: u64 = view.by_state.values().sum();
    let chosen = given(&filter.state);
    let stop = |name: Option<&str>, label: &str, meaning: &str, n: u64| {
        html! { li { a href=(address(filter, name, None)) title=(meaning) aria-current=[(chosen == name).then_some("true")] {
            (label) " " (count(n))
        } } }
    };
    html! {
        nav aria-label=(texts::BY_STATE) { ul.states {
            (stop(None, "All", "", all))
            @for state in STATES {
                @let name = word(state);
                @let n = view.by_state.get(&name).copied().unwrap_or(0);
                @if n > 0 || chosen == Some(name.as_str()) {
                    @let (label, meaning) = texts::state(&name);
                    (stop(Some(&name), label, meaning, n))
                }
            }
        } }
    }
}

fn filters(filter: &RecordingFilter) -> Markup {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    html! {
        form.filters method="get" {
            input type="hidden" name="state" value=(text(&filter.state));
            label { "Queue " input type="text" name="queue" size="12" value=(text(&filter.queue)); }
            label { "Agent " input type="text" name="agent" size="12" value=(text(&filter.agent)); }
            label { "From (UTC) " input type="datetime-local" name="from" value=(text(&filter.from)); }
            label { "To (UTC) " input type="datetime-local" name="to" value=(text(&filter.to)); }
            button type="submit" { "Show" }
        }
    }
}

fn table(caller: &Caller, recordings: &[RecordingView]) -> Markup {
    let or_dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "–".to_owned());
    html! {
        div.scroll role="region" aria-label=(texts::RECORDINGS) tabindex="0" { table {
            thead { tr { th scope="col" { "Begun" } th scope="col" { "State" } th scope="col" { "Queue" } th scope="col" { "Agent" }
                th scope="col" { "Length" } th scope="col" { (texts::CALL) } th scope="col" { "Note" } } }
            tbody { @for r in recordings { tr {
                th scope="row" { (moment(&r.started_at)) }
                td title=(texts::state(&r.state).1) { (texts::state(&r.state).0) }
                td { (or_dash(&r.queue)) }
                td { (or_dash(&r.agent)) }
                td {
                    (r.duration_ms.map_or_else(|| "–".to_owned(), show::duration))
                    @if r.stored && caller.role.hears() {
                        " " a href=(format!("/r/{}", encode(&r.recording_id))) { (texts::HEAR) }
                    }
                }
                td { @match &r.call_id {
                    Some(id) => { a href=(format!("/calls/{}?switch={}", encode(id), encode(&r.switch))) { (id) } }
                    None => { "–" }
                } }
                td.words { (r.note.as_deref().unwrap_or_default()) }
            } } }
        } }
    }
}
