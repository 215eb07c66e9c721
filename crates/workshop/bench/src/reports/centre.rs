//! A made-up centre of 500 agents: one day's facts from a seed and the day.
//!
//! Contract: a day is the same whenever it is made and whatever days were made before. Its
//! rows are as compaction leaves those of a day gone by: one revision of each, closed. Callers
//! come by a curve of hours and weekdays; each queue has its own agents, who take callers one
//! after another; who waits longer than they have patience hangs up.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use fastrand::Rng;
use model::event::EndedBy;
use model::facts::{
    Call, ContactOutcome, Direction, EventRow, Facts, Leg, LegResult, LegRole, Stretch, StretchKind, Visit,
    VisitOutcome,
};
use model::{Instant, Name, Position};

/// Queues.
pub const QUEUES: usize = 20;
/// Agents of one queue.
const TEAM: usize = 25;
/// First day: 2025-09-30, a Tuesday, as days since 1970.
pub const FIRST_DAY: i32 = 20_361;
/// Days of 13 months.
pub const DAYS: i32 = 396;

/// Share of a week's callers, from Monday.
const WEEK: [f64; 7] = [0.2, 0.185, 0.18, 0.175, 0.17, 0.06, 0.03];
/// Share of a day's callers by hour from 6 to 21.
const HOURS: [f64; 16] = [1.0, 2.5, 6.0, 9.0, 10.5, 10.0, 8.0, 7.5, 8.5, 9.0, 8.5, 7.0, 5.0, 3.5, 2.5, 1.5];

/// The name of a queue.
pub fn queue(n: usize) -> Name {
    format!("queue-{n:02}").into()
}

struct Day {
    rng: Rng,
    midnight: i64,
    day: i32,
    offset: i64,
    facts: Facts,
}

/// The facts of the `nth` day when `visits` come in 13 months.
pub fn day(nth: i32, visits: u64, seed: u64) -> Facts {
    let day = FIRST_DAY + nth;
    let mut made = Day {
        rng: Rng::with_seed(seed ^ (u64::from(day.unsigned_abs()) << 20)),
        midnight: i64::from(day) * 86_400_000,
        day,
        offset: i64::from(nth) * 1_000_000,
        facts: Facts::default(),
    };
    // 1970-01-01 was a Thursday.
    let weekday = (day + 3).rem_euclid(7) as usize;
    let callers = visits as f64 * 7.0 / f64::from(DAYS) * WEEK[weekday];
    for queue in 0..QUEUES {
        made.configured(queue);
        // The first queues are the larger ones.
        let share = (1.5 - queue as f64 / (QUEUES - 1) as f64) / QUEUES as f64;
        made.queue(queue, (callers * share) as usize, WEEK[weekday] > 0.1);
    }
    made.facts
}

impl Day {
    fn position(&mut self) -> Position {
        self.offset += 1;
        Position { partition: 0, offset: self.offset }
    }

    fn at(&mut self, ms: i64) -> Instant {
        Instant((self.midnight + ms) * 1_000 + self.rng.i64(0..1_000))
    }

    /// A duration with this mean, exponential.
    fn about(&mut self, mean_ms: f64) -> i64 {
        (-mean_ms * (1.0 - self.rng.f64()).ln()) as i64
    }

    fn arrival(&mut self) -> i64 {
        let mut left = self.rng.f64() * HOURS.iter().sum::<f64>();
        let hour = HOURS.iter().position(|share| {
            left -= share;
            left < 0.0
        });
        (hour.unwrap_or(8) as i64 + 6) * 3_600_000 + self.rng.i64(0..3_600_000)
    }

    fn configured(&mut self, queue: usize) {
        let position = self.position();
        let at = self.at(0);
        self.facts.events.push(EventRow {
            event_id: format!("0/{}/0", position.offset).into(),
            source: "/switch/pbx1".into(),
            kind: "QueueConfigured".into(),
            at,
            center: "main".into(),
            switch: "pbx1".into(),
            call_id: None,
            queue: Some(self::queue(queue)),
            agent: None,
            party: None,
            details: r#"{"QueueConfigured":{"sl_threshold_ms":30000}}"#.to_owned(),
            position,
            known_at: at,
        });
    }

