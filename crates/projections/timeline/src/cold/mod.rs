//! Contacts that have been quiet for a while, packed until something asks for them: ended
//! ones within the late horizon, and open ones that wait or talk.
//!
//! Contract: packing changes no row. A packed contact takes everything that is its own
//! along (connections, conversations, native calls), and nothing but its names stays
//! behind (`index`). `apply` unpacks whatever an event names before anything looks for it
//! (`wake_named`); so the maps of the timeline hold all that an event can concern. One
//! that hangs together with another contact (a conversation of both, a connection that
//! went over) is not packed while it does. About 300 bytes instead of three to eight KiB.

mod bytes;
mod index;
#[cfg(test)]
mod tests;
mod walk;
mod words;

use model::{Body, Event, Instant, Name};
use serde::{Deserialize, Serialize};

pub(crate) use self::index::Index;
pub(crate) use self::words::Words;
use crate::Timeline;
use crate::state::{Cid, Conn, Contact, VisitState};

/// How long a contact has been quiet before it is packed, milliseconds of event time.
pub(crate) const COOLING_MS: i64 = 60_000;
/// In the first byte of what is packed: the contact is open.
const OPEN: u8 = 1;
/// … and a visit of it may be talking.
const TALKING: u8 = 2;
/// … and a recording of it runs.
const RECORDED: u8 = 4;

/// A packed contact.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Packed {
    /// Latest time of it.
    pub active: Instant,
    /// What it is, then the contact itself.
    bytes: Box<[u8]>,
}

/// What is packed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Sleeper {
    contact: Contact,
    /// The native calls that lead to it.
    calls: Vec<Name>,
    conns: Vec<(Name, Conn)>,
    conversations: Vec<(Name, Vec<Name>)>,
    /// Telephones of its connections that talk, and on which of its legs.
    talks: Vec<(Name, Name)>,
}

impl Packed {
    fn is(&self, flag: u8) -> bool {
        self.bytes.first().is_some_and(|flags| flags & flag != 0)
    }

    /// The contact has not ended.
    pub fn is_open(&self) -> bool {
        self.is(OPEN)
    }

    /// It has rows that are closed when it is let go.
    pub fn is_unfinished(&self) -> bool {
        self.is(OPEN | RECORDED)
    }

    /// One of its visits was answered, and its queue has not told the end of the talk.
    pub fn is_talking(&self) -> bool {
        self.is(TALKING)
    }
}

impl Timeline {
    /// Looks at packing `cid` after some time.
    pub(crate) fn cools(&mut self, cid: Cid) {
        if let Some(now) = self.horizon.watermark() {
            self.horizon.cool_at(now.plus_millis(self.config.cooling_ms), cid);
        }
    }

    /// Packs what has cooled.
    pub(crate) fn pack_cooled(&mut self) {
        let mut busy = Vec::new();
        while let Some(cid) = self.horizon.next_cooled() {
            let Some(contact) = self.contacts.get(&cid) else { continue };
            let quiet_at = contact.active_at.plus_millis(self.config.cooling_ms);
            if self.horizon.watermark().is_some_and(|now| now <= quiet_at) {
                self.horizon.cool_at(quiet_at, cid);
            } else if !self.stands_alone(cid, contact) {
                busy.push(cid);
            } else {
                self.pack(cid);
            }
        }
        busy.into_iter().for_each(|cid| self.cools(cid));
    }

    /// Whether nothing outside a contact leads into it but its names.
    fn stands_alone(&self, cid: Cid, contact: &Contact) -> bool {
        let settled = |k: &Conn| k.cleared && k.conversation.is_none();
        let own = |c: &Name| self.connections.get(c).is_some_and(|k| k.cid == cid);
        let conn_alone = |c: &Name| {
            let Some(k) = self.connections.get(c) else { return true };
            let members = k.conversation.as_ref().and_then(|v| self.conversations.get(v));
            k.cid == cid
                && (k.home == cid || settled(k))
                && members.is_none_or(|m| m.iter().all(own))
                && self.talks.get(c).is_none_or(|(leg_of, _)| *leg_of == cid)
        };
        contact.gone.is_empty()
            && !self.touched.contains(&cid)
            && contact.conns.iter().all(conn_alone)
            && contact.moved.iter().all(|c| self.connections.get(c).is_none_or(settled))
            && (contact.going_into.is_none() || contact.ended_at.is_some())
    }

