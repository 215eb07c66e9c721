//! Signing in with a browser: by a local account, a code that works once, or a provider
//! (OpenID Connect); and signing out.
//!
//! Contract: each address and each name has so many attempts; further ones are answered
//! 429, with the same words whether or not there is such a name, and after the same work.
//! Each sign-in has a new session, and ends the one that the browser had. Codes come from
//! the process itself (`demo`) or are made for a token's holder, who asks with `POST
//! /sign-in/codes`; it is the holder's name and role that the session has. The cookie is
//! sent along when a link in the CRM is followed (SameSite=Lax), else the link would lead a
//! signed-in person to the sign-in page; a recording's bytes are given to this server's
//! own pages only (`recordings`).

mod codes;
mod oidc;
mod page;
mod password;
mod sign_out;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Form, Query, State};
use axum::http::{Extensions, HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use model::{Name, SignInOutcome};
use serde::Deserialize;

use crate::auth::limits::retry_after;
use crate::auth::{BACK, Holder, SignIn};
use crate::next::local;
use crate::server::{Server, html};

pub(crate) use page::Onward;
pub(crate) use page::sign_in as form;

/// The routes of this module.
pub(crate) fn routes() -> Router<Arc<Server>> {
    Router::new()
        .route("/sign-in", get(show).post(sign_in))
        .route("/sign-in/codes", post(codes::code))
        .route("/sign-in/oidc", get(oidc::there))
        .route(BACK, get(oidc::back))
        .route("/sign-out", post(sign_out::sign_out))
}

/// What the forms send.
#[derive(Default, Deserialize)]
pub(crate) struct Given {
    #[serde(default)]
    code: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    password: String,
    /// The recording to go on to.
    recording: Option<String>,
    /// The path of ours to go on to.
    next: Option<String>,
}

impl Given {
    fn onward(&self) -> Onward<'_> {
        Onward { recording: self.recording.as_deref(), next: self.next.as_deref().and_then(local) }
    }
}

/// A sign-in under way: who asks from where, and how.
struct Attempt {
    how: &'static str,
    from: Option<IpAddr>,
}

/// Why no session begins.
struct Refusal {
    status: StatusCode,
    /// For the one who asks.
    told: Cow<'static, str>,
    /// For the log.
    why: Cow<'static, str>,
    /// For the log, where the name is one of ours.
    who: Name,
    wait: Option<Duration>,
}

impl Refusal {
    fn wrong(told: &'static str, why: &'static str, who: &str) -> Self {
        Self { status: StatusCode::FORBIDDEN, told: told.into(), why: why.into(), who: who.into(), wait: None }
    }

    fn too_many(wait: Duration, why: &'static str) -> Self {
        let told = "Too many attempts. Wait a little, then try again.";
        Self {
            status: StatusCode::TOO_MANY_REQUESTS,
            told: told.into(),
            why: why.into(),
            who: Name::default(),
            wait: Some(wait),
        }
    }
}

/// `GET /sign-in`: the forms. A code is used only when it is sent: a link preview must not
/// use it up.
async fn show(State(server): State<Arc<Server>>, headers: HeaderMap, Query(given): Query<Given>) -> Response {
    let caller = server.access.caller(&headers).filter(|c| c.by_session);
    html(StatusCode::OK, page::sign_in(&server.access, caller.as_ref(), &given.code, given.onward(), None))
}

/// `POST /sign-in`: a name and its password, or a code, against a session.
async fn sign_in(
    State(server): State<Arc<Server>>,
    extensions: Extensions,
    headers: HeaderMap,
    Form(given): Form<Given>,
) -> Response {
    let by_name = !given.name.is_empty() || !given.password.is_empty();
    let how = if by_name { "password" } else { "code" };
    let attempt = Attempt { how, from: server.access.from(&headers, &extensions) };
    let tried = match attempt_allowed(&server, &attempt) {
        Err(refusal) => Err(refusal),
        Ok(()) if by_name => password::holder(&server.access, given.name.trim(), &given.password).await,
        Ok(()) => codes::holder(&server.access, given.code.trim()),
    };
    match tried {
        Ok(holder) => begin(&server, &headers, &attempt, holder, given.onward()).await,
        Err(refusal) => refused(&server, &attempt, refusal, given.onward()).await,
    }
}

/// Whether the address has an attempt left.
fn attempt_allowed(server: &Server, attempt: &Attempt) -> Result<(), Refusal> {
    let from = attempt.from.map(|a| a.to_string()).unwrap_or_default();
    server.access.addresses.take(&from).map_err(|wait| Refusal::too_many(wait, "too many attempts of the address"))
}

/// Begins the session, tells the log, goes on.
async fn begin(
    server: &Server,
    headers: &HeaderMap,
    attempt: &Attempt,
    holder: Holder,
    onward: Onward<'_>,
) -> Response {
    let Ok(fresh) = random_text() else { return no_chance() };
    let access = &server.access;
    if let Some(former) = access.cookie(headers) {
        access.end_session(former).await;
    }
    let (who, role) = match &holder {
        Holder::Fixed { name, role, .. } => (name.clone(), role.name().to_owned()),
        Holder::Account { name, .. } => {
            (name.clone(), access.accounts.as_ref().and_then(|a| a.get(name)).map(|a| a.role).unwrap_or_default())
        }
    };
    let happened = happened(attempt, SignInOutcome::SignedIn);
    access.auditor.tell(SignIn { who: who.as_str().into(), why: role, ..happened }).await;
    access.begin_session(&fresh, holder).await;
    let mut response = match onward {
        Onward { recording: None, next: Some(path) } => Redirect::to(path).into_response(),
        onward => html(StatusCode::OK, page::signed_in(onward.recording)),
    };
    put(&mut response, header::SET_COOKIE, &access.set_cookie(&fresh));
    put(&mut response, header::CACHE_CONTROL, "no-store");
    response
}

/// Tells the log and the one who asked.
async fn refused(server: &Server, attempt: &Attempt, refusal: Refusal, onward: Onward<'_>) -> Response {
    let happened = happened(attempt, SignInOutcome::Refused);
    server.access.auditor.tell(SignIn { who: refusal.who, why: refusal.why.into_owned(), ..happened }).await;
    let page = page::sign_in(&server.access, None, "", onward, Some(&refusal.told));
    let mut response = html(refusal.status, page);
    if let Some(wait) = refusal.wait {
        response.headers_mut().insert(header::RETRY_AFTER, retry_after(wait).into());
    }
    response
}

fn happened(attempt: &Attempt, outcome: SignInOutcome) -> SignIn {
    SignIn { who: Name::default(), how: attempt.how, from: attempt.from, outcome, why: String::new() }
}

fn put(response: &mut Response, name: header::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

fn no_chance() -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, "the system gives no random numbers; try again\n").into_response()
}

/// 128 bits by chance.
pub(crate) fn random_text() -> Result<String, getrandom::Error> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes)?;
    Ok(hex::encode(bytes))
}
