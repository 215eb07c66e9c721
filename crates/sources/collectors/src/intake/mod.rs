//! The HTTP intake: `POST /v1/events` takes CloudEvents of adapters (`cti.adapter`).
//!
//! Forms: one structured event (`application/cloudevents+json`), a batch
//! (`application/cloudevents-batch+json`), one event in binary mode (`ce-*` headers).
//! Answer: 202 with what was taken and what was there already, only after the log has it;
//! else problem details (RFC 9457) that name each event and what is wrong with it. A
//! request is taken whole or not at all.
//! Duplicates: the same `source` and `id` is one event, for seven days, also over a restart
//! and within one batch; see [`ids`]. Order: that of the requests as they were completed.
//! Attributes: `switch` is required, for it chooses the partition; any switch may be named.
//! `receivedtime`, `epoch`, `sequence` and attributes that we do not know are not kept.
//! Limits: see [`limits`]. More requests than [`IntakeSettings::in_work`] at once are sent
//! away with 503 and `Retry-After`.
//! Sources: CloudEvents 1.0.2, its JSON format and its HTTP protocol binding.

mod answer;
mod check;
pub mod ids;
pub mod limits;
pub mod lines;
mod read;
mod writer;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::post;
use event_log::{EventLog, LogError};
use model::{Envelope, Instant, Name};
use tokio::sync::{Semaphore, mpsc, oneshot};

use self::answer::Problem;
use self::ids::Ids;
use self::writer::{Job, Taken};

/// Tells who sends, or with which status they are sent away (401, 403). The name is for
/// the log of the process only.
pub type MaySend = Arc<dyn Fn(&HeaderMap) -> Result<Name, StatusCode> + Send + Sync>;
/// The clock.
pub type Clock = Arc<dyn Fn() -> Instant + Send + Sync>;

/// What can be set.
#[derive(Clone, Debug)]
pub struct IntakeSettings {
    /// The centre of events that name none.
    pub center: Name,
    /// Requests in work at once.
    pub in_work: usize,
    /// Ids remembered at most, about 50 bytes each; over it the oldest are forgotten early.
    pub most_ids: usize,
}

impl Default for IntakeSettings {
    fn default() -> Self {
        Self { center: Name::new_static("main"), in_work: 64, most_ids: 2_000_000 }
    }
}

/// What an intake did since its start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IntakeCounts {
    /// Events appended.
    pub accepted: u64,
    /// Events that were there already.
    pub repeated: u64,
    /// Values masked in them.
    pub masked: u64,
    /// Requests refused for what they said.
    pub refused: u64,
    /// Requests sent away because too many were in work.
    pub sent_away: u64,
    /// Requests that failed because the log did not take them.
    pub failed: u64,
    /// Ids forgotten before their seven days were over.
    pub forgotten_early: u64,
}

#[derive(Default)]
struct Counters {
    accepted: AtomicU64,
    repeated: AtomicU64,
    masked: AtomicU64,
    refused: AtomicU64,
    sent_away: AtomicU64,
    failed: AtomicU64,
    forgotten_early: AtomicU64,
}

/// The intake. One a log: two would not know each other's ids.
pub struct Intake {
    settings: IntakeSettings,
    may_send: MaySend,
    now: Clock,
    places: Arc<Semaphore>,
    jobs: mpsc::Sender<Job>,
    counters: Arc<Counters>,
}

impl Intake {
    /// Reads the ids of the last seven days back and starts writing.
    ///
    /// # Errors
    /// The log cannot be read.
    pub async fn open(
        log: Arc<dyn EventLog>,
        settings: IntakeSettings,
        may_send: MaySend,
        now: Clock,
    ) -> Result<Arc<Self>, LogError> {
        let ids = Ids::read_back(&*log, now(), settings.most_ids).await?;
        let (jobs, waiting) = mpsc::channel(settings.in_work.max(1));
        let counters = Arc::new(Counters::default());
        tokio::spawn(writer::run(log, ids, waiting, counters.clone()));
        let places = Arc::new(Semaphore::new(settings.in_work.max(1)));
        Ok(Arc::new(Self { settings, may_send, now, places, jobs, counters }))
    }

    /// The route `POST /v1/events`.
    pub fn router(self: Arc<Self>) -> Router {
        Router::new().route("/v1/events", post(take)).with_state(self)
    }

    /// What was done so far.
    pub fn counts(&self) -> IntakeCounts {
        let read = |n: &AtomicU64| n.load(Ordering::Relaxed);
        let c = &self.counters;
        IntakeCounts {
            accepted: read(&c.accepted),
            repeated: read(&c.repeated),
            masked: read(&c.masked),
            refused: read(&c.refused),
            sent_away: read(&c.sent_away),
            failed: read(&c.failed),
            forgotten_early: read(&c.forgotten_early),
        }
    }

    async fn taken(&self, headers: &HeaderMap, body: Body) -> Result<Taken, Problem> {
        let sender = (self.may_send)(headers).map_err(Problem::not_allowed)?;
        let place = self.places.clone().try_acquire_owned().map_err(|_| Problem::busy())?;
        let body = received(headers, body).await?;
        let (events, masked) = self.events(headers, &body)?;
        let (done, outcome) = oneshot::channel();
        let (count, job) = (events.len(), Job { events, done, place });
        self.jobs.send(job).await.map_err(|_| Problem::stopping())?;
        let taken = outcome.await.map_err(|_| Problem::stopping())?.map_err(|e| Problem::log(&e))?;
        tracing::debug!(%sender, count, "events of an adapter");
        self.counters.masked.fetch_add(masked, Ordering::Relaxed);
        Ok(taken)
    }

    /// The events of a request, masked, and how many values were.
    fn events(&self, headers: &HeaderMap, body: &Bytes) -> Result<(Vec<Envelope>, u64), Problem> {
        let received = (self.now)();
        let (mut events, mut faults, mut masked) = (Vec::new(), Vec::new(), 0);
        for (index, raw) in read::events(headers, body)?.into_iter().enumerate() {
            match check::event(raw, received, &self.settings.center) {
                Ok((event, values)) => {
                    masked += u64::from(values);
                    events.push(event);
                }
                Err(wrong) => faults.extend(wrong.at(index)),
            }
        }
        if faults.is_empty() { Ok((events, masked)) } else { Err(Problem::events(faults)) }
    }
}

async fn take(State(intake): State<Arc<Intake>>, headers: HeaderMap, body: Body) -> Response {
    let count = |n: &AtomicU64, by: u64| n.fetch_add(by, Ordering::Relaxed);
    match intake.taken(&headers, body).await {
        Ok(taken) => {
            count(&intake.counters.accepted, taken.accepted);
            count(&intake.counters.repeated, taken.repeated);
            answer::accepted(&taken)
        }
        Err(problem) => {
            let counter = match problem.status {
                _ if problem.sent_away => &intake.counters.sent_away,
                StatusCode::SERVICE_UNAVAILABLE => &intake.counters.failed,
                _ => &intake.counters.refused,
            };
            count(counter, 1);
            problem.response()
        }
    }
}

async fn received(headers: &HeaderMap, body: Body) -> Result<Bytes, Problem> {
    let told = headers.get("content-length").and_then(|v| v.to_str().ok()).and_then(|v| v.parse::<u64>().ok());
    if told.is_some_and(|n| n > limits::BODY as u64) {
        return Err(Problem::too_large());
    }
    match tokio::time::timeout(limits::BODY_PATIENCE, to_bytes(body, limits::BODY)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(_)) => Err(Problem::too_large()),
        Err(_) => Err(Problem::slow()),
    }
}
