//! The dialects that come as text: rows of `queue_log` and CEL, adapter events, acts.

use bytes::Bytes;
use model::{Decoder, Dialect, Envelope, Event, Instant, Position};

use crate::registry::{decoder, framer, masker};
use crate::{Framed, Framer, NativeRecord};

/// `asterisk.queue_log`, from bytes to events.
pub fn queue_log(bytes: &[u8]) {
    stream(&Dialect::AsteriskQueueLog, bytes);
}

/// `asterisk.cel`, from bytes to events.
pub fn cel(bytes: &[u8]) {
    stream(&Dialect::AsteriskCel, bytes);
}

/// `cti.adapter`: one event's data.
pub fn adapter(bytes: &[u8]) {
    if let Ok(data) = serde_json::from_slice(bytes) {
        let _ = crate::adapter::validate(&data);
        let mut record = NativeRecord { time: None, data };
        mask(&Dialect::CtiAdapter, &mut record);
        record_by_record(&Dialect::CtiAdapter, vec![envelope(&Dialect::CtiAdapter, &record)]);
    }
    record_by_record(&Dialect::CtiAdapter, vec![raw(&Dialect::CtiAdapter, bytes)]);
}

/// `ringledger.act`: one act.
pub fn act(bytes: &[u8]) {
    record_by_record(&Dialect::Ringledger, vec![raw(&Dialect::Ringledger, bytes)]);
}

/// Frames in one piece and in many, masks, decodes; with and without a snapshot between.
fn stream(dialect: &Dialect, bytes: &[u8]) {
    let whole = frame(dialect, bytes, bytes.len().max(1));
    let size = bytes.first().map_or(1, |b| usize::from(*b) % 13 + 1);
    assert!(whole == frame(dialect, bytes, size), "chunks change the records");
    let mut envelopes = Vec::new();
    for framed in whole {
        if let Ok(mut record) = framed.record {
            mask(dialect, &mut record);
            let masked = record.clone();
            mask(dialect, &mut record);
            assert!(record == masked, "masking twice changes a record");
            envelopes.push(envelope(dialect, &record));
        }
    }
    record_by_record(dialect, envelopes);
}

fn frame(dialect: &Dialect, bytes: &[u8], size: usize) -> Vec<Framed> {
    let mut out = Vec::new();
    let Some(mut framer): Option<Box<dyn Framer>> = framer(dialect) else { return out };
    for chunk in bytes.chunks(size) {
        framer.push(chunk, &mut out);
    }
    framer.finish(&mut out);
    out
}

fn mask(dialect: &Dialect, record: &mut NativeRecord) {
    if let Some(mut masker) = masker(dialect) {
        masker.mask(record);
    }
}

fn record_by_record(dialect: &Dialect, envelopes: Vec<Envelope>) {
    let Some(mut first) = decoder(dialect, "pbx1", "main") else { return };
    let Some(mut second) = decoder(dialect, "pbx1", "main") else { return };
    let (mut once, mut resumed) = (Vec::new(), Vec::new());
    for envelope in &envelopes {
        let before = once.len();
        if first.decode(envelope, Position::default(), &mut once).is_err() {
            assert!(once.len() == before, "an error left events behind");
        }
        again(&mut second, dialect);
        let _ = second.decode(envelope, Position::default(), &mut resumed);
    }
    release(&mut first, &mut once);
    release(&mut second, &mut resumed);
    assert!(once == resumed, "a snapshot changes the events");
}

/// A new decoder that goes on from the old one's snapshot.
fn again(decoder_: &mut Box<dyn Decoder>, dialect: &Dialect) {
    if let Some(mut next) = decoder(dialect, "pbx1", "main") {
        let restored = next.restore(&decoder_.snapshot());
        assert!(restored.is_ok(), "a decoder refuses its own snapshot");
        *decoder_ = next;
    }
}

fn release(decoder: &mut Box<dyn Decoder>, out: &mut Vec<Event>) {
    decoder.release(Instant::from_secs(1_795_330_000), Position::default(), out);
}

fn envelope(dialect: &Dialect, record: &NativeRecord) -> Envelope {
    raw(dialect, &serde_json::to_vec(&record.data).unwrap_or_default())
}

fn raw(dialect: &Dialect, data: &[u8]) -> Envelope {
    let time = Instant::from_secs(1_795_326_272);
    Envelope {
        id: "1".into(),
        source: "/switch/pbx1".into(),
        dialect: dialect.clone(),
        time,
        received: time,
        epoch: 1,
        sequence: 1,
        center: "main".into(),
        switch: "pbx1".into(),
        data: Bytes::copy_from_slice(data),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::capture;

    #[test]
    fn real_rows_pass_and_so_do_broken_ones() {
        let log = capture("queue_log.gz");
        let cel_rows = capture("cel.csv.gz");
        let (log, cel_rows) = (&log[..20_000], &cel_rows[..40_000]);
        queue_log(log);
        cel(cel_rows);
        for (i, bit) in (1..64).map(|i| (i * 311, 1 << (i % 8))) {
            let mut broken = log[..6_000].to_vec();
            broken[i % 6_000] ^= bit;
            queue_log(&broken);
            let mut broken = cel_rows[..8_000].to_vec();
            broken[i % 8_000] ^= bit;
            cel(&broken);
        }
    }

    #[test]
    fn adapter_data_and_acts_of_any_kind_pass() {
        for json in [&b"{}"[..], b"[1]", b"\xff", br#"{"type":"NoteSaved","call_id":"1","text":"4111111111111111"}"#] {
            adapter(json);
            act(json);
        }
        act(br#"{"act":"settings_set","settings":{}}"#);
    }
}
