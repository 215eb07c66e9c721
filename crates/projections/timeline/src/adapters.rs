//! What the IVR and adapters tell of a contact: data, menus, notes, dispositions,
//! call-backs.

use model::facts::VisitOutcome;
use model::{Body, Event, Name};

use crate::Timeline;
use crate::state::Cid;

/// Values kept of one contact's IVR, and notes of its agents, at most.
const KEPT: usize = 64;

impl Timeline {
    /// Takes what concerns a contact's story; other bodies are left alone.
    pub(crate) fn adapter_event(&mut self, cid: Cid, event: &Event) {
        let by_adapter = match &event.body {
            Body::CallbackRequested { leaves_queue, .. } => *leaves_queue,
            _ => false,
        };
        if by_adapter {
            self.taken_out(cid, event);
        }
        let Some(contact) = self.touch(cid) else { return };
        match &event.body {
            Body::DataCollected { name, values } => {
                contact.self_served |= name.eq_ignore_ascii_case("SelfServed");
                for (key, value) in values {
                    put(&mut contact.ivr, key, value);
                }
            }
            Body::MenuChosen { digit, menu } => {
                let step: Name = menu.as_ref().map_or_else(|| digit.clone(), |m| format!("{m}:{digit}").into());
                let path = contact.ivr.iter().find(|(k, _)| k == "menu_path").map(|(_, v)| v.clone());
                let path = path.map_or_else(|| step.clone(), |p| format!("{p}>{step}").into());
                put(&mut contact.ivr, &Name::new_static("menu_path"), &path);
            }
            Body::NoteSaved { text } if contact.notes.len() < KEPT => {
                contact.notes.push(text.clone());
                contact.dirty = true;
            }
            Body::DispositionSet { disposition } => {
                contact.dirty |= contact.disposition.as_ref() != Some(disposition);
                contact.disposition = Some(disposition.clone());
            }
            Body::CallbackRequested { .. } => contact.callback = true,
            _ => return,
        }
        contact.late_change();
    }

    /// An adapter took the caller out of the queue for a call-back.
    fn taken_out(&mut self, cid: Cid, event: &Event) {
        let Some(contact) = self.contacts.get(&cid) else { return };
        let of =
            |v: &crate::state::VisitState| v.is_waiting() && (event.connection.is_none() || v.conn == event.connection);
        let Some(visit) = contact.newest_visit(of).and_then(|i| contact.visits.get(i)) else { return };
        let queue = visit.row.queue.clone();
        let event = Event { connection: visit.conn.clone(), ..event.clone() };
        let outcome = VisitOutcome::FlowOut(model::event::DivertReason::Callback);
        self.left(cid, &event, &queue, outcome, None, None);
    }
}

fn put(map: &mut Vec<(Name, Name)>, key: &Name, value: &Name) {
    match map.iter().position(|(k, _)| k == key) {
        Some(i) => map[i].1.clone_from(value),
        None if map.len() < KEPT => map.push((key.clone(), value.clone())),
        None => {}
    }
}
