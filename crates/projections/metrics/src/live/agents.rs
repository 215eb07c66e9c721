//! What each agent of a queue is doing now, and the names of the live figures.

use std::collections::BTreeMap;

use model::facts::StretchKind;
use model::{DEFINITION_VERSION, Instant, Name};
use serde::{Deserialize, Serialize};

use super::kept::{LiveLeg, LiveStretch, Place};
use super::{Key, LiveFold, LiveRow};
use crate::options::Options;
use crate::render::{Cells, Report};

/// What an agent is doing; the first that applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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

    /// Its name: `talking`, `acw`, `ringing`, `paused`, `available`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Talking => "talking",
            Self::Acw => "acw",
            Self::Ringing => "ringing",
            Self::Paused => "paused",
            Self::Available => "available",
        }
    }
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
pub(super) type Who<'a> = (&'a Name, &'a Name);

/// Since when, why (a pause's reason) and for which queue.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Doing<'a> {
    pub activity: Activity,
    pub since: Instant,
    pub reason: Option<&'a Name>,
    pub queue: Option<&'a Name>,
}

/// What is known of agents while it is gathered: in each queue, and of whatever queue.
#[derive(Default)]
pub(super) struct Gathered<'a> {
    /// In each queue; the reason and begin of the newest pause there.
    pub here: BTreeMap<(Key, Name), Doing<'a>>,
    pub anywhere: BTreeMap<Who<'a>, Doing<'a>>,
    /// Their centre, also where they are in no queue.
    pub centers: BTreeMap<Who<'a>, &'a Name>,
}

/// The first that applies; of two equals the one that began earlier.
fn first<'a>(known: &mut Doing<'a>, other: Doing<'a>) {
    if (other.activity, other.since) < (known.activity, known.since) {
        *known = other;
    }
}

impl<'a> Gathered<'a> {
    /// What the fold knows as of `now`.
    pub fn of(fold: &'a LiveFold, now: Instant) -> Self {
        let mut gathered = Self::default();
        for (place, agent, since) in fold.talks() {
            let Some(place) = fold.places.of(place) else { continue };
            let queue = place.2.as_ref();
            gathered.call(agent, place, Doing { activity: Activity::Talking, since, reason: None, queue });
        }
        for leg in fold.legs.values() {
            fold.places.of(leg.place).into_iter().for_each(|place| gathered.leg(leg, place));
        }
        let lasts = |s: &&LiveStretch| s.from <= now && s.to.is_none_or(|to| to > now);
        for stretch in fold.stretches.values().filter(lasts) {
            fold.places.of(stretch.place).into_iter().for_each(|place| gathered.stretch(stretch, place));
        }
        gathered
    }

    /// Every agent of every queue, once.
    pub fn by_queue(self) -> impl Iterator<Item = ((Key, Name), Activity)> {
        let Self { here, anywhere, .. } = self;
        here.into_iter().map(move |((key, agent), doing)| {
            let busy = anywhere.get(&(&key.0, &agent)).map(|d| d.activity);
            let activity = busy.map_or(doing.activity, |b| b.min(doing.activity));
            ((key, agent), activity)
        })
    }

    fn busy(&mut self, who: Who<'a>, doing: Doing<'a>) {
        first(self.anywhere.entry(who).or_insert_with(|| doing.clone()), doing);
    }

    fn member(&mut self, key: Key, agent: &Name, doing: Doing<'a>) {
        first(self.here.entry((key, agent.clone())).or_insert_with(|| doing.clone()), doing);
    }

    fn call(&mut self, agent: &'a Name, (switch, center, queue): &'a Place, doing: Doing<'a>) {
        self.centers.insert((switch, agent), center);
        self.busy((switch, agent), doing.clone());
        if let Some(queue) = queue {
            self.member((switch.clone(), center.clone(), queue.clone()), agent, doing);
        }
    }

    fn leg(&mut self, leg: &'a LiveLeg, place: &'a Place) {
        let activity = if leg.answered { Activity::Talking } else { Activity::Ringing };
        self.call(&leg.agent, place, Doing { activity, since: leg.since, reason: None, queue: place.2.as_ref() });
    }

    fn stretch(&mut self, s: &'a LiveStretch, (switch, center, queue): &'a Place) {
        let activity = match s.kind {
            StretchKind::Login => Activity::Available,
            StretchKind::Pause => Activity::Paused,
            StretchKind::Acw => Activity::Acw,
        };
        self.centers.insert((switch, &s.agent), center);
        let doing = Doing { activity, since: s.from, reason: s.reason.as_ref(), queue: queue.as_ref() };
        match queue {
            Some(queue) if s.kind != StretchKind::Acw => {
                self.member((switch.clone(), center.clone(), queue.clone()), &s.agent, doing);
            }
            _ if s.kind != StretchKind::Login => self.busy((switch, &s.agent), doing),
            _ => {}
        }
    }
}

impl LiveRow {
    /// The numerators and denominators by which readers add up switches.
    fn sums(&self, cells: &mut Cells) {
        cells.put("abandoned_short", self.abandoned_short).put("answered_in_sl", self.answered_in_sl);
        cells.put("waiting_late", self.waiting_late).put("wait_answered_ms_sum", self.wait_answered_ms_sum);
        cells.put("sl_threshold_ms", self.sl_threshold_ms);
    }
}

impl Report for LiveRow {
    fn cells(&self, _opts: &Options) -> Cells {
        let mut cells = Cells::default();
        cells.put("center", &self.center).put("switch", self.switch.as_ref()).put("queue", &self.queue);
        cells.put("waiting", self.waiting).put("longest_wait_ms", self.longest_wait_ms);
        cells.put("waiting_since", self.waiting_since);
        cells.put("agents_available", self.agents.of(Activity::Available));
        cells.put("agents_talking", self.agents.of(Activity::Talking));
        cells.put("agents_paused", self.agents.of(Activity::Paused));
        cells.put("agents_in_acw", self.agents.of(Activity::Acw));
        cells.put("agents_ringing", self.agents.of(Activity::Ringing));
        cells.put("calls_talking", self.calls_talking).put("offered", self.offered);
        cells.put("answered", self.answered).put("abandoned", self.abandoned);
        cells.put("service_level", self.service_level()).put("asa_ms", self.asa_ms());
        self.sums(&mut cells);
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
