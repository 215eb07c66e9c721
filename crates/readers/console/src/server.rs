//! The routes.

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Form, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use serde::Deserialize;

use crate::auth::{Access, COOKIE_NAME, Caller, Role};
use crate::recordings::{self, Grants, Library};
use crate::pages;

/// Largest form taken, bytes.
const BODY: usize = 16 << 10;

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
        .route("/sign-in", get(sign_in_page).post(sign_in))
        .route("/r/{recording_id}", get(recordings::hear))
        .layer(DefaultBodyLimit::max(BODY))
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

/// The caller, where the role may do it; else the refusal.
pub(crate) fn allowed(server: &Server, headers: &HeaderMap, may: fn(Role) -> bool) -> Result<Caller, Box<Response>> {
    match server.access.caller(headers) {
        Some(caller) if may(caller.role) => Ok(caller),
        Some(_) => Err(Box::new((StatusCode::FORBIDDEN, "your role does not allow this\n").into_response())),
        None => {
            let mut response = (StatusCode::UNAUTHORIZED, "sign in, or send `Authorization: Bearer …`\n").into_response();
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            Err(Box::new(response))
        }
    }
}

#[derive(Deserialize)]
struct Code {
    #[serde(default)]
    code: String,
}

async fn sign_in_page(Query(code): Query<Code>) -> Html<String> {
    // The code is used only when the form is sent: a link preview must not use it up.
    Html(pages::sign_in(&code.code, None))
}

async fn sign_in(State(server): State<Arc<Server>>, Form(code): Form<Code>) -> Response {
    let fresh = format!("{:?}", std::time::SystemTime::now());
    match server.access.sign_in(code.code.trim(), &fresh) {
        None => (StatusCode::FORBIDDEN, Html(pages::sign_in("", Some("This code is not valid, or was used before."))))
            .into_response(),
        Some(value) => {
            let cookie = format!("{COOKIE_NAME}={value}; HttpOnly; SameSite=Strict; Path=/; Max-Age=28800");
            let mut response = Html(pages::signed_in()).into_response();
            if let Ok(value) = HeaderValue::from_str(&cookie) {
                response.headers_mut().insert(header::SET_COOKIE, value);
            }
            response
        }
    }
}
