//! `/health/dead-letters`: a list, one with its bytes, and trying again.

use std::sync::Arc;

use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use event_log::dead_letters::DeadLetter;
use maud::{Markup, html};
use serde::Deserialize;

use super::explain::explain;
use super::{BYTES, LetterFilter, LetterView, LettersView, Which, list, one, retry};
use crate::auth::{Caller, Role};
use crate::guard::allowed;
use crate::health::page::{count, moment};
use crate::health::parts::{csrf, failed, gone, outcomes, query};
use crate::server::Server;
use crate::shell::{self, Page, Place, texts::health, texts::letters as texts};

const ADDRESS: &str = "/health/dead-letters";

fn shown(caller: &Caller, title: &str, body: Markup) -> Response {
    shell::page(caller, &Page { title, place: Some(Place::Health), scripts: &[], class: "wide", body })
}

/// `GET /health/dead-letters`.
pub(crate) async fn letters(
    State(server): State<Arc<Server>>,
    Query(filter): Query<LetterFilter>,
    headers: HeaderMap,
) -> Response {
    let caller = match allowed(&server, &headers, Role::tends) {
        Ok(caller) => caller,
        Err(refused) => return *refused,
    };
    let view = match list(&server, &caller, &filter).await {
        Ok(view) => view,
        Err(e) => return failed(&caller, texts::LETTERS, &e.to_string()),
    };
    let body = html! {
        p { a href="/health" { (health::BACK) } }
        p { (texts::WHAT) }
        (filters(&filter, &view))
        @if view.letters.is_empty() { p.empty { (texts::NONE) } }
        @else {
            (table(&view.letters))
            @if let Some(next) = &view.next {
                p { a.button href=(format!("{ADDRESS}?{}", address(&filter, Some(next)))) { (health::NEXT) } }
            }
            @if view.letters.iter().any(|l| !l.taken_in) { (retry_form(&caller, &filter)) }
        }
        @if view.older { p.hint { (texts::OLDER) } }
    };
    shown(&caller, texts::LETTERS, body)
}

fn address(filter: &LetterFilter, after: Option<&str>) -> String {
    query(&[
        ("reason", filter.reason.as_deref()),
        ("switch", filter.switch.as_deref()),
        ("taken_in", filter.taken_in.then_some("on")),
        ("after", after),
    ])
}

fn filters(filter: &LetterFilter, view: &LettersView) -> Markup {
    let reason = filter.reason.as_deref().unwrap_or_default();
    let other = view.by_reason.keys().all(|r| r != reason) && !reason.is_empty();
    html! {
        form.filters method="get" {
            label { "Reason "
                select name="reason" {
                    option value="" { "all" }
                    @for (name, n) in &view.by_reason {
                        option value=(name) selected[name == reason] { (name) " (" (n) ")" }
                    }
                    @if other { option value=(reason) selected { (reason) } }
                }
            }
            label { "Switch " input type="text" name="switch" size="12" value=(filter.switch.as_deref().unwrap_or_default()); }
            label { input type="checkbox" name="taken_in" value="on" checked[filter.taken_in]; " also those taken in since" }
            button type="submit" { "Show" }
        }
    }
}

fn table(letters: &[LetterView]) -> Markup {
    html! {
        div.scroll role="region" aria-label=(texts::LETTERS) tabindex="0" { table {
            thead { tr { th scope="col" { "Found" } th scope="col" { "Reason" } th scope="col" { "Switch" }
                th scope="col" { "Bytes" } th scope="col" { "What is wrong" } } }
            tbody { @for l in letters { tr {
                th scope="row" { a href=(format!("{ADDRESS}/{}", l.place)) { (moment(&l.at)) } }
                td { (l.reason) @if l.taken_in { " (taken in since)" } }
                td { (l.switch.as_deref().unwrap_or("–")) }
                td { (count(l.bytes)) }
                td.words { (l.text) }
            } } }
        } }
    }
}

fn retry_form(caller: &Caller, filter: &LetterFilter) -> Markup {
    html! {
        form method="post" action="/health/dead-letters/retry" {
            (csrf(caller))
            input type="hidden" name="reason" value=(filter.reason.as_deref().unwrap_or_default());
            input type="hidden" name="switch" value=(filter.switch.as_deref().unwrap_or_default());
            button type="submit" { (texts::RETRY_ALL) }
            p.hint { (texts::RETRY_HINT) }
        }
    }
}

