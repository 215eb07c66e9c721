//! `recordings`.

use std::cmp::Ordering;

use model::facts::{Facts, Recording, RecordingState};
use model::{Instant, Name, Position};

use super::{Fact, Key, Traits, columns, say};
use crate::cells::Day;
use crate::table::Table;

type Suspension = (Instant, Option<Instant>);

columns! {
    SuspensionBuilders, SuspensionColumns for Suspension {
        from: Instant = |r| &r.0, "Begin.";
        to: Option<Instant> = |r| &r.1, "End; null while it lasts.";
    }
    read (from, to)
}

columns! {
    RecordingBuilders, RecordingColumns for Recording {
        recording_id: Name = |r| &r.recording_id, "Key; derives from the announcing event, or from an orphan's path and content.";
        call_id: Option<Name> = |r| &r.call_id, "The contact; null for an orphan.";
        center: Name = |r| &r.center, say::CENTER;
        switch: Name = |r| &r.switch, say::SWITCH;
        queue: Option<Name> = |r| &r.queue, "The queue that the caller was in or came from.";
        agent: Option<Name> = |r| &r.agent, "The agent who talked.";
        started_at: Instant = |r| &r.started_at, "Begin of the recording.";
        ended_at: Option<Instant> = |r| &r.ended_at, "End of the recording.";
        duration_ms: Option<i64> = |r| &r.duration_ms, "Length of the media, ms.";
        bytes: Option<i64> = |r| &r.bytes, "Size, bytes.";
        sha256: Option<Name> = |r| &r.sha256, "SHA-256 of the bytes, lower-case hex.";
        uri: Option<String> = |r| &r.uri, "Where it is kept.";
        source: Option<Name> = |r| &r.source, "The announced path.";
        state: RecordingState = |r| &r.state, "recorded, partial, intentionally_not, empty, missing, orphan or pending.";
        suspended: Vec<Suspension> = |r| &r.suspended, "Stretches in which recording was suspended.";
        stored_at: Option<Instant> = |r| &r.stored_at, "When the vault stored it (wall clock).";
        note: Option<String> = |r| &r.note, "What was wrong, where something was.";
        revision: i64 = |r| &r.revision, say::REVISION;
        known_at: Instant = |r| &r.known_at, say::KNOWN;
        first_event: Position = |r| &r.first_event, say::FIRST;
        last_event: Position = |r| &r.last_event, say::LAST;
        date: Day = |r| &Day(r.filed), say::DATE;
    }
    read Recording {
        recording_id, call_id, center, switch, queue, agent, started_at, ended_at, duration_ms, bytes, sha256,
        uri, source, state, suspended, stored_at, note, revision, known_at, first_event, last_event,
        filed: date.0,
    }
}

impl Fact for Recording {
    const TABLE: Table = Table::Recordings;

    fn of(facts: &Facts) -> &[Self] {
        &facts.recordings
    }
    fn day(&self) -> i32 {
        self.filed
    }
    fn order(&self, other: &Self) -> Ordering {
        (&self.center, &self.queue, self.started_at, &self.recording_id, self.revision).cmp(&(
            &other.center,
            &other.queue,
            other.started_at,
            &other.recording_id,
            other.revision,
        ))
    }
    fn key(&self) -> Key {
        Key::id(&self.recording_id)
    }
    fn revision(&self) -> i64 {
        self.revision
    }
    fn known_at(&self) -> Instant {
        self.known_at
    }
    fn traits(&self) -> Traits<'_> {
        Traits {
            center: &self.center,
            switch: &self.switch,
            queue: self.queue.as_ref(),
            agent: self.agent.as_ref(),
            call_id: self.call_id.as_ref(),
            begin: Some(self.started_at),
            end: Some(self.started_at),
        }
    }
}
