//! Answers to list actions: they tell what was up before anything was heard. They bear
//! no time; the record before them gives it.
//!
//! The first whole lists behind a login (`FullyBooted`) also tell what ended unheard:
//! channels, and members of a listed queue, that were known before and are left out.

use model::event::{Body, LogonKind};
use model::{Instant, Name};
use rustc_hash::FxHashSet;

use super::fields::Fields;
use super::names::plain_interface;
use super::state::{Channel, ChannelRoll, MemberRoll, State, Visit};
use crate::emit::{Emit, Whom};

impl State {
    /// `QueueParams`: the queue's own threshold, told when it is new.
    pub fn queue_listed(&mut self, fields: &Fields<'_>, emit: &mut Emit<'_>) {
        let Some(queue) = fields.name("Queue") else { return };
        if let Some(roll) = &mut self.member_roll {
            roll.queues.insert(queue.clone());
        }
        let Some(sl_threshold_ms) = fields.seconds("ServiceLevel") else { return };
        if self.thresholds.insert(queue.clone(), sl_threshold_ms) != Some(sl_threshold_ms) {
            let whom = Whom { queue: Some(queue), ..Whom::default() };
            emit.push(&whom, Body::QueueConfigured { sl_threshold_ms });
        }
    }

    /// `CoreShowChannel`: a channel that was up already, since `Duration`.
    pub fn channel_listed(&mut self, fields: &Fields<'_>, emit: &mut Emit<'_>) {
        let Some(uid) = fields.name("Uniqueid") else { return };
        if let Some(roll) = &mut self.channel_roll {
            roll.listed.insert(uid.clone());
        }
        if self.channels.contains_key(&uid) || self.gone.contains_key(&uid) {
            return;
        }
        let call = fields.name("Linkedid").unwrap_or_else(|| uid.clone());
        let since = fields.get("Duration").and_then(clock_ms).unwrap_or(0);
        let at = emit.now().plus_millis(-since);
        self.originate(&uid, call, "", fields, at, emit);
        let conversation = fields.name("BridgeId");
        if let Some(channel) = self.channels.get_mut(&uid) {
            channel.conversation = conversation.clone();
            if fields.get("Application").is_some_and(|a| a.eq_ignore_ascii_case("Queue")) {
                let queue = fields.get("ApplicationData").and_then(|d| d.split(',').next());
                channel.queue_app = queue.and_then(crate::emit::named);
            }
        }
        if let Some(conversation) = conversation {
            emit.push(&self.whom(&uid), Body::Connected { conversation });
        }
    }

    /// `QueueEntry`: a caller who waited already, since `Wait` seconds.
    pub fn caller_listed(&mut self, fields: &Fields<'_>, emit: &mut Emit<'_>) {
        let Some(queue) = fields.name("Queue") else { return };
        let Some(uid) = fields.name("Uniqueid") else { return };
        if !self.channels.contains_key(&uid) && !self.gone.contains_key(&uid) {
            let at = emit.now().plus_millis(-fields.seconds("Wait").unwrap_or(0));
            self.originate(&uid, uid.clone(), "", fields, at, emit);
        }
        let Some(channel) = self.channels.get_mut(&uid) else { return };
        if channel.visit.is_some() {
            return;
        }
        channel.visit = Some(Box::new(Visit { queue: queue.clone(), position: None, leaving: None }));
        let at = emit.now().plus_millis(-fields.seconds("Wait").unwrap_or(0));
        let body = Body::Queued { position: None, ani: fields.name("CallerIDNum") };
        emit.push_at(at, &self.caller(&uid, &queue, None), body);
    }
}

impl State {
    /// A login: the lists that follow tell what is up.
    pub fn expect_lists(&mut self, since: Instant) {
        self.channel_roll = Some(ChannelRoll { since, listed: FxHashSet::default() });
        let (queues, listed) = (FxHashSet::default(), FxHashSet::default());
        self.member_roll = Some(MemberRoll { since, queues, listed });
    }

    /// `CoreShowChannelsComplete`: channels that the list leaves out ended unheard.
    pub fn channels_listed(&mut self, emit: &mut Emit<'_>) {
        let Some(roll) = self.channel_roll.take() else { return };
        let is_lost = |uid: &Name, c: &Channel| c.since < roll.since && !roll.listed.contains(uid);
        let mut lost: Vec<Name> =
            self.channels.iter().filter(|(uid, c)| is_lost(uid, c)).map(|(uid, _)| uid.clone()).collect();
        lost.sort_unstable();
        for uid in lost {
            self.clear(&uid, None, emit);
        }
    }

    /// `QueueStatusComplete`: members whom a listed queue leaves out went unheard.
    pub fn queues_listed(&mut self, emit: &mut Emit<'_>) {
        let Some(roll) = self.member_roll.take() else { return };
        let mut lost = Vec::new();
        for (queue, members) in self.members.iter_mut().filter(|(queue, _)| roll.queues.contains(*queue)) {
            members.retain(|interface, since| {
                let key = (queue.clone(), interface.clone());
                let stays = *since >= roll.since || roll.listed.contains(&key);
                lost.extend((!stays).then_some(key));
                stays
            });
        }
        lost.sort_unstable();
        for (queue, interface) in lost {
            let agent = self.agents.get(plain_interface(&interface)).cloned().unwrap_or(interface);
            let whom = Whom { queue: Some(queue), agent: Some(agent), ..Whom::default() };
            emit.push(&whom, Body::AgentLoggedOff { kind: LogonKind::Member, stated_ms: None });
        }
    }
}

/// `HH:MM:SS` in milliseconds.
fn clock_ms(text: &str) -> Option<i64> {
    let mut seconds = 0_i64;
    for part in text.split(':') {
        seconds = seconds.checked_mul(60)?.checked_add(part.trim().parse::<u32>().ok()?.into())?;
    }
    seconds.checked_mul(1000)
}
