//! Contacts that have ended, packed until a late event asks for them.
//!
//! Contract: packing changes no row. What is packed is found by its connections and
//! native calls as before and unpacked (`thaw`) before anything looks into it; a contact
//! with a visit that may still be talking, or a recording that runs, is never packed.
//! About 1 KiB a contact instead of three.

use model::{Instant, Name};
use serde::{Deserialize, Serialize};

use crate::Timeline;
use crate::state::{Cid, Conn, Contact, VisitState};

/// How long after its end a contact stays unpacked, milliseconds of event time.
const COOLING_MS: i64 = 60_000;

/// A packed contact with its connections.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Packed {
    /// Latest time of it.
    pub active: Instant,
    /// The contact that it has gone over into.
    pub into: Option<Cid>,
    bytes: Box<[u8]>,
}

impl Timeline {
    /// Packs `cid` some time after it ended.
    pub(crate) fn cools(&mut self, cid: Cid) {
        if let Some(now) = self.horizon.watermark() {
            self.horizon.cool_at(now.plus_millis(COOLING_MS), cid);
        }
    }

    /// Packs what has cooled.
    pub(crate) fn pack_cooled(&mut self) {
        while let Some(cid) = self.horizon.next_cooled() {
            let Some(contact) = self.contacts.get(&cid) else { continue };
            if contact.ended_at.is_none() {
                continue;
            }
            let recorded = contact.recordings.iter().any(|r| r.row.ended_at.is_none());
            let busy = recorded || contact.visits.iter().any(VisitState::is_talking) || !contact.gone.is_empty();
            if busy || self.touched.contains(&cid) {
                self.cools(cid);
                continue;
            }
            self.pack(cid);
        }
    }

    fn pack(&mut self, cid: Cid) {
        let Some(contact) = self.contacts.get(&cid) else { return };
        let conns: Vec<(&Name, &Conn)> = contact
            .conns
            .iter()
            .filter_map(|c| self.connections.get_key_value(c))
            .filter(|(_, k)| k.cid == cid)
            .collect();
        let Ok(bytes) = postcard::to_stdvec(&(contact, &conns)) else { return };
        let names: Vec<Name> = conns.into_iter().map(|(name, _)| name.clone()).collect();
        let active = contact.active_at.max(contact.ended_at.unwrap_or(contact.active_at));
        let into = contact.going_into.filter(|_| contact.merged_into.is_some());
        self.contacts.remove(&cid);
        for name in names {
            self.connections.remove(&name);
            self.packed_conns.insert(name, cid);
        }
        self.packed.insert(cid, Packed { active, into, bytes: bytes.into_boxed_slice() });
    }

    /// Unpacks a contact, if it is packed.
    pub(crate) fn thaw(&mut self, cid: Cid) {
        let Some(packed) = self.packed.remove(&cid) else { return };
        let Ok((contact, conns)) = postcard::from_bytes::<(Contact, Vec<(Name, Conn)>)>(&packed.bytes) else { return };
        for (name, conn) in conns {
            self.packed_conns.remove(&name);
            self.connections.insert(name, conn);
        }
        self.contacts.insert(cid, contact);
        self.cools(cid);
    }

    /// Whether anything is kept of a contact.
    pub(crate) fn keeps(&self, cid: Cid) -> bool {
        self.contacts.contains_key(&cid) || self.packed.contains_key(&cid)
    }
}
