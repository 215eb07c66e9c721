//! The HTTP intake, from request to log.

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use collectors::intake::{Intake, IntakeSettings};
use event_log::EventLog;
use model::{Dialect, Instant, Name, TOPIC_EVENTS};
use serde_json::{Value, json};
use support::{NOW, events, log};
use tower::ServiceExt;

fn may_send(headers: &HeaderMap) -> Result<Name, StatusCode> {
    match headers.get("authorization").and_then(|v| v.to_str().ok()) {
        Some("Bearer good") => Ok("desk".into()),
        Some(_) => Err(StatusCode::FORBIDDEN),
        None => Err(StatusCode::UNAUTHORIZED),
    }
}

async fn intake(log: &Arc<dyn EventLog>) -> Arc<Intake> {
    open(log, NOW, IntakeSettings::default()).await
}

async fn open(log: &Arc<dyn EventLog>, now: Instant, settings: IntakeSettings) -> Arc<Intake> {
    Intake::open(log.clone(), settings, Arc::new(may_send), Arc::new(move || now)).await.expect("an intake")
}

fn event(id: &str) -> Value {
    json!({
        "specversion": "1.0", "id": id, "source": "/adapter/desk", "type": "cti.adapter", "switch": "pbx1",
        "time": "2026-11-22T05:44:40.250Z",
        "data": { "type": "NoteSaved", "call_id": "1795326271.0", "agent": "Ines", "text": "calls back" },
    })
}

fn request(kind: &str, body: impl Into<Body>) -> Request<Body> {
    let request = Request::post("/v1/events").header("authorization", "Bearer good").header("content-type", kind);
    request.body(body.into()).expect("a request")
}

fn one(event: &Value) -> Request<Body> {
    request("application/cloudevents+json; charset=utf-8", event.to_string())
}

fn batch(events: &[Value]) -> Request<Body> {
    request("application/cloudevents-batch+json", Value::from(events.to_vec()).to_string())
}

async fn send(intake: &Arc<Intake>, request: Request<Body>) -> (StatusCode, HeaderMap, Value) {
    let response = intake.clone().router().oneshot(request).await.expect("an answer");
    let (status, headers) = (response.status(), response.headers().clone());
    let body = to_bytes(response.into_body(), 1 << 20).await.expect("a body");
    (status, headers, serde_json::from_slice(&body).unwrap_or(Value::Null))
}

async fn refused(log: &Arc<dyn EventLog>, request: Request<Body>) -> (StatusCode, Value) {
    let intake = intake(log).await;
    let (status, headers, problem) = send(&intake, request).await;
    assert_eq!(headers.get("content-type").map(|v| v.as_bytes()), Some(&b"application/problem+json"[..]));
    assert_eq!(problem["status"], status.as_u16());
    assert!(problem["detail"].as_str().is_some_and(|d| d.len() > 20), "what to do: {problem}");
    assert!(events(&**log).await.is_empty(), "nothing of a refused request is kept");
    assert_eq!(intake.counts().refused, 1);
    (status, problem)
}

#[tokio::test]
async fn one_event_is_in_the_log_before_the_answer() {
    let (_dir, log) = log().await;
    let (status, _, body) = send(&intake(&log).await, one(&event("a"))).await;
    assert_eq!((status, body), (StatusCode::ACCEPTED, json!({ "accepted": 1, "repeated": 0 })));
    let all = events(&*log).await;
    let e = all.first().expect("the event");
    assert_eq!((e.id.as_str(), e.source.as_str(), e.switch.as_str()), ("a", "/adapter/desk", "pbx1"));
    assert_eq!((&e.dialect, e.epoch, e.sequence, e.center.as_str()), (&Dialect::CtiAdapter, 0, 0, "main"));
    assert_eq!((e.time, e.received), (Instant::parse_rfc3339("2026-11-22T05:44:40.250Z").unwrap(), NOW));
    let partition = log.partition_of(TOPIC_EVENTS, b"pbx1").await.expect("a partition");
    assert_eq!(log.watermarks(TOPIC_EVENTS, partition).await.expect("marks").high, 1);
}

#[tokio::test]
async fn binary_mode_reads_encoded_headers() {
    let (_dir, log) = log().await;
    let mut request = request("application/json", event("x")["data"].to_string());
    let headers = request.headers_mut();
    for (name, value) in [
        ("ce-specversion", "1.0"),
        ("ce-id", "caf%C3%A9"),
        ("ce-source", "/adapter/desk"),
        ("ce-type", "cti.adapter"),
        ("ce-switch", "pbx2"),
        ("ce-center", "north"),
    ] {
        headers.insert(name, value.parse().expect("a header"));
    }
    let (status, _, _) = send(&intake(&log).await, request).await;
    assert_eq!(status, StatusCode::ACCEPTED);
    let e = events(&*log).await.remove(0);
    assert_eq!((e.id.as_str(), e.switch.as_str(), e.center.as_str(), e.time), ("café", "pbx2", "north", NOW));
}

