//! A small switch for the tests: says events at seconds after eight o'clock, and gives
//! the rows as they stand.
#![allow(dead_code)]

use std::collections::BTreeMap;

use model::acts::SwitchSettings;
use model::event::{DeviceKind, EndedBy, LogonKind};
use model::facts::{Call, Facts, Leg, Recording, Stretch, Visit};
use model::roster::RosterEntry;
use model::{Act, Body, Event, Instant, Name, Position, Roster};
use timeline::{Config, Timeline, TooLate};

pub const EIGHT: i64 = 1_795_334_400;

pub fn at(seconds: f64) -> Instant {
    Instant(EIGHT * 1_000_000 + (seconds * 1e6) as i64)
}

pub fn name(text: &str) -> Option<Name> {
    (!text.is_empty()).then(|| text.into())
}

pub struct Switch {
    pub timeline: Timeline,
    pub facts: Facts,
    offset: i64,
}

impl Switch {
    pub fn new() -> Self {
        Self::with(Config::default())
    }

    pub fn with(config: Config) -> Self {
        Self { timeline: Timeline::new("main".into(), "pbx1".into(), config), facts: Facts::default(), offset: 0 }
    }

    /// Alice at 1001 and Bob at 1002.
    pub fn with_roster() -> Self {
        let mut switch = Self::new();
        let entry = |interface: &str, name: &str, extension: &str| RosterEntry {
            interface: interface.into(),
            name: name.into(),
            extension: Some(extension.into()),
            crm_user: None,
        };
        let entries = vec![entry("PJSIP/1001", "Alice", "1001"), entry("Local/1002@agents/n", "Bob", "1002")];
        switch.act(0.0, Act::RosterSet { roster: Roster { entries } });
        switch
    }

    pub fn acw_reason(&mut self, reason: &str) {
        let settings = SwitchSettings { acw_pause_reasons: vec![reason.into()], ..SwitchSettings::default() };
        self.act(0.0, Act::SettingsSet { settings });
    }

    pub fn act(&mut self, seconds: f64, act: Act) {
        self.say(seconds, "", "", "", Body::Acted(Box::new(act)));
    }

    /// Says an event whose native call is the connection.
    pub fn say(&mut self, seconds: f64, connection: &str, queue: &str, agent: &str, body: Body) {
        self.try_say(seconds, connection, queue, agent, body).expect("in time");
    }

    pub fn try_say(
        &mut self,
        seconds: f64,
        connection: &str,
        queue: &str,
        agent: &str,
        body: Body,
    ) -> Result<(), TooLate> {
        self.say_of(seconds, connection, connection, queue, agent, body)
    }

    /// Says an event of a connection within a native call.
    pub fn of(&mut self, seconds: f64, call: &str, connection: &str, agent: &str, body: Body) {
        self.say_of(seconds, call, connection, "", agent, body).expect("in time");
    }

    pub fn say_of(
        &mut self,
        seconds: f64,
        call: &str,
        connection: &str,
        queue: &str,
        agent: &str,
        body: Body,
    ) -> Result<(), TooLate> {
        let event = self.event(seconds, [call, connection, queue, agent], body);
        self.timeline.apply(&"/switch/pbx1".into(), &event, &mut self.facts)
    }

    fn event(&mut self, seconds: f64, [call, connection, queue, agent]: [&str; 4], body: Body) -> Event {
        self.offset += 1;
        Event {
            at: at(seconds),
            position: Position { partition: 0, offset: self.offset - 1 },
            ordinal: 0,
            known_at: Instant(self.offset - 1),
            call_id: name(call),
            connection: name(connection),
            queue: name(queue),
            agent: name(agent),
            body,
        }
    }

    /// Says an event of a dialect that does not make the figures.
    pub fn hears(&mut self, seconds: f64, call: &str, connection: &str, body: Body) {
        self.try_hear(seconds, call, connection, body).expect("in time");
    }

    pub fn try_hear(&mut self, seconds: f64, call: &str, connection: &str, body: Body) -> Result<bool, TooLate> {
        let event = self.event(seconds, [call, connection, "", ""], body);
        self.timeline.hear(&"/switch/pbx1".into(), &event, &mut self.facts)
    }

    pub fn joins(&mut self, seconds: f64, caller: &str, queue: &str) {
        self.say(seconds, caller, queue, "", Body::Queued { position: Some(1), ani: name("442079460997") });
    }

    pub fn answers(&mut self, seconds: f64, agent: &str, caller: &str, queue: &str, wait_ms: Option<i64>) {
        self.say(seconds, caller, queue, agent, Body::Established { wait_ms, ring_ms: None, device: None });
    }

    pub fn ends(&mut self, seconds: f64, agent: &str, caller: &str, queue: &str, figures: Option<(i64, i64)>) {
        self.say(seconds, caller, queue, agent, released(figures));
    }

    pub fn logs_on(&mut self, seconds: f64, agent: &str, queue: &str) {
        self.say(seconds, "", queue, agent, Body::AgentLoggedOn { kind: LogonKind::Member, listed: false });
    }

    pub fn logs_off(&mut self, seconds: f64, agent: &str, queue: &str) {
        self.say(seconds, "", queue, agent, Body::AgentLoggedOff { kind: LogonKind::Member, stated_ms: None });
    }

