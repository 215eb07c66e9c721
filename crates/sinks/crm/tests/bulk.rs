//! Backlogs through Bulk API 2.0, also where it breaks in the middle.

mod common;

use std::sync::Arc;

use common::{bench, task};
use crm::{BulkJob, CrmTarget, LaterKind, Outcome, Row, Salesforce, Scalar};
use crm_sandbox::Faults;

fn tasks(count: usize) -> Vec<Row> {
    (0..count).map(task).collect()
}

fn written(outcomes: &[Outcome]) -> usize {
    outcomes.iter().filter(|o| matches!(o, Outcome::Written { id: Some(_), .. })).count()
}

#[tokio::test]
async fn a_backlog_goes_through_one_job_and_results_are_matched_by_key() {
    let bench = bench().await;
    let target = bench.connect().await;
    let mut rows = tasks(2_500);
    rows[7].fields.push((model::Name::new("Description"), Scalar::Text("commas, \"quotes\"\nand lines, é".into())));
    rows[9].fields.push((model::Name::new("WhoId"), Scalar::Text("003000000000999AAA".into())));
    let outcomes = target.write(rows.clone()).await;
    assert_eq!(written(&outcomes), 2_499);
    let Outcome::Parked(parked) = &outcomes[9] else { panic!("{:?}", outcomes[9]) };
    assert_eq!(parked.code, "INVALID_CROSS_REFERENCE_KEY");
    assert_eq!(bench.seen("/batches"), 1);
    assert_eq!(bench.seen("/composite/sobjects/Task/PBX_Call_Key__c"), 0);
    assert_eq!(bench.journal.stored.lock().unwrap().len(), 1, "the job's id is kept");
    assert!(bench.journal.job.lock().unwrap().is_none(), "and cleared at the end");
    let found = bench.query("SELECT Id, Description FROM Task WHERE PBX_Call_Key__c = 'london/pbx1/7'").await;
    assert_eq!(found["records"][0]["Description"], "commas, \"quotes\"\nand lines, é");
    let Outcome::Written { id, .. } = &outcomes[7] else { panic!() };
    assert_eq!(found["records"][0]["Id"].as_str(), id.as_deref());
}

#[tokio::test]
async fn rows_locked_in_a_job_are_retried_through_collections() {
    let bench = bench().await;
    let mut config = bench.config();
    config.bulk_rows = 50;
    let target = bench.connect_with(config).await;
    bench.sandbox.set_faults(Faults { lock: vec![task(5).key], lock_times: 2, ..Faults::default() });
    assert_eq!(written(&target.write(tasks(60)).await), 60);
    assert_eq!(bench.sandbox.count("Task").unwrap(), 60);
}

#[tokio::test]
async fn a_dropped_upload_is_not_done_twice() {
    let bench = bench().await;
    let mut config = bench.config();
    config.bulk_rows = 50;
    let target = bench.connect_with(config).await;
    bench.sandbox.set_faults(Faults { drop_after_upload: 1, bulk_polls: 2, ..Faults::default() });
    let outcomes = target.write(tasks(60)).await;
    assert_eq!(written(&outcomes), 60, "{:?}", outcomes[0]);
    assert_eq!(bench.seen("/batches"), 2);
    assert_eq!(bench.sandbox.count("Task").unwrap(), 60);
}

#[tokio::test]
async fn after_a_crash_the_job_is_taken_up_by_its_id() {
    let bench = bench().await;
    let mut config = bench.config();
    config.bulk_rows = 50;
    config.bulk_wait_ms = 0;
    // The job is uploaded and closed; then this process gives up waiting, as if it died.
    bench.sandbox.set_faults(Faults { bulk_polls: 1, ..Faults::default() });
    let first = bench.connect_with(config.clone()).await;
    let outcomes = first.write(tasks(60)).await;
    assert!(outcomes.iter().all(|o| matches!(o, Outcome::Later(l) if l.kind == LaterKind::Unavailable)));
    drop(first);
    let job: BulkJob = bench.journal.job.lock().unwrap().clone().expect("the job is still kept");
    assert_eq!(job.rows, 60);

    config.bulk_wait_ms = 60_000;
    let second = Salesforce::connect(config, bench.timing.clone(), Arc::clone(&bench.journal) as Arc<_>).await.unwrap();
    // One row has changed since, and five are new: only they are sent.
    let mut rows = tasks(65);
    rows[4].fields[0].1 = Scalar::Text("changed".into());
    assert_eq!(written(&second.write(rows).await), 65);
    assert_eq!(bench.seen("/batches"), 1, "the 60 rows were not uploaded again");
    assert_eq!(bench.sandbox.count("Task").unwrap(), 65);
    assert!(bench.journal.job.lock().unwrap().is_none());
    let found = bench.query("SELECT Subject FROM Task WHERE PBX_Call_Key__c = 'london/pbx1/4'").await;
    assert_eq!(found["records"][0]["Subject"], "changed");
}

#[tokio::test]
async fn a_job_that_was_never_closed_is_given_up_and_its_rows_sent_again() {
    let bench = bench().await;
    let mut config = bench.config();
    config.bulk_rows = 50;
    config.attempts = 1;
    // The connection breaks on the upload and nothing is retried: the job stays open.
    bench.sandbox.set_faults(Faults { drop_after_upload: 1, ..Faults::default() });
    let first = bench.connect_with(config.clone()).await;
    assert_eq!(written(&first.write(tasks(60)).await), 0);
    assert!(bench.journal.job.lock().unwrap().is_some());
    let second = bench.connect_with(config).await;
    assert_eq!(written(&second.write(tasks(60)).await), 60);
    assert_eq!(bench.journal.stored.lock().unwrap().len(), 2);
    assert_eq!(bench.sandbox.count("Task").unwrap(), 60);
}

#[tokio::test]
async fn while_a_job_is_at_work_no_other_takes_its_place_in_the_journal() {
    let bench = bench().await;
    let mut config = bench.config();
    (config.bulk_rows, config.bulk_job_rows, config.bulk_wait_ms) = (50, 40, 0);
    bench.sandbox.set_faults(Faults { bulk_polls: 1, ..Faults::default() });
    let hurried = bench.connect_with(config.clone()).await;
    assert_eq!(written(&hurried.write(tasks(100)).await), 0);
    assert_eq!(bench.journal.stored.lock().unwrap().len(), 1);
    // With patience the first 40 are found done, and the other 60 go out in two jobs.
    config.bulk_wait_ms = 60_000;
    let patient = bench.connect_with(config).await;
    assert_eq!(written(&patient.write(tasks(100)).await), 100);
    assert_eq!(bench.seen("/batches"), 3);
    assert_eq!(bench.sandbox.count("Task").unwrap(), 100);
    assert!(bench.journal.job.lock().unwrap().is_none());
}
