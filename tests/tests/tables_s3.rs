//! The tables on a real S3 server: conditional puts, owners, keys that are refused.
#![cfg(feature = "real-parts")]

use std::time::Duration;

use model::facts::{Facts, Visit, VisitOutcome};
use model::{Instant, Position};
use tables::{CommitError, Filter, Lake, LakeConfig, S3Settings, Superseded, Table, TablesError, Txn};
use tests::s3::S3;

/// 2026-11-22T10:00:00Z.
const NOW: i64 = 1_795_341_600_000_000;
const APP: &str = "g1/facts/cti.events-0";
const VISITS: Table = Table::QueueVisits;

fn config(s3: &S3, secret: &str) -> LakeConfig {
    LakeConfig {
        place: format!("{}/a lake", s3.url()),
        s3: S3Settings {
            region: Some("us-east-1".into()),
            endpoint: Some(s3.endpoint()),
            allow_http: true,
            access_key_id: Some(s3.key().into()),
            secret_access_key: Some(secret.into()),
        },
        generation: "g1".into(),
    }
}

async fn lake(s3: &S3) -> Lake {
    let lake = Lake::open(config(s3, s3.secret())).await.expect("opens");
    lake.ensure_tables().await.expect("makes tables");
    lake
}

fn visits(from: i64, count: i64) -> Facts {
    let queue_visits = (from..from + count).map(visit).collect();
    Facts { queue_visits, ..Facts::default() }
}

fn visit(n: i64) -> Visit {
    Visit {
        visit_id: format!("v{n}").into(),
        call_id: format!("c{n}").into(),
        center: "main".into(),
        switch: "pbx1".into(),
        queue: "sales".into(),
        joined_at: Instant(NOW + n * 1_000),
        answered_at: None,
        left_at: None,
        outcome: VisitOutcome::Abandoned,
        wait_ms: Some(n),
        wait_observed_ms: None,
        talk_ms: None,
        hold_ms: None,
        acw_ms: None,
        agent: None,
        entry_position: None,
        consult: false,
        transferred: None,
        ani: None,
        dnis: None,
        closed: true,
        retracted: false,
        revision: 1,
        known_at: Instant(NOW),
        first_event: Position { partition: 0, offset: n },
        last_event: Position { partition: 0, offset: n },
        filed: Instant(NOW).days(),
    }
}

fn txn(version: i64, seen: Option<i64>) -> Txn {
    Txn { app_id: APP.into(), version, seen }
}

async fn count(lake: &Lake) -> usize {
    lake.visits(&Filter::default()).await.expect("reads").len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_come_back_from_s3_and_compaction_keeps_them() {
    let s3 = S3::start("tables");
    let lake = lake(&s3).await;
    let mut seen = None;
    for n in 0..4_i64 {
        lake.commit(VISITS, &visits(n * 100, 100), &[txn(n + 1, seen)]).await.expect("lands");
        seen = Some(n + 1);
    }
    assert_eq!(lake.visits(&Filter::default()).await.expect("reads"), visits(0, 400).queue_visits);
    let done = lake.compact(VISITS, Superseded::Drop).await.expect("compacts");
    assert_eq!((done.files_before, done.files_after, done.rows), (4, 1, 400));
    assert_eq!(count(&lake).await, 400);
    assert_eq!(lake.txn_version(VISITS, APP).await.expect("reads"), Some(4));
    let other = self::lake(&s3).await;
    other.vacuum(VISITS, 7, false).await.expect("vacuums");
    assert_eq!(count(&other).await, 400);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_owners_at_once_only_one_lands_on_s3() {
    let s3 = S3::start("owners");
    let (one, two) = (lake(&s3).await, lake(&s3).await);
    let mut seen = None;
    for round in 1..=5_i64 {
        let (rows_one, rows_two) = (visits(round * 10, 1), visits(round * 10 + 1, 1));
        // Odd versions are the one's, even ones the other's: neither can take the other's for its own.
        let (txns_one, txns_two) = ([txn(round * 10 + 1, seen)], [txn(round * 10 + 2, seen)]);
        let (a, b) = tokio::join!(one.commit(VISITS, &rows_one, &txns_one), two.commit(VISITS, &rows_two, &txns_two));
        assert_eq!([a.is_ok(), b.is_ok()].iter().filter(|ok| **ok).count(), 1, "{a:?} {b:?}");
        let (landed, refused) = if a.is_ok() { (1, b) } else { (2, a) };
        assert!(matches!(refused, Err(CommitError::Overtaken { .. })), "{refused:?}");
        seen = Some(round * 10 + landed);
    }
    assert_eq!(count(&one).await, 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_every_partition_stands_is_told_at_one_look_behind_a_checkpoint_too() {
    const PARTITIONS: i64 = 48;
    let s3 = S3::start("stands");
    let one = lake(&s3).await;
    let app = |partition: i64| format!("g1/facts/cti.events-{partition}");
    let (mut stands, mut next) = (vec![None; PARTITIONS as usize], 0);
    for n in 0..110_i64 {
        // A few partitions a commit, as a flush does; some are never written.
        let txns: Vec<Txn> = (0..3)
            .map(|k| {
                let partition = (n * 3 + k) % 40;
                let seen = stands[partition as usize].replace(next);
                next += 1;
                Txn { app_id: app(partition), version: next - 1, seen }
            })
            .collect();
        one.commit(VISITS, &Facts::default(), &txns).await.expect("lands");
    }
    let ids: Vec<String> = (0..PARTITIONS).map(app).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    for look in [&one, &lake(&s3).await] {
        assert_eq!(look.txn_versions(VISITS, &ids).await.expect("reads"), stands);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_committed_survives_the_end_of_the_server() {
    let mut s3 = S3::start("ends");
    let lake = lake(&s3).await;
    lake.commit(VISITS, &visits(0, 10), &[txn(1, None)]).await.expect("lands");
    s3.kill9();
    let failed = lake.commit(VISITS, &visits(10, 10), &[txn(2, Some(1))]).await.expect_err("no server");
    assert!(!matches!(failed, CommitError::Overtaken { .. }), "{failed}");
    assert!(failed.to_string().contains(&s3.endpoint()), "says where: {failed}");
    assert!(failed.passes(), "worth a retry");
    s3.restart();
    lake.commit(VISITS, &visits(10, 10), &[txn(2, Some(1))]).await.expect("lands now");
    assert_eq!(count(&lake).await, 20);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_key_is_told_without_its_secret() {
    let s3 = S3::start("keys");
    let wrong = "not-the-secret-of-this-key";
    let mut other = config(&s3, s3.secret());
    other.s3.access_key_id = Some("NOBODYSKEY".into());
    for config in [config(&s3, wrong), other] {
        let opened = tokio::time::timeout(Duration::from_secs(60), Lake::open(config.clone())).await;
        let error = opened.expect("is refused at once").expect_err("is refused");
        assert!(matches!(error, TablesError::Refused { .. }) && !error.passes(), "{error:?}");
        let text = format!("{error} {error:?} {config:?}");
        for part in [s3.endpoint().as_str(), "s3://keys/", "AWS_SECRET_ACCESS_KEY", "id begins with"] {
            assert!(text.contains(part), "'{part}' is missing: {text}");
        }
        assert!(!text.contains(wrong) && !text.contains(s3.secret()), "{text}");
    }
}
