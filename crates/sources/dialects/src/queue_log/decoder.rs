//! Rows to canonical events.
//!
//! Every row is passed on in log order, also where its time steps back. A row whose time
//! is not believed (`crate::plausible`), or that names no call, queue or agent where its
//! event needs one, is an error and so a dead letter. A row of an unknown kind becomes
//! `Unrecognized`.

use std::collections::BTreeMap;

use model::{DecodeError, Decoder, Envelope, Event, Instant, Name, Position};
use serde::{Deserialize, Serialize};

use super::DIALECT;
use super::rows::{Row, meaning};
use crate::emit::Emit;
use crate::plausible::Believed;

/// From this many open stays on, those older than a day are forgotten.
const MANY: usize = 1000;
const DAY_MS: i64 = 86_400_000;
/// How far two times of whole seconds may be off, milliseconds.
const WHOLE_SECOND_MS: i64 = 1_000;

/// A stay: since when, at which position it began, and whether it was answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Stay {
    since: Instant,
    position: Option<i64>,
    answered: Option<Answer>,
}

/// When, by whom, and after which stated wait.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Answer {
    pub at: Instant,
    pub agent: Option<Name>,
    pub wait_ms: Option<i64>,
}

/// What the decoder remembers: bounded by the callers who wait or talk.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct State {
    believed: Believed,
    /// Stays in a queue that have begun and not ended, by call and queue. For rows that
    /// other programs write beside Asterisk's own of the same meaning, and for callers who
    /// take over a place.
    open: BTreeMap<(Name, Name), Stay>,
    /// Callers whom an agent passed on to a call that still was in a queue, and when.
    passed_on: BTreeMap<Name, Instant>,
}

impl State {
    /// A caller joined a queue.
    pub fn joined(&mut self, call: &Name, queue: &Name, at: Instant, position: Option<i64>) {
        if self.open.len() >= MANY {
            self.open.retain(|_, stay| at.millis_since(stay.since) < DAY_MS);
        }
        self.open.insert((call.clone(), queue.clone()), Stay { since: at, position, answered: None });
    }

    /// A stay was answered.
    pub fn answered(&mut self, call: &Name, queue: &Name, answer: Answer) {
        if let Some(stay) = self.open.get_mut(&(call.clone(), queue.clone())) {
            stay.answered = Some(answer);
        }
    }

    /// Whose talk it is that ends under the name of a call that never joined the queue: of
    /// the one stay that this agent answered then, after the same wait.
    pub fn talk_taken(&mut self, (call, queue): (&Name, &Name), answer: &Answer) -> Option<Name> {
        if self.open.contains_key(&(call.clone(), queue.clone())) {
            return None;
        }
        let fits = |a: &Answer| {
            let then = a.at.millis_since(answer.at).abs() <= WHOLE_SECOND_MS;
            then && a.agent == answer.agent && a.wait_ms == answer.wait_ms
        };
        let of_it = |stay: &Stay| stay.answered.as_ref().is_some_and(fits);
        let mut fit = self.open.iter().filter(|((_, q), stay)| q == queue && of_it(stay)).map(|((c, _), _)| c);
        let (Some(from), None) = (fit.next().cloned(), fit.next()) else { return None };
        let stay = self.open.remove(&(from.clone(), queue.clone()))?;
        self.open.insert((call.clone(), queue.clone()), stay);
        Some(from)
    }

    /// A stay ended; whether one was open.
    pub fn left(&mut self, call: &Name, queue: &Name) -> bool {
        self.open.remove(&(call.clone(), queue.clone())).is_some()
    }

    /// An agent passed this caller on to a call that was in a queue.
    pub fn passed_on(&mut self, call: &Name, at: Instant) {
        if self.passed_on.len() >= MANY {
            self.passed_on.retain(|_, since| at.millis_since(*since) < DAY_MS);
        }
        self.passed_on.insert(call.clone(), at);
    }

    /// Whose place in the queue a caller who never joined it has taken, and when. The
    /// arrival that the stated wait gives tells it, and the position at the join where the
    /// row states that; where they do not tell one stay from another, nothing is claimed.
    pub fn place_taken(
        &mut self,
        (call, queue): (&Name, &Name),
        arrival: Instant,
        position: Option<i64>,
    ) -> Option<(Name, Instant)> {
        let at = *self.passed_on.get(call)?;
        if self.open.contains_key(&(call.clone(), queue.clone())) {
            return None;
        }
        let off = |stay: &Stay| stay.since.millis_since(arrival).abs();
        let fits = |stay: &Stay| {
            let same = position.is_none() || stay.position.is_none() || stay.position == position;
            same && stay.answered.is_none() && stay.since <= at && off(stay) <= WHOLE_SECOND_MS
        };
        let fit: Vec<_> = self.open.iter().filter(|((_, q), stay)| q == queue && fits(stay)).collect();
        let nearest = fit.iter().map(|(_, stay)| off(stay)).min()?;
        let mut nearest = fit.iter().filter(|(_, stay)| off(stay) == nearest);
        let (Some(((from, _), _)), None) = (nearest.next(), nearest.next()) else { return None };
        let from = from.clone();
        self.passed_on.remove(call);
        let stay = self.open.remove(&(from.clone(), queue.clone()))?;
        self.open.insert((call.clone(), queue.clone()), stay);
        Some((from, at))
    }

    /// The switch started anew.
    pub fn forget(&mut self) {
        self.open.clear();
        self.passed_on.clear();
    }
}

/// Decodes `asterisk.queue_log`.
#[derive(Default)]
pub struct QueueLogDecoder {
    state: State,
}

impl QueueLogDecoder {
    /// A decoder that has seen nothing yet.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Decoder for QueueLogDecoder {
    fn decode(&mut self, envelope: &Envelope, position: Position, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        let failed = |reason| DecodeError { dialect: DIALECT, reason };
        let row: Row<'_> = serde_json::from_slice(&envelope.data).map_err(|e| {
            failed(format!("the data is no row {{time, callid, queue, agent, event, data}} of texts: {e}"))
        })?;
        let at = row.at().map_err(failed)?;
        self.state.believed.check(at, envelope.received).map_err(failed)?;
        let mark = out.len();
        let mut emit = Emit::of(envelope, position, at, out);
        meaning(&row, at, &mut self.state, &mut emit).map_err(|reason| {
            out.truncate(mark);
            failed(reason)
        })
    }

    fn release(&mut self, _at: Instant, _position: Position, _out: &mut Vec<Event>) {
        // Nothing is ever held back: each row says by itself what it means.
    }

    fn snapshot(&self) -> Vec<u8> {
        postcard::to_stdvec(&self.state).unwrap_or_default()
    }

    fn restore(&mut self, bytes: &[u8]) -> Result<(), String> {
        self.state = postcard::from_bytes(bytes).map_err(|e| format!("no state of the {DIALECT} decoder: {e}"))?;
        Ok(())
    }
}
