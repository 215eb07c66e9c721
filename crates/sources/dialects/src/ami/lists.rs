//! Answers to list actions: they tell what was up before anything was heard. They bear
//! no time; the record before them gives it.

use model::event::Body;

use super::fields::Fields;
use super::state::{State, Visit};
use crate::emit::{Emit, Whom};

impl State {
    /// `QueueParams`: the queue's own threshold, told when it is new.
    pub fn queue_listed(&mut self, fields: &Fields<'_>, emit: &mut Emit<'_>) {
        let Some(queue) = fields.name("Queue") else { return };
        let Some(sl_threshold_ms) = fields.seconds("ServiceLevel") else { return };
        if self.thresholds.insert(queue.clone(), sl_threshold_ms) != Some(sl_threshold_ms) {
            let whom = Whom { queue: Some(queue), ..Whom::default() };
            emit.push(&whom, Body::QueueConfigured { sl_threshold_ms });
        }
    }

    /// `CoreShowChannel`: a channel that was up already, since `Duration`.
    pub fn channel_listed(&mut self, fields: &Fields<'_>, emit: &mut Emit<'_>) {
        let Some(uid) = fields.name("Uniqueid") else { return };
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
        channel.visit = Some(Visit { queue: queue.clone(), position: None, leaving: None });
        let at = emit.now().plus_millis(-fields.seconds("Wait").unwrap_or(0));
        let body = Body::Queued { position: None, ani: fields.name("CallerIDNum") };
        emit.push_at(at, &self.caller(&uid, &queue, None), body);
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
