//! What a decoder remembers of one switch. Plain data, kept in snapshots.

use std::collections::VecDeque;

use model::event::{DeviceKind, EndedBy, RejectReason, TransferKind};
use model::{Instant, Name};
use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};

use super::TAIL_MS;
use crate::emit::{Emit, Whom};
use crate::plausible::Believed;

/// Everything known of one switch.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct State {
    /// Open channels by Uniqueid.
    pub channels: FxHashMap<Name, Box<Channel>>,
    /// Channels that were cleared a moment ago: events of theirs still come.
    pub gone: FxHashMap<Name, Gone>,
    /// The same in the order in which they went.
    pub gone_order: VecDeque<(Instant, Name)>,
    /// Callers whose leaving is not settled: until when to wait, and who.
    pub settling: VecDeque<(Instant, Name)>,
    /// Offers that still ring, by the Uniqueid of the member's channel.
    pub offers: FxHashMap<Name, Offer>,
    /// Answered visits whose `AgentComplete` has not come, or came a moment ago.
    pub talks: Vec<Talk>,
    /// Members by queue, then by interface: since when they are known.
    pub members: FxHashMap<Name, FxHashMap<Name, Instant>>,
    /// Whose device an interface is.
    pub agents: FxHashMap<Name, Name>,
    /// What stands at the far end, by interface, where a call told it.
    pub devices: FxHashMap<Name, DeviceKind>,
    /// What the list of channels that follows a login has told so far.
    pub channel_roll: Option<ChannelRoll>,
    /// The same of the lists of queues.
    pub member_roll: Option<MemberRoll>,
    /// The threshold of each queue's service level, milliseconds.
    pub thresholds: FxHashMap<Name, i64>,
    /// Whether this source tells of variables at all.
    pub sees_variables: bool,
    /// When the switch booted, as it said last.
    pub booted: Option<Instant>,
    /// Time of the first record that counts for `now`.
    pub first: Option<Instant>,
    /// The time by which waits run out.
    pub now: Instant,
    /// A record with a time of its own was seen.
    pub stamped: bool,
    /// Which times are believed.
    pub believed: Believed,
}

/// The list of channels behind a login: what it leaves out has ended unheard.
#[derive(Serialize, Deserialize)]
pub(super) struct ChannelRoll {
    /// Time of the login: who came later may be left out.
    pub since: Instant,
    pub listed: FxHashSet<Name>,
}

/// The lists of queues behind a login.
#[derive(Serialize, Deserialize)]
pub(super) struct MemberRoll {
    pub since: Instant,
    pub queues: FxHashSet<Name>,
    /// Queue and interface.
    pub listed: FxHashSet<(Name, Name)>,
}

/// One open channel. (There may be a million of them: what is rarely known is boxed.)
#[derive(Clone, Default, Serialize, Deserialize)]
pub(super) struct Channel {
    /// Its Linkedid.
    pub call: Name,
    /// When it was met.
    pub since: Instant,
    /// Its far end.
    pub device: Option<DeviceKind>,
    /// Whose device it is.
    pub agent: Option<Name>,
    /// The far end's number, and whether it is withheld.
    pub number: Option<Name>,
    pub withheld: bool,
    /// The other half of a Local channel.
    pub pair: Option<Box<Name>>,
    /// Of a second half that is being taken out of the path: who comes in its place.
    pub successor: Option<Box<Name>>,
    /// Its dialling was told and its end was not.
    pub dialled: bool,
    /// Dialling it ended unanswered: who dialled it.
    pub unanswered: Option<Box<Name>>,
    /// The bridge it is in.
    pub conversation: Option<Name>,
    /// It has put the other party on hold.
    pub holding: bool,
    /// Queue that its dial plan called last.
    pub queue_app: Option<Name>,
    /// The refusal that was told last, so that its echo is not told again.
    pub refused: Option<Box<(Name, RejectReason)>>,
    /// Its stay in a queue.
    pub visit: Option<Box<Visit>>,
    /// What the switch says it waited (`QUEUEWAIT`), milliseconds.
    pub queue_wait: Option<Box<i64>>,
    /// Announced file of a recording that has not started yet.
    pub path: Option<Box<Name>>,
    /// A started recording whose file is not known yet: when it started.
    pub unnamed: Option<Box<Instant>>,
    /// Recordings that run on it.
    pub recordings: u32,
    /// Directions that are muted: bit 0 read, bit 1 write.
    pub muted: u8,
    /// The key that its party pressed last.
    pub key: Option<(Instant, char)>,
    /// Its own party asked for its end.
    pub asked: Option<EndedBy>,
    /// Who in its call or conversation asked for an end, and when.
    pub ended: Option<Box<(Instant, EndedBy)>>,
    /// The switch asked for its end.
    pub soft: bool,
}

