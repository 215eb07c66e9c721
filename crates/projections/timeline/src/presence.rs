//! One agent's logins, pauses and after-call work: facts in, stretches out.
//!
//! Contract: `Presence::apply` takes facts in order of their time and is pure, so that a
//! fact that comes late is put in by folding the agent's facts once more
//! (`crate::agents`). Stretches carry the key of the fact that opened them; folding the
//! same facts again gives the same keys.
//!
//! What a queue's pause state is: the newest of PAUSE/UNPAUSE for that queue and
//! PAUSEALL/UNPAUSEALL since the agent joined it. Leaving a queue ends the pause in it
//! (the switch forgets both together); an agent who left every queue is paused nowhere.

use std::collections::BTreeMap;

use model::event::LogonKind;
use model::facts::StretchKind;
use model::{Instant, Name, Position};
use serde::{Deserialize, Serialize};

/// What opened a stretch: position, ordinal, and which stretch of that fact.
pub(crate) type Key = (Position, u16, u16);

/// One thing said of an agent.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Fact {
    pub at: Instant,
    pub position: Position,
    pub ordinal: u16,
    pub said: Said,
    /// The visit just ended, for after-call work: native call and `visit_id`.
    pub visit: Option<(Name, Name)>,
}

/// What was said.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Said {
    On {
        kind: LogonKind,
        queue: Option<Name>,
    },
    Off {
        kind: LogonKind,
        queue: Option<Name>,
        stated_ms: Option<i64>,
    },
    /// `acw`: the reason is one of `acw_pause_reasons`.
    Paused {
        queue: Option<Name>,
        reason: Option<Name>,
        acw: bool,
    },
    Ready {
        queue: Option<Name>,
    },
    Acw {
        stated_ms: Option<i64>,
    },
    /// The switch started anew: sessions that hang on a channel are gone.
    Restarted {
        last_heard: Instant,
    },
}

/// A stretch as the fold sees it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Body {
    pub queue: Option<Name>,
    pub kind: StretchKind,
    pub reason: Option<Name>,
    pub from: Instant,
    pub to: Option<Instant>,
    pub visit: Option<(Name, Name)>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Pause {
    reason: Option<Name>,
    acw: bool,
    since: (Instant, Position, u16),
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
enum Setting {
    /// As PAUSEALL/UNPAUSEALL left it.
    #[default]
    AsAll,
    Ready,
    Paused(Pause),
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct InQueue {
    login: Option<Key>,
    /// Left that queue.
    gone: bool,
    setting: Setting,
    /// The open stretch of pause in that queue.
    open: Option<(Key, Option<Name>)>,
}

/// The state between two facts, with the stretches made so far.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Presence {
    queues: BTreeMap<Name, InQueue>,
    at_desk: Option<Key>,
    callback: Option<Key>,
    all: Option<Pause>,
    /// Open stretch: paused in every queue.
    everywhere: Option<(Key, Option<Name>)>,
    /// Open stretch of after-call work by pause, and by WRAPUPSTART without a length.
    acw: Option<Key>,
    wrapup: Option<Key>,
    pub stretches: BTreeMap<Key, Body>,
    /// Keys changed since the caller last took them.
    pub touched: Vec<Key>,
}

struct Opening<'a> {
    fact: &'a Fact,
    n: u16,
}

impl Presence {
    /// Takes one fact; facts come in order of time.
    pub fn apply(&mut self, fact: &Fact) {
        let mut opening = Opening { fact, n: 0 };
        match &fact.said {
            Said::On { kind, queue } => self.on(*kind, queue.as_ref(), &mut opening),
            Said::Off { kind, queue, stated_ms } => self.off(*kind, queue.as_ref(), *stated_ms, &mut opening),
            Said::Paused { queue, reason, acw } => self.pause(queue.as_ref(), reason.as_ref(), *acw, fact),
            Said::Ready { queue } => self.ready(queue.as_ref(), fact.at),
            Said::Acw { stated_ms } => {
                self.close_wrapup(fact.at);
                let key = self.open(&mut opening, None, StretchKind::Acw, None);
                match stated_ms {
                    Some(ms) => self.close(key, fact.at.plus_millis((*ms).max(0))),
                    None => self.wrapup = Some(key),
                }
            }
            Said::Restarted { last_heard } => self.restart(*last_heard),
        }
        self.settle(&mut opening);
    }

