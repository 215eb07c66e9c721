//! The routes.

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;

use crate::auth::{Access, Role};
use crate::guard::{allowed, guard};
use crate::headers::safe;
use crate::recordings::{self, Grants, Library};
use crate::sign_in;

/// Largest form taken, bytes.
pub(crate) const BODY: usize = 16 << 10;

/// How the process does.
pub trait Health: Send + Sync {
    /// Everything that must be up is up; else what is not.
    ///
    /// # Errors
    /// What is not ready.
    fn ready(&self) -> Result<(), String>;

    /// Metrics in Prometheus' text format.
    fn metrics(&self) -> String;
}

/// What the routes need.
pub struct Server {
    /// Tokens and sessions.
    pub access: Access,
    /// Recordings.
    pub library: Arc<dyn Library>,
    /// Health.
    pub health: Arc<dyn Health>,
    /// Grants to hear, so that a player's range requests are one access.
    pub grants: Grants,
}

impl Server {
    /// A server over these.
    pub fn new(access: Access, library: Arc<dyn Library>, health: Arc<dyn Health>) -> Self {
        Self { access, library, health, grants: Grants::default() }
    }
}

/// The router.
pub fn router(server: Arc<Server>) -> Router {
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .merge(sign_in::routes())
        .route("/r/{recording_id}", get(recordings::hear))
        .layer(DefaultBodyLimit::max(BODY))
        .layer(from_fn_with_state(server.clone(), guard))
        .layer(from_fn(safe))
        .with_state(server)
}

async fn ready(State(server): State<Arc<Server>>) -> Response {
    match server.health.ready() {
        Ok(()) => "ready\n".into_response(),
        Err(what) => (StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {what}\n")).into_response(),
    }
}

async fn metrics(State(server): State<Arc<Server>>, headers: HeaderMap) -> Response {
    match allowed(&server, &headers, Role::measures) {
        Err(refused) => *refused,
        Ok(_) => {
            let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
            ([(header::CONTENT_TYPE, kind)], server.health.metrics()).into_response()
        }
    }
}

/// A page: never kept by a cache; what else it may not do is in `headers`.
pub(crate) fn html(status: StatusCode, page: String) -> Response {
    let mut response = (status, Html(page)).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
