//! Conversations: who is in which bridge, who holds, who confers.

use model::Name;
use model::event::Body;

use super::fields::Fields;
use super::state::State;
use crate::emit::{Emit, Whom};

/// Most conversations that are followed through Local channels.
const MAX_LINKED: usize = 8;

impl State {
    /// `BridgeEnter`.
    pub fn bridge_entered(&mut self, fields: &Fields<'_>, emit: &mut Emit<'_>) {
        let Some(uid) = self.touch("", fields, emit) else { return };
        let Some(conversation) = fields.name("BridgeUniqueid") else { return };
        if let Some(channel) = self.channels.get_mut(&uid) {
            channel.conversation = Some(conversation.clone());
        }
        emit.push(&self.whom(&uid), Body::Connected { conversation });
    }

    /// `BridgeLeave`.
    pub fn bridge_left(&mut self, fields: &Fields<'_>, emit: &mut Emit<'_>) {
        let Some(uid) = self.touch("", fields, emit) else { return };
        let Some(conversation) = fields.name("BridgeUniqueid") else { return };
        if let Some(channel) = self.channels.get_mut(&uid)
            && channel.conversation.as_ref() == Some(&conversation)
        {
            channel.conversation = None;
        }
        emit.push(&self.whom(&uid), Body::Disconnected { conversation });
    }

    /// `BridgeMerge`.
    pub fn bridges_merged(&mut self, fields: &Fields<'_>, emit: &mut Emit<'_>) {
        let from = fields.name("FromBridgeUniqueid");
        let (Some(from), Some(into)) = (from, fields.name("ToBridgeUniqueid")) else { return };
        let mut whom = Whom::default();
        for channel in self.channels.values_mut() {
            if channel.conversation.as_ref() == Some(&from) {
                channel.conversation = Some(into.clone());
            }
            if channel.conversation.as_ref() == Some(&into) {
                // Any of them names the call; the smallest, so that it is always the same.
                let call = Some(channel.call.clone());
                whom.call_id = if whom.call_id.is_none() { call } else { whom.call_id.min(call) };
            }
        }
        emit.push(&whom, Body::ConversationsMerged { from, into });
    }

    /// A conversation and those that Local channels link it with: whoever hangs up in one
    /// ends the others, also where their calls are not one yet.
    pub fn linked_by_plumbing(&self, conversation: Option<Name>) -> Vec<Name> {
        let mut circle: Vec<Name> = conversation.into_iter().collect();
        let mut next = 0;
        while let Some(from) = circle.get(next).filter(|_| next < MAX_LINKED).cloned() {
            next += 1;
            let plumbing = self.channels.values().filter(|c| c.conversation.as_ref() == Some(&from));
            let beyond = plumbing.filter_map(|c| self.channels.get(c.pair.as_deref()?)?.conversation.clone());
            let fresh: Vec<Name> = beyond.filter(|c| !circle.contains(c)).collect();
            circle.extend(fresh);
        }
        circle
    }

    /// `Hold` and `Unhold`: by the party itself. (Music is no sign of it: waiting callers
    /// hear music too.) `Unhold` also comes where nothing was held.
    pub fn held(&mut self, on: bool, fields: &Fields<'_>, emit: &mut Emit<'_>) {
        let Some(uid) = self.touch("", fields, emit) else { return };
        let Some(channel) = self.channels.get_mut(&uid) else { return };
        if std::mem::replace(&mut channel.holding, on) != on {
            emit.push(&self.whom(&uid), if on { Body::Held } else { Body::Retrieved });
        }
    }

    /// `ConfbridgeJoin`.
    pub fn conference_joined(&mut self, fields: &Fields<'_>, emit: &mut Emit<'_>) {
        let Some(uid) = self.touch("", fields, emit) else { return };
        let conference = fields.name("Conference").or_else(|| fields.name("BridgeUniqueid"));
        if let Some(conference) = conference {
            emit.push(&self.whom(&uid), Body::Conferenced { conference });
        }
    }
}
