//! Contacts for the CRM's benchmark: an inbound call, abandoned, each with a number of its
//! own, so that every caller is asked about.

use model::event::EndedBy;
use model::facts::{Call, ContactOutcome, Direction};
use model::{Instant, Name, Position};

/// 2026-11-22T05:44:31Z.
const BEGUN_S: i64 = 1_795_326_271;

/// The `nth` contact.
pub fn contact(nth: u64) -> Call {
    let began = Instant::from_secs(BEGUN_S + i64::try_from(nth).unwrap_or(0));
    let number: Name = format!("4420{:08}", 70_000_000 + nth).into();
    Call {
        call_id: format!("{}.{nth}", BEGUN_S).into(),
        revision: 1,
        center: "main".into(),
        switch: "pbx-0".into(),
        direction: Direction::Inbound,
        ani: Some(number.clone()),
        ani_raw: Some(number),
        ani_withheld: false,
        dnis: Some("442079460000".into()),
        started_at: began,
        ended_at: Some(began.plus_millis(29_000)),
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
        first_event: Position { partition: 0, offset: i64::try_from(nth).unwrap_or(0) },
        last_event: Position { partition: 0, offset: i64::try_from(nth).unwrap_or(0) },
        known_at: began.plus_millis(29_000),
        crm_only: false,
        filed: began.days(),
    }
}
