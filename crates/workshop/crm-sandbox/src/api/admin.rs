//! The switches by HTTP, for tests in other processes and for trying things out.
//! They change nothing outside the sandbox and need no log-in; the sandbox is no server
//! for real data.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;

use super::sent::Sent;
use crate::faults::{Faults, RequestSeen};
use crate::state::Sandbox;

pub(super) async fn faults(State(sandbox): State<Sandbox>) -> Json<Faults> {
    Json(sandbox.faults())
}

pub(super) async fn set_faults(State(sandbox): State<Sandbox>, Sent(faults): Sent<Faults>) -> Json<Faults> {
    sandbox.set_faults(faults.clone());
    Json(faults)
}

pub(super) async fn clear_faults(State(sandbox): State<Sandbox>) -> StatusCode {
    sandbox.set_faults(Faults::default());
    StatusCode::NO_CONTENT
}

pub(super) async fn expire_sessions(State(sandbox): State<Sandbox>) -> StatusCode {
    sandbox.expire_sessions();
    StatusCode::NO_CONTENT
}

pub(super) async fn set_used(State(sandbox): State<Sandbox>, Path(used): Path<u64>) -> StatusCode {
    sandbox.set_used(used);
    StatusCode::NO_CONTENT
}

pub(super) async fn requests(State(sandbox): State<Sandbox>) -> Json<Vec<RequestSeen>> {
    Json(sandbox.requests())
}
