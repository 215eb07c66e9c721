//! Agents: what is said of their logins, pauses and after-call work becomes rows of
//! `agent_states`.
//!
//! A fact that comes late (its time before that of one already taken) is put in its
//! place and the agent's facts of the last late horizon are folded once more; stretches
//! that come out otherwise get a new revision, those that vanish are retracted.
//! What a list answer says counts only where nothing was said of that agent and queue
//! since the source was last without a gap.

use std::collections::{BTreeMap, BTreeSet};

use model::facts::{Facts, Stretch, StretchKind};
use model::{Event, Instant, Name, Position};
use serde::{Deserialize, Serialize};

use crate::Timeline;
use crate::presence::{Body, Fact, Key, Presence, Said};
use crate::state::Cid;

/// How long before a visit's end a pause for its after-call work may be told.
const BEFORE_END_MS: i64 = 2_000;

/// One agent.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Agent {
    /// What was said, once something was: of most telephones that only talk nothing is.
    said: Option<Box<AllSaid>>,
    /// The visit whose talk ended last: native call, `visit_id`, when.
    last_visit: Option<Box<(Name, Name, Instant)>>,
    /// Contacts with a visit that this agent answered and that may still be talking.
    pub answering: Vec<Cid>,
}

/// What was said of an agent, and the rows made of it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct AllSaid {
    /// Before the first of `facts`.
    base: Presence,
    /// Facts of the late horizon, by time.
    facts: Vec<Fact>,
    now: Presence,
    rows: BTreeMap<Key, Row>,
    said_login: BTreeSet<Option<Name>>,
    said_pause: BTreeSet<Option<Name>>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Row {
    /// Under whom the row was made.
    agent: Name,
    body: Body,
    revision: i64,
    retracted: bool,
    first_event: Position,
    filed: i32,
}

impl Agent {
    /// Takes a fact in its place.
    pub(crate) fn take(&mut self, fact: Fact) {
        self.said.get_or_insert_default().take(fact);
    }

    /// The visit that after-call work beginning at `at` belongs to.
    fn visit_ended(&self, at: Instant) -> Option<(Name, Name)> {
        let (call, visit, left) = self.last_visit.as_deref()?;
        (*left <= at.plus_millis(BEFORE_END_MS)).then(|| (call.clone(), visit.clone()))
    }
}

impl AllSaid {
    fn take(&mut self, fact: Fact) {
        let place = self.facts.partition_point(|f| f.at <= fact.at);
        if place == self.facts.len() {
            self.now.apply(&fact);
            self.facts.push(fact);
        } else {
            self.facts.insert(place, fact);
            self.refold();
        }
    }

    fn refold(&mut self) {
        let mut now = self.base.clone();
        for fact in &self.facts {
            now.apply(fact);
        }
        now.touched = now.stretches.keys().copied().chain(self.rows.keys().copied()).collect();
        self.now = now;
    }

    /// Lets go of facts and closed stretches before `limit`.
    fn forget_before(&mut self, limit: Instant) {
        let old = self.facts.partition_point(|f| f.at < limit);
        if old < 64 {
            return;
        }
        for fact in self.facts.drain(..old) {
            self.base.apply(&fact);
        }
        self.base.touched.clear();
        self.base.forget_before(limit);
        self.now.forget_before(limit);
        let keep = &self.now.stretches;
        self.rows.retain(|key, _| keep.contains_key(key));
    }

    /// After-call work of a visit, as far as it has ended.
    fn acw_of(&self, visit_id: &Name) -> Option<i64> {
        let ended: Vec<i64> = self
            .now
            .stretches
            .values()
            .filter(|b| b.kind == StretchKind::Acw && b.visit.as_ref().is_some_and(|(_, v)| v == visit_id))
            .filter_map(|b| b.to.map(|to| to.millis_since(b.from)))
            .collect();
        (!ended.is_empty()).then(|| ended.iter().sum())
    }
}

impl Timeline {
    /// Something was said of an agent's login, readiness or after-call work.
    pub(crate) fn agent_said(&mut self, event: &Event, said: Said, listed: bool) {
        let Some(agent) = event.agent.as_ref().map(|a| self.names.agent(a)) else { return };
        let state = self.agents.entry(agent.clone()).or_default();
        let all = state.said.get_or_insert_default();
        let (about, queue) = match &said {
            Said::On { queue, .. } | Said::Off { queue, .. } => (&mut all.said_login, queue.clone()),
            Said::Paused { queue, .. } | Said::Ready { queue } => (&mut all.said_pause, queue.clone()),
            Said::Acw { .. } | Said::Restarted { .. } => (&mut all.said_pause, None),
        };
        if listed
            && (about.contains(&queue)
                || (about.contains(&None) && matches!(said, Said::Paused { .. } | Said::Ready { .. })))
        {
            return;
        }
        if !matches!(said, Said::Acw { .. } | Said::Restarted { .. }) {
            about.insert(queue);
        }
        let work = matches!(said, Said::Acw { .. } | Said::Paused { acw: true, .. });
        let visit = if work { state.visit_ended(event.at) } else { None };
        state.take(Fact { at: event.at, position: event.position, ordinal: event.ordinal, said, visit });
        self.agents_touched.push(agent);
    }

