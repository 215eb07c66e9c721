//! The webhook against a receiver that checks the signature as its documentation says.

mod common;

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use common::{Turned, secret_file, task};
use crm::{CrmError, CrmTarget, LaterKind, Outcome, Webhook, WebhookConfig};
use hmac::{Hmac, Mac};
use serde_json::Value;
use sha2::Sha256;

#[derive(Clone, Default)]
struct Receiver {
    batches: Arc<Mutex<Vec<Value>>>,
    /// Statuses to answer first, before taking anything.
    first: Arc<Mutex<Vec<u16>>>,
    /// A row with this key is refused.
    poison: Arc<Mutex<Option<String>>>,
}

async fn receive(State(receiver): State<Receiver>, headers: HeaderMap, body: String) -> StatusCode {
    let header = |name: &str| headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
    let mut mac = Hmac::<Sha256>::new_from_slice(b"shared-secret").unwrap();
    mac.update(format!("{}.{body}", header("x-ringledger-timestamp")).as_bytes());
    let signature = hex::decode(header("x-ringledger-signature").trim_start_matches("v1=")).unwrap_or_default();
    if mac.verify_slice(&signature).is_err() {
        return StatusCode::UNAUTHORIZED;
    }
    if let Some(status) = receiver.first.lock().unwrap().pop() {
        return StatusCode::from_u16(status).unwrap();
    }
    let batch: Value = serde_json::from_str(&body).unwrap();
    let poison = receiver.poison.lock().unwrap().clone();
    if batch["rows"].as_array().unwrap().iter().any(|r| r["key"].as_str() == poison.as_deref()) {
        return StatusCode::UNPROCESSABLE_ENTITY;
    }
    receiver.batches.lock().unwrap().push(batch);
    StatusCode::OK
}

async fn webhook(secret: &str) -> (Receiver, Webhook) {
    let receiver = Receiver::default();
    let app = Router::new().route("/hook", post(receive)).with_state(receiver.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    let text = format!("url = '{url}'\nsecret = {{ env = 'UNUSED' }}\nbatch_rows = 10\n");
    let mut config: WebhookConfig = toml::from_str(&text).unwrap();
    config.secret = secret_file(secret);
    (receiver, Webhook::new(config, Arc::new(Turned::default())).unwrap())
}

#[tokio::test]
async fn rows_arrive_signed_in_batches() {
    let (receiver, hook) = webhook("shared-secret").await;
    hook.check().await.unwrap();
    let outcomes = hook.write((0..25).map(task).collect()).await;
    assert!(outcomes.iter().all(|o| matches!(o, Outcome::Written { .. })));
    let batches = receiver.batches.lock().unwrap();
    let sizes: Vec<usize> = batches.iter().map(|b| b["rows"].as_array().unwrap().len()).collect();
    assert_eq!(sizes, [0, 10, 10, 5]);
    let row = &batches[1]["rows"][3];
    assert_eq!((row["object"].as_str(), row["key"].as_str()), (Some("Task"), Some("london/pbx1/3")));
    assert_eq!(row["fields"]["Subject"], "Call 3");
}

#[tokio::test]
async fn passing_failures_are_replayed_and_a_poison_row_is_parked_alone() {
    let (receiver, hook) = webhook("shared-secret").await;
    *receiver.first.lock().unwrap() = vec![503, 429, 500];
    *receiver.poison.lock().unwrap() = Some(task(4).key);
    let outcomes = hook.write((0..10).map(task).collect()).await;
    for (i, outcome) in outcomes.iter().enumerate() {
        match outcome {
            Outcome::Parked(p) if i == 4 => assert_eq!((p.code.as_str(), p.target.as_str()), ("422", "webhook")),
            Outcome::Written { .. } if i != 4 => {}
            other => panic!("{i}: {other:?}"),
        }
    }
    assert_eq!(hook.status().retries, 3);
}

#[tokio::test]
async fn a_wrong_secret_is_said_and_not_retried() {
    let (receiver, hook) = webhook("another-secret").await;
    let outcomes = hook.write(vec![task(1)]).await;
    match &outcomes[0] {
        Outcome::Later(later) => {
            assert_eq!(later.kind, LaterKind::Refused);
            assert!(later.message.contains("127.0.0.1") && later.message.contains("secret"), "{}", later.message);
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(hook.status().requests, 1);
    assert!(matches!(hook.check().await, Err(CrmError::Refused(_))));
    assert!(receiver.batches.lock().unwrap().is_empty());
}
