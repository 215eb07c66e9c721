//! The routes of health over a server of nothing, and who may use them.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use event_log::dead_letters::DeadLetter;
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
    let server = server().await;
    let (_, text) = ask(&router(server.clone()), get("/api/v1/health", OPERATIONS)).await;
    assert!(text.contains("The log cannot be asked how far it is"), "{text}");
    topics(&server).await;
    let app = router(server);
    let (status, text) = ask(&app, get("/api/v1/health", OPERATIONS)).await;
    assert_eq!(status, StatusCode::OK, "{text}");
    let view = json(&text);
    let found: Vec<&Value> = view["findings"].as_array().unwrap().iter().map(|f| &f["link"]).collect();
    assert_eq!(found, ["/health/parked"], "{view}");
    assert_eq!((view["partitions"].as_array().unwrap().len(), &view["dead_letters"]), (48, &0.into()));
    assert_eq!(view["version"], env!("CARGO_PKG_VERSION"));
    let (status, page) = ask(&app, get("/health", OPERATIONS)).await;
    assert_eq!(status, StatusCode::OK, "{page}");
    assert!(page.contains("What to do:") && page.contains("aria-current=\"page\""), "{page}");

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

async fn topics(server: &Server) {
    for topic in event_log::topics() {
        server.log.ensure_topic(&topic).await.unwrap();
    }
}

/// Dead letters: one of the main centre, one of the north, both unframed.
async fn letters(server: &Server) {
    topics(server).await;
    let letter = |n: i64, center: &str, bytes: &'static [u8]| DeadLetter {
        id: format!("/switch/pbx1/asterisk.ami/{n}").into(),
        reason: "unframed".into(),
        text: format!("asterisk.ami, byte {n}: a line without a colon"),
        source: Some("/switch/pbx1".into()),
        switch: Some("pbx1".into()),
        dialect: Some("asterisk.ami".into()),
        center: Some(center.into()),
        position: None,
        at: model::Instant::from_secs(1_795_334_000 + n),
        bytes: bytes::Bytes::from_static(bytes),
    };
    let records = vec![letter(1, "main", b"no colon <b>\r\n").to_record(), letter(2, "north", b"\x00\xff").to_record()];
    server.log.append(model::TOPIC_DEAD_LETTERS, records).await.unwrap();
}

fn post(path: &str, headers: &[(&str, &str)], body: &str) -> Request<Body> {
    let request = headers.iter().fold(Request::post(path), |r, (name, value)| r.header(*name, *value));
    request.body(Body::from(body.to_owned())).unwrap()
}

fn bearer() -> String {
    format!("Bearer {OPERATIONS}")
}

#[tokio::test]
async fn a_dead_letter_is_listed_read_explained_and_tried_again() {
    let server = server().await;
    letters(&server).await;
    let app = router(server);
    let (status, text) = ask(&app, get("/api/v1/dead-letters?limit=1&reason=unframed&switch=", OPERATIONS)).await;
    assert_eq!(status, StatusCode::OK, "{text}");
    let page = json(&text);
    assert_eq!((&page["letters"][0]["place"], &page["next"]), (&"0-1".into(), &"0-1".into()), "newest first");
    assert_eq!(page["by_reason"]["unframed"], 2);
    let (_, text) = ask(&app, get("/api/v1/dead-letters?after=0-1", OPERATIONS)).await;
    assert_eq!((&json(&text)["letters"][0]["place"], &json(&text)["next"]), (&"0-0".into(), &Value::Null));

    let (_, text) = ask(&app, get("/api/v1/dead-letters/0-0", OPERATIONS)).await;
    let letter = json(&text);
    assert_eq!((&letter["data"], &letter["data_hex"]), (&"no colon <b>\r\n".into(), &Value::Null));
    assert!(letter["explanation"].as_str().unwrap().contains("no record of its dialect"), "{letter}");
    let (_, text) = ask(&app, get("/api/v1/dead-letters/0-1", OPERATIONS)).await;
    assert_eq!(json(&text)["data_hex"], "00ff");
    for none in ["0-9", "7-0", "x"] {
        let (status, text) = ask(&app, get(&format!("/api/v1/dead-letters/{none}"), OPERATIONS)).await;
        assert_eq!((status, &json(&text)["status"]), (StatusCode::NOT_FOUND, &404.into()), "{none}");
    }
    let (_, page) = ask(&app, get("/health/dead-letters/0-0", OPERATIONS)).await;
    assert!(page.contains("no colon &lt;b&gt;\\r") && !page.contains("<b>"), "{page}");

    let again = post("/api/v1/dead-letters/0-0/retry", &[("authorization", &bearer())], "");
    let (status, text) = ask(&app, again).await;
    assert_eq!((status, &json(&text)[0]["result"]), (StatusCode::OK, &"unreadable".into()), "{text}");
    assert!(text.contains("ola tried /switch/pbx1/asterisk.ami/1"), "{text}");
    let all = post("/api/v1/dead-letters/retry?reason=unframed", &[("authorization", &bearer())], "");
    assert_eq!(json(&ask(&app, all).await.1).as_array().unwrap().len(), 2);
    let other = post("/api/v1/dead-letters/retry?reason=too_late", &[("authorization", &bearer())], "");
    assert_eq!(json(&ask(&app, other).await.1), Value::Array(Vec::new()));
    for path in ["/api/v1/dead-letters", "/health/dead-letters", "/health/parked", "/api/v1/parked"] {
        assert_eq!(ask(&app, get(path, ANALYST)).await.0, StatusCode::FORBIDDEN, "{path}");
    }
}

