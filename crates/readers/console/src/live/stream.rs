//! `GET /api/v1/live/stream`: the board whenever it changes, as server-sent events.
//!
//! Contract: an event `board` with the whole board at once and after every change, at most
//! each [`EVERY`]; where nothing changes, once in [`AT_LEAST`], so that a reader knows that
//! it is alive and what is silent. A reader who is not signed in any more is told so
//! (`signed-out`) and let go. At most [`MOST`] readers at a time.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use futures::Stream;
use tokio::sync::watch;

use crate::auth::Role;
use crate::guard::allowed;
use crate::problem::problem;
use crate::server::Server;

/// Shortest time between two events of a reader.
const EVERY: Duration = Duration::from_millis(200);
/// Longest time between two.
const AT_LEAST: Duration = Duration::from_secs(3);
/// Readers at a time.
const MOST: usize = 1_000;

/// How many read now.
static READERS: AtomicUsize = AtomicUsize::new(0);

/// A reader, counted while it is there.
struct Reader;

impl Reader {
    fn new() -> Option<Self> {
        let room = |n| (n < MOST).then_some(n + 1);
        READERS.fetch_update(Ordering::Relaxed, Ordering::Relaxed, room).ok().map(|_| Self)
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        READERS.fetch_sub(1, Ordering::Relaxed);
    }
}

struct Stand {
    server: Arc<Server>,
    headers: HeaderMap,
    changes: watch::Receiver<u64>,
    /// When the next event may leave.
    next: tokio::time::Instant,
    over: bool,
    _reader: Reader,
}

/// The board whenever it changes, as server-sent events: `board` (as `GET /api/v1/live`
/// gives it) and `signed-out`.
#[utoipa::path(
    get, path = "/api/v1/live/stream", tag = "live",
    responses(
        (status = 200, description = "events `board`, each with a BoardView as JSON", content_type = "text/event-stream"),
        (status = 401, description = "not signed in"),
        (status = 403, description = "the role may not watch"),
        (status = 503, description = "too many readers"),
    ),
)]
pub(crate) async fn stream(State(server): State<Arc<Server>>, headers: HeaderMap) -> Response {
    if let Err(refused) = allowed(&server, &headers, Role::watches) {
        return *refused;
    }
    let Some(reader) = Reader::new() else {
        let what = "too many browsers watch at this moment; try again later";
        return problem(StatusCode::SERVICE_UNAVAILABLE, "Too many readers", what);
    };
    let mut changes = server.board.changes();
    changes.mark_changed();
    let mut response = Sse::new(events(Stand {
        server,
        headers,
        changes,
        next: tokio::time::Instant::now(),
        over: false,
        _reader: reader,
    }))
    .into_response();
    // Proxies that gather what they pass on would hold events back.
    response.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn events(stand: Stand) -> impl Stream<Item = Result<Event, Infallible>> {
    futures::stream::unfold(stand, |mut stand| async move {
        if stand.over {
            return None;
        }
        let stop = stand.server.board.stop.clone();
        tokio::select! {
            () = stop.cancelled() => return None,
            () = wait(&mut stand) => {}
        }
        stand.changes.mark_unchanged();
        // A sign-out at another process counts here too.
        stand.server.access.recall(&stand.headers).await;
        let Ok(caller) = allowed(&stand.server, &stand.headers, Role::watches) else {
            stand.over = true;
            return Some((Ok(Event::default().event("signed-out").data("{}")), stand));
        };
        let board = serde_json::to_string(&stand.server.board.view(&caller.sees)).unwrap_or_default();
        stand.next = tokio::time::Instant::now() + EVERY;
        Some((Ok(Event::default().event("board").data(board).retry(Duration::from_secs(1))), stand))
    })
}

/// Until something changed, but no sooner than the next event may leave.
async fn wait(stand: &mut Stand) {
    // (An error only says that nothing changes any more.)
    let _ = tokio::time::timeout(AT_LEAST, stand.changes.changed()).await;
    tokio::time::sleep_until(stand.next).await;
}
