//! What decoders share: canonical events with the fields that all of one record have in
//! common, and the plain reading of fields.

use model::event::{Body, DialResult};
use model::{Envelope, Event, Instant, Name, Position};

/// Whom an event concerns.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Whom {
    pub call_id: Option<Name>,
    pub connection: Option<Name>,
    pub queue: Option<Name>,
    pub agent: Option<Name>,
}

/// Appends the events of one record, in order, with rising ordinals.
pub(crate) struct Emit<'a> {
    out: &'a mut Vec<Event>,
    at: Instant,
    position: Position,
    known_at: Instant,
    ordinal: u16,
}

impl<'a> Emit<'a> {
    /// For the record in `envelope`, which happened `at`.
    pub fn of(envelope: &Envelope, position: Position, at: Instant, out: &'a mut Vec<Event>) -> Self {
        Self { out, at, position, known_at: envelope.received, ordinal: 0 }
    }

    /// For what was held back: it happened `at` and became known with the record at
    /// `position`, which the log took at `known_at`.
    pub fn at(position: Position, at: Instant, known_at: Instant, out: &'a mut Vec<Event>) -> Self {
        Self { out, at, position, known_at, ordinal: 0 }
    }

    /// When the record happened.
    pub fn now(&self) -> Instant {
        self.at
    }

    /// Appends one event.
    pub fn push(&mut self, whom: &Whom, body: Body) {
        self.push_at(self.at, whom, body);
    }

    /// Appends one event that happened before the record that tells it.
    pub fn push_at(&mut self, at: Instant, whom: &Whom, body: Body) {
        self.out.push(Event {
            at,
            position: self.position,
            ordinal: self.ordinal,
            known_at: self.known_at,
            call_id: whom.call_id.clone(),
            connection: whom.connection.clone(),
            queue: whom.queue.clone(),
            agent: whom.agent.clone(),
            body,
        });
        self.ordinal = self.ordinal.saturating_add(1);
    }
}

/// The text as a name; `None` where it is empty or only blanks.
pub(crate) fn named(text: &str) -> Option<Name> {
    let text = text.trim();
    (!text.is_empty()).then(|| Name::from(text))
}

/// Whether a number as received says that it is withheld. (Switches write such words in
/// place of a number; a prohibited presentation with a number needs the dialect's own flag.)
pub(crate) fn withheld(number: &str) -> bool {
    ["anonymous", "restricted", "private", "withheld"].iter().any(|w| number.trim().eq_ignore_ascii_case(w))
}

/// Whole or fractional seconds as milliseconds; `None` where the text is no such number.
pub(crate) fn seconds_to_ms(text: &str) -> Option<i64> {
    Instant::parse_epoch(text.trim()).map(Instant::millis)
}

/// A whole number that is not negative.
pub(crate) fn whole(text: &str) -> Option<i64> {
    let text = text.trim();
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

/// What the cause of a dialled party's end says (ITU-T Q.850, section 2.2.7), where it did
/// not answer. 102 and 127 say nothing of the party.
pub(crate) fn dial_result(cause: Option<u16>) -> DialResult {
    match cause {
        Some(17 | 21) => DialResult::Busy,
        None | Some(0 | 16 | 18 | 19 | 26 | 102 | 127) => DialResult::NoAnswer,
        Some(_) => DialResult::Failed,
    }
}
