//! What stands before and after every handler: no other site's page makes a signed-in
//! browser do something, and a refusal is told in the asker's own form.
//!
//! Contract: a request that may change something and comes by session is passed on only
//! from this server's own pages (Sec-Fetch-Site, Origin) and with the session's secret
//! (`X-CSRF-Token`, or the field `csrf` of a form). Bearer tokens are sent by no browser
//! on its own, and need none. A refusal becomes a problem (RFC 9457) below `/api/`; for
//! those who take HTML a page, or the way to the sign-in page; else a line of text. Each
//! caller has so many calls of the API (`AccessSettings`); further ones are answered 429.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use subtle::ConstantTimeEq;

use crate::auth::limits::retry_after;
use crate::auth::{Caller, Role};
use crate::next::sign_in_then;
use crate::pages;
use crate::problem::problem;
use crate::server::{BODY, Server, html};

/// Header with the session's secret, for scripts.
const CSRF_HEADER: &str = "x-csrf-token";
/// Paths that a browser without a session posts to.
const WITHOUT_SESSION: [&str; 1] = ["/sign-in"];

/// Why nothing was done; `guard` gives it its form.
#[derive(Clone, Copy, Debug)]
struct Refused {
    title: &'static str,
    detail: &'static str,
}

const UNKNOWN: Refused = Refused { title: "Not signed in", detail: "sign in, or send `Authorization: Bearer …`" };
const NOT_ALLOWED: Refused = Refused { title: "Not allowed", detail: "your role does not allow this" };
const FORGED: Refused = Refused {
    title: "Not from a page of this server",
    detail: "the request did not come from a page of this session; load the page again and repeat what you did",
};

