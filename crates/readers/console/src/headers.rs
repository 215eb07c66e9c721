//! Headers that every answer has, where its handler gave no other.

use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;

/// What a page of ours may load: its own server's scripts, styles, pictures and data.
pub(crate) const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; connect-src 'self'; \
     style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; media-src 'self'; \
     manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
/// … and all else: nothing, should a browser show it as a page.
const OTHER_POLICY: &str = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'";

/// The rest: no guessing of types, no address told to others, no window of another site
/// holds ours, nobody else loads our answers, no camera or place. What a signed-in person
/// sees is asked for again each time.
const ALWAYS: [(HeaderName, &str); 7] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
    (header::CACHE_CONTROL, "private, no-cache"),
];

/// The layer around all routes.
pub(crate) async fn safe(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    add(&mut response);
    response
}

/// Adds what is not there.
pub(crate) fn add(response: &mut Response) {
    let headers = response.headers_mut();
    let page = headers.get(header::CONTENT_TYPE).is_some_and(|t| t.as_bytes().starts_with(b"text/html"));
    let policy = if page { PAGE_POLICY } else { OTHER_POLICY };
    let policy = (header::CONTENT_SECURITY_POLICY, policy);
    for (name, value) in ALWAYS.into_iter().chain([policy]) {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
}
