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

/// What the decoder remembers: bounded by the callers who wait or talk.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct State {
    believed: Believed,
    /// Stays in a queue that have begun and not ended: (call, queue) and since when.
    /// Only for rows that other programs write beside Asterisk's own of the same meaning.
    open: BTreeMap<(Name, Name), Instant>,
}

impl State {
    /// A caller joined a queue.
    pub fn joined(&mut self, call: &Name, queue: &Name, at: Instant) {
        if self.open.len() >= MANY {
            self.open.retain(|_, since| at.millis_since(*since) < DAY_MS);
        }
        self.open.insert((call.clone(), queue.clone()), at);
    }

    /// A stay ended; whether one was open.
    pub fn left(&mut self, call: &Name, queue: &Name) -> bool {
        self.open.remove(&(call.clone(), queue.clone())).is_some()
    }

    /// The switch started anew.
    pub fn forget(&mut self) {
        self.open.clear();
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
