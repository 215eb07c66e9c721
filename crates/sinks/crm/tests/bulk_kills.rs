//! A writer that dies at each step of its bulk jobs, or meets a fault there: the next one
//! ends its work, and every row is there once.

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use common::{Bench, Journal, bench, task};
use crm::config::SalesforceConfig;
use crm::{BulkJob, BulkJournal, CrmTarget, Outcome, Row, Salesforce};
use crm_sandbox::Faults;

const ROWS: usize = 60;

fn rows() -> Vec<Row> {
    (0..ROWS).map(task).collect()
}

/// Everything goes through bulk jobs of so many rows.
fn config(bench: &Bench, job_rows: usize) -> SalesforceConfig {
    let mut config = bench.config();
    (config.bulk_rows, config.bulk_job_rows) = (20, job_rows);
    config
}

/// Waits until so many requests were answered since `before`.
async fn answered(bench: &Bench, before: usize, requests: usize) {
    while bench.sandbox.requests().len() < before + requests {
        tokio::task::yield_now().await;
    }
}

/// A writer that is gone once the n-th of its requests was answered; false where it needed
/// fewer.
async fn dies_after(bench: &Bench, config: SalesforceConfig, requests: usize) -> bool {
    let target = bench.connect_with(config).await;
    let before = bench.sandbox.requests().len();
    tokio::select! {
        biased;
        () = answered(bench, before, requests) => true,
        _ = target.write(rows()) => false,
    }
}

/// The next writer ends the work, and every row is there once.
async fn is_ended(bench: &Bench, config: SalesforceConfig, what: &str) {
    let outcomes = bench.connect_with(config).await.write(rows()).await;
    let written = outcomes.iter().filter(|o| matches!(o, Outcome::Written { id: Some(_), .. })).count();
    assert_eq!(written, ROWS, "{what}: {:?}", outcomes.iter().find(|o| !matches!(o, Outcome::Written { .. })));
    assert_eq!(bench.sandbox.count("Task").unwrap(), ROWS as u64, "{what}");
    assert!(bench.journal.job.lock().unwrap().is_none(), "{what}: the job is finished with");
}

#[tokio::test]
async fn killed_after_each_answer_the_next_writer_ends_it() {
    let mut steps = 0;
    for requests in 1.. {
        let bench = bench().await;
        bench.sandbox.set_faults(Faults { bulk_polls: 1, ..Faults::default() });
        if !dies_after(&bench, config(&bench, 30), requests).await {
            break;
        }
        is_ended(&bench, config(&bench, 30), &format!("killed after answer {requests}")).await;
        steps = requests;
    }
    // Two jobs: created, uploaded, closed, polled, and two files of results each.
    assert!(steps >= 12, "{steps}");
}

#[tokio::test]
async fn killed_and_killed_again_while_it_takes_the_job_up() {
    let mut steps = 0;
    for first in 1..=6 {
        for second in 1.. {
            let bench = bench().await;
            assert!(dies_after(&bench, config(&bench, ROWS), first).await, "{first} are not all");
            if !dies_after(&bench, config(&bench, ROWS), second).await {
                break;
            }
            is_ended(&bench, config(&bench, ROWS), &format!("killed after answers {first} and {second}")).await;
            steps += 1;
        }
    }
    assert!(steps >= 20, "{steps}");
}

/// A journal at whose n-th call the process dies, before or after it took effect.
struct Deadly {
    inner: Arc<Journal>,
    calls: AtomicUsize,
    die_at: usize,
    after: bool,
    died: tokio::sync::Notify,
}

impl Deadly {
    async fn dies(&self, after: bool) {
        let call =
            if after { self.calls.load(Ordering::SeqCst) } else { self.calls.fetch_add(1, Ordering::SeqCst) + 1 };
        if call == self.die_at && after == self.after {
            self.died.notify_one();
            std::future::pending::<()>().await;
        }
    }
}

#[async_trait]
impl BulkJournal for Deadly {
    async fn load(&self) -> Result<Option<BulkJob>, String> {
        self.inner.load().await
    }

