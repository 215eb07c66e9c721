//! `events`. Events never change, so they have no revision (each counts as its first).

use std::cmp::Ordering;

use model::facts::{EventRow, Facts};
use model::{Instant, Name, Position};

use super::{Fact, Key, Traits, columns, say};
use crate::cells::Day;
use crate::table::Table;

columns! {
    EventBuilders, EventColumns for EventRow {
        event_id: Name = |r| &r.event_id, "Key: partition/offset/ordinal.";
        source: Name = |r| &r.source, "Who said it: /switch/<name>, /adapter/<name> or /ringledger/<stage>.";
        r#type: Name = |r| &r.kind, "The word of the vocabulary.";
        at: Instant = |r| &r.at, "When, by the switch's clock.";
        center: Name = |r| &r.center, say::CENTER;
        switch: Name = |r| &r.switch, say::SWITCH;
        call_id: Option<Name> = |r| &r.call_id, "The native call.";
        queue: Option<Name> = |r| &r.queue, "The queue.";
        agent: Option<Name> = |r| &r.agent, "The agent.";
        party: Option<Name> = |r| &r.party, "The number or connection that it concerns.";
        details: String = |r| &r.details, "The body as JSON.";
        position: Position = |r| &r.position, "Where it stands in the log, as topic/partition/offset.";
        first_event: Position = |r| &r.position, say::FIRST;
        last_event: Position = |r| &r.position, say::LAST;
        known_at: Instant = |r| &r.known_at, "When the log took it.";
        date: Day = |r| &Day(r.at.days()), "Day (UTC) of `at`. Partition.";
    }
    read EventRow {
        event_id, source, kind: r#type, at, center, switch, call_id, queue, agent, party, details, position, known_at,
    }
}

impl Fact for EventRow {
    const TABLE: Table = Table::Events;

    fn of(facts: &Facts) -> &[Self] {
        &facts.events
    }
    fn day(&self) -> i32 {
        self.at.days()
    }
    fn order(&self, other: &Self) -> Ordering {
        (&self.center, &self.queue, self.at, &self.event_id).cmp(&(
            &other.center,
            &other.queue,
            other.at,
            &other.event_id,
        ))
    }
    fn key(&self) -> Key {
        Key::id(&self.event_id)
    }
    fn revision(&self) -> i64 {
        1
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
            begin: Some(self.at),
            end: Some(self.at),
        }
    }
}
