//! Recordings by MixMonitor. `MIXMONITOR_FILENAME` is set on the channel just before
//! `MixMonitorStart` (seen in Asterisk 22); where it comes after, the start waits for it.
//! `MixMonitorStop` comes only of an explicit stop: else the channel's end is the end.

use model::Name;
use model::event::Body;

use super::fields::Fields;
use super::state::State;
use crate::emit::{Emit, named};

const READ: u8 = 1;
const WRITE: u8 = 2;

impl State {
    /// `VarSet MIXMONITOR_FILENAME`.
    pub fn recording_named(&mut self, uid: &Name, path: &str, emit: &mut Emit<'_>) {
        let path = named(path);
        let Some(channel) = self.channels.get_mut(uid) else { return };
        match channel.unnamed.take().map(|at| *at) {
            Some(at) => emit.push_at(at, &self.whom(uid), Body::RecordingStarted { path }),
            None => channel.path = path.map(Box::new),
        }
    }

    /// `MixMonitorStart`.
    pub fn recording_started(&mut self, fields: &Fields<'_>, emit: &mut Emit<'_>) {
        let Some(uid) = self.touch("", fields, emit) else { return };
        self.recording_stays_unnamed(&uid, emit);
        let sees_variables = self.sees_variables;
        let Some(channel) = self.channels.get_mut(&uid) else { return };
        channel.recordings += 1;
        let path = channel.path.take().map(|path| *path);
        if path.is_none() && sees_variables {
            channel.unnamed = Some(Box::new(emit.now()));
        } else {
            emit.push(&self.whom(&uid), Body::RecordingStarted { path });
        }
    }

    /// No name has come for a recording that started.
    pub fn recording_stays_unnamed(&mut self, uid: &Name, emit: &mut Emit<'_>) {
        if let Some(at) = self.channels.get_mut(uid).and_then(|c| c.unnamed.take()).map(|at| *at) {
            emit.push_at(at, &self.whom(uid), Body::RecordingStarted { path: None });
        }
    }

    /// `MixMonitorStop`.
    pub fn recording_stopped(&mut self, fields: &Fields<'_>, emit: &mut Emit<'_>) {
        let Some(uid) = self.touch("", fields, emit) else { return };
        self.recording_stays_unnamed(&uid, emit);
        if let Some(channel) = self.channels.get_mut(&uid) {
            channel.recordings = channel.recordings.saturating_sub(1);
            channel.muted = if channel.recordings == 0 { 0 } else { channel.muted };
            emit.push(&self.whom(&uid), Body::RecordingStopped);
        }
    }

    /// The channel is about to end, and with it all that is recorded on it.
    pub fn recordings_end(&mut self, uid: &Name, emit: &mut Emit<'_>) {
        self.recording_stays_unnamed(uid, emit);
        if self.channels.get_mut(uid).is_some_and(|c| std::mem::take(&mut c.recordings) > 0) {
            emit.push(&self.whom(uid), Body::RecordingStopped);
        }
    }

    /// `MixMonitorMute`: one suspension, however many directions are muted one by one.
    pub fn recording_muted(&mut self, fields: &Fields<'_>, emit: &mut Emit<'_>) {
        let Some(uid) = self.touch("", fields, emit) else { return };
        let bits = match fields.get("Direction") {
            Some("read") => READ,
            Some("write") => WRITE,
            _ => READ | WRITE,
        };
        let on = fields.get("State") == Some("1");
        let Some(channel) = self.channels.get_mut(&uid) else { return };
        let before = channel.muted;
        channel.muted = if on { before | bits } else { before & !bits };
        let after = channel.muted;
        if before == 0 && after != 0 {
            emit.push(&self.whom(&uid), Body::RecordingSuspended);
        } else if after == 0 && (before != 0 || !on) {
            // (A resumption whose suspension was not seen is told too.)
            emit.push(&self.whom(&uid), Body::RecordingResumed);
        }
    }
}