#[tokio::test]
async fn the_same_id_is_one_event_within_a_batch_between_requests_and_after_a_restart() {
    let (_dir, log) = log().await;
    let first = intake(&log).await;
    let mut other_source = event("a");
    other_source["source"] = "/adapter/other".into();
    let (status, _, body) = send(&first, batch(&[event("a"), event("b"), event("a"), other_source])).await;
    assert_eq!((status, body), (StatusCode::ACCEPTED, json!({ "accepted": 3, "repeated": 1 })));
    let (_, _, body) = send(&first, one(&event("b"))).await;
    assert_eq!(body, json!({ "accepted": 0, "repeated": 1 }));
    let again = intake(&log).await;
    let (_, _, body) = send(&again, batch(&[event("a"), event("c")])).await;
    assert_eq!(body, json!({ "accepted": 1, "repeated": 1 }));
    assert_eq!(events(&*log).await.len(), 4);
    assert_eq!((again.counts().accepted, again.counts().repeated), (1, 1));
}

#[tokio::test]
async fn ids_are_forgotten_after_seven_days() {
    let (_dir, log) = log().await;
    let day = Arc::new(AtomicI64::new(0));
    // The append times of the embedded log are those of the machine.
    let real = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a clock");
    let start = Instant::from_millis(i64::try_from(real.as_millis()).expect("a time"));
    let clock = {
        let day = day.clone();
        move || start.plus_millis(day.load(Ordering::Relaxed) * 86_400_000)
    };
    let settings = IntakeSettings::default();
    let intake = Intake::open(log.clone(), settings, Arc::new(may_send), Arc::new(clock)).await.expect("an intake");
    let accepted = async |id: &str| send(&intake, one(&event(id))).await.2["accepted"].as_u64();
    assert_eq!(accepted("a").await, Some(1));
    day.store(6, Ordering::Relaxed);
    assert_eq!((accepted("a").await, accepted("b").await), (Some(0), Some(1)));
    day.store(8, Ordering::Relaxed);
    assert_eq!(accepted("c").await, Some(1));
    assert_eq!((accepted("a").await, accepted("b").await), (Some(1), Some(0)));
    let later = open(&log, start.plus_millis(8 * 86_400_000), IntakeSettings::default()).await;
    assert_eq!(send(&later, one(&event("b"))).await.2["accepted"], 1, "appended more than seven days before");
}

#[tokio::test]
async fn equal_requests_at_the_same_time_are_one_event() {
    let (_dir, log) = log().await;
    let intake = intake(&log).await;
    let sent = (0..20).map(|_| send(&intake, one(&event("a"))));
    let accepted: u64 =
        futures::future::join_all(sent).await.iter().filter_map(|(_, _, body)| body["accepted"].as_u64()).sum();
    assert_eq!((accepted, events(&*log).await.len()), (1, 1));
}

#[tokio::test]
async fn every_problem_of_every_event_is_named() {
    let (_dir, log) = log().await;
    let (mut no_switch, mut bad_data, mut wrong) = (event("n"), event("d"), event("w"));
    no_switch.as_object_mut().unwrap().remove("switch");
    bad_data["data"] = json!({ "type": "NoteSaved", "agent": 7, "note": "4111111111111111" });
    wrong["source"] = "/switch/pbx1".into();
    wrong["type"] = "asterisk.ami".into();
    wrong["specversion"] = "0.3".into();
    wrong["time"] = "yesterday".into();
    let (status, problem) = refused(&log, batch(&[event("ok"), no_switch, bad_data, wrong, json!("text")])).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let problems = problem["problems"].as_array().expect("problems");
    let named: Vec<(u64, &str)> =
        problems.iter().map(|p| (p["event"].as_u64().unwrap(), p["field"].as_str().unwrap())).collect();
    for expected in [
        (1, "switch"),
        (2, "data.call_id"),
        (2, "data.text"),
        (2, "data.agent"),
        (3, "source"),
        (3, "type"),
        (3, "specversion"),
        (3, "time"),
        (4, "the event itself"),
    ] {
        assert!(named.contains(&expected), "{expected:?} in {named:?}");
    }
    assert!(named.iter().all(|(index, _)| *index > 0), "the event that is right has no problem: {named:?}");
    assert_eq!(problems[0]["id"], "n");
    assert!(!problem.to_string().contains("4111111111111111"));
}

#[tokio::test]
async fn times_of_1970_and_2100_are_refused() {
    for time in ["1970-01-01T00:00:12Z", "2100-01-01T00:00:00Z"] {
        let (_dir, log) = log().await;
        let mut odd = event("a");
        odd["time"] = time.into();
        let (_, problem) = refused(&log, one(&odd)).await;
        assert_eq!(problem["problems"][0]["field"], "time");
    }
}

