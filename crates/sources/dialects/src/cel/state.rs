//! What the decoder remembers: open channels, who is in which conversation, callers'
//! stays in queues, offers whose end is not settled. Bounded by open calls; channels
//! whose end was never seen are forgotten after a day.

use std::collections::{BTreeMap, BTreeSet};

use model::event::{DeviceKind, EndedBy};
use model::{Instant, Name};
use serde::{Deserialize, Serialize};

use crate::plausible::Believed;

/// From this many open channels on, those silent for a day are forgotten.
const MANY: usize = 2000;
const DAY_MS: i64 = 86_400_000;

/// A channel that has not ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Channel {
    pub name: Name,
    /// The interface that it was made for; of a channel that picked up another's ringing,
    /// that one's: for its queue it is the member's.
    pub interface: Name,
    pub linked: Name,
    pub kind: DeviceKind,
    pub born: Instant,
    pub seen: Instant,
    /// The number it dialled is known already.
    pub dialled: Option<Name>,
    pub bridge: Option<Name>,
    /// Who holds it, by music.
    pub held_by: Option<Name>,
    pub stay: Option<Stay>,
    /// The caller whom this channel serves as an agent.
    pub serves: Option<Name>,
    /// The stay of this caller that ended last.
    pub last_stay: Option<LastStay>,
    /// A queue called it: an offer to an agent.
    pub offered: bool,
    /// Answered, as an offer or as a dialled party.
    pub answered: bool,
    /// A Local channel that Asterisk takes out of the path.
    pub optimised: bool,
    pub cleared: bool,
}

/// A caller's stay in a queue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Stay {
    pub queue: Name,
    pub joined: Instant,
    /// `Queued` has been sent.
    pub announced: bool,
    /// Where in the dial plan the queue was entered; of a place taken over the caller's
    /// next row in the queue tells.
    pub place: Option<(Name, Name)>,
    /// The time-out that the application was given, milliseconds.
    pub timeout_ms: Option<i64>,
    /// The application was told to leave at the first time-out of a member (`n`).
    pub leaves_early: bool,
    /// When music or an announcement of the wait ended last.
    pub silent_since: Option<Instant>,
    /// When the caller last pressed a key.
    pub key_at: Option<Instant>,
    /// The last thing heard was music.
    pub music: bool,
    pub talk: Option<Talk>,
}

/// What is remembered of a stay that has ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct LastStay {
    pub queue: Name,
    pub joined: Instant,
    pub ended: Instant,
    /// Offers that ended with it were taken back (else: they had rung in vain).
    pub takes_back: bool,
}

/// The talk of an answered stay.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Talk {
    pub device: Name,
    pub agent: Name,
    pub bridge: Option<Name>,
    /// Who left the conversation first, and when.
    pub first_out: Option<(EndedBy, Instant)>,
}

/// An offer that ended unanswered; why is settled by what comes next.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Offer {
    pub caller: Name,
    pub linked: Name,
    pub queue: Name,
    pub device: Name,
    pub agent: Name,
    pub began: Instant,
    pub ended: Instant,
}

/// The whole state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct State {
    pub believed: Believed,
    pub channels: BTreeMap<Name, Channel>,
    /// Uniqueid by channel name.
    pub by_name: BTreeMap<Name, Name>,
    pub bridges: BTreeMap<Name, BTreeSet<Name>>,
    pub offers: Vec<Offer>,
}

impl State {
    /// The channel, made up where its beginning was not seen.
    pub fn channel(&mut self, id: &Name, row: &super::row::Row, at: Instant) -> &mut Channel {
        if self.channels.len() >= MANY && !self.channels.contains_key(id) {
            self.forget_silent(at);
        }
        let channel = self.channels.entry(id.clone()).or_insert_with(|| Channel {
            name: Name::default(),
            interface: super::devices::interface(&row.channel),
            linked: row.linked_id.as_str().into(),
            kind: super::devices::kind(&row.channel, &row.num),
            born: at,
            seen: at,
            dialled: None,
            bridge: None,
            held_by: None,
            stay: None,
            serves: None,
            last_stay: None,
            offered: false,
            answered: false,
            optimised: false,
            cleared: false,
        });
        channel.seen = channel.seen.max(at);
        if channel.name != row.channel && !row.channel.is_empty() {
            let old = std::mem::replace(&mut channel.name, row.channel.as_str().into());
            if self.by_name.get(&old) == Some(id) {
                self.by_name.remove(&old);
            }
            self.by_name.insert(row.channel.as_str().into(), id.clone());
        }
        channel
    }

    /// Takes a channel out of everything.
    pub fn remove(&mut self, id: &Name) {
        let Some(channel) = self.channels.remove(id) else { return };
        if self.by_name.get(&channel.name) == Some(id) {
            self.by_name.remove(&channel.name);
        }
        if let Some(bridge) = &channel.bridge {
            self.leave_bridge(bridge, id);
        }
    }

    /// Takes a channel out of a conversation.
    pub fn leave_bridge(&mut self, bridge: &Name, id: &Name) {
        if let Some(members) = self.bridges.get_mut(bridge) {
            members.remove(id);
            if members.is_empty() {
                self.bridges.remove(bridge);
            }
        }
        if let Some(channel) = self.channels.get_mut(id)
            && channel.bridge.as_ref() == Some(bridge)
        {
            channel.bridge = None;
        }
    }

    /// The one other party of a conversation of two.
    pub fn other_in_bridge(&self, id: &Name) -> Option<Name> {
        let members = self.bridges.get(self.channels.get(id)?.bridge.as_ref()?)?;
        (members.len() == 2).then(|| members.iter().find(|m| *m != id).cloned()).flatten()
    }

    fn forget_silent(&mut self, now: Instant) {
        let silent: Vec<Name> = (self.channels.iter())
            .filter(|(_, c)| now.millis_since(c.seen) > DAY_MS)
            .map(|(id, _)| id.clone())
            .collect();
        for id in silent {
            self.remove(&id);
        }
    }
}
