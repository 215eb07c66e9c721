//! Where an event belongs, and who takes it.

use model::event::{DeviceKind, LogonKind};
use model::facts::{Direction, Facts, VisitOutcome};
use model::{Body, Event, Instant, Name};

use crate::Timeline;
use crate::cold::Packed;
use crate::presence::Said;
use crate::state::{Cid, Contact, VisitState};
use crate::visits::Release;

/// Whether an event of this body begins a contact that is not known yet.
fn begins(body: &Body) -> bool {
    matches!(
        body,
        Body::Originated { .. }
            | Body::PartyKnown { .. }
            | Body::Dialling { .. }
            | Body::Connected { .. }
            | Body::Queued { .. }
            | Body::Delivered { .. }
            | Body::OfferEnded { .. }
            | Body::Established { .. }
            | Body::Diverted { .. }
            | Body::Abandoned { .. }
            | Body::Rejected { .. }
            | Body::Released { .. }
            | Body::DataCollected { .. }
            | Body::MenuChosen { .. }
            | Body::RecordingStarted { .. }
            | Body::Transferred { by: None, target: None, to: Some(_), .. }
    )
}

fn of_adapter(body: &Body) -> bool {
    matches!(
        body,
        Body::NoteSaved { .. }
            | Body::DispositionSet { .. }
            | Body::CallbackRequested { .. }
            | Body::ScreenPopped { .. }
    )
}

impl Timeline {
    /// The contact that an event is of, where one is known.
    pub(crate) fn locate(&self, event: &Event) -> Option<Cid> {
        let by_conn = event.connection.as_ref().and_then(|c| self.connections.get(c)).map(|k| k.cid);
        // A call is named like its first connection.
        let call = event.call_id.as_ref().or(event.connection.as_ref());
        let cid = by_conn.or_else(|| call.and_then(|c| self.calls.get(c)).copied())?;
        let cid = self.survivor(cid);
        self.keeps(cid).then_some(cid)
    }

    /// The contact of an event; one that is not known yet begins here.
    pub(crate) fn place(&mut self, event: &Event) -> Option<Cid> {
        let cid = match self.locate(event) {
            Some(cid) => {
                self.thaw(cid);
                cid
            }
            None if begins(&event.body) => self.begin(event)?,
            None => {
                self.counters.unmatched += u64::from(of_adapter(&event.body));
                return None;
            }
        };
        if begins(&event.body)
            && let Some(conn) = &event.connection
        {
            self.know(cid, conn, event);
        }
        if let Some(call) = &event.call_id
            && !self.calls.contains_key(call)
            && !of_adapter(&event.body)
            && !matches!(event.body, Body::CallsJoined { .. })
        {
            self.calls.insert(call.clone(), cid);
            if let Some(contact) = self.contacts.get_mut(&cid) {
                contact.natives.push(call.clone());
            }
        }
        if let Some(contact) = self.contacts.get_mut(&cid) {
            contact.active_at = contact.active_at.max(event.at);
        }
        self.adopt_heard(cid, event);
        Some(cid)
    }

    fn begin(&mut self, event: &Event) -> Option<Cid> {
        let call = match (&event.call_id, &event.connection) {
            (Some(call), _) | (None, Some(call)) => call.clone(),
            // The end of a talk without any connection finds its visit by the agent.
            (None, None) if matches!(event.body, Body::Released { .. }) => match self.talk_told(event) {
                Some((cid, _)) => {
                    self.thaw(cid);
                    return Some(cid);
                }
                None => self.id(event, ""),
            },
            (None, None) if event.queue.is_some() && !matches!(event.body, Body::PartyKnown { .. }) => {
                self.id(event, "")
            }
            (None, None) => return None,
        };
        let cid = self.next_cid;
        self.next_cid += 1;
        self.contacts.insert(cid, Contact::new(call.clone(), event.at, event.position));
        self.calls.insert(call, cid);
        self.touched.push(cid);
        self.cools(cid);
        self.horizon.release_after(event.at, cid);
        Some(cid)
    }

    fn talk_told(&mut self, event: &Event) -> Option<(Cid, Name)> {
        let Body::Released { talk_ms, .. } = &event.body else { return None };
        let (queue, agent) = (event.queue.as_ref()?, self.agent_of(event)?);
        for cid in self.agents.get(&agent).map(|a| a.answering.clone()).unwrap_or_default() {
            self.thaw(cid);
        }
        self.talk_of(event, queue, &agent, *talk_ms)
    }

    /// Hands an event to the room that takes it.
    pub(crate) fn handle(&mut self, event: &Event, cid: Option<Cid>, last_heard: Option<Instant>, out: &mut Facts) {
        if let Some(cid) = cid {
            match (&event.queue, &event.body) {
                (_, Body::CallsJoined { .. }) => self.calls_joined(event),
                (Some(queue), _) if self.queue_event(cid, event, queue) => {}
                _ => {
                    self.call_event(cid, event);
                    self.recording_event(cid, event);
                    self.adapter_event(cid, event);
                }
            }
        }
        match &event.body {
            Body::ConversationsMerged { from, into } => self.conversations_merged(from, into, event),
            Body::SourceStarted => self.source_started(event, last_heard),
            Body::SourceGap { .. } => self.lists_count_again(),
            Body::Acted(act) => self.acted(event, act, out),
            Body::AgentKnown { interface } => {
                if let Some(name) = &event.agent {
                    self.names.know(interface, name);
                    self.rename_agent(interface, name);
                }
            }
            _ => self.agent_event(event),
        }
    }

