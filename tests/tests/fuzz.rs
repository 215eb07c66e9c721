//! Every decoder on mutated real input: framing does not depend on how bytes are cut,
//! nothing panics, a failed record leaves the decoder usable, and a decoder taken up from
//! a snapshot goes on as if nothing had been.

use std::io::Read;
use std::path::Path;

use bytes::Bytes;
use dialects::Framed;
use dialects::registry::{decoder, framer, masker};
use model::{Decoder, Dialect, Envelope, Event, Instant, Position};
use tests::fuzz::{Chance, pieces, run};

const BEGIN: Instant = Instant(1_795_326_000_000_000);

fn captured(name: &str) -> Vec<Vec<u8>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/asterisk-a").join(name);
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(std::fs::File::open(path).unwrap()).read_to_end(&mut bytes).unwrap();
    pieces(&bytes)
}

fn envelope(dialect: &Dialect, n: u64, time: Instant, data: Bytes) -> Envelope {
    Envelope {
        id: format!("{n}").into(),
        source: "/switch/pbx".into(),
        dialect: dialect.clone(),
        time,
        received: time,
        epoch: 1,
        sequence: n,
        center: "north".into(),
        switch: "pbx".into(),
        data,
    }
}

/// Frames a stream, whole or in pieces.
fn frame(dialect: &Dialect, input: &[u8], cut: impl Fn() -> usize) -> Vec<Framed> {
    let (mut framer, mut out, mut left) = (framer(dialect).unwrap(), Vec::new(), input);
    while !left.is_empty() {
        let (now, rest) = left.split_at(cut().clamp(1, left.len()));
        framer.push(now, &mut out);
        left = rest;
    }
    framer.finish(&mut out);
    out
}

fn stream_target(dialect: &Dialect, input: &[u8], chance: &mut Chance) {
    let whole = frame(dialect, input, || usize::MAX);
    let size = 1 + chance.below(300);
    assert_eq!(frame(dialect, input, || size), whole, "in pieces of {size}");
    let mut masker = masker(dialect).unwrap();
    let (mut records, mut time) = (Vec::new(), BEGIN);
    for framed in whole {
        let Ok(mut record) = framed.record else { continue };
        masker.mask(&mut record);
        time = record.time.unwrap_or(time);
        let data = Bytes::from(serde_json::to_vec(&record.data).unwrap());
        let envelope = envelope(dialect, records.len() as u64, time, data);
        masker.observe(&envelope);
        records.push(envelope);
    }
    decode_target(dialect, &records, chance);
}

/// The corpus itself must bring events, or the target would prove nothing.
fn speaks(dialect: &Dialect, corpus: &[Vec<u8>]) {
    let framed = frame(dialect, &corpus.concat(), || usize::MAX);
    let records: Vec<Envelope> = framed
        .into_iter()
        .filter_map(|f| f.record.ok())
        .enumerate()
        .map(|(n, r)| {
            let data = Bytes::from(serde_json::to_vec(&r.data).unwrap());
            envelope(dialect, n as u64, r.time.unwrap_or(BEGIN), data)
        })
        .collect();
    let events = decode(decoder(dialect, "pbx", "north").unwrap(), &records, 0, true);
    assert!(events.len() > 10, "{} events of {} records", events.len(), records.len());
}

fn decode_target(dialect: &Dialect, records: &[Envelope], chance: &mut Chance) {
    let fresh = || decoder(dialect, "pbx", "north").unwrap();
    let undisturbed = decode(fresh(), records, 0, true);
    let at = chance.below(records.len() + 1);
    let mut first = fresh();
    let mut events = decode_into(&mut *first, &records[..at], 0);
    let mut second = fresh();
    second.restore(&first.snapshot()).unwrap();
    events.extend(decode(second, &records[at..], at, true));
    assert_eq!(events, undisturbed, "taken up from a snapshot at record {at} of {}", records.len());
}

fn decode(mut decoder: Box<dyn Decoder>, records: &[Envelope], from: usize, release: bool) -> Vec<Event> {
    let mut events = decode_into(&mut *decoder, records, from);
    if release {
        let at = BEGIN.plus_millis(3_600_000);
        decoder.release(at, position(usize::MAX / 4), &mut events);
    }
    events
}

