//! Order, offsets, times, sizes: what a reader may rely on.

use std::time::Duration;

use bytes::Bytes;
use model::{Dialect, Envelope, Instant};

use super::{read_all, record, topic};
use crate::{EventLog, LogError, NewRecord, Opened, Record, TopicSpec, partition_for};

/// Records of a partition come back in append order with growing offsets; a reader that
/// starts again at any offset sees the rest, whatever the sizes of its reads.
pub async fn order_and_resume(log: &dyn EventLog) {
    let t = topic(log, "order", 2).await;
    let mut places = Vec::new();
    for batch in 0..20 {
        let batch = (0..50).map(|i| record(&format!("k{}", i % 5), format!("{batch}/{i}"))).collect();
        places.extend(log.append(&t, batch).await.expect("an append"));
    }
    assert_eq!(places.len(), 1000);
    for p in 0..2 {
        let mine: Vec<(i64, String)> = places
            .iter()
            .enumerate()
            .filter(|(_, (q, _))| *q == p)
            .map(|(i, (_, o))| (*o, format!("{}/{}", i / 50, i % 50)))
            .collect();
        let read = read_all(log, &t, p, 0, mine.len()).await;
        let got: Vec<(i64, String)> =
            read.iter().map(|r| (r.offset, String::from_utf8_lossy(&r.value).into())).collect();
        assert_eq!(got, mine, "partition {p} in append order");
        resume(log, &t, p, &mine).await;
    }
}

async fn resume(log: &dyn EventLog, t: &str, p: i32, expected: &[(i64, String)]) {
    for (from, step) in [(0, 7), (expected.len() / 3, 100), (expected.len().saturating_sub(1), 1)] {
        let Some(start) = expected.get(from).map(|(o, _)| *o) else { continue };
        let (mut at, mut got) = (start, Vec::new());
        while got.len() < expected.len() - from {
            let part = log.read(t, p, at, step, 1 << 20, Duration::from_secs(5)).await.expect("a read");
            assert!(!part.is_empty() && part.len() <= step, "1..={step} records, not {}", part.len());
            at = part.last().map_or(at, |r| r.offset + 1);
            got.extend(part.into_iter().map(|r| r.offset));
        }
        assert_eq!(got, expected[from..].iter().map(|(o, _)| *o).collect::<Vec<_>>(), "resumed at {start}");
    }
}

