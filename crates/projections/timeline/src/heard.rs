//! Recordings that the switch tells of in another dialect than the one that makes its
//! figures: an AMI beside a queue_log that cannot tell of them.
//!
//! Contract: of such events only recordings are taken: announcements, suspensions, ends.
//! They begin no contact, move no horizon of the contacts and change no figure. A
//! recording is its contact's as soon as the timeline knows its connection or its native
//! call, whichever dialect is read first, within the late horizon of either; until then
//! its row has no `call_id`. Queue and agent follow from the contact's visits and legs as
//! they stand (`crate::whose`), so that the order of the two dialects does not matter.

use std::collections::BTreeSet;

use model::facts::{Facts, Recording};
use model::{Body, Event, Instant, Name};
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::emit::emit_recording;
use crate::horizon::Horizon;
use crate::recordings::{end_recording, resume, suspend};
use crate::state::{Cid, RecordingState};
use crate::{Timeline, TooLate};

/// A connection on which recordings were heard of, and those that have no contact yet.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Recorded {
    conn: Name,
    /// Its native call, as last told.
    call: Option<Name>,
    /// Its recordings, in the order of their announcements.
    ids: Vec<Name>,
    /// One of them may still be open.
    open: bool,
    /// When it was last told of.
    at: Instant,
    contact: Option<Cid>,
    rows: Vec<RecordingState>,
}

/// All that was heard within the late horizon.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Heard {
    /// The time of what is heard: that of the contacts stands still while only another
    /// dialect is read.
    horizon: Horizon,
    next: u64,
    conns: FxHashMap<u64, Recorded>,
    by_conn: FxHashMap<Name, u64>,
    by_recording: FxHashMap<Name, u64>,
    /// Those with rows that wait for a contact, by connection and by native call.
    waiting: FxHashMap<Name, BTreeSet<u64>>,
    // Empty between events.
    touched: Vec<u64>,
}

impl Heard {
    pub fn new(late_ms: i64) -> Self {
        Self {
            horizon: Horizon::new(late_ms),
            next: 0,
            conns: FxHashMap::default(),
            by_conn: FxHashMap::default(),
            by_recording: FxHashMap::default(),
            waiting: FxHashMap::default(),
            touched: Vec::new(),
        }
    }

    fn on(&mut self, conn: &Name) -> Option<&mut Recorded> {
        self.by_conn.get(conn).and_then(|id| self.conns.get_mut(id))
    }

    /// The connection's own entry; a new one where nothing was heard of it.
    fn enter(&mut self, conn: &Name, event: &Event) -> u64 {
        if let Some(id) = self.by_conn.get(conn) {
            return *id;
        }
        let id = self.next;
        self.next += 1;
        let (conn, call) = (conn.clone(), event.call_id.clone());
        self.by_conn.insert(conn.clone(), id);
        let new = Recorded { conn, call, ids: Vec::new(), open: false, at: event.at, contact: None, rows: Vec::new() };
        self.conns.insert(id, new);
        self.horizon.release_after(event.at, id);
        id
    }

    fn wait(&mut self, id: u64) {
        let Some(entry) = self.conns.get(&id) else { return };
        for name in std::iter::once(&entry.conn).chain(&entry.call) {
            self.waiting.entry(name.clone()).or_default().insert(id);
        }
        self.touched.push(id);
    }

    fn wait_no_more(&mut self, id: u64) {
        let Some(entry) = self.conns.get(&id) else { return };
        for name in std::iter::once(&entry.conn).chain(&entry.call) {
            if let Some(ids) = self.waiting.get_mut(name) {
                ids.remove(&id);
                if ids.is_empty() {
                    self.waiting.remove(name);
                }
            }
        }
    }

    /// Those without a contact that an event of this connection and native call is about.
    fn waiting_of(&self, event: &Event) -> Vec<u64> {
        let of = |name: &Option<Name>| name.as_ref().and_then(|n| self.waiting.get(n));
        of(&event.connection).or_else(|| of(&event.call_id)).into_iter().flatten().copied().collect()
    }

