//! Live figures per switch and queue (`docs/metrics.md`, section 5).
//!
//! Contract: takes every revision of visits, legs and stretches as they are made, in any
//! order of keys; `advance` tells event time, so that what is over can be let go. Nothing
//! here reads a clock: `figures` is told what "now" is. Figures of today are by arrival
//! since midnight of the zone; the service level is that of section 2 with callers who
//! already wait longer than T counted as missed. T is the switch's own where it states
//! one, else the configured one, else 20 s.
//!
//! An agent is of a queue by being logged in to it, by a pause in it, or by a call of it;
//! a login that names no queue says nothing about queues. Memory: open visits, legs and
//! stretches, the visits of the last 26 hours, and an instant an agent.
//!
//! Every queue that was ever seen has a row, also when nothing is going on in it: a reader
//! who knows yesterday's figures must be told that they are over. [`record`] is how the
//! figures stand in `cti.live`.

mod agents;
mod kept;
mod now;
pub mod record;

use std::collections::BTreeMap;

use model::facts::{Leg, LegResult, LegRole, Stretch, StretchKind, Visit, VisitOutcome};
use model::{Instant, Name};
use serde::{Deserialize, Serialize};

pub use agents::{Activity, Agents};
pub use now::AgentNow;
pub use record::{LiveRecord, SwitchNow};

use kept::{LiveLeg, LiveStretch, LiveVisit, PlaceNo, Places};

use crate::options::{DEFAULT_SHORT_ABANDON_MS, DEFAULT_SL_THRESHOLD_MS, WaitBasis};
use crate::{rates, tally, zone};

const KEPT_MS: i64 = 26 * 3_600_000;

/// Switch, centre, queue.
pub(crate) type Key = (Name, Name, Name);

/// The state behind the live figures.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct LiveFold {
    pub(crate) places: Places,
    visits: BTreeMap<Name, LiveVisit>,
    pub(crate) legs: BTreeMap<Name, LiveLeg>,
    pub(crate) stretches: BTreeMap<Name, LiveStretch>,
    thresholds: BTreeMap<(Name, Name), i64>,
    configured: BTreeMap<(Name, Name), i64>,
    shorts: BTreeMap<(Name, Name), i64>,
    /// When an agent last came out of a call, a pause, after-call work or into a queue, by
    /// switch and agent: since when they are available.
    freed: BTreeMap<(Name, Name), Instant>,
    observed_wait: bool,
    swept: Instant,
    latest: Instant,
}

/// The live figures of one queue of one switch.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LiveRow {
    /// The centre.
    pub center: Name,
    /// The switch; `None` once switches were added up.
    pub switch: Option<Name>,
    /// The queue.
    pub queue: Name,
    /// Callers who wait now.
    pub waiting: i64,
    /// The longest of their waits so far, milliseconds; 0 where nobody waits.
    pub longest_wait_ms: i64,
    /// Since when the one who waits longest has waited.
    pub waiting_since: Option<Instant>,
    /// Agents of the queue, each in one state: the first of talking, after-call work,
    /// ringing, paused, available that applies.
    pub agents: Agents,
    /// Answered calls of the queue whose talk lasts.
    pub calls_talking: i64,
    /// Today's, by arrival.
    pub offered: i64,
    /// Today's, by arrival.
    pub answered: i64,
    /// Today's, by arrival.
    pub abandoned: i64,
    /// Today's abandons within S.
    pub abandoned_short: i64,
    /// Today's answered within T.
    pub answered_in_sl: i64,
    /// Today's callers who wait now, longer than T already.
    pub waiting_late: i64,
    /// Milliseconds waited by today's answered callers.
    pub wait_answered_ms_sum: i64,
    /// T, by which the service level counts, milliseconds; `None` where switches that were
    /// added up have different ones.
    pub sl_threshold_ms: Option<i64>,
}

impl LiveRow {
    /// `answered_in_sl / (answered + abandoned − abandoned_short + waiting_late)`.
    pub fn service_level(&self) -> Option<f64> {
        rates::rate(self.answered_in_sl, self.answered + self.abandoned - self.abandoned_short + self.waiting_late)
    }

    /// Average speed of answer, milliseconds, cut off.
    pub fn asa_ms(&self) -> Option<i64> {
        rates::average(self.wait_answered_ms_sum, self.answered)
    }
}

impl LiveFold {
    /// An empty fold; T and S by centre and queue where configured.
    pub fn new(configured: BTreeMap<(Name, Name), i64>, shorts: BTreeMap<(Name, Name), i64>, wait: WaitBasis) -> Self {
        Self { configured, shorts, observed_wait: wait == WaitBasis::Observed, ..Self::default() }
    }

    /// A switch states T of one of its queues (`QueueConfigured`).
    pub fn threshold(&mut self, switch: &Name, queue: &Name, sl_threshold_ms: i64) {
        self.thresholds.insert((switch.clone(), queue.clone()), sl_threshold_ms);
    }

