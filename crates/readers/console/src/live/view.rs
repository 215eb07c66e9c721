//! What one caller sees of the board: the shapes of the HTTP API.

use std::collections::BTreeMap;

use metrics::live::add_up;
use metrics::{Activity, AgentNow, LiveRow, rates};
use model::{Instant, Name};
use serde::Serialize;
use utoipa::ToSchema;

use super::SILENT_MS;
use super::levels::{Levels, Limits};
use super::state::{Heard, State};
use crate::auth::Sees;

/// The board.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct BoardView {
    /// The server's time, RFC 3339 in UTC.
    pub at: String,
    /// What is wrong with the board as a whole, if anything.
    pub trouble: Option<String>,
    /// The switches, by name.
    pub switches: Vec<SwitchView>,
    /// The queues, by centre and name.
    pub queues: Vec<QueueView>,
    /// The agents who are logged in, paused or busy, by centre and name.
    pub agents: Vec<AgentView>,
}

/// How a switch's figures stand.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct SwitchView {
    /// Its name.
    pub switch: String,
    /// Its centre.
    pub center: String,
    /// As of when its figures are, RFC 3339.
    pub as_of: Option<String>,
    /// The time of its last event, RFC 3339.
    pub last_event: Option<String>,
    /// Whether its figures are those of now.
    pub live: bool,
}

/// A queue's figures, switches added up (`docs/metrics.md`, section 5).
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct QueueView {
    /// Its centre.
    pub center: String,
    /// Its name.
    pub queue: String,
    /// Whether the figures of all of its switches are those of now.
    pub live: bool,
    /// Callers who wait now.
    pub waiting: i64,
    /// The longest of their waits so far, milliseconds.
    pub longest_wait_ms: i64,
    /// Since when the one who waits longest has waited, RFC 3339.
    pub waiting_since: Option<String>,
    /// Agents who can take a call.
    pub agents_available: i64,
    /// Agents in a call.
    pub agents_talking: i64,
    /// Agents who are offered a call.
    pub agents_ringing: i64,
    /// Agents in after-call work.
    pub agents_in_acw: i64,
    /// Agents who are paused.
    pub agents_paused: i64,
    /// Answered calls whose talk lasts.
    pub calls_talking: i64,
    /// Today's, by arrival.
    pub offered: i64,
    /// Today's, by arrival.
    pub answered: i64,
    /// Today's, by arrival.
    pub abandoned: i64,
    /// Today's, 0 to 1; null where nothing counts yet.
    pub service_level: Option<f64>,
    /// T, by which the service level counts, milliseconds; null where switches differ.
    pub sl_threshold_ms: Option<i64>,
    /// Abandoned of offered today, 0 to 1; null where nobody came.
    pub abandon_rate: Option<f64>,
    /// Average speed of answer today, milliseconds.
    pub asa_ms: Option<i64>,
    /// How much attention the figures ask for.
    pub levels: Levels,
}

/// An agent.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct AgentView {
    /// Their centre.
    pub center: String,
    /// Their switch.
    pub switch: String,
    /// Who.
    pub agent: String,
    /// `talking`, `acw`, `ringing`, `paused` or `available`.
    pub state: String,
    /// Since when, RFC 3339; null where it is not known.
    pub since: Option<String>,
    /// Why they are paused, where the switch says so.
    pub reason: Option<String>,
    /// The queue of their call.
    pub queue: Option<String>,
    /// The queues that they are in.
    pub queues: Vec<String>,
    /// Those of them in which they are paused.
    pub paused_in: Vec<String>,
    /// Whether this is of now.
    pub live: bool,
}

/// A clock that is ahead by more than this is not believed, milliseconds.
const AHEAD_MS: i64 = 60_000;
/// A switch of which nobody has told for a week is no longer one of ours, milliseconds.
const GONE_MS: i64 = 7 * 86_400_000;

pub(super) fn view(state: &State, sees: &Sees, limits: &Limits, now: Instant) -> BoardView {
    let live: BTreeMap<&Name, bool> = state.switches.iter().map(|(s, heard)| (s, is_live(heard, now))).collect();
    let is_live = |switch: &Name| live.get(switch).copied().unwrap_or(false);
    let told = |switch: &Name| state.switches.get(switch).is_some_and(|h| now.millis_since(h.told_at) < GONE_MS);
    let there = |row: &&LiveRow| row.switch.as_ref().is_some_and(told);
    let seen = state.queues.values().filter(there).filter(|r| sees.queue(&r.center, &r.queue));
    let mut stale = BTreeMap::new();
    let rows: Vec<LiveRow> = seen
        .map(|row| {
            let switch = row.switch.clone().unwrap_or_default();
            *stale.entry((row.center.clone(), row.queue.clone())).or_insert(false) |= !is_live(&switch);
            as_of(row, state.switches.get(&switch), is_live(&switch), now)
        })
        .collect();
    let queue = |row: LiveRow| {
        let stale = stale.get(&(row.center.clone(), row.queue.clone())).copied().unwrap_or(true);
        queue_view(&row, !stale, limits)
    };
    BoardView {
        at: now.to_rfc3339(),
        trouble: trouble(state),
        switches: state
            .switches
            .values()
            .filter(|h| told(&h.now.switch) && sees.center(&h.now.center))
            .map(|h| switch_view(h, now))
            .collect(),
        queues: add_up(&rows).into_iter().map(queue).collect(),
        agents: state
            .agents
            .values()
            .filter(|a| told(&a.switch))
            .filter_map(|a| agent_view(a, sees, is_live(&a.switch)))
            .collect(),
    }
}

