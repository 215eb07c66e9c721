//! Signing out.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{Extensions, HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use model::SignInOutcome;

use super::put;
use crate::auth::SignIn;
use crate::guard::accepts_html;
use crate::server::Server;

/// `POST /sign-out`: ends the session; nothing to end is no error.
pub(super) async fn sign_out(
    State(server): State<Arc<Server>>,
    extensions: Extensions,
    headers: HeaderMap,
) -> Response {
    let access = &server.access;
    let caller = access.caller(&headers).filter(|c| c.by_session);
    // Also one that is not known here: the store may have it.
    if let Some(cookie) = access.cookie(&headers) {
        access.end_session(cookie).await;
    }
    if let Some(caller) = caller {
        let from = access.from(&headers, &extensions);
        let (who, why) = (caller.name.as_str().into(), caller.role.name().to_owned());
        access.auditor.tell(SignIn { who, how: "session", from, outcome: SignInOutcome::SignedOut, why }).await;
    }
    let mut response = if accepts_html(&headers) {
        Redirect::to("/sign-in").into_response()
    } else {
        StatusCode::NO_CONTENT.into_response()
    };
    put(&mut response, header::SET_COOKIE, &access.clear_cookie());
    response
}
