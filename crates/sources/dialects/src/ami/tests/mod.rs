//! Messages as a real switch sent them, and the quirks of that switch one by one.

mod channels;
mod decoder;
mod framer;
mod masker;
mod parties;
mod places;
mod queues;
mod same_calls;

use bytes::Bytes;
use model::event::Body;
use model::{Decoder, Dialect, Envelope, Event, Instant, Position};

use super::{AmiDecoder, AmiFramer};
use crate::testing::{capture, frame};
use crate::{Framed, NativeRecord};

/// Twenty whole calls of a real switch, without what no decoder reads.
pub(super) fn calls() -> Vec<u8> {
    capture("ami-calls.raw.gz")
}

/// The messages of some text; each must be readable.
pub(super) fn records(text: &[u8]) -> Vec<NativeRecord> {
    let whole = |f: Framed| f.record.unwrap_or_else(|e| panic!("{e}"));
    frame(&mut AmiFramer::new(), text, 4096).into_iter().map(whole).collect()
}

/// Messages as they stand in the log; one without a time has that of its predecessor.
pub(super) fn envelopes(records: &[NativeRecord]) -> Vec<Envelope> {
    let mut time = Instant::from_secs(1_795_326_267);
    let in_log = |(i, record): (usize, &NativeRecord)| {
        time = record.time.unwrap_or(time);
        Envelope {
            id: i.to_string().into(),
            source: "/switch/pbx1".into(),
            dialect: Dialect::AsteriskAmi,
            time,
            received: time.plus_millis(3),
            epoch: 1,
            sequence: i as u64,
            center: "main".into(),
            switch: "pbx1".into(),
            data: Bytes::from(serde_json::to_vec(&record.data).expect("JSON")),
        }
    };
    records.iter().enumerate().map(in_log).collect()
}

/// Takes one record after the other.
pub(super) fn feed(decoder: &mut AmiDecoder, envelopes: &[Envelope], from: usize, out: &mut Vec<Event>) {
    for (i, envelope) in envelopes.iter().enumerate() {
        let position = Position { partition: 0, offset: (from + i) as i64 };
        decoder.decode(envelope, position, out).unwrap_or_else(|e| panic!("record {i}: {e}"));
    }
}

/// All events of some messages; what is held back at their end is released.
pub(super) fn decoded(text: &[u8]) -> Vec<Event> {
    let (mut decoder, mut out) = (AmiDecoder::new(), Vec::new());
    let envelopes = envelopes(&records(text));
    feed(&mut decoder, &envelopes, 0, &mut out);
    let last = envelopes.last().map_or(Instant::default(), |e| e.time);
    decoder.release(last, Position { partition: 0, offset: envelopes.len() as i64 }, &mut out);
    out
}

/// The events of a kind.
pub(super) fn of_kind<'a>(events: &'a [Event], kind: &str) -> Vec<&'a Event> {
    events.iter().filter(|e| e.body.kind() == kind).collect()
}

/// The bodies of the events about a channel.
pub(super) fn bodies<'a>(events: &'a [Event], connection: &str) -> Vec<&'a Body> {
    events.iter().filter(|e| e.connection.as_deref() == Some(connection)).map(|e| &e.body).collect()
}

/// A message of a channel of call `uid`: `channel("Hangup", 7, "1.1", "Cause: 16")`.
pub(super) fn channel(event: &str, at: i64, uid: &str, rest: &str) -> String {
    let rest = if rest.is_empty() { String::new() } else { rest.replace('\n', "\r\n") + "\r\n" };
    format!(
        "Event: {event}\r\nPrivilege: call,all\r\nTimestamp: {}.{:03}000\r\nChannel: PJSIP/trunk-0000000a\r\n\
         CallerIDNum: 07700900123\r\nCallerIDName: <unknown>\r\nExten: support\r\nUniqueid: {uid}\r\nLinkedid: {uid}\r\n\
         {rest}\r\n",
        1_795_326_300 + at.div_euclid(1000),
        at.rem_euclid(1000)
    )
}

pub(super) fn join(at: i64, uid: &str, queue: &str) -> String {
    channel("QueueCallerJoin", at, uid, &format!("Queue: {queue}\nPosition: 1\nCount: 1"))
}

pub(super) fn abandon(at: i64, uid: &str) -> String {
    channel("QueueCallerAbandon", at, uid, "Queue: support\nPosition: 1\nOriginalPosition: 3\nHoldTime: 14")
}

pub(super) fn leave(at: i64, uid: &str) -> String {
    channel("QueueCallerLeave", at, uid, "Queue: support\nPosition: 1\nCount: 0")
}

pub(super) fn variable(at: i64, uid: &str, name: &str, value: &str) -> String {
    channel("VarSet", at, uid, &format!("Variable: {name}\nValue: {value}"))
}

pub(super) fn hangup(at: i64, uid: &str) -> String {
    channel("Hangup", at, uid, "Cause: 16\nCause-txt: Normal Clearing")
}
