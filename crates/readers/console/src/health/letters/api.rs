//! Dead letters by the API: a list, one with its bytes, and trying again.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use super::explain::explain;
use super::{BYTES, LetterFilter, LetterView, LettersView, Which, list, one, retry};
use crate::asked::Asked;
use crate::auth::Role;
use crate::guard::allowed;
use crate::health::answer::{json, log_failed, not_found, of_desk};
use crate::health::desk::Retried;
use crate::server::Server;

/// One dead letter with its original bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct LetterDetail {
    /// What is known of it.
    #[serde(flatten)]
    pub letter: LetterView,
    /// What its reason means.
    pub explanation: String,
    /// What to do about it.
    pub action: String,
    /// The bytes, where they are UTF-8.
    pub data: Option<String>,
    /// The bytes in hexadecimal, where they are not.
    pub data_hex: Option<String>,
    /// Only the first 65,536 bytes are given.
    pub cut: bool,
}

/// Dead letters, newest first.
#[utoipa::path(
    get, path = "/api/v1/dead-letters", tag = "health", params(LetterFilter),
    responses(
        (status = 200, body = LettersView),
        (status = 400, description = "a parameter cannot be read", content_type = "application/problem+json"),
        (status = 401, description = "not signed in"),
        (status = 403, description = "the role may not tend"),
    ),
)]
pub(crate) async fn letters(
    State(server): State<Arc<Server>>,
    Asked(filter): Asked<LetterFilter>,
    headers: HeaderMap,
) -> Response {
    let caller = match allowed(&server, &headers, Role::tends) {
        Ok(caller) => caller,
        Err(refused) => return *refused,
    };
    list(&server, &caller, &filter).await.map_or_else(|e| log_failed(&e), json)
}

/// One dead letter with its original bytes, what its reason means and what to do.
#[utoipa::path(
    get, path = "/api/v1/dead-letters/{place}", tag = "health",
    params(("place" = String, Path, description = "its `place`")),
    responses(
        (status = 200, body = LetterDetail),
        (status = 401, description = "not signed in"),
        (status = 403, description = "the role may not tend"),
        (status = 404, description = "there is no such letter"),
    ),
)]
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
        Err(e) => log_failed(&e),
        Ok(None) => not_found("dead letter"),
        Ok(Some((view, letter))) => {
            let bytes = letter.bytes.get(..BYTES).unwrap_or(&letter.bytes);
            let text = std::str::from_utf8(bytes).ok();
            let (explanation, action) = explain(&view);
            json(LetterDetail {
                letter: view,
                explanation: explanation.to_owned(),
                action: action.to_owned(),
                data: text.map(str::to_owned),
                data_hex: text.is_none().then(|| hex::encode(bytes)),
                cut: letter.bytes.len() > BYTES,
            })
        }
    }
}

/// Tries one dead letter once more: what this version reads is taken in.
#[utoipa::path(
    post, path = "/api/v1/dead-letters/{place}/retry", tag = "health",
    params(("place" = String, Path, description = "its `place`")),
    responses(
        (status = 200, body = [Retried]),
        (status = 401, description = "not signed in"),
        (status = 403, description = "the role may not tend"),
        (status = 404, description = "there is no such letter, or it was taken in since"),
    ),
)]
pub(crate) async fn retry_one(
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

/// Tries every dead letter of a filter once more, at most 1,000, the oldest first.
#[utoipa::path(
    post, path = "/api/v1/dead-letters/retry", tag = "health", params(LetterFilter),
    responses(
        (status = 200, body = [Retried]),
        (status = 400, description = "a parameter cannot be read", content_type = "application/problem+json"),
        (status = 401, description = "not signed in"),
        (status = 403, description = "the role may not tend"),
    ),
)]
pub(crate) async fn retry_all(
    State(server): State<Arc<Server>>,
    Asked(filter): Asked<LetterFilter>,
    headers: HeaderMap,
) -> Response {
    let caller = match allowed(&server, &headers, Role::tends) {
        Ok(caller) => caller,
        Err(refused) => return *refused,
    };
    retry(&server, &caller, Which::All(&filter)).await.map_or_else(|e| of_desk(&e), json)
}
