//! An agent's time as moments: stretches in which nothing about them changes.
//!
//! Rows of `agent_states` are already settled by the fold: a pause of a queue says that
//! the agent is paused in that queue, one with no queue that they are paused in all queues
//! they are in, with the reason that counts. So pause of the agent is read off the rows
//! without a queue, pause in a queue off that queue's rows, or off those without a queue
//! where the queue has none.

use std::collections::{BTreeMap, BTreeSet};

use model::{Instant, Name};

use super::{AgentTimes, Item, Kind};

/// A stretch of time with the items that last through all of it.
pub(super) struct Moment<'a> {
    pub from: Instant,
    pub to: Instant,
    active: Vec<&'a Item>,
}

/// Walks over an agent's moments, in order.
pub(super) struct Moments<'a> {
    edges: Vec<Instant>,
    starts: Vec<&'a Item>,
    next_edge: usize,
    next_start: usize,
    active: Vec<&'a Item>,
}

impl<'a> Moments<'a> {
    pub(super) fn of(items: &'a [Item]) -> Self {
        let edges: BTreeSet<Instant> = items.iter().flat_map(|i| [i.from, i.to]).collect();
        let mut starts: Vec<&Item> = items.iter().collect();
        starts.sort_by_key(|i| i.from);
        Self { edges: edges.into_iter().collect(), starts, next_edge: 0, next_start: 0, active: Vec::new() }
    }
}

impl<'a> Iterator for Moments<'a> {
    type Item = Moment<'a>;

    fn next(&mut self) -> Option<Moment<'a>> {
        let (from, to) = (*self.edges.get(self.next_edge)?, *self.edges.get(self.next_edge + 1)?);
        self.next_edge += 1;
        while let Some(item) = self.starts.get(self.next_start).filter(|i| i.from <= from) {
            self.active.push(item);
            self.next_start += 1;
        }
        self.active.retain(|item| item.to > from);
        Some(Moment { from, to, active: self.active.clone() })
    }
}

impl Moment<'_> {
    fn of_kind(&self, kind: Kind) -> impl Iterator<Item = &Item> {
        self.active.iter().copied().filter(move |i| i.kind == kind)
    }

    fn is(&self, kind: Kind) -> bool {
        self.of_kind(kind).next().is_some()
    }

    fn logged_in(&self, scope: Option<&Name>) -> bool {
        self.of_kind(Kind::Login).any(|l| scope.is_none() || l.queue.is_none() || l.queue.as_ref() == scope)
    }

    /// After-call work; one that names another queue is not this queue's.
    fn in_acw(&self, scope: Option<&Name>) -> bool {
        self.of_kind(Kind::Acw).any(|a| scope.is_none() || a.queue.is_none() || a.queue.as_ref() == scope)
    }

    /// The pause that counts: of one queue, or of the agent over all of theirs. Should two
    /// hold at once, the latest begun.
    fn pause(&self, scope: Option<&Name>) -> Option<&Item> {
        let latest = |queue: Option<&Name>| {
            self.of_kind(Kind::Pause).filter(|p| p.queue.as_ref() == queue).max_by_key(|p| (p.from, p.position))
        };
        latest(scope).or_else(|| latest(None))
    }

    /// What `ms` of this moment are, as seen in one queue or over all; `None`: nothing.
    pub(super) fn spent(&self, scope: Option<&Name>, ms: i64) -> Option<AgentTimes> {
        let (logged_in, pause, acw) = (self.logged_in(scope), self.pause(scope), self.in_acw(scope));
        let mut times = AgentTimes::default();
        self.by_queue(scope, ms, &mut times.pause_ms_by_queue);
        if !logged_in && pause.is_none() && !acw && times.pause_ms_by_queue.is_empty() {
            return None;
        }
        if let Some(pause) = pause {
            times.pause_ms = ms;
            times.pause_ms_by_reason.insert(pause.reason.clone(), ms);
        }
        times.acw_ms = if acw { ms } else { 0 };
        if logged_in {
            times.login_ms = ms;
            *match () {
                () if self.is(Kind::Talk) => &mut times.state_talk_ms,
                () if acw => &mut times.state_acw_ms,
                () if self.is(Kind::Ring) => &mut times.state_ring_ms,
                () if pause.is_some() => &mut times.state_pause_ms,
                () => &mut times.state_idle_ms,
            } = ms;
        }
        Some(times)
    }

    fn by_queue(&self, scope: Option<&Name>, ms: i64, into: &mut BTreeMap<Name, i64>) {
        let queues = self.of_kind(Kind::Pause).filter_map(|p| p.queue.as_ref());
        for queue in queues.filter(|q| scope.is_none_or(|s| s == *q)) {
            into.insert(queue.clone(), ms);
        }
    }
}
