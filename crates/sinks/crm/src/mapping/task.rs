//! A contact as a Task: written once, already `Completed`, since updating a Task locks
//! account, contact and related record.

use model::Name;
use model::facts::{Call, Direction};

use super::fields::{self, Fields, cut, text};
use super::{MappingContext, call_key, zone};
use crate::matcher::Party;
use crate::row::{Object, Row, Scalar};

/// Characters that `Subject` and `Description` hold.
const SUBJECT: usize = 255;
const DESCRIPTION: usize = 32_000;

pub(super) fn row(call: &Call, context: &MappingContext<'_>, party: &Party) -> Row {
    let key = call_key(call);
    let mut f: Fields = Vec::new();
    let mut put = |name: &'static str, value: Scalar| {
        if value != Scalar::Null {
            f.push((Name::new_static(name), value));
        }
    };
    put("Subject", Scalar::Text(cut(&subject(call), SUBJECT)));
    put("Status", text(Some("Completed")));
    put("Priority", text(Some("Normal")));
    put("ActivityDate", text(Some(activity_date(call, &context.settings.time_zone))));
    put("TaskSubtype", text(Some("Call")));
    put("CallType", text(Some(call_type(call.direction))));
    put("CallDurationInSeconds", Scalar::Int(fields::talk_ms(call).unwrap_or(0) / 1000));
    put("CallDisposition", Scalar::Text(cut(disposition(call), SUBJECT)));
    put("CallObject", Scalar::Text(cut(&call.call_id, SUBJECT)));
    put("WhoId", text(party.who()));
    put("WhatId", text(party.what()));
    put("OwnerId", text(owner(call, context, party)));
    if !call.notes.is_empty() {
        put("Description", Scalar::Text(cut(&call.notes.join("\n\n"), DESCRIPTION)));
    }
    put("Recording_URL__c", text(fields::recording_url(call, context)));
    Row {
        object: Object::Task,
        parent: party.parent().map_or_else(|| key.clone(), str::to_owned),
        key,
        fields: f,
        call_id: Some(call.call_id.clone()),
        switch: Some(call.switch.clone()),
        revision: call.revision,
    }
}

fn subject(call: &Call) -> String {
    let number = fields::number(call).map_or("a withheld number", Name::as_str);
    let queue = fields::chief_visit(call).map(|v| format!(" ({})", v.queue)).unwrap_or_default();
    match call.direction {
        Direction::Inbound => format!("Call from {number}{queue}"),
        Direction::Outbound => format!("Call to {}", call.dnis.as_deref().unwrap_or("an unknown number")),
        Direction::Internal => format!("Internal call from {number}"),
    }
}

const fn call_type(direction: Direction) -> &'static str {
    match direction {
        Direction::Inbound => "Inbound",
        Direction::Outbound => "Outbound",
        Direction::Internal => "Internal",
    }
}

fn disposition(call: &Call) -> &str {
    call.disposition.as_deref().unwrap_or_else(|| fields::outcome_word(call.outcome))
}

/// The day on which the contact began, in the centre's time zone. (An unknown zone was
/// refused when the configuration was read.)
fn activity_date(call: &Call, zone_name: &str) -> String {
    let zone = zone(zone_name).unwrap_or(chrono_tz::UTC);
    chrono::DateTime::from_timestamp_micros(call.started_at.0)
        .unwrap_or_default()
        .with_timezone(&zone)
        .format("%Y-%m-%d")
        .to_string()
}

/// The agent's CRM user; a caller who matched several parties goes to the review queue;
/// else the configured owner.
fn owner(call: &Call, context: &MappingContext<'_>, party: &Party) -> Option<String> {
    let review = context.settings.review_owner.clone().filter(|_| matches!(party, Party::Review { .. }));
    let user = fields::crm_user(fields::agent(call), context.roster).map(ToString::to_string);
    review.or(user).or_else(|| context.settings.default_owner.clone())
}
