//! A log that does not take events for a while.

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use collectors::feed::Feed;
use collectors::intake::{Intake, IntakeSettings};
use event_log::{EventLog, Lease, LogError, Membership, NewRecord, Record, TopicSpec, Watermarks};
use model::{Dialect, Instant};
use support::{NOW, events, frame, log, target};
use tower::ServiceExt;

type Failures = Arc<AtomicUsize>;

/// Refuses as many appends as it is told to.
struct Flaky {
    inner: Arc<dyn EventLog>,
    failures: Failures,
}

struct FlakyLease {
    inner: Box<dyn Lease>,
    failures: Failures,
}

fn refuse(failures: &Failures) -> Result<(), LogError> {
    match failures.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1)) {
        Ok(_) => Err(LogError::Transient("no broker answers".to_owned())),
        Err(_) => Ok(()),
    }
}

#[async_trait]
impl Lease for FlakyLease {
    fn epoch(&self) -> u64 {
        self.inner.epoch()
    }

    async fn append(&self, topic: &str, batch: Vec<NewRecord>) -> Result<Vec<(i32, i64)>, LogError> {
        refuse(&self.failures)?;
        self.inner.append(topic, batch).await
    }
}

#[async_trait]
impl EventLog for Flaky {
    async fn ensure_topic(&self, spec: &TopicSpec) -> Result<(), LogError> {
        self.inner.ensure_topic(spec).await
    }

    async fn partitions(&self, topic: &str) -> Result<i32, LogError> {
        self.inner.partitions(topic).await
    }

    async fn append(&self, topic: &str, batch: Vec<NewRecord>) -> Result<Vec<(i32, i64)>, LogError> {
        refuse(&self.failures)?;
        self.inner.append(topic, batch).await
    }

    async fn read(
        &self,
        topic: &str,
        partition: i32,
        offset: i64,
        max_records: usize,
        max_bytes: usize,
        wait: Duration,
    ) -> Result<Vec<Record>, LogError> {
        self.inner.read(topic, partition, offset, max_records, max_bytes, wait).await
    }

    async fn watermarks(&self, topic: &str, partition: i32) -> Result<Watermarks, LogError> {
        self.inner.watermarks(topic, partition).await
    }

    async fn offset_at(&self, topic: &str, partition: i32, at: Instant) -> Result<i64, LogError> {
        self.inner.offset_at(topic, partition, at).await
    }

    async fn commit(&self, group: &str, topic: &str, partition: i32, next_offset: i64) -> Result<(), LogError> {
        self.inner.commit(group, topic, partition, next_offset).await
    }

    async fn committed(&self, group: &str, topic: &str, partition: i32) -> Result<Option<i64>, LogError> {
        self.inner.committed(group, topic, partition).await
    }

    async fn join(&self, group: &str, topic: &str) -> Result<Box<dyn Membership>, LogError> {
        self.inner.join(group, topic).await
    }

    async fn lease(&self, source: &str) -> Result<Box<dyn Lease>, LogError> {
        let inner = self.inner.lease(source).await?;
        Ok(Box::new(FlakyLease { inner, failures: self.failures.clone() }))
    }
}

async fn flaky() -> (tempfile::TempDir, Arc<dyn EventLog>, Failures) {
    let (dir, inner) = log().await;
    let failures = Failures::default();
    (dir, Arc::new(Flaky { inner, failures: failures.clone() }), failures)
}

#[tokio::test]
async fn a_feed_tries_again_and_loses_nothing() {
    let (_dir, log, failures) = flaky().await;
    let mut feed: Feed = support::feed(&log, Dialect::AsteriskQueueLog).await;
    let rows = b"1795326272|NONE|NONE|NONE|QUEUESTART|\nbad row\n1795326273|c1|support|NONE|DID|1\n";
    frame(&Dialect::AsteriskQueueLog, rows).into_iter().for_each(|r| feed.push(r, NOW));
    failures.store(2, Ordering::SeqCst);
    feed.flush().await.expect("the third try");
    assert_eq!((feed.counts.retries, feed.waiting()), (2, 0));
    assert_eq!((events(&*log).await.len(), support::letters(&*log).await.len()), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn a_feed_gives_up_in_the_end_and_keeps_what_waits() {
    let (_dir, log, failures) = flaky().await;
    let mut feed: Feed = support::feed(&log, Dialect::AsteriskQueueLog).await;
    let row = b"1795326272|NONE|NONE|NONE|QUEUESTART|\n";
    frame(&Dialect::AsteriskQueueLog, row).into_iter().for_each(|r| feed.push(r, NOW));
    failures.store(6, Ordering::SeqCst);
    assert!(matches!(feed.flush().await, Err(LogError::Transient(_))));
    assert_eq!(feed.waiting(), 1);
    feed.flush().await.expect("it answers again");
    assert_eq!(events(&*log).await.len(), 1);
    assert_eq!(target(Dialect::AsteriskQueueLog).lease_name(), "pbx1/asterisk.queue_log");
}

#[tokio::test(start_paused = true)]
async fn a_live_feed_never_gives_up_what_nobody_says_twice() {
    let (_dir, log, failures) = flaky().await;
    let dialect = Dialect::AsteriskQueueLog;
    let masker = dialects::registry::masker(&dialect).expect("a masker");
    let mut feed = Feed::open_live(log.clone(), target(dialect.clone()), masker).await.expect("a feed");
    let row = b"1795326272|NONE|NONE|NONE|QUEUESTART|\n";
    frame(&dialect, row).into_iter().for_each(|r| feed.push(r, NOW));
    failures.store(100, Ordering::SeqCst);
    feed.flush().await.expect("it answers again");
    assert_eq!((feed.counts.retries, events(&*log).await.len()), (100, 1));
}

#[tokio::test]
async fn the_intake_acknowledges_nothing_that_the_log_has_not_and_takes_it_later() {
    let (_dir, log, failures) = flaky().await;
    let may_send = Arc::new(|_: &axum::http::HeaderMap| Ok("desk".into()));
    let settings = IntakeSettings::default();
    let intake = Intake::open(log.clone(), settings, may_send, Arc::new(|| NOW)).await.expect("an intake");
    let send = async || {
        let event = r#"{"specversion":"1.0","id":"a","source":"/adapter/desk","type":"cti.adapter","switch":"pbx1",
            "data":{"type":"NoteSaved","call_id":"1.0","agent":"Ines","text":"calls back"}}"#;
        let request = Request::post("/v1/events").header("content-type", "application/cloudevents+json");
        intake.clone().router().oneshot(request.body(Body::from(event)).expect("a request")).await.expect("an answer")
    };
    failures.store(1, Ordering::SeqCst);
    let refused = send().await;
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(refused.headers().contains_key("retry-after"));
    assert!(events(&*log).await.is_empty());
    assert_eq!(send().await.status(), StatusCode::ACCEPTED);
    assert_eq!(send().await.status(), StatusCode::ACCEPTED);
    assert_eq!(events(&*log).await.len(), 1);
    assert_eq!((intake.counts().failed, intake.counts().accepted, intake.counts().repeated), (1, 1, 1));
}