fn refuse(status: StatusCode, why: Refused) -> Response {
    let mut response = (status, format!("{}\n", why.detail)).into_response();
    if status == StatusCode::UNAUTHORIZED {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response.extensions_mut().insert(why);
    response
}

/// As for a role that may not: what is asked for cannot be narrowed to what the caller sees.
pub(crate) fn too_narrow() -> Response {
    refuse(StatusCode::FORBIDDEN, NOT_ALLOWED)
}

/// The caller, where the role may do it; else the refusal.
pub(crate) fn allowed(server: &Server, headers: &HeaderMap, may: fn(Role) -> bool) -> Result<Caller, Box<Response>> {
    match server.access.caller(headers) {
        Some(caller) if may(caller.role) => Ok(caller),
        Some(_) => Err(Box::new(refuse(StatusCode::FORBIDDEN, NOT_ALLOWED))),
        None => Err(Box::new(refuse(StatusCode::UNAUTHORIZED, UNKNOWN))),
    }
}

/// The layer around all routes.
pub(crate) async fn guard(State(server): State<Arc<Server>>, request: Request, next: Next) -> Response {
    let (method, uri) = (request.method().clone(), request.uri().clone());
    let takes_html = accepts_html(request.headers());
    server.access.recall(request.headers()).await;
    if let Err(wait) = calls_left(&server, &request) {
        let mut response = problem(StatusCode::TOO_MANY_REQUESTS, "Too many calls", "wait as long as Retry-After says");
        response.headers_mut().insert(header::RETRY_AFTER, retry_after(wait).into());
        return response;
    }
    // Before a handler reads what is asked: what is wrong with it is told to callers only.
    let unknown = uri.path().starts_with("/api/") && server.access.caller(request.headers()).is_none();
    let response = match own(&server, request).await {
        _ if unknown => refuse(StatusCode::UNAUTHORIZED, UNKNOWN),
        Ok(request) => next.run(request).await,
        Err(refused) => *refused,
    };
    in_form(response, &method, &uri, takes_html)
}

/// Takes one of the caller's calls of the API; those whom nobody knows share their
/// address's.
fn calls_left(server: &Server, request: &Request) -> Result<(), Duration> {
    if !request.uri().path().starts_with("/api/") {
        return Ok(());
    }
    let key = match server.access.caller(request.headers()) {
        Some(Caller { name, by_session, .. }) => format!("{by_session} {name}"),
        None => format!("from {:?}", server.access.from(request.headers(), request.extensions())),
    };
    server.access.calls.take(&key)
}

/// The request, where it is one of our own pages' or changes nothing.
async fn own(server: &Server, request: Request) -> Result<Request, Box<Response>> {
    if request.method().is_safe() {
        return Ok(request);
    }
    let forged = || Box::new(refuse(StatusCode::FORBIDDEN, FORGED));
    if WITHOUT_SESSION.contains(&request.uri().path()) {
        return if from_elsewhere(request.headers()) { Err(forged()) } else { Ok(request) };
    }
    let Some(caller) = server.access.caller(request.headers()).filter(|c| c.by_session) else { return Ok(request) };
    if from_elsewhere(request.headers()) {
        return Err(forged());
    }
    let (parts, body) = request.into_parts();
    let (given, body) = match parts.headers.get(CSRF_HEADER) {
        Some(value) => (Some(value.as_bytes().to_vec()), body),
        None if is_form(&parts.headers) => {
            let too_large = |_| Box::new(StatusCode::PAYLOAD_TOO_LARGE.into_response());
            let bytes = to_bytes(body, BODY).await.map_err(too_large)?;
            (field(&bytes), Body::from(bytes))
        }
        None => (None, body),
    };
    match (given, caller.csrf()) {
        (Some(given), Some(right)) if bool::from(given.ct_eq(right.as_bytes())) => Ok(Request::from_parts(parts, body)),
        _ => Err(forged()),
    }
}

/// The field `csrf` of a form; it is hexadecimal, so nothing in it is encoded.
fn field(form: &Bytes) -> Option<Vec<u8>> {
    form.split(|b| *b == b'&').find_map(|pair| pair.strip_prefix(b"csrf=")).map(<[u8]>::to_vec)
}

fn is_form(headers: &HeaderMap) -> bool {
    text(headers, header::CONTENT_TYPE.as_str()).is_some_and(|t| t.starts_with("application/x-www-form-urlencoded"))
}

/// Whether a browser says that another site's page asks.
pub(crate) fn from_elsewhere(headers: &HeaderMap) -> bool {
    if let Some(site) = text(headers, "sec-fetch-site") {
        return site != "same-origin" && site != "none";
    }
    let Some(origin) = headers.get(header::ORIGIN) else { return false };
    let host = origin.to_str().ok().and_then(|o| Some(o.split_once("://")?.1));
    host.is_none() || host != text(headers, header::HOST.as_str())
}

/// Whether the asker is a browser that wants a page.
pub(crate) fn accepts_html(headers: &HeaderMap) -> bool {
    text(headers, header::ACCEPT.as_str()).is_some_and(|a| a.contains("text/html"))
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// A refusal as the asker reads it; other answers as they are.
fn in_form(response: Response, method: &Method, uri: &Uri, takes_html: bool) -> Response {
    let Some(Refused { title, detail }) = response.extensions().get::<Refused>().copied() else { return response };
    let status = response.status();
    if uri.path().starts_with("/api/") {
        let mut told = problem(status, title, detail);
        if let Some(how) = response.headers().get(header::WWW_AUTHENTICATE) {
            told.headers_mut().insert(header::WWW_AUTHENTICATE, how.clone());
        }
        return told;
    }
    match status {
        _ if !takes_html => response,
        StatusCode::UNAUTHORIZED if *method == Method::GET => {
            let back = uri.path_and_query().map_or("/", |p| p.as_str());
            let mut response = Redirect::to(&sign_in_then(back)).into_response();
            response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
            response
        }
        status => html(status, pages::refused(title, detail)),
    }
}

#[cfg(test)]
#[path = "guard_tests.rs"]
mod tests;