fn decode_into(decoder: &mut dyn Decoder, records: &[Envelope], from: usize) -> Vec<Event> {
    let mut events = Vec::new();
    for (n, record) in records.iter().enumerate() {
        let before = events.len();
        if decoder.decode(record, position(from + n), &mut events).is_err() {
            assert_eq!(events.len(), before, "a failed record brings nothing");
        }
    }
    events
}

fn position(n: usize) -> Position {
    Position { offset: i64::try_from(n).unwrap(), ..Position::default() }
}

#[test]
fn ami() {
    let corpus = captured("ami-calls.raw.gz");
    speaks(&Dialect::AsteriskAmi, &corpus);
    run("ami", &corpus, |input, chance| stream_target(&Dialect::AsteriskAmi, input, chance));
}

#[test]
fn queue_log() {
    let corpus = captured("queue_log.gz");
    speaks(&Dialect::AsteriskQueueLog, &corpus);
    run("queue_log", &corpus, |input, chance| stream_target(&Dialect::AsteriskQueueLog, input, chance));
}

#[test]
fn cel() {
    let corpus = captured("cel.csv.gz");
    speaks(&Dialect::AsteriskCel, &corpus);
    run("cel", &corpus, |input, chance| stream_target(&Dialect::AsteriskCel, input, chance));
}

#[test]
fn adapter() {
    let corpus = [
        br#"{"type":"note","call_id":"1795326271.0","agent":"Ann","text":"rang back"}"#.to_vec(),
        br#"{"type":"disposition","call_id":"1795326271.0","agent":"Ann","disposition":"sold"}"#.to_vec(),
        br#"{"type":"agent_state","agent":"Ann","state":"paused","reason":"lunch","at":"2026-11-22T08:00:00Z"}"#
            .to_vec(),
    ];
    run("adapter", &corpus, |input, chance| {
        let record = envelope(&Dialect::CtiAdapter, 0, BEGIN, Bytes::copy_from_slice(input));
        decode_target(&Dialect::CtiAdapter, &[record], chance);
    });
}

#[test]
fn our_own_acts() {
    let corpus = [
        br#"{"act":"input_ended","dialect":"asterisk.ami","last_event":1795326271000000}"#.to_vec(),
        br#"{"act":"settings_set","settings":{"figures":"asterisk.ami","acw_pause_reasons":["acw"]}}"#.to_vec(),
    ];
    run("acts", &corpus, |input, chance| {
        let record = envelope(&Dialect::Ringledger, 0, BEGIN, Bytes::copy_from_slice(input));
        decode_target(&Dialect::Ringledger, &[record], chance);
    });
}

#[test]
fn structured_cloud_events() {
    let mut event = envelope(&Dialect::AsteriskQueueLog, 1, BEGIN, Bytes::from_static(b"{\"event\":\"ABANDON\"}"));
    let mut corpus = vec![event.to_structured().to_string().into_bytes()];
    event.data = Bytes::from_static(b"[]");
    corpus.push(event.to_structured().to_string().into_bytes());
    run("cloudevents", &corpus, |input, _| {
        if let Ok(read) = Envelope::from_structured(input) {
            let again = Envelope::from_structured(read.to_structured().to_string().as_bytes());
            assert_eq!(again.as_ref(), Ok(&read), "what was read can be written and read again");
        }
    });
}

#[test]
fn recordings() {
    let mut corpus =
        vec![b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0data\0\0\0\0".to_vec()];
    corpus.push([corpus[0].as_slice(), &[7; 3200], b"LIST\x04\0\0\0INFO"].concat());
    run("wav", &corpus, |input, chance| {
        let mut whole = vault::audio::Probe::new("a.wav");
        whole.feed(input);
        let mut pieces = vault::audio::Probe::new("a.wav");
        let size = 1 + chance.below(100);
        input.chunks(size).for_each(|piece| pieces.feed(piece));
        assert_eq!(pieces.finish(), whole.finish(), "in pieces of {size}");
    });
}
