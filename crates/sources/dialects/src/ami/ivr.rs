//! What the dial plan says of the caller's way: what was collected, what was chosen.

use model::event::Body;
use model::{Name, event};

use super::fields::Fields;
use super::state::State;
use crate::emit::Emit;

/// For how long, in milliseconds, a pressed key explains a step onto its extension.
const KEY_EXPLAINS_MS: i64 = 10_000;
/// Names of user events by which dial plans ask for a call-back.
const CALLBACK: [&str; 3] = ["CallbackRequested", "CallbackRequest", "Callback"];
/// Headers that may hold the number to call.
const NUMBERS: [&str; 5] = ["CallbackNumber", "Number", "PhoneNumber", "Phone", "CallerNumber"];

impl State {
    /// `UserEvent`: everything behind its name is what the dial plan put in.
    pub fn user_event(&mut self, fields: &Fields<'_>, emit: &mut Emit<'_>) {
        let uid = self.touch("", fields, emit);
        let Some(name) = fields.name("UserEvent") else { return };
        let whom = uid.map(|u| self.whom(&u)).unwrap_or_default();
        let values: Vec<(Name, Name)> = fields
            .behind("UserEvent")
            .filter(|(n, _)| !n.eq_ignore_ascii_case("ActionID"))
            .map(|(n, v)| (n.into(), v.into()))
            .collect();
        let is_callback = CALLBACK.iter().any(|c| name.eq_ignore_ascii_case(c));
        let number = NUMBERS.iter().find_map(|n| values.iter().find(|(k, _)| k.eq_ignore_ascii_case(n)));
        let number = number.and_then(|(_, v)| crate::emit::named(v));
        emit.push(&whom, Body::DataCollected { name, values });
        if is_callback {
            emit.push(&whom, Body::CallbackRequested { number, leaves_queue: false });
        }
    }

    /// `DTMFEnd` of a key that the party itself pressed.
    pub fn key_pressed(&mut self, fields: &Fields<'_>, emit: &mut Emit<'_>) {
        let Some(uid) = self.touch("", fields, emit) else { return };
        let Some(digit) = fields.get("Digit").and_then(single) else { return };
        if fields.get("Direction") == Some("Received")
            && let Some(channel) = self.channels.get_mut(&uid)
        {
            channel.key = Some((emit.now(), digit));
        }
    }

    /// A step onto an extension that is a key: a choice in a menu, where that key was
    /// just pressed and the caller is in no queue.
    pub fn key_taken(&mut self, uid: &Name, fields: &Fields<'_>, emit: &mut Emit<'_>) {
        let Some(digit) = fields.get("Extension").and_then(single) else { return };
        let Some(channel) = self.channels.get_mut(uid) else { return };
        let Some((at, key)) = channel.key else { return };
        if key != digit {
            return;
        }
        channel.key = None;
        if channel.visit.is_some() || emit.now().millis_since(at) > KEY_EXPLAINS_MS {
            return;
        }
        let digit = Name::from_iter([digit]);
        emit.push(&self.whom(uid), event::Body::MenuChosen { digit, menu: fields.name("Context") });
    }
}

/// The one key that a text is.
fn single(text: &str) -> Option<char> {
    let mut chars = text.chars();
    let key = chars.next().filter(|c| c.is_ascii_digit() || matches!(c, '*' | '#'))?;
    chars.next().is_none().then_some(key)
}
