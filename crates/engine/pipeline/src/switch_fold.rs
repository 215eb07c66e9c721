//! The fold of one switch: its decoders, its timeline, its intervals and live figures.
//!
//! Order: records come in log order. Duplicates: dropped ([`crate::repeats`]). Failure: an
//! undecodable record is reported and changes nothing.
//!
//! One switch may be seen through several dialects: only one makes the figures (set by an
//! act, else the first that can); records of the others are counted and left to
//! `check-sources`. Where the one which makes the figures announces no recordings, those
//! that another one announces are taken, and nothing else of it (`timeline::Timeline::hear`).

use metrics::{LiveRecord, SwitchNow};
use model::acts::SwitchSettings;
use model::event::Body;
use model::facts::Facts;
use model::{Act, DecodeError, Decoder, Dialect, Envelope, Event, Instant, Name, Position};
use rustc_hash::FxHashMap;

use crate::repeats::Repeats;
use crate::visit_feed::VisitFeed;

/// Makes the decoder of a dialect for a switch and centre; `None` where there is none.
pub type DecoderFactory = std::sync::Arc<dyn Fn(&Dialect, &Name, &Name) -> Option<Box<dyn Decoder>> + Send + Sync>;

/// What became of one record.
#[derive(Debug, PartialEq, Eq)]
pub enum Applied {
    /// It was folded.
    Folded,
    /// A repeat, or of a lower epoch.
    Repeated,
    /// Of a dialect that does not make this switch's figures; recordings may be taken of it.
    OtherDialect,
    /// Of a dialect without a decoder in this build.
    NoDecoder,
    /// It cannot be decoded: a dead letter.
    Undecodable(DecodeError),
    /// It came after the late horizon: a dead letter `too_late`.
    TooLate(String),
}

/// What shapes a fold beyond the log.
#[derive(Clone)]
pub struct FoldConfig {
    /// How long after its end a contact can be restated, milliseconds of event time.
    pub late_horizon_ms: i64,
    /// Figures by this dialect, whatever the log says (`check-sources`).
    pub force_figures: Option<Dialect>,
    /// Makes decoders.
    pub decoders: DecoderFactory,
}

/// State of one switch.
pub struct SwitchFold {
    pub(crate) switch: Name,
    pub(crate) center: Name,
    pub(crate) config: FoldConfig,
    pub(crate) figures: Option<Dialect>,
    pub(crate) decoders: FxHashMap<(Name, Dialect), Box<dyn Decoder>>,
    pub(crate) timeline: timeline::Timeline,
    pub(crate) intervals: VisitFeed,
    pub(crate) live: metrics::live::LiveFold,
    /// Nothing that makes figures was folded yet: settings still shape everything.
    pub(crate) untouched: bool,
    pub(crate) repeats: Repeats,
    /// When the log took its last event, and that event's own time; none since the process began.
    pub(crate) heard: Option<(Instant, Instant)>,
    scratch: Vec<Event>,
}

impl SwitchFold {
    /// A fold of a switch of which nothing is known yet.
    pub fn new(center: Name, switch: Name, config: FoldConfig) -> Self {
        let settings = SwitchSettings::default();
        Self {
            figures: config.force_figures.clone(),
            decoders: FxHashMap::default(),
            timeline: new_timeline(&center, &switch, &config, &settings),
            intervals: VisitFeed::new(switch.clone(), &config, interval_settings(&center, &settings)),
            live: metrics::live::LiveFold::default(),
            untouched: true,
            repeats: Repeats::default(),
            heard: None,
            scratch: Vec::new(),
            switch,
            center,
            config,
        }
    }

