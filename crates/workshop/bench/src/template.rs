//! One real call of the capture (an inbound call that waits, is answered and recorded), as
//! often as wanted, each with names of its own.

use std::fmt::Write as _;

use bytes::Bytes;
use dialects::NativeRecord;
use model::{Envelope, Instant};
use serde_json::Value;

use crate::Failure;
use crate::capture::Capture;
use crate::native::{self, Voice};

/// The call that is repeated.
const CALL: &str = "1795326274.9";

/// What is written anew.
#[derive(Clone, Copy, PartialEq)]
enum Token {
    /// Channel, by number within the call.
    Uniqueid(usize),
    /// Name of a channel behind its station.
    Channel(usize),
    Bridge(usize),
    /// The agent's interface and name.
    Interface,
    Member,
}

enum Piece {
    Text(String),
    New(Token),
    Time(Instant),
}

/// How much of the call is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Upto {
    /// It waits in its queue.
    Waiting,
    /// An agent talks to it, and it is recorded.
    Talking,
    /// It is over.
    Ended,
}

/// The call's messages.
pub struct Template {
    messages: Vec<(Instant, Vec<Piece>)>,
}

impl Template {
    /// Reads the call out of the capture.
    ///
    /// # Errors
    /// The capture cannot be read, or does not hold it.
    pub fn read(upto: Upto) -> Result<Self, Failure> {
        // (What is held of the capture now would be given to the calls later, unseen.)
        let bytes = Capture::read()?.repetition(0, 0);
        let mut call = native::frame_those(&bytes, |r| text(r, "Linkedid") == CALL)?;
        let until = match upto {
            Upto::Waiting => call.iter().position(|r| text(r, "Event") == "QueueCallerJoin"),
            Upto::Talking => call.iter().rposition(|r| text(r, "Event") == "BridgeEnter"),
            Upto::Ended => call.len().checked_sub(1),
        };
        let tokens = tokens(&call);
        call.truncate(until.ok_or("the capture does not hold the call")? + 1);
        let messages = call.into_iter().filter_map(|r| Some((r.time?, pieces(&r, &tokens)))).collect();
        Ok(Self { messages })
    }

    /// The `nth` call, so much later, by one of `agents` agents.
    pub fn call(&self, nth: u64, later_ms: i64, agents: u64, voice: &mut Voice) -> Vec<Envelope> {
        let one = |(at, pieces): &(Instant, Vec<Piece>)| {
            let at = at.plus_millis(later_ms);
            let data = Bytes::from(written(pieces, nth, later_ms, nth % agents.max(1)));
            voice.event(at, at, data)
        };
        self.messages.iter().map(one).collect()
    }
}

fn text<'a>(record: &'a NativeRecord, name: &str) -> &'a str {
    record.data.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// What names the call, longest first.
fn tokens(call: &[NativeRecord]) -> Vec<(String, Token)> {
    let mut found: Vec<(String, Token)> = Vec::new();
    let mut add = |value: &str, of: fn(usize) -> Token| {
        if !value.is_empty() && !found.iter().any(|(known, _)| known == value) {
            let number = found.iter().filter(|(_, t)| std::mem::discriminant(t) == std::mem::discriminant(&of(0)));
            let token = of(number.count());
            found.push((value.to_owned(), token));
        }
    };
    for record in call {
        add(text(record, "Uniqueid"), Token::Uniqueid);
        add(text(record, "DestUniqueid"), Token::Uniqueid);
        for name in ["Channel", "DestChannel"] {
            // The station before it is an agent's interface, or the trunk that stays.
            add(text(record, name).rsplit_once('-').map_or("", |(_, running)| running), Token::Channel);
        }
        add(text(record, "BridgeUniqueid"), Token::Bridge);
        add(text(record, "Interface"), |_| Token::Interface);
        add(text(record, "MemberName"), |_| Token::Member);
    }
    found.sort_by_key(|(value, _)| std::cmp::Reverse(value.len()));
    found
}

fn pieces(record: &NativeRecord, tokens: &[(String, Token)]) -> Vec<Piece> {
    let mut pieces = vec![Piece::Text(Value::Object(record.data.clone()).to_string())];
    if let (Some(at), stamp) = (record.time, text(record, "Timestamp")) {
        pieces = split(pieces, stamp, || Piece::Time(at));
    }
    for (value, token) in tokens {
        pieces = split(pieces, value, || Piece::New(*token));
    }
    pieces
}

fn split(pieces: Vec<Piece>, at: &str, new: impl Fn() -> Piece) -> Vec<Piece> {
    let mut out = Vec::new();
    for piece in pieces {
        let Piece::Text(text) = &piece else {
            out.push(piece);
            continue;
        };
        for (i, part) in text.split(at).enumerate() {
            if i > 0 {
                out.push(new());
            }
            out.push(Piece::Text(part.to_owned()));
        }
    }
    out
}

fn written(pieces: &[Piece], nth: u64, later_ms: i64, agent: u64) -> String {
    let mut out = String::with_capacity(1024);
    for piece in pieces {
        // (Writing to a string does not fail.)
        let _ = match piece {
            Piece::Text(text) => write!(out, "{text}"),
            Piece::Time(at) => {
                let micros = at.plus_millis(later_ms).0;
                write!(out, "{}.{:06}", micros / 1_000_000, micros % 1_000_000)
            }
            Piece::New(Token::Uniqueid(n)) => write!(out, "1795326274.{}", 1_000 + nth * 8 + *n as u64),
            Piece::New(Token::Channel(n)) => write!(out, "{:08x}", 0x1000 + nth * 8 + *n as u64),
            Piece::New(Token::Bridge(n)) => write!(out, "{:08x}-68b8-47d5-8380-c47179bb13a1", nth * 8 + *n as u64),
            Piece::New(Token::Interface) => write!(out, "PJSIP/5{agent:07}"),
            Piece::New(Token::Member) => write!(out, "Agent {agent}"),
        };
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_call_has_names_of_its_own_and_ends_where_it_is_told_to() {
        let mut voice = Voice::new("pbx", 1);
        let template = Template::read(Upto::Talking).unwrap();
        let joined = |nth| {
            let call = template.call(nth, 1_000, 1_000_000, &mut Voice::new("pbx", 1));
            call.iter().map(|e| String::from_utf8(e.data.to_vec()).unwrap()).collect::<Vec<_>>().join("\n")
        };
        let text = joined(7);
        assert!(!text.contains(CALL) && !text.contains("00000009") && !text.contains("PJSIP/1006"), "{text}");
        for own in ["1795326274.1056", "PJSIP/trunk-00001038", "PJSIP/50000007", "Agent 7", "1795326275.628332"] {
            assert!(text.contains(own), "{own}");
        }
        assert!(text.contains("AgentConnect") && !text.contains("AgentComplete"));
        assert_ne!(text, joined(8));
        let waiting = Template::read(Upto::Waiting).unwrap().call(0, 0, 1, &mut voice);
        assert!(waiting.last().is_some_and(|e| e.data.starts_with(br#"{"Event":"QueueCallerJoin""#)));
    }
}