/// A stay in a queue.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Visit {
    pub queue: Name,
    pub position: Option<i64>,
    pub leaving: Option<Box<Leaving>>,
}

/// The end of a wait, not settled yet.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Leaving {
    pub at: Instant,
    /// `QueueCallerAbandon` was sent: no key, no answer.
    pub abandon: bool,
    pub wait_ms: Option<i64>,
    pub entry_position: Option<i64>,
}

/// A channel that has ended.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Gone {
    pub call: Name,
}

/// An offer to a member.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Offer {
    pub caller: Name,
    pub queue: Name,
    pub agent: Name,
    pub at: Instant,
    /// The member's channel answered.
    pub answered: bool,
    /// The member's channel has ended.
    pub cleared: Option<Instant>,
}

/// An answered visit.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Talk {
    pub caller: Name,
    pub call: Name,
    pub queue: Name,
    pub agent: Name,
    pub interface: Name,
    pub device: Option<Name>,
    pub at: Instant,
    pub wait_ms: Option<i64>,
    pub transfer: Option<TransferKind>,
    /// When the last of the two channels ended.
    pub cleared: Option<Instant>,
    /// Its end was told.
    pub told: bool,
}

impl State {
    /// The fields that name a channel.
    pub fn whom(&self, uid: &Name) -> Whom {
        let channel = self.channels.get(uid);
        Whom {
            call_id: channel.map(|c| &c.call).or_else(|| self.gone.get(uid).map(|g| &g.call)).cloned(),
            connection: Some(uid.clone()),
            queue: None,
            agent: channel.and_then(|c| c.agent.clone()),
        }
    }

    /// The fields of a queue event about a caller.
    pub fn caller(&self, uid: &Name, queue: &Name, agent: Option<Name>) -> Whom {
        Whom { queue: Some(queue.clone()), agent, ..self.whom(uid) }
    }

    /// Takes the time of a record. One without a time of its own bears that of its
    /// predecessor or, at the beginning of a stream, of its receipt, which may be years
    /// later: once a record bears its own, no other counts.
    pub fn tell_time(&mut self, at: Instant, own: bool) {
        if own && !self.stamped {
            self.stamped = true;
            (self.first, self.booted) = (None, None);
        }
        if own || !self.stamped {
            self.now = at;
            self.first.get_or_insert(at);
        }
    }

    /// Forgets what stayed behind for a tail and is over it by now.
    pub fn forget(&mut self, emit: &mut Emit<'_>) {
        let now = self.now;
        while self.gone_order.front().is_some_and(|(at, _)| now.millis_since(*at) > TAIL_MS) {
            if let Some((_, uid)) = self.gone_order.pop_front() {
                self.gone.remove(&uid);
                self.forget_offer(&uid, emit);
                self.talks.retain(|t| t.cleared.is_none_or(|c| now.millis_since(c) <= TAIL_MS));
            }
        }
    }

    /// An offer whose channel ended and which nothing explained any more.
    fn forget_offer(&mut self, device: &Name, emit: &mut Emit<'_>) {
        if let Some(offer) = self.offers.remove(device) {
            self.offer_cancelled(device, &offer, offer.cleared.unwrap_or(offer.at), emit);
        }
    }
}
