//! Compares what the AMI stream and the queue_log of one capture say of the same calls.
//!
//! `cargo run --example same_calls -- AMI-STREAM QUEUE_LOG` (unpacked files).

use std::collections::BTreeMap;

use dialects::ami::{AmiDecoder, AmiFramer, AmiMasker};
use dialects::queue_log::{QueueLogDecoder, QueueLogFramer};
use dialects::{Framer, Masker};
use model::event::{Body, OfferEnd};
use model::{Decoder, Dialect, Envelope, Event, Instant, Position};

fn decode(
    bytes: &[u8],
    mut framer: impl Framer,
    masker: Option<&mut dyn Masker>,
    decoder: &mut dyn Decoder,
    dialect: Dialect,
) -> Vec<Event> {
    let start = std::time::Instant::now();
    let mut framed = Vec::new();
    for chunk in bytes.chunks(64 << 10) {
        framer.push(chunk, &mut framed);
    }
    framer.finish(&mut framed);
    let mut masker = masker;
    let (mut time, mut out, mut errors) = (Instant::from_secs(1_795_326_267), Vec::new(), 0);
    let framing = start.elapsed();
    let mut envelopes = Vec::new();
    for (i, f) in framed.into_iter().enumerate() {
        let Ok(mut record) = f.record else {
            errors += 1;
            continue;
        };
        if let Some(m) = masker.as_mut() {
            m.mask(&mut record);
        }
        time = record.time.unwrap_or(time);
        let data = serde_json::to_vec(&record.data).unwrap_or_default().into();
        let name: model::Name = "x".into();
        envelopes.push(Envelope {
            id: name.clone(),
            source: name.clone(),
            dialect: dialect.clone(),
            time,
            received: time,
            epoch: 1,
            sequence: i as u64,
            center: name.clone(),
            switch: name,
            data,
        });
    }
    let writing = start.elapsed();
    let start = std::time::Instant::now();
    for (i, e) in envelopes.iter().enumerate() {
        if let Err(e) = decoder.decode(e, Position { partition: 0, offset: i as i64 }, &mut out) {
            eprintln!("{e}");
            errors += 1;
        }
    }
    let took = start.elapsed();
    decoder.release(time, Position::default(), &mut out);
    eprintln!("{}: {} records, {errors} errors, {} events", dialect.as_str(), envelopes.len(), out.len());
    eprintln!("  framed in {framing:?}, masked and written as JSON by {writing:?}, decoded in {took:?}");
    out
}

type Row = (String, String, String, String);

/// One line a thing that both sources tell, without its time of day.
fn rows(events: &[Event]) -> BTreeMap<Row, u32> {
    let mut rows = BTreeMap::new();
    for e in events {
        let what = match &e.body {
            Body::Queued { position, .. } => format!("queued at {position:?}"),
            Body::Abandoned { wait_ms, entry_position } => format!("abandoned {wait_ms:?} {entry_position:?}"),
            Body::Diverted { reason, wait_ms, entry_position } => {
                format!("diverted {reason:?} {wait_ms:?} {entry_position:?}")
            }
            Body::Rejected { reason } => format!("rejected {reason:?}"),
            Body::Established { wait_ms, ring_ms, device } => {
                format!("established {wait_ms:?} {ring_ms:?} {device:?}")
            }
            Body::Released { by, transferred, wait_ms, talk_ms, .. } => {
                format!("released {by:?} {transferred:?} {wait_ms:?} {talk_ms:?}")
            }
            // How long a cancelled ring rang only queue_log states.
            Body::OfferEnded { end: OfferEnd::Cancelled, .. } => "offer cancelled".to_owned(),
            Body::OfferEnded { end, ring_ms, .. } => format!("offer {end:?} {ring_ms:?}"),
            Body::AgentLoggedOn { kind, .. } => format!("on {kind:?}"),
            Body::AgentLoggedOff { kind, .. } => format!("off {kind:?}"),
            Body::AgentNotReady { reason, .. } if e.queue.is_some() => format!("pause {reason:?}"),
            Body::AgentReady { .. } if e.queue.is_some() => "unpause".to_owned(),
            _ => continue,
        };
        let text = |n: &Option<model::Name>| n.as_deref().unwrap_or("-").to_owned();
        let is_member = matches!(
            e.body,
            Body::AgentLoggedOn { .. }
                | Body::AgentLoggedOff { .. }
                | Body::AgentNotReady { .. }
                | Body::AgentReady { .. }
        );
        let call = if is_member { "-".to_owned() } else { text(&e.connection) };
        *rows.entry((text(&e.queue), call, text(&e.agent), what)).or_insert(0) += 1;
    }
    rows
}

fn main() {
    let mut args = std::env::args().skip(1);
    let (Some(ami), Some(log)) = (args.next(), args.next()) else {
        eprintln!("usage: same_calls AMI-STREAM QUEUE_LOG");
        std::process::exit(2);
    };
    let read = |p: &str| std::fs::read(p).unwrap_or_else(|e| panic!("{p}: {e}"));
    let a = decode(
        &read(&ami),
        AmiFramer::new(),
        Some(&mut AmiMasker::default()),
        &mut AmiDecoder::new(),
        Dialect::AsteriskAmi,
    );
    let q = decode(&read(&log), QueueLogFramer::new(), None, &mut QueueLogDecoder::new(), Dialect::AsteriskQueueLog);
    let mut kinds: BTreeMap<&str, u32> = BTreeMap::new();
    for e in &a {
        *kinds.entry(e.body.kind()).or_insert(0) += 1;
    }
    println!("AMI: {kinds:?}");
    let (a, q) = (rows(&a), rows(&q));
    let mut equal = 0;
    for (row, n) in &a {
        let m = q.get(row).copied().unwrap_or(0);
        equal += (*n).min(m);
        if *n != m {
            println!("AMI {n} queue_log {m}: {row:?}");
        }
    }
    for (row, m) in &q {
        if !a.contains_key(row) {
            println!("AMI 0 queue_log {m}: {row:?}");
        }
    }
    println!("equal: {equal}");
}