    /// An agent's talk with a visit's caller ended: after-call work that follows is its.
    pub(crate) fn agent_released(&mut self, agent: &Name, call: &Name, visit_id: &Name, left: Instant) {
        let state = self.agents.entry(agent.clone()).or_default();
        if state.last_visit.as_ref().is_some_and(|v| v.2 > left) {
            return;
        }
        state.last_visit = Some(Box::new((call.clone(), visit_id.clone(), left)));
        let Some(said) = &mut state.said else { return };
        // The pause for it may have been told a moment before the end itself.
        let mut moved = false;
        for fact in said.facts.iter_mut().rev().take_while(|f| f.at >= left.plus_millis(-BEFORE_END_MS)) {
            if matches!(fact.said, Said::Acw { .. } | Said::Paused { acw: true, .. })
                && fact.at <= left.plus_millis(BEFORE_END_MS)
            {
                fact.visit = Some((call.clone(), visit_id.clone()));
                moved = true;
            }
        }
        if moved {
            said.refold();
            self.agents_touched.push(agent.clone());
        }
    }

    /// After a gap or a restart list answers count again.
    pub(crate) fn lists_count_again(&mut self) {
        for agent in self.agents.values_mut().filter_map(|a| a.said.as_mut()) {
            agent.said_login.clear();
            agent.said_pause.clear();
        }
    }

    /// An interface turned out to be `name`: what was kept under it goes over.
    pub(crate) fn rename_agent(&mut self, written: &Name, name: &Name) {
        if written == name {
            return;
        }
        let Some(mut old) = self.agents.remove(written) else { return };
        self.agents_touched.push(name.clone());
        let Some(state) = self.agents.get_mut(name) else {
            if let Some(said) = &mut old.said {
                said.now.touched.extend(said.rows.keys());
            }
            self.agents.insert(name.clone(), old);
            return;
        };
        state.answering.extend(old.answering);
        state.last_visit = [state.last_visit.take(), old.last_visit].into_iter().flatten().max_by_key(|v| v.2);
        if let Some(said) = old.said {
            let mine = state.said.get_or_insert_default();
            mine.facts.extend(said.facts);
            mine.rows.extend(said.rows);
        }
        if let Some(mine) = &mut state.said {
            mine.facts.sort_by_key(|f| (f.at, f.position, f.ordinal));
            mine.refold();
        }
    }

    /// Rows of the stretches that this event changed, and the visits' after-call work.
    pub(crate) fn emit_agents(&mut self, event: &Event, out: &mut Facts) {
        let mut names = std::mem::take(&mut self.agents_touched);
        names.sort_unstable();
        names.dedup();
        for name in names {
            let Some(mut said) = self.agents.get_mut(&name).and_then(|a| a.said.take()) else { continue };
            self.emit_agent(&name, &mut said, event, out);
            said.forget_before(self.horizon.limit());
            if let Some(agent) = self.agents.get_mut(&name) {
                agent.said = Some(said);
            }
        }
    }

    fn emit_agent(&mut self, name: &Name, agent: &mut AllSaid, event: &Event, out: &mut Facts) {
        let mut touched = std::mem::take(&mut agent.now.touched);
        touched.sort_unstable();
        touched.dedup();
        let mut visits: Vec<(Name, Name)> = Vec::new();
        for key in touched {
            let body = agent.now.stretches.get(&key);
            let known = agent.rows.get(&key);
            if known.is_some_and(|r| Some(&r.body) == body && !r.retracted && r.agent == *name)
                || (known.is_none() && body.is_none())
            {
                continue;
            }
            if known.is_some_and(|r| r.retracted) && body.is_none() {
                continue;
            }
            visits.extend(known.and_then(|r| r.body.visit.clone()));
            visits.extend(body.and_then(|b| b.visit.clone()));
            let row = match (known, body) {
                (Some(r), body) => Row {
                    body: body.unwrap_or(&r.body).clone(),
                    agent: name.clone(),
                    revision: r.revision + 1,
                    retracted: body.is_none(),
                    ..r.clone()
                },
                (None, Some(b)) => Row {
                    agent: name.clone(),
                    body: b.clone(),
                    revision: 1,
                    retracted: false,
                    first_event: key.0,
                    filed: b.from.days(),
                },
                (None, None) => continue,
            };
            out.agent_states.push(self.stretch(name, key, &row, event));
            agent.rows.insert(key, row);
        }
        visits.sort_unstable();
        visits.dedup();
        for (call, visit_id) in visits {
            let acw_ms = agent.acw_of(&visit_id);
            self.visit_acw(&call, &visit_id, acw_ms);
        }
    }

    fn visit_acw(&mut self, call: &Name, visit_id: &Name, acw_ms: Option<i64>) {
        self.wake(call);
        let Some(cid) = self.calls.get(call).copied() else { return };
        let Some(contact) = self.touch(cid) else { return };
        let Some(visit) = contact.visits.iter_mut().find(|v| v.row.visit_id == *visit_id) else { return };
        if visit.row.acw_ms != acw_ms {
            visit.row.acw_ms = acw_ms;
            visit.dirty = true;
            contact.late_change();
        }
    }

    fn stretch(&self, agent: &Name, (position, ordinal, n): Key, row: &Row, event: &Event) -> Stretch {
        Stretch {
            stretch_id: format!("{}-{}-{}-{ordinal}-s{n}", self.switch, position.partition, position.offset).into(),
            agent: agent.clone(),
            center: self.center.clone(),
            switch: self.switch.clone(),
            queue: row.body.queue.clone(),
            kind: row.body.kind,
            reason: row.body.reason.clone(),
            from: row.body.from,
            to: row.body.to,
            retracted: row.retracted,
            revision: row.revision,
            known_at: event.known_at,
            first_event: row.first_event,
            last_event: event.position,
            filed: row.filed,
        }
    }
}
