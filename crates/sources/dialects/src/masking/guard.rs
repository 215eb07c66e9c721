//! The state machine: what is known of each call, and what follows for a key press.

use std::collections::VecDeque;

use model::{Instant, Name};
use rustc_hash::FxHashMap;

use super::links::tied_to;
use super::runs::Runs;
use super::{Limits, TAIL_MS};

/// Copies of a press travel through the call for a moment: so long after a recording
/// goes on, in milliseconds, a press that began before is still masked.
const RESUME_SLACK_MS: i64 = 250;
/// So long after a masked press, in milliseconds, its copies on other channels come.
const ECHO_MS: i64 = 2_000;
/// Most ended channels that are remembered (records without times age by number).
const MAX_ENDED: usize = 4_096;

/// Which copy of a key press a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Copied {
    /// The key went down.
    Begin,
    /// The key came up.
    End,
    /// A record of the whole press (CEL).
    Record,
}

/// One copy of one key press.
#[derive(Clone, Copy, Debug)]
pub struct Press {
    /// Which copy.
    pub copied: Copied,
    /// It was sent to the party of that channel, not typed by it.
    pub sent: bool,
    /// It is one of 0 to 9 (or a masked one).
    pub is_digit: bool,
    /// When.
    pub at: Option<Instant>,
    /// How long the key was held, milliseconds, where told.
    pub held_ms: i64,
}

/// What is known of one channel.
#[derive(Clone, Debug, Default)]
pub(super) struct Channel {
    pub call: Name,
    pub conversation: Option<Name>,
    /// Its whole life was heard, or its recording's state was told.
    known: bool,
    /// Directions in which its recording is suspended, as bits.
    muted: u8,
    /// When its recording went on again.
    resumed: Option<Instant>,
    /// When a press of its party was last masked for the length of its run.
    overran: Option<Instant>,
    /// A run of its party was ever too long, or its call ever suspended.
    sensitive: bool,
    runs: Runs,
    ended: bool,
}

/// Says which key presses must be masked. One for each source.
#[derive(Debug, Default)]
pub struct KeyGuard {
    limits: Limits,
    channels: FxHashMap<Name, Channel>,
    ended: VecDeque<(Option<Instant>, Name)>,
    /// Something but the run itself may ask for masking: look at the whole call.
    wary: bool,
}

impl KeyGuard {
    /// A guard that knows of no call.
    pub fn new(limits: Limits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// A record names a channel and its call. `began`: the channel starts with it.
    pub fn seen(&mut self, channel: &str, call: &str, began: bool) {
        if let Some(known) = self.channels.get_mut(channel) {
            if !known.ended && known.call != call {
                known.call = call.into();
            }
            known.known |= began;
            return;
        }
        let fresh = Channel { call: call.into(), known: began, ..Channel::default() };
        self.wary |= !began;
        self.channels.insert(channel.into(), fresh);
    }

    /// A channel entered a conversation (`Some`) or left it.
    pub fn conversation(&mut self, channel: &str, conversation: Option<&str>) {
        if let Some(channel) = self.channels.get_mut(channel) {
            channel.conversation = conversation.map(Name::from);
        }
    }

    /// The recording of `channel` is suspended (`on`) or goes on, in the directions given
    /// as bits; `all` bits are both directions. That tells the state of its whole call.
    pub fn suspended(&mut self, channel: &str, bits: u8, all: u8, on: bool, at: Option<Instant>) {
        let tied = tied_to(&self.channels, channel, None);
        for uid in tied {
            if let Some(c) = self.channels.get_mut(&uid) {
                c.known |= bits == all;
                c.sensitive |= on;
            }
        }
        if let Some(c) = self.channels.get_mut(channel) {
            c.muted = if on { c.muted | bits } else { c.muted & !bits };
            c.resumed = if c.muted == 0 { at } else { None };
        }
        self.wary = true;
    }

    /// The recording of `channel` was stopped: it is suspended no more.
    pub fn recording_stopped(&mut self, channel: &str, at: Option<Instant>) {
        if let Some(c) = self.channels.get_mut(channel)
            && c.muted != 0
        {
            (c.muted, c.resumed) = (0, at);
        }
    }

    /// A channel has ended; its recording with it.
    pub fn ended(&mut self, channel: &str, at: Option<Instant>) {
        self.recording_stopped(channel, at);
        if let Some(c) = self.channels.get_mut(channel)
            && !std::mem::replace(&mut c.ended, true)
        {
            self.ended.push_back((at, channel.into()));
        }
        while self.ended.front().is_some_and(|(then, _)| self.is_over(*then, at)) {
            if let Some((_, uid)) = self.ended.pop_front() {
                self.channels.remove(&uid);
            }
        }
        self.wary =
            self.channels.values().any(|c| !c.known || c.muted != 0 || c.resumed.is_some() || c.overran.is_some());
    }

    fn is_over(&self, then: Option<Instant>, now: Option<Instant>) -> bool {
        let aged = matches!((then, now), (Some(t), Some(n)) if n.millis_since(t) > TAIL_MS);
        aged || self.ended.len() > MAX_ENDED
    }

    /// Whether this copy of a press must be masked.
    pub fn masks(&mut self, channel: &str, call: &str, press: &Press) -> bool {
        let Some(own) = self.channels.get_mut(channel) else { return true };
        let too_long = own.runs.count(press, self.limits);
        if too_long {
            own.sensitive = true;
            // Without times an echo cannot be told from a later press: none is looked for.
            own.overran = press.at;
            self.wary = true;
            return true;
        }
        self.wary && self.call_masks(channel, call, press)
    }

    /// Whether anything in the whole call asks for masking.
    fn call_masks(&self, channel: &str, call: &str, press: &Press) -> bool {
        let began = press.at.map(|at| at.plus_millis(-press.held_ms.max(0)));
        let is_copy = press.sent || press.copied == Copied::Record;
        tied_to(&self.channels, channel, Some(call)).iter().filter_map(|uid| self.channels.get_key_value(uid)).any(
            |(uid, c)| {
                let suspended = c.muted != 0 && !c.ended;
                let unknown = !c.known && !c.ended;
                let just_resumed =
                    matches!((c.resumed, began), (Some(r), Some(b)) if b.millis_since(r) <= RESUME_SLACK_MS);
                let echo = is_copy
                    && uid != channel
                    && matches!((c.overran, press.at), (Some(o), Some(at)) if at.millis_since(o).abs() <= ECHO_MS);
                suspended || unknown || just_resumed || echo
            },
        )
    }

    /// Whether card digits may have been typed on this channel, so that what the dial
    /// plan makes of its keys (its extension) is suspect too.
    pub fn is_sensitive(&self, channel: &str) -> bool {
        self.channels.get(channel).is_none_or(|c| c.sensitive || !c.known)
    }

    /// Nothing was heard for a while: no call's state is known any more.
    pub fn forget(&mut self) {
        self.channels.clear();
        self.ended.clear();
        self.wary = false;
    }
}