    /// Takes what a queue tells; whether it was that.
    fn queue_event(&mut self, cid: Cid, event: &Event, queue: &Name) -> bool {
        let agent = self.agent_of(event).unwrap_or_default();
        if let Some(written) = &event.agent {
            self.names.member(written);
        }
        match &event.body {
            Body::Queued { position, ani } => {
                self.party(cid, event.connection.as_ref(), ani.as_ref(), false, None);
                self.queued(cid, event, queue, *position, ani.as_ref());
            }
            Body::Delivered { device } => {
                self.telephone(device.as_ref(), &agent);
                self.delivered(cid, event, queue, &agent, device.as_ref());
            }
            Body::OfferEnded { end, ring_ms, device } => {
                self.offer_ended(cid, event, queue, &agent, (*end, *ring_ms, device.as_ref()));
            }
            Body::Established { wait_ms, ring_ms, device } => {
                self.telephone(device.as_ref(), &agent);
                let visit = self.answered(cid, event, queue, &agent, *wait_ms);
                self.offer_answered(cid, visit, event, &agent, (*ring_ms, device.as_ref()));
                self.talks_elsewhere(cid, &agent, event.at);
                self.answering(&agent, cid);
            }
            Body::Diverted { reason, wait_ms, entry_position } => {
                self.left(cid, event, queue, VisitOutcome::FlowOut(*reason), *wait_ms, *entry_position);
            }
            Body::Abandoned { wait_ms, entry_position } => {
                self.left(cid, event, queue, VisitOutcome::Abandoned, *wait_ms, *entry_position);
            }
            Body::Rejected { reason } => self.rejected(cid, event, queue, *reason),
            Body::Released { by, transferred, wait_ms, talk_ms, entry_position } => {
                let release = Release {
                    by: *by,
                    transferred: *transferred,
                    wait_ms: *wait_ms,
                    talk_ms: *talk_ms,
                    entry_position: *entry_position,
                };
                self.talk_ended(cid, event, queue, &agent, &release);
            }
            _ => return false,
        }
        true
    }

    fn talk_ended(&mut self, cid: Cid, event: &Event, queue: &Name, agent: &Name, release: &Release) {
        let mut event = event.clone();
        if event.connection.is_none() {
            event.connection = self.talk_told(&event).filter(|(c, _)| *c == cid).map(|(_, conn)| conn);
        }
        let visit = self.released(cid, &event, queue, agent, release);
        self.offer_released(cid, visit, &event, agent);
        let Some(contact) = self.contacts.get(&cid) else { return };
        let Some(v) = contact.visits.get(visit) else { return };
        let (call, id, left) = (contact.call_id.clone(), v.row.visit_id.clone(), v.row.left_at.unwrap_or(event.at));
        let mut phones: Vec<Name> = contact.conns.clone();
        phones.extend(
            contact.legs.iter().filter(|l| l.row.visit_id.as_ref() == Some(&id)).filter_map(|l| l.device.clone()),
        );
        if !agent.is_empty() {
            self.agent_released(agent, &call, &id, left);
            if let Some(kind) = release.transferred {
                self.passed_on(cid, event.at, kind, agent);
            }
        }
        for conn in phones {
            self.wake(&conn);
            self.talk(&conn, &event);
        }
    }

    /// A queue says whose telephone a connection is.
    fn telephone(&mut self, device: Option<&Name>, agent: &Name) {
        let Some(state) = device.and_then(|d| self.connections.get_mut(d)) else { return };
        if state.agent.is_none()
            && !agent.is_empty()
            && !matches!(state.device, DeviceKind::Internal | DeviceKind::Trunk)
        {
            state.agent = Some(agent.clone());
        }
    }

    /// An agent may be talking in this contact.
    pub(crate) fn answering(&mut self, agent: &Name, cid: Cid) {
        if agent.is_empty() {
            return;
        }
        let (contacts, packed) = (&self.contacts, &self.packed);
        let state = self.agents.entry(agent.clone()).or_default();
        state.answering.retain(|c| {
            let awake = || contacts.get(c).is_some_and(|k| k.visits.iter().any(VisitState::is_talking));
            *c != cid && packed.get(c).map_or_else(awake, Packed::is_talking)
        });
        state.answering.reserve_exact(1);
        state.answering.push(cid);
    }

    /// What follows from any change of a visit.
    pub(crate) fn after_queue_event(&mut self, cid: Cid) {
        let Some(contact) = self.touch(cid) else { return };
        contact.dirty |= contact.visits.iter().any(|v| v.dirty && v.row.closed);
        if contact.direction.is_none()
            && let Some(first) = contact.visits.first()
        {
            contact.direction = Some(if first.row.consult { Direction::Internal } else { Direction::Inbound });
            contact.late_change();
        }
    }

    fn agent_event(&mut self, event: &Event) {
        let queue = event.queue.clone();
        match &event.body {
            Body::AgentLoggedOn { kind, listed } => {
                if let Some(written) = &event.agent {
                    self.names.member(written);
                }
                let queue = queue.filter(|_| *kind == LogonKind::Member);
                self.agent_said(event, Said::On { kind: *kind, queue }, *listed);
            }
            Body::AgentLoggedOff { kind, stated_ms } => {
                let queue = queue.filter(|_| *kind == LogonKind::Member);
                self.agent_said(event, Said::Off { kind: *kind, queue, stated_ms: *stated_ms }, false);
            }
            Body::AgentNotReady { reason, listed } => {
                let acw = reason.as_ref().is_some_and(|r| self.acw_reasons.contains(r));
                self.agent_said(event, Said::Paused { queue, reason: reason.clone(), acw }, *listed);
            }
            Body::AgentReady { listed } => self.agent_said(event, Said::Ready { queue }, *listed),
            Body::AgentWorkingAfterCall { stated_ms } => {
                self.agent_said(event, Said::Acw { stated_ms: *stated_ms }, false);
            }
            _ => {}
        }
    }
}
