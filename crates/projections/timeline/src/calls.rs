//! Connections: how a contact begins, whom it joins, and how it ends.
//!
//! A contact whose connections are told of ends when all of them have cleared; one known
//! from queue rows alone ends with its last visit, and a later visit takes that back.
//! Direction: the first party that is no plumbing tells it: a trunk that nobody dialled
//! is `inbound`; a station, and then a trunk, is `outbound` (a click to dial as well); a
//! trunk that was dialled first is `outbound`; stations alone are `internal`.

use model::event::{DeviceKind, DialResult, EndedBy, TransferKind};
use model::facts::{Direction, Hold, LegRole, Transfer};
use model::{Body, Event, Instant, Name};

use crate::Timeline;
use crate::e164::e164;
use crate::state::{Cid, Conn, Contact, HoldState};

/// How long after a caller's end the queue may still tell how the visit ended.
pub(crate) const SETTLE_MS: i64 = 30_000;
/// Within this two tellings of a transfer are one.
const SAME_TRANSFER_MS: i64 = 2_000;

impl Timeline {
    /// What concerns connections; other bodies are left alone.
    pub(crate) fn call_event(&mut self, cid: Cid, event: &Event) {
        let Some(conn) = &event.connection else {
            return self.call_wide(cid, event);
        };
        match &event.body {
            Body::Originated { device, number, withheld, dialled, .. } => {
                self.originated(cid, event, conn, *device, number.as_ref());
                if *device == DeviceKind::Trunk || *device == DeviceKind::Unknown {
                    self.party(cid, Some(conn), number.as_ref(), *withheld, dialled.as_ref());
                } else {
                    self.party(cid, Some(conn), number.as_ref(), *withheld, None);
                }
            }
            Body::PartyKnown { ani, withheld, dnis } => {
                self.party(cid, Some(conn), ani.as_ref(), *withheld, dnis.as_ref());
            }
            Body::Dialling { to, dialled } => self.dialling(cid, event, to, dialled.as_ref()),
            Body::DialEnded { to, result } => self.dial_ended(cid, to.as_ref(), *result),
            Body::Connected { conversation } => {
                self.track(cid, conn, event);
                self.enter(conn, conversation, event);
            }
            Body::Disconnected { .. } => self.leave(conn, event),
            Body::Held => {
                let agent = self.connections.get(conn).and_then(|c| c.agent.clone()).or_else(|| self.agent_of(event));
                let Some(contact) = self.touch(cid) else { return };
                if !contact.holds.iter().any(|h| h.conn == *conn && h.row.to.is_none()) {
                    let row = Hold { from: event.at, to: None, agent };
                    contact.holds.push(HoldState { row, conn: conn.clone() });
                    contact.late_change();
                }
            }
            Body::Retrieved => self.end_hold(cid, conn, event.at),
            Body::Transferred { .. } => self.transferred(cid, event),
            Body::Conferenced { .. } => {
                if let Some(contact) = self.touch(cid) {
                    contact.conferenced = true;
                    contact.late_change();
                }
                if let Some(state) = self.connections.get_mut(conn) {
                    state.conferenced = true;
                }
                self.talk(conn, event);
            }
            Body::ConnectionCleared { by, .. } => self.cleared(cid, conn, event, *by),
            _ => self.call_wide(cid, event),
        }
    }

    fn call_wide(&mut self, cid: Cid, event: &Event) {
        match &event.body {
            Body::PartyKnown { ani, withheld, dnis } => self.party(cid, None, ani.as_ref(), *withheld, dnis.as_ref()),
            Body::DialEnded { to, result } => self.dial_ended(cid, to.as_ref(), *result),
            Body::CallCleared => {
                let Some(contact) = self.contacts.get(&cid) else { return };
                let native = event.call_id.as_ref();
                // One that still talks has gone over into another call unheard.
                let idle = |k: &Conn| !k.cleared && k.conversation.is_none() && k.native.as_ref() == native;
                let of_it = |c: &&Name| self.connections.get(*c).is_some_and(idle);
                let open: Vec<Name> = contact.conns.iter().filter(of_it).cloned().collect();
                for conn in open {
                    self.cleared(cid, &conn, event, EndedBy::Unknown);
                }
            }
            _ => {}
        }
    }

    /// Makes a connection known as one of its contact.
    pub(crate) fn know(&mut self, cid: Cid, conn: &Name, event: &Event) {
        if self.connections.contains_key(conn) {
            return;
        }
        let state = Conn {
            cid,
            home: cid,
            native: event.call_id.clone(),
            device: DeviceKind::Unknown,
            agent: None,
            conversation: None,
            since: event.at,
            tracked: false,
            cleared: false,
            conferenced: false,
            talked: false,
            dialled: false,
            recordings: 0,
        };
        self.connections.insert(conn.clone(), state);
        if let Some(contact) = self.contacts.get_mut(&cid) {
            contact.conns.push(conn.clone());
        }
    }