    /// The contact of a recording that had none when its outcome was worked out.
    pub fn contact_of(&self, recording_id: &Name) -> Option<Cid> {
        self.by_recording.get(recording_id).and_then(|id| self.conns.get(id))?.contact
    }

    /// The row of a recording that has no contact, to be changed.
    pub fn row_of(&mut self, recording_id: &Name) -> Option<&mut RecordingState> {
        let id = *self.by_recording.get(recording_id)?;
        let found = self.conns.get_mut(&id)?.rows.iter_mut().find(|r| r.row.recording_id == *recording_id)?;
        self.touched.push(id);
        Some(found)
    }

    /// Changes the open rows of one entry that has no contact.
    fn change(&mut self, id: u64, event: &Event, change: impl Fn(&mut Recording, Instant)) {
        let Some(entry) = self.conns.get_mut(&id) else { return };
        for recording in entry.rows.iter_mut().filter(|r| r.row.ended_at.is_none()) {
            change(&mut recording.row, event.at);
            recording.dirty = true;
        }
        self.touched.push(id);
    }

    /// Rows of what changed and has no contact.
    pub fn emit(&mut self, event: &Event, out: &mut Facts) {
        for id in std::mem::take(&mut self.touched) {
            let rows = self.conns.get_mut(&id).map(|e| e.rows.as_mut_slice()).unwrap_or_default();
            rows.iter_mut().filter(|r| r.dirty).for_each(|r| emit_recording(r, None, event, out));
        }
    }
}

impl Timeline {
    /// Takes what an event of a dialect that does not make the figures tells of recordings
    /// that the one which does cannot tell of; whether a row came of it.
    ///
    /// # Errors
    /// An announcement lies before the late horizon; nothing was changed or appended.
    pub fn hear(&mut self, source: &Name, event: &Event, out: &mut Facts) -> Result<bool, TooLate> {
        let limit = self.heard.horizon.limit();
        if matches!(event.body, Body::RecordingStarted { .. }) && event.at < limit {
            self.counters.too_late += 1;
            return Err(TooLate { at: event.at, limit });
        }
        self.wake_named(event);
        let rows = out.recordings.len();
        let last_heard = self.heard.horizon.watermark();
        self.heard.horizon.hear(event.at, event.position);
        let conn = event.connection.as_ref().or(event.call_id.as_ref());
        match (&event.body, conn) {
            (Body::RecordingStarted { path }, Some(conn)) => self.heard_started(conn, event, path.as_ref()),
            (Body::RecordingSuspended, _) => self.heard_change(event, suspend),
            (Body::RecordingResumed, _) => self.heard_change(event, resume),
            (Body::RecordingStopped | Body::ConnectionCleared { .. }, Some(conn)) => self.heard_end(conn, event.at),
            (Body::CallsJoined { .. }, Some(conn)) => self.heard_moved(conn, event),
            (Body::SourceStarted, _) => self.heard_restart(last_heard.map_or(event.at, |t| t.min(event.at))),
            _ => {}
        }
        self.emit(event, out);
        self.forget_heard(event, out);
        let told = out.recordings.len() > rows;
        if told {
            out.events.push(self.event_row(source, event));
        }
        Ok(told)
    }

    fn heard_started(&mut self, conn: &Name, event: &Event, path: Option<&Name>) {
        let id = self.heard.enter(conn, event);
        let located = self.locate(event);
        let n = self.heard.conns.get(&id).map_or(0, |e| e.ids.len()) + 1;
        let row = self.new_recording(conn, &n.to_string(), event, path);
        let Some(entry) = self.heard.conns.get_mut(&id) else { return };
        entry.at = entry.at.max(event.at);
        entry.open = true;
        entry.ids.push(row.recording_id.clone());
        self.heard.by_recording.insert(row.recording_id.clone(), id);
        entry.rows.push(RecordingState { row, conn: Some(conn.clone()), heard: true, dirty: true });
        let contact = located.or(entry.contact.map(|c| self.survivor(c)).filter(|c| self.keeps(*c)));
        match contact {
            Some(cid) => self.adopt(id, cid),
            None => self.heard.wait(id),
        }
    }

