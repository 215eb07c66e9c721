//! What is asked of [`super::Reports`], and who asks.

use std::str::FromStr;

use metrics::Options;
use model::facts::{Call, ContactOutcome, Direction, EventRow, Leg, Visit};
use model::{Instant, Name};

use crate::error::TablesError;

/// What the asker may see; the default sees everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Visible {
    /// Only these centres; `None`: all.
    pub centers: Option<Vec<Name>>,
    /// Only these queues; `None`: all, and what no queue was part of.
    pub queues: Option<Vec<Name>>,
}

impl Visible {
    /// Whether the centre may be seen.
    pub fn center(&self, center: &Name) -> bool {
        self.centers.as_ref().is_none_or(|c| c.contains(center))
    }

    /// Whether the queue may be seen; `None` is no queue.
    pub fn queue(&self, queue: Option<&Name>) -> bool {
        self.queues.as_ref().is_none_or(|seen| queue.is_some_and(|q| seen.contains(q)))
    }

    /// Whether a visit may be seen.
    pub fn visit(&self, visit: &Visit) -> bool {
        self.center(&visit.center) && self.queue(Some(&visit.queue))
    }

    /// Whether a contact may be seen: with everything in it, where one of its visits may.
    pub fn call(&self, call: &Call) -> bool {
        let visits = || call.queue_visits.iter().filter(|v| !v.retracted).any(|v| self.queue(Some(&v.queue)));
        self.center(&call.center) && (self.queues.is_none() || visits())
    }
}

/// A report that is asked for.
#[derive(Clone, Debug, Default)]
pub struct Question {
    /// Range, intervals, formula. Thresholds that switches state are filled in where they
    /// are asked for and empty.
    pub options: Options,
    /// The figures as they stood then.
    pub as_of: Option<Instant>,
    /// Who asks.
    pub visible: Visible,
}

/// The visits behind a row of the `queues` report.
#[derive(Clone, Debug, Default)]
pub struct Behind {
    /// The report.
    pub question: Question,
    /// The row's centre.
    pub center: Name,
    /// The row's queue.
    pub queue: Name,
    /// Any instant of the row's interval, such as its `interval_start`.
    pub at: Instant,
    /// Only those that made this figure (a name of the report); `None`: the whole row.
    pub column: Option<String>,
    /// Where the page before ended.
    pub after: Option<Cursor>,
    /// Rows of a page; 0: the most that is given.
    pub page: usize,
}

/// Which contacts are looked for; an empty search finds all, the newest first.
#[derive(Clone, Debug, Default)]
pub struct Search {
    /// The end of the caller's or of the dialled number; all but digits is overlooked.
    pub number: Option<String>,
    /// A value that the IVR collected, whole.
    pub account: Option<String>,
    /// Who talked with the caller, or was offered the call.
    pub agent: Option<Name>,
    /// A queue that the caller was in.
    pub queue: Option<Name>,
    /// Begun at or after it.
    pub from: Option<Instant>,
    /// Begun before it.
    pub to: Option<Instant>,
    /// Lasted at least so many milliseconds; a call that lasts has no length.
    pub min_ms: Option<i64>,
    /// Lasted at most so many milliseconds.
    pub max_ms: Option<i64>,
    /// How it ended.
    pub outcome: Option<ContactOutcome>,
    /// Its direction.
    pub direction: Option<Direction>,
    /// As it stood then.
    pub as_of: Option<Instant>,
    /// Who asks.
    pub visible: Visible,
    /// Where the page before ended.
    pub after: Option<Cursor>,
    /// Rows of a page; 0: the most that is given.
    pub page: usize,
}

/// Some rows of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// Where the next page begins; `None`: there is no more.
    pub next: Option<Cursor>,
}

/// One contact with all that is known of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Contact {
    /// Its record, with its recordings as their table has them.
    pub call: Call,
    /// Its visits as the table of visits has them, by arrival.
    pub visits: Vec<Visit>,
    /// Its legs as the table of legs has them.
    pub legs: Vec<Leg>,
    /// Its events, in the order of the log; each has its position there.
    pub events: Vec<EventRow>,
}

/// A place in a list, between two rows: it stays where it is while rows come in. Opaque to
/// who holds it; as text it is printable ASCII, percent-encoded where ids are not.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    /// When the last row given began.
    pub(crate) at: Instant,
    /// Its ids.
    pub(crate) ids: (Name, Name),
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}~{}~{}", self.at.0, encoded(&self.ids.0), encoded(&self.ids.1))
    }
}

impl FromStr for Cursor {
    type Err = TablesError;

    fn from_str(text: &str) -> Result<Self, TablesError> {
        let read = || {
            let mut parts = text.split('~');
            let at = Instant(parts.next()?.parse().ok()?);
            let ids = (decoded(parts.next()?)?, decoded(parts.next()?)?);
            parts.next().is_none().then_some(Self { at, ids })
        };
        read().ok_or_else(|| TablesError::Asked(format!("'{text}' is no cursor of this list")))
    }
}

fn encoded(id: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._/:@".contains(&b);
    id.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

fn decoded(text: &str) -> Option<Name> {
    let (mut bytes, mut rest) = (Vec::with_capacity(text.len()), text.as_bytes());
    while let [first, after @ ..] = rest {
        (bytes, rest) = match first {
            b'%' => {
                let hex = std::str::from_utf8(after.get(..2)?).ok()?;
                bytes.push(u8::from_str_radix(hex, 16).ok()?);
                (bytes, after.get(2..)?)
            }
            other => {
                bytes.push(*other);
                (bytes, after)
            }
        };
    }
    String::from_utf8(bytes).ok().map(Name::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_back() {
        for ids in [("pbx1", "1795326272.5"), ("", ""), ("a~b %", "ü/🙂")] {
            let cursor = Cursor { at: Instant(-7), ids: (ids.0.into(), ids.1.into()) };
            let text = cursor.to_string();
            assert!(text.is_ascii(), "{text}");
            assert_eq!(text.parse::<Cursor>().unwrap(), cursor);
        }
        for bad in ["", "1", "1~a", "x~a~b", "1~a~b~c", "1~%zz~b", "1~%f~b", "1~%ff~b"] {
            assert!(bad.parse::<Cursor>().is_err(), "{bad}");
        }
    }
}
