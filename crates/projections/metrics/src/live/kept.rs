//! What the live figures keep of visits, legs and stretches: what they ask for, and the
//! place as a number.

use std::collections::BTreeMap;

use model::facts::{Leg, Stretch, StretchKind, VisitOutcome};
use model::{Instant, Name};
use serde::{Deserialize, Serialize};

/// Switch, centre, queue; no queue: whatever queue.
pub(crate) type Place = (Name, Name, Option<Name>);

/// Number of a place.
pub(crate) type PlaceNo = u32;

/// The places seen so far: as many as a switch has queues.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Places {
    numbers: BTreeMap<Place, PlaceNo>,
    places: Vec<Place>,
}

impl Places {
    /// The number of a place; a new one, if it was never seen.
    pub fn number(&mut self, switch: &Name, center: &Name, queue: Option<&Name>) -> PlaceNo {
        let place = (switch.clone(), center.clone(), queue.cloned());
        if let Some(number) = self.numbers.get(&place) {
            return *number;
        }
        let number = PlaceNo::try_from(self.places.len()).unwrap_or(PlaceNo::MAX);
        self.places.push(place.clone());
        self.numbers.insert(place, number);
        number
    }

    /// The numbers of all places.
    pub fn all(&self) -> impl Iterator<Item = PlaceNo> + use<> {
        0..PlaceNo::try_from(self.places.len()).unwrap_or(PlaceNo::MAX)
    }

    /// The place of a number.
    pub fn of(&self, number: PlaceNo) -> Option<&Place> {
        self.places.get(number as usize)
    }
}

/// A visit of the last hours, or one that is open.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct LiveVisit {
    pub place: PlaceNo,
    pub joined_at: Instant,
    pub outcome: VisitOutcome,
    /// 0 while it waits.
    pub wait_ms: i64,
    /// The agent who is talking (boxed: most of a day's visits are over).
    pub talking: Option<Box<Name>>,
    pub closed: bool,
}

/// A leg that lasts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct LiveLeg {
    pub place: PlaceNo,
    pub agent: Name,
    pub answered: bool,
    /// Since when it rings, or since when they talk.
    pub since: Instant,
}

impl LiveLeg {
    pub fn of(leg: &Leg, places: &mut Places) -> Self {
        let place = places.number(&leg.switch, &leg.center, leg.queue.as_ref());
        let since = leg.answered_at.or(leg.offered_at).unwrap_or(leg.known_at);
        Self { place, agent: leg.agent.clone(), answered: leg.answered_at.is_some(), since }
    }
}

/// A stretch that is not over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct LiveStretch {
    pub place: PlaceNo,
    pub agent: Name,
    pub kind: StretchKind,
    pub reason: Option<Name>,
    pub from: Instant,
    pub to: Option<Instant>,
}

impl LiveStretch {
    pub fn of(stretch: &Stretch, places: &mut Places) -> Self {
        let place = places.number(&stretch.switch, &stretch.center, stretch.queue.as_ref());
        let Stretch { agent, kind, reason, from, to, .. } = stretch;
        Self { place, agent: agent.clone(), kind: *kind, reason: reason.clone(), from: *from, to: *to }
    }
}
