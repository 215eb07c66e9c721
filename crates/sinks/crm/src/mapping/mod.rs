//! Facts into rows. Pure: what time it is and who the caller is come as data.

mod contact;
mod fields;
pub(crate) mod interval;
mod task;

use chrono_tz::Tz;
use model::Instant;
use model::Roster;
use model::facts::{Call, ContactOutcome, Direction};

use crate::config::{MappingSettings, Which};
use crate::matcher::Party;
use crate::row::Row;

pub use interval::{HALF_HOUR_MS, interval_rows};

/// What mapping needs beside the facts.
#[derive(Clone, Copy, Debug)]
pub struct MappingContext<'a> {
    /// What is written.
    pub settings: &'a MappingSettings,
    /// The agents of the contact's switch.
    pub roster: &'a Roster,
    /// The CRM target's name, as in `Call::crm`.
    pub target: &'a str,
}

/// Whether the Task of a contact is there already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TaskState {
    /// It is to be written.
    NotWritten,
    /// It is written; only `Call_Metric__c` changes from now on.
    Written {
        /// Its id, where the CRM told one.
        id: Option<String>,
    },
}

impl TaskState {
    /// What the contact's own record says of it (`Call::crm`).
    pub fn of(call: &Call, target: &str) -> Self {
        let link = call.crm.iter().find(|l| l.target == target && l.object == "Task");
        link.map_or(Self::NotWritten, |l| Self::Written { id: l.record_id.as_ref().map(ToString::to_string) })
    }
}

/// When a contact's rows are due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// It lasts, or causes no write at all.
    Never,
    /// Everything is there: now.
    Now,
    /// Recording or wrap-up are outstanding: at this instant at the latest.
    At(Instant),
}

/// When a contact's rows are due: once every channel has ended and its recordings and
/// wrap-up are known, else `settle_ms` after its end. The end of an import releases it
/// (the engine then takes `At` as `Now`).
pub fn due(call: &Call, settings: &MappingSettings) -> Due {
    let Some(ended) = call.ended_at.filter(|_| wanted(call, settings)) else { return Due::Never };
    let outstanding = call.recordings.iter().any(|r| r.state == model::facts::RecordingState::Pending)
        || (call.outcome == ContactOutcome::Answered && call.disposition.is_none() && call.notes.is_empty());
    if outstanding { Due::At(ended.plus_millis(settings.settle_ms)) } else { Due::Now }
}

/// Whether a contact is written at all.
pub fn wanted(call: &Call, settings: &MappingSettings) -> bool {
    if call.merged_into.is_some() || call.crm_only {
        return false;
    }
    let which = match (call.direction, call.outcome) {
        (Direction::Outbound, _) => Which::Outbound,
        (Direction::Internal, _) => Which::Internal,
        (Direction::Inbound, ContactOutcome::Answered) => Which::InboundAnswered,
        (Direction::Inbound, ContactOutcome::Abandoned) => Which::InboundAbandoned,
        (Direction::Inbound, ContactOutcome::IvrAbandoned | ContactOutcome::SelfServed) => Which::InboundIvr,
        (Direction::Inbound, _) => Which::InboundOther,
    };
    settings.contacts.contains(&which)
}

/// The rows of a contact: its Task, unless it is written already, and its
/// `Call_Metric__c`. None where the contact is not wanted or has not ended.
pub fn contact_rows(call: &Call, context: &MappingContext<'_>, party: &Party, task: &TaskState) -> Vec<Row> {
    if !wanted(call, context.settings) || call.ended_at.is_none() {
        return Vec::new();
    }
    let mut rows = Vec::new();
    if *task == TaskState::NotWritten {
        rows.push(task::row(call, context, party));
    }
    rows.push(contact::row(call, context, party, task));
    rows
}

/// `center/switch/call`: the external id of a contact's records.
pub fn call_key(call: &Call) -> String {
    format!("{}/{}/{}", call.center, call.switch, call.call_id)
}

/// A time zone by its IANA name.
pub(crate) fn zone(name: &str) -> Result<Tz, String> {
    name.parse::<Tz>().map_err(|_| format!("time_zone = '{name}': give an IANA name such as Europe/London"))
}