    pub fn pauses(&mut self, seconds: f64, agent: &str, queue: &str, reason: &str) {
        self.say(seconds, "", queue, agent, Body::AgentNotReady { reason: name(reason), listed: false });
    }

    pub fn unpauses(&mut self, seconds: f64, agent: &str, queue: &str) {
        self.say(seconds, "", queue, agent, Body::AgentReady { listed: false });
    }

    pub fn originates(&mut self, seconds: f64, call: &str, connection: &str, device: DeviceKind, number: &str) {
        let body = Body::Originated { device, number: name(number), withheld: false, name: None, dialled: None };
        self.of(seconds, call, connection, "", body);
    }

    pub fn connects(&mut self, seconds: f64, call: &str, connection: &str, conversation: &str) {
        self.of(seconds, call, connection, "", Body::Connected { conversation: conversation.into() });
    }

    pub fn disconnects(&mut self, seconds: f64, call: &str, connection: &str, conversation: &str) {
        self.of(seconds, call, connection, "", Body::Disconnected { conversation: conversation.into() });
    }

    pub fn clears(&mut self, seconds: f64, call: &str, connection: &str, by: EndedBy) {
        self.of(seconds, call, connection, "", Body::ConnectionCleared { cause: None, by });
    }

    pub fn visits(&self) -> Vec<Visit> {
        let rows = latest(&self.facts.queue_visits, |v| (v.visit_id.clone(), v.revision));
        let mut rows: Vec<Visit> = rows.into_iter().filter(|v| !v.retracted).collect();
        rows.sort_by_key(|v| (v.joined_at, v.first_event));
        rows
    }

    pub fn visit(&self) -> Visit {
        let mut all = self.visits();
        assert_eq!(all.len(), 1, "{all:#?}");
        all.remove(0)
    }

    pub fn legs(&self) -> Vec<Leg> {
        let mut rows = latest(&self.facts.agent_legs, |l| (l.leg_id.clone(), l.revision));
        rows.retain(|l| !l.retracted);
        rows.sort_by_key(|l| (l.first_event, l.leg_id.clone()));
        rows
    }

    pub fn calls(&self) -> Vec<Call> {
        latest(&self.facts.calls, |c| (c.call_id.clone(), c.revision))
    }

    pub fn call(&self, id: &str) -> Call {
        self.calls().into_iter().find(|c| c.call_id == id).unwrap_or_else(|| panic!("no contact {id}"))
    }

    pub fn recordings(&self) -> Vec<Recording> {
        latest(&self.facts.recordings, |r| (r.recording_id.clone(), r.revision))
    }

    pub fn stretches(&self) -> Vec<Stretch> {
        let mut rows = latest(&self.facts.agent_states, |s| (s.stretch_id.clone(), s.revision));
        rows.retain(|s| !s.retracted);
        rows.sort_by_key(|s| (s.from, s.kind, s.queue.clone()));
        rows
    }

    /// Stretches as text: `pause * lunch 10..20`, seconds, `-` while it lasts.
    pub fn told(&self) -> Vec<String> {
        let second = |t: Instant| (t.0 - EIGHT * 1_000_000) / 1_000_000;
        self.stretches()
            .iter()
            .map(|s| {
                let kind = format!("{:?}", s.kind).to_lowercase();
                let to = s.to.map_or("-".to_owned(), |t| second(t).to_string());
                let reason = s.reason.as_deref().unwrap_or("");
                format!("{kind} {} {reason} {}..{to}", s.queue.as_deref().unwrap_or("*"), second(s.from))
            })
            .collect()
    }
}

pub fn released(figures: Option<(i64, i64)>) -> Body {
    Body::Released {
        by: EndedBy::Caller,
        transferred: None,
        wait_ms: figures.map(|f| f.0),
        talk_ms: figures.map(|f| f.1),
        entry_position: None,
    }
}

pub fn latest<T: Clone>(rows: &[T], key: impl Fn(&T) -> (Name, i64)) -> Vec<T> {
    let mut newest: BTreeMap<Name, (i64, T)> = BTreeMap::new();
    for row in rows {
        let (id, revision) = key(row);
        if newest.get(&id).is_none_or(|(r, _)| *r < revision) {
            newest.insert(id, (revision, row.clone()));
        }
    }
    newest.into_values().map(|(_, row)| row).collect()
}

/// A customer (`c`) whom Alice (`a`) answers from the queue at 14.
pub fn a_customer_talks_with_alice() -> Switch {
    let mut switch = Switch::with_roster();
    switch.originates(1.0, "c", "c", DeviceKind::Trunk, "442079460997");
    switch.say(10.0, "c", "support", "", Body::Queued { position: None, ani: None });
    switch.originates(11.0, "c", "a", DeviceKind::Station, "1001");
    switch.say(11.0, "c", "support", "Alice", Body::Delivered { device: Some("a".into()) });
    let answer = Body::Established { wait_ms: None, ring_ms: None, device: Some("a".into()) };
    switch.say(14.0, "c", "support", "Alice", answer);
    switch.connects(14.0, "c", "a", "k1");
    switch.connects(14.0, "c", "c", "k1");
    switch
}