    fn queue(&mut self, queue: usize, callers: usize, working_day: bool) {
        let mut team = BinaryHeap::new();
        for n in 0..TEAM {
            if working_day || n % 3 == 0 {
                let early = n % 2 == 0;
                let from = if early { 6 } else { 12 } * 3_600_000 + self.rng.i64(0..1_200_000);
                let agent: Name = format!("Agent {:03}", queue * TEAM + n).into();
                self.shift(&agent, from, from + 9 * 3_600_000);
                team.push(Reverse((from, agent, from + 9 * 3_600_000)));
            }
        }
        let mut arrivals: Vec<i64> = (0..callers).map(|_| self.arrival()).collect();
        arrivals.sort_unstable();
        for arrival in arrivals {
            self.caller(queue, arrival, &mut team);
        }
    }

    fn shift(&mut self, agent: &Name, from: i64, to: i64) {
        self.stretch(agent, StretchKind::Login, None, from, to);
        for (reason, after, mean) in
            [("break", 2, 600e3), ("lunch", 4, 1800e3), ("training", 6, 900e3), ("break", 7, 600e3)]
        {
            let begin = from + after * 3_600_000 + self.rng.i64(0..1_800_000);
            let end = (begin + self.about(mean)).min(to);
            self.stretch(agent, StretchKind::Pause, Some(reason), begin, end);
        }
    }

    fn stretch(&mut self, agent: &Name, kind: StretchKind, reason: Option<&'static str>, from: i64, to: i64) {
        let (position, from, to) = (self.position(), self.at(from), self.at(to));
        self.facts.agent_states.push(Stretch {
            stretch_id: format!("pbx1/0/{}", position.offset).into(),
            agent: agent.clone(),
            center: "main".into(),
            switch: "pbx1".into(),
            queue: None,
            kind,
            reason: reason.map(Name::new_static),
            from,
            to: Some(to),
            retracted: false,
            revision: 2,
            known_at: to,
            first_event: position,
            last_event: position,
            filed: self.day,
        });
    }

    /// One caller: answered by the agent who is free first, or gone before.
    fn caller(&mut self, queue: usize, arrival: i64, team: &mut BinaryHeap<Reverse<(i64, Name, i64)>>) {
        let patience = 2_000 + self.about(150e3);
        while team.peek().is_some_and(|Reverse((free, _, end))| free.max(&arrival) >= end) {
            team.pop();
        }
        let answered = team.peek().map(|Reverse((free, ..))| *free.max(&arrival) + 1_500 + arrival % 4_000);
        let visit = self.joined(queue, arrival);
        let Some(answered) = answered.filter(|a| a - arrival <= patience) else {
            return self.abandons(visit, arrival + patience);
        };
        let Some(Reverse((_, agent, end))) = team.pop() else { return };
        if self.rng.u8(..100) < 8 {
            self.missed(&visit, &agent, arrival);
        }
        let talk = 8_000 + self.about(150e3);
        team.push(Reverse((answered + talk + 12_000, agent.clone(), end)));
        self.answers(visit, agent, answered, talk);
    }

    fn joined(&mut self, queue: usize, arrival: i64) -> Visit {
        let (position, joined_at) = (self.position(), self.at(arrival));
        Visit {
            visit_id: format!("pbx1/0/{}", position.offset).into(),
            call_id: format!("{}.{}", joined_at.0 / 1_000_000, position.offset).into(),
            center: "main".into(),
            switch: "pbx1".into(),
            queue: self::queue(queue),
            joined_at,
            answered_at: None,
            left_at: None,
            outcome: VisitOutcome::Abandoned,
            wait_ms: None,
            wait_observed_ms: None,
            talk_ms: None,
            hold_ms: None,
            acw_ms: None,
            agent: None,
            entry_position: Some(1),
            consult: false,
            transferred: None,
            ani: Some(format!("0{}", 30_000_000 + self.rng.u32(0..8_000_000)).into()),
            dnis: Some("08001234567".into()),
            closed: true,
            retracted: false,
            revision: 3,
            known_at: joined_at,
            first_event: position,
            last_event: position,
            filed: self.day,
        }
    }

