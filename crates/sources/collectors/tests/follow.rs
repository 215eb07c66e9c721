//! Following a file that grows, is rotated, is truncated, while the follower comes and goes.

mod support;

use std::fs::{OpenOptions, rename, write};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use dialects::Framer;
use event_log::EventLog;
use model::{Act, Dialect, Instant};
use support::{acts, live_feed, log, now, of, until};
use tokio_util::sync::CancellationToken;

const START: i64 = 1_795_326_000;

struct Following {
    stop: CancellationToken,
    task: tokio::task::JoinHandle<Result<(), event_log::LogError>>,
}

impl Following {
    async fn start(log: &Arc<dyn EventLog>, path: &Path) -> Self {
        let feed = live_feed(log, Dialect::AsteriskQueueLog).await;
        let stop = CancellationToken::new();
        let (token, path) = (stop.clone(), path.to_owned());
        let task = tokio::spawn(async move {
            let framer = || Box::new(dialects::queue_log::QueueLogFramer::new()) as Box<dyn Framer>;
            collectors::follow::run(&path, feed, &framer, &now, token).await
        });
        Self { stop, task }
    }

    async fn end(self) {
        self.stop.cancel();
        self.task.await.expect("no panic").expect("a log");
    }
}

/// The row number `n`, one a second.
fn row(n: i64) -> String {
    format!("{}|call-{n}|support|NONE|DID|{n}\n", START + n)
}

fn rows(span: std::ops::Range<i64>) -> String {
    span.map(row).collect()
}

fn append(path: &Path, text: &str) {
    let mut file = OpenOptions::new().append(true).create(true).open(path).expect("a file");
    file.write_all(text.as_bytes()).expect("written");
}

/// The numbers of the rows in the log, in order.
async fn numbers(log: &Arc<dyn EventLog>) -> Vec<i64> {
    let events = of(&**log, Dialect::AsteriskQueueLog).await;
    assert!(events.windows(2).all(|w| w[0].sequence + 1 == w[1].sequence));
    events.iter().map(|e| e.time.0 / 1_000_000 - START).collect()
}

async fn reaches(log: &Arc<dyn EventLog>, n: i64) {
    until(&format!("row {n}"), async || numbers(log).await.last() == Some(&n)).await;
}

fn all(n: i64) -> Vec<i64> {
    (0..n).collect()
}

struct Bench {
    _dirs: (tempfile::TempDir, tempfile::TempDir),
    log: Arc<dyn EventLog>,
    path: PathBuf,
}

impl Bench {
    async fn new() -> Self {
        let (dir, log) = log().await;
        let files = tempfile::tempdir().expect("a folder");
        let path = files.path().join("queue_log");
        Self { _dirs: (dir, files), log, path }
    }

    fn beside(&self, suffix: &str) -> PathBuf {
        PathBuf::from(format!("{}{suffix}", self.path.display()))
    }
}

#[tokio::test]
async fn a_file_that_is_not_there_yet_grows_by_halves_of_lines_and_is_rotated() {
    let b = Bench::new().await;
    let following = Following::start(&b.log, &b.path).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    append(&b.path, &rows(0..5));
    reaches(&b.log, 4).await;
    let (half, rest) = (row(5)[..20].to_owned(), row(5)[20..].to_owned());
    append(&b.path, &half);
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert_eq!(numbers(&b.log).await, all(5), "half a line is no row");
    append(&b.path, &rest);
    reaches(&b.log, 5).await;
    rename(&b.path, b.beside(".1")).expect("rotated");
    tokio::time::sleep(Duration::from_millis(400)).await;
    // The switch has the old file open still, also where rotation made an empty new one.
    append(&b.beside(".1"), &row(6));
    append(&b.path, "");
    tokio::time::sleep(Duration::from_millis(600)).await;
    append(&b.beside(".1"), row(7).trim_end());
    append(&b.path, &rows(8..10));
    reaches(&b.log, 9).await;
    following.end().await;
    assert_eq!(numbers(&b.log).await, all(10), "also the last line, which had no line feed");
    assert!(acts(&*b.log).await.is_empty());
}

#[tokio::test]
async fn it_resumes_in_the_middle() {
    let b = Bench::new().await;
    append(&b.path, &rows(0..5_000));
    for (until, extra) in [(4_999, 5_000..5_003), (5_002, 5_003..5_003), (5_002, 5_003..5_007), (5_006, 0..0)] {
        let following = Following::start(&b.log, &b.path).await;
        reaches(&b.log, until).await;
        following.end().await;
        append(&b.path, &rows(extra));
    }
    assert_eq!(numbers(&b.log).await, all(5_007));
    assert!(acts(&*b.log).await.is_empty());
}

