//! `/r/<recording_id>`: the link that the CRM holds.
//!
//! Order: who asks, why, does it exist; then the access goes into the log; then bytes. A
//! player asks for many ranges: within ten minutes the same person, recording and reason
//! is one access.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use model::Name;
use model::facts::Recording;
use serde::Deserialize;
use vault::{Hearing, Served, Wanted};

use crate::auth::{Role, Sees};
use crate::guard::{accepts_html, allowed, from_elsewhere};
use crate::pages;
use crate::server::{Server, html};
use crate::sign_in::{Onward, form};

/// Longest reason kept, characters.
const LONGEST_REASON: usize = 500;
/// How long a grant covers a player's further requests.
const GRANT: Duration = Duration::from_secs(600);
/// Header with the reason, for programs.
const REASON: &str = "x-access-reason";

/// Why the library cannot answer.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct LibraryError(pub String);

/// Finds recordings, records accesses, opens media.
#[async_trait]
pub trait Library: Send + Sync {
    /// The newest revision of a recording.
    ///
    /// # Errors
    /// The tables cannot be read.
    async fn find(&self, recording_id: &str) -> Result<Option<Recording>, LibraryError>;

    /// Records an access durably.
    ///
    /// # Errors
    /// The log cannot be written; then nothing may be given out.
    async fn record_access(&self, recording: &Recording, who: &Name, reason: &str) -> Result<(), LibraryError>;

    /// Opens the media.
    ///
    /// # Errors
    /// The vault fails.
    async fn open(&self, recording: &Recording, wanted: Option<Wanted>) -> Result<Hearing, LibraryError>;
}

/// Who may go on hearing what, and until when.
#[derive(Default)]
pub struct Grants {
    given: Mutex<HashMap<(String, Name, String), Instant>>,
}

impl Grants {
    fn holds(&self, key: &(String, Name, String)) -> bool {
        let mut given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
        given.retain(|_, since| since.elapsed() < GRANT);
        given.contains_key(key)
    }

    fn give(&self, key: (String, Name, String)) {
        self.given.lock().unwrap_or_else(PoisonError::into_inner).insert(key, Instant::now());
    }
}

#[derive(Deserialize)]
pub(crate) struct Ask {
    reason: Option<String>,
    media: Option<String>,
}

/// The handler.
pub(crate) async fn hear(
    State(server): State<Arc<Server>>,
    Path(id): Path<String>,
    Query(ask): Query<Ask>,
    headers: HeaderMap,
) -> Response {
    let wants_page = ask.media.is_none() && accepts_html(&headers);
    let caller = match allowed(&server, &headers, Role::hears) {
        Ok(caller) => caller,
        Err(refused) if wants_page && refused.status() == StatusCode::UNAUTHORIZED => {
            let why =
                Some("Recordings are heard by those who are signed in. Whoever runs Ringledger can give you a code.");
            let onward = Onward { recording: Some(&id), next: None };
            return html(StatusCode::UNAUTHORIZED, form(&server.access, None, "", onward, why));
        }
        Err(refused) => return *refused,
    };
    if caller.by_session && !wants_page && from_elsewhere(&headers) {
        return (StatusCode::FORBIDDEN, "open the recording's own page\n").into_response();
    }
    let recording = match server.library.find(&id).await {
        // What the caller may not see is for them as if it was not there.
        Ok(Some(recording)) if seen(&caller.sees, &recording.center, recording.queue.as_ref()) => recording,
        Ok(_) => return (StatusCode::NOT_FOUND, "there is no such recording\n").into_response(),
        Err(e) => return failed(&e),
    };
    let given = ask.reason.or_else(|| Some(headers.get(REASON)?.to_str().ok()?.to_owned()));
    let reason = given.map(|r| r.trim().chars().take(LONGEST_REASON).collect::<String>()).filter(|r| r.len() >= 3);
    if wants_page {
        let step = match &reason {
            _ if recording.uri.is_none() => pages::Step::NotStored,
            None => pages::Step::Reason,
            Some(reason) => pages::Step::Play(reason),
        };
        return html(StatusCode::OK, pages::recording(&id, &facts(&recording), step));
    }
    let Some(reason) = reason else {
        let text = "a reason is needed: `?reason=…` or the header X-Access-Reason\n";
        return (StatusCode::BAD_REQUEST, text).into_response();
    };
    let key = (caller.name.clone(), recording.recording_id.clone(), reason.clone());
    if !server.grants.holds(&key) {
        if let Err(e) = server.library.record_access(&recording, &caller.name.as_str().into(), &reason).await {
            return failed(&e);
        }
        server.grants.give(key);
    }
    let wanted = headers.get(header::RANGE).and_then(|h| Wanted::parse(h.to_str().ok()?));
    match server.library.open(&recording, wanted).await {
        Ok(Hearing::Served(served)) => stream(served),
        Ok(Hearing::OutOfRange(total)) => {
            let range = [(header::CONTENT_RANGE, format!("bytes */{total}"))];
            (StatusCode::RANGE_NOT_SATISFIABLE, range).into_response()
        }
        Ok(Hearing::NotStored) => (StatusCode::NOT_FOUND, "nothing is stored for this recording\n").into_response(),
        Err(e) => failed(&e),
    }
}

fn seen(sees: &Sees, center: &Name, queue: Option<&Name>) -> bool {
    sees.center(center) && sees.visible().queue(queue)
}

fn failed(e: &LibraryError) -> Response {
    tracing::error!(error = %e, "a recording could not be given out");
    (StatusCode::SERVICE_UNAVAILABLE, "the recording cannot be read now; try again\n").into_response()
}

fn facts(recording: &Recording) -> Vec<(&'static str, String)> {
    let started = recording.started_at.to_rfc3339();
    // To the second, as people read it: `2026-11-22 05:48:48 UTC`.
    let started = started.get(..19).map_or(started.clone(), |s| format!("{} UTC", s.replace('T', " ")));
    let mut facts = vec![("Started", started)];
    facts.extend(recording.agent.as_ref().map(|a| ("Agent", a.to_string())));
    facts.extend(recording.queue.as_ref().map(|q| ("Queue", q.to_string())));
    facts.extend(recording.duration_ms.map(|d| ("Length", format!("{}.{} s", d / 1000, d % 1000 / 100))));
    facts.extend(recording.note.clone().map(|n| ("Note", n)));
    facts
}

fn stream(served: Served) -> Response {
    let length = served.range.end - served.range.start;
    let mut response = Response::new(Body::from_stream(served.bytes));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(served.content_type));
    headers.insert(header::CONTENT_LENGTH, length.into());
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if served.partial {
        let last = served.range.end.saturating_sub(1);
        if let Ok(v) = HeaderValue::from_str(&format!("bytes {}-{last}/{}", served.range.start, served.total)) {
            headers.insert(header::CONTENT_RANGE, v);
        }
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recording_is_heard_where_its_queue_and_centre_are_seen() {
        let of = |sees: &Sees, queue: Option<&str>| seen(sees, &"main".into(), queue.map(Name::from).as_ref());
        let sales = Sees { centers: None, queues: Some(vec!["sales".into()]) };
        assert!(of(&sales, Some("sales")));
        assert!(!of(&sales, Some("support")) && !of(&sales, None));
        let north = Sees { centers: Some(vec!["north".into()]), queues: None };
        assert!(!of(&north, Some("sales")) && of(&Sees::default(), None));
    }
}
