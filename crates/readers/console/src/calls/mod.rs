//! Calls: found by what is known of them, and each contact with its story down to the raw
//! events.
//!
//! Contract: pages and API are made of the same answers of [`tables::Reports`]; the whole
//! state of a list stands in its address. What the caller may not see is not found (404,
//! never 403). Raw events are read from the log where the tables say that they stand; what
//! masking took out never came there. Recordings are told of to all; heard at `/r/{id}` by
//! those who may. Every answer has a limit in size.

pub(crate) mod api;
mod ask;
pub(crate) mod contact_page;
mod crm;
mod etag;
mod parts;
mod raw;
mod raw_part;
mod revisions;
mod row;
pub(crate) mod search_page;
mod shape;
mod story;
mod when;

pub(crate) use raw::RawRecord;
pub(crate) use story::{Bar, What};
use tables::{Contact, TablesError};

use crate::auth::Caller;
use crate::pages::encode;
use crate::server::Server;

/// The page of a contact.
pub(crate) fn address(call_id: &str, switch: &str) -> String {
    format!("/calls/{}?switch={}", encode(call_id), encode(switch))
}

/// The calls of an agent.
pub(crate) fn of_agent(agent: &str) -> String {
    format!("/calls?agent={}", encode(agent))
}

/// The calls of a queue on the day (UTC) of an RFC 3339 instant.
pub(crate) fn of_queue(queue: &str, at: &str) -> String {
    format!("/calls?queue={}&from={}", encode(queue), at.get(..10).unwrap_or_default())
}

/// The contact, where there is one that the caller may see.
async fn find(
    server: &Server,
    caller: &Caller,
    call_id: &str,
    switch: Option<&str>,
) -> Result<Option<Contact>, TablesError> {
    let switch = switch.filter(|s| !s.is_empty());
    server.reports.contact(call_id, switch, &caller.sees.visible()).await
}

/// A value of a vocabulary as the tables write it: `no_answer`.
fn word(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(text)) => text,
        _ => String::new(),
    }
}
