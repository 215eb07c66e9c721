//! Signing in by a provider: there, and back.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::http::{Extensions, HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};

use super::{Attempt, Given, Onward, Refusal, attempt_allowed, begin, put, random_text, refused};
use crate::auth::{Back, Holder, Oidc, OidcError, named_cookie};
use crate::pages::encode;
use crate::server::Server;

/// `GET /sign-in/oidc`: sends the browser to the provider.
pub(super) async fn there(
    State(server): State<Arc<Server>>,
    extensions: Extensions,
    headers: HeaderMap,
    Query(given): Query<Given>,
) -> Response {
    let attempt = Attempt { how: "oidc", from: server.access.from(&headers, &extensions) };
    let onward = given.onward();
    let begun = match attempt_allowed(&server, &attempt) {
        Err(refusal) => Err(refusal),
        Ok(()) => begin_there(&server, &headers, onward).await,
    };
    match begun {
        Ok((browser, url)) => {
            let mut response = Redirect::to(&url).into_response();
            put(&mut response, header::SET_COOKIE, &cookie(&server, &browser, 600));
            put(&mut response, header::CACHE_CONTROL, "no-store");
            response
        }
        Err(refusal) => refused(&server, &attempt, refusal, onward).await,
    }
}

/// The browser's own mark (several sign-ins of one browser may be under way), and where
/// it goes.
async fn begin_there(server: &Server, headers: &HeaderMap, onward: Onward<'_>) -> Result<(String, String), Refusal> {
    let oidc = provider(server)?;
    let held = named_cookie(headers, name(server)).filter(|v| v.len() == 32);
    let browser = match held {
        Some(held) => held.to_owned(),
        None => random_text().map_err(|_| refusal(OidcError::Chance))?,
    };
    let recording = onward.recording.map(|id| format!("/r/{}", encode(id)));
    let next = recording.as_deref().or(onward.next);
    let url = oidc.begin(&browser, next).await.map_err(refusal)?;
    Ok((browser, url))
}

/// `GET /sign-in/oidc/back`: what the provider says of who it is.
pub(super) async fn back(
    State(server): State<Arc<Server>>,
    extensions: Extensions,
    headers: HeaderMap,
    Query(back): Query<Back>,
) -> Response {
    let attempt = Attempt { how: "oidc", from: server.access.from(&headers, &extensions) };
    let browser = named_cookie(&headers, name(&server)).unwrap_or_default();
    let ended = match provider(&server) {
        Ok(oidc) => oidc.end(browser, back).await.map_err(refusal),
        Err(none) => Err(none),
    };
    match ended {
        Ok((person, next)) => {
            tracing::info!(target: "audit", who = person.name, subject = person.subject, "known by the provider");
            let onward = Onward { recording: None, next: next.as_deref() };
            let holder = Holder::Fixed { name: person.name, role: person.role, sees: person.sees };
            begin(&server, &headers, &attempt, holder, onward).await
        }
        Err(refusal) => refused(&server, &attempt, refusal, Onward::default()).await,
    }
}

fn provider(server: &Server) -> Result<&Oidc, Refusal> {
    let none = || Refusal::wrong("There is no sign-in service here.", "no provider is configured", "");
    server.access.oidc.as_ref().ok_or_else(none)
}

fn refusal(e: OidcError) -> Refusal {
    let status = match &e {
        OidcError::Unreachable(_) | OidcError::Answer(_) => StatusCode::BAD_GATEWAY,
        OidcError::Chance => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::FORBIDDEN,
    };
    // (Who it is without a role is said by the provider, and so known.)
    let who = if let OidcError::NoRole(name) = &e { name.as_str() } else { "" };
    Refusal { status, told: e.to_string().into(), why: e.why().into(), who: who.into(), wait: None }
}

fn name(server: &Server) -> &'static str {
    if server.access.secure() { "__Host-ringledger_oidc" } else { "ringledger_oidc" }
}

/// Lax: the provider's page leads back by a link.
fn cookie(server: &Server, value: &str, age: u32) -> String {
    let secure = if server.access.secure() { "; Secure" } else { "" };
    format!("{}={value}; HttpOnly; SameSite=Lax; Path=/; Max-Age={age}{secure}", name(server))
}
