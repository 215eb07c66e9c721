//! The Kafka log passes the contract against a real broker; it survives kill -9 of the
//! client and of the broker, fences, shares partitions, and says what a broker refuses.
#![cfg(feature = "real-parts")]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use bytes::Bytes;
use event_log::{
    EmbeddedLog, EventLog, KafkaConfig, KafkaLog, LogError, NewRecord, Rebalance, TopicSpec, contract, copy,
};
use tests::kafka::{Kafka, PASSWORD, USER};

/// One broker for the tests that leave it running; it ends with this process.
fn broker() -> &'static Kafka {
    static BROKER: OnceLock<Kafka> = OnceLock::new();
    BROKER.get_or_init(Kafka::start_until_exit)
}

fn plain(brokers: String) -> KafkaConfig {
    KafkaConfig { brokers, settings: BTreeMap::new() }
}

async fn connect(brokers: String) -> KafkaLog {
    KafkaLog::connect(&plain(brokers)).await.expect("a connection")
}

fn record(key: &str, value: &str) -> NewRecord {
    NewRecord {
        key: Bytes::copy_from_slice(key.as_bytes()),
        partition: None,
        timestamp_ms: None,
        headers: Vec::new(),
        value: Bytes::copy_from_slice(value.as_bytes()),
    }
}

