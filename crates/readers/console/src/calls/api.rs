//! The API of calls: search, contact, raw events.

use std::sync::Arc;

use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use model::Position;
use serde::Deserialize;
use tables::{Contact, TablesError};
use utoipa::IntoParams;

use super::ask::{Ask, Bad};
use super::etag::tagged;
use super::raw::{self, RawList};
use super::row::{CallList, CallRow};
use super::shape::ContactView;
use crate::auth::{Caller, Role};
use crate::guard::allowed;
use crate::problem::problem;
use crate::server::Server;

/// Which contact is meant.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Which {
    /// The switch that gave the id; without it, the first by name of those that did.
    pub switch: Option<String>,
}

/// Which of its events are meant.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Events {
    /// The switch that gave the id; without it, the first by name of those that did.
    pub switch: Option<String>,
    /// Where the page begins: `next` of the page before.
    pub cursor: Option<String>,
    /// Records of a page, 1 to 200; 200.
    pub limit: Option<String>,
}

/// Contacts that a search finds, the newest first; those that went over into another one are
/// left out.
#[utoipa::path(
    get, path = "/api/v1/calls", tag = "calls", params(Ask),
    responses(
        (status = 200, body = CallList, description = "with an ETag"),
        (status = 304, description = "as the ETag sent along"),
        (status = 400, description = "a parameter is unknown or cannot be read: says which"),
        (status = 401, description = "not signed in"),
        (status = 403, description = "the role may not look at calls"),
        (status = 503, description = "the tables cannot be read now"),
    ),
)]
pub(crate) async fn search(
    State(server): State<Arc<Server>>,
    query: Result<Query<Ask>, QueryRejection>,
    headers: HeaderMap,
) -> Response {
    let caller = match allowed(&server, &headers, Role::watches) {
        Ok(caller) => caller,
        Err(refused) => return *refused,
    };
    match list(&server, &caller, &Ask::of(query)).await {
        Ok(list) => tagged(&headers, &list),
        Err(Trouble::Asked(why)) => bad(&why),
        Err(Trouble::Tables(e)) => unread(&e),
    }
}

/// Why there is no list.
pub(super) enum Trouble {
    /// The question cannot be read.
    Asked(Bad),
    /// The tables cannot.
    Tables(TablesError),
}

/// A page of the list.
pub(super) async fn list(server: &Server, caller: &Caller, ask: &Result<Ask, Bad>) -> Result<CallList, Trouble> {
    let ask = ask.as_ref().map_err(|why| Trouble::Asked(why.clone()))?;
    let search = ask.search(caller).map_err(Trouble::Asked)?;
    let page = server.reports.search_calls(&search).await.map_err(Trouble::Tables)?;
    Ok(CallList { calls: page.rows.iter().map(CallRow::of).collect(), next: page.next.map(|c| c.to_string()) })
}

/// A contact with its visits, legs, holds, transfers, recordings, CRM records and revisions.
#[utoipa::path(
    get, path = "/api/v1/calls/{call_id}", tag = "calls",
    params(("call_id" = String, Path, description = "its id, percent-encoded"), Which),
    responses(
        (status = 200, body = ContactView, description = "with an ETag"),
        (status = 304, description = "as the ETag sent along"),
        (status = 400, description = "a parameter is unknown"),
        (status = 401, description = "not signed in"),
        (status = 403, description = "the role may not look at calls"),
        (status = 404, description = "there is no such contact that the caller may see"),
        (status = 503, description = "the tables cannot be read now"),
    ),
)]
pub(crate) async fn contact(
    State(server): State<Arc<Server>>,
    path: Result<Path<String>, PathRejection>,
    query: Result<Query<Which>, QueryRejection>,
    headers: HeaderMap,
) -> Response {
    let caller = match allowed(&server, &headers, Role::watches) {
        Ok(caller) => caller,
        Err(refused) => return *refused,
    };
    let (call_id, which) = match (path, query) {
        (Ok(Path(call_id)), Ok(Query(which))) => (call_id, which),
        (Err(_), _) => return absent(),
        (_, Err(e)) => return bad(&e.body_text()),
    };
    let found = match found(&server, &caller, &call_id, which.switch.as_deref()).await {
        Ok(found) => found,
        Err(response) => return *response,
    };
    match server.reports.history(&found.call).await {
        Ok(history) => tagged(&headers, &ContactView::of(&found, &history)),
        Err(e) => unread(&e),
    }
}

/// The records of the log behind a contact, in the log's order, each with what it was
/// understood as. Card data was masked before the log.
#[utoipa::path(
    get, path = "/api/v1/calls/{call_id}/events", tag = "calls",
    params(("call_id" = String, Path, description = "its id, percent-encoded"), Events),
    responses(
        (status = 200, body = RawList, description = "with an ETag"),
        (status = 304, description = "as the ETag sent along"),
        (status = 400, description = "a parameter is unknown or cannot be read: says which"),
        (status = 401, description = "not signed in"),
        (status = 403, description = "the role may not look at calls"),
        (status = 404, description = "there is no such contact that the caller may see"),
        (status = 503, description = "the tables cannot be read now"),
    ),
)]
pub(crate) async fn events(
    State(server): State<Arc<Server>>,
    path: Result<Path<String>, PathRejection>,
    query: Result<Query<Events>, QueryRejection>,
    headers: HeaderMap,
) -> Response {
    let caller = match allowed(&server, &headers, Role::watches) {
        Ok(caller) => caller,
        Err(refused) => return *refused,
    };
    let Ok(Path(call_id)) = path else { return absent() };
    let (asked, after, limit) =
        match query.map_err(|e| e.body_text()).and_then(|Query(q)| Ok((q.after()?, q.limit()?, q))) {
            Ok((after, limit, asked)) => (asked, after, limit),
            Err(why) => return bad(&why),
        };
    match found(&server, &caller, &call_id, asked.switch.as_deref()).await {
        Ok(found) => tagged(&headers, &raw::read(&*server.log, &found, after, limit).await),
        Err(response) => *response,
    }
}

impl Events {
    fn after(&self) -> Result<Option<Position>, Bad> {
        self.cursor.as_deref().filter(|c| !c.is_empty()).map(str::parse).transpose()
    }

    fn limit(&self) -> Result<usize, Bad> {
        let Some(text) = self.limit.as_deref().filter(|t| !t.is_empty()) else { return Ok(raw::PAGE) };
        let limit = text.parse().ok().filter(|n| (1..=raw::PAGE).contains(n));
        limit.ok_or_else(|| format!("`limit` is a number from 1 to {}, not '{text}'", raw::PAGE))
    }
}

async fn found(
    server: &Server,
    caller: &Caller,
    call_id: &str,
    switch: Option<&str>,
) -> Result<Contact, Box<Response>> {
    match super::find(server, caller, call_id, switch).await {
        Ok(Some(contact)) => Ok(contact),
        Ok(None) => Err(Box::new(absent())),
        Err(e) => Err(Box::new(unread(&e))),
    }
}

fn absent() -> Response {
    let detail = "there is no contact of this id that you may see; `GET /api/v1/calls` lists ids";
    problem(StatusCode::NOT_FOUND, "No such contact", detail)
}

fn bad(why: &str) -> Response {
    problem(StatusCode::BAD_REQUEST, "Not readable", why)
}

fn unread(e: &TablesError) -> Response {
    tracing::error!(error = %e, "calls cannot be read");
    problem(StatusCode::SERVICE_UNAVAILABLE, "The tables cannot be read", "try again in a moment")
}
