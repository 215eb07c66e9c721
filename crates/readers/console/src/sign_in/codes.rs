//! One-time codes: used here, and made for a token's holder.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::{Refusal, no_chance, random_text};
use crate::auth::{Access, Holder, Role};
use crate::guard::allowed;
use crate::server::Server;

/// Whose session a code begins.
pub(super) fn holder(access: &Access, code: &str) -> Result<Holder, Refusal> {
    let wrong = || Refusal::wrong("This code is not valid, or was used before.", "the code is not valid", "");
    let token = access.codes.take(code).ok_or_else(wrong)?;
    Ok(Holder::Fixed { name: token.name, role: token.role, sees: token.sees })
}

/// `POST /sign-in/codes`: a one-time link for the holder of the token.
pub(super) async fn code(State(server): State<Arc<Server>>, headers: HeaderMap) -> Response {
    let caller = match allowed(&server, &headers, Role::browses) {
        Ok(caller) => caller,
        Err(refused) => return *refused,
    };
    if caller.by_session {
        return (StatusCode::FORBIDDEN, "a session makes no further sessions: use the token\n").into_response();
    }
    let Ok(code) = random_text() else { return no_chance() };
    server.access.issue(&caller, &code);
    let body = Json(serde_json::json!({ "link": format!("/sign-in?code={code}"), "code": code }));
    (StatusCode::CREATED, [(header::CACHE_CONTROL, "no-store")], body).into_response()
}
