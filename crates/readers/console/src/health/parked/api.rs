//! Parked CRM rows by the API.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

use super::{CorrectionBody, ParkedFilter, ParkedView, ReasonBody, Which, correct, discard, list, one, retry};
use crate::asked::{Asked, Sent};
use crate::auth::Role;
use crate::guard::allowed;
use crate::health::answer::{json, of_desk};
use crate::health::desk::{ParkedRow, Retried};
use crate::server::Server;

/// Rows that a CRM refused for good and has not taken since, oldest first.
#[utoipa::path(
    get, path = "/api/v1/parked", tag = "health", params(ParkedFilter),
    responses(
        (status = 200, body = ParkedView),
        (status = 400, description = "a parameter cannot be read", content_type = "application/problem+json"),
        (status = 401, description = "not signed in"),
        (status = 403, description = "the role may not tend"),
        (status = 422, description = "`from` is no instant"),
    ),
)]
pub(crate) async fn rows(
    State(server): State<Arc<Server>>,
    Asked(filter): Asked<ParkedFilter>,
    headers: HeaderMap,
) -> Response {
    let caller = match allowed(&server, &headers, Role::tends) {
        Ok(caller) => caller,
        Err(refused) => return *refused,
    };
    list(&server, &caller, &filter).await.map_or_else(|e| of_desk(&e), json)
}

/// One parked row.
#[utoipa::path(
    get, path = "/api/v1/parked/{place}", tag = "health",
    params(("place" = String, Path, description = "its `place`")),
    responses(
        (status = 200, body = ParkedRow),
        (status = 401, description = "not signed in"),
        (status = 403, description = "the role may not tend"),
        (status = 404, description = "no such row stands parked"),
    ),
)]
pub(crate) async fn row(State(server): State<Arc<Server>>, Path(place): Path<String>, headers: HeaderMap) -> Response {
    let caller = match allowed(&server, &headers, Role::tends) {
        Ok(caller) => caller,
        Err(refused) => return *refused,
    };
    one(&server, &caller, &place).await.map_or_else(|e| of_desk(&e), json)
}

/// Corrects words and links of a parked row; the next retry writes it so. Gives the row as
/// it stands then.
#[utoipa::path(
    post, path = "/api/v1/parked/{place}/correct", tag = "health",
    params(("place" = String, Path, description = "its `place`")), request_body = CorrectionBody,
    responses(
        (status = 200, body = ParkedRow),
        (status = 400, description = "the body cannot be read", content_type = "application/problem+json"),
        (status = 415, description = "the body is not sent as JSON", content_type = "application/problem+json"),
        (status = 413, description = "the body is too large", content_type = "application/problem+json"),
        (status = 401, description = "not signed in"),
        (status = 403, description = "the role may not tend"),
        (status = 404, description = "no such row stands parked"),
        (status = 422, description = "a field may not be corrected, none differs, or the reason is missing"),
    ),
)]
pub(crate) async fn correct_row(
    State(server): State<Arc<Server>>,
    Path(place): Path<String>,
    headers: HeaderMap,
    Sent(body): Sent<CorrectionBody>,
) -> Response {
    let caller = match allowed(&server, &headers, Role::tends) {
        Ok(caller) => caller,
        Err(refused) => return *refused,
    };
    let fields = body.fields.into_iter().collect();
    correct(&server, &caller, &place, fields, &body.reason).await.map_or_else(|e| of_desk(&e), json)
}

/// Gives one parked row to its CRM again.
#[utoipa::path(
    post, path = "/api/v1/parked/{place}/retry", tag = "health",
    params(("place" = String, Path, description = "its `place`")),
    responses(
        (status = 200, body = [Retried]),
        (status = 401, description = "not signed in"),
        (status = 403, description = "the role may not tend"),
        (status = 404, description = "no such row stands parked"),
        (status = 503, description = "the CRM cannot be reached"),
    ),
)]
pub(crate) async fn retry_row(
    State(server): State<Arc<Server>>,
    Path(place): Path<String>,
    headers: HeaderMap,
) -> Response {
    let caller = match allowed(&server, &headers, Role::tends) {
        Ok(caller) => caller,
        Err(refused) => return *refused,
    };
    retry(&server, &caller, Which::One(&place)).await.map_or_else(|e| of_desk(&e), json)
}

/// Gives every parked row of a filter to its CRM again, at most 1,000, the oldest first.
#[utoipa::path(
    post, path = "/api/v1/parked/retry", tag = "health", params(ParkedFilter),
    responses(
        (status = 200, body = [Retried]),
        (status = 400, description = "a parameter cannot be read", content_type = "application/problem+json"),
        (status = 401, description = "not signed in"),
        (status = 403, description = "the role may not tend"),
        (status = 422, description = "`from` is no instant"),
        (status = 503, description = "the CRM cannot be reached"),
    ),
)]
pub(crate) async fn retry_rows(
    State(server): State<Arc<Server>>,
    Asked(filter): Asked<ParkedFilter>,
    headers: HeaderMap,
) -> Response {
    let caller = match allowed(&server, &headers, Role::tends) {
        Ok(caller) => caller,
        Err(refused) => return *refused,
    };
    retry(&server, &caller, Which::All(&filter)).await.map_or_else(|e| of_desk(&e), json)
}

/// Gives a parked row up: it is not written to the CRM, and stands parked no more.
#[utoipa::path(
    post, path = "/api/v1/parked/{place}/discard", tag = "health",
    params(("place" = String, Path, description = "its `place`")), request_body = ReasonBody,
    responses(
        (status = 204, description = "done"),
        (status = 400, description = "the body cannot be read", content_type = "application/problem+json"),
        (status = 415, description = "the body is not sent as JSON", content_type = "application/problem+json"),
        (status = 413, description = "the body is too large", content_type = "application/problem+json"),
        (status = 401, description = "not signed in"),
        (status = 403, description = "the role may not tend"),
        (status = 404, description = "no such row stands parked"),
        (status = 422, description = "the reason is missing"),
    ),
)]
pub(crate) async fn discard_row(
    State(server): State<Arc<Server>>,
    Path(place): Path<String>,
    headers: HeaderMap,
    Sent(body): Sent<ReasonBody>,
) -> Response {
    let caller = match allowed(&server, &headers, Role::tends) {
        Ok(caller) => caller,
        Err(refused) => return *refused,
    };
    let done = discard(&server, &caller, &place, &body.reason).await;
    done.map_or_else(|e| of_desk(&e), |()| StatusCode::NO_CONTENT.into_response())
}
