//! Recordings: announced, suspended, ended, and what became of them.
//!
//! The id is `<switch>-<connection>-<n>`, n counting the announcements on that connection
//! (`<switch>-<call>-<position>` where none is stated), in letters that suit a URL path
//! and an object key. The queue is the one that the caller is in, else the next one (a
//! dial plan may begin it just before the queue), else the one that the caller came from;
//! the agent is the first who talks on it.

use model::acts::RecordingOutcome;
use model::facts::{LegResult, Recording, RecordingState as State};
use model::{Body, Event, Instant, Name};

use crate::Timeline;
use crate::state::{Cid, Contact, LegState, RecordingState};

fn safe(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') { c } else { '_' }).collect()
}

impl Timeline {
    /// Announcements; other bodies are left alone.
    pub(crate) fn recording_event(&mut self, cid: Cid, event: &Event) {
        match &event.body {
            Body::RecordingStarted { path } => self.recording_started(cid, event, path.as_ref()),
            Body::RecordingSuspended => self.each_recording(cid, event, suspend),
            Body::RecordingResumed => self.each_recording(cid, event, resume),
            Body::RecordingStopped => self.each_recording(cid, event, end_recording),
            _ => {}
        }
    }

    fn recording_started(&mut self, cid: Cid, event: &Event, path: Option<&Name>) {
        let conn = event.connection.clone();
        if let Some(conn) = &conn {
            self.know(cid, conn, event);
        }
        let n = match conn.as_ref().and_then(|c| self.connections.get_mut(c)) {
            Some(state) => {
                state.recordings += 1;
                state.recordings.to_string()
            }
            None => format!("{}.{}.{}", event.position.partition, event.position.offset, event.ordinal),
        };
        let own = conn.as_ref().and_then(|c| self.connections.get(c)).and_then(|k| k.agent.clone());
        let Some(base) = conn.clone().or_else(|| self.contacts.get(&cid).map(|c| c.call_id.clone())) else { return };
        let mut row = self.new_recording(&base, &n, event, path);
        let Some(contact) = self.touch(cid) else { return };
        row.call_id = Some(contact.call_id.clone());
        row.queue = queue_of(contact, conn.as_ref());
        row.agent = talking(contact, conn.as_ref(), own);
        contact.recordings.push(RecordingState { row, conn, heard: false, dirty: true });
        contact.late_change();
    }

    /// The row of an announcement, the `n`-th of `base`; contact, queue and agent are not
    /// known yet.
    pub(crate) fn new_recording(&self, base: &Name, n: &str, event: &Event, path: Option<&Name>) -> Recording {
        Recording {
            recording_id: format!("{}-{}-{n}", safe(&self.switch), safe(base)).into(),
            call_id: None,
            center: self.center.clone(),
            switch: self.switch.clone(),
            queue: None,
            agent: None,
            started_at: event.at,
            ended_at: None,
            duration_ms: None,
            bytes: None,
            sha256: None,
            uri: None,
            source: path.cloned(),
            state: State::Pending,
            suspended: Vec::new(),
            stored_at: None,
            note: None,
            revision: 0,
            known_at: event.known_at,
            first_event: event.position,
            last_event: event.position,
            filed: event.at.days(),
        }
    }

    /// Changes the open recordings of the event's connection, else those of its contact.
    pub(crate) fn each_recording(&mut self, cid: Cid, event: &Event, change: impl Fn(&mut Recording, Instant)) {
        let Some(contact) = self.touch(cid) else { return };
        let own = |r: &RecordingState| r.row.ended_at.is_none() && r.conn == event.connection;
        let any_own = contact.recordings.iter().any(own);
        for recording in contact.recordings.iter_mut() {
            if recording.row.ended_at.is_some() || (any_own && recording.conn != event.connection) {
                continue;
            }
            let before = recording.row.clone();
            change(&mut recording.row, event.at);
            recording.dirty |= recording.row != before;
        }
    }