    /// A visit's newest revision.
    pub fn visit(&mut self, visit: &Visit) {
        if visit.retracted || matches!(visit.outcome, VisitOutcome::Rejected(_)) {
            self.visits.remove(&visit.visit_id);
            return;
        }
        let basis = if self.observed_wait { WaitBasis::Observed } else { WaitBasis::Stated };
        let talking = visit.outcome == VisitOutcome::Answered && !visit.closed;
        let live = LiveVisit {
            place: self.places.number(&visit.switch, &visit.center, Some(&visit.queue)),
            joined_at: visit.joined_at,
            outcome: visit.outcome,
            wait_ms: tally::wait_ms(visit, basis).unwrap_or(0),
            talking: visit.agent.clone().filter(|_| talking).map(Box::new),
            closed: visit.closed,
        };
        self.visits.insert(visit.visit_id.clone(), live);
    }

    /// A leg's newest revision.
    pub fn leg(&mut self, leg: &Leg) {
        if let Some(ended) = leg.ended_at.filter(|_| leg.answered_at.is_some() && !leg.retracted) {
            self.free(&leg.switch, &leg.agent, ended);
        }
        let unanswered = matches!(leg.result, Some(LegResult::Missed | LegResult::Declined | LegResult::Cancelled));
        // An outbound call that was not answered yet rings elsewhere.
        let dials = leg.role == LegRole::Outbound && leg.answered_at.is_none();
        if leg.retracted || dials || leg.ended_at.is_some() || unanswered {
            self.legs.remove(&leg.leg_id);
        } else {
            self.legs.insert(leg.leg_id.clone(), LiveLeg::of(leg, &mut self.places));
        }
    }

    /// A stretch's newest revision.
    pub fn stretch(&mut self, stretch: &Stretch) {
        if !stretch.retracted {
            let since = if stretch.kind == StretchKind::Login { Some(stretch.from) } else { stretch.to };
            since.into_iter().for_each(|at| self.free(&stretch.switch, &stretch.agent, at));
        }
        if stretch.retracted || stretch.to.is_some_and(|to| to <= self.swept) {
            self.stretches.remove(&stretch.stretch_id);
        } else {
            self.stretches.insert(stretch.stretch_id.clone(), LiveStretch::of(stretch, &mut self.places));
        }
    }

    fn free(&mut self, switch: &Name, agent: &Name, at: Instant) {
        let since = self.freed.entry((switch.clone(), agent.clone())).or_insert(at);
        *since = at.max(*since);
    }

    /// Event time has come to `at`: lets go of what is over (once a minute of it).
    pub fn advance(&mut self, at: Instant) {
        self.latest = at.max(self.latest);
        if at < self.swept.plus_millis(60_000) {
            return;
        }
        self.swept = at;
        let limit = at.plus_millis(-KEPT_MS);
        self.visits.retain(|_, v| !v.closed || v.joined_at >= limit);
        self.stretches.retain(|_, s| s.to.is_none_or(|to| to > at));
    }

    /// The queue at a place.
    pub(crate) fn key(&self, place: PlaceNo) -> Option<Key> {
        let (switch, center, queue) = self.places.of(place)?;
        Some((switch.clone(), center.clone(), queue.clone()?))
    }

    fn sl_threshold_ms(&self, (switch, center, queue): &Key) -> i64 {
        let stated = self.thresholds.get(&(switch.clone(), queue.clone()));
        let configured = || self.configured.get(&(center.clone(), queue.clone()));
        stated.or_else(configured).copied().unwrap_or(DEFAULT_SL_THRESHOLD_MS)
    }

    fn short_abandon_ms(&self, (_, center, queue): &Key) -> i64 {
        self.shorts.get(&(center.clone(), queue.clone())).copied().unwrap_or(DEFAULT_SHORT_ABANDON_MS)
    }

    /// Every agent who is logged in, paused or busy as of `now`, sorted by centre, name and
    /// switch.
    pub fn agents(&self, now: Instant) -> Vec<AgentNow> {
        now::agents(self, &agents::Gathered::of(self, now))
    }

    /// The figures and the agents, gathered once.
    pub fn board(&self, now: Instant, tz: chrono_tz::Tz) -> (Vec<LiveRow>, Vec<AgentNow>) {
        let gathered = agents::Gathered::of(self, now);
        let agents = now::agents(self, &gathered);
        (self.rows(gathered, now, tz), agents)
    }

    /// Calls that an agent talks in: place, agent, since when.
    fn talks(&self) -> impl Iterator<Item = (PlaceNo, &Name, Instant)> {
        self.visits.values().filter_map(|v| Some((v.place, v.talking.as_deref()?, v.joined_at.plus_millis(v.wait_ms))))
    }

