//! `GET /api/v1/recordings`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use super::{NoList, RecordingFilter, RecordingsView, list};
use crate::asked::Asked;
use crate::auth::Role;
use crate::guard::allowed;
use crate::health::answer::json;
use crate::problem::problem;
use crate::server::Server;

/// Recordings by state, queue, agent and time, newest first, with counts by state.
#[utoipa::path(
    get, path = "/api/v1/recordings", tag = "recordings", params(RecordingFilter),
    responses(
        (status = 200, body = RecordingsView),
        (status = 400, description = "a state, an instant or a cursor that is none"),
        (status = 401, description = "not signed in"),
        (status = 403, description = "the role may not watch"),
    ),
)]
pub(crate) async fn recordings(
    State(server): State<Arc<Server>>,
    Asked(filter): Asked<RecordingFilter>,
    headers: HeaderMap,
) -> Response {
    let caller = match allowed(&server, &headers, Role::watches) {
        Ok(caller) => caller,
        Err(refused) => return *refused,
    };
    match list(&server, &caller, &filter).await {
        Ok(view) => json(view),
        Err(why) => {
            let (status, title, text) = why.told();
            problem(status, title, &text)
        }
    }
}

impl NoList {
    /// The status, the title and the text of it.
    pub(super) fn told(&self) -> (StatusCode, &'static str, String) {
        match self {
            Self::Asked(text) => (StatusCode::BAD_REQUEST, "Not understood", text.clone()),
            Self::Tables(tables::TablesError::Asked(text)) => (StatusCode::BAD_REQUEST, "Not understood", text.clone()),
            Self::Tables(e) => {
                tracing::error!(error = %e, "recordings could not be listed");
                let text = "try again later; the server's log says why".to_owned();
                (StatusCode::SERVICE_UNAVAILABLE, "The tables cannot be read", text)
            }
        }
    }
}
