//! Every fault switch of the sandbox, and what the writer makes of it.

mod common;

use common::{bench, task};
use crm::{CrmTarget, LaterKind, Object, Outcome, Row, Scalar};
use crm_sandbox::Faults;

fn tasks(count: usize) -> Vec<Row> {
    (0..count).map(task).collect()
}

fn set(row: &mut Row, field: &str, value: Scalar) {
    row.fields.push((model::Name::new(field), value));
}

fn all_written(outcomes: &[Outcome]) -> bool {
    outcomes.iter().all(|o| matches!(o, Outcome::Written { id: Some(_), .. }))
}

#[tokio::test]
async fn an_expired_session_is_renewed_once_by_all_lanes_together() {
    let bench = bench().await;
    let target = bench.connect().await;
    assert_eq!(bench.seen("/oauth2/token"), 1);
    bench.sandbox.expire_sessions();
    // Slow enough that all lanes meet the expired session before one renews it.
    bench.sandbox.set_faults(Faults { slow: 4, slow_ms: 50, ..Faults::default() });
    assert!(all_written(&target.write(tasks(800)).await));
    assert_eq!(bench.seen("/oauth2/token"), 2);
    assert_eq!(bench.sandbox.count("Task").unwrap(), 800);
    assert_eq!(target.status().logins, 2);
    assert_eq!(target.status().retries, 0);
}

#[tokio::test]
async fn a_locked_row_is_retried_alone_and_in_the_end_left_for_later() {
    let bench = bench().await;
    let target = bench.connect().await;
    let key = task(3).key;
    bench.sandbox.set_faults(Faults { lock: vec![key.clone()], lock_times: 2, ..Faults::default() });
    assert!(all_written(&target.write(tasks(10)).await));
    assert_eq!(target.status().retries, 2);
    bench.sandbox.set_faults(Faults { lock: vec![key], lock_times: 1_000, ..Faults::default() });
    let outcomes = target.write(tasks(10)).await;
    for (i, outcome) in outcomes.iter().enumerate() {
        match outcome {
            Outcome::Later(later) if i == 3 => assert_eq!(later.kind, LaterKind::Locked),
            Outcome::Written { created, .. } if i != 3 => assert!(!created),
            other => panic!("row {i}: {other:?}"),
        }
    }
    assert_eq!(bench.sandbox.count("Task").unwrap(), 10);
}

#[tokio::test]
async fn an_exhausted_limit_opens_the_circuit_for_minutes() {
    let bench = bench().await;
    let target = bench.connect().await;
    bench.sandbox.set_faults(Faults { limit_exhausted: true, ..Faults::default() });
    let limited = |outcomes: &[Outcome]| {
        outcomes.iter().all(|o| matches!(o, Outcome::Later(l) if l.kind == LaterKind::LimitExceeded && l.after_ms > 0))
    };
    assert!(limited(&target.write(tasks(5)).await));
    let sent = target.status().requests;
    assert!(limited(&target.write(tasks(5)).await));
    assert_eq!(target.status().requests, sent, "nothing is sent while the circuit is open");
    assert!(target.status().circuit_open_ms.is_some());
    bench.sandbox.set_faults(Faults::default());
    bench.timing.advance(301_000);
    assert!(all_written(&target.write(tasks(5)).await));
}

#[tokio::test]
async fn the_concurrent_form_halves_concurrency_and_loses_nothing() {
    let bench = bench().await;
    let target = bench.connect().await;
    bench.sandbox.set_faults(Faults { concurrent_limit: 2, ..Faults::default() });
    assert!(all_written(&target.write(tasks(800)).await));
    assert!(target.status().circuit_open_ms.is_none());
    let before = bench.sandbox.requests().len();
    bench.sandbox.set_faults(Faults { slow: 100, slow_ms: 20, ..Faults::default() });
    assert!(all_written(&target.write(tasks(800)).await));
    let together = bench.sandbox.requests()[before..].iter().map(|r| r.together).max();
    assert!(together <= Some(2), "at most two at once after the halving: {together:?}");
}

#[tokio::test]
async fn one_request_in_flight_in_each_lane_and_a_parent_never_in_two() {
    let bench = bench().await;
    let target = bench.connect().await;
    bench.sandbox.set_faults(Faults { slow: 100, slow_ms: 20, ..Faults::default() });
    let before = bench.sandbox.requests().len();
    let mut rows = tasks(1_000);
    for row in &mut rows {
        row.parent = "001-one-account".to_owned();
    }
    assert!(all_written(&target.write(rows).await));
    assert!(bench.sandbox.requests()[before..].iter().all(|r| r.together == 1));
    assert!(all_written(&target.write(tasks(1_000)).await));
    let most = bench.sandbox.requests().iter().map(|r| r.together).max();
    assert!(most <= Some(4) && most >= Some(2), "{most:?}");
}

