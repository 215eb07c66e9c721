//! A contact's story: who did what when, as lanes that are drawn, as a table of the same
//! facts, and in words.
//!
//! Contract: pure; made of what the tables say, times as they say them. What has no end
//! reaches to the end of the story and is said to last. Drawing and table are made of one
//! list of lanes, so that they hold the same facts.

pub(super) mod axis;
pub(super) mod drawing;
mod lanes;
#[cfg(test)]
pub(in crate::calls) mod samples;
pub(super) mod table;
#[cfg(test)]
mod tests;
pub(super) mod words;

use model::Instant;
use tables::Contact;

/// An open contact of which nothing was heard for so long is shown up to its last event.
const QUIET_MS: i64 = 4 * 3_600_000;

/// What is drawn.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Story {
    /// Its begin.
    pub from: Instant,
    /// Its end; of an open contact: now.
    pub to: Instant,
    /// Whether the contact lasts.
    pub open: bool,
    /// From top to bottom.
    pub lanes: Vec<Lane>,
    /// Between lanes.
    pub arrows: Vec<Arrow>,
}

/// One party's or one recording's time.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Lane {
    /// Whose.
    pub name: String,
    /// What kind.
    pub kind: Kind,
    /// Stretches.
    pub bars: Vec<Bar>,
    /// Moments.
    pub marks: Vec<Mark>,
}

/// What a lane is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The customer.
    Caller,
    /// A queue visit.
    Queue,
    /// An agent.
    Agent,
    /// A recording.
    Recording,
}

/// A stretch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bar {
    /// Begin.
    pub from: Instant,
    /// End; `None` while it lasts.
    pub to: Option<Instant>,
    /// What.
    pub what: What,
    /// More of it, such as `missed`.
    pub more: Option<String>,
}

/// What a stretch is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum What {
    /// In the call.
    Call,
    /// With the IVR.
    Ivr,
    /// Waiting in a queue.
    Wait,
    /// Ringing at an agent.
    Ring,
    /// Talking with the customer.
    Talk,
    /// Talking with another agent.
    Consult,
    /// Holding the customer.
    Hold,
    /// Being recorded.
    Recording,
    /// Announced and not there.
    Unrecorded,
    /// Not being recorded for a while.
    Suspended,
}

/// A moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    /// When.
    pub at: Instant,
    /// What.
    pub text: String,
}

/// A transfer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Arrow {
    /// When.
    pub at: Instant,
    /// The lane of who passed the contact on.
    pub from: usize,
    /// The lane that it went to; `None`: to no lane.
    pub to: Option<usize>,
    /// What.
    pub text: String,
}

/// The story of a contact, as of `now`.
pub(super) fn of(contact: &Contact, now: Instant) -> Story {
    let (lanes, arrows) = lanes::of(contact);
    let from = contact.call.started_at;
    let last = last_time(contact, &lanes);
    let open = contact.call.ended_at.is_none();
    let quiet = now.millis_since(last) > QUIET_MS;
    let to = if open && now > last && !quiet { now } else { last };
    // Never empty: a contact that ended as it began has a width too.
    Story { from, to: to.max(from.plus_millis(1)), open, lanes, arrows }
}

/// The last time that anything says.
fn last_time(contact: &Contact, lanes: &[Lane]) -> Instant {
    let bars = lanes.iter().flat_map(|l| &l.bars).flat_map(|b| [Some(b.from), b.to]);
    let marks = lanes.iter().flat_map(|l| &l.marks).map(|m| Some(m.at));
    let call = [contact.call.ended_at, Some(contact.call.started_at)];
    let all = bars.chain(marks).chain(call).flatten().max();
    // Of an open contact its last event, though it is drawn nowhere.
    let events = contact.events.iter().filter(|e| e.kind != "Acted").map(|e| e.at);
    let last = if contact.call.ended_at.is_none() { events.max() } else { None };
    all.into_iter().chain(last).max().unwrap_or(contact.call.started_at)
}
