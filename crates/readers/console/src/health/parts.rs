//! What the pages of health have in common.

use axum::http::StatusCode;
use axum::response::Response;
use maud::{Markup, html};

use super::desk::{DeskError, Retried};
use crate::auth::Caller;
use crate::pages::encode;
use crate::shell::{self, Page, Place, texts::health as texts};

/// The hidden field against forged forms.
pub(crate) fn csrf(caller: &Caller) -> Markup {
    html! { @if let Some(secret) = caller.csrf() { input type="hidden" name="csrf" value=(secret); } }
}

/// A query of those that have a value.
pub(crate) fn query(fields: &[(&str, Option<&str>)]) -> String {
    let given = fields.iter().filter_map(|(name, value)| Some((name, value.filter(|v| !v.is_empty())?)));
    given.map(|(name, value)| format!("{name}={}", encode(value))).collect::<Vec<_>>().join("&")
}

/// A page that says what went wrong.
pub(crate) fn wrong(caller: &Caller, status: StatusCode, title: &str, text: &str) -> Response {
    let body = html! {
        p role="alert" { (text) }
        p { a href="/health" { (texts::BACK) } }
    };
    let page = Page { title, place: Some(Place::Health), scripts: &[], class: "", body };
    shell::respond(status, shell::document(Some(caller), &page))
}

/// Something does not answer.
pub(crate) fn failed(caller: &Caller, title: &str, text: &str) -> Response {
    tracing::error!(error = text, "a page of health could not be made");
    wrong(caller, StatusCode::SERVICE_UNAVAILABLE, title, text)
}

/// What was asked for was not done.
pub(crate) fn not_done(caller: &Caller, title: &str, e: &DeskError) -> Response {
    wrong(caller, super::answer::status(e).0, title, &e.to_string())
}

/// There is none of that name.
pub(crate) fn gone(caller: &Caller, title: &str) -> Response {
    wrong(caller, StatusCode::NOT_FOUND, title, texts::GONE)
}

/// What became of each that was tried.
pub(crate) fn outcomes(done: &[Retried], address: &str) -> Markup {
    html! {
        div.scroll role="region" aria-label=(texts::OUTCOMES) tabindex="0" { table {
            thead { tr { th scope="col" { "Which" } th scope="col" { "Outcome" } th scope="col" { "What was said" } } }
            tbody { @for one in done { tr {
                th scope="row" { a href=(format!("{address}/{}", one.place)) { (one.place) } }
                td { (texts::outcome(&one.result)) }
                td.words { (one.text) }
            } } }
        } }
    }
}
