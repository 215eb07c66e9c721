//! The page of a contact: facts, timeline, story, tables, raw events.

use std::sync::Arc;

use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use maud::{Markup, html};
use serde::Deserialize;
use tables::{Contact, History};

use super::raw::RawList;
use super::shape::ContactView;
use super::{address, parts, raw, raw_part, story};
use crate::auth::{Caller, Role};
use crate::guard::allowed;
use crate::server::Server;
use crate::shell::texts::calls as texts;
use crate::shell::{self, Page, Place};

/// What of the contact is shown.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Shown {
    switch: Option<String>,
    /// Raw events behind this position.
    after: Option<String>,
}

/// `GET /calls/{call_id}`.
pub(crate) async fn contact(
    State(server): State<Arc<Server>>,
    path: Result<Path<String>, PathRejection>,
    query: Result<Query<Shown>, QueryRejection>,
    headers: HeaderMap,
) -> Response {
    let caller = match allowed(&server, &headers, Role::watches) {
        Ok(caller) => caller,
        Err(refused) => return *refused,
    };
    let shown = query.map(|Query(q)| q).unwrap_or_default();
    let Ok(Path(call_id)) = path else { return absent(&caller) };
    let read = async {
        let Some(found) = super::find(&server, &caller, &call_id, shown.switch.as_deref()).await? else {
            return Ok(None);
        };
        let history = server.reports.history(&found.call).await?;
        Ok::<_, tables::TablesError>(Some((found, history)))
    };
    match read.await {
        Ok(Some((found, history))) => {
            let after = shown.after.as_deref().and_then(|p| p.parse().ok());
            let records = raw::read(&*server.log, &found, after, raw::PAGE).await;
            whole(&server, &caller, &found, &history, &records)
        }
        Ok(None) => absent(&caller),
        Err(e) => {
            tracing::error!(error = %e, "a call cannot be read");
            said(&caller, StatusCode::SERVICE_UNAVAILABLE, texts::CALLS, texts::UNREAD)
        }
    }
}

fn absent(caller: &Caller) -> Response {
    said(caller, StatusCode::NOT_FOUND, texts::NO_SUCH, texts::NO_SUCH_MORE)
}

fn said(caller: &Caller, status: StatusCode, title: &str, text: &str) -> Response {
    let body = html! { p role="alert" { (text) } p { a href="/calls" { (texts::TO_SEARCH) } } };
    let page = Page { title, place: Some(Place::Calls), scripts: &[], class: "", body };
    shell::respond(status, shell::document(Some(caller), &page))
}

fn whole(server: &Server, caller: &Caller, found: &Contact, history: &History, records: &RawList) -> Response {
    let view = ContactView::of(found, history);
    let now = (server.clock)();
    let body = html! {
        (notices(&view))
        (parts::facts(&view))
        (timeline(&story::of(found, now)))
        section aria-labelledby="story" {
            h2 #story { (texts::STORY) }
            (parts::story(&found.call, &story::words::of(found)))
        }
        (parts::visits(&view))
        (parts::legs(&view))
        (parts::recordings(&view, caller.role.hears()))
        (parts::notes(&view))
        (parts::crm(&view))
        (parts::revisions(&view))
        (raw_part::records(&view, records))
    };
    let title = texts::title(&found.call);
    let page = Page { title: &title, place: Some(Place::Calls), scripts: &[], class: "wide", body };
    shell::page(caller, &page)
}

/// What must be known before anything else is read.
fn notices(view: &ContactView) -> Markup {
    html! {
        @if let Some(into) = &view.merged_into {
            p.notice { (texts::MERGED) " " a href=(address(into, &view.switch)) { (into) } "." }
        }
        @if view.ended_at.is_none() { (shell::notice(texts::STILL_OPEN)) }
    }
}

fn timeline(story: &story::Story) -> Markup {
    html! {
        section aria-labelledby="timeline" {
            h2 #timeline { (texts::TIMELINE) }
            div.scroll role="region" aria-label=(texts::TIMELINE) tabindex="0" { (story::drawing::svg(story, "timeline", "timeline-hint")) }
            (story::drawing::legend(story))
            p.hint #timeline-hint { (texts::TIMELINE_HINT) }
            details { summary { (texts::AS_TABLE) } (parts::timeline_table(story)) }
        }
    }
}
