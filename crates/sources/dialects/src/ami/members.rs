//! Members of queues: who they are, and when they come, pause and go.
//!
//! A pause in every queue comes as one event a queue. Answers to list actions, and the
//! status events of members that nothing was heard of before, fill in what no earlier
//! event said.

use model::Name;
use model::event::{Body, LogonKind};

use super::fields::Fields;
use super::names::plain_interface;
use super::state::State;
use crate::emit::{Emit, Whom};

impl State {
    /// The member that a record names: its name (else its interface) and its interface.
    /// What an interface is called, and the phone behind it, are told once.
    pub fn member(&mut self, fields: &Fields<'_>, emit: &mut Emit<'_>) -> (Option<Name>, Option<Name>) {
        let interface = fields.name("Interface").or_else(|| fields.name("Location"));
        let name = fields.name("MemberName").or_else(|| fields.name("Name"));
        let Some(interface) = interface else { return (name, None) };
        let agent = name.unwrap_or_else(|| interface.clone());
        self.know(&interface, &agent, emit);
        if let Some(phone) = fields.name("StateInterface").filter(|p| *p != interface && p.contains('/')) {
            self.know(&phone, &agent, emit);
        }
        (Some(agent), Some(interface))
    }

    fn know(&mut self, interface: &Name, agent: &Name, emit: &mut Emit<'_>) {
        let plain = plain_interface(interface);
        if self.agents.get(plain) == Some(agent) {
            return;
        }
        self.agents.insert(plain.into(), agent.clone());
        if interface != agent {
            let whom = Whom { agent: Some(agent.clone()), ..Whom::default() };
            emit.push(&whom, Body::AgentKnown { interface: interface.clone() });
        }
    }

    /// Queue, interface and name of a member's event.
    fn membership(&mut self, fields: &Fields<'_>, emit: &mut Emit<'_>) -> Option<(Name, Name, Whom)> {
        let queue = fields.name("Queue")?;
        let (agent, interface) = self.member(fields, emit);
        let whom = Whom { queue: Some(queue.clone()), agent, ..Whom::default() };
        Some((queue, interface?, whom))
    }

    /// `QueueMemberAdded`.
    pub fn member_added(&mut self, fields: &Fields<'_>, emit: &mut Emit<'_>) {
        let Some((queue, interface, whom)) = self.membership(fields, emit) else { return };
        let paused = fields.get("Paused") == Some("1");
        self.members.entry(queue).or_default().insert(interface, emit.now());
        emit.push(&whom, Body::AgentLoggedOn { kind: LogonKind::Member, listed: false });
        if paused {
            emit.push(&whom, Body::AgentNotReady { reason: reason(fields), listed: false });
        }
    }

    /// `QueueMemberRemoved`.
    pub fn member_removed(&mut self, fields: &Fields<'_>, emit: &mut Emit<'_>) {
        let Some((queue, interface, whom)) = self.membership(fields, emit) else { return };
        if let Some(members) = self.members.get_mut(&queue) {
            members.remove(&interface);
        }
        emit.push(&whom, Body::AgentLoggedOff { kind: LogonKind::Member, stated_ms: None });
    }

    /// `QueueMemberPause`: paused, no longer paused, or the reason has changed.
    pub fn member_paused(&mut self, fields: &Fields<'_>, emit: &mut Emit<'_>) {
        let Some((queue, interface, whom)) = self.membership(fields, emit) else { return };
        let paused = fields.get("Paused") == Some("1");
        self.members.entry(queue).or_default().insert(interface, emit.now());
        let body = if paused {
            Body::AgentNotReady { reason: reason(fields), listed: false }
        } else {
            Body::AgentReady { listed: false }
        };
        emit.push(&whom, body);
    }

    /// `QueueMember` (a list's answer) and `QueueMemberStatus`.
    pub fn member_listed(&mut self, fields: &Fields<'_>, emit: &mut Emit<'_>) {
        let Some((queue, interface, whom)) = self.membership(fields, emit) else { return };
        let paused = fields.get("Paused") == Some("1");
        if let Some(roll) = &mut self.member_roll {
            roll.listed.insert((queue.clone(), interface.clone()));
        }
        let members = self.members.entry(queue).or_default();
        if members.contains_key(&interface) {
            return;
        }
        members.insert(interface, emit.now());
        emit.push(&whom, Body::AgentLoggedOn { kind: LogonKind::Member, listed: true });
        if paused {
            emit.push(&whom, Body::AgentNotReady { reason: reason(fields), listed: true });
        }
    }
}

/// `PausedReason`; older versions say `Reason`.
fn reason(fields: &Fields<'_>) -> Option<Name> {
    fields.name("PausedReason").or_else(|| fields.name("Reason"))
}
