//! What is asked of the API, read so that what cannot be read becomes a problem (RFC 9457)
//! and says what is wrong, instead of axum's line of text.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use serde::de::DeserializeOwned;

use crate::problem::problem;

/// The parameters of a query.
pub(crate) struct Asked<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Asked<T> {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Response> {
        match Query::<T>::try_from_uri(&parts.uri) {
            Ok(Query(asked)) => Ok(Self(asked)),
            Err(e) => Err(problem(StatusCode::BAD_REQUEST, "A parameter cannot be read", &e.body_text())),
        }
    }
}

/// A body of JSON: 400 where it is not wanted so, 413 where it is too large, 415 where it is
/// not sent as JSON.
pub(crate) struct Sent<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Sent<T> {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        match Json::<T>::from_request(request, state).await {
            Ok(Json(sent)) => Ok(Self(sent)),
            Err(e) => {
                let status = match &e {
                    JsonRejection::JsonDataError(_) => StatusCode::BAD_REQUEST,
                    other => other.status(),
                };
                Err(problem(status, "The body cannot be read", &e.body_text()))
            }
        }
    }
}