/// Events read as such are the records of `read`, opened: in binary and structured mode,
/// with an empty value, and those that are none.
pub async fn events_are_opened_records(log: &dyn EventLog) {
    let t = topic(log, "events", 1).await;
    let envelope = |n: usize| Envelope {
        id: format!("an-event-with-a-name-longer-than-most-{n}").into(),
        source: "/switch/pbx1".into(),
        dialect: Dialect::AsteriskAmi,
        time: Instant(1_795_326_272_000_000),
        received: Instant(1_795_326_280_123_456),
        epoch: 2,
        sequence: n as u64,
        center: "main".into(),
        switch: "pbx1".into(),
        data: Bytes::from(vec![b'x'; n * 700]),
    };
    let mut batch: Vec<NewRecord> = (0..300).map(|n| NewRecord::event(&envelope(n % 40))).collect();
    let structured = Envelope { data: Bytes::from_static(br#"{"Event":"Hangup"}"#), ..envelope(7) };
    batch.insert(
        150,
        NewRecord {
            headers: vec![("content-type".into(), Bytes::from_static(b"application/cloudevents+json; charset=UTF-8"))],
            value: structured.to_structured().to_string().into(),
            ..record("pbx1", "")
        },
    );
    batch.insert(200, record("pbx1", "no event"));
    let count = batch.len();
    log.append(&t, batch).await.expect("an append");
    let wanted: Vec<Opened> = read_all(log, &t, 0, 0, count).await.iter().map(Record::open).collect();
    let mut found: Vec<Opened> = Vec::new();
    while found.len() < count {
        let next = found.last().map_or(0, |r| r.offset + 1);
        let part = log.read_events(&t, 0, next, 70, 1 << 20, Duration::from_secs(5)).await.expect("a read");
        assert!(!part.is_empty() && part.len() <= 70, "1..=70 events, not {}", part.len());
        found.extend(part);
    }
    assert_eq!(found, wanted);
    assert_eq!(found.iter().filter(|r| r.envelope.is_err()).count(), 1);
    assert_eq!(found[150].envelope.as_ref(), Ok(&structured));
}

/// Headers keep order, repeats, empty and binary values; 900 KiB fit in a record; a read
/// keeps to its limit of bytes but returns at least one.
pub async fn headers_and_large_records(log: &dyn EventLog) {
    let t = topic(log, "large", 1).await;
    let value: Vec<u8> = (0..900 * 1024_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let headers: Vec<crate::Header> = vec![
        ("ce_type".into(), Bytes::from_static(b"asterisk.ami")),
        ("twice".into(), Bytes::from_static(b"1")),
        ("twice".into(), Bytes::from_static(b"\xff\x00")),
        ("empty".into(), Bytes::new()),
    ];
    for i in 0..3_u8 {
        let mut r = record("pbx", value.clone());
        r.headers = headers.clone();
        r.headers.push(("i".into(), Bytes::copy_from_slice(&[i])));
        r.timestamp_ms = Some(1_700_000_000_000 + i64::from(i));
        let empty = crate::NewRecord { timestamp_ms: r.timestamp_ms, ..record("", "") };
        log.append(&t, vec![r, empty]).await.expect("900 KiB");
    }
    let read = read_all(log, &t, 0, 0, 6).await;
    assert_eq!(read[2].value, value, "the value as it was");
    assert_eq!(read[2].headers[..4], headers[..], "headers as they were");
    assert_eq!(read[2].headers[4].1.as_ref(), &[1]);
    assert_eq!(read[2].timestamp_ms, 1_700_000_000_001, "the given append time");
    assert_eq!((read[3].key.len(), read[3].value.len()), (0, 0), "an empty record");
    let little = log.read(&t, 0, 0, 100, 1000, Duration::from_secs(5)).await.expect("a read");
    assert_eq!(little.len(), 1, "one record although it is larger than asked for");
}

/// Watermarks tell how far a reader is; outside of them is an error with the bounds; at
/// the end a read waits, then returns nothing.
pub async fn watermarks_and_range(log: &dyn EventLog) {
    let t = topic(log, "range", 3).await;
    let w = log.watermarks(&t, 2).await.expect("watermarks");
    assert_eq!((w.low, w.high), (0, 0), "an empty partition");
    let batch = (0..10).map(|i| crate::NewRecord { partition: Some(2), ..record("k", format!("{i}")) }).collect();
    let places = log.append(&t, batch).await.expect("an append");
    assert!(places.iter().all(|(p, _)| *p == 2), "the partition that was chosen");
    let w = log.watermarks(&t, 2).await.expect("watermarks");
    assert_eq!((w.low, w.high), (0, 10));
    let before = std::time::Instant::now();
    let none = log.read(&t, 2, 10, 10, 1000, Duration::from_millis(300)).await.expect("a read at the end");
    assert!(none.is_empty() && before.elapsed() >= Duration::from_millis(250), "a read at the end waits");
    match log.read(&t, 2, 11, 10, 1000, Duration::from_millis(300)).await {
        Err(LogError::OutOfRange { offset: 11, low: 0, high: 10, .. }) => {}
        other => panic!("offset 11 of 0..10 is out of range, not {other:?}"),
    }
    assert!(matches!(log.watermarks(&t, 3).await, Err(LogError::Unknown(_))), "no such partition");
    assert!(matches!(log.read("contract.absent", 0, 0, 1, 1, Duration::ZERO).await, Err(LogError::Unknown(_))));
    assert!(matches!(log.append("contract.absent", vec![record("k", "v")]).await, Err(LogError::Unknown(_))));
}

/// The first record at or after an instant is found; past the end it is `high`.
pub async fn start_by_time(log: &dyn EventLog) {
    let t = topic(log, "time", 1).await;
    let base = 1_700_000_000_000_i64;
    for i in 0..40_i64 {
        let batch = (0..5)
            .map(|j| crate::NewRecord { timestamp_ms: Some(base + i * 1000 + j), ..record("k", format!("{i}/{j}")) })
            .collect();
        log.append(&t, batch).await.expect("an append");
    }
    let at = |ms: i64| Instant::from_millis(base + ms);
    for (ms, expected) in
        [(-5, 0), (0, 0), (1, 1), (4, 4), (5, 5), (999, 5), (1000, 5), (20_002, 102), (39_004, 199), (39_005, 200)]
    {
        assert_eq!(log.offset_at(&t, 0, at(ms)).await.expect("an offset"), expected, "{ms} ms after the first");
    }
    let finer = Instant(at(20_002).0 + 1);
    assert_eq!(log.offset_at(&t, 0, finer).await.expect("an offset"), 103, "a microsecond later is the next");
}

/// 48 partitions: keys go where the Java client would put them, and empty ones are empty.
pub async fn many_partitions(log: &dyn EventLog) {
    let t = topic(log, "many", 48).await;
    assert_eq!(log.partitions(&t).await.expect("the count"), 48);
    let keys: Vec<String> = (0..60).map(|i| format!("pbx-{i}")).collect();
    let places = log.append(&t, keys.iter().map(|k| record(k, k.clone())).collect()).await.expect("an append");
    for (key, (partition, offset)) in keys.iter().zip(&places) {
        assert_eq!(*partition, partition_for(key.as_bytes(), 48), "the partition of {key}");
        let r = log.read(&t, *partition, *offset, 1, 1000, Duration::from_secs(5)).await.expect("a read");
        assert_eq!(r.first().map(|r| r.value.as_ref()), Some(key.as_bytes()));
    }
    for p in 0..48 {
        let expected = places.iter().filter(|(q, _)| *q == p).count() as i64;
        assert_eq!(log.watermarks(&t, p).await.expect("watermarks").high, expected, "partition {p}");
    }
}

/// Asking again for a topic is no error; asking for another count is, and says both.
pub async fn counts_are_remembered(log: &dyn EventLog) {
    let name = topic(log, "count", 4).await;
    let spec = |partitions| TopicSpec { name: name.clone(), partitions, settings: Vec::new() };
    log.ensure_topic(&spec(4)).await.expect("the same topic again");
    let e = log.ensure_topic(&spec(8)).await.expect_err("another count is refused").to_string();
    assert!(e.contains('4') && e.contains('8') && e.contains(&name), "it says both counts: {e}");
}

/// A reader follows a writer, misses nothing and sees nothing twice; an append wakes a
/// reader that waits.
pub async fn reading_while_writing(log: &dyn EventLog) {
    let t = topic(log, "follow", 1).await;
    let write = async {
        for i in 0..200 {
            let batch = (0..10).map(|j| record("k", format!("{}", i * 10 + j))).collect();
            log.append(&t, batch).await.expect("an append");
        }
    };
    let read = read_all(log, &t, 0, 0, 2000);
    let ((), read) = futures::join!(write, read);
    for (i, r) in read.iter().enumerate() {
        assert_eq!(r.value, i.to_string(), "record {i} in its place");
    }
    let late = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        log.append(&t, vec![record("k", "late")]).await.expect("an append");
    };
    let before = std::time::Instant::now();
    let wait = log.read(&t, 0, 2000, 1, 1000, Duration::from_secs(120));
    let ((), woken) = futures::join!(late, wait);
    assert_eq!(woken.expect("a read").len(), 1);
    assert!(before.elapsed() < Duration::from_secs(60), "an append wakes the reader, not the end of its wait");
}
