//! Words of the pages of calls.

pub(crate) mod sentences;

use model::Name;
use model::event::{Body, TransferKind};
use model::facts::{Call, Direction, Transfer, VisitOutcome};

use crate::calls::{Bar, What};

pub(crate) const CALLS: &str = "Calls";
pub(crate) const FIND: &str = "Search";
pub(crate) const CLEAR: &str = "Clear";
pub(crate) const NONE_FOUND: &str = "No call fits this search.";
pub(crate) const NO_CALLS: &str = "No call has been recorded yet. Calls appear here once a switch tells of one.";
pub(crate) const ANY: &str = "any";
pub(crate) const FIRST_PAGE: &str = "Newest";
pub(crate) const NEXT_PAGE: &str = "Older";
pub(crate) const NO_SUCH: &str = "No such call";
pub(crate) const NO_SUCH_MORE: &str = "There is no call of this id that you may see.";
pub(crate) const UNREAD: &str = "The tables cannot be read now. Try again in a moment.";
pub(crate) const TIMELINE: &str = "Timeline";
pub(crate) const AS_TABLE: &str = "The timeline as a table";
pub(crate) const STORY: &str = "What happened";
pub(crate) const VISITS: &str = "Queue visits";
pub(crate) const LEGS: &str = "Agents";
pub(crate) const RECORDINGS: &str = "Recordings";
pub(crate) const CRM: &str = "CRM records";
pub(crate) const NOTES: &str = "Notes";
pub(crate) const REVISIONS: &str = "Revisions";
pub(crate) const RAW: &str = "Raw events";
pub(crate) const RAW_HINT: &str =
    "The records of the log behind this call, in its order, as they are kept. Card data was masked before the log.";
pub(crate) const RESTATED: &str = "restated";
pub(crate) const RESTATED_MORE: &str = "changed after it had ended";
pub(crate) const WITHHELD: &str = "withheld";
pub(crate) const UNKNOWN: &str = "unknown";
pub(crate) const HEAR: &str = "Listen";
pub(crate) const ONLY_PARTS: &str = "what belongs to it, such as a recording's state";
pub(crate) const MOMENT: &str = "Moment";
pub(crate) const TRANSFER: &str = "Transfer";
pub(crate) const LASTS: &str = "lasts";

/// Columns of the list.
pub(crate) const COLUMNS: [&str; 9] =
    ["Started", "From", "To", "Queue", "Agents", "Wait", "Talk", "Outcome", "Recordings"];

/// Outcomes of a contact: the word of the tables, and how it is shown.
pub(crate) const OUTCOMES: [(&str, &str); 12] = [
    ("answered", "answered"),
    ("callback", "call-back asked for"),
    ("abandoned", "abandoned"),
    ("rejected", "rejected"),
    ("lost", "lost"),
    ("ivr_abandoned", "left in the IVR"),
    ("self_served", "served itself"),
    ("connected", "connected"),
    ("busy", "busy"),
    ("no_answer", "no answer"),
    ("failed", "failed"),
    ("unknown", "unknown"),
];

/// Directions.
pub(crate) const DIRECTIONS: [(&str, &str); 3] =
    [("inbound", "inbound"), ("outbound", "outbound"), ("internal", "internal")];

fn of<'a>(list: &[(&'a str, &'a str)], word: &'a str) -> &'a str {
    list.iter().find(|(w, _)| *w == word).map_or(word, |(_, shown)| shown)
}

/// An outcome's word.
pub(crate) fn outcome(word: &str) -> &str {
    of(&OUTCOMES, word)
}

/// A recording's state.
pub(crate) fn recording_state(word: &str) -> &str {
    let states = [("intentionally_not", "not meant to be recorded"), ("orphan", "announced by nobody")];
    of(&states, word)
}

/// What became of an offer.
pub(crate) fn leg_result(word: &str) -> &str {
    of(&[("cancelled", "taken elsewhere or caller gone")], word)
}

/// An agent's part.
pub(crate) fn role(word: &str) -> &str {
    of(
        &[
            ("queue", "from the queue"),
            ("transfer_in", "took it over"),
            ("outbound", "dialled out"),
            ("internal", "talk between agents"),
        ],
        word,
    )
}

/// The customer's number, or what is known of it.
pub(crate) fn party(call: &Call) -> String {
    let number = match call.direction {
        Direction::Outbound => call.dnis.as_deref(),
        _ if call.ani_withheld => return format!("Caller ({WITHHELD})"),
        _ => call.ani.as_deref().or(call.ani_raw.as_deref()),
    };
    let who = if call.direction == Direction::Outbound { "Called" } else { "Caller" };
    number.map_or_else(|| who.to_owned(), |n| format!("{who} {n}"))
}

/// A value that the IVR collected; it may be empty.
pub(crate) fn entered(value: &str) -> &str {
    if value.is_empty() { "(nothing)" } else { value }
}

/// What the IVR collected.
pub(crate) fn collected(values: &[(Name, Name)]) -> String {
    let pairs: Vec<String> = values.iter().map(|(k, v)| format!("{k} {}", entered(v))).collect();
    format!("IVR: {}", pairs.join(", "))
}