    /// Folds one record; rows are appended to `out`.
    pub fn apply(&mut self, envelope: &Envelope, position: Position, known_at: Instant, out: &mut Facts) -> Applied {
        if self.repeats.is_repeat(envelope) {
            return Applied::Repeated;
        }
        if envelope.dialect != Dialect::Ringledger {
            self.heard = Some((known_at, envelope.time));
        }
        if envelope.dialect.makes_figures() {
            let figures = self.figures.get_or_insert_with(|| envelope.dialect.clone());
            if *figures != envelope.dialect {
                if figures.announces_recordings() || !envelope.dialect.announces_recordings() {
                    return Applied::OtherDialect;
                }
                return self.decoded(envelope, position, |this, events| {
                    number(events, known_at);
                    this.hear(&envelope.source, events, out)
                });
            }
            self.untouched = false;
        }
        self.decoded(envelope, position, |this, events| this.fold(&envelope.source, events, known_at, out))
    }

    fn decoded(
        &mut self,
        envelope: &Envelope,
        position: Position,
        take: impl FnOnce(&mut Self, &mut Vec<Event>) -> Applied,
    ) -> Applied {
        let mut events = std::mem::take(&mut self.scratch);
        events.clear();
        let applied = match self.decoder(envelope).map(|d| d.decode(envelope, position, &mut events)) {
            None => Applied::NoDecoder,
            Some(Err(e)) => Applied::Undecodable(e),
            Some(Ok(())) => take(self, &mut events),
        };
        self.scratch = events;
        applied
    }

    /// Takes the recordings of a dialect that does not make the figures.
    fn hear(&mut self, source: &Name, events: &[Event], out: &mut Facts) -> Applied {
        let mut applied = Applied::OtherDialect;
        for event in events {
            match self.timeline.hear(source, event, out) {
                Ok(told) => self.untouched &= !told,
                Err(late) => applied = Applied::TooLate(late.to_string()),
            }
        }
        applied
    }

    fn decoder(&mut self, envelope: &Envelope) -> Option<&mut Box<dyn Decoder>> {
        let key = (envelope.source.clone(), envelope.dialect.clone());
        match self.decoders.entry(key) {
            std::collections::hash_map::Entry::Occupied(e) => Some(e.into_mut()),
            std::collections::hash_map::Entry::Vacant(e) => {
                Some(e.insert((self.config.decoders)(&envelope.dialect, &self.switch, &self.center)?))
            }
        }
    }

    /// Folds the events of one record. An act that ends an input first releases what that
    /// input's decoder held back, so that it stands before the act.
    fn fold(&mut self, source: &Name, events: &mut Vec<Event>, known_at: Instant, out: &mut Facts) -> Applied {
        let mut applied = Applied::Folded;
        let ended = self.take_act(events);
        let held = match &ended {
            Some((dialect, at, position)) => self.release(dialect, *at, *position, events),
            None => 0,
        };
        number(events, known_at);
        self.hear(source, &events[..held], out);
        for event in &events[held..] {
            if let Err(late) = self.fold_event(source, event, out) {
                applied = Applied::TooLate(late.to_string());
            }
        }
        if let Some((_, at, position)) = ended {
            self.intervals.release(at, known_at, position, &mut out.queue_intervals);
        }
        applied
    }

    /// What an act means for the fold itself; the input that it ends, if it ends one.
    fn take_act(&mut self, events: &[Event]) -> Option<(Dialect, Instant, Position)> {
        let event = events.first()?;
        let Body::Acted(act) = &event.body else { return None };
        match &**act {
            Act::SettingsSet { settings } => self.take_settings(settings),
            Act::InputEnded { dialect, last_event } => {
                return Some((Dialect::of(dialect), *last_event, event.position));
            }
            _ => {}
        }
        None
    }

    fn fold_event(&mut self, source: &Name, event: &Event, out: &mut Facts) -> Result<(), timeline::TooLate> {
        let first = (out.queue_visits.len(), out.agent_legs.len(), out.agent_states.len());
        let taken = self.timeline.apply(source, event, out);
        self.intervals.take(event, first.0, out);
        out.queue_visits[first.0..].iter().for_each(|v| self.live.visit(v));
        out.agent_legs[first.1..].iter().for_each(|l| self.live.leg(l));
        out.agent_states[first.2..].iter().for_each(|s| self.live.stretch(s));
        if let (Body::QueueConfigured { sl_threshold_ms }, Some(queue)) = (&event.body, &event.queue) {
            self.live.threshold(&self.switch, queue, *sl_threshold_ms);
        }
        if !matches!(event.body, Body::Acted(_)) {
            self.intervals.advance(event.at, event.known_at, event.position, &mut out.queue_intervals);
            self.live.advance(event.at);
        }
        taken
    }

