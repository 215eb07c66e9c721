//! The stage `http`: recordings' links, health, metrics, the adapters' intake.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use collectors::intake::{Clock, Intake, IntakeSettings, MaySend};
use console::{Access, Answered, Board, Library, LibraryError, Parts, Server, counted, router, serve};
use event_log::{EventLog, NewRecord};
use model::facts::Recording;
use model::{Act, Name, TOPIC_EVENTS};
use tables::{Lake, Reports};
use tokio_util::sync::CancellationToken;
use vault::{Hearing, Vault, Wanted};

use super::access;
use super::desk::OurDesk;
use super::services::Services;
use super::supervise::Tasks;
use crate::failure::Failure;

/// How long those who listen to a recording may go on once the process drains.
const LEAVING: Duration = Duration::from_secs(5);
/// The intake's counts are taken so often.
const COUNTS_EVERY: Duration = Duration::from_secs(1);

/// No session lasts so long.
const OLD_SESSION: Duration = Duration::from_secs(24 * 3600);

/// Recordings as the lake, the log and the vault have them.
pub struct Shelf {
    /// The tables.
    pub lake: Arc<Lake>,
    /// The log, for accesses.
    pub log: Arc<dyn EventLog>,
    /// The vault.
    pub vault: Arc<Vault>,
}

fn failed(e: impl std::fmt::Display) -> LibraryError {
    LibraryError(e.to_string())
}

#[async_trait]
impl Library for Shelf {
    async fn find(&self, recording_id: &str) -> Result<Option<Recording>, LibraryError> {
        self.lake.recording(recording_id).await.map_err(failed)
    }

    async fn record_access(&self, recording: &Recording, who: &Name, reason: &str) -> Result<(), LibraryError> {
        let now = pipeline::clock::now();
        let act = Act::AccessGranted {
            recording_id: recording.recording_id.clone(),
            who: who.clone(),
            reason: reason.to_owned(),
        };
        let id = format!("access-{}-{who}-{}", recording.recording_id, now.0);
        let envelope = act.envelope("console", id.into(), (&recording.center, &recording.switch), now, now);
        self.log.append(TOPIC_EVENTS, vec![NewRecord::event(&envelope)]).await.map(drop).map_err(failed)
    }

    async fn open(&self, recording: &Recording, wanted: Option<Wanted>) -> Result<Hearing, LibraryError> {
        self.vault.serve(recording, wanted).await.map_err(failed)
    }
}

/// Starts the server where the pipeline has one; gives its address.
///
/// # Errors
/// Tokens or accounts cannot be read, or the address cannot be bound.
pub async fn start(
    services: &Arc<Services>,
    stop: CancellationToken,
    tasks: &mut Tasks,
) -> Result<Option<std::net::SocketAddr>, Failure> {
    let Some(section) = &services.config.http else { return Ok(None) };
    let access = access::of_section(section, services.log.clone())?;
    let address = serve_on(services, section.listen, access, stop, tasks).await?;
    Ok(Some(address))
}

/// Serves on `listen` those whom `access` knows.
///
/// # Errors
/// The address cannot be bound.
pub async fn serve_on(
    services: &Arc<Services>,
    listen: std::net::SocketAddr,
    access: Access,
    stop: CancellationToken,
    tasks: &mut Tasks,
) -> Result<std::net::SocketAddr, Failure> {
    let shelf = Shelf { lake: services.lake.clone(), log: services.log.clone(), vault: services.vault.clone() };
    let limits = services.config.http.as_ref().map(|h| h.board.clone()).unwrap_or_default();
    let board = Board::start(services.log.clone(), limits, Arc::new(pipeline::clock::now), stop.clone());
    let parts = Parts {
        library: Arc::new(shelf),
        health: services.telemetry.clone(),
        desk: Arc::new(OurDesk::new(services.clone())),
        board,
        reports: Arc::new(Reports::new(services.lake.clone(), tables::Limits::default())),
        log: services.log.clone(),
        clock: Arc::new(pipeline::clock::now),
    };
    let sessions = Arc::new(access::Sessions(services.state.clone()));
    let access = access.with_sessions(sessions.clone(), Arc::new(pipeline::clock::now));
    tokio::spawn(async move {
        if let Err(e) = sessions.sweep(OLD_SESSION).await {
            tracing::warn!(error = %e, "sessions that are over could not be removed");
        }
    });
    let server = Arc::new(Server::new(access, parts));
    let intake = intake(services, server.clone(), &stop).await?;
    let telemetry = services.telemetry.clone();
    let told = Arc::new(move |answered: &Answered<'_>| telemetry.answered(answered));
    let router = counted(router(server).merge(intake.router()), told);
    let (address, task) = serve(router, listen, stop.clone()).await.map_err(Failure::Other)?;
    let task = Arc::new(tokio::sync::Mutex::new(Some(task)));
    tasks.keep("http".to_owned(), move |stop| {
        let task = task.clone();
        async move {
            match task.lock().await.take() {
                None => Ok(()),
                Some(task) => until_left(task, stop).await,
            }
        }
    });
    Ok(address)
}

/// Waits for the server; once told to stop, those who listen still have a while.
async fn until_left(
    mut task: tokio::task::JoinHandle<std::io::Result<()>>,
    stop: CancellationToken,
) -> Result<(), String> {
    let cut = async {
        stop.cancelled().await;
        tokio::time::sleep(LEAVING).await;
    };
    tokio::select! {
        ended = &mut task => ended.map_err(|e| e.to_string())?.map_err(|e| e.to_string()),
        () = cut => {
            tracing::info!("connections that still listened were cut");
            task.abort();
            Ok(())
        }
    }
}

/// The adapters' intake: one a process, with the console's tokens.
async fn intake(
    services: &Arc<Services>,
    server: Arc<Server>,
    stop: &CancellationToken,
) -> Result<Arc<Intake>, Failure> {
    let may_send: MaySend = Arc::new(move |headers| server.access.sender(headers));
    let now: Clock = Arc::new(pipeline::clock::now);
    let intake = Intake::open(services.log.clone(), IntakeSettings::default(), may_send, now).await?;
    let (counted, telemetry, stop) = (intake.clone(), services.telemetry.clone(), stop.clone());
    tokio::spawn(async move {
        while !stop.is_cancelled() {
            telemetry.intake(counted.counts());
            tokio::time::sleep(COUNTS_EVERY).await;
        }
    });
    Ok(intake)
}