/// A menu choice.
pub(crate) fn chosen(digit: &str, menu: Option<&str>) -> String {
    menu.map_or_else(|| format!("IVR: key {digit}"), |m| format!("IVR: key {digit} in {m}"))
}

fn by(agent: Option<&str>) -> String {
    agent.map(|a| format!(" by {a}")).unwrap_or_default()
}

/// What an adapter said.
pub(crate) fn said(body: &Body, agent: Option<&str>) -> Option<String> {
    Some(match body {
        Body::NoteSaved { text } => format!("Note{}: {text}", by(agent)),
        Body::DispositionSet { disposition } => format!("Disposition{}: {disposition}", by(agent)),
        Body::ScreenPopped { record: Some(record) } => format!("{record} shown to {}", agent.unwrap_or("the agent")),
        Body::ScreenPopped { record: None } => format!("Screen shown to {}", agent.unwrap_or("the agent")),
        Body::ClickToDial { number } => format!("Dialled from a screen{}: {number}", by(agent)),
        Body::CallbackRequested { number: Some(number), .. } => format!("Asked to be called back at {number}"),
        Body::CallbackRequested { number: None, .. } => "Asked to be called back".to_owned(),
        _ => return None,
    })
}

/// A queue visit's lane.
pub(crate) fn queue_lane(queue: &str, consult: bool) -> String {
    if consult { format!("Queue {queue} (consult)") } else { format!("Queue {queue}") }
}

/// A recording's lane.
pub(crate) fn recording_lane(n: usize, all: usize) -> String {
    if all > 1 { format!("Recording {}", n + 1) } else { "Recording".to_owned() }
}

/// How a visit ended that nobody answered.
pub(crate) fn visit_end(outcome: VisitOutcome) -> String {
    match (outcome, outcome.reason()) {
        (VisitOutcome::Abandoned, _) => "abandoned".to_owned(),
        (VisitOutcome::FlowOut(_), Some(reason)) => format!("left for elsewhere ({reason})"),
        (VisitOutcome::Rejected(_), Some(reason)) => format!("refused ({reason})"),
        (other, _) => other.outcome().to_owned(),
    }
}

pub(crate) fn with(agent: &str) -> String {
    format!("with {agent}")
}

/// A stretch's word.
pub(crate) fn what(what: What) -> &'static str {
    match what {
        What::Call => "In the call",
        What::Ivr => "IVR",
        What::Wait => "Wait",
        What::Ring => "Ring",
        What::Talk => "Talk",
        What::Consult => "Between agents",
        What::Hold => "Hold",
        What::Recording => "Recording",
        What::Unrecorded => "Not stored",
        What::Suspended => "Suspended",
    }
}

/// A stretch with what is more.
pub(crate) fn bar(bar: &Bar) -> String {
    let word = what(bar.what);
    match (&bar.more, bar.what) {
        (Some(more), What::Talk | What::Consult) => format!("{word} {more}"),
        (Some(more), _) => format!("{word}: {more}"),
        (None, _) => word.to_owned(),
    }
}

const fn kind(kind: TransferKind) -> &'static str {
    match kind {
        TransferKind::Blind => "Blind transfer",
        TransferKind::Attended => "Attended transfer",
    }
}

/// A transfer, short.
pub(crate) fn transfer(t: &Transfer) -> String {
    let to = t.to_agent.as_ref().or(t.target.as_ref());
    to.map_or_else(|| kind(t.kind).to_owned(), |to| format!("{} to {to}", kind(t.kind)))
}

pub(crate) const TO_SEARCH: &str = "Search for calls";
pub(crate) const MERGED: &str = "This call went over into another one:";
pub(crate) const STILL_OPEN: &str = "This call lasts: the page shows what is known by now.";
pub(crate) const TIMELINE_HINT: &str =
    "Times run from the begin of the call. The table and the list below say the same in words.";
pub(crate) const MAY_NOT_HEAR: &str = "stored; your role does not hear it";
pub(crate) const NOT_STORED: &str = "nothing stored";
pub(crate) const MORE_RAW: &str = "More raw events";

/// A contact's title.
pub(crate) fn title(call: &Call) -> String {
    match call.direction {
        Direction::Outbound => call.dnis.as_deref().map_or_else(|| "Call".to_owned(), |n| format!("Call to {n}")),
        _ if call.ani_withheld => "Call from a withheld number".to_owned(),
        _ => {
            let from = call.ani.as_deref().or(call.ani_raw.as_deref());
            from.map_or_else(|| "Call".to_owned(), |n| format!("Call from {n}"))
        }
    }
}

/// How many records are shown.
pub(crate) fn records(shown: usize, all: usize) -> String {
    if shown == all { format!("{all} records.") } else { format!("{shown} of {all} records.") }
}

/// What a record's bytes are.
pub(crate) fn bytes(record: &crate::calls::RawRecord) -> String {
    let form = if record.encoding == "base64" { ", in base64" } else { "" };
    format!("{} bytes at {}{form}", record.bytes, record.position)
}

/// That bytes were cut off.
pub(crate) fn cut(longest: usize, all: usize) -> String {
    format!("The first {longest} of {all} bytes; `ringledger log cat` has them whole.")
}
