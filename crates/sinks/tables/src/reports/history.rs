//! How one contact's rows came to be what they are: their revisions, and what was done
//! with it outside.
//!
//! Contract: asked for a contact that the asker was given, so nothing is judged again here.
//! A revision begins within a day of the newest one's begin. What a CRM refused stands at
//! the contact's end, as the stage writes it.

use model::facts::{Call, EventRow, Visit};

use super::Reports;
use crate::error::TablesError;
use crate::read::Filter;

/// A day, milliseconds.
const DAY_MS: i64 = 86_400_000;

/// The past of one contact.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    /// Revisions of its record, the first one first. Recordings are as the record had them.
    pub calls: Vec<Call>,
    /// Revisions of its visits, by visit.
    pub visits: Vec<Visit>,
    /// Acts of the CRM stage about it (`model::Act`), in the order of the log.
    pub crm: Vec<EventRow>,
}

impl Reports {
    /// Revisions of a contact, and what the CRM stage told of it.
    ///
    /// # Errors
    /// A table is absent or cannot be read.
    pub async fn history(&self, call: &Call) -> Result<History, TablesError> {
        let of_call = Filter {
            call_id: Some(call.call_id.clone()),
            switch: Some(call.switch.clone()),
            from: Some(call.started_at.plus_millis(-DAY_MS)),
            to: Some(call.ended_at.unwrap_or(call.started_at).plus_millis(DAY_MS)),
            ..Filter::default()
        };
        let mut calls: Vec<Call> = self.0.lake.every(&of_call).await?;
        calls.sort_by_key(|c| c.revision);
        let mut visits: Vec<Visit> = self.0.lake.every(&of_call).await?;
        visits.sort_by(|a, b| (a.joined_at, &a.visit_id, a.revision).cmp(&(b.joined_at, &b.visit_id, b.revision)));
        Ok(History { calls, visits, crm: self.told_by_crm(call).await? })
    }

    async fn told_by_crm(&self, call: &Call) -> Result<Vec<EventRow>, TablesError> {
        let Some(end) = call.ended_at else { return Ok(Vec::new()) };
        let at_end = Filter {
            switch: Some(call.switch.clone()),
            from: Some(end),
            to: Some(end.plus_millis(1)),
            ..Filter::default()
        };
        let mut events = self.0.lake.events(&at_end).await?;
        events.retain(|e| e.kind == "Acted" && e.source == "/ringledger/crm" && names(e, call));
        events.sort_by_key(|e| e.position);
        Ok(events)
    }
}

/// Whether an act speaks of the contact.
fn names(event: &EventRow, call: &Call) -> bool {
    let read = serde_json::from_str::<serde_json::Value>(&event.details);
    read.is_ok_and(|d| d.pointer("/Acted/call_id").is_some_and(|id| *id == *call.call_id.as_str()))
}
