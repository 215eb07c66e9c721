//! Rows of what an event changed.

use model::event::EndedBy;
use model::facts::{Call, ContactOutcome, Direction, EventRow, Facts};
use model::{Act, Body, Event, Instant, Name};

use crate::Timeline;
use crate::outcome;
use crate::state::{Cid, Contact, RecordingState};

impl Timeline {
    /// The row of the event itself. `call_id` is the contact's, `agent` the roster's name.
    pub(crate) fn event_row(&self, source: &Name, event: &Event) -> EventRow {
        let cid = self.locate(event);
        let call_id = cid.and_then(|c| self.contacts.get(&c)).map(|c| c.call_id.clone());
        let details = serde_json::to_string(&event.body).unwrap_or_else(|e| format!("{{\"unwritable\":\"{e}\"}}"));
        EventRow {
            event_id: format!("{}/{}/{}", event.position.partition, event.position.offset, event.ordinal).into(),
            source: source.clone(),
            kind: Name::new_static(event.body.kind()),
            at: time_of(event),
            center: self.center.clone(),
            switch: self.switch.clone(),
            call_id: call_id.or_else(|| event.call_id.clone()).or_else(|| event.connection.clone()),
            queue: event.queue.clone(),
            agent: event.agent.as_ref().map(|a| self.names.agent(a)),
            party: party(&event.body).or_else(|| event.connection.clone()),
            details,
            position: event.position,
            known_at: event.known_at,
        }
    }

    /// Rows of everything that this event changed.
    pub(crate) fn emit(&mut self, event: &Event, out: &mut Facts) {
        let mut touched = std::mem::take(&mut self.touched);
        touched.sort_unstable();
        touched.dedup();
        for cid in touched {
            let Some(contact) = self.contacts.get_mut(&cid) else { continue };
            contact.place_heard();
            changed_late(contact);
            emit_visits(contact, event, &mut self.counters.restated, out);
            emit_legs(contact, event, out);
            emit_recordings(contact, event, out);
            if contact.dirty || contact.crm_dirty {
                contact.revision += 1;
                let crm_only = !contact.dirty;
                contact.dirty = false;
                contact.crm_dirty = false;
                contact.told = Some(end_of(contact));
                out.calls.push(call_row(contact, &self.center, &self.switch, crm_only, event));
            }
        }
        self.heard.emit(event, out);
    }

    /// Marks a contact for `emit` and gives it.
    pub(crate) fn touch(&mut self, cid: Cid) -> Option<&mut Contact> {
        self.thaw(cid);
        self.touched.push(cid);
        self.contacts.get_mut(&cid)
    }
}

/// When it was; the end of an input is the time of the last event in it.
fn time_of(event: &Event) -> Instant {
    match &event.body {
        Body::Acted(act) => match act.as_ref() {
            Act::InputEnded { last_event, .. } => *last_event,
            _ => event.at,
        },
        _ => event.at,
    }
}

fn party(body: &Body) -> Option<Name> {
    match body {
        Body::Originated { number, .. } => number.clone(),
        Body::PartyKnown { ani, .. } | Body::Queued { ani, .. } => ani.clone(),
        Body::ClickToDial { number } => Some(number.clone()),
        Body::CallbackRequested { number, .. } => number.clone(),
        _ => None,
    }
}

/// Whatever changes of a contact that has ended makes a revision of its row: what the row
/// is made of, and what is worked out of that.
fn changed_late(contact: &mut Contact) {
    if contact.ended_at.is_none() && !contact.gave_up {
        return;
    }
    contact.dirty |= contact.visits.iter().any(|v| v.dirty)
        || contact.legs.iter().any(|l| l.dirty)
        || contact.recordings.iter().any(|r| r.dirty)
        || contact.told != Some(end_of(contact));
}

fn end_of(contact: &Contact) -> (ContactOutcome, EndedBy) {
    (outcome::outcome(contact), outcome::ended_by(contact))
}

fn emit_visits(contact: &mut Contact, event: &Event, restated: &mut u64, out: &mut Facts) {
    for visit in contact.visits.iter_mut().filter(|v| v.dirty) {
        visit.dirty = false;
        if visit.row.revision == 0 {
            visit.row.filed = visit.row.joined_at.days();
        }
        if visit.was_closed {
            *restated += 1;
        }
        visit.was_closed = visit.row.closed;
        visit.row.revision += 1;
        visit.row.call_id = contact.call_id.clone();
        visit.row.known_at = event.known_at;
        visit.row.last_event = event.position;
        out.queue_visits.push(visit.row.clone());
    }
}

fn emit_legs(contact: &mut Contact, event: &Event, out: &mut Facts) {
    for leg in contact.legs.iter_mut().filter(|l| l.dirty) {
        leg.dirty = false;
        if leg.row.revision == 0 {
            leg.row.filed = leg.row.offered_at.or(leg.row.answered_at).unwrap_or(event.at).days();
        }
        leg.row.revision += 1;
        leg.row.call_id = contact.call_id.clone();
        leg.row.known_at = event.known_at;
        leg.row.last_event = event.position;
        out.agent_legs.push(leg.row.clone());
    }
}

fn emit_recordings(contact: &mut Contact, event: &Event, out: &mut Facts) {
    for recording in contact.recordings.iter_mut().filter(|r| r.dirty) {
        emit_recording(recording, Some(&contact.call_id), event, out);
    }
}

pub(crate) fn emit_recording(recording: &mut RecordingState, call_id: Option<&Name>, event: &Event, out: &mut Facts) {
    recording.dirty = false;
    if recording.row.revision == 0 {
        recording.row.filed = recording.row.started_at.days();
    }
    recording.row.revision += 1;
    recording.row.call_id = call_id.cloned();
    recording.row.known_at = event.known_at;
    recording.row.last_event = event.position;
    out.recordings.push(recording.row.clone());
}

/// The contact's record as it stands.
pub(crate) fn call_row(contact: &Contact, center: &Name, switch: &Name, crm_only: bool, event: &Event) -> Call {
    Call {
        call_id: contact.call_id.clone(),
        revision: contact.revision,
        center: center.clone(),
        switch: switch.clone(),
        direction: contact.direction.unwrap_or(Direction::Internal),
        ani: contact.ani.clone(),
        ani_raw: contact.ani_raw.clone(),
        ani_withheld: contact.ani_withheld,
        dnis: contact.dnis.clone(),
        started_at: contact.started_at,
        ended_at: contact.ended_at,
        ivr: contact.ivr.clone(),
        queue_visits: contact.visits.iter().filter(|v| !v.row.retracted).map(|v| v.row.clone()).collect(),
        agent_legs: contact.legs.iter().filter(|l| !l.row.retracted).map(|l| l.row.clone()).collect(),
        holds: contact.holds.iter().map(|h| h.row.clone()).collect(),
        transfers: contact.transfers.clone(),
        conferenced: contact.conferenced,
        recordings: contact.recordings.iter().map(|r| r.row.clone()).collect(),
        ended_by: if contact.ended_at.is_some() { outcome::ended_by(contact) } else { EndedBy::Unknown },
        disposition: contact.disposition.clone(),
        notes: contact.notes.clone(),
        crm: contact.crm.clone(),
        outcome: outcome::outcome(contact),
        journey_id: None,
        merged_into: contact.merged_into.clone(),
        first_event: contact.first_event,
        last_event: event.position,
        known_at: event.known_at,
        crm_only,
        filed: contact.filed,
    }
}
