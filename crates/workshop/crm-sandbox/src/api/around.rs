//! What happens around every call: fault switches, sessions, limits, the request log.

use std::io;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::error::ApiError;
use crate::faults::{RequestSeen, take};
use crate::state::Sandbox;

const PAGE: &str =
    "<html><head><title>Down for maintenance</title></head><body>We are down for maintenance.</body></html>";

/// Applies the switches that concern the transport, and keeps the request log.
pub(super) async fn faults(State(sandbox): State<Sandbox>, request: Request, next: Next) -> Response {
    let method = request.method().to_string();
    let path = request.uri().path().to_owned();
    if path.starts_with("/_sandbox") {
        return next.run(request).await;
    }
    let together = sandbox.inner.together.fetch_add(1, Ordering::SeqCst) + 1;
    let mut response = faulty(&sandbox, request, next).await;
    if path.starts_with("/services/data/") {
        state_usage(&sandbox, &mut response);
    }
    sandbox.inner.together.fetch_sub(1, Ordering::SeqCst);
    sandbox.see(RequestSeen { method, path, status: response.status().as_u16(), together });
    response
}

async fn faulty(sandbox: &Sandbox, request: Request, next: Next) -> Response {
    let data = request.uri().path().starts_with("/services/data/");
    let writes = data && request.method() != Method::GET;
    let upload = request.method() == Method::PUT;
    if let Some(instead) = sandbox.with_faults(|f| instead(f, data)) {
        return instead;
    }
    let wait = sandbox.with_faults(|f| if take(&mut f.slow) { f.slow_ms } else { 0 });
    if wait > 0 {
        tokio::time::sleep(Duration::from_millis(wait)).await;
    }
    let response = next.run(request).await;
    let dropped = sandbox
        .with_faults(|f| writes && if upload { take(&mut f.drop_after_upload) } else { take(&mut f.drop_after_work) });
    if dropped { broken(response) } else { response }
}

fn instead(f: &mut crate::faults::Faults, data: bool) -> Option<Response> {
    if take(&mut f.unavailable) {
        return Some(page(StatusCode::SERVICE_UNAVAILABLE));
    }
    if !data {
        return None;
    }
    if take(&mut f.not_json) {
        return Some(page(StatusCode::OK));
    }
    if take(&mut f.too_many) {
        let error = ApiError::new(StatusCode::TOO_MANY_REQUESTS, "REQUEST_LIMIT_EXCEEDED", "too many requests");
        return Some(error.into_response());
    }
    None
}

fn page(status: StatusCode) -> Response {
    (status, [(header::CONTENT_TYPE, "text/html")], PAGE).into_response()
}

/// A body that fails at once: the server closes the connection in the middle of its
/// answer, after the work was done.
fn broken(response: Response) -> Response {
    let failing = futures::stream::once(async { Err::<bytes::Bytes, _>(io::Error::other("dropped on purpose")) });
    Response::builder().status(response.status()).body(Body::from_stream(failing)).unwrap_or(response)
}

/// Every answer says how much of the daily limit is used, errors too.
fn state_usage(sandbox: &Sandbox, response: &mut Response) {
    let (used, limit) = sandbox.usage();
    if let Ok(value) = HeaderValue::from_str(&format!("api-usage={used}/{limit}")) {
        response.headers_mut().insert("Sforce-Limit-Info", value);
    }
}

/// Checks the session, then the limits, and counts the call.
pub(super) async fn session_and_limit(State(sandbox): State<Sandbox>, request: Request, next: Next) -> Response {
    match admit(&sandbox, &request) {
        Ok(()) => {
            sandbox.spend();
            admitted(&sandbox, request, next).await
        }
        Err(error) => error.into_response(),
    }
}

async fn admitted(sandbox: &Sandbox, request: Request, next: Next) -> Response {
    let gate = &sandbox.inner.gate;
    if request.uri().path().ends_with("/composite") {
        let _alone = gate.write().await;
        next.run(request).await
    } else {
        let _with_others = gate.read().await;
        next.run(request).await
    }
}

fn admit(sandbox: &Sandbox, request: &Request) -> Result<(), ApiError> {
    let token = request.headers().get(header::AUTHORIZATION).and_then(|v| v.to_str().ok()).and_then(|v| {
        let (scheme, token) = v.split_once(' ')?;
        (scheme.eq_ignore_ascii_case("bearer") || scheme.eq_ignore_ascii_case("oauth")).then_some(token.trim())
    });
    if !token.is_some_and(|t| sandbox.session_known(t)) {
        return Err(ApiError::new(StatusCode::UNAUTHORIZED, "INVALID_SESSION_ID", "Session expired or invalid"));
    }
    let concurrent = sandbox.with_faults(|f| take(&mut f.concurrent_limit));
    if concurrent {
        // Assumption: the form for concurrent requests differs by its text only.
        let text = "ConcurrentPerOrgLongTxn Limit exceeded.";
        return Err(ApiError::new(StatusCode::FORBIDDEN, "REQUEST_LIMIT_EXCEEDED", text));
    }
    let (used, limit) = sandbox.usage();
    if sandbox.with_faults(|f| f.limit_exhausted) || used >= limit {
        let text = "TotalRequests Limit exceeded.";
        return Err(ApiError::new(StatusCode::FORBIDDEN, "REQUEST_LIMIT_EXCEEDED", text));
    }
    Ok(())
}
