//! The HTTP interface: routes, and what happens around every call (faults, sessions,
//! limits).

mod admin;
mod around;
mod auth;
mod bulk;
mod bulk_csv;
mod collections;
mod composite;
mod describe;
mod queries;
mod records;
mod sent;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{Method, StatusCode, Uri};
use axum::middleware;
use axum::routing::{get, patch, post, put};
use tower::Layer;
use tower::util::MapRequestLayer;

use crate::error::ApiError;
use crate::state::Sandbox;

/// Bodies up to this size are taken: a bulk upload may have 150 MB after encoding.
const BODY_LIMIT: usize = 160 * 1024 * 1024;

/// Everything that the sandbox serves.
pub(crate) fn router(sandbox: &Sandbox) -> Router {
    let data = data_routes()
        .layer(middleware::from_fn_with_state(sandbox.clone(), around::session_and_limit))
        .with_state(sandbox.clone());
    let open = Router::new()
        .route("/", get(crate::page::index))
        .route("/records/{id}", get(crate::page::record))
        .route("/services/oauth2/token", post(auth::token))
        .route("/services/Soap/u/{version}", post(auth::soap_login))
        .route("/services/data", get(describe::versions))
        .route("/_sandbox/faults", get(admin::faults).put(admin::set_faults).delete(admin::clear_faults))
        .route("/_sandbox/sessions", axum::routing::delete(admin::expire_sessions))
        .route("/_sandbox/used/{used}", put(admin::set_used))
        .route("/_sandbox/requests", get(admin::requests))
        .with_state(sandbox.clone());
    let inner = open
        .nest("/services/data/{version}", data)
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(middleware::from_fn_with_state(sandbox.clone(), around::faults));
    Router::new().fallback_service(MapRequestLayer::new(without_trailing_slash).layer(inner))
}

fn data_routes() -> Router<Sandbox> {
    Router::new()
        .route("/", get(describe::resources))
        .route("/limits", get(describe::limits))
        .route("/sobjects", get(describe::objects))
        .route("/sobjects/{object}", get(describe::object).post(records::create))
        .route("/sobjects/{object}/describe", get(describe::describe))
        .route("/sobjects/{object}/{id}", get(records::get).patch(records::update).delete(records::delete))
        .route(
            "/sobjects/{object}/{field}/{value}",
            get(records::get_by_key).patch(records::upsert).delete(records::delete_by_key),
        )
        .route("/composite", post(composite::composite))
        .route("/composite/sobjects", post(collections::create).patch(collections::update).delete(collections::delete))
        .route("/composite/sobjects/{object}", get(collections::retrieve).post(collections::retrieve_posted))
        .route("/composite/sobjects/{object}/{field}", patch(collections::upsert))
        .route("/query", get(queries::query))
        .route("/queryAll", get(queries::query))
        .route("/query/{cursor}", get(queries::more))
        .route("/search", get(queries::search))
        .route("/jobs/ingest", get(bulk::list).post(bulk::create))
        .route("/jobs/ingest/{id}", get(bulk::info).patch(bulk::change).delete(bulk::delete))
        .route("/jobs/ingest/{id}/{part}", put(bulk::upload).get(bulk::results))
        .fallback(nothing_there)
        .method_not_allowed_fallback(not_so)
}

async fn nothing_there() -> ApiError {
    ApiError::not_found("The requested resource does not exist")
}

async fn not_so(method: Method) -> ApiError {
    let text = format!("HTTP Method '{method}' not allowed");
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED", text)
}

/// Clients differ in whether they end a path with a slash.
fn without_trailing_slash<B>(mut request: Request<B>) -> Request<B> {
    let path = request.uri().path();
    if path.len() > 1 && path.ends_with('/') {
        let trimmed = path.trim_end_matches('/');
        let target = match request.uri().query() {
            Some(query) => format!("{trimmed}?{query}"),
            None => trimmed.to_owned(),
        };
        if let Ok(uri) = target.parse::<Uri>() {
            *request.uri_mut() = uri;
        }
    }
    request
}
