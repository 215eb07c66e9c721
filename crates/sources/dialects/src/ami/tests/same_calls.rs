//! The calls of the AMI slice, told by AMI and by the queue_log: the same.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::queue_log::{QueueLogDecoder, QueueLogFramer};

/// What both tell of a visit; AMI states no ring time of a cancelled offer.
fn told(events: &[Event], calls: &BTreeSet<String>) -> BTreeMap<String, u32> {
    let mut told = BTreeMap::new();
    for e in events.iter().filter(|e| e.connection.as_deref().is_some_and(|c| calls.contains(c))) {
        let what = match &e.body {
            Body::Queued { position, .. } => format!("queued {position:?}"),
            Body::Released { by, transferred, wait_ms, talk_ms, .. } => {
                format!("released {by:?} {transferred:?} {wait_ms:?} {talk_ms:?}")
            }
            Body::OfferEnded { end: model::event::OfferEnd::Cancelled, .. } => continue,
            Body::OfferEnded { end, ring_ms, .. } => format!("{end:?} {ring_ms:?}"),
            body @ (Body::Abandoned { .. }
            | Body::Diverted { .. }
            | Body::Rejected { .. }
            | Body::Established { .. }) => format!("{body:?}"),
            _ => continue,
        };
        *told.entry(format!("{:?} {:?} {:?} {what}", e.connection, e.queue, e.agent)).or_insert(0) += 1;
    }
    told
}

#[test]
fn ami_and_queue_log_tell_the_same_visits() {
    let ami = decoded(&calls());
    // Calls that are in the slice from their first event on.
    let calls: BTreeSet<String> =
        of_kind(&ami, "Originated").iter().filter_map(|e| e.connection.as_deref().map(str::to_owned)).collect();
    let (mut decoder, mut log) = (QueueLogDecoder::new(), Vec::new());
    for framed in frame(&mut QueueLogFramer::new(), &capture("queue_log.gz"), 4096) {
        let envelope = crate::testing::envelope(Dialect::AsteriskQueueLog, &framed.record.expect("a row"));
        decoder.decode(&envelope, Position::default(), &mut log).expect("a row");
    }
    let (ami, log) = (told(&ami, &calls), told(&log, &calls));
    assert_eq!(ami, log);
    let all = log.keys().cloned().collect::<String>();
    for word in ["Timeout", "Key", "Abandoned", "Full", "reason: Empty", "Attended", "Blind", "NoAnswer", "Caller None"]
    {
        assert!(all.contains(word), "the slice shows no {word}");
    }
}