    /// From now on connections tell when this contact ends.
    fn track(&mut self, cid: Cid, conn: &Name, event: &Event) {
        self.know(cid, conn, event);
        let agent = self.agent_of(event);
        let Some(state) = self.connections.get_mut(conn) else { return };
        state.tracked = true;
        // What the telephone itself told first counts: a dialect may take who is behind
        // plumbing for the one whom the plumbing was dialled for.
        if state.agent.is_none() && !matches!(state.device, DeviceKind::Internal | DeviceKind::Trunk) {
            state.agent = agent;
        }
        if let Some(contact) = self.touch(cid) {
            contact.tracked = true;
            if contact.ended_at.take().is_some() {
                contact.dirty = true;
            }
        }
    }

    fn originated(&mut self, cid: Cid, event: &Event, conn: &Name, device: DeviceKind, number: Option<&Name>) {
        self.track(cid, conn, event);
        let agent = self.agent_of(event).or_else(|| number.and_then(|n| self.names.at_extension(n)).cloned());
        let Some(state) = self.connections.get_mut(conn) else { return };
        state.device = device;
        state.agent = match device {
            DeviceKind::Trunk | DeviceKind::Internal => None,
            DeviceKind::Station => state.agent.take().or(agent),
            DeviceKind::Unknown => state.agent.take(),
        };
        self.direct(cid, conn, event);
    }

    /// Works out the direction when a party joins.
    fn direct(&mut self, cid: Cid, conn: &Name, event: &Event) {
        let Some(state) = self.connections.get(conn) else { return };
        let (device, dialled) = (state.device, state.dialled);
        let Some(contact) = self.contacts.get(&cid) else { return };
        let parties =
            contact.conns.iter().filter(|c| self.connections.get(*c).is_some_and(|k| k.device != DeviceKind::Internal));
        let first = parties.clone().next() == Some(conn);
        let next = match (contact.direction, device) {
            (None, DeviceKind::Trunk) if dialled => Direction::Outbound,
            (None, DeviceKind::Trunk) => Direction::Inbound,
            (None, DeviceKind::Station) => Direction::Internal,
            (Some(Direction::Internal), DeviceKind::Trunk) => Direction::Outbound,
            (Some(Direction::Inbound), DeviceKind::Trunk) if first && dialled => Direction::Outbound,
            _ => return,
        };
        let Some(contact) = self.touch(cid) else { return };
        contact.direction = Some(next);
        contact.dirty = true;
        if next == Direction::Outbound {
            contact.dialled = None;
            self.outbound_leg(cid, event);
        }
    }

    /// The agent who dials out: a leg from the dialling on.
    fn outbound_leg(&mut self, cid: Cid, event: &Event) {
        let Some(contact) = self.contacts.get(&cid) else { return };
        let stations = contact.conns.iter().filter_map(|c| self.connections.get(c).map(|k| (c, k)));
        let Some((conn, agent)) = stations.into_iter().find_map(|(c, k)| Some((c.clone(), k.agent.clone()?))) else {
            return;
        };
        let mut leg = self.new_leg(event, &agent, LegRole::Outbound);
        leg.row.queue = None;
        leg.row.offered_at = Some(event.at);
        leg.device = Some(conn);
        if let Some(contact) = self.touch(cid) {
            contact.legs.push(leg);
        }
    }

    /// Numbers of a contact: those of its first connection, or said of the whole call.
    pub(crate) fn party(
        &mut self,
        cid: Cid,
        conn: Option<&Name>,
        ani: Option<&Name>,
        withheld: bool,
        dnis: Option<&Name>,
    ) {
        let region = self.config.default_region.clone();
        let Some(contact) = self.touch(cid) else { return };
        let first = conn.is_none() || contact.conns.first() == conn;
        if first
            && let Some(ani) = ani.filter(|n| !n.is_empty())
            && contact.ani_raw.is_none()
        {
            contact.ani_raw = Some(ani.clone());
            contact.ani = e164(ani, region.as_deref());
            contact.late_change();
        }
        let anonymous = ani.is_some_and(|n| n.eq_ignore_ascii_case("anonymous"));
        if first && (withheld || anonymous) && !contact.ani_withheld {
            contact.ani_withheld = true;
            contact.late_change();
        }
        if let Some(dnis) = dnis.filter(|n| !n.is_empty())
            && contact.dnis.is_none()
        {
            contact.dnis = Some(dnis.clone());
            contact.late_change();
        }
    }

    fn dialling(&mut self, cid: Cid, event: &Event, to: &Name, dialled: Option<&Name>) {
        self.know(cid, to, event);
        let Some(state) = self.connections.get_mut(to) else { return };
        state.dialled = true;
        let (device, owner) = (state.device, state.cid);
        self.direct(owner, to, event);
        let Some(contact) = self.touch(cid) else { return };
        if device == DeviceKind::Trunk && contact.direction == Some(Direction::Outbound) && contact.dnis.is_none() {
            contact.dnis = dialled.cloned();
            contact.late_change();
        }
    }

