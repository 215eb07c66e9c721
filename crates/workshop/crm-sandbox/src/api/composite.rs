//! Composite: up to 25 calls in one request, in order; `@{reference.field}` stands for a
//! field of an earlier answer.
//!
//! With `allOrNone` a failed call takes everything back; the others then answer
//! `PROCESSING_HALTED`.

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tower::ServiceExt;

use super::sent::Sent;
use crate::error::{ApiError, ApiResult};
use crate::state::Sandbox;

/// Calls in one request.
const MOST_CALLS: usize = 25;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Calls {
    #[serde(default)]
    all_or_none: bool,
    composite_request: Vec<Call>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Call {
    method: String,
    url: String,
    reference_id: String,
    #[serde(default)]
    body: Value,
}

/// `POST /composite`.
pub(super) async fn composite(
    State(sandbox): State<Sandbox>,
    Path(version): Path<String>,
    headers: HeaderMap,
    Sent(calls): Sent<Calls>,
) -> ApiResult<Json<Value>> {
    if calls.composite_request.len() > MOST_CALLS {
        return Err(ApiError::bad("LIMIT_EXCEEDED", "a composite request holds at most 25 calls"));
    }
    let store = &sandbox.inner.store;
    let all_or_none = calls.all_or_none;
    if all_or_none {
        store.begin_all()?;
    }
    let mut out = run(&sandbox, &version, &headers, calls).await;
    if all_or_none {
        let keep = out.iter().all(|a| !failed(a));
        store.end_all(keep)?;
        if !keep {
            halt(&mut out);
        }
    }
    Ok(Json(json!({ "compositeResponse": out })))
}

async fn run(sandbox: &Sandbox, version: &str, headers: &HeaderMap, calls: Calls) -> Vec<Value> {
    let routes = super::data_routes().with_state(sandbox.clone());
    let mut answers: Map<String, Value> = Map::new();
    let mut out: Vec<Value> = Vec::new();
    for call in calls.composite_request {
        if calls.all_or_none && out.iter().any(failed) {
            // Not run; `halt` gives it its answer.
            out.push(
                json!({ "body": null, "httpHeaders": {}, "httpStatusCode": 200, "referenceId": call.reference_id }),
            );
            continue;
        }
        let (status, body) = one(&routes, version, headers, &call, &answers).await;
        answers.insert(call.reference_id.clone(), body.clone());
        out.push(json!({
            "body": body, "httpHeaders": {}, "httpStatusCode": status, "referenceId": call.reference_id,
        }));
    }
    out
}

fn failed(answer: &Value) -> bool {
    answer["httpStatusCode"].as_u64().is_none_or(|s| s >= 300)
}

/// The calls beside the failed one, taken back or never run, say so.
fn halt(out: &mut [Value]) {
    let text = "The transaction was rolled back since another operation in the same transaction failed.";
    for answer in out.iter_mut().filter(|a| !failed(a)) {
        answer["httpStatusCode"] = json!(400);
        answer["body"] = json!([{ "errorCode": "PROCESSING_HALTED", "message": text }]);
    }
}

async fn one(
    routes: &axum::Router,
    version: &str,
    headers: &HeaderMap,
    call: &Call,
    answers: &Map<String, Value>,
) -> (u16, Value) {
    let refused = |text: &str| (400, json!([{ "errorCode": "INVALID_REQUEST", "message": text }]));
    let url = resolve(&call.url, answers);
    if !url.starts_with(&format!("/services/data/{version}/"))
        || url.contains("/composite") && !url.contains("/composite/sobjects")
    {
        return refused("the url of a call must be one of this version, and no composite itself");
    }
    let body = if call.body.is_null() { String::new() } else { resolve(&call.body.to_string(), answers) };
    let mut request =
        Request::builder().method(call.method.as_str()).uri(&url).header(header::CONTENT_TYPE, "application/json");
    if let Some(host) = headers.get(header::HOST) {
        request = request.header(header::HOST, host);
    }
    let Ok(request) = request.body(Body::from(body)) else { return refused("method or url is malformed") };
    let nested = axum::Router::new().nest("/services/data/{version}", routes.clone());
    let Ok(response) = nested.oneshot(request).await;
    let status = response.status();
    let bytes = axum::body::to_bytes(response.into_body(), 16 * 1024 * 1024).await.unwrap_or_default();
    if bytes.is_empty() && status != StatusCode::OK {
        return (status.as_u16(), Value::Null);
    }
    (status.as_u16(), serde_json::from_slice(&bytes).unwrap_or(Value::Null))
}

/// Replaces `@{reference.field.field}` by what the earlier answer holds there.
fn resolve(text: &str, answers: &Map<String, Value>) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("@{") {
        let Some(length) = rest[start..].find('}') else { break };
        out.push_str(&rest[..start]);
        let path = &rest[start + 2..start + length];
        match lookup(path, answers) {
            Some(value) => out.push_str(&value),
            None => out.push_str(&rest[start..=start + length]),
        }
        rest = &rest[start + length + 1..];
    }
    out.push_str(rest);
    out
}

fn lookup(path: &str, answers: &Map<String, Value>) -> Option<String> {
    let mut steps = path.split('.');
    let mut at = answers.get(steps.next()?)?;
    for step in steps {
        at = match step.split_once('[') {
            Some((name, index)) => {
                let list = if name.is_empty() { at } else { at.get(name)? };
                list.get(index.trim_end_matches(']').parse::<usize>().ok()?)?
            }
            None => at.get(step)?,
        };
    }
    Some(at.as_str().map_or_else(|| at.to_string(), str::to_owned))
}
