//! Rows that a CRM refused for good and has not taken since, as the events tell.
//!
//! Contract: the latest word on a row counts. A contact's row is known by its switch and
//! call (two switches may give the same native id); an interval's row, which merges
//! switches, by its key alone. A row that somebody corrected stands with the corrected
//! fields; one that was given up stands no more. Parked again, it stands as it was made of
//! the facts, with its history.

mod giving;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};

use crm::correction::corrected;
use crm::{Object, Row};
use model::facts::EventRow;
use model::{Act, Instant, Name, Position};
use serde_json::Value;
use tables::{Filter, Lake, TablesError};

pub use giving::{Given, correct, discard, give};

/// Steps of a history that are kept: the newest.
const STEPS: usize = 50;

/// A parked row, with the event that says so.
pub struct ParkedRow {
    /// The event.
    pub event: EventRow,
    /// The CRM target.
    pub target: String,
    /// API name of its object.
    pub object: String,
    /// The contact, or the key of an interval.
    pub call_id: String,
    /// What the CRM said.
    pub reason: String,
    /// What is to be written, corrections included; `None` where this build cannot read it.
    pub row: Option<Row>,
    /// Fields that somebody corrected since it was parked.
    pub corrected: Vec<Name>,
    /// What became of it so far, oldest first.
    pub history: Vec<Step>,
    /// Where it was parked before, without having been written since.
    pub earlier: Vec<Position>,
}

/// A step in the history of a parked row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// When it was said.
    pub at: Instant,
    /// `parked`, `corrected` or `retried`.
    pub what: &'static str,
    /// Who; none where the stage did it.
    pub who: Option<Name>,
    /// What the CRM said, or what was changed and why.
    pub text: String,
}

/// Which row an act speaks of.
type Identity = (String, String, String, String);

/// Whether rows of this object belong to no single switch.
pub fn is_interval(object: &str) -> bool {
    object == Object::QueueInterval.name()
}

/// The parked rows that stand, oldest first.
///
/// # Errors
/// The tables cannot be read.
pub async fn standing(lake: &Lake, filter: &Filter) -> Result<Vec<ParkedRow>, TablesError> {
    standing_with(lake, filter, &[]).await
}

/// The same, with acts that were told just now and may not have reached the tables.
///
/// # Errors
/// The tables cannot be read.
pub async fn standing_with(lake: &Lake, filter: &Filter, told: &[EventRow]) -> Result<Vec<ParkedRow>, TablesError> {
    let mut events = lake.acts("/ringledger/crm", filter).await?;
    let known: HashSet<Position> = events.iter().map(|e| e.position).collect();
    events.extend(told.iter().filter(|e| !known.contains(&e.position)).cloned());
    Ok(latest(events))
}

fn latest(mut events: Vec<EventRow>) -> Vec<ParkedRow> {
    // By when it was said: an interval's switches may stand in several partitions.
    events.sort_by_key(|e| (e.known_at, e.position));
    let mut standing: HashMap<Identity, ParkedRow> = HashMap::new();
    for event in events {
        let Some((identity, act)) = act(&event).and_then(|act| Some((identity(&event, &act)?, act))) else { continue };
        match act {
            Act::CrmWritten { .. } | Act::CrmDiscarded { .. } => {
                standing.remove(&identity);
            }
            Act::CrmParked { call_id, target, object, reason, row } => {
                let before = standing.remove(&identity);
                let earlier = before.as_ref().map(|b| b.places().collect()).unwrap_or_default();
                let history = before.map(|b| b.history).unwrap_or_default();
                let mut parked = ParkedRow {
                    target: target.to_string(),
                    object: object.to_string(),
                    call_id: call_id.to_string(),
                    row: serde_json::from_str(&row).ok(),
                    corrected: Vec::new(),
                    history,
                    earlier,
                    reason: reason.clone(),
                    event,
                };
                parked.step("parked", None, reason);
                standing.insert(identity, parked);
            }
            other => {
                if let Some(parked) = standing.get_mut(&identity) {
                    parked.take(other, event.known_at);
                }
            }
        }
    }
    let mut rows: Vec<ParkedRow> = standing.into_values().collect();
    rows.sort_by_key(|p| p.event.position);
    rows
}

impl ParkedRow {
    /// Where it is parked and where it was before: who read it there means this row.
    pub fn places(&self) -> impl Iterator<Item = Position> {
        self.earlier.iter().copied().chain([self.event.position])
    }

    fn step(&mut self, what: &'static str, who: Option<Name>, text: String) {
        self.step_at(self.event.known_at, what, who, text);
    }

    fn step_at(&mut self, at: Instant, what: &'static str, who: Option<Name>, text: String) {
        self.history.push(Step { at, what, who, text });
        let more = self.history.len().saturating_sub(STEPS);
        self.history.drain(..more);
    }

    /// What somebody did with it.
    fn take(&mut self, act: Act, at: Instant) {
        match act {
            Act::CrmCorrected { fields, who, reason, .. } => {
                // Fields that this build does not let anybody correct are left as they were.
                let Some(row) = self.row.as_ref().and_then(|row| corrected(row, &fields).ok()) else { return };
                self.row = Some(row);
                let said = |(name, text): &(Name, Option<String>)| {
                    format!("{name} = {}", text.as_deref().map_or("(empty)".to_owned(), |t| format!("'{t}'")))
                };
                let text = format!("{}: {reason}", fields.iter().map(said).collect::<Vec<_>>().join(", "));
                self.corrected.extend(fields.into_iter().map(|(name, _)| name));
                self.corrected.sort();
                self.corrected.dedup();
                self.step_at(at, "corrected", Some(who), text);
            }
            Act::CrmRetried { who, outcome, .. } => self.step_at(at, "retried", Some(who), outcome),
            _ => {}
        }
    }
}

fn act(event: &EventRow) -> Option<Act> {
    let details: Value = serde_json::from_str(&event.details).ok()?;
    serde_json::from_value(details.get("Acted").cloned().unwrap_or(details)).ok()
}

/// Which row an act of the CRM speaks of.
fn identity(event: &EventRow, act: &Act) -> Option<Identity> {
    let (Act::CrmWritten { call_id, target, object, .. }
    | Act::CrmParked { call_id, target, object, .. }
    | Act::CrmCorrected { call_id, target, object, .. }
    | Act::CrmRetried { call_id, target, object, .. }
    | Act::CrmDiscarded { call_id, target, object, .. }) = act
    else {
        return None;
    };
    let place = if is_interval(object) { String::new() } else { format!("{}/{}", event.center, event.switch) };
    Some((target.to_string(), object.to_string(), place, call_id.to_string()))
}
