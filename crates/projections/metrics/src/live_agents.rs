//! What each agent of a queue is doing now, and the names of the live figures.

use std::collections::BTreeMap;

use model::facts::StretchKind;
use model::{DEFINITION_VERSION, Instant, Name};
use serde::{Deserialize, Serialize};

use crate::live::{Key, LiveFold, LiveRow};
use crate::live_kept::{LiveLeg, LiveStretch, Place, PlaceNo};
use crate::options::Options;
use crate::render::{Cells, Report};

/// What an agent is doing; the first that applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Activity {
    /// In a call, of whatever queue.
    Talking,
    /// After-call work.
    Acw,
    /// Being offered a call.
    Ringing,
    /// Paused in the queue.
    Paused,
    /// None of these.
    Available,
}

impl Activity {
    /// All of them, in the order in which they apply.
    pub const ALL: [Self; 5] = [Self::Talking, Self::Acw, Self::Ringing, Self::Paused, Self::Available];
}

/// Agents of a queue by what they are doing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agents([i64; 5]);

impl Agents {
    /// How many are doing that.
    pub fn of(&self, activity: Activity) -> i64 {
        self.0[activity as usize]
    }

    /// Adds some who are.
    pub fn add(&mut self, activity: Activity, agents: i64) {
        self.0[activity as usize] += agents;
    }
}

/// Switch and agent.
type Who<'a> = (&'a Name, &'a Name);

/// What is known of agents while it is gathered: in each queue, and of whatever queue.
#[derive(Default)]
struct Gathered<'a> {
    here: BTreeMap<(Key, Name), Activity>,
    anywhere: BTreeMap<Who<'a>, Activity>,
}

impl<'a> Gathered<'a> {
    fn busy(&mut self, who: Who<'a>, activity: Activity) {
        let known = self.anywhere.entry(who).or_insert(activity);
        *known = activity.min(*known);
    }

    fn member(&mut self, key: Key, agent: &Name, activity: Activity) {
        let known = self.here.entry((key, agent.clone())).or_insert(activity);
        *known = activity.min(*known);
    }

    fn leg(&mut self, leg: &'a LiveLeg, (switch, center, queue): &'a Place) {
        let activity = if leg.answered { Activity::Talking } else { Activity::Ringing };
        self.busy((switch, &leg.agent), activity);
        if let Some(queue) = queue {
            self.member((switch.clone(), center.clone(), queue.clone()), &leg.agent, activity);
        }
    }

    fn stretch(&mut self, s: &'a LiveStretch, (switch, center, queue): &'a Place) {
        let activity = match s.kind {
            StretchKind::Login => Activity::Available,
            StretchKind::Pause => Activity::Paused,
            StretchKind::Acw => Activity::Acw,
        };
        match queue {
            Some(queue) if s.kind != StretchKind::Acw => {
                self.member((switch.clone(), center.clone(), queue.clone()), &s.agent, activity);
            }
            _ if s.kind != StretchKind::Login => self.busy((switch, &s.agent), activity),
            _ => {}
        }
    }
}

/// Every agent of every queue, once, with what they are doing as of `now`.
pub(crate) fn activities<'a>(
    fold: &'a LiveFold,
    talking: impl Iterator<Item = (PlaceNo, &'a Name)>,
    now: Instant,
) -> BTreeMap<(Key, Name), Activity> {
    let mut gathered = Gathered::default();
    for (place, agent) in talking {
        let (Some((switch, ..)), Some(key)) = (fold.places.of(place), fold.key(place)) else { continue };
        gathered.busy((switch, agent), Activity::Talking);
        gathered.member(key, agent, Activity::Talking);
    }
    for leg in fold.legs.values() {
        fold.places.of(leg.place).into_iter().for_each(|place| gathered.leg(leg, place));
    }
    let lasts = |s: &&LiveStretch| s.from <= now && s.to.is_none_or(|to| to > now);
    for stretch in fold.stretches.values().filter(lasts) {
        fold.places.of(stretch.place).into_iter().for_each(|place| gathered.stretch(stretch, place));
    }
    let Gathered { mut here, anywhere } = gathered;
    for ((key, agent), activity) in &mut here {
        if let Some(busy) = anywhere.get(&(&key.0, agent)) {
            *activity = (*activity).min(*busy);
        }
    }
    here
}

impl Report for LiveRow {
    fn cells(&self, _opts: &Options) -> Cells {
        let mut cells = Cells::default();
        cells.put("center", &self.center).put("switch", self.switch.as_ref()).put("queue", &self.queue);
        cells.put("waiting", self.waiting).put("longest_wait_ms", self.longest_wait_ms);
        cells.put("agents_available", self.agents.of(Activity::Available));
        cells.put("agents_talking", self.agents.of(Activity::Talking));
        cells.put("agents_paused", self.agents.of(Activity::Paused));
        cells.put("agents_in_acw", self.agents.of(Activity::Acw));
        cells.put("agents_ringing", self.agents.of(Activity::Ringing));
        cells.put("calls_talking", self.calls_talking).put("offered", self.offered);
        cells.put("answered", self.answered).put("abandoned", self.abandoned);
        cells.put("service_level", self.service_level()).put("asa_ms", self.asa_ms());
        cells.put("definition_version", i64::from(DEFINITION_VERSION));
        cells
    }

    fn table_columns(_opts: &Options) -> Vec<(&'static str, &'static str)> {
        vec![
            ("center", "centre"),
            ("queue", "queue"),
            ("waiting", "waiting"),
            ("longest_wait_ms", "longest"),
            ("agents_available", "available"),
            ("agents_talking", "talking"),
            ("agents_ringing", "ringing"),
            ("agents_in_acw", "in ACW"),
            ("agents_paused", "paused"),
            ("calls_talking", "calls"),
            ("offered", "offered"),
            ("answered", "answered"),
            ("abandoned", "abandoned"),
            ("service_level", "SL"),
            ("asa_ms", "ASA"),
        ]
    }
}
