//! `GET /api/v1/live`: the board as it stands.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};

use super::view::BoardView;
use crate::auth::Role;
use crate::guard::allowed;
use crate::server::Server;

/// The live figures of every queue that the caller sees, and the agents of these queues.
#[utoipa::path(
    get, path = "/api/v1/live", tag = "live",
    responses(
        (status = 200, body = BoardView),
        (status = 401, description = "not signed in"),
        (status = 403, description = "the role may not watch"),
    ),
)]
pub(crate) async fn live(State(server): State<Arc<Server>>, headers: HeaderMap) -> Response {
    match allowed(&server, &headers, Role::watches) {
        Err(refused) => *refused,
        Ok(caller) => {
            let board = Json(server.board.view(&caller.sees));
            ([(header::CACHE_CONTROL, "no-store")], board).into_response()
        }
    }
}
