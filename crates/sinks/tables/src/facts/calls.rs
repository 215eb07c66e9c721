//! `calls`: contact records with their nested lists.
//!
//! `recordings` holds ids only; reading back puts the recordings' own rows in their
//! place (`crate::read`), so that a record never disagrees with `recordings`.

use std::cmp::Ordering;

use model::event::{EndedBy, TransferKind};
use model::facts::{
    Call, ContactOutcome, CrmLink, Direction, Facts, Hold, Leg, Recording, RecordingState, Transfer, Visit,
};
use model::{DEFINITION_VERSION, Instant, Name, Position};

use super::{Fact, Key, Traits, columns, say};
use crate::cells::Day;
use crate::table::Table;

type Collected = (Name, Name);

columns! {
    CollectedBuilders, CollectedColumns for Collected {
        key: Name = |r| &r.0, "What was collected.";
        value: Name = |r| &r.1, "Its value, masked.";
    }
    read (key, value)
}

columns! {
    HoldBuilders, HoldColumns for Hold {
        from: Instant = |r| &r.from, "Begin.";
        to: Option<Instant> = |r| &r.to, "End; null while it lasts.";
        agent: Option<Name> = |r| &r.agent, "Who held, where known.";
    }
    read Hold { from, to, agent }
}

columns! {
    TransferBuilders, TransferColumns for Transfer {
        at: Instant = |r| &r.at, "When.";
        kind: TransferKind = |r| &r.kind, "blind or attended.";
        from_agent: Option<Name> = |r| &r.from_agent, "Who passed it on, where known.";
        to_agent: Option<Name> = |r| &r.to_agent, "To whom, where it is an agent.";
        target: Option<Name> = |r| &r.target, "The dialled target as written.";
    }
    read Transfer { at, kind, from_agent, to_agent, target }
}

columns! {
    LinkBuilders, LinkColumns for CrmLink {
        target: Name = |r| &r.target, "The CRM target.";
        object: Name = |r| &r.object, "The object.";
        record_id: Option<Name> = |r| &r.record_id, "The record's id.";
    }
    read CrmLink { target, object, record_id }
}

columns! {
    CallBuilders, CallColumns for Call {
        call_id: Name = |r| &r.call_id, "Key, together with `switch`.";
        revision: i64 = |r| &r.revision, say::REVISION;
        center: Name = |r| &r.center, say::CENTER;
        switch: Name = |r| &r.switch, say::SWITCH;
        direction: Direction = |r| &r.direction, "inbound, outbound or internal.";
        ani: Option<Name> = |r| &r.ani, "The caller's number in E.164, where it can be parsed.";
        ani_raw: Option<Name> = |r| &r.ani_raw, "The caller's number as received.";
        ani_withheld: bool = |r| &r.ani_withheld, "The caller withheld the number.";
        dnis: Option<Name> = |r| &r.dnis, "The number dialled.";
        started_at: Instant = |r| &r.started_at, "Begin.";
        ended_at: Option<Instant> = |r| &r.ended_at, "End; null while it lasts.";
        ivr: Vec<Collected> = |r| &r.ivr, "What the IVR collected, in order.";
        queue_visits: Vec<Visit> = |r| &r.queue_visits, "Its queue visits, in order.";
        agent_legs: Vec<Leg> = |r| &r.agent_legs, "Its agent legs, in order.";
        holds: Vec<Hold> = |r| &r.holds, "Its holds, in order.";
        transfers: Vec<Transfer> = |r| &r.transfers, "Its transfers, in order.";
        conferenced: bool = |r| &r.conferenced, "More than two parties talked together.";
        recordings: Vec<Name> = |r| &ids(&r.recordings), "Ids of its recordings, in order.";
        ended_by: EndedBy = |r| &r.ended_by, "caller, agent, system or unknown.";
        disposition: Option<Name> = |r| &r.disposition, "The agent's disposition.";
        notes: Vec<String> = |r| &r.notes, "The agents' notes, in order.";
        crm: Vec<CrmLink> = |r| &r.crm, "What it was linked to.";
        outcome: ContactOutcome = |r| &r.outcome, "How the contact ended; unknown while it lasts.";
        journey_id: Option<Name> = |r| &r.journey_id, "Ties contacts of several switches.";
        merged_into: Option<Name> = |r| &r.merged_into, "The contact it went over into; readers leave such records out.";
        crm_only: bool = |r| &r.crm_only, "Only `crm` changed with this revision.";
        known_at: Instant = |r| &r.known_at, say::KNOWN;
        first_event: Position = |r| &r.first_event, say::FIRST;
        last_event: Position = |r| &r.last_event, say::LAST;
        definition_version: i32 = |_r| &DEFINITION_VERSION, say::DEFINITION;
        date: Day = |r| &Day(r.filed), say::DATE;
    }
    read Call {
        call_id, revision, center, switch, direction, ani, ani_raw, ani_withheld, dnis, started_at, ended_at, ivr,
        queue_visits, agent_legs, holds, transfers, conferenced,
        recordings: recordings.into_iter().map(named).collect(),
        ended_by, disposition, notes, crm, outcome, journey_id, merged_into, first_event, last_event, known_at,
        crm_only,
        filed: date.0,
    }
}

fn ids(recordings: &[Recording]) -> Vec<Name> {
    recordings.iter().map(|r| r.recording_id.clone()).collect()
}

/// Holds the place of a recording until its own row is put there; never handed out.
fn named(recording_id: Name) -> Recording {
    Recording {
        recording_id,
        call_id: None,
        center: Name::default(),
        switch: Name::default(),
        queue: None,
        agent: None,
        started_at: Instant::default(),
        ended_at: None,
        duration_ms: None,
        bytes: None,
        sha256: None,
        uri: None,
        source: None,
        state: RecordingState::Pending,
        suspended: Vec::new(),
        stored_at: None,
        note: None,
        revision: 0,
        known_at: Instant::default(),
        first_event: Position::default(),
        last_event: Position::default(),
        filed: 0,
    }
}

impl Fact for Call {
    const TABLE: Table = Table::Calls;

    fn of(facts: &Facts) -> &[Self] {
        &facts.calls
    }
    fn day(&self) -> i32 {
        self.filed
    }
    fn order(&self, other: &Self) -> Ordering {
        (&self.center, self.started_at, &self.call_id, self.revision).cmp(&(
            &other.center,
            other.started_at,
            &other.call_id,
            other.revision,
        ))
    }
    fn key(&self) -> Key {
        Key::of_switch(&self.switch, &self.call_id)
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
            queue: None,
            agent: None,
            call_id: Some(&self.call_id),
            begin: Some(self.started_at),
            end: Some(self.started_at),
        }
    }
}
