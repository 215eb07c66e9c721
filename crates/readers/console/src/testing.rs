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

/// Without recordings, always ready.
pub(crate) fn server(access: Access) -> Arc<Server> {
    let clock: Clock = Arc::new(|| model::Instant::from_secs(1_795_334_400));
    let board = Board::still(crate::live::Limits::default(), clock);
    Arc::new(Server::new(access, Parts { library: Arc::new(Nothing), health: Arc::new(Nothing), board }))
}
