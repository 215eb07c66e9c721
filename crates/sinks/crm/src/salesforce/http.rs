//! One call: session, budget, answer; 401 is answered by one log-in and one replay.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use reqwest::{Method, StatusCode};
use serde_json::Value;

use super::budget::Budget;
use super::failure::{Failure, Kind, excerpt, of_answer};
use super::session::{Session, Sessions};
use crate::client::reason;
use crate::config::{CrmError, SalesforceConfig};
use crate::timing::Timing;

/// What is sent.
#[derive(Clone)]
pub(super) enum Body {
    None,
    Json(bytes::Bytes),
    Csv(bytes::Bytes),
}

/// A call below `/services/data/{version}`.
#[derive(Clone)]
pub(super) struct Call {
    pub method: Method,
    /// With a leading slash, query included.
    pub path: String,
    pub body: Body,
}

impl Call {
    pub fn get(path: impl Into<String>) -> Self {
        Self { method: Method::GET, path: path.into(), body: Body::None }
    }

    pub fn json(method: Method, path: impl Into<String>, value: &impl serde::Serialize) -> Self {
        // (What is given here has text keys and plain values: it can always be written.)
        let body = serde_json::to_vec(value).unwrap_or_default();
        Self { method, path: path.into(), body: Body::Json(body.into()) }
    }
}

/// What was answered.
pub(super) struct Answer {
    pub status: StatusCode,
    pub body: bytes::Bytes,
}

impl Answer {
    /// Its JSON; a success that is no JSON comes from something between us and the CRM.
    pub fn json(&self) -> Result<Value, Failure> {
        serde_json::from_slice(&self.body).map_err(|_| {
            let text =
                format!("the CRM answered {} with {}; is there a proxy in between?", self.status, excerpt(&self.body));
            Failure::new(Kind::Unavailable, "", text)
        })
    }
}

pub(super) struct Http {
    client: reqwest::Client,
    sessions: Sessions,
    version: String,
    pub budget: Budget,
    pub timing: Arc<dyn Timing>,
    pub requests: AtomicU64,
    pub logins: AtomicU64,
}

impl Http {
    pub fn new(config: &SalesforceConfig, timing: Arc<dyn Timing>) -> Result<Self, CrmError> {
        let client = crate::client::build(config.timeout_ms, config.ca_file.as_deref())?;
        Ok(Self {
            client,
            sessions: Sessions::new(config)?,
            version: config.api_version.clone(),
            budget: Budget::default(),
            timing,
            requests: AtomicU64::new(0),
            logins: AtomicU64::new(0),
        })
    }

    /// Logs in, if there is no session yet.
    pub async fn login(&self) -> Result<(), Failure> {
        self.session(None).await.map(|_| ())
    }

    async fn session(&self, over: Option<u64>) -> Result<Session, Failure> {
        let (session, fresh) = self.sessions.get(&self.client, self.timing.as_ref(), over).await?;
        self.logins.fetch_add(u64::from(fresh), Ordering::Relaxed);
        Ok(session)
    }

    /// One call; where the session is over, logs in once and replays once.
    pub async fn call(&self, call: &Call) -> Result<Answer, Failure> {
        let session = self.session(None).await?;
        match self.once(call, &session).await {
            Err(f) if f.kind == Kind::Session => {
                let session = self.session(Some(session.generation)).await?;
                self.once(call, &session).await.map_err(|f| match f.kind {
                    Kind::Session => Failure { kind: Kind::Refused, ..f },
                    _ => f,
                })
            }
            other => other,
        }
    }

    async fn once(&self, call: &Call, session: &Session) -> Result<Answer, Failure> {
        let url = format!("{}/services/data/{}{}", session.instance_url, self.version, call.path);
        let place = format!("the CRM at {} ({} {})", session.instance_url, call.method, without_query(&call.path));
        let mut request = self.client.request(call.method.clone(), &url).bearer_auth(&session.token);
        request = match &call.body {
            Body::None => request,
            Body::Json(b) => request.header("Content-Type", "application/json; charset=UTF-8").body(b.clone()),
            Body::Csv(b) => request.header("Content-Type", "text/csv; charset=UTF-8").body(b.clone()),
        };
        self.requests.fetch_add(1, Ordering::Relaxed);
        let broken = |e: reqwest::Error| Failure::new(Kind::Unreachable, "", format!("{place}: {}", reason(&e)));
        let response = request.send().await.map_err(broken)?;
        if let Some(info) = response.headers().get("Sforce-Limit-Info").and_then(|v| v.to_str().ok()) {
            self.budget.note(info);
        }
        let status = response.status();
        let body = response.bytes().await.map_err(broken)?;
        if status.is_success() {
            return Ok(Answer { status, body });
        }
        Err(of_answer(status.as_u16(), &body, &place))
    }
}

fn without_query(path: &str) -> &str {
    path.split('?').next().unwrap_or(path)
}

/// A value inside a query string.
pub(super) fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}
