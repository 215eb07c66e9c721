//! Nothing acknowledged is lost: one process appends and says what was acknowledged, it
//! is killed, and another looks for all of that.

use std::io::Write;

use super::{read_all, record};
use crate::{EventLog, LogError, TopicSpec};

/// Appends for ever, and writes `partition offset value` of each acknowledged record as a
/// line; returns only at an error. For a process of its own that is killed.
///
/// # Errors
/// The first that an append met.
pub async fn acknowledge(log: &dyn EventLog, topic: &str, to: &mut impl Write) -> Result<(), LogError> {
    log.ensure_topic(&TopicSpec { name: topic.to_owned(), partitions: 3, settings: Vec::new() }).await?;
    for n in 0_u64.. {
        let values: Vec<String> = (0..=n % 7).map(|i| format!("{n}.{i}")).collect();
        let batch = values.iter().map(|v| record(v, v.clone())).collect();
        let places = log.append(topic, batch).await?;
        let mut lines = String::new();
        for ((partition, offset), value) in places.iter().zip(&values) {
            lines.push_str(&format!("{partition} {offset} {value}\n"));
        }
        if to.write_all(lines.as_bytes()).and_then(|()| to.flush()).is_err() {
            break;
        }
    }
    Ok(())
}

/// Looks for every acknowledged record (whole lines of `acknowledge`) at its place;
/// returns how many there were.
///
/// # Panics
/// One is missing or another stands at its place.
pub async fn verify_acknowledged(log: &dyn EventLog, topic: &str, lines: &str) -> usize {
    // A line cut by the kill was not acknowledged as a whole.
    let whole = lines.rsplit_once('\n').map_or("", |(whole, _)| whole);
    let mut kept = Vec::new();
    for p in 0..3 {
        let w = log.watermarks(topic, p).await.expect("watermarks");
        kept.push(read_all(log, topic, p, w.low, usize::try_from(w.high - w.low).unwrap_or(0)).await);
    }
    let mut count = 0;
    for line in whole.lines() {
        let mut words = line.split(' ');
        let partition: usize = words.next().and_then(|w| w.parse().ok()).expect("a partition");
        let offset: i64 = words.next().and_then(|w| w.parse().ok()).expect("an offset");
        let value = words.next().expect("a value");
        let found = kept[partition].iter().find(|r| r.offset == offset);
        assert_eq!(found.map(|r| r.value.as_ref()), Some(value.as_bytes()), "acknowledged {line} is in the log");
        count += 1;
    }
    count
}
