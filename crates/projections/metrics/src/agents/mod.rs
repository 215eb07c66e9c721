//! The `agents` report (`docs/metrics.md`, section 3).
//!
//! Contract: latest revisions in, in any order. Calls count in the interval in which
//! their visit arrived (by event time: in which they were answered or offered); time in
//! states is cut at the edges of intervals and of the range. Instants are cut to whole
//! milliseconds first, so the wall-clock split sums exactly to `login_ms`. Where both ends
//! of a range were given, each agent seen has a row for every interval of it.
//!
//! `--by queue`: a row per queue. Calls that no queue offered (outbound, most transfers
//! in) are in the row whose `queue` is null; a login that names no queue counts in each.

mod calls;
mod cells;
mod items;
mod states;
mod together;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use model::facts::{Leg, Stretch, Visit};
use model::{Instant, Name};

use crate::grid::{Grid, Span};
use crate::options::Options;
pub(crate) use items::{Item, Kind};
use states::Moments;
pub use together::together;

/// One row of the report.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AgentRow {
    /// The centre.
    pub center: Name,
    /// The agent.
    pub agent: Name,
    /// The queue; only `--by queue`, and `None` there for calls that no queue offered.
    pub queue: Option<Name>,
    /// Begin of the interval.
    pub interval_start: Instant,
    /// End of the interval.
    pub interval_end: Instant,
    /// Calls.
    pub calls: AgentCalls,
    /// Time.
    pub times: AgentTimes,
}

/// What an agent did with calls.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AgentCalls {
    /// Visits answered.
    pub answered: i64,
    /// Their conversation time as the switch states it, milliseconds.
    pub talk_ms_sum: i64,
    /// Hold within it, milliseconds.
    pub hold_ms_sum: i64,
    /// Contacts that another agent transferred to them.
    pub transfers_in: i64,
    /// Talk in these, milliseconds.
    pub transfer_in_talk_ms_sum: i64,
    /// Offers that rang and were not answered.
    pub missed: i64,
    /// Offers refused or busy.
    pub declined: i64,
    /// Calls the agent dialled out.
    pub outbound_calls: i64,
    /// Talk in these, milliseconds.
    pub outbound_talk_ms_sum: i64,
}

/// How an agent's time was spent, in milliseconds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AgentTimes {
    /// Logged in, once however many queues.
    pub login_ms: i64,
    /// Paused in all queues they were in.
    pub pause_ms: i64,
    /// `pause_ms` by reason; the empty name where none was given.
    pub pause_ms_by_reason: BTreeMap<Name, i64>,
    /// All pause time in each queue.
    pub pause_ms_by_queue: BTreeMap<Name, i64>,
    /// After-call work.
    pub acw_ms: i64,
    /// Logged in and talking.
    pub state_talk_ms: i64,
    /// Logged in, else in after-call work.
    pub state_acw_ms: i64,
    /// Logged in, else ringing.
    pub state_ring_ms: i64,
    /// Logged in, else paused.
    pub state_pause_ms: i64,
    /// Logged in and none of these.
    pub state_idle_ms: i64,
}

/// Who a row is about, and the queue of its row.
type Who = (Name, Name);
type Rows = BTreeMap<(Who, Option<Name>), BTreeMap<Span, (AgentCalls, AgentTimes)>>;

/// The report. `last_event` is the last event of each switch: where open logins and
/// pauses end if no end of the range was given.
pub fn agents(
    visits: &[Visit],
    legs: &[Leg],
    stretches: &[Stretch],
    last_event: &HashMap<Name, Instant>,
    opts: &Options,
) -> Vec<AgentRow> {
    let items = items::items(visits, legs, stretches, last_event, opts);
    let ends = items.values().flatten().flat_map(|i| [i.from, i.to]);
    let mut grid = Grid::new(opts, ends.chain(visits.iter().map(|v| v.joined_at)));
    let mut rows = Rows::new();
    calls::count(&mut rows, &mut grid, visits, legs, opts);
    for (who, items) in &items {
        spend(&mut rows, &mut grid, who, items, opts);
    }
    let filled = grid.filled();
    rows.retain(|_, spans| !spans.is_empty());
    for spans in rows.values_mut() {
        filled.iter().for_each(|s| _ = spans.entry(*s).or_default());
    }
    let mut out: Vec<AgentRow> = rows.into_iter().flat_map(|(key, spans)| of_spans(key, spans)).collect();
    out.sort_by(|a, b| {
        let key = |r: &AgentRow| (r.center.clone(), r.agent.clone(), r.queue.clone(), r.interval_start);
        key(a).cmp(&key(b))
    });
    out
}