#[tokio::test]
async fn health_names_what_failed_with_the_way_to_it() {
    let server = server().await;
    letters(&server).await;
    let (_, page) = ask(&router(server), get("/health", OPERATIONS)).await;
    for words in ["2 records could not be read.", "The CRM refused one row for good.", "href=\"/health/parked\""] {
        assert!(page.contains(words), "{words} is not in\n{page}");
    }
}

#[tokio::test]
async fn a_parked_row_is_read_corrected_given_again_and_given_up() {
    let app = router(server().await);
    let (_, text) = ask(&app, get("/api/v1/parked?object=Task&target=", OPERATIONS)).await;
    assert_eq!((&json(&text)["rows"][0]["place"], &json(&text)["count"]), (&"3-42".into(), &1.into()), "{text}");
    let (_, text) = ask(&app, get("/api/v1/parked?object=Call_Metric__c", OPERATIONS)).await;
    assert_eq!(json(&text)["count"], 0);
    assert_eq!(ask(&app, get("/api/v1/parked?from=yesterday", OPERATIONS)).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    let (_, text) = ask(&app, get("/api/v1/parked/3-41", OPERATIONS)).await;
    assert_eq!(json(&text)["place"], "3-42", "where it was parked before leads to it");
    assert_eq!(ask(&app, get("/api/v1/parked/3-43", OPERATIONS)).await.0, StatusCode::NOT_FOUND);
    let (_, page) = ask(&app, get("/health/parked/3-42", OPERATIONS)).await;
    for words in ["A text is longer than its field", "name=\"f.Subject\"", "/calls/7.1?switch=pbx1"] {
        assert!(page.contains(words), "{words} is not in\n{page}");
    }
    assert!(!page.contains("name=\"f.CallDurationInSeconds\""), "figures are not changed by hand");

    let headers = [("authorization", &*bearer()), ("content-type", "application/json")];
    let correct = |body: &str| post("/api/v1/parked/3-42/correct", &headers, body);
    let cases = [
        (r#"{"fields":{"Subject":"Call"},"reason":"too long"}"#, StatusCode::OK),
        (r#"{"fields":{"Subject":"Call from <b>"},"reason":"too long"}"#, StatusCode::UNPROCESSABLE_ENTITY),
        (r#"{"fields":{"Subject":"Call"},"reason":" "}"#, StatusCode::UNPROCESSABLE_ENTITY),
    ];
    for (body, wanted) in cases {
        let (status, text) = ask(&app, correct(body)).await;
        assert_eq!(status, wanted, "{body}: {text}");
    }
    let (_, text) = ask(&app, post("/api/v1/parked/3-42/retry", &headers, "")).await;
    assert_eq!((&json(&text)[0]["result"], &json(&text)[0]["text"]), (&"refused".into(), &"ola tried".into()));
    let (_, text) = ask(&app, post("/api/v1/parked/retry?target=other", &headers, "")).await;
    assert_eq!(json(&text), Value::Array(Vec::new()));
    let up = post("/api/v1/parked/3-42/discard", &headers, r#"{"reason":"a test call"}"#);
    assert_eq!(ask(&app, up).await.0, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn a_browser_does_nothing_without_the_secret_of_its_session() {
    let server = server().await;
    assert!(server.access.sign_in("code", "cookie"));
    let app = router(server.clone());
    let session = [("cookie", "ringledger_session=cookie"), ("content-type", "application/x-www-form-urlencoded")];
    let (_, page) = ask(&app, {
        let request = Request::get("/health/parked/3-42").header("cookie", session[0].1);
        request.body(Body::empty()).unwrap()
    })
    .await;
    let secret = page.split("name=\"csrf\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    let path = "/health/parked/3-42/correct";
    let form = "f.Subject=Call&f.Status=&further=&further_value=&reason=too+long";
    assert_eq!(ask(&app, post(path, &session, form)).await.0, StatusCode::FORBIDDEN);
    let (status, text) = ask(&app, post(path, &session, &format!("csrf={secret}&{form}"))).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{text}");
    let retry = format!("csrf={secret}&place=&reason=&switch=");
    let (status, text) = ask(&app, post("/health/dead-letters/retry", &session, &retry)).await;
    assert!(status == StatusCode::OK && text.contains("There was nothing to try."), "{text}");
}

#[tokio::test]
async fn recordings_are_listed_for_those_who_watch() {
    let app = router(server().await);
    let (status, text) = ask(&app, get("/api/v1/recordings?state=missing&queue=&from=2026-11-22T05:00", ANALYST)).await;
    assert_eq!((status, &json(&text)["recordings"]), (StatusCode::OK, &Value::Array(Vec::new())), "{text}");
    for bad in ["state=lost", "from=noon", "after=x", "limit=many"] {
        let (status, text) = ask(&app, get(&format!("/api/v1/recordings?{bad}"), ANALYST)).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{bad}: {text}");
    }
    let (status, page) = ask(&app, get("/recordings", ANALYST)).await;
    assert!(status == StatusCode::OK && page.contains("No recording is like that."), "{page}");
    assert!(!page.contains("href=\"/health\""), "an analyst is not shown the way to health");
}
