//! `GET /api/v1/staffing`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;

use super::answer::{StaffingAnswer, answer};
use super::ask::{self, Ask};
use crate::auth::{Caller, Role};
use crate::guard::allowed;
use crate::reports::answer::NoAnswer;
use crate::reports::params::OfParams;
use crate::reports::words::{Bad, Words};
use crate::reports::{api, export, view};
use crate::server::Server;

/// Agents needed for a load and targets, by Erlang C and A. The load is that of a queue in
/// a range (`queue` with the names of a report), or typed in; what is typed in stands
/// before what was measured. Targets where none are given: 80% within 20s, 5% abandoned,
/// shrinkage 30%.
#[utoipa::path(
    get, path = "/api/v1/staffing", tag = "staffing",
    params(
        OfParams,
        ("arrivals" = Option<f64>, Query, description = "Calls in the period", minimum = 0, maximum = 1000000),
        ("period" = Option<String>, Query, description = "The period, such as 30m", pattern = "^[1-9][0-9]{0,8}(s|m|h)$"),
        ("aht" = Option<String>, Query, description = "Handle time, such as 240s", pattern = "^[0-9]{1,9}(ms|s|m|h)?$"),
        ("patience" = Option<String>, Query, description = "Mean patience, such as 120s", pattern = "^[0-9]{1,9}(ms|s|m|h)?$"),
        ("target" = Option<String>, Query, description = "Service level wanted, such as 80%", pattern = "^[1-9][0-9]%$"),
        ("within" = Option<String>, Query, description = "T, such as 20s", pattern = "^[0-9]{1,9}(ms|s|m|h)?$"),
        ("max_abandon" = Option<String>, Query, description = "Most that may be abandoned, such as 5%", pattern = "^[1-9][0-9]?%$"),
        ("max_occupancy" = Option<String>, Query, description = "Most of the agents' time on calls, such as 85%", pattern = "^[1-9][0-9]%$"),
        ("shrinkage" = Option<String>, Query, description = "Paid time that is not for calls, such as 30%", pattern = "^[1-9]?[0-9]%$"),
        ("from" = Option<String>, Query, description = "Begin of what is measured", format = DateTime),
        ("to" = Option<String>, Query, description = "End of what is measured", format = DateTime),
    ),
    responses(
        (status = 200, description = "The answer.", body = StaffingAnswer),
        (status = 304, description = "It has not changed since the `If-None-Match`."),
        (status = 400, description = "A parameter is missing or not readable.", content_type = "application/problem+json"),
        (status = 401, description = "Not signed in.", content_type = "application/problem+json"),
        (status = 403, description = "The role may not make reports.", content_type = "application/problem+json"),
        (status = 503, description = "The tables cannot be read now.", content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn staffing(State(server): State<Arc<Server>>, headers: HeaderMap, uri: Uri) -> Response {
    let caller = match allowed(&server, &headers, Role::reports) {
        Ok(caller) => caller,
        Err(refused) => return *refused,
    };
    match made(&server, &caller, &uri).await {
        Ok(answer) => {
            let body = serde_json::to_vec(&answer).unwrap_or_default();
            export::tagged(body, "application/json", &headers)
        }
        Err(no) => api::refusal(&no),
    }
}

async fn made(server: &Server, caller: &Caller, uri: &Uri) -> Result<StaffingAnswer, NoAnswer> {
    let words = Words::as_sent(api::pairs(uri)?);
    if let Some(name) = words.blank() {
        return Err(Bad::new("query", format!("'{name}' has no value")).into());
    }
    if let Some(stranger) = words.stranger(&[view::NAMES, ask::NAMES].concat()) {
        return Err(Bad::new("query", format!("'{stranger}' is no parameter here")).into());
    }
    Ok(answer(&Ask::read(server, caller, &words).await?)?)
}
