//! `GET /api/v1/reports/…`: the reports for programs, and as files.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;

use super::answer::{self, NoAnswer, What};
use super::export::{self, Format};
use super::params::{EdgesParams, OfParams, ReportParams, RowParams};
use super::view::{self, View};
use super::words::{Bad, Words};
use super::{AgentsAnswer, ContactsAnswer, LostAnswer, QueuesAnswer, VisitsAnswer, WaitsAnswer};
use crate::auth::{Caller, Role};
use crate::guard::allowed;
use crate::problem::problem;
use crate::server::Server;

macro_rules! reports {
    ($($(#[$doc:meta])* $name:ident, $path:literal, $what:ident, $answer:ty, ($($more:tt)*);)*) => {$(
        $(#[$doc])*
        #[utoipa::path(
            get, path = $path, tag = "reports", params(ReportParams, $($more)*),
            responses(
                (status = 200, description = "The report.", content(
                    ($answer = "application/json"), (String = "text/csv"),
                    (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
                    (Vec<u8> = "application/vnd.apache.parquet"),
                ), headers(("ETag" = String, description = "changes with the content"))),
                (status = 304, description = "It has not changed since the `If-None-Match`."),
                (status = 400, description = "A parameter is not readable.", content_type = "application/problem+json"),
                (status = 401, description = "Not signed in.", content_type = "application/problem+json"),
                (status = 403, description = "The role may not make reports.", content_type = "application/problem+json"),
                (status = 422, description = "It asks for too many rows.", content_type = "application/problem+json"),
                (status = 503, description = "The tables cannot be read now.", content_type = "application/problem+json"),
            ),
        )]
        pub(crate) async fn $name(State(server): State<Arc<Server>>, headers: HeaderMap, uri: Uri) -> Response {
            report(&server, What::$what, &headers, &uri).await
        }
    )*};
}

reports! {
    /// Queues by interval.
    queues, "/api/v1/reports/queues", Queues, QueuesAnswer, (OfParams);
    /// Agents by interval.
    agents, "/api/v1/reports/agents", Agents, AgentsAnswer, (OfParams);
    /// Contacts, each once, by the queue that it joined first.
    contacts, "/api/v1/reports/contacts", Contacts, ContactsAnswer, (OfParams);
    /// The contacts that got nobody, and whether they got through later.
    lost, "/api/v1/reports/lost", Lost, LostAnswer, (OfParams);
    /// Waits of answered and abandoned visits, by bucket.
    waits, "/api/v1/reports/waits", Waits, WaitsAnswer, (OfParams, EdgesParams);
    /// The visits behind a row of the `queues` report, or behind one of its figures, by pages.
    visits, "/api/v1/reports/visits", Visits, VisitsAnswer, (RowParams);
}

async fn report(server: &Server, what: What, headers: &HeaderMap, uri: &Uri) -> Response {
    let caller = match allowed(server, headers, Role::reports) {
        Ok(caller) => caller,
        Err(refused) => return *refused,
    };
    match made(server, what, &caller, headers, uri).await {
        Ok(response) => response,
        Err(no) => refusal(&no),
    }
}

async fn made(
    server: &Server,
    what: What,
    caller: &Caller,
    headers: &HeaderMap,
    uri: &Uri,
) -> Result<Response, NoAnswer> {
    let words = Words::as_sent(pairs(uri)?);
    let own: &[&str] = match what {
        What::Waits => &["edges"],
        What::Visits => &["at", "column", "after", "limit"],
        _ => &[],
    };
    if let Some(stranger) = words.stranger(&[view::NAMES, own].concat()) {
        return Err(Bad::new("query", format!("'{stranger}' is no parameter of this report")).into());
    }
    if let Some(name) = words.blank() {
        return Err(Bad::new(
            "query",
            format!("'{name}' has no value, a longer one than 500 characters, or control characters in it"),
        )
        .into());
    }
    let format = Format::asked(&words, headers)?;
    let view = View::read(words, caller, (server.clock)())?;
    let answer = answer::make(&server.reports, what, &view).await?;
    Ok(export::response(what, &view, &answer, format, headers))
}

/// The words of a page's address.
pub(crate) fn words(uri: &Uri) -> Result<Words, Bad> {
    Ok(Words::new(pairs(uri)?))
}

/// Names and values of an address.
pub(crate) fn pairs(uri: &Uri) -> Result<Vec<(String, String)>, Bad> {
    let pairs = Query::<Vec<(String, String)>>::try_from_uri(uri);
    pairs.map(|Query(pairs)| pairs).map_err(|_| Bad::new("query", "it is no list of names and values"))
}

/// Why there is no answer, as a problem.
pub(crate) fn refusal(no: &NoAnswer) -> Response {
    match no {
        NoAnswer::Bad(bad) => problem(StatusCode::BAD_REQUEST, "Not readable", &bad.to_string()),
        NoAnswer::TooMuch(rows) => {
            let what = format!(
                "{rows} rows are too many (at most {}): ask for longer intervals, less time or fewer queues",
                answer::MOST_ROWS
            );
            problem(StatusCode::UNPROCESSABLE_ENTITY, "Too much", &what)
        }
        NoAnswer::Tables(tables::TablesError::Asked(what)) => {
            problem(StatusCode::UNPROCESSABLE_ENTITY, "Too much", what)
        }
        NoAnswer::Tables(error) => {
            tracing::warn!(%error, "a report cannot read the tables");
            problem(
                StatusCode::SERVICE_UNAVAILABLE,
                "Tables not readable",
                "the tables cannot be read now: try again later",
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_asks_for_too_much_is_told_so_and_not_to_try_again() {
        let no = NoAnswer::Tables(tables::TablesError::Asked("name a shorter range".to_owned()));
        assert_eq!(refusal(&no).status(), StatusCode::UNPROCESSABLE_ENTITY);
        let (status, page) = super::super::frame::refused(&no);
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(page.into_string().contains("name a shorter range"));
    }
}
