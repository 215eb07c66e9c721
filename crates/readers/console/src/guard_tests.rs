//! Tests of what stands around every handler.

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
    (over(server.clone()), server)
}

fn over(server: Arc<Server>) -> Router {
    let tends = |State(server): State<Arc<Server>>, headers: HeaderMap| async move {
        allowed(&server, &headers, Role::tends).map_or_else(|r| *r, |c| c.name.into_response())
    };
    Router::new()
        .route("/api/v1/retry", any(tends))
        .route("/health", any(tends))
        .route("/echo", post(|body: String| async move { body }))
        .layer(from_fn_with_state(server.clone(), guard))
        .with_state(server)
}

async fn ask(app: &Router, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> (StatusCode, Response) {
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

#[tokio::test]
async fn a_caller_has_so_many_calls() {
    let settings = crate::AccessSettings { calls_at_once: 3.0, calls_per_second: 0.5, ..Default::default() };
    let tokens = vec![
        Token::new("ann", Role::Operations, "0123456789abcdef"),
        Token::new("bob", Role::Operations, "fedcba9876543210"),
    ];
    let app = over(crate::testing::server(Access::new(tokens, Vec::new()).with_settings(settings)).await);
    for _ in 0..3 {
        assert_eq!(ask(&app, "GET", "/api/v1/retry", &[ANN], "").await.0, StatusCode::OK);
    }
    let (status, told) = ask(&app, "GET", "/api/v1/retry", &[ANN], "").await;
    assert_eq!((status, &told.headers()["retry-after"]), (StatusCode::TOO_MANY_REQUESTS, &"2".parse().unwrap()));
    assert_eq!(told.headers()["content-type"], "application/problem+json");
    let bob = ("authorization", "Bearer fedcba9876543210");
    assert_eq!(ask(&app, "GET", "/api/v1/retry", &[bob], "").await.0, StatusCode::OK);
    assert_eq!(ask(&app, "GET", "/health", &[ANN], "").await.0, StatusCode::OK, "pages are not calls");
}