    /// The connection that they were announced on ended.
    pub(crate) fn recordings_end(&mut self, cid: Cid, conn: &Name, at: Instant) {
        let Some(contact) = self.touch(cid) else { return };
        for recording in
            contact.recordings.iter_mut().filter(|r| r.conn.as_ref() == Some(conn) && r.row.ended_at.is_none())
        {
            end_recording(&mut recording.row, at);
            recording.dirty = true;
        }
    }

    /// Nothing more is awaited of the contact.
    pub(crate) fn recordings_given_up(&mut self, cid: Cid, at: Instant) {
        if !self.contacts.get(&cid).is_some_and(|c| c.recordings.iter().any(|r| r.row.ended_at.is_none())) {
            return;
        }
        let Some(contact) = self.touch(cid) else { return };
        for recording in contact.recordings.iter_mut().filter(|r| r.row.ended_at.is_none()) {
            end_recording(&mut recording.row, at);
            recording.dirty = true;
        }
    }

    /// An agent talks: open recordings without an agent are of this one, but those of a
    /// caller who still waits for another.
    pub(crate) fn recordings_get_agent(&mut self, cid: Cid, agent: &Name) {
        let Some(contact) = self.touch(cid) else { return };
        let waiting: Vec<Name> =
            contact.visits.iter().filter(|v| v.is_waiting()).filter_map(|v| v.conn.clone()).collect();
        let wanting = |r: &&mut RecordingState| {
            !r.heard
                && r.row.ended_at.is_none()
                && r.row.agent.is_none()
                && !r.conn.as_ref().is_some_and(|c| waiting.contains(c))
        };
        for recording in contact.recordings.iter_mut().filter(wanting) {
            recording.row.agent = Some(agent.clone());
            recording.dirty = true;
        }
    }

    /// The caller joins a queue, or is refused there: open recordings that began on the
    /// caller's connection since its stay before are of this queue.
    pub(crate) fn recordings_get_queue(&mut self, cid: Cid, event: &Event, queue: &Name) {
        let Some(conn) = &event.connection else { return };
        let Some(contact) = self.touch(cid) else { return };
        let own = contact.visits.iter().filter(|v| v.conn.as_ref() == Some(conn) && v.row.joined_at < event.at);
        let left = own.map(|v| v.row.left_at.unwrap_or(event.at)).max();
        for recording in contact.recordings.iter_mut().filter(|r| !r.heard && r.conn.as_ref() == Some(conn)) {
            let row = &mut recording.row;
            let since_then = row.agent.is_none() && left.is_none_or(|left| row.started_at >= left);
            if row.ended_at.is_none() && (row.queue.is_none() || since_then) && row.queue.as_ref() != Some(queue) {
                row.queue = Some(queue.clone());
                recording.dirty = true;
            }
        }
    }

    /// What became of one in the vault. The act carries the row that the vault acted on,
    /// for contacts that are let go by now.
    pub(crate) fn recording_outcome(
        &mut self,
        event: &Event,
        outcome: &RecordingOutcome,
        out: &mut model::facts::Facts,
    ) {
        outcome.call_id.iter().for_each(|c| self.wake(c));
        let contact = outcome.call_id.as_ref().and_then(|c| self.calls.get(c)).copied();
        // It may have come to its contact while the outcome was on its way.
        let contact = contact.or_else(|| self.heard.contact_of(&outcome.recording_id)).map(|c| self.survivor(c));
        if let Some(contact) = contact.and_then(|cid| self.touch(cid)) {
            let found = contact.recordings.iter_mut().find(|r| r.row.recording_id == outcome.recording_id);
            if let Some(recording) = found {
                take(&mut recording.row, outcome);
                recording.dirty = true;
                contact.late_change();
                return;
            }
        }
        if let Some(recording) = self.heard.row_of(&outcome.recording_id) {
            take(&mut recording.row, outcome);
            recording.dirty = true;
            return;
        }
        let mut row = match &outcome.announced {
            Some(row) => (**row).clone(),
            None => self.unannounced(event, outcome),
        };
        take(&mut row, outcome);
        row.revision += 1;
        row.known_at = event.known_at;
        row.last_event = event.position;
        out.recordings.push(row);
    }

