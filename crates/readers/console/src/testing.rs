//! A server over nothing, for tests of routes.

use std::sync::Arc;

use async_trait::async_trait;
use event_log::dead_letters::DeadLetter;
use model::facts::Recording;
use model::{Name, Position};
use vault::{Hearing, Wanted};

use crate::{
    Access, Board, Clock, Correction, Desk, DeskError, Health, Library, LibraryError, Parked, ParkedField, ParkedRow,
    Parts, Retried, Server, Vitals, place_text,
};

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

#[async_trait]
impl Desk for Nothing {
    fn vitals(&self) -> Vitals {
        Vitals { running: true, ..Vitals::default() }
    }

    async fn retry_letters(&self, letters: &[(Position, DeadLetter)], who: &str) -> Result<Vec<Retried>, DeskError> {
        let tried = |(place, letter): &(Position, DeadLetter)| Retried {
            place: place_text(*place),
            result: "unreadable".to_owned(),
            text: format!("{who} tried {}", letter.id),
        };
        Ok(letters.iter().map(tried).collect())
    }

    async fn parked(&self, from: Option<model::Instant>) -> Result<Parked, DeskError> {
        Ok(Parked { rows: vec![parked_row()], from })
    }

    async fn retry_parked(&self, places: &[String], who: &str) -> Result<Vec<Retried>, DeskError> {
        let tried = |place: &String| Retried {
            place: place.clone(),
            result: "refused".to_owned(),
            text: format!("{who} tried"),
        };
        Ok(places.iter().map(tried).collect())
    }

    async fn correct_parked(&self, _: &str, fields: Correction, _: &str, _: &str) -> Result<(), DeskError> {
        match fields.as_slice() {
            [(name, Some(text))] if *name == "Subject" && text == "Call" => Ok(()),
            other => Err(DeskError::Refused(format!("{other:?}"))),
        }
    }

    async fn discard_parked(&self, _: &str, _: &str, _: &str) -> Result<(), DeskError> {
        Ok(())
    }
}

/// A row that a CRM refused.
pub(crate) fn parked_row() -> ParkedRow {
    let field = |name: &str, value: serde_json::Value, correctable| ParkedField {
        name: name.to_owned(),
        value,
        correctable,
        corrected: false,
    };
    ParkedRow {
        place: "3-42".to_owned(),
        parked_at: "2026-11-22T08:00:00Z".to_owned(),
        target: "salesforce".to_owned(),
        object: "Task".to_owned(),
        call_id: "7.1".to_owned(),
        interval: false,
        earlier: vec!["3-41".to_owned()],
        center: "main".to_owned(),
        switch: "pbx1".to_owned(),
        queue: None,
        key: Some("main/pbx1/7.1".to_owned()),
        reason: "STRING_TOO_LONG: Subject: data value too large".to_owned(),
        fields: vec![field("Subject", "Call from <b>".into(), true), field("CallDurationInSeconds", 7.into(), false)],
        further: vec!["OwnerId".to_owned()],
        history: Vec::new(),
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
        desk: Arc::new(Nothing),
        board: Board::still(crate::live::Limits::default(), clock.clone()),
        reports: Arc::new(tables::Reports::new(Arc::new(lake), tables::Limits::default())),
        log: Arc::new(log),
        clock,
    };
    Arc::new(Server::new(access, parts))
}
