//! Answers: 202, or problem details (RFC 9457).

use axum::body::Body;
use axum::http::{Response, StatusCode, header};
use event_log::LogError;
use serde_json::{Value, json};

use super::check::Fault;
use super::limits;
use super::writer::Taken;

/// Why a request was not taken: what, where, what to do. It never repeats a value that
/// may hold card data.
#[derive(Debug)]
pub struct Problem {
    pub status: StatusCode,
    /// Sent away unread because too many requests were in work.
    pub sent_away: bool,
    title: &'static str,
    detail: String,
    faults: Vec<Fault>,
    retry_after_s: Option<u32>,
}

const TRY_AGAIN: &str = "Nothing of this request is acknowledged. Send it again as it is: what was taken already is \
                         known by its id and counts once.";

impl Problem {
    pub fn new(status: StatusCode, title: &'static str, detail: impl Into<String>) -> Self {
        Self { status, sent_away: false, title, detail: detail.into(), faults: Vec::new(), retry_after_s: None }
    }

    pub fn not_allowed(status: StatusCode) -> Self {
        let detail = "Send the header 'Authorization: Bearer <token>' with a token that may send events.";
        Self::new(status, "This sender may not send events", detail)
    }

    pub fn too_large() -> Self {
        let detail = format!("A request holds at most {} bytes; send fewer events at once.", limits::BODY);
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "The request is too large, or broke off", detail)
    }

    pub fn slow() -> Self {
        let detail = format!("The body did not come within {} s; send it again.", limits::BODY_PATIENCE.as_secs());
        Self::new(StatusCode::REQUEST_TIMEOUT, "The request came too slowly", detail)
    }

    pub fn busy() -> Self {
        let mut problem = Self::new(StatusCode::SERVICE_UNAVAILABLE, "Too many requests are in work", TRY_AGAIN);
        problem.sent_away = true;
        problem.retry_after_s = Some(1);
        problem
    }

    pub fn stopping() -> Self {
        let mut problem = Self::new(StatusCode::SERVICE_UNAVAILABLE, "The intake is stopping", TRY_AGAIN);
        problem.retry_after_s = Some(5);
        problem
    }

    pub fn log(error: &LogError) -> Self {
        tracing::error!(%error, "the log does not take the events of adapters");
        let title = match error {
            LogError::DiskFull { .. } => "The disk of the log is full",
            _ => "The log does not take events now",
        };
        let mut problem = Self::new(StatusCode::SERVICE_UNAVAILABLE, title, TRY_AGAIN);
        problem.retry_after_s = Some(5);
        problem
    }

    pub fn events(faults: Vec<Fault>) -> Self {
        let detail = "Nothing of this request was kept. Mend the events that `problems` names and send it again.";
        let mut problem = Self::new(StatusCode::BAD_REQUEST, "Events that cannot be taken", detail);
        problem.faults = faults;
        problem
    }

    pub fn response(self) -> Response<Body> {
        let mut body = json!({
            "type": "about:blank",
            "title": self.title,
            "status": self.status.as_u16(),
            "detail": self.detail,
        });
        if let (Value::Object(body), false) = (&mut body, self.faults.is_empty()) {
            let shown: Vec<Value> = self.faults.iter().take(limits::PROBLEMS).map(Fault::to_json).collect();
            body.insert("problems".into(), shown.into());
            body.insert("further_problems".into(), self.faults.len().saturating_sub(limits::PROBLEMS).into());
        }
        let mut response = written(self.status, "application/problem+json", &body);
        let headers = response.headers_mut();
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, header::HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = self.retry_after_s {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}

pub fn accepted(taken: &Taken) -> Response<Body> {
    let body = json!({ "accepted": taken.accepted, "repeated": taken.repeated });
    written(StatusCode::ACCEPTED, "application/json", &body)
}

fn written(status: StatusCode, kind: &'static str, body: &Value) -> Response<Body> {
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static(kind));
    response
}