    fn heard_change(&mut self, event: &Event, change: impl Fn(&mut Recording, Instant) + Copy) {
        if self.heard.conns.is_empty() {
            return;
        }
        if let Some(cid) = self.locate(event) {
            self.each_recording(cid, event, change);
        }
        for id in self.heard.waiting_of(event) {
            self.heard.change(id, event, change);
        }
    }

    /// The recordings of one connection end.
    fn heard_end(&mut self, conn: &Name, at: Instant) {
        let Some(entry) = self.heard.on(conn).filter(|e| e.open) else { return };
        entry.open = false;
        entry.at = entry.at.max(at);
        for recording in entry.rows.iter_mut().filter(|r| r.row.ended_at.is_none()) {
            end_recording(&mut recording.row, at);
            recording.dirty = true;
        }
        let contact = entry.contact.map(|c| self.survivor(c));
        self.heard.touched.extend(self.heard.by_conn.get(conn));
        if let Some(cid) = contact {
            self.recordings_end(cid, conn, at);
        }
    }

    /// A recorded connection goes by another native call, which may be one that is known.
    fn heard_moved(&mut self, conn: &Name, event: &Event) {
        let Some(id) = self.heard.by_conn.get(conn).copied() else { return };
        let waits = self.heard.conns.get(&id).is_some_and(|e| !e.rows.is_empty());
        self.heard.wait_no_more(id);
        if let Some(entry) = self.heard.conns.get_mut(&id) {
            entry.call.clone_from(&event.call_id);
        }
        match self.locate(event).filter(|_| waits) {
            Some(cid) => self.adopt(id, cid),
            None if waits => self.heard.wait(id),
            None => {}
        }
    }

    /// The switch started anew: what was recorded is no longer.
    fn heard_restart(&mut self, at: Instant) {
        let mut open: Vec<Name> = self.heard.conns.values().filter(|e| e.open).map(|e| e.conn.clone()).collect();
        open.sort_unstable();
        open.iter().for_each(|conn| self.heard_end(conn, at));
    }

    /// A contact is told of: what waited for it is its own from now on.
    pub(crate) fn adopt_heard(&mut self, cid: Cid, event: &Event) {
        if self.heard.waiting.is_empty() {
            return;
        }
        let mut found = BTreeSet::new();
        let own = |call: &&Name| self.calls.get(*call).is_some_and(|c| self.survivor(*c) == cid);
        for name in event.connection.iter().chain(event.call_id.iter().filter(own)) {
            found.extend(self.heard.waiting.get(name).into_iter().flatten().copied());
        }
        found.into_iter().for_each(|id| self.adopt(id, cid));
    }

    fn adopt(&mut self, id: u64, cid: Cid) {
        self.heard.wait_no_more(id);
        let Some(entry) = self.heard.conns.get_mut(&id) else { return };
        entry.contact = Some(cid);
        let mut rows = std::mem::take(&mut entry.rows);
        rows.iter_mut().for_each(|r| r.dirty = true);
        let Some(contact) = self.touch(cid) else { return };
        contact.recordings.append(&mut rows);
        contact.recordings.sort_by_key(|r| r.row.started_at);
        contact.late_change();
    }

    /// Forgets what was last told of before the late horizon; what is open of it ends.
    fn forget_heard(&mut self, event: &Event, out: &mut Facts) {
        while let Some(id) = self.heard.horizon.next_release() {
            let Some(entry) = self.heard.conns.get(&id) else { continue };
            let (conn, at) = (entry.conn.clone(), entry.at);
            if at >= self.heard.horizon.limit() {
                self.heard.horizon.release_after(at, id);
                continue;
            }
            self.heard_end(&conn, at);
            self.emit(event, out);
            self.heard.wait_no_more(id);
            self.heard.by_conn.remove(&conn);
            for recording in self.heard.conns.remove(&id).map(|e| e.ids).unwrap_or_default() {
                self.heard.by_recording.remove(&recording);
            }
        }
    }
}
