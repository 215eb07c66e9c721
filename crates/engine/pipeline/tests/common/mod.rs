//! What the tests of the CRM stage share.

use model::event::EndedBy;
use model::facts::{Call, ContactOutcome, Direction};
use model::{Instant, Name, Position};

/// A customer who called, waited and hung up.
pub fn abandoned(call_id: String, ani: Option<Name>) -> Call {
    Call {
        call_id: call_id.into(),
        revision: 1,
        center: "main".into(),
        switch: "pbx1".into(),
        direction: Direction::Inbound,
        ani,
        ani_raw: None,
        ani_withheld: false,
        dnis: None,
        started_at: Instant::from_secs(1_795_326_271),
        ended_at: Some(Instant::from_secs(1_795_326_300)),
        ivr: Vec::new(),
        queue_visits: Vec::new(),
        agent_legs: Vec::new(),
        holds: Vec::new(),
        transfers: Vec::new(),
        conferenced: false,
        recordings: Vec::new(),
        ended_by: EndedBy::Caller,
        disposition: None,
        notes: Vec::new(),
        crm: Vec::new(),
        outcome: ContactOutcome::Abandoned,
        journey_id: None,
        merged_into: None,
        first_event: Position::default(),
        last_event: Position::default(),
        known_at: Instant::from_secs(1_795_326_300),
        crm_only: false,
        filed: 0,
    }
}
