//! `agent_legs`.

use std::cmp::Ordering;

use model::facts::{Facts, Leg, LegResult, LegRole};
use model::{Instant, Name, Position};

use super::{Fact, Key, Traits, columns, say};
use crate::cells::Day;
use crate::table::Table;

columns! {
    LegBuilders, LegColumns for Leg {
        leg_id: Name = |r| &r.leg_id, "Key; derives from the event that made the leg.";
        call_id: Name = |r| &r.call_id, say::CALL;
        visit_id: Option<Name> = |r| &r.visit_id, "The visit, where a queue offered it.";
        center: Name = |r| &r.center, say::CENTER;
        switch: Name = |r| &r.switch, say::SWITCH;
        agent: Name = |r| &r.agent, "The agent.";
        queue: Option<Name> = |r| &r.queue, "The queue, where one offered it.";
        role: LegRole = |r| &r.role, "How the agent came into it: queue, transfer_in, outbound or internal.";
        offered_at: Option<Instant> = |r| &r.offered_at, "When it began to ring, where known.";
        answered_at: Option<Instant> = |r| &r.answered_at, "The answer.";
        ended_at: Option<Instant> = |r| &r.ended_at, "The end.";
        ring_ms: Option<i64> = |r| &r.ring_ms, "Ring time, ms.";
        talk_ms: Option<i64> = |r| &r.talk_ms, "Talk, hold included, ms.";
        hold_ms: Option<i64> = |r| &r.hold_ms, "Hold within the talk, ms.";
        result: Option<LegResult> = |r| &r.result, "answered, missed, declined or cancelled; null while it rings.";
        retracted: bool = |r| &r.retracted, say::RETRACTED;
        revision: i64 = |r| &r.revision, say::REVISION;
        known_at: Instant = |r| &r.known_at, say::KNOWN;
        first_event: Position = |r| &r.first_event, say::FIRST;
        last_event: Position = |r| &r.last_event, say::LAST;
        date: Day = |r| &Day(r.filed), say::DATE;
    }
    read Leg {
        leg_id, call_id, visit_id, center, switch, agent, queue, role, offered_at, answered_at, ended_at,
        ring_ms, talk_ms, hold_ms, result, retracted, revision, known_at, first_event, last_event,
        filed: date.0,
    }
}

impl Fact for Leg {
    const TABLE: Table = Table::AgentLegs;

    fn of(facts: &Facts) -> &[Self] {
        &facts.agent_legs
    }
    fn day(&self) -> i32 {
        self.filed
    }
    fn order(&self, other: &Self) -> Ordering {
        (&self.center, &self.agent, self.offered_at, &self.leg_id, self.revision).cmp(&(
            &other.center,
            &other.agent,
            other.offered_at,
            &other.leg_id,
            other.revision,
        ))
    }
    fn key(&self) -> Key {
        Key::id(&self.leg_id)
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
            call_id: Some(&self.call_id),
            begin: self.offered_at.or(self.answered_at).or(self.ended_at),
            end: self.ended_at,
        }
    }
}
