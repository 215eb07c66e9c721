//! What the forms of `/health/parked` have done.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Form;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use maud::html;

use super::page::{ADDRESS, shown};
use super::{ParkedFilter, Which, correct, discard, retry};
use crate::auth::Role;
use crate::guard::allowed;
use crate::health::parts::{not_done, outcomes};
use crate::server::Server;
use crate::shell::texts::parked as texts;

/// `POST /health/parked/{place}/correct`.
pub(crate) async fn corrected(
    State(server): State<Arc<Server>>,
    Path(place): Path<String>,
    headers: HeaderMap,
    Form(form): Form<BTreeMap<String, String>>,
) -> Response {
    let caller = match allowed(&server, &headers, Role::tends) {
        Ok(caller) => caller,
        Err(refused) => return *refused,
    };
    let given = |name: &str| form.get(name).cloned().unwrap_or_default();
    // Browsers send the ends of lines as CR LF.
    let typed = |text: &str| Some(text.replace("\r\n", "\n")).filter(|t| !t.is_empty());
    let mut fields: Vec<(String, Option<String>)> =
        form.iter().filter_map(|(name, text)| Some((name.strip_prefix("f.")?.to_owned(), typed(text)))).collect();
    let further = given("further");
    if !further.is_empty() {
        fields.push((further, typed(&given("further_value"))));
    }
    match correct(&server, &caller, &place, fields, &given("reason")).await {
        Err(e) => not_done(&caller, texts::CORRECT, &e),
        Ok(row) => Redirect::to(&format!("{ADDRESS}/{}", row.place)).into_response(),
    }
}

/// `POST /health/parked/{place}/discard`.
pub(crate) async fn discarded(
    State(server): State<Arc<Server>>,
    Path(place): Path<String>,
    headers: HeaderMap,
    Form(form): Form<BTreeMap<String, String>>,
) -> Response {
    let caller = match allowed(&server, &headers, Role::tends) {
        Ok(caller) => caller,
        Err(refused) => return *refused,
    };
    let reason = form.get("reason").cloned().unwrap_or_default();
    match discard(&server, &caller, &place, &reason).await {
        Err(e) => not_done(&caller, texts::GIVE_UP, &e),
        Ok(()) => Redirect::to(ADDRESS).into_response(),
    }
}

/// `POST /health/parked/{place}/retry`.
pub(crate) async fn retried_one(
    State(server): State<Arc<Server>>,
    Path(place): Path<String>,
    headers: HeaderMap,
) -> Response {
    give(&server, &headers, Which::One(&place)).await
}

/// `POST /health/parked/retry`: those of a filter.
pub(crate) async fn retried(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    Form(filter): Form<ParkedFilter>,
) -> Response {
    give(&server, &headers, Which::All(&filter)).await
}

async fn give(server: &Server, headers: &HeaderMap, which: Which<'_>) -> Response {
    let caller = match allowed(server, headers, Role::tends) {
        Ok(caller) => caller,
        Err(refused) => return *refused,
    };
    match retry(server, &caller, which).await {
        Err(e) => not_done(&caller, texts::RETRIED, &e),
        Ok(done) => {
            let body = html! {
                p { a href=(ADDRESS) { (texts::BACK) } }
                @if done.is_empty() { p.empty { (texts::NOTHING_RETRIED) } }
                @else { (outcomes(&done, ADDRESS)) }
            };
            shown(&caller, texts::RETRIED, body)
        }
    }
}
