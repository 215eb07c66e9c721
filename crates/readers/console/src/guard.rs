//! What stands before and after every handler: no other site's page makes a signed-in
//! browser do something, and a refusal is told in the asker's own form.
//!
//! Contract: a request that may change something and comes by session is passed on only
//! from this server's own pages (Sec-Fetch-Site, Origin) and with the session's secret
//! (`X-CSRF-Token`, or the field `csrf` of a form). Bearer tokens are sent by no browser
//! on its own, and need none. A refusal becomes a problem (RFC 9457) below `/api/`; for
//! those who take HTML a page, or the way to the sign-in page; else a line of text.

use std::sync::Arc;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use subtle::ConstantTimeEq;

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
    let response = match own(&server, request).await {
        Ok(request) => next.run(request).await,
        Err(refused) => *refused,
    };
    in_form(response, &method, &uri, takes_html)
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
mod tests {
    use axum::Router;
    use axum::middleware::from_fn_with_state;
    use axum::routing::{any, post};
    use tower::ServiceExt as _;

    use super::*;
    use crate::{Access, Token};

    async fn app() -> (Router, Arc<Server>) {
        let tokens = vec![Token::new("ann", Role::Analyst, "0123456789abcdef")];
        let access = Access::new(tokens, vec![Token::new("bob", Role::Operations, "code")]);
        assert!(access.sign_in("code", "cookie"));
        let server = crate::testing::server(access).await;
        let tends = |State(server): State<Arc<Server>>, headers: HeaderMap| async move {
            allowed(&server, &headers, Role::tends).map_or_else(|r| *r, |c| c.name.into_response())
        };
        let app = Router::new()
            .route("/api/v1/retry", any(tends))
            .route("/health", any(tends))
            .route("/echo", post(|body: String| async move { body }))
            .layer(from_fn_with_state(server.clone(), guard))
            .with_state(server.clone());
        (app, server)
    }

    async fn ask(
        app: &Router,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> (StatusCode, Response) {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = app.clone().oneshot(request.body(Body::from(body.to_owned())).unwrap()).await.unwrap();
        (response.status(), response)
    }

    async fn body(response: Response) -> String {
        String::from_utf8(to_bytes(response.into_body(), 1 << 16).await.unwrap().to_vec()).unwrap()
    }

    const COOKIE: (&str, &str) = ("cookie", "ringledger_session=cookie");
    const ANN: (&str, &str) = ("authorization", "Bearer 0123456789abcdef");
    const HTML: (&str, &str) = ("accept", "text/html,*/*");
    const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

    #[tokio::test]
    async fn refusals_have_the_askers_form() {
        let (app, _) = app().await;
        let (status, told) = ask(&app, "GET", "/api/v1/retry", &[HTML], "").await;
        assert_eq!(
            (status, &told.headers()["content-type"]),
            (StatusCode::UNAUTHORIZED, &"application/problem+json".parse().unwrap())
        );
        assert_eq!(told.headers()["www-authenticate"], "Bearer");
        let problem: serde_json::Value = serde_json::from_str(&body(told).await).unwrap();
        assert_eq!((&problem["status"], &problem["title"]), (&401.into(), &"Not signed in".into()));
        let (status, told) = ask(&app, "GET", "/health?a=b&c=d", &[HTML], "").await;
        assert_eq!(
            (status, &told.headers()["location"]),
            (StatusCode::SEE_OTHER, &"/sign-in?next=%2Fhealth%3Fa%3Db%26c%3Dd".parse().unwrap())
        );
        let (status, told) = ask(&app, "GET", "/health", &[], "").await;
        assert_eq!(
            (status, body(told).await.as_str()),
            (StatusCode::UNAUTHORIZED, "sign in, or send `Authorization: Bearer …`\n")
        );
        let (status, told) = ask(&app, "GET", "/health", &[HTML, ANN], "").await;
        assert_eq!(status, StatusCode::FORBIDDEN);
        assert!(body(told).await.contains("your role does not allow this"));
        let (status, _) = ask(&app, "GET", "/api/v1/retry", &[COOKIE], "").await;
        assert_eq!(status, StatusCode::OK);
    }

    #[tokio::test]
    async fn a_session_changes_nothing_without_its_secret() {
        let (app, server) = app().await;
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, HeaderValue::from_static(COOKIE.1));
        let csrf = server.access.caller(&headers).unwrap().csrf().unwrap().to_owned();
        let status = async |headers: &[(&str, &str)], body: &str| ask(&app, "POST", "/echo", headers, body).await.0;
        assert_eq!(status(&[COOKIE], "").await, StatusCode::FORBIDDEN);
        assert_eq!(status(&[COOKIE, (CSRF_HEADER, "0123")], "").await, StatusCode::FORBIDDEN);
        assert_eq!(status(&[COOKIE, (CSRF_HEADER, &csrf)], "").await, StatusCode::OK);
        let form = format!("a=b&csrf={csrf}");
        let (good, told) = ask(&app, "POST", "/echo", &[COOKIE, FORM], &form).await;
        assert_eq!((good, body(told).await), (StatusCode::OK, form.clone()), "the handler has the form whole");
        assert_eq!(status(&[COOKIE, FORM], "csrf=").await, StatusCode::FORBIDDEN);
        assert_eq!(status(&[COOKIE], &form).await, StatusCode::FORBIDDEN, "a form only where it says so");
        let elsewhere = [COOKIE, FORM, ("sec-fetch-site", "cross-site")];
        assert_eq!(status(&elsewhere, &form).await, StatusCode::FORBIDDEN);
        let foreign = [COOKIE, FORM, ("origin", "https://evil.example"), ("host", "console.example")];
        assert_eq!(status(&foreign, &form).await, StatusCode::FORBIDDEN);
        let ours = [COOKIE, FORM, ("origin", "https://console.example"), ("host", "console.example")];
        assert_eq!(status(&ours, &form).await, StatusCode::OK);
        assert_eq!(status(&[ANN, ("sec-fetch-site", "cross-site")], "").await, StatusCode::OK);
    }
}