    fn dial_ended(&mut self, cid: Cid, to: Option<&Name>, result: DialResult) {
        let device = to.and_then(|t| self.connections.get(t)).map_or(DeviceKind::Unknown, |c| c.device);
        let Some(contact) = self.touch(cid) else { return };
        let counts = match contact.direction {
            Some(Direction::Outbound) => matches!(device, DeviceKind::Trunk | DeviceKind::Unknown),
            Some(Direction::Inbound) => false,
            _ => device != DeviceKind::Internal,
        };
        if counts && contact.dialled != Some(DialResult::Connected) {
            contact.dialled = Some(result);
            contact.late_change();
        }
    }

    pub(crate) fn end_hold(&mut self, cid: Cid, conn: &Name, at: Instant) {
        let Some(contact) = self.touch(cid) else { return };
        let mut ended = false;
        for hold in contact.holds.iter_mut().filter(|h| h.conn == *conn && h.row.to.is_none()) {
            hold.row.to = Some(at.max(hold.row.from));
            ended = true;
        }
        if ended {
            contact.late_change();
        }
    }

    fn transferred(&mut self, cid: Cid, event: &Event) {
        let Body::Transferred { kind, by, target, to } = &event.body else { return };
        let replaces = by.is_none() && target.is_none() && event.agent.is_none();
        if let (TransferKind::Attended, Some(conn), Some(to)) = (kind, &event.connection, to) {
            self.take_place(conn, to, replaces, event);
            if replaces {
                return;
            }
        }
        let of = |c: &Option<Name>| c.as_ref().and_then(|c| self.connections.get(c)).and_then(|c| c.agent.clone());
        let from_agent = self.agent_of(event).or_else(|| of(by));
        let to_agent = of(to).or_else(|| target.as_ref().and_then(|t| self.names.at_extension(t)).cloned());
        let row = Transfer { at: event.at, kind: *kind, from_agent, to_agent, target: target.clone() };
        let Some(contact) = self.touch(cid) else { return };
        match told_transfer(contact, event.at, *kind) {
            Some(told) => *told = Transfer { from_agent: row.from_agent.or(told.from_agent.take()), ..row },
            None => contact.transfers.push(row),
        }
        contact.late_change();
    }

    /// A queue says that its agent passed the call on.
    pub(crate) fn passed_on(&mut self, cid: Cid, at: Instant, kind: TransferKind, agent: &Name) {
        let Some(contact) = self.touch(cid) else { return };
        match told_transfer(contact, at, kind) {
            Some(told) => told.from_agent = told.from_agent.take().or_else(|| Some(agent.clone())),
            None => contact.transfers.push(Transfer {
                at,
                kind,
                from_agent: Some(agent.clone()),
                to_agent: None,
                target: None,
            }),
        }
        contact.late_change();
    }

    pub(crate) fn cleared(&mut self, cid: Cid, conn: &Name, event: &Event, by: EndedBy) {
        self.track_cleared(conn);
        self.leave(conn, event);
        self.phone_left(cid, conn, event.at);
        self.end_hold(cid, conn, event.at);
        self.recordings_end(cid, conn, event.at);
        let Some(contact) = self.touch(cid) else { return };
        contact.tracked = true;
        let customer = contact.conns.first() == Some(conn);
        if (customer || contact.ended_by == EndedBy::Unknown) && by != EndedBy::Unknown {
            contact.ended_by = by;
        }
        if contact.visits.iter().any(|v| v.conn.as_ref() == Some(conn) && (v.is_waiting() || v.is_talking())) {
            contact.gone.push((conn.clone(), event.at));
            self.horizon.settle_at(event.at.plus_millis(SETTLE_MS), cid);
        }
    }

    fn track_cleared(&mut self, conn: &Name) {
        if let Some(state) = self.connections.get_mut(conn) {
            state.cleared = true;
            state.tracked = true;
        }
    }

    /// Ends a contact, or takes its end back.
    pub(crate) fn finish(&mut self, cid: Cid) {
        let Some(contact) = self.contacts.get(&cid) else { return };
        if contact.merged_into.is_some() || contact.gave_up {
            return;
        }
        let open = self.is_open(contact);
        let visits_end = contact.visits.iter().filter_map(|v| v.row.left_at).max();
        let end = match (open, contact.tracked) {
            (true, _) => None,
            (false, true) => Some(contact.ended_at.unwrap_or(contact.active_at)),
            (false, false) => visits_end,
        };
        if contact.ended_at != end
            && let Some(contact) = self.touch(cid)
        {
            contact.ended_at = end;
            contact.dirty = true;
            self.cools(cid);
        }
    }

    /// Whether something of the contact is still up.
    pub(crate) fn is_open(&self, contact: &Contact) -> bool {
        if contact.tracked {
            return contact.conns.iter().any(|c| self.connections.get(c).is_some_and(|k| k.tracked && !k.cleared));
        }
        contact.visits.is_empty() || contact.visits.iter().any(|v| !v.row.closed && !v.row.retracted)
    }
}

fn told_transfer(contact: &mut Contact, at: Instant, kind: TransferKind) -> Option<&mut Transfer> {
    contact.transfers.iter_mut().rev().find(|t| t.kind == kind && at.millis_since(t.at).abs() <= SAME_TRANSFER_MS)
}
