//! Feeding files: once, in order, whatever happens on the way.

mod support;

use collectors::feed::Feed;
use collectors::import::{ImportError, end_input, import_file};
use dialects::Framed;
use model::acts::SwitchSettings;
use model::{Act, Dialect, Instant, Roster};
use support::{NOW, acts, capture, capture_path, events, feed, frame, letters, log, now, of, told};

fn roster(name: &str) -> Act {
    let entry = model::roster::RosterEntry { interface: "PJSIP/1001".into(), name: name.into(), ..Default::default() };
    Act::RosterSet { roster: Roster { entries: vec![entry] } }
}

fn prefaced(feed: &mut Feed) {
    let settings = SwitchSettings { figures: Some("asterisk.ami".into()), ..SwitchSettings::default() };
    feed.preface(Act::SettingsSet { settings });
    feed.preface(roster("Ana"));
}

async fn import(log: &std::sync::Arc<dyn event_log::EventLog>, dialect: &Dialect, name: &str) -> Feed {
    let mut feed = feed(log, dialect.clone()).await;
    prefaced(&mut feed);
    let mut framer = dialects::registry::framer(dialect).expect("a framer");
    import_file(&mut feed, &mut *framer, &capture_path(name), &now, &|_| {}).await.expect("imported");
    end_input(&mut feed, dialect, NOW).await.expect("ended");
    feed
}

#[tokio::test]
async fn the_same_file_twice_changes_nothing() {
    for (dialect, name) in [
        (Dialect::AsteriskAmi, "ami-calls.raw.gz"),
        (Dialect::AsteriskQueueLog, "queue_log.gz"),
        (Dialect::AsteriskCel, "cel.csv.gz"),
    ] {
        let (_dir, log) = log().await;
        let first = import(&log, &dialect, name).await.counts;
        let once = told(&*log).await;
        assert_eq!(once.len() as u64, first.appended + 3, "the events, settings, roster and the end of the input");
        let second = import(&log, &dialect, name).await.counts;
        assert_eq!((second.appended, second.known, second.dead_letters), (0, first.appended, 0), "{name}");
        assert_eq!(told(&*log).await, once, "{name}");
    }
}

/// A feed that is dropped after `batches` appends of `size` records each.
async fn killed(log: &std::sync::Arc<dyn event_log::EventLog>, records: &[Framed], size: usize, batches: usize) {
    let mut feed = feed(log, Dialect::AsteriskAmi).await;
    prefaced(&mut feed);
    let mut left = batches;
    for one in records {
        feed.push(one.clone(), NOW);
        if feed.waiting() >= size {
            if left == 0 {
                return;
            }
            left -= 1;
            feed.write().await.expect("written");
        }
    }
    end_input(&mut feed, &Dialect::AsteriskAmi, NOW).await.expect("ended");
}

#[tokio::test]
async fn an_import_killed_anywhere_leaves_the_log_of_an_undisturbed_one() {
    let mut bytes = capture("ami-calls.raw.gz");
    bytes.splice(0..0, b"no message at all\r\n\r\n".iter().copied());
    let records = frame(&Dialect::AsteriskAmi, &bytes);
    let (_dir, undisturbed) = log().await;
    killed(&undisturbed, &records, 100, usize::MAX).await;
    let expected = told(&*undisturbed).await;
    assert!(expected.len() > 2_800, "{}", expected.len());
    assert!(expected.iter().any(|e| e.5.contains("\"Digit\":\"X\"")), "masked digits are part of what must be equal");
    for (size, batches) in [(23, 1), (100, 3), (333, 2), (1000, 1)] {
        let (_dir, log) = log().await;
        for _ in 0..12 {
            killed(&log, &records, size, batches).await;
        }
        killed(&log, &records, size, usize::MAX).await;
        assert_eq!(told(&*log).await, expected, "killed after every {batches} batches of {size}");
        assert_eq!(letters(&*log).await.len(), 1, "the garbage was buried once");
    }
}

#[tokio::test]
async fn what_shapes_rows_stands_before_the_first_event_at_its_time() {
    let (_dir, log) = log().await;
    import(&log, &Dialect::AsteriskAmi, "ami-calls.raw.gz").await;
    let all = events(&*log).await;
    let kinds: Vec<&str> = all.iter().take(3).map(|e| e.dialect.as_str()).collect();
    assert_eq!(kinds, ["ringledger.act", "ringledger.act", "asterisk.ami"]);
    assert!(all.iter().all(|e| e.time < NOW), "no event of the capture has the time of its import");
    assert_eq!(all[0].time, all[2].time);
    let dated = all.iter().filter_map(|e| {
        let data: serde_json::Value = serde_json::from_slice(&e.data).ok()?;
        Instant::parse_epoch(data.get("Timestamp")?.as_str()?)
    });
    assert_eq!(Some(all[2].time), dated.clone().next(), "the head of the file has the first time in it");
    assert_eq!(
        acts(&*log).await.last(),
        Some(&Act::InputEnded { dialect: "asterisk.ami".into(), last_event: dated.last().unwrap() })
    );
}