fn trouble(state: &State) -> Option<String> {
    let starting = (!state.caught_up).then(|| "the board is being read from the log".to_owned());
    state.trouble.clone().or(starting)
}

/// Whether figures are those of now: told lately, and as of lately.
fn is_live(heard: &Heard, now: Instant) -> bool {
    // (Another machine's clock may be ahead a little.)
    let lately = |at: Instant| (-AHEAD_MS..SILENT_MS).contains(&now.millis_since(at));
    lately(heard.told_at) && heard.now.as_of.is_some_and(lately)
}

/// The row with its longest wait as of now, or as of when the switch's figures are.
fn as_of(row: &LiveRow, heard: Option<&Heard>, live: bool, now: Instant) -> LiveRow {
    let at = if live { Some(now) } else { heard.and_then(|h| h.now.as_of) };
    let wait = at.zip(row.waiting_since).map(|(at, since)| at.millis_since(since).max(0));
    LiveRow { longest_wait_ms: wait.unwrap_or(row.longest_wait_ms), ..row.clone() }
}

fn switch_view(heard: &Heard, now: Instant) -> SwitchView {
    SwitchView {
        switch: heard.now.switch.to_string(),
        center: heard.now.center.to_string(),
        as_of: heard.now.as_of.map(Instant::to_rfc3339),
        last_event: heard.now.last_event.map(Instant::to_rfc3339),
        live: is_live(heard, now),
    }
}

fn queue_view(row: &LiveRow, live: bool, limits: &Limits) -> QueueView {
    let abandon_rate = rates::rate(row.abandoned, row.offered);
    QueueView {
        center: row.center.to_string(),
        queue: row.queue.to_string(),
        live,
        waiting: row.waiting,
        longest_wait_ms: row.longest_wait_ms,
        waiting_since: row.waiting_since.map(Instant::to_rfc3339),
        agents_available: row.agents.of(Activity::Available),
        agents_talking: row.agents.of(Activity::Talking),
        agents_ringing: row.agents.of(Activity::Ringing),
        agents_in_acw: row.agents.of(Activity::Acw),
        agents_paused: row.agents.of(Activity::Paused),
        calls_talking: row.calls_talking,
        offered: row.offered,
        answered: row.answered,
        abandoned: row.abandoned,
        service_level: row.service_level(),
        sl_threshold_ms: row.sl_threshold_ms,
        abandon_rate,
        asa_ms: row.asa_ms(),
        levels: limits.of(&row.queue).levels(row, abandon_rate),
    }
}

/// An agent as the caller sees them: of the queues that they see, or of none.
fn agent_view(agent: &AgentNow, sees: &Sees, live: bool) -> Option<AgentView> {
    let seen = |queues: &[Name]| -> Vec<String> {
        queues.iter().filter(|q| sees.queue(&agent.center, q)).map(ToString::to_string).collect()
    };
    let queues = seen(&agent.queues);
    let whole = sees.queues.is_none() && sees.center(&agent.center);
    (whole || !queues.is_empty()).then(|| AgentView {
        center: agent.center.to_string(),
        switch: agent.switch.to_string(),
        agent: agent.agent.to_string(),
        state: agent.activity.name().to_owned(),
        since: agent.since.map(Instant::to_rfc3339),
        reason: agent.reason.as_ref().map(ToString::to_string),
        queue: agent.queue.as_ref().filter(|q| sees.queue(&agent.center, q)).map(ToString::to_string),
        queues,
        paused_in: seen(&agent.paused_in),
        live,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Instant = Instant::from_secs(1_795_334_400);

    /// Two switches of one queue, told of so many milliseconds ago.
    fn state(told_ms: [i64; 2]) -> State {
        let mut state = State::default();
        for (switch, ago) in ["one", "two"].into_iter().zip(told_ms) {
            let at = NOW.plus_millis(-ago);
            let stands = format!(
                r#"{{"center":"main","switch":"{switch}","as_of":"{}","last_event":null,"agents":[]}}"#,
                at.to_rfc3339()
            );
            state.take(format!("//switch/{switch}").as_bytes(), stands.as_bytes(), at);
            let queue = format!(r#"{{"center":"main","switch":"{switch}","queue":"sales","waiting":2,"offered":5}}"#);
            state.take(format!("{switch}/sales").as_bytes(), queue.as_bytes(), at);
        }
        state
    }

    fn sales(told_ms: [i64; 2]) -> (i64, bool) {
        let view = view(&state(told_ms), &Sees::default(), &Limits::default(), NOW);
        (view.queues[0].offered, view.queues[0].live)
    }

    #[test]
    fn a_silent_switch_makes_its_queue_not_live_and_one_long_gone_is_left_out() {
        assert_eq!(sales([0, 9_000]), (10, true));
        assert_eq!(sales([0, SILENT_MS]), (10, false));
        assert_eq!(sales([0, GONE_MS]), (5, true));
        assert_eq!(sales([0, -AHEAD_MS]), (10, true), "a clock that is ahead a little");
        assert_eq!(sales([0, -AHEAD_MS - 1]), (10, false));
    }

    #[test]
    fn queues_that_are_not_seen_are_not_there() {
        let sees = Sees { centers: None, queues: Some(vec!["support".into()]) };
        assert_eq!(view(&state([0, 0]), &sees, &Limits::default(), NOW).queues, []);
    }
}
