//! `agent_states`.

use std::cmp::Ordering;

use model::facts::{Facts, Stretch, StretchKind};
use model::{Instant, Name, Position};

use super::{Fact, Key, Traits, columns, say};
use crate::cells::Day;
use crate::table::Table;

columns! {
    StretchBuilders, StretchColumns for Stretch {
        stretch_id: Name = |r| &r.stretch_id, "Key; derives from the event that made the stretch.";
        agent: Name = |r| &r.agent, "The agent.";
        center: Name = |r| &r.center, say::CENTER;
        switch: Name = |r| &r.switch, say::SWITCH;
        queue: Option<Name> = |r| &r.queue, "The queue; null for all.";
        kind: StretchKind = |r| &r.kind, "login, pause or acw.";
        reason: Option<Name> = |r| &r.reason, "The reason of a pause.";
        from: Instant = |r| &r.from, "Begin.";
        to: Option<Instant> = |r| &r.to, "End; null while it lasts.";
        retracted: bool = |r| &r.retracted, say::RETRACTED;
        revision: i64 = |r| &r.revision, say::REVISION;
        known_at: Instant = |r| &r.known_at, say::KNOWN;
        first_event: Position = |r| &r.first_event, say::FIRST;
        last_event: Position = |r| &r.last_event, say::LAST;
        date: Day = |r| &Day(r.filed), say::DATE;
    }
    read Stretch {
        stretch_id, agent, center, switch, queue, kind, reason, from, to,
        retracted, revision, known_at, first_event, last_event,
        filed: date.0,
    }
}

impl Fact for Stretch {
    const TABLE: Table = Table::AgentStates;

    fn of(facts: &Facts) -> &[Self] {
        &facts.agent_states
    }
    fn day(&self) -> i32 {
        self.filed
    }
    fn order(&self, other: &Self) -> Ordering {
        (&self.center, &self.agent, self.from, &self.stretch_id, self.revision).cmp(&(
            &other.center,
            &other.agent,
            other.from,
            &other.stretch_id,
            other.revision,
        ))
    }
    fn key(&self) -> Key {
        Key::id(&self.stretch_id)
    }
    fn revision(&self) -> i64 {
        self.revision
    }
    fn known_at(&self) -> Instant {
        self.known_at
    }
    fn retracted(&self) -> bool {
        self.retracted
    }
    fn traits(&self) -> Traits<'_> {
        Traits {
            center: &self.center,
            switch: &self.switch,
            queue: self.queue.as_ref(),
            agent: Some(&self.agent),
            call_id: None,
            begin: Some(self.from),
            end: self.to,
        }
    }
}