    fn abandons(&mut self, mut visit: Visit, left: i64) {
        let left = self.at(left);
        let observed = left.millis_since(visit.joined_at);
        visit.left_at = Some(left);
        // The switch states whole seconds.
        (visit.wait_ms, visit.wait_observed_ms) = (Some(observed / 1_000 * 1_000), Some(observed));
        self.end(visit, Vec::new(), ContactOutcome::Abandoned, EndedBy::Caller);
    }

    fn answers(&mut self, mut visit: Visit, agent: Name, answered: i64, talk: i64) {
        let (answered, left) = (self.at(answered), self.at(answered + talk));
        let observed = answered.millis_since(visit.joined_at);
        visit.outcome = VisitOutcome::Answered;
        (visit.answered_at, visit.left_at, visit.agent) = (Some(answered), Some(left), Some(agent.clone()));
        (visit.wait_ms, visit.wait_observed_ms) = (Some(observed / 1_000 * 1_000), Some(observed));
        visit.talk_ms = Some(talk / 1_000 * 1_000);
        visit.hold_ms = Some(if self.rng.u8(..100) < 12 { talk / 5 } else { 0 });
        let mut leg = self.leg(&visit, agent, visit.joined_at.plus_millis(observed - observed.min(3_000)));
        (leg.answered_at, leg.ended_at) = (Some(answered), Some(left));
        (leg.talk_ms, leg.hold_ms, leg.result) = (visit.talk_ms, visit.hold_ms, Some(LegResult::Answered));
        self.end(visit, vec![leg], ContactOutcome::Answered, EndedBy::Caller);
    }

    fn missed(&mut self, visit: &Visit, agent: &Name, arrival: i64) {
        let offered = self.at(arrival);
        let mut leg = self.leg(visit, agent.clone(), offered);
        leg.ended_at = Some(offered.plus_millis(1_400));
        (leg.ring_ms, leg.result) = (Some(1_400), Some(LegResult::Missed));
        self.facts.agent_legs.push(leg);
    }

    fn leg(&mut self, visit: &Visit, agent: Name, offered: Instant) -> Leg {
        let position = self.position();
        Leg {
            leg_id: format!("pbx1/0/{}", position.offset).into(),
            call_id: visit.call_id.clone(),
            visit_id: Some(visit.visit_id.clone()),
            center: visit.center.clone(),
            switch: visit.switch.clone(),
            agent,
            queue: Some(visit.queue.clone()),
            role: LegRole::Queue,
            offered_at: Some(offered),
            answered_at: None,
            ended_at: None,
            ring_ms: None,
            talk_ms: None,
            hold_ms: None,
            result: None,
            retracted: false,
            revision: 3,
            known_at: offered,
            first_event: position,
            last_event: position,
            filed: self.day,
        }
    }

    fn end(&mut self, mut visit: Visit, legs: Vec<Leg>, outcome: ContactOutcome, ended_by: EndedBy) {
        visit.known_at = visit.left_at.unwrap_or(visit.joined_at).plus_millis(5);
        let ani = visit.ani.as_ref().map(|n| format!("+49{}", &n[1..]).into());
        let account = (self.rng.u8(..100) < 60).then(|| format!("{:08}", self.rng.u32(..20_000_000)).into());
        self.facts.calls.push(Call {
            call_id: visit.call_id.clone(),
            revision: 4,
            center: visit.center.clone(),
            switch: visit.switch.clone(),
            direction: Direction::Inbound,
            ani,
            ani_raw: visit.ani.clone(),
            ani_withheld: false,
            dnis: visit.dnis.clone(),
            started_at: visit.joined_at.plus_millis(-20_000),
            ended_at: visit.left_at,
            ivr: account.map(|a| ("account".into(), a)).into_iter().collect(),
            queue_visits: vec![visit.clone()],
            agent_legs: legs.clone(),
            holds: Vec::new(),
            transfers: Vec::new(),
            conferenced: false,
            recordings: Vec::new(),
            ended_by,
            disposition: None,
            notes: Vec::new(),
            crm: Vec::new(),
            outcome,
            journey_id: None,
            merged_into: None,
            first_event: visit.first_event,
            last_event: visit.last_event,
            known_at: visit.known_at,
            crm_only: false,
            filed: self.day,
        });
        self.facts.queue_visits.push(visit);
        self.facts.agent_legs.extend(legs);
    }
}
