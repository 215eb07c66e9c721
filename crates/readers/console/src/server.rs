//! The routes.

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};

use event_log::EventLog;
use tables::Reports;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{RefOr, ResponseBuilder};
use utoipa::{Modify, OpenApi};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth::{Access, Role};
use crate::calls;
use crate::guard::{allowed, guard, too_narrow};
use crate::headers::safe;
use crate::health;
use crate::health::desk::Desk;
use crate::live::{self, Board, Clock};
use crate::recordings::{self, Grants, Library};
use crate::recordings_list;
use crate::reports;
use crate::shell::assets;
use crate::sign_in;
use crate::staffing;

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

/// What the routes read from.
pub struct Parts {
    /// Recordings.
    pub library: Arc<dyn Library>,
    /// Health.
    pub health: Arc<dyn Health>,
    /// What is told and done on the pages of health.
    pub desk: Arc<dyn Desk>,
    /// The live figures.
    pub board: Arc<Board>,
    /// Reports, searches and look-ups over the tables.
    pub reports: Arc<Reports>,
    /// The log, for raw events.
    pub log: Arc<dyn EventLog>,
    /// The time of day.
    pub clock: Clock,
}

/// What the routes need.
pub struct Server {
    /// Tokens and sessions.
    pub access: Access,
    /// Recordings.
    pub library: Arc<dyn Library>,
    /// Health.
    pub health: Arc<dyn Health>,
    /// What is told and done on the pages of health.
    pub desk: Arc<dyn Desk>,
    /// The live figures.
    pub board: Arc<Board>,
    /// Reports, searches and look-ups over the tables.
    pub reports: Arc<Reports>,
    /// The log, for raw events.
    pub log: Arc<dyn EventLog>,
    /// The time of day.
    pub clock: Clock,
    /// Grants to hear, so that a player's range requests are one access.
    pub grants: Grants,
    /// Answers that are kept for a while.
    pub(crate) memory: health::Memory,
}

impl Server {
    /// A server over these.
    pub fn new(access: Access, parts: Parts) -> Self {
        let Parts { library, health, desk, board, reports, log, clock } = parts;
        Self {
            access,
            library,
            health,
            desk,
            board,
            reports,
            log,
            clock,
            grants: Grants::default(),
            memory: health::Memory::default(),
        }
    }
}

/// The router: pages, and the API that its OpenAPI description tells of.
pub fn router(server: Arc<Server>) -> Router {
    let (api, description) = api().split_for_parts();
    let described = Arc::new(description.to_json().unwrap_or_default());
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .merge(sign_in::routes())
        .route("/r/{recording_id}", get(recordings::hear))
        .route("/assets/{name}", get(assets::asset))
        .route("/", get(live::page::board))
        .route("/wall", get(live::page::wall))
        .route("/agents", get(live::agents_page::agents))
        .route("/reports", get(|| async { Redirect::to("/reports/queues") }))
        .route("/reports/queues", get(reports::queues_page::queues))
        .route("/reports/agents", get(reports::agents_page::agents))
        .route("/reports/contacts", get(reports::contacts_page::contacts))
        .route("/reports/visits", get(reports::visits_page::visits))
        .route("/staffing", get(staffing::page::staffing))
        .route("/calls", get(calls::search_page::search))
        .route("/calls/{call_id}", get(calls::contact_page::contact))
        .route("/recordings", get(recordings_list::page::recordings))
        .route("/health", get(health::page::page))
        .merge(failed())
        .merge(api)
        .route("/api/v1/openapi.json", get(move |server, headers| describe(server, headers, described.clone())))
        .layer(DefaultBodyLimit::max(BODY))
        .layer(from_fn_with_state(server.clone(), guard))
        .layer(from_fn(safe))
        .with_state(server)
}

/// Pages of what failed.
fn failed() -> Router<Arc<Server>> {
    use health::{letters, parked};
    Router::new()
        .route("/health/dead-letters", get(letters::page::letters))
        .route("/health/dead-letters/retry", post(letters::page::retried))
        .route("/health/dead-letters/{place}", get(letters::page::letter))
        .route("/health/parked", get(parked::page::rows))
        .route("/health/parked/retry", post(parked::done::retried))
        .route("/health/parked/{place}", get(parked::page::row))
        .route("/health/parked/{place}/correct", post(parked::done::corrected))
        .route("/health/parked/{place}/retry", post(parked::done::retried_one))
        .route("/health/parked/{place}/discard", post(parked::done::discarded))
}

/// The routes of the API.
fn api() -> OpenApiRouter<Arc<Server>> {
    OpenApiRouter::with_openapi(Described::openapi())
        .routes(routes!(live::api::live))
        .routes(routes!(live::stream::stream))
        .routes(routes!(reports::api::queues))
        .routes(routes!(reports::api::agents))
        .routes(routes!(reports::api::contacts))
        .routes(routes!(reports::api::lost))
        .routes(routes!(reports::api::waits))
        .routes(routes!(reports::api::visits))
        .routes(routes!(staffing::api::staffing))
        .routes(routes!(calls::api::search))
        .routes(routes!(calls::api::contact))
        .routes(routes!(calls::api::events))
        .routes(routes!(recordings_list::api::recordings))
        .routes(routes!(health::api::health))
        .routes(routes!(health::letters::api::letters))
        .routes(routes!(health::letters::api::letter))
        .routes(routes!(health::letters::api::retry_one))
        .routes(routes!(health::letters::api::retry_all))
        .routes(routes!(health::parked::api::rows))
        .routes(routes!(health::parked::api::row))
        .routes(routes!(health::parked::api::correct_row))
        .routes(routes!(health::parked::api::retry_row))
        .routes(routes!(health::parked::api::retry_rows))
        .routes(routes!(health::parked::api::discard_row))
}

/// The description of the API, OpenAPI 3.1, as JSON.
pub fn openapi() -> String {
    api().into_openapi().to_pretty_json().unwrap_or_default()
}

#[derive(OpenApi)]
#[openapi(modifiers(&SignedIn), info(
    title = "Ringledger",
    description = "Queues, agents, calls and recordings of a contact centre. Names and definitions: docs/metrics.md. \
                   Errors are problems (RFC 9457).",
))]
struct Described;

/// How the API is signed in to.
struct SignedIn;

impl Modify for SignedIn {
    fn modify(&self, described: &mut utoipa::openapi::OpenApi) {
        let token = SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build());
        let components = described.components.get_or_insert_with(Default::default);
        components.add_security_scheme("token", token);
        // Said of every operation, for the guard stands before all of them.
        for item in described.paths.paths.values_mut() {
            let methods = [&mut item.get, &mut item.post, &mut item.put, &mut item.patch, &mut item.delete];
            for operation in methods.into_iter().flatten() {
                let told = |text| RefOr::T(ResponseBuilder::new().description(text).build());
                let responses = &mut operation.responses.responses;
                responses.entry("401".into()).or_insert_with(|| told("not signed in"));
                responses
                    .entry("429".into())
                    .or_insert_with(|| told("too many calls: wait as long as Retry-After says"));
            }
        }
        described.security = Some(vec![SecurityRequirement::new("token", Vec::<String>::new())]);
    }
}

async fn describe(State(server): State<Arc<Server>>, headers: HeaderMap, text: Arc<String>) -> Response {
    match allowed(&server, &headers, Role::browses) {
        Err(refused) => *refused,
        Ok(_) => ([(header::CONTENT_TYPE, "application/json")], text.as_str().to_owned()).into_response(),
    }
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
        // It tells of every queue.
        Ok(caller) if !caller.sees.all() => too_narrow(),
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