    async fn store(&self, job: &BulkJob) -> Result<(), String> {
        self.dies(false).await;
        let done = self.inner.store(job).await;
        self.dies(true).await;
        done
    }

    async fn clear(&self) -> Result<(), String> {
        self.dies(false).await;
        let done = self.inner.clear().await;
        self.dies(true).await;
        done
    }
}

#[tokio::test]
async fn killed_around_each_word_of_the_journal() {
    let mut steps = 0;
    for (die_at, after) in (1..).flat_map(|n| [(n, false), (n, true)]) {
        let bench = bench().await;
        let inner = Arc::clone(&bench.journal);
        let journal = Deadly { inner, calls: AtomicUsize::new(0), die_at, after, died: tokio::sync::Notify::new() };
        let journal = Arc::new(journal);
        let target = Salesforce::connect(config(&bench, 30), bench.timing.clone(), journal.clone()).await.unwrap();
        let died = tokio::select! {
            biased;
            () = journal.died.notified() => true,
            _ = target.write(rows()) => false,
        };
        if !died {
            break;
        }
        drop(target);
        is_ended(&bench, config(&bench, 30), &format!("killed at word {die_at}, done: {after}")).await;
        steps += 1;
    }
    assert!(steps >= 8, "two jobs are stored and cleared: {steps}");
}

/// Something happens once so many requests were answered; the writer goes on.
async fn meanwhile(bench: &Bench, config: SalesforceConfig, requests: usize, happens: impl FnOnce()) -> Vec<Outcome> {
    let target = bench.connect_with(config).await;
    let before = bench.sandbox.requests().len();
    let happens = async {
        tokio::select! {
            () = answered(bench, before, requests) => happens(),
            () = tokio::time::sleep(std::time::Duration::from_secs(2)) => {}
        }
    };
    tokio::join!(target.write(rows()), happens).0
}

#[tokio::test]
async fn sessions_that_expire_in_the_middle_are_renewed_there() {
    // Through bulk jobs, and through Collections of a few rows each in one lane.
    for bulk in [true, false] {
        for requests in 1..=6 {
            let bench = bench().await;
            let mut config = config(&bench, 30);
            if !bulk {
                (config.bulk_rows, config.batch_rows, config.lanes) = (1_000, 5, 1);
            }
            let outcomes = meanwhile(&bench, config.clone(), requests, || bench.sandbox.expire_sessions()).await;
            assert!(outcomes.iter().all(|o| matches!(o, Outcome::Written { .. })), "bulk {bulk}, {requests}");
            assert_eq!(bench.seen("/oauth2/token"), 2, "one log-in at first, one in the middle");
            assert_eq!(bench.sandbox.count("Task").unwrap(), ROWS as u64);
        }
    }
}

#[tokio::test]
async fn a_limit_used_up_in_the_middle_leaves_the_rest_for_later_and_doubles_nothing() {
    for requests in 1..=10 {
        let bench = bench().await;
        let exhaust = || bench.sandbox.set_faults(Faults { limit_exhausted: true, ..Faults::default() });
        let outcomes = meanwhile(&bench, config(&bench, 30), requests, exhaust).await;
        let known = |o: &Outcome| matches!(o, Outcome::Written { .. } | Outcome::Later(_));
        assert!(outcomes.iter().all(known), "after {requests}: {outcomes:?}");
        bench.sandbox.set_faults(Faults::default());
        bench.timing.advance(301_000);
        is_ended(&bench, config(&bench, 30), &format!("limit used up after {requests}")).await;
    }
}

#[tokio::test]
async fn connections_dropped_after_the_work_of_any_step_of_a_job() {
    // Creating and closing write; the upload has a switch of its own.
    for (work, upload) in [(1, 0), (2, 0), (3, 0), (4, 0), (2, 1), (0, 2)] {
        let bench = bench().await;
        bench.sandbox.set_faults(Faults { drop_after_work: work, drop_after_upload: upload, ..Faults::default() });
        is_ended(&bench, config(&bench, 30), &format!("{work} answers dropped, and {upload} of uploads")).await;
    }
}
