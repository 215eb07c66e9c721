//! Rows to canonical events, in log order.
//!
//! What can be settled only by a later row is held back: why an offer ended (200 ms),
//! how a caller's wait ended (until the caller's next row). Such events carry the time
//! when it happened and the position of the row that settled it.

use model::event::{Body, DeviceKind};
use model::{DecodeError, Decoder, Envelope, Event, Instant, Name, Position};

use super::DIALECT;
use super::row::{Row, parse_time};
use super::state::State;
use crate::emit::{Emit, Whom, named, withheld};

/// Decodes `asterisk.cel`.
#[derive(Default)]
pub struct CelDecoder {
    pub(super) state: State,
}

impl CelDecoder {
    /// A decoder that has seen nothing yet.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Decoder for CelDecoder {
    fn decode(&mut self, envelope: &Envelope, position: Position, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        let failed = |reason| DecodeError { dialect: DIALECT, reason };
        let row = Row::parse(&envelope.data).map_err(failed)?;
        let at = parse_time(&row.time)
            .ok_or_else(|| failed(format!("'{}' in EventTime is no time; expected epoch.microseconds", row.time)))?;
        self.state.believed.check(at, envelope.received).map_err(failed)?;
        let mut step = Step {
            id: row.unique_id.as_str().into(),
            row: &row,
            at,
            state: &mut self.state,
            emit: Emit::of(envelope, position, at, out),
        };
        step.run();
        Ok(())
    }

    fn release(&mut self, at: Instant, position: Position, out: &mut Vec<Event>) {
        let offers = std::mem::take(&mut self.state.offers);
        let mut emit = Emit::at(position, at, at, out);
        for offer in offers {
            super::offers::missed(&offer, &mut emit);
        }
    }

    fn snapshot(&self) -> Vec<u8> {
        postcard::to_stdvec(&self.state).unwrap_or_default()
    }

    fn restore(&mut self, bytes: &[u8]) -> Result<(), String> {
        self.state = postcard::from_bytes(bytes).map_err(|e| format!("no state of the {DIALECT} decoder: {e}"))?;
        Ok(())
    }
}

/// One row being decoded.
pub(super) struct Step<'a, 'o> {
    pub id: Name,
    pub row: &'a Row,
    pub at: Instant,
    pub state: &'a mut State,
    pub emit: Emit<'o>,
}

impl Step<'_, '_> {
    fn run(&mut self) {
        self.settle_offers();
        if self.row.event == "LINKEDID_END" {
            // Comes after the end of the channel that it names.
            let whom = Whom { call_id: named(&self.row.linked_id), ..Whom::default() };
            return self.emit.push(&whom, Body::CallCleared);
        }
        // Announcers and the like show streams, but neither a beginning nor an end.
        let plumbing = !self.state.channels.contains_key(&self.id) && super::devices::is_plumbing(&self.row.channel);
        if plumbing && self.row.event != "CHAN_START" {
            return;
        }
        self.known();
        self.leave_if_gone();
        match self.row.event.as_str() {
            "CHAN_START" => self.started(),
            "ANSWER" => self.answered(),
            "APP_START" => self.joined_if_queue(),
            "APP_END" => self.queue_left(),
            "STREAM_BEGIN" | "MOH_START" => self.stream_began(),
            "STREAM_END" | "MOH_STOP" => self.stream_ended(),
            "BRIDGE_ENTER" | "BRIDGE_START" => self.entered(),
            "BRIDGE_EXIT" | "BRIDGE_END" => self.left_bridge(),
            "BLINDTRANSFER" => self.blind_transfer(),
            "ATTENDEDTRANSFER" => self.attended_transfer(),
            "DTMF" => self.pressed(),
            "HANGUP" => self.hung_up(),
            "CHAN_END" => self.ended(),
            "LOCAL_OPTIMIZE" | "LOCAL_OPTIMIZE_BEGIN" => self.optimised(),
            "PICKUP" => self.picked_up(),
            // Known, and told by other rows or without a meaning here.
            "FORWARD" | "PARK_START" | "PARK_END" | "USER_DEFINED" => {}
            other => {
                let whom = self.whom(&self.id.clone());
                self.emit.push(&whom, Body::Unrecognized { name: other.into() });
            }
        }
    }

    /// Whom an event of a channel concerns; as an agent where it serves a caller.
    pub fn whom(&self, id: &Name) -> Whom {
        let channel = self.state.channels.get(id);
        let caller = channel.and_then(|c| self.state.channels.get(c.serves.as_ref()?));
        let talk = caller.and_then(|c| c.stay.as_ref()?.talk.as_ref());
        let served = channel.filter(|c| c.serves.is_some()).map(|c| super::devices::interface(&c.name));
        Whom {
            call_id: channel.map(|c| c.linked.clone()),
            connection: Some(id.clone()),
            queue: None,
            agent: served.map(|own| talk.map_or(own, |t| t.agent.clone())),
        }
    }

    /// Takes up the channel, the call it belongs to, and the number it dialled.
    fn known(&mut self) {
        let linked: Name = self.row.linked_id.as_str().into();
        let id = self.id.clone();
        let channel = self.state.channel(&id, self.row, self.at);
        let from = std::mem::replace(&mut channel.linked, linked.clone());
        let dialled = named(&self.row.dnid).filter(|d| channel.dialled.as_ref() != Some(d) && linked == id);
        if dialled.is_some() {
            channel.dialled.clone_from(&dialled);
        }
        let starts = self.row.event == "CHAN_START";
        let whom = self.whom(&id);
        if from != linked {
            self.emit.push(&whom, Body::CallsJoined { from_call: from });
        }
        if dialled.is_some() && !starts {
            self.emit.push(&whom, Body::PartyKnown { ani: None, withheld: false, dnis: dialled });
        }
    }

    fn started(&mut self) {
        let row = self.row;
        let dialled = named(&row.exten).filter(|e| e != "s");
        let Some(channel) = self.state.channels.get_mut(&self.id) else { return };
        let device = channel.kind;
        if channel.dialled.is_none() {
            channel.dialled.clone_from(&dialled);
        }
        let number = named(&row.num);
        let hidden = number.as_deref().is_some_and(withheld);
        let station = (device == DeviceKind::Station).then(|| super::devices::interface(&row.channel));
        let whom = Whom { agent: station, ..self.whom(&self.id.clone()) };
        self.emit.push(&whom, Body::Originated { device, number, withheld: hidden, name: named(&row.name), dialled });
    }
}
