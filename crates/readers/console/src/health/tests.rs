//! The routes of health over a server of nothing, and who may use them.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use serde_json::Value;
use tower::ServiceExt as _;

use crate::auth::Role;
use crate::server::{Server, router};
use crate::{Access, Token};

pub(super) const OPERATIONS: &str = "operations-0123456789";
const ANALYST: &str = "analyst-0123456789abcd";

/// A server that knows an analyst and somebody of operations.
pub(super) async fn server() -> Arc<Server> {
    let tokens = vec![Token::new("ann", Role::Analyst, ANALYST), Token::new("ola", Role::Operations, OPERATIONS)];
    crate::testing::server(Access::new(tokens, vec![Token::new("bob", Role::Operations, "code")])).await
}

/// The status and the text of an answer.
pub(super) async fn ask(app: &Router, request: Request<Body>) -> (StatusCode, String) {
    let answer = app.clone().oneshot(request).await.unwrap();
    let status = answer.status();
    let body = to_bytes(answer.into_body(), 8 << 20).await.unwrap();
    (status, String::from_utf8_lossy(&body).into_owned())
}

pub(super) fn get(path: &str, token: &str) -> Request<Body> {
    let request = Request::get(path).header(header::AUTHORIZATION, format!("Bearer {token}"));
    request.body(Body::empty()).unwrap()
}

pub(super) fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|e| panic!("{e}: {text}"))
}

#[tokio::test]
async fn health_is_for_those_who_tend() {
    let app = router(server().await);
    let (status, text) = ask(&app, get("/api/v1/health", OPERATIONS)).await;
    assert_eq!(status, StatusCode::OK, "{text}");
    let view = json(&text);
    assert_eq!(view["findings"], Value::Array(Vec::new()));
    assert_eq!(view["version"], env!("CARGO_PKG_VERSION"));
    let (status, page) = ask(&app, get("/health", OPERATIONS)).await;
    assert_eq!(status, StatusCode::OK, "{page}");
    assert!(page.contains("Nothing is wrong.") && page.contains("aria-current=\"page\""), "{page}");

    for path in ["/api/v1/health", "/health"] {
        assert_eq!(ask(&app, get(path, ANALYST)).await.0, StatusCode::FORBIDDEN, "{path}");
        let nobody = Request::get(path).body(Body::empty()).unwrap();
        assert_eq!(ask(&app, nobody).await.0, StatusCode::UNAUTHORIZED, "{path}");
    }
    let browser = Request::get("/health").header(header::ACCEPT, "text/html").body(Body::empty()).unwrap();
    let answer = app.clone().oneshot(browser).await.unwrap();
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    assert_eq!(answer.headers()[header::LOCATION], "/sign-in?next=%2Fhealth");
}