#[tokio::test]
async fn it_resumes_after_rotations_in_every_naming() {
    // (logrotate: `.1` is the newest; Asterisk's own: the highest is the newest; by dates)
    for (older, newer) in [(".2", ".1"), (".0", ".1"), ("-20261121", "-20261122")] {
        let b = Bench::new().await;
        append(&b.path, &rows(0..10));
        append(&b.beside(".bak"), &rows(0..5));
        append(&b.beside(".3"), "1795000000|old|support|NONE|DID|1\n");
        let following = Following::start(&b.log, &b.path).await;
        reaches(&b.log, 9).await;
        following.end().await;
        append(&b.path, &rows(10..20));
        rename(&b.path, b.beside(older)).expect("rotated");
        tokio::time::sleep(Duration::from_millis(20)).await;
        append(&b.path, &rows(20..30));
        rename(&b.path, b.beside(newer)).expect("rotated");
        tokio::time::sleep(Duration::from_millis(20)).await;
        append(&b.path, &rows(30..40));
        let following = Following::start(&b.log, &b.path).await;
        reaches(&b.log, 39).await;
        following.end().await;
        assert_eq!(numbers(&b.log).await, all(40), "{older} {newer}");
        assert!(acts(&*b.log).await.is_empty());
    }
}

#[tokio::test]
async fn a_truncated_file_goes_on_with_its_copy() {
    let b = Bench::new().await;
    append(&b.path, &rows(0..10));
    let following = Following::start(&b.log, &b.path).await;
    reaches(&b.log, 9).await;
    // Copy and truncate: more rows came between the last look and the copy.
    let mut copy = rows(0..12);
    write(b.beside(".1"), &copy).expect("a copy");
    write(&b.path, "").expect("truncated");
    append(&b.path, &row(12));
    reaches(&b.log, 12).await;
    append(&b.path, &row(13));
    reaches(&b.log, 13).await;
    following.end().await;
    assert_eq!(numbers(&b.log).await, all(14));
    assert!(acts(&*b.log).await.is_empty());
    // Without a copy something may be lost: the log says so.
    copy.clear();
    let following = Following::start(&b.log, &b.path).await;
    append(&b.path, &row(14));
    reaches(&b.log, 14).await;
    write(&b.path, row(20)).expect("truncated");
    reaches(&b.log, 20).await;
    following.end().await;
    let at = |n| Instant::from_secs(START + n);
    let gap = Act::SourceGap { dialect: "asterisk.queue_log".into(), from: at(14), to: at(20) };
    assert_eq!(acts(&*b.log).await, [gap]);
}

#[tokio::test]
async fn where_the_last_row_is_nowhere_any_more_a_gap_is_recorded_once() {
    let b = Bench::new().await;
    append(&b.path, &rows(0..10));
    let following = Following::start(&b.log, &b.path).await;
    reaches(&b.log, 9).await;
    following.end().await;
    write(&b.path, rows(50..60)).expect("another file");
    for _ in 0..2 {
        let following = Following::start(&b.log, &b.path).await;
        reaches(&b.log, 59).await;
        following.end().await;
    }
    assert_eq!(numbers(&b.log).await, (0..10).chain(50..60).collect::<Vec<_>>());
    let at = |n| Instant::from_secs(START + n);
    let gap = Act::SourceGap { dialect: "asterisk.queue_log".into(), from: at(9), to: at(50) };
    assert_eq!(acts(&*b.log).await, [gap]);
    let order: Vec<i64> = support::events(&*b.log).await.iter().map(|e| e.time.0 / 1_000_000 - START).collect();
    assert_eq!(order[9..12], [9, 50, 50], "the gap stands between what it parts");
}

#[tokio::test]
async fn bad_rows_do_not_stop_it_and_stopping_keeps_what_was_read() {
    let b = Bench::new().await;
    append(&b.path, &rows(0..3));
    append(&b.path, "too|few\n\n\u{0}\n");
    append(&b.path, &rows(3..6));
    let following = Following::start(&b.log, &b.path).await;
    reaches(&b.log, 5).await;
    following.end().await;
    assert_eq!(numbers(&b.log).await, all(6));
    let letters = support::letters(&*b.log).await;
    assert_eq!(letters.len(), 2);
    let again = Following::start(&b.log, &b.path).await;
    append(&b.path, &row(6));
    reaches(&b.log, 6).await;
    again.end().await;
    assert_eq!(support::letters(&*b.log).await.len(), 2);
}