fn spec(name: &str, partitions: i32) -> TopicSpec {
    // Old append times must not make retention drop them at once.
    TopicSpec { name: name.to_owned(), partitions, settings: vec![("retention.ms".into(), "-1".into())] }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_kafka_log_passes_the_contract() {
    let log = connect(broker().brokers()).await;
    contract::all(&log).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leased_log_has_no_gap_at_its_end_and_times_are_found() {
    let log = connect(broker().brokers()).await;
    log.ensure_topic(&spec("leased", 1)).await.expect("a topic");
    let lease = log.lease("/switch/leased").await.expect("a lease");
    let mut third = None;
    for n in 0..5_i64 {
        if n == 3 {
            tokio::time::sleep(Duration::from_millis(300)).await;
            third = Some(model::Instant::from_millis(now_ms()));
        }
        lease.append("leased", (0..3).map(|i| record("k", &format!("{n}/{i}"))).collect()).await.expect("an append");
        let read = contract::read_all(&log, "leased", 0, 0, 3 * (n as usize + 1)).await;
        // Asked in this process and by one that has appended and read nothing.
        for asked in [&log, &connect(broker().brokers()).await] {
            let marks = asked.watermarks("leased", 0).await.expect("watermarks");
            assert_eq!(
                read.last().map(|r| r.offset + 1),
                Some(marks.high),
                "who has read everything stands at the end"
            );
        }
    }
    let found = log.offset_at("leased", 0, third.expect("a time")).await.expect("an offset");
    let first = log.read("leased", 0, found, 1, 1000, Duration::from_secs(60)).await.expect("a read");
    assert_eq!(first[0].value.as_ref(), b"3/0");
}

fn now_ms() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a clock");
    i64::try_from(since.as_millis()).expect("a time")
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_of_one_partition_do_not_disturb_each_other() {
    let log = connect(broker().brokers()).await;
    log.ensure_topic(&spec("many-readers", 1)).await.expect("a topic");
    for n in 0..20 {
        let batch = (0..500).map(|i| record("k", &format!("{}", n * 500 + i))).collect();
        log.append("many-readers", batch).await.expect("an append");
    }
    // More readers than queues, and steps of different sizes.
    let readers = (1..=12_usize).map(|n| {
        let log = &log;
        async move {
            let mut next = 0;
            while next < 10_000 {
                let got =
                    log.read("many-readers", 0, next, 97 * n, 1 << 20, Duration::from_secs(10)).await.expect("a read");
                for r in got {
                    assert_eq!((r.offset, r.value.as_ref()), (next, next.to_string().as_bytes()), "reader {n}");
                    next += 1;
                }
            }
        }
    });
    futures::future::join_all(readers).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_members_share_the_partitions_and_one_takes_over() {
    let log = connect(broker().brokers()).await;
    log.ensure_topic(&spec("shared", 6)).await.expect("a topic");
    let mut first = log.join("sharing", "shared").await.expect("a membership");
    let mut mine: Vec<i32> = Vec::new();
    apply(&mut mine, &mut first, |m| m.len() == 6).await;
    let other = connect(broker().brokers()).await;
    let mut second = other.join("sharing", "shared").await.expect("a membership");
    let mut theirs: Vec<i32> = Vec::new();
    let both = async {
        futures::join!(
            apply(&mut mine, &mut first, |m| m.len() == 3),
            apply(&mut theirs, &mut second, |m| m.len() == 3)
        );
    };
    both.await;
    let mut all = [mine.clone(), theirs].concat();
    all.sort_unstable();
    assert_eq!(all, [0, 1, 2, 3, 4, 5], "each partition has one owner");
    log.commit("sharing", "shared", mine[0], 5).await.expect("a member tells where it stands");
    assert_eq!(other.committed("sharing", "shared", mine[0]).await.expect("an offset"), Some(5));
    drop(second);
    apply(&mut mine, &mut first, |m| m.len() == 6).await;
}

async fn apply(mine: &mut Vec<i32>, member: &mut Box<dyn event_log::Membership>, done: impl Fn(&[i32]) -> bool) {
    while !done(mine) {
        let change = tokio::time::timeout(Duration::from_secs(180), member.changed()).await.expect("a change in time");
        match change.expect("a change") {
            Rebalance::Assigned(p) => mine.extend(p),
            Rebalance::Revoked(p) => mine.retain(|m| !p.contains(m)),
        }
    }
}

fn sasl(password: &str) -> KafkaConfig {
    let mut settings = BTreeMap::new();
    for (k, v) in [
        ("security.protocol", "SASL_SSL"),
        ("sasl.mechanism", "SCRAM-SHA-512"),
        ("sasl.username", USER),
        ("sasl.password", password),
        ("ssl.ca.location", broker().ca_pem().to_str().expect("a path")),
    ] {
        settings.insert(k.to_owned(), v.to_owned());
    }
    KafkaConfig { brokers: broker().sasl_brokers(), settings }
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_and_a_password_work_also_from_a_file() {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("password");
    std::fs::write(&file, format!("{PASSWORD}\n")).expect("a file");
    let log = KafkaLog::connect(&sasl(&format!("file:{}", file.display()))).await.expect("a connection");
    contract::order_and_resume(&log).await;
    contract::leases_fence(&log).await;
    contract::memberships_and_offsets(&log).await;
}

async fn refused(config: KafkaConfig) -> String {
    let before = Instant::now();
    let e = KafkaLog::connect(&config).await.map(|_| ()).expect_err("a refusal");
    assert!(before.elapsed() < Duration::from_secs(20), "a refusal comes before the wait for a broker ends");
    assert!(matches!(e, LogError::Denied(_)), "{e:?}");
    e.to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_says_which_broker_and_never_the_password() {
    let e = refused(sasl("hunter2-hunter2")).await;
    assert!(e.contains(&broker().sasl_brokers()) && e.contains("sasl.password"), "{e}");
    assert!(!e.contains("hunter2"), "{e}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_certificate_is_refused_and_says_so() {
    let mut config = sasl(PASSWORD);
    config.settings.remove("ssl.ca.location");
    let e = refused(config).await;
    assert!(e.contains(&broker().sasl_brokers()) && e.contains("ssl.ca.location"), "{e}");
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_that_the_guarantees_rest_on_are_refused_by_name() {
    let mut config = plain(broker().brokers());
    config.settings.insert("acks".into(), "0".into());
    let e = KafkaLog::connect(&config).await.map(|_| ()).expect_err("refused").to_string();
    assert!(e.contains("acks"), "{e}");
    let mut config = plain(broker().brokers());
    config.settings.insert("sasl.pasword".into(), "hunter2-hunter2".into());
    let e = KafkaLog::connect(&config).await.map(|_| ()).expect_err("no such setting").to_string();
    assert!(e.contains("sasl.pasword") && !e.contains("hunter2"), "{e}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_broker_there_says_where_it_looked_within_a_bounded_time() {
    let before = Instant::now();
    let e = KafkaLog::connect(&plain("127.0.0.1:1".into())).await.map(|_| ()).expect_err("nobody there");
    assert!(matches!(&e, LogError::Transient(t) if t.contains("127.0.0.1:1")), "{e:?}");
    assert!(before.elapsed() < Duration::from_secs(60));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_embedded_log_is_copied_with_positions_and_times_and_a_cut_copy_goes_on() {
    let kafka = Kafka::start();
    let to = connect(kafka.brokers()).await;
    let dir = tempfile::tempdir().expect("a folder");
    let from = EmbeddedLog::open(dir.path()).expect("a new log");
    for t in event_log::topics() {
        from.ensure_topic(&t).await.expect("a topic");
    }
    let old = |n: i64| NewRecord {
        timestamp_ms: Some(1_600_000_000_000 + n * 7),
        headers: vec![("ce_id".into(), Bytes::from(n.to_string()))],
        ..record(&format!("pbx-{}", n % 5), &n.to_string())
    };
    let events = model::TOPIC_EVENTS;
    from.append(events, (0..3000).map(old).collect()).await.expect("an append");
    assert_eq!(copy::copy_log(&from, &to, &mut |_, _| ()).await.expect("a copy").records, 3000);
    // More was written meanwhile: the same copy goes on where it stopped.
    from.append(events, (3000..5000).map(old).collect()).await.expect("an append");
    let done = copy::copy_log(&from, &to, &mut |_, _| ()).await.expect("a copy");
    assert_eq!((done.before, done.records), (3000, 2000));
    for p in 0..event_log::PARTITIONS {
        let count = usize::try_from(from.watermarks(events, p).await.expect("watermarks").high).expect("a count");
        let ours = contract::read_all(&from, events, p, 0, count).await;
        assert_eq!(contract::read_all(&to, events, p, 0, count).await, ours, "partition {p}");
    }
    to.append(events, vec![record("pbx-1", "live")]).await.expect("the copy is used");
    let e = copy::copy_log(&from, &to, &mut |_, _| ()).await.expect_err("a copy that is in use").to_string();
    assert!(e.contains("not empty"), "{e}");
}

/// The process that the test below kills; it runs only when that starts it.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "helper process of the test below"]
async fn helper_appends() {
    let var = |name| std::env::var(name).expect("started by the test below");
    let mut out = std::fs::OpenOptions::new().create(true).append(true).open(var("CONTRACT_OUT")).expect("a file");
    let log = connect(var("CONTRACT_BROKERS")).await;
    let e = contract::acknowledge(&log, "kill", &mut out).await;
    eprintln!("{e:?}");
}

fn helper(out: &Path, brokers: &str) -> Child {
    Command::new(std::env::current_exe().expect("this test"))
        .args(["--ignored", "--exact", "helper_appends"])
        .env("CONTRACT_OUT", out)
        .env("CONTRACT_BROKERS", brokers)
        .stdout(Stdio::null())
        .spawn()
        .expect("a process")
}

fn wait_for_lines(out: &Path, count: usize) -> usize {
    let until = Instant::now() + Duration::from_secs(300);
    loop {
        let lines = std::fs::read_to_string(out).unwrap_or_default().lines().count();
        if lines >= count {
            return lines;
        }
        assert!(Instant::now() < until, "the helper appends nothing more after {lines} lines");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_by_kill_9_of_client_or_broker() {
    let mut kafka = Kafka::start();
    let dir = tempfile::tempdir().expect("a folder");
    let out = dir.path().join("acknowledged");
    let mut lines = 0;
    for round in 0..3 {
        let mut child = helper(&out, &kafka.brokers());
        lines = wait_for_lines(&out, lines + 100);
        if round == 1 {
            kafka.kill9();
            kafka.restart();
            lines = wait_for_lines(&out, lines + 100);
        }
        child.kill().expect("SIGKILL");
        child.wait().expect("its end");
        let log = connect(kafka.brokers()).await;
        let text = std::fs::read_to_string(&out).expect("its lines");
        assert!(contract::verify_acknowledged(&log, "kill", &text).await >= lines - 1);
    }
    let log = connect(kafka.brokers()).await;
    let end = log.watermarks("kill", 0).await.expect("watermarks").high;
    kafka.restart();
    assert!(log.read("kill", 0, end, 1, 1000, Duration::from_millis(100)).await.is_ok_and(|r| r.is_empty()));
    log.append("kill", vec![NewRecord { partition: Some(0), ..record("k", "after") }]).await.expect("after a restart");
    let read = contract::read_all(&log, "kill", 0, end, 1).await;
    assert_eq!(read[0].value.as_ref(), b"after", "an open reader and producer go on after a restart");
}
