//! Signing in with a browser: a code that works once becomes a session.
//!
//! A code comes from the process itself (`demo`) or is made for a token's holder, who
//! asks with `POST /sign-in/codes`; it is the holder's name and role that the session has.
//! The cookie is sent along when a link in the CRM is followed (SameSite=Lax), else the
//! link would lead a signed-in person to the sign-in page; a recording's bytes are given
//! to this server's own pages only (`recordings`).

use std::sync::Arc;

use axum::Json;
use axum::extract::{Form, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use crate::auth::{COOKIE_NAME, Role};
use crate::guard::allowed;
use crate::next::local;
use crate::pages::{self, Onward};
use crate::server::{Server, html};

#[derive(Deserialize)]
pub(crate) struct Code {
    #[serde(default)]
    code: String,
    /// The recording to go on to.
    recording: Option<String>,
    /// The path of ours to go on to.
    next: Option<String>,
}

impl Code {
    fn onward(&self) -> Onward<'_> {
        Onward { recording: self.recording.as_deref(), next: self.next.as_deref().and_then(local) }
    }
}

/// `GET /sign-in`: the form. The code is used only when it is sent: a link preview must
/// not use it up.
pub(crate) async fn page(Query(code): Query<Code>) -> Response {
    html(StatusCode::OK, pages::sign_in(&code.code, code.onward(), None))
}

/// `POST /sign-in`: the code against a session.
pub(crate) async fn sign_in(State(server): State<Arc<Server>>, Form(code): Form<Code>) -> Response {
    let Ok(fresh) = random_text() else { return no_chance() };
    if !server.access.sign_in(code.code.trim(), &fresh) {
        let why = Some("This code is not valid, or was used before.");
        return html(StatusCode::FORBIDDEN, pages::sign_in("", code.onward(), why));
    }
    let cookie = format!("{COOKIE_NAME}={fresh}; HttpOnly; SameSite=Lax; Path=/; Max-Age=28800");
    let mut response = match code.onward() {
        Onward { recording: None, next: Some(path) } => Redirect::to(path).into_response(),
        onward => html(StatusCode::OK, pages::signed_in(onward.recording)),
    };
    if let Ok(value) = HeaderValue::from_str(&cookie) {
        response.headers_mut().insert(header::SET_COOKIE, value);
    }
    response
}

/// `POST /sign-in/codes`: a one-time link for the holder of the token.
pub(crate) async fn code(State(server): State<Arc<Server>>, headers: HeaderMap) -> Response {
    let caller = match allowed(&server, &headers, Role::browses) {
        Ok(caller) => caller,
        Err(refused) => return *refused,
    };
    if caller.by_session {
        return (StatusCode::FORBIDDEN, "a session makes no further sessions: use the token\n").into_response();
    }
    let Ok(code) = random_text() else { return no_chance() };
    server.access.issue(&caller, &code);
    let body = Json(serde_json::json!({ "link": format!("/sign-in?code={code}"), "code": code }));
    (StatusCode::CREATED, [(header::CACHE_CONTROL, "no-store")], body).into_response()
}

fn no_chance() -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, "the system gives no random numbers; try again\n").into_response()
}

/// 128 bits by chance.
fn random_text() -> Result<String, getrandom::Error> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes)?;
    Ok(hex::encode(bytes))
}