#[tokio::test]
async fn a_roster_is_written_when_it_changes_and_also_when_it_changes_back() {
    let (_dir, log) = log().await;
    let records = frame(&Dialect::AsteriskQueueLog, b"1795326272|NONE|NONE|NONE|QUEUESTART|\n");
    for name in ["Ana", "Ana", "Bea", "Ana", "Bea", "Bea"] {
        let mut feed = feed(&log, Dialect::AsteriskQueueLog).await;
        feed.preface(roster(name));
        records.iter().for_each(|r| feed.push(r.clone(), NOW));
        end_input(&mut feed, &Dialect::AsteriskQueueLog, NOW).await.expect("ended");
    }
    let written: Vec<Act> = acts(&*log).await.into_iter().filter(|a| matches!(a, Act::RosterSet { .. })).collect();
    assert_eq!(written, [roster("Ana"), roster("Bea"), roster("Ana"), roster("Bea")]);
    let all = of(&*log, Dialect::Ringledger).await;
    let ids: std::collections::HashSet<_> = all.iter().map(|e| e.id.clone()).collect();
    assert_eq!(ids.len(), all.len(), "folds know acts by their ids");
}

#[tokio::test]
async fn times_of_1970_and_2100_end_no_input_and_are_passed_on_to_nobody() {
    let rows = b"1795326272|c1|support|NONE|DID|1\n12|c1|support|NONE|DID|2\n4102444900|c1|support|NONE|DID|3\n\
        4000000000|c1|support|NONE|DID|4\n99999999999999999|c1|support|NONE|DID|5\n1795326280|c1|support|NONE|DID|6\n\
        4000000000|c1|support|NONE|DID|7\n";
    let (_dir, log) = log().await;
    for _ in 0..2 {
        let mut feed = feed(&log, Dialect::AsteriskQueueLog).await;
        frame(&Dialect::AsteriskQueueLog, rows).into_iter().for_each(|r| feed.push(r, NOW));
        end_input(&mut feed, &Dialect::AsteriskQueueLog, NOW).await.expect("ended");
    }
    let times: Vec<i64> = of(&*log, Dialect::AsteriskQueueLog).await.iter().map(|e| e.time.0 / 1_000_000).collect();
    let (first, last) = (1_795_326_272, 1_795_326_280);
    assert_eq!(times, [first, first, first, 4_000_000_000, last, 4_000_000_000]);
    assert_eq!(letters(&*log).await.len(), 1, "a time past every calendar is no time at all");
    let ended = Act::InputEnded { dialect: "asterisk.queue_log".into(), last_event: Instant::from_secs(last) };
    assert_eq!(acts(&*log).await, [ended]);
}

#[tokio::test]
async fn a_time_that_cannot_be_written_down_is_still_known_again() {
    let bytes = b"Event: Hangup\r\nTimestamp: 999999999999999\r\nUniqueid: 1.1\r\n\r\n";
    let (_dir, log) = log().await;
    for _ in 0..2 {
        let mut feed = feed(&log, Dialect::AsteriskAmi).await;
        frame(&Dialect::AsteriskAmi, bytes).into_iter().for_each(|r| feed.push(r, NOW));
        feed.flush().await.expect("written");
    }
    assert_eq!(events(&*log).await.len(), 1);
}

#[tokio::test]
async fn a_file_in_a_wrong_dialect_is_not_taken_for_known_in_its_own() {
    let (_dir, log) = log().await;
    let bytes = b"1795326272|NONE|NONE|NONE|QUEUESTART|\n1795326273|c1|support|NONE|DID|1\n";
    for dialect in [Dialect::AsteriskAmi, Dialect::AsteriskCel, Dialect::AsteriskQueueLog] {
        let mut feed = feed(&log, dialect.clone()).await;
        frame(&dialect, bytes).into_iter().for_each(|r| feed.push(r, NOW));
        feed.flush().await.expect("written");
    }
    assert_eq!(of(&*log, Dialect::AsteriskQueueLog).await.len(), 2);
    let letters = letters(&*log).await;
    assert!(letters.iter().any(|l| l.dialect.as_deref() == Some("asterisk.ami")));
    assert!(letters.iter().all(|l| l.dialect.as_deref() != Some("asterisk.queue_log")));
}