    /// The time of the latest event; `None` before the first.
    pub fn last_event(&self) -> Option<Instant> {
        Some(self.latest).filter(|at| *at != Instant::default())
    }

    /// The figures as of `now`, sorted by centre, queue and switch; `tz` is the centre's
    /// zone, which says when today began.
    pub fn figures(&self, now: Instant, tz: chrono_tz::Tz) -> Vec<LiveRow> {
        self.rows(agents::Gathered::of(self, now), now, tz)
    }

    fn rows(&self, gathered: agents::Gathered<'_>, now: Instant, tz: chrono_tz::Tz) -> Vec<LiveRow> {
        let midnight = zone::midnight(tz, now);
        let mut counted: BTreeMap<PlaceNo, (LiveRow, i64, i64)> = BTreeMap::new();
        for visit in self.visits.values() {
            let (row, t, s) = counted.entry(visit.place).or_insert_with(|| {
                let key = self.key(visit.place).unwrap_or_default();
                (LiveRow::default(), self.sl_threshold_ms(&key), self.short_abandon_ms(&key))
            });
            visit.count(row, now, (*t, *s), visit.joined_at >= midnight);
        }
        let known = self.places.all().filter_map(|place| Some((self.key(place)?, LiveRow::default())));
        let mut rows: BTreeMap<Key, LiveRow> = known.collect();
        rows.extend(counted.into_iter().filter_map(|(place, (row, _, _))| Some((self.key(place)?, row))));
        for ((key, _), activity) in gathered.by_queue() {
            rows.entry(key).or_default().agents.add(activity, 1);
        }
        let mut rows: Vec<LiveRow> = rows
            .into_iter()
            .map(|(key, row)| {
                let sl_threshold_ms = Some(self.sl_threshold_ms(&key));
                let (switch, center, queue) = key;
                LiveRow { center, switch: Some(switch), queue, sl_threshold_ms, ..row }
            })
            .collect();
        rows.sort_by(|a, b| (&a.center, &a.queue, &a.switch).cmp(&(&b.center, &b.queue, &b.switch)));
        rows
    }
}

impl LiveVisit {
    fn count(&self, row: &mut LiveRow, now: Instant, (t, s): (i64, i64), today: bool) {
        let so_far = now.millis_since(self.joined_at).max(0);
        // A visit whose end was never told is closed and open: nobody waits any more.
        if self.outcome == VisitOutcome::Open && !self.closed {
            row.waiting += 1;
            row.longest_wait_ms = row.longest_wait_ms.max(so_far);
            row.waiting_since = earlier(row.waiting_since, Some(self.joined_at));
            row.waiting_late += i64::from(today && so_far > t);
        }
        row.calls_talking += i64::from(self.outcome == VisitOutcome::Answered && !self.closed);
        if !today {
            return;
        }
        row.offered += 1;
        let wait = self.wait_ms;
        match self.outcome {
            VisitOutcome::Answered => {
                row.answered += 1;
                row.answered_in_sl += i64::from(wait <= t);
                row.wait_answered_ms_sum += wait;
            }
            VisitOutcome::Abandoned => {
                row.abandoned += 1;
                row.abandoned_short += i64::from(wait <= s);
            }
            _ => {}
        }
    }
}

/// The earlier of two instants; one that is not known counts not.
fn earlier(a: Option<Instant>, b: Option<Instant>) -> Option<Instant> {
    a.into_iter().chain(b).min()
}

/// Adds up the switches of each queue. An agent of two switches counts in both.
pub fn add_up(rows: &[LiveRow]) -> Vec<LiveRow> {
    let mut sums: BTreeMap<(Name, Name), LiveRow> = BTreeMap::new();
    for row in rows {
        let sum = sums.entry((row.center.clone(), row.queue.clone())).or_insert_with(|| LiveRow {
            center: row.center.clone(),
            queue: row.queue.clone(),
            sl_threshold_ms: row.sl_threshold_ms,
            ..LiveRow::default()
        });
        sum.sl_threshold_ms = sum.sl_threshold_ms.filter(|t| Some(*t) == row.sl_threshold_ms);
        sum.longest_wait_ms = sum.longest_wait_ms.max(row.longest_wait_ms);
        sum.waiting_since = earlier(sum.waiting_since, row.waiting_since);
        sum.waiting += row.waiting;
        sum.calls_talking += row.calls_talking;
        sum.offered += row.offered;
        sum.answered += row.answered;
        sum.abandoned += row.abandoned;
        sum.abandoned_short += row.abandoned_short;
        sum.answered_in_sl += row.answered_in_sl;
        sum.waiting_late += row.waiting_late;
        sum.wait_answered_ms_sum += row.wait_answered_ms_sum;
        for activity in Activity::ALL {
            sum.agents.add(activity, row.agents.of(activity));
        }
    }
    sums.into_values().collect()
}
