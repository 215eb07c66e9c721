//! `GET /api/v1/health`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};

use super::view::{self, HealthView};
use crate::auth::Role;
use crate::guard::allowed;
use crate::server::Server;

/// How the process does: what is wrong and what to do, lag by partition, the last event of
/// each switch, what is waited for, flushes, CRM writers.
#[utoipa::path(
    get, path = "/api/v1/health", tag = "health",
    responses(
        (status = 200, body = HealthView),
        (status = 401, description = "not signed in"),
        (status = 403, description = "the role may not tend"),
    ),
)]
pub(crate) async fn health(State(server): State<Arc<Server>>, headers: HeaderMap) -> Response {
    match allowed(&server, &headers, Role::tends) {
        Err(refused) => *refused,
        Ok(caller) => {
            let view = Json(view::view(&server, &caller.sees).await);
            ([(header::CACHE_CONTROL, "no-store")], view).into_response()
        }
    }
}