#[tokio::test]
async fn bad_rows_are_kept_with_reason_and_without_card_data() {
    let (_dir, log) = log().await;
    let mut feed = feed(&log, Dialect::AsteriskQueueLog).await;
    let rows =
        b"1795326272|4111111111111111|too few\nno time|a|b|c|DID|\n1795326272|a|b|c|ENTERQUEUE|1|2|3|4|5|6|7|8|9|10\n";
    frame(&Dialect::AsteriskQueueLog, rows).into_iter().for_each(|r| feed.push(r, NOW));
    feed.flush().await.expect("written");
    assert_eq!((feed.counts.appended, feed.counts.dead_letters), (1, 2), "a row with too many fields is kept");
    for letter in letters(&*log).await {
        assert!(letter.text.starts_with("asterisk.queue_log, byte "), "{}", letter.text);
        let (text, bytes) = (&letter.text, String::from_utf8_lossy(&letter.bytes));
        assert!(!text.contains("4111111111111111") && !bytes.contains("4111111111111111"), "{text} {bytes}");
    }
}

#[tokio::test]
async fn a_broken_archive_says_where_and_keeps_what_came_before() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("queue_log.gz");
    let whole = std::fs::read(capture_path("queue_log.gz")).expect("the capture");
    std::fs::write(&path, &whole[..whole.len() / 2]).expect("a file");
    let (_dir, log) = log().await;
    let mut feed = feed(&log, Dialect::AsteriskQueueLog).await;
    let mut framer = dialects::registry::framer(&Dialect::AsteriskQueueLog).expect("a framer");
    let error = import_file(&mut feed, &mut *framer, &path, &now, &|_| {}).await.expect_err("half a file");
    assert!(matches!(error, ImportError::File { .. }));
    assert!(error.to_string().contains("queue_log.gz") && error.to_string().contains("mend the file"), "{error}");
    assert!(!events(&*log).await.is_empty());
    drop(feed);
    import(&log, &Dialect::AsteriskQueueLog, "queue_log.gz").await;
    let rows = frame(&Dialect::AsteriskQueueLog, &capture("queue_log.gz")).len();
    assert_eq!(of(&*log, Dialect::AsteriskQueueLog).await.len(), rows, "the mended file completes it");
}

#[tokio::test]
async fn a_source_that_was_taken_over_is_written_by_its_new_holder_alone() {
    let (_dir, log) = log().await;
    let records = frame(&Dialect::AsteriskQueueLog, b"1795326272|NONE|NONE|NONE|QUEUESTART|\n");
    let mut old = feed(&log, Dialect::AsteriskQueueLog).await;
    let _new = feed(&log, Dialect::AsteriskQueueLog).await;
    old.push(records[0].clone(), NOW);
    assert!(matches!(old.flush().await, Err(event_log::LogError::Fenced(_))));
    assert!(matches!(old.act("import", &roster("Ana"), NOW, NOW).await, Err(event_log::LogError::Fenced(_))));
    assert!(events(&*log).await.is_empty());
}

#[tokio::test]
async fn what_is_taken_in_again_leaves_the_living_source_alone() {
    let (_dir, log) = log().await;
    let rows = frame(
        &Dialect::AsteriskQueueLog,
        b"1795326272|NONE|NONE|NONE|QUEUESTART|\n1795326273|NONE|NONE|NONE|CONFIGRELOAD|\n",
    );
    let mut living = feed(&log, Dialect::AsteriskQueueLog).await;
    living.push(rows[0].clone(), NOW);
    living.flush().await.expect("appended");
    let mut masker = dialects::registry::masker(&Dialect::AsteriskQueueLog).expect("a masker");
    let framed: Vec<Framed> = frame(&Dialect::AsteriskQueueLog, b"1795326300|1.1|sales|NONE|ABANDON|1|1|12\n");
    let target = support::target(Dialect::AsteriskQueueLog);
    for _ in 0..2 {
        let took = collectors::retake::retake(&*log, &target, &mut *masker, &framed, NOW, NOW.plus_millis(5_000)).await;
        assert_eq!(took.expect("appended"), 1);
    }
    living.push(rows[1].clone(), NOW);
    living.flush().await.expect("not fenced");
    let there = events(&*log).await;
    let sequences: Vec<u64> = there.iter().map(|e| e.sequence).collect();
    assert_eq!(sequences, [1, 0, 0, 2]);
    assert_eq!(there[1].id, there[2].id, "folds know the second by its id");
    drop(living);
    // Whoever goes on with the source goes on where it was, and knows what was taken in.
    let mut next = feed(&log, Dialect::AsteriskQueueLog).await;
    assert_eq!((next.last_time(), next.last_received()), (Some(Instant::from_secs(1_795_326_273)), Some(NOW)));
    next.push(framed[0].clone(), NOW);
    assert_eq!((next.counts.appended, next.counts.known), (0, 1));
}