#[tokio::test]
async fn forms_and_sizes_that_are_not_taken() {
    let deep = format!("{}1{}", "[".repeat(40), "]".repeat(40));
    let very_deep = format!("{}1{}", "[".repeat(4000), "]".repeat(4000));
    let nested = |text: &str| event("a").to_string().replace("\"calls back\"", &format!("\"x\",\"more\":{text}"));
    let mut large = event("a");
    large["data"]["more"] = "x".repeat(600 << 10).into();
    let (kind, list) = ("application/cloudevents+json", "application/cloudevents-batch+json");
    let too_many: Vec<Value> = (0..501).map(|n| event(&n.to_string())).collect();
    for (request, expected) in [
        (request("text/plain", "x"), StatusCode::UNSUPPORTED_MEDIA_TYPE),
        (request("application/json", event("a").to_string()), StatusCode::UNSUPPORTED_MEDIA_TYPE),
        (request(kind, "{\"id\":"), StatusCode::BAD_REQUEST),
        (request(kind, vec![0xff, 0xfe]), StatusCode::BAD_REQUEST),
        (request(kind, "[]"), StatusCode::BAD_REQUEST),
        (request(list, "{}"), StatusCode::BAD_REQUEST),
        (request(kind, nested(&deep)), StatusCode::BAD_REQUEST),
        (request(kind, nested(&very_deep)), StatusCode::BAD_REQUEST),
        (one(&large), StatusCode::BAD_REQUEST),
        (request(kind, "x".repeat((1 << 20) + 1)), StatusCode::PAYLOAD_TOO_LARGE),
        (batch(&too_many), StatusCode::PAYLOAD_TOO_LARGE),
    ] {
        let (_dir, log) = log().await;
        assert_eq!(refused(&log, request).await.0, expected);
    }
}

#[tokio::test]
async fn a_full_batch_is_taken_and_an_empty_one_too() {
    let (_dir, log) = log().await;
    let intake = intake(&log).await;
    let full: Vec<Value> = (0..500).map(|n| event(&n.to_string())).collect();
    assert_eq!(send(&intake, batch(&full)).await.2["accepted"], 500);
    assert_eq!(send(&intake, batch(&[])).await.0, StatusCode::ACCEPTED);
    let ids: Vec<String> = events(&*log).await.iter().map(|e| e.id.to_string()).collect();
    assert_eq!(ids, (0..500).map(|n: u32| n.to_string()).collect::<Vec<_>>(), "in the order of the batch");
}

#[tokio::test]
async fn who_may_not_send_is_told_so_before_anything_is_read() {
    let (_dir, log) = log().await;
    let mut nobody = one(&event("a"));
    nobody.headers_mut().remove("authorization");
    let intake = intake(&log).await;
    let (status, headers, _) = send(&intake, nobody).await;
    assert_eq!(
        (status, headers.get("www-authenticate").map(|v| v.as_bytes())),
        (StatusCode::UNAUTHORIZED, Some(&b"Bearer"[..]))
    );
    let mut wrong = one(&event("a"));
    wrong.headers_mut().insert("authorization", "Bearer secret-guess".parse().unwrap());
    let (status, _, problem) = send(&intake, wrong).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert!(!problem.to_string().contains("secret-guess"));
    assert!(events(&*log).await.is_empty());
}

#[tokio::test]
async fn card_numbers_are_masked_before_the_log() {
    let (_dir, log) = log().await;
    let mut note = event("a");
    note["data"]["text"] = "card 4111 1111 1111 1111, call 0301234567".into();
    let intake = intake(&log).await;
    assert_eq!(send(&intake, one(&note)).await.0, StatusCode::ACCEPTED);
    let e = events(&*log).await.remove(0);
    let text = String::from_utf8(e.data.to_vec()).expect("JSON");
    assert!(!text.contains("4111") && text.contains("0301234567"), "{text}");
    assert_eq!(intake.counts().masked, 1);
}

#[tokio::test]
async fn more_requests_than_places_are_sent_away_and_come_again() {
    let (_dir, log) = log().await;
    let intake = open(&log, NOW, IntakeSettings { in_work: 2, ..IntakeSettings::default() }).await;
    let arrived = Arc::new(AtomicUsize::new(0));
    // Bodies that do not end hold both places.
    let slow: Vec<_> = (0..2)
        .map(|_| {
            let (intake, arrived) = (intake.clone(), arrived.clone());
            let never = futures::stream::poll_fn(move |_| {
                arrived.fetch_add(1, Ordering::SeqCst);
                std::task::Poll::<Option<Result<Vec<u8>, std::io::Error>>>::Pending
            });
            tokio::spawn(async move {
                let request = request("application/cloudevents+json", Body::from_stream(never));
                drop(intake.router().oneshot(request).await);
            })
        })
        .collect();
    support::until("both places taken", async || arrived.load(Ordering::SeqCst) >= 2).await;
    let (status, headers, problem) = send(&intake, one(&event("a"))).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{problem}");
    assert_eq!(headers.get("retry-after").map(|v| v.as_bytes()), Some(&b"1"[..]));
    assert_eq!((intake.counts().sent_away, intake.counts().failed), (1, 0));
    slow.iter().for_each(|s| s.abort());
    support::until("a free place", async || send(&intake, one(&event("a"))).await.0 == StatusCode::ACCEPTED).await;
}