    fn on(&mut self, kind: LogonKind, queue: Option<&Name>, opening: &mut Opening<'_>) {
        match (kind, queue) {
            (LogonKind::Member, Some(queue)) => {
                if self.queues.get(queue).is_some_and(|q| q.login.is_some()) {
                    return;
                }
                let key = self.open(opening, Some(queue.clone()), StretchKind::Login, None);
                let entry = self.queues.entry(queue.clone()).or_default();
                entry.login = Some(key);
                entry.gone = false;
                // A membership begins unpaused, also of an agent whom PAUSEALL paused
                // before; one that begins paused says so itself.
                if matches!(entry.setting, Setting::AsAll) {
                    entry.setting = Setting::Ready;
                }
            }
            (LogonKind::Callback, _) if self.callback.is_none() => {
                self.callback = Some(self.open(opening, None, StretchKind::Login, None));
            }
            (LogonKind::Agent | LogonKind::Member, _) if self.at_desk.is_none() => {
                self.at_desk = Some(self.open(opening, None, StretchKind::Login, None));
            }
            _ => {}
        }
    }

    fn off(&mut self, kind: LogonKind, queue: Option<&Name>, stated_ms: Option<i64>, opening: &mut Opening<'_>) {
        let at = opening.fact.at;
        self.close_wrapup(at);
        let login = match (kind, queue) {
            (LogonKind::Member, Some(queue)) => {
                let entry = self.queues.entry(queue.clone()).or_default();
                entry.gone = true;
                entry.setting = Setting::Ready;
                let login = entry.login.take();
                if self.queues.values().all(|q| q.gone) {
                    self.all = None;
                }
                login
            }
            (LogonKind::Callback, _) => self.callback.take(),
            _ => self.at_desk.take(),
        };
        match (login, stated_ms) {
            (Some(key), _) => self.close(key, at),
            (None, Some(ms)) if ms > 0 => {
                let key = self.open(opening, queue.cloned(), StretchKind::Login, None);
                if let Some(body) = self.stretches.get_mut(&key) {
                    body.from = at.plus_millis(-ms);
                    body.to = Some(at);
                }
            }
            _ => {}
        }
    }

    fn pause(&mut self, queue: Option<&Name>, reason: Option<&Name>, acw: bool, fact: &Fact) {
        self.close_wrapup(fact.at);
        let mut pause = Pause { reason: reason.cloned(), acw, since: (fact.at, fact.position, fact.ordinal) };
        let Some(queue) = queue else {
            for entry in self.queues.values_mut().filter(|q| !q.gone) {
                entry.setting = Setting::AsAll;
            }
            self.all = Some(pause);
            return;
        };
        let all = self.all.clone();
        let entry = self.queues.entry(queue.clone()).or_default();
        entry.gone = false;
        let before = match &entry.setting {
            Setting::Paused(p) => Some(p),
            Setting::AsAll => all.as_ref(),
            Setting::Ready => None,
        };
        if let Some(before) = before.filter(|b| b.reason == pause.reason && b.acw == pause.acw) {
            pause.since = before.since;
        }
        entry.setting = Setting::Paused(pause);
    }

    fn ready(&mut self, queue: Option<&Name>, at: Instant) {
        self.close_wrapup(at);
        match queue {
            None => {
                self.all = None;
                for entry in self.queues.values_mut().filter(|q| !q.gone) {
                    entry.setting = Setting::AsAll;
                }
            }
            Some(queue) => self.queues.entry(queue.clone()).or_default().setting = Setting::Ready,
        }
    }

    fn restart(&mut self, last_heard: Instant) {
        self.close_wrapup(last_heard);
        if let Some(key) = self.at_desk.take() {
            self.close(key, last_heard);
        }
    }