    fn unannounced(&self, event: &Event, outcome: &RecordingOutcome) -> Recording {
        let started_at = outcome.started_at.unwrap_or(event.at);
        Recording {
            recording_id: outcome.recording_id.clone(),
            call_id: outcome.call_id.clone(),
            center: self.center.clone(),
            switch: self.switch.clone(),
            queue: None,
            agent: None,
            started_at,
            ended_at: outcome.duration_ms.map(|ms| started_at.plus_millis(ms)),
            duration_ms: None,
            bytes: None,
            sha256: None,
            uri: None,
            source: None,
            state: State::Orphan,
            suspended: Vec::new(),
            stored_at: None,
            note: None,
            revision: 0,
            known_at: event.known_at,
            first_event: event.position,
            last_event: event.position,
            filed: started_at.days(),
        }
    }
}

pub(crate) fn suspend(row: &mut Recording, at: Instant) {
    if row.suspended.last().is_none_or(|(_, end)| end.is_some()) {
        row.suspended.push((at, None));
    }
}

pub(crate) fn resume(row: &mut Recording, at: Instant) {
    if let Some((from, end @ None)) = row.suspended.last_mut() {
        *end = Some(at.max(*from));
    }
}

pub(crate) fn end_recording(row: &mut Recording, at: Instant) {
    let end = at.max(row.started_at);
    row.ended_at = Some(end);
    if let Some((from, open @ None)) = row.suspended.last_mut() {
        *open = Some(end.max(*from));
    }
}

fn take(row: &mut Recording, outcome: &RecordingOutcome) {
    row.state = outcome.state;
    row.duration_ms = outcome.duration_ms;
    row.bytes = outcome.bytes;
    row.sha256 = outcome.sha256.as_deref().map(Name::from);
    row.uri.clone_from(&outcome.uri);
    row.stored_at = outcome.stored_at;
    row.note.clone_from(&outcome.note);
    if row.source.is_none() && !outcome.path.is_empty() {
        row.source = Some(outcome.path.as_str().into());
    }
}

/// The queue that the caller is in or came from; on an agent's telephone the one that
/// called it.
fn queue_of(contact: &Contact, conn: Option<&Name>) -> Option<Name> {
    let queue = |i: usize| contact.visits.get(i).map(|v| v.row.queue.clone());
    let own = contact.newest_visit(|v| v.conn.as_ref() == conn).and_then(queue);
    let rung = || telephone(contact, conn).and_then(|l| l.row.queue.clone());
    own.or_else(rung).or_else(|| contact.newest_visit(|_| true).and_then(queue))
}

/// The newest part that an agent has in the contact with this very telephone.
fn telephone<'a>(contact: &'a Contact, conn: Option<&Name>) -> Option<&'a LegState> {
    contact.legs.iter().rev().find(|l| conn.is_some() && l.device.as_ref() == conn && !l.row.retracted)
}

/// The agent who talks now: with the caller whose connection it is; where that caller
/// waits, nobody yet; else whose telephone it is, or whoever talks.
fn talking(contact: &Contact, conn: Option<&Name>, own: Option<Name>) -> Option<Name> {
    let visit = contact.newest_visit(|v| conn.is_some() && v.conn.as_ref() == conn && !v.row.closed);
    if let Some(visit) = visit.and_then(|i| contact.visits.get(i)) {
        return visit.row.agent.clone();
    }
    if let Some(leg) = telephone(contact, conn) {
        return Some(leg.row.agent.clone());
    }
    let open = |l: &&LegState| l.row.result == Some(LegResult::Answered) && l.row.ended_at.is_none();
    contact.legs.iter().rev().find(open).map(|l| l.row.agent.clone()).or(own)
}