#[tokio::test]
async fn passing_refusals_and_pages_that_are_no_json_are_waited_out() {
    let bench = bench().await;
    let target = bench.connect().await;
    for faults in [
        Faults { unavailable: 3, ..Faults::default() },
        Faults { too_many: 3, ..Faults::default() },
        Faults { not_json: 3, ..Faults::default() },
    ] {
        bench.sandbox.set_faults(faults.clone());
        assert!(all_written(&target.write(tasks(3)).await), "{faults:?}");
    }
    bench.sandbox.set_faults(Faults { not_json: 1_000, ..Faults::default() });
    let outcomes = target.write(tasks(1)).await;
    match &outcomes[0] {
        Outcome::Later(later) => {
            assert_eq!(later.kind, LaterKind::Unavailable);
            assert!(later.message.contains("no JSON") && later.message.contains("maintenance"), "{}", later.message);
        }
        other => panic!("{other:?}"),
    }
    let waits = bench.timing.waits.lock().unwrap();
    assert!(waits.iter().all(|w| *w <= 30_000) && waits.len() >= 9 + 5);
    assert_eq!(bench.sandbox.count("Task").unwrap(), 3);
}

#[tokio::test]
async fn a_connection_dropped_after_the_work_leaves_exactly_one_record() {
    let bench = bench().await;
    let target = bench.connect().await;
    bench.sandbox.set_faults(Faults { drop_after_work: 2, ..Faults::default() });
    let outcomes = target.write(tasks(1)).await;
    assert!(matches!(&outcomes[0], Outcome::Written { created: false, .. }), "{outcomes:?}");
    assert_eq!(bench.seen("/composite/sobjects/Task/PBX_Call_Key__c"), 3);
    assert_eq!(bench.sandbox.count("Task").unwrap(), 1);
}

#[tokio::test]
async fn a_poison_row_is_isolated_by_halving_and_parked_with_its_reason() {
    let bench = bench().await;
    let target = bench.connect().await;
    let mut rows = tasks(200);
    set(&mut rows[137], "ActivityDate", Scalar::Text("yesterday".into()));
    set(&mut rows[20], "Description", Scalar::Text("x".repeat(40_000)));
    set(&mut rows[30], "WhoId", Scalar::Text("003000000000999AAA".into()));
    let outcomes = target.write(rows.clone()).await;
    let codes: Vec<(usize, &str)> = outcomes
        .iter()
        .enumerate()
        .filter_map(|(i, o)| if let Outcome::Parked(p) = o { Some((i, p.code.as_str())) } else { None })
        .collect();
    assert_eq!(codes, [(20, "STRING_TOO_LONG"), (30, "INVALID_CROSS_REFERENCE_KEY"), (137, "JSON_PARSER_ERROR")]);
    assert_eq!(bench.sandbox.count("Task").unwrap(), 197);
    // A parked row is retried as it was kept, once it is repaired.
    let Outcome::Parked(parked) = &outcomes[20] else { panic!() };
    let kept = serde_json::to_string(parked).unwrap();
    let mut again: crm::Parked = serde_json::from_str(&kept).unwrap();
    assert_eq!(again.to_json()["payload"]["PBX_Call_Key__c"], rows[20].key);
    again.row.fields.retain(|(n, _)| n != "Description");
    assert!(all_written(&target.write(vec![again.row]).await));
    assert_eq!(bench.sandbox.count("Task").unwrap(), 198);
}

#[tokio::test]
async fn rows_of_one_key_are_coalesced_to_the_highest_revision() {
    let bench = bench().await;
    let target = bench.connect().await;
    let mut rows = vec![task(1), task(1), task(1), task(2)];
    for (row, (revision, subject)) in rows.iter_mut().zip([(2, "second"), (3, "third"), (1, "first"), (1, "other")]) {
        row.revision = revision;
        row.fields[0].1 = Scalar::Text(subject.into());
    }
    let outcomes = target.write(rows).await;
    assert!(all_written(&outcomes));
    assert_eq!(outcomes[0], outcomes[1]);
    let found = bench.query("SELECT Subject FROM Task ORDER BY Subject").await;
    assert_eq!(found["totalSize"], 2);
    assert_eq!(found["records"][1]["Subject"], "third");
}

#[tokio::test]
async fn the_budget_guard_slows_down_at_70_and_stops_bulk_at_85_percent() {
    let bench = bench().await;
    let mut config = bench.config();
    config.bulk_rows = 50;
    let target = bench.connect_with(config).await;
    bench.sandbox.set_used(70_000);
    assert!(all_written(&target.write(tasks(1)).await));
    let paced = bench.timing.waits.lock().unwrap().len();
    assert!(all_written(&target.write(tasks(1)).await));
    assert_eq!(bench.timing.waits.lock().unwrap()[paced..], [1_000]);
    bench.sandbox.set_used(85_000);
    assert!(all_written(&target.write(tasks(1)).await));
    let held = target.write(tasks(60)).await;
    assert!(held.iter().all(|o| matches!(o, Outcome::Later(l) if l.kind == LaterKind::Budget)));
    assert_eq!(target.status().budget.map(|(used, _)| used >= 85_000), Some(true));
    assert_eq!(bench.sandbox.requests().iter().filter(|r| r.path.contains("/jobs/")).count(), 0);
}

#[tokio::test]
async fn metrics_of_a_task_left_for_later_are_left_with_it() {
    let bench = bench().await;
    let target = bench.connect().await;
    let mut metric = task(1);
    metric.object = Object::CallMetric;
    metric.fields.clear();
    bench.sandbox.set_faults(Faults { unavailable: 6, ..Faults::default() });
    let outcomes = target.write(vec![task(1), metric.clone()]).await;
    assert!(outcomes.iter().all(|o| matches!(o, Outcome::Later(_))), "{outcomes:?}");
    assert_eq!(bench.sandbox.count("Call_Metric__c").unwrap(), 0);
    assert!(all_written(&target.write(vec![task(1), metric]).await));
}
