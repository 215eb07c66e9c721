//! What each agent is doing now, of whatever queue: the agents' board.
//!
//! Contract: one row an agent and switch, of those who are logged in, paused or busy. An
//! agent is paused when paused in every queue they are in, or in all at once
//! (`docs/metrics.md`, section 3); the reason is that of the latest pause.

use std::collections::BTreeMap;

use model::{Instant, Name};
use serde::{Deserialize, Serialize};

use super::LiveFold;
use super::agents::{Activity, Doing, Gathered, Who};

/// One agent of one switch, now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AgentNow {
    /// The centre.
    pub center: Name,
    /// The switch.
    pub switch: Name,
    /// The agent.
    pub agent: Name,
    /// What they are doing; the first that applies.
    #[serde(rename = "state")]
    pub activity: Activity,
    /// Since when, where it is known.
    #[serde(with = "super::record::instant")]
    pub since: Option<Instant>,
    /// Why they are paused, where the switch says so.
    pub reason: Option<Name>,
    /// The queue of the call that they are offered or in.
    pub queue: Option<Name>,
    /// The queues that they are in, sorted.
    pub queues: Vec<Name>,
    /// Those of them in which they are paused, sorted.
    pub paused_in: Vec<Name>,
}

#[derive(Default)]
struct Member<'a> {
    queues: Vec<Name>,
    paused_in: Vec<Name>,
    /// The latest pause in a queue.
    pause: Option<Doing<'a>>,
}

pub(super) fn agents(fold: &LiveFold, gathered: &Gathered<'_>) -> Vec<AgentNow> {
    let mut members: BTreeMap<Who<'_>, Member<'_>> = gathered.centers.keys().map(|w| (*w, Member::default())).collect();
    for (((switch, _, queue), agent), doing) in &gathered.here {
        let Some(member) = members.get_mut(&(switch, agent)) else { continue };
        member.queues.push(queue.clone());
        if doing.activity == Activity::Paused {
            member.paused_in.push(queue.clone());
            if member.pause.as_ref().is_none_or(|p| p.since < doing.since) {
                member.pause = Some(doing.clone());
            }
        }
    }
    let row = |(who, member)| row(fold, gathered, who, member);
    let mut rows: Vec<AgentNow> = members.into_iter().map(row).collect();
    rows.sort_by(|a, b| (&a.center, &a.agent, &a.switch).cmp(&(&b.center, &b.agent, &b.switch)));
    rows
}

fn row(fold: &LiveFold, gathered: &Gathered<'_>, who: Who<'_>, mut member: Member<'_>) -> AgentNow {
    member.queues.sort();
    member.paused_in.sort();
    let everywhere = !member.queues.is_empty() && member.paused_in.len() == member.queues.len();
    let busy = gathered.anywhere.get(&who).cloned();
    let doing = match (busy, member.pause.filter(|_| everywhere)) {
        (Some(busy), Some(pause)) if pause.activity < busy.activity => Some(pause),
        (Some(busy), _) => Some(busy),
        (None, pause) => pause,
    };
    let (switch, agent) = (who.0.clone(), who.1.clone());
    let freed = fold.freed.get(&(switch.clone(), agent.clone())).copied();
    AgentNow {
        center: gathered.centers.get(&who).map(|c| (*c).clone()).unwrap_or_default(),
        activity: doing.as_ref().map_or(Activity::Available, |d| d.activity),
        since: doing.as_ref().map_or(freed, |d| Some(d.since)),
        reason: doing.as_ref().and_then(|d| d.reason.cloned()),
        queue: doing.as_ref().filter(|d| d.activity != Activity::Paused).and_then(|d| d.queue.cloned()),
        switch,
        agent,
        queues: member.queues,
        paused_in: member.paused_in,
    }
}
