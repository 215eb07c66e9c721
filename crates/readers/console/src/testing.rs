//! A server over nothing, for tests of routes.

use std::sync::Arc;

use async_trait::async_trait;
use model::Name;
use model::facts::Recording;
use vault::{Hearing, Wanted};

use crate::{Access, Board, Clock, Desk, Health, Library, LibraryError, Parts, Server, Vitals};

struct Nothing;

#[async_trait]
impl Library for Nothing {
    async fn find(&self, _: &str) -> Result<Option<Recording>, LibraryError> {
        Ok(None)
    }

    async fn record_access(&self, _: &Recording, _: &Name, _: &str) -> Result<(), LibraryError> {
        Ok(())
    }

    async fn open(&self, _: &Recording, _: Option<Wanted>) -> Result<Hearing, LibraryError> {
        Ok(Hearing::NotStored)
    }
}

impl Health for Nothing {
    fn ready(&self) -> Result<(), String> {
        Ok(())
    }

    fn metrics(&self) -> String {
        String::new()
    }
}

impl Desk for Nothing {
    fn vitals(&self) -> Vitals {
        Vitals { running: true, ..Vitals::default() }
    }
}

/// Without recordings, over an empty lake and an empty log, always ready.
pub(crate) async fn server(access: Access) -> Arc<Server> {
    let clock: Clock = Arc::new(|| model::Instant::from_secs(1_795_334_400));
    // Dropped with the process's other temporary files: the server outlives this function.
    let folder = tempfile::tempdir().expect("a folder").keep();
    let log = event_log::EmbeddedLog::open(&folder.join("log")).expect("a log");
    let lake = tables::Lake::open(tables::LakeConfig::folder(folder.join("lake"), "test")).await.expect("a lake");
    lake.ensure_tables().await.expect("tables");
    let parts = Parts {
        library: Arc::new(Nothing),
        health: Arc::new(Nothing),
        desk: Arc::new(Nothing),
        board: Board::still(crate::live::Limits::default(), clock.clone()),
        reports: Arc::new(tables::Reports::new(Arc::new(lake), tables::Limits::default())),
        log: Arc::new(log),
        clock,
    };
    Arc::new(Server::new(access, parts))
}
