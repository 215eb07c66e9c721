//! Answers of the API of health.

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use event_log::LogError;
use serde::Serialize;

use super::desk::DeskError;
use crate::problem::problem;

/// An answer that no cache keeps.
pub(crate) fn json(value: impl Serialize) -> Response {
    ([(header::CACHE_CONTROL, "no-store")], Json(value)).into_response()
}

/// There is none of that name, or the caller may not see it.
pub(crate) fn not_found(what: &str) -> Response {
    problem(StatusCode::NOT_FOUND, "Not found", &format!("there is no such {what}"))
}

/// The log cannot be read.
pub(crate) fn log_failed(e: &LogError) -> Response {
    tracing::error!(error = %e, "the log could not be read for the console");
    problem(StatusCode::SERVICE_UNAVAILABLE, "The log cannot be read", "try again later; the server's log says why")
}

/// What was asked for was not done.
pub(crate) fn of_desk(e: &DeskError) -> Response {
    let (status, title) = status(e);
    if status == StatusCode::SERVICE_UNAVAILABLE {
        tracing::error!(error = %e, "what was asked for on the console could not be done");
    }
    problem(status, title, &e.to_string())
}

/// The status and the title of a failure.
pub(crate) fn status(e: &DeskError) -> (StatusCode, &'static str) {
    match e {
        DeskError::Gone => (StatusCode::NOT_FOUND, "Not found"),
        DeskError::Refused(_) => (StatusCode::UNPROCESSABLE_ENTITY, "Not done"),
        DeskError::Failed(_) => (StatusCode::SERVICE_UNAVAILABLE, "Not now"),
    }
}
