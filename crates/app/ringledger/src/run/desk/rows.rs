//! A parked row as the console shows it.

use console::{ParkedField, ParkedRow, ParkedStep, place_text};
use crm::Scalar;
use crm::correction::correctable;

use crate::parked::{ParkedRow as Row, Step, is_interval};

/// Fields that name the queue of a row.
const QUEUE: &str = "Queue__c";

/// The row as the console shows it.
pub(super) fn row(p: &Row) -> ParkedRow {
    let may = p.row.as_ref().map(|r| correctable(r.object)).unwrap_or_default();
    let fields = p.row.iter().flat_map(|r| &r.fields).map(|(name, value)| ParkedField {
        name: name.to_string(),
        value: value.to_json(),
        correctable: may.contains(&name.as_str()) && matches!(value, Scalar::Text(_) | Scalar::Null),
        corrected: p.corrected.contains(name),
    });
    let fields: Vec<ParkedField> = fields.collect();
    let further = may.iter().filter(|name| fields.iter().all(|f| f.name != **name));
    let queue = p.row.as_ref().and_then(|r| match r.field(QUEUE) {
        Some(Scalar::Text(queue)) => Some(queue.clone()),
        _ => None,
    });
    ParkedRow {
        place: place_text(p.event.position),
        parked_at: p.event.known_at.to_rfc3339(),
        target: p.target.clone(),
        object: p.object.clone(),
        call_id: p.call_id.clone(),
        interval: is_interval(&p.object),
        earlier: p.earlier.iter().copied().map(place_text).collect(),
        center: p.event.center.to_string(),
        switch: p.event.switch.to_string(),
        queue,
        key: p.row.as_ref().map(|r| r.key.clone()),
        reason: p.reason.clone(),
        further: further.map(|name| (*name).to_owned()).collect(),
        fields,
        history: p.history.iter().map(step).collect(),
    }
}

fn step(step: &Step) -> ParkedStep {
    ParkedStep {
        at: step.at.to_rfc3339(),
        what: step.what.to_owned(),
        who: step.who.as_ref().map(ToString::to_string),
        text: step.text.clone(),
    }
}