fn of_spans(key: (Who, Option<Name>), spans: BTreeMap<Span, (AgentCalls, AgentTimes)>) -> Vec<AgentRow> {
    let ((center, agent), queue) = key;
    let row = |(span, (calls, times)): (Span, (AgentCalls, AgentTimes))| AgentRow {
        center: center.clone(),
        agent: agent.clone(),
        queue: queue.clone(),
        interval_start: span.start,
        interval_end: span.end,
        calls,
        times,
    };
    spans.into_iter().map(row).collect()
}

/// Spreads the time of one agent over the rows.
fn spend(rows: &mut Rows, grid: &mut Grid, who: &Who, items: &[Item], opts: &Options) {
    let scopes = scopes(rows, who, items, opts);
    for moment in Moments::of(items) {
        let mut from = moment.from.max(grid.whole().lo);
        let to = moment.to.min(grid.whole().hi);
        while from < to {
            let span = grid.span_of(from);
            let until = span.hi.min(to).max(Instant(from.0 + 1));
            for (queue, scope) in &scopes {
                let ms = until.millis_since(from);
                if let Some(spent) = moment.spent(scope.as_ref(), ms) {
                    let cell = rows.entry((who.clone(), queue.clone())).or_default().entry(span).or_default();
                    cell.1.add(&spent);
                }
            }
            from = until;
        }
    }
}

/// The rows that an agent's time goes to: the row's queue, and the queue it is looked at.
fn scopes(rows: &Rows, who: &Who, items: &[Item], opts: &Options) -> Vec<(Option<Name>, Option<Name>)> {
    let mut queues: BTreeSet<Name> = items.iter().filter_map(|i| i.queue.clone()).collect();
    queues.extend(rows.keys().filter(|(w, _)| w == who).filter_map(|(_, q)| q.clone()));
    if let Some(queue) = &opts.queue {
        queues.retain(|q| q == queue);
        return queues.into_iter().map(|q| (opts.by_queue.then(|| q.clone()), Some(q))).collect();
    }
    if opts.by_queue && !queues.is_empty() {
        return queues.into_iter().map(|q| (Some(q.clone()), Some(q))).collect();
    }
    vec![(None, None)]
}

impl AgentCalls {
    fn add(&mut self, other: &Self) {
        self.answered += other.answered;
        self.talk_ms_sum += other.talk_ms_sum;
        self.hold_ms_sum += other.hold_ms_sum;
        self.transfers_in += other.transfers_in;
        self.transfer_in_talk_ms_sum += other.transfer_in_talk_ms_sum;
        self.missed += other.missed;
        self.declined += other.declined;
        self.outbound_calls += other.outbound_calls;
        self.outbound_talk_ms_sum += other.outbound_talk_ms_sum;
    }
}

impl AgentTimes {
    fn add(&mut self, other: &Self) {
        self.login_ms += other.login_ms;
        self.pause_ms += other.pause_ms;
        self.acw_ms += other.acw_ms;
        self.state_talk_ms += other.state_talk_ms;
        self.state_acw_ms += other.state_acw_ms;
        self.state_ring_ms += other.state_ring_ms;
        self.state_pause_ms += other.state_pause_ms;
        self.state_idle_ms += other.state_idle_ms;
        for (mine, theirs) in [
            (&mut self.pause_ms_by_reason, &other.pause_ms_by_reason),
            (&mut self.pause_ms_by_queue, &other.pause_ms_by_queue),
        ] {
            theirs.iter().for_each(|(name, ms)| *mine.entry(name.clone()).or_default() += ms);
        }
    }

    /// `occupancy`; `None` where the denominator is 0.
    pub fn occupancy(&self) -> Option<f64> {
        let busy = self.state_talk_ms + self.state_acw_ms;
        crate::rates::rate(busy, busy + self.state_idle_ms)
    }
}

/// How many of the agents are the name of an interface (`PJSIP/1001`): no name is known.
pub fn unnamed(rows: &[AgentRow]) -> usize {
    let agents: BTreeSet<&Name> = rows.iter().map(|r| &r.agent).filter(|a| is_interface(a)).collect();
    agents.len()
}

/// Whether an agent is called what a switch calls a device: a technology, a slash, a
/// device, without a space.
pub fn is_interface(agent: &str) -> bool {
    let Some((technology, device)) = agent.split_once('/') else { return false };
    let word = |t: &str| t.len() > 1 && t.bytes().all(|b| b.is_ascii_alphanumeric());
    word(technology)
        && technology.starts_with(|c: char| c.is_ascii_uppercase())
        && !device.is_empty()
        && !agent.contains(' ')
}
