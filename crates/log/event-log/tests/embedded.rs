//! The embedded log passes the contract; it survives kill -9, serves readers beside its
//! writer, and says when the disk is full.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use bytes::Bytes;
use event_log::dead_letters::{self, DeadLetter};
use event_log::{EmbeddedLog, EventLog, LogError, NewRecord, TopicSpec, contract, copy};

fn record(key: &str, value: &str) -> NewRecord {
    NewRecord {
        key: Bytes::copy_from_slice(key.as_bytes()),
        partition: None,
        timestamp_ms: None,
        headers: Vec::new(),
        value: Bytes::copy_from_slice(value.as_bytes()),
    }
}

fn spec(name: &str, partitions: i32, settings: &[(&str, &str)]) -> TopicSpec {
    let settings = settings.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    TopicSpec { name: name.to_owned(), partitions, settings }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_embedded_log_passes_the_contract() {
    let dir = tempfile::tempdir().expect("a folder");
    let log = EmbeddedLog::open(dir.path()).expect("a new log");
    contract::all(&log).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_there_after_opening_again() {
    let dir = tempfile::tempdir().expect("a folder");
    let first = {
        let log = EmbeddedLog::open(dir.path()).expect("a new log");
        log.ensure_topic(&spec("t", 5, &[("retention.ms", "-1")])).await.expect("a topic");
        log.append("t", vec![record("k", "1")]).await.expect("an append");
        log.commit("g", "t", 2, 7).await.expect("a commit");
        log.lease("s").await.expect("a lease").epoch()
    };
    let log = EmbeddedLog::open(dir.path()).expect("the same log");
    assert_eq!(log.topics().await.expect("topics"), [spec("t", 5, &[("retention.ms", "-1")])]);
    assert_eq!(log.committed("g", "t", 2).await.expect("an offset"), Some(7));
    assert!(log.lease("s").await.expect("a lease").epoch() > first, "epochs grow over restarts");
    let again = log.append("t", vec![record("k", "2")]).await.expect("an append");
    assert_eq!(again[0].1, 1, "offsets go on");
}

/// The process that the tests kill; it runs only when they start it.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "helper process of the tests beside it"]
async fn helper_appends() {
    let var = |name| std::env::var_os(name).map(PathBuf::from).expect("started by the tests beside it");
    let mut out = std::fs::OpenOptions::new().create(true).append(true).open(var("CONTRACT_OUT")).expect("a file");
    let log = EmbeddedLog::open(&var("CONTRACT_DIR")).expect("the log");
    let e = contract::acknowledge(&log, "kill", &mut out).await;
    std::fs::write(var("CONTRACT_OUT").with_extension("error"), format!("{e:?}")).expect("a file");
}

fn helper(dir: &Path, shell: &str) -> Child {
    Command::new("sh")
        .args(["-c", &format!("{shell} exec \"$0\" --ignored --exact helper_appends")])
        .arg(std::env::current_exe().expect("this test"))
        .env("CONTRACT_DIR", dir.join("log"))
        .env("CONTRACT_OUT", dir.join("acknowledged"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("a process")
}

fn acknowledged(dir: &Path) -> String {
    std::fs::read_to_string(dir.join("acknowledged")).unwrap_or_default()
}

fn wait_for_lines(dir: &Path, count: usize) {
    let until = Instant::now() + Duration::from_secs(60);
    while acknowledged(dir).lines().count() < count {
        assert!(Instant::now() < until, "the helper appends nothing");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_by_kill_9() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut lines = 0;
    for round in 1..=8 {
        let mut child = helper(dir.path(), "");
        wait_for_lines(dir.path(), lines + 40 + round * 13);
        child.kill().expect("SIGKILL");
        child.wait().expect("its end");
        // Reading alone recovers too: no writer is there to do it.
        let reader = EmbeddedLog::open_read_only(&dir.path().join("log")).expect("a killed log is readable");
        lines = contract::verify_acknowledged(&reader, "kill", &acknowledged(dir.path())).await;
        assert!(lines > 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_work_beside_a_writing_process_and_a_second_writer_is_refused() {
    let dir = tempfile::tempdir().expect("a folder");
    let data = dir.path().join("log");
    let mut child = helper(dir.path(), "");
    wait_for_lines(dir.path(), 50);
    let reader = EmbeddedLog::open_read_only(&data).expect("reading beside the writer");
    let seen = contract::verify_acknowledged(&reader, "kill", &acknowledged(dir.path())).await;
    wait_for_lines(dir.path(), seen + 200);
    let later = contract::verify_acknowledged(&reader, "kill", &acknowledged(dir.path())).await;
    assert!(later >= seen + 200, "an open reader follows");
    let end = reader.watermarks("kill", 0).await.expect("watermarks").high;
    let next = reader.read("kill", 0, end, 1, 1000, Duration::from_secs(30)).await.expect("a read at the end");
    assert_eq!(next.len(), 1, "a reader waits for another process's append");
    match EmbeddedLog::open(&data) {
        Err(LogError::InUse(d)) => assert!(d.contains("log")),
        other => panic!("a second writer is refused, not {:?}", other.map(|_| ())),
    }
    let e = reader.append("kill", vec![record("k", "v")]).await.expect_err("a reader cannot append");
    assert!(e.to_string().contains("reading only"));
    child.kill().expect("SIGKILL");
    child.wait().expect("its end");
}

#[test]
fn reading_where_there_is_no_log_says_so() {
    let dir = tempfile::tempdir().expect("a folder");
    assert!(matches!(EmbeddedLog::open_read_only(dir.path()).map(|_| ()), Err(LogError::Unknown(_))));
    assert_eq!(std::fs::read_dir(dir.path()).expect("a folder").count(), 0, "reading makes nothing");
}

/// The limit on a file's size (its signal ignored) refuses writes as a full disk does.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_says_so_and_keeps_what_was_acknowledged() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut child = helper(dir.path(), "trap '' XFSZ; ulimit -f 5000;");
    assert!(child.wait().expect("its end").success(), "an error, not a crash");
    let error = std::fs::read_to_string(dir.path().join("acknowledged.error")).expect("the helper's error");
    assert!(error.contains("DiskFull") && error.contains("log.redb"), "{error}");
    let log = EmbeddedLog::open(&dir.path().join("log")).expect("the log opens again");
    let kept = contract::verify_acknowledged(&log, "kill", &acknowledged(dir.path())).await;
    assert!(kept > 0);
    log.append("kill", vec![record("k", "after")]).await.expect("with space again it goes on");
}

#[tokio::test(flavor = "multi_thread")]
async fn retention_drops_old_calls_never_events_and_compaction_keeps_the_newest() {
    let dir = tempfile::tempdir().expect("a folder");
    let log = EmbeddedLog::open(dir.path()).expect("a new log");
    let day = 86_400_000_i64;
    for name in [model::TOPIC_CALLS, model::TOPIC_EVENTS] {
        log.ensure_topic(&spec(name, 2, &[("cleanup.policy", "delete"), ("retention.ms", "864000000")]))
            .await
            .expect("a topic");
        for d in 0..30 {
            let r = NewRecord { timestamp_ms: Some(d * day), partition: Some(1), ..record("k", &d.to_string()) };
            log.append(name, vec![r]).await.expect("an append");
        }
    }
    log.ensure_topic(&spec(model::TOPIC_LIVE, 1, &[("cleanup.policy", "compact")])).await.expect("a topic");
    for n in 0..100 {
        log.append(model::TOPIC_LIVE, vec![record(&format!("q{}", n % 3), &n.to_string())]).await.expect("an append");
    }
    let dropped = log.trim(model::Instant::from_millis(30 * day)).await.expect("a trim");
    assert_eq!(dropped, 20 + 97);
    let w = log.watermarks(model::TOPIC_CALLS, 1).await.expect("watermarks");
    assert_eq!((w.low, w.high), (20, 30));
    let e = log.read(model::TOPIC_CALLS, 1, 0, 9, 999, Duration::ZERO).await.expect_err("what was dropped");
    assert!(matches!(e, LogError::OutOfRange { low: 20, .. }), "{e}");
    assert_eq!(log.watermarks(model::TOPIC_EVENTS, 1).await.expect("watermarks").low, 0, "events never expire");
    let live = log.read(model::TOPIC_LIVE, 0, 0, 99, 9999, Duration::ZERO).await.expect("a read");
    let left: Vec<_> = live.iter().map(|r| (r.offset, String::from_utf8_lossy(&r.value).into_owned())).collect();
    assert_eq!(left, [(97, "97".into()), (98, "98".into()), (99, "99".into())]);
    assert_eq!(log.trim(model::Instant::from_millis(30 * day)).await.expect("a trim"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn dead_letters_come_back_as_they_were_set_aside() {
    let dir = tempfile::tempdir().expect("a folder");
    let log = EmbeddedLog::open(dir.path()).expect("a new log");
    for t in event_log::topics() {
        log.ensure_topic(&t).await.expect("a topic");
    }
    let letter = |n: i64, position| DeadLetter {
        id: format!("letter-{n}").into(),
        reason: "undecodable".into(),
        text: format!("row {n} has 3 fields, not 5"),
        source: Some("/switch/pbx-1".into()),
        switch: Some("pbx-1".into()),
        dialect: None,
        center: None,
        position,
        at: model::Instant(1_795_326_272_591_017 + n),
        bytes: Bytes::from(vec![0xff, 0x00, n as u8]),
    };
    let all = [letter(1, None), letter(2, Some(model::Position { partition: 7, offset: 41 })), letter(3, None)];
    let records = all.iter().chain(&all).map(DeadLetter::to_record).collect();
    log.append(model::TOPIC_DEAD_LETTERS, records).await.expect("kept");
    assert_eq!(dead_letters::list(&log).await.expect("a list"), all, "twice written, once listed");
}

async fn some_log(dir: &Path, records: i64) -> EmbeddedLog {
    let log = EmbeddedLog::open(dir).expect("a new log");
    log.ensure_topic(&spec(model::TOPIC_EVENTS, 4, &[])).await.expect("a topic");
    for n in 0..records {
        let r = NewRecord {
            timestamp_ms: Some(1_700_000_000_000 + n),
            headers: vec![("ce_id".into(), Bytes::from(n.to_string()))],
            ..record(&format!("pbx-{}", n % 3), &n.to_string())
        };
        log.append(model::TOPIC_EVENTS, vec![r]).await.expect("an append");
    }
    log
}

async fn everything(log: &EmbeddedLog) -> Vec<event_log::Record> {
    let mut all = Vec::new();
    for p in 0..4 {
        let w = log.watermarks(model::TOPIC_EVENTS, p).await.expect("watermarks");
        all.extend(contract::read_all(log, model::TOPIC_EVENTS, p, 0, w.high as usize).await);
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_keeps_positions_and_times_resumes_and_refuses_what_is_not_its_own() {
    let dir = tempfile::tempdir().expect("a folder");
    let from = some_log(&dir.path().join("from"), 300).await;
    // The beginning of the same log stands for a copy that was cut short.
    let to = some_log(&dir.path().join("to"), 100).await;
    let done = copy::copy_log(&from, &to, &mut |_, _| ()).await.expect("a copy");
    assert_eq!((done.before, done.records), (100, 200));
    assert_eq!(everything(&to).await, everything(&from).await);
    let again = copy::copy_log(&from, &to, &mut |_, _| ()).await.expect("nothing to do");
    assert_eq!((again.before, again.records), (300, 0));
    to.append(model::TOPIC_EVENTS, vec![record("pbx-0", "new")]).await.expect("an append");
    let e = copy::copy_log(&from, &to, &mut |_, _| ()).await.expect_err("a log that went on").to_string();
    assert!(e.contains("not empty"), "{e}");
    let other = EmbeddedLog::open(&dir.path().join("other")).expect("a new log");
    other.ensure_topic(&spec(model::TOPIC_EVENTS, 4, &[])).await.expect("a topic");
    other.append(model::TOPIC_EVENTS, vec![record("pbx-0", "something else")]).await.expect("an append");
    assert!(copy::copy_log(&from, &other, &mut |_, _| ()).await.is_err());
    let fewer = EmbeddedLog::open(&dir.path().join("fewer")).expect("a new log");
    fewer.ensure_topic(&spec(model::TOPIC_EVENTS, 3, &[])).await.expect("a topic");
    assert!(copy::copy_log(&from, &fewer, &mut |_, _| ()).await.is_err(), "another partition count");
}
