//! Stretches, legs and talks of one agent as one kind of item: from, to, and what it is.
//!
//! An item with no end runs to the end of the range asked for, else to the last event of
//! its switch. All instants are cut to whole milliseconds.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use model::facts::{Leg, LegResult, LegRole, Stretch, StretchKind, Visit, VisitOutcome};
use model::{Instant, Name, Position};

use super::Who;
use crate::options::Options;

/// What an agent is during an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Login,
    Pause,
    Acw,
    Ring,
    Talk,
}

/// One item of an agent's time.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub kind: Kind,
    pub queue: Option<Name>,
    pub reason: Name,
    pub from: Instant,
    pub to: Instant,
    /// Tells the later of two pauses that began at one instant.
    pub position: Position,
}

/// Where open items of a switch end.
struct Ends<'a> {
    to: Option<Instant>,
    last_event: &'a HashMap<Name, Instant>,
}

impl Ends<'_> {
    fn of(&self, switch: &Name, from: Instant) -> Instant {
        self.to.or_else(|| self.last_event.get(switch).copied()).unwrap_or(from)
    }
}

/// The items of every agent of the centre asked for; those that take no time are left out.
pub(super) fn items(
    visits: &[Visit],
    legs: &[Leg],
    stretches: &[Stretch],
    last_event: &HashMap<Name, Instant>,
    opts: &Options,
) -> BTreeMap<Who, Vec<Item>> {
    let ends = Ends { to: opts.to, last_event };
    let mut out: BTreeMap<Who, Vec<Item>> = BTreeMap::new();
    let mut put = |center: &Name, agent: &Name, item: Item| {
        let item = Item { from: cut(item.from), to: cut(item.to), ..item };
        if opts.of_center(center) && item.from < item.to {
            out.entry((center.clone(), agent.clone())).or_default().push(item);
        }
    };
    for s in stretches.iter().filter(|s| !s.retracted) {
        put(&s.center, &s.agent, of_stretch(s, &ends));
    }
    let mut talked: BTreeSet<&Name> = BTreeSet::new();
    for leg in legs.iter().filter(|l| !l.retracted) {
        talked.extend(leg.answered_at.and(leg.visit_id.as_ref()));
        of_leg(leg, &ends).into_iter().for_each(|item| put(&leg.center, &leg.agent, item));
    }
    let without_leg = |v: &&Visit| !v.retracted && v.outcome == VisitOutcome::Answered && !talked.contains(&v.visit_id);
    for visit in visits.iter().filter(without_leg) {
        if let (Some(agent), Some(item)) = (&visit.agent, of_visit(visit, &ends)) {
            put(&visit.center, agent, item);
        }
    }
    out
}

fn cut(at: Instant) -> Instant {
    Instant::from_millis(at.millis())
}

fn of_stretch(s: &Stretch, ends: &Ends) -> Item {
    Item {
        kind: match s.kind {
            StretchKind::Login => Kind::Login,
            StretchKind::Pause => Kind::Pause,
            StretchKind::Acw => Kind::Acw,
        },
        queue: s.queue.clone(),
        reason: s.reason.clone().unwrap_or_default(),
        from: s.from,
        to: s.to.unwrap_or_else(|| ends.of(&s.switch, s.from)),
        position: s.first_event,
    }
}

fn of_leg(leg: &Leg, ends: &Ends) -> Vec<Item> {
    let item = |kind, from: Instant, to: Instant| Item {
        kind,
        queue: leg.queue.clone(),
        reason: Name::default(),
        from,
        to,
        position: leg.first_event,
    };
    let ended = |from: Instant, lasted: Option<i64>| {
        leg.ended_at.or_else(|| lasted.map(|ms| from.plus_millis(ms))).unwrap_or_else(|| ends.of(&leg.switch, from))
    };
    let mut items = Vec::new();
    // An outbound leg is offered when it dials: nothing rings at the agent.
    if let Some(offered) = leg.offered_at.filter(|_| leg.role != LegRole::Outbound) {
        let rung = leg.ring_ms.filter(|_| leg.result != Some(LegResult::Answered));
        items.push(item(Kind::Ring, offered, leg.answered_at.unwrap_or_else(|| ended(offered, rung))));
    }
    if let Some(answered) = leg.answered_at {
        items.push(item(Kind::Talk, answered, ended(answered, leg.talk_ms)));
    }
    items
}

fn of_visit(visit: &Visit, ends: &Ends) -> Option<Item> {
    let from = visit.answered_at?;
    let lasted = visit.talk_ms.map(|ms| from.plus_millis(ms));
    Some(Item {
        kind: Kind::Talk,
        queue: Some(visit.queue.clone()),
        reason: Name::default(),
        from,
        to: visit.left_at.or(lasted).unwrap_or_else(|| ends.of(&visit.switch, from)),
        position: visit.first_event,
    })
}