    /// The switch's live figures, its agents, and the record that says who they are.
    pub(crate) fn live_records(&self, (as_of, tz): (Option<Instant>, chrono_tz::Tz)) -> Vec<LiveRecord> {
        // What only acts speak of (who signed in) is no switch.
        let last_event = self.live.last_event();
        let Some(now) = last_event.map(|last| as_of.unwrap_or(last)) else { return Vec::new() };
        let (rows, agents) = self.live.board(now, tz);
        let (center, switch) = (self.center.clone(), self.switch.clone());
        let names = agents.iter().map(|a| a.agent.clone()).collect();
        let stands = SwitchNow { center, switch, as_of: Some(now), last_event, agents: names };
        rows.into_iter()
            .map(LiveRecord::Queue)
            .chain(agents.into_iter().map(LiveRecord::Agent))
            .chain([LiveRecord::Switch(stands)])
            .collect()
    }

    /// Puts what decoders held back before the act; how many events of it are of a dialect
    /// that does not make the figures.
    fn release(&mut self, dialect: &Dialect, at: Instant, position: Position, events: &mut Vec<Event>) -> usize {
        let act = events.split_off(0);
        let mut held: Vec<_> = self.decoders.iter_mut().filter(|((_, d), _)| d == dialect).collect();
        held.sort_by_cached_key(|(key, _)| (*key).clone());
        for (_, decoder) in held {
            decoder.release(at, position, events);
        }
        let checked = dialect.makes_figures() && self.figures.as_ref() != Some(dialect);
        let heard = if checked { events.len() } else { 0 };
        events.extend(act);
        heard
    }

    /// Settings that shape every row are in force from the beginning or not at all: later
    /// ones need a replay.
    fn take_settings(&mut self, settings: &SwitchSettings) {
        if !self.untouched {
            return;
        }
        if let (None, Some(figures)) = (&self.figures, &settings.figures) {
            self.figures = Some(Dialect::of(figures));
        }
        self.timeline = new_timeline(&self.center, &self.switch, &self.config, settings);
        let intervals = interval_settings(&self.center, settings);
        self.live = metrics::live::LiveFold::new(
            intervals.thresholds.clone(),
            intervals.short_abandons.clone(),
            metrics::WaitBasis::Stated,
        );
        self.intervals = VisitFeed::new(self.switch.clone(), &self.config, intervals);
    }
}

/// Numbers the events of one record.
fn number(events: &mut [Event], known_at: Instant) {
    for (ordinal, event) in events.iter_mut().enumerate() {
        event.ordinal = u16::try_from(ordinal).unwrap_or(u16::MAX);
        event.known_at = known_at;
    }
}

fn new_timeline(center: &Name, switch: &Name, config: &FoldConfig, settings: &SwitchSettings) -> timeline::Timeline {
    let shape = timeline::Config {
        late_horizon_ms: config.late_horizon_ms,
        default_region: settings.default_region.clone(),
        ..timeline::Config::default()
    };
    timeline::Timeline::new(center.clone(), switch.clone(), shape)
}

fn interval_settings(center: &Name, settings: &SwitchSettings) -> metrics::intervals::IntervalSettings {
    let thresholds = settings.queue_thresholds.iter().map(|(q, t)| ((center.clone(), q.clone()), *t)).collect();
    let default = metrics::intervals::IntervalSettings::default();
    metrics::intervals::IntervalSettings {
        thresholds,
        sl_threshold_ms: settings.sl_threshold_ms.unwrap_or(default.sl_threshold_ms),
        short_abandon_ms: settings.short_abandon_ms.unwrap_or(default.short_abandon_ms),
        ..default
    }
}