    fn pack(&mut self, cid: Cid) {
        let Some(contact) = self.contacts.remove(&cid) else { return };
        let open = contact.ended_at.is_none();
        let talking = contact.visits.iter().any(VisitState::is_talking);
        let active = contact.active_at.max(contact.ended_at.unwrap_or(contact.active_at));
        let into = contact.going_into.filter(|_| contact.merged_into.is_some());
        let sleeper = self.take_along(cid, contact);
        sleeper.names().for_each(|n| self.asleep.put(n, cid));
        let recorded = sleeper.contact.recordings.iter().any(|r| r.row.ended_at.is_none());
        let flags = [(open, OPEN), (talking, TALKING), (recorded, RECORDED)];
        let flags = flags.into_iter().filter(|(is, _)| *is).fold(0, |all, (_, flag)| all | flag);
        match bytes::write(sleeper, flags, &mut self.words) {
            Ok(bytes) => {
                self.packed.insert(cid, Packed { active, bytes });
                self.packed_open += u64::from(open);
                if let Some(into) = into {
                    self.packed_into.insert(cid, into);
                }
            }
            Err(sleeper) => self.put_back(cid, *sleeper),
        }
    }

    /// What is a contact's own, out of the maps of all.
    fn take_along(&mut self, cid: Cid, contact: Contact) -> Sleeper {
        let mut sleeper =
            Sleeper { contact, calls: Vec::new(), conns: Vec::new(), conversations: Vec::new(), talks: Vec::new() };
        for call in &sleeper.contact.natives {
            if self.calls.get(call) == Some(&cid) {
                self.calls.remove(call);
                sleeper.calls.push(call.clone());
            }
        }
        for name in &sleeper.contact.conns {
            let Some(conn) = self.connections.remove(name) else { continue };
            if let Some(told) = conn.conversation.as_ref().and_then(|v| self.conversations.remove_entry(v)) {
                sleeper.conversations.push(told);
            }
            if let Some((_, leg)) = self.talks.remove(name) {
                sleeper.talks.push((name.clone(), leg));
            }
            sleeper.conns.push((name.clone(), conn));
        }
        sleeper
    }

    fn put_back(&mut self, cid: Cid, sleeper: Sleeper) {
        sleeper.names().for_each(|n| self.asleep.remove(n, cid));
        self.calls.extend(sleeper.calls.into_iter().map(|call| (call, cid)));
        self.talks.extend(sleeper.talks.into_iter().map(|(conn, leg)| (conn, (cid, leg))));
        self.connections.extend(sleeper.conns);
        self.conversations.extend(sleeper.conversations);
        self.contacts.insert(cid, sleeper.contact);
    }

    /// Unpacks a contact, if it is packed.
    pub(crate) fn thaw(&mut self, cid: Cid) {
        let Some(packed) = self.packed.remove(&cid) else { return };
        self.packed_open -= u64::from(packed.is_open());
        self.packed_into.remove(&cid);
        if let Some(sleeper) = bytes::read(&packed.bytes, &self.words) {
            self.put_back(cid, sleeper);
            self.cools(cid);
        }
    }

    /// Unpacks every contact that goes by a name.
    pub(crate) fn wake(&mut self, name: &Name) {
        while let Some(cid) = self.asleep.of(name) {
            self.thaw(cid);
            self.asleep.remove(name, cid);
        }
    }

    /// Unpacks every contact that an event names. (Acts name theirs where they are taken.)
    pub(crate) fn wake_named(&mut self, event: &Event) {
        if self.packed.is_empty() {
            return;
        }
        for name in
            event.connection.iter().chain(event.call_id.as_ref().filter(|c| Some(*c) != event.connection.as_ref()))
        {
            self.wake(name);
        }
        match &event.body {
            Body::Dialling { to, .. } => self.wake(to),
            Body::Connected { conversation } => self.wake(conversation),
            Body::ConversationsMerged { from: one, into: other } => [one, other].into_iter().for_each(|n| self.wake(n)),
            Body::DialEnded { to: device, .. }
            | Body::Delivered { device }
            | Body::OfferEnded { device, .. }
            | Body::Established { device, .. } => device.iter().for_each(|n| self.wake(n)),
            Body::Transferred { by, to, .. } => by.iter().chain(to).for_each(|n| self.wake(n)),
            _ => {}
        }
        // What stands in a conversation is linked with the contact that it began in.
        let home = event.connection.as_ref().and_then(|c| self.connections.get(c)).map(|k| k.home);
        home.into_iter().for_each(|cid| self.thaw(cid));
    }

    /// Unpacks the open contacts whose latest event was not after `at`.
    pub(crate) fn wake_open(&mut self, at: Instant) {
        let open = self.packed.iter().filter(|(_, p)| p.is_open() && p.active <= at);
        let open: Vec<Cid> = open.map(|(cid, _)| *cid).collect();
        open.into_iter().for_each(|cid| self.thaw(cid));
    }

    /// Whether anything is kept of a contact.
    pub(crate) fn keeps(&self, cid: Cid) -> bool {
        self.contacts.contains_key(&cid) || self.packed.contains_key(&cid)
    }
}

impl Sleeper {
    /// By what it is asked for; some more than once.
    fn names(&self) -> impl Iterator<Item = &Name> {
        let conns = self.conns.iter().map(|(name, _)| name);
        conns.chain(&self.calls).chain(self.conversations.iter().map(|(name, _)| name))
    }
}