    /// Opens and closes what follows from the settings: pause in each queue, pause in
    /// every queue, after-call work by pause.
    fn settle(&mut self, opening: &mut Opening<'_>) {
        let names: Vec<Name> = self.queues.keys().cloned().collect();
        for name in names {
            let wanted = self.pause_in(&name).filter(|p| !p.acw).map(|p| p.reason.clone());
            let open = self.queues.get(&name).and_then(|q| q.open.clone());
            if open.as_ref().map(|o| &o.1) == wanted.as_ref() {
                continue;
            }
            if let Some((key, _)) = open {
                self.close(key, opening.fact.at);
            }
            let next = wanted.map(|r| (self.open(opening, Some(name.clone()), StretchKind::Pause, r.clone()), r));
            if let Some(entry) = self.queues.get_mut(&name) {
                entry.open = next;
            }
        }
        self.settle_everywhere(opening);
        self.settle_acw(opening);
    }

    fn settle_everywhere(&mut self, opening: &mut Opening<'_>) {
        let pauses = self.pauses();
        let paused = !pauses.is_empty() && pauses.iter().all(|p| p.is_some_and(|p| !p.acw));
        let latest = pauses.iter().flatten().max_by_key(|p| p.since).map(|p| p.reason.clone());
        let wanted = if paused { latest } else { None };
        if self.everywhere.as_ref().map(|e| &e.1) == wanted.as_ref() {
            return;
        }
        if let Some((key, _)) = self.everywhere.take() {
            self.close(key, opening.fact.at);
        }
        self.everywhere = wanted.map(|r| (self.open(opening, None, StretchKind::Pause, r.clone()), r));
    }

    fn settle_acw(&mut self, opening: &mut Opening<'_>) {
        let reason = self.pauses().iter().flatten().filter(|p| p.acw).max_by_key(|p| p.since).map(|p| p.reason.clone());
        match (reason, self.acw) {
            (Some(reason), None) => self.acw = Some(self.open(opening, None, StretchKind::Acw, reason)),
            (None, Some(key)) => {
                self.close(key, opening.fact.at);
                self.acw = None;
            }
            _ => {}
        }
    }

    /// The pause in each queue that the agent is in; where none is known, the one that
    /// PAUSEALL set.
    fn pauses(&self) -> Vec<Option<&Pause>> {
        let mut pauses: Vec<Option<&Pause>> =
            self.queues.iter().filter(|(_, q)| !q.gone).map(|(name, _)| self.pause_in(name)).collect();
        if pauses.is_empty() {
            pauses.extend(self.all.as_ref().map(Some));
        }
        pauses
    }

    fn pause_in(&self, queue: &Name) -> Option<&Pause> {
        match self.queues.get(queue).map(|q| &q.setting) {
            Some(Setting::Paused(pause)) => Some(pause),
            Some(Setting::Ready) => None,
            Some(Setting::AsAll) | None => self.all.as_ref(),
        }
    }

    fn open(&mut self, opening: &mut Opening<'_>, queue: Option<Name>, kind: StretchKind, reason: Option<Name>) -> Key {
        let key = (opening.fact.position, opening.fact.ordinal, opening.n);
        opening.n += 1;
        let visit = if kind == StretchKind::Acw { opening.fact.visit.clone() } else { None };
        self.stretches.insert(key, Body { queue, kind, reason, from: opening.fact.at, to: None, visit });
        self.touched.push(key);
        key
    }

    fn close(&mut self, key: Key, at: Instant) {
        if let Some(body) = self.stretches.get_mut(&key) {
            body.to = Some(at.max(body.from));
            self.touched.push(key);
        }
    }

    fn close_wrapup(&mut self, at: Instant) {
        if let Some(key) = self.wrapup.take() {
            self.close(key, at);
        }
    }

    /// Drops stretches that ended before `limit`; open ones stay.
    pub fn forget_before(&mut self, limit: Instant) {
        self.stretches.retain(|_, b| b.to.is_none_or(|to| to >= limit));
    }
}
