//! `queue_visits`.

use std::cmp::Ordering;

use model::event::TransferKind;
use model::facts::{Facts, Visit, VisitOutcome};
use model::{DEFINITION_VERSION, Instant, Name, Position};

use super::{Fact, Key, Traits, columns, say};
use crate::cells::{BadCell, Day};
use crate::table::Table;

columns! {
    VisitBuilders, VisitColumns for Visit {
        visit_id: Name = |r| &r.visit_id, "Key; derives from the event that made the visit.";
        call_id: Name = |r| &r.call_id, say::CALL;
        center: Name = |r| &r.center, say::CENTER;
        switch: Name = |r| &r.switch, say::SWITCH;
        queue: Name = |r| &r.queue, "The queue.";
        joined_at: Instant = |r| &r.joined_at, "Arrival: the join, or the refusal of a rejected visit.";
        answered_at: Option<Instant> = |r| &r.answered_at, "The answer.";
        left_at: Option<Instant> = |r| &r.left_at, "End of the wait or, if answered, of the talk.";
        outcome: Name = |r| &Name::new_static(r.outcome.outcome()), "answered, abandoned, flow_out, rejected or open.";
        outcome_reason: Option<Name> = |r| &r.outcome.reason().map(Name::new_static), "Why, for flow_out and rejected.";
        wait_ms: Option<i64> = |r| &r.wait_ms, "Wait that the metrics use, ms: the switch's, else observed.";
        wait_observed_ms: Option<i64> = |r| &r.wait_observed_ms, "Wait as the difference of event times, ms.";
        talk_ms: Option<i64> = |r| &r.talk_ms, "Talk, hold included, ms; null until it ended.";
        hold_ms: Option<i64> = |r| &r.hold_ms, "Hold within the talk, ms; null where it cannot be told.";
        acw_ms: Option<i64> = |r| &r.acw_ms, "After-call work, ms; null where nothing measures it.";
        agent: Option<Name> = |r| &r.agent, "Who answered.";
        entry_position: Option<i64> = |r| &r.entry_position, "Position in the queue at the join, from 1.";
        consult: bool = |r| &r.consult, "An agent's own call into the queue.";
        transferred: Option<TransferKind> = |r| &r.transferred, "How the agent passed it on: blind, attended or null.";
        ani: Option<Name> = |r| &r.ani, "The caller's number as received.";
        dnis: Option<Name> = |r| &r.dnis, "The number dialled.";
        closed: bool = |r| &r.closed, "The visit has ended; later revisions are restatements.";
        retracted: bool = |r| &r.retracted, say::RETRACTED;
        revision: i64 = |r| &r.revision, say::REVISION;
        known_at: Instant = |r| &r.known_at, say::KNOWN;
        first_event: Position = |r| &r.first_event, say::FIRST;
        last_event: Position = |r| &r.last_event, say::LAST;
        definition_version: i32 = |_r| &DEFINITION_VERSION, say::DEFINITION;
        date: Day = |r| &Day(r.filed), say::DATE;
    }
    read Visit {
        visit_id, call_id, center, switch, queue, joined_at, answered_at, left_at,
        outcome: outcome_of(&outcome, outcome_reason.as_deref())?,
        wait_ms, wait_observed_ms, talk_ms, hold_ms, acw_ms, agent, entry_position, consult, transferred,
        ani, dnis, closed, retracted, revision, known_at, first_event, last_event,
        filed: date.0,
    }
}

fn outcome_of(outcome: &str, reason: Option<&str>) -> Result<VisitOutcome, BadCell> {
    VisitOutcome::parse(outcome, reason).ok_or_else(|| {
        BadCell::new("outcome", format!("holds '{outcome}' with the reason '{}'", reason.unwrap_or("null")))
    })
}

impl Fact for Visit {
    const TABLE: Table = Table::QueueVisits;

    fn of(facts: &Facts) -> &[Self] {
        &facts.queue_visits
    }
    fn day(&self) -> i32 {
        self.filed
    }
    fn order(&self, other: &Self) -> Ordering {
        (&self.center, &self.queue, self.joined_at, &self.visit_id, self.revision).cmp(&(
            &other.center,
            &other.queue,
            other.joined_at,
            &other.visit_id,
            other.revision,
        ))
    }
    fn key(&self) -> Key {
        Key::id(&self.visit_id)
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
            queue: Some(&self.queue),
            agent: self.agent.as_ref(),
            call_id: Some(&self.call_id),
            begin: Some(self.joined_at),
            end: Some(self.joined_at),
        }
    }
}
