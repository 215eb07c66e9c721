//! A server over nothing, for tests of routes.

use std::sync::Arc;

use async_trait::async_trait;
use model::Name;
use model::facts::Recording;
use vault::{Hearing, Wanted};

use crate::{Access, Board, Clock, Health, Library, LibraryError, Parts, Server};

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

/// Without recordings, over an empty lake and an empty log, always ready.
pub(crate) async fn server(access: Access) -> Arc<Server> {
    server_over(access, &model::facts::Facts::default()).await
}

/// The same over a lake with these facts.
pub(crate) async fn server_over(access: Access, facts: &model::facts::Facts) -> Arc<Server> {
    let clock: Clock = Arc::new(|| model::Instant::from_secs(1_795_334_400));
    // Dropped with the process's other temporary files: the server outlives this function.
    let folder = tempfile::tempdir().expect("a folder").keep();
    let log = event_log::EmbeddedLog::open(&folder.join("log")).expect("a log");
    let lake = tables::Lake::open(tables::LakeConfig::folder(folder.join("lake"), "test")).await.expect("a lake");
    lake.ensure_tables().await.expect("tables");
    let txn = tables::Txn { app_id: "test/facts/cti.events-0".into(), version: 1, seen: None };
    for table in tables::Table::ALL {
        lake.commit(table, facts, std::slice::from_ref(&txn)).await.expect("lands");
    }
    let parts = Parts {
        library: Arc::new(Nothing),
        health: Arc::new(Nothing),
        board: Board::still(crate::live::Limits::default(), clock.clone()),
        reports: Arc::new(tables::Reports::new(Arc::new(lake), tables::Limits::default())),
        log: Arc::new(log),
        clock,
    };
    Arc::new(Server::new(access, parts))
}