/// `GET /health/dead-letters/{place}`.
pub(crate) async fn letter(
    State(server): State<Arc<Server>>,
    Path(place): Path<String>,
    headers: HeaderMap,
) -> Response {
    let caller = match allowed(&server, &headers, Role::tends) {
        Ok(caller) => caller,
        Err(refused) => return *refused,
    };
    match one(&server, &caller, &place).await {
        Err(e) => failed(&caller, texts::LETTER, &e.to_string()),
        Ok(None) => gone(&caller, texts::LETTER),
        Ok(Some((view, letter))) => shown(&caller, texts::LETTER, detail(&caller, &view, &letter)),
    }
}

fn detail(caller: &Caller, view: &LetterView, letter: &DeadLetter) -> Markup {
    let (means, action) = explain(view);
    let or_dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "–".to_owned());
    html! {
        p { a href=(ADDRESS) { (texts::BACK) } }
        p { strong { (means) } }
        p.action { (health::WHAT_TO_DO) " " (action) }
        dl.facts {
            dt { "Reason" } dd { (view.reason) }
            dt { "What was said" } dd { (view.text) }
            dt { "Found" } dd { (moment(&view.at)) }
            dt { "Switch" } dd { (or_dash(&view.switch)) }
            dt { "Centre" } dd { (or_dash(&view.center)) }
            dt { "Source" } dd { (or_dash(&view.source)) }
            dt { "Dialect" } dd { (or_dash(&view.dialect)) }
            dt { "Position in the log" } dd { (or_dash(&view.position)) }
            dt { "Id" } dd { code { (view.id) } }
        }
        @if !view.taken_in {
            form method="post" action="/health/dead-letters/retry" {
                (csrf(caller))
                input type="hidden" name="place" value=(view.place);
                button type="submit" { (texts::RETRY) }
            }
        }
        h2 { (texts::BYTES) " (" (count(view.bytes)) ")" }
        pre.bytes tabindex="0" { (written(letter.bytes.get(..BYTES).unwrap_or(&letter.bytes))) }
        p.hint { (texts::BYTES_HINT) @if letter.bytes.len() > BYTES { " " (texts::CUT) } }
    }
}

/// Bytes as people read them: text as it is, whatever is none escaped.
fn written(bytes: &[u8]) -> String {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return bytes.escape_ascii().to_string().replace("\\r\\n", "\\r\\n\n");
    };
    let escaped = |c: char| match c {
        '\n' | '\t' => c.to_string(),
        c if c.is_control() => c.escape_default().to_string(),
        c => c.to_string(),
    };
    text.chars().map(escaped).collect()
}

/// What is tried: one, or those of a filter.
#[derive(Deserialize)]
pub(crate) struct Tries {
    #[serde(default)]
    place: String,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    switch: String,
}

/// `POST /health/dead-letters/retry`.
pub(crate) async fn retried(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    Form(tries): Form<Tries>,
) -> Response {
    let caller = match allowed(&server, &headers, Role::tends) {
        Ok(caller) => caller,
        Err(refused) => return *refused,
    };
    let filter = LetterFilter { reason: Some(tries.reason), switch: Some(tries.switch), ..LetterFilter::default() };
    let which = if tries.place.is_empty() { Which::All(&filter) } else { Which::One(&tries.place) };
    match retry(&server, &caller, which).await {
        Err(e) => failed(&caller, texts::RETRIED, &e.to_string()),
        Ok(done) => {
            let body = html! {
                p { a href=(ADDRESS) { (texts::BACK) } }
                @if done.is_empty() { p.empty { (texts::NOTHING_RETRIED) } }
                @else { (outcomes(&done, ADDRESS)) }
            };
            shown(&caller, texts::RETRIED, body)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_written_so_that_nothing_is_hidden() {
        assert_eq!(written("Event: X\r\nName: ü\u{7}".as_bytes()), "Event: X\\r\nName: ü\\u{7}");
        assert_eq!(written(b"\x00\xff<b>"), "\\x00\\xff<b>");
    }
}
