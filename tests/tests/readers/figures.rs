//! The figures that every reader has to give, computed from rows that we read ourselves,
//! and the reports that the example queries are held against.

use std::collections::BTreeMap;

use metrics::{Interval, Options};
use model::facts::{RecordingState, StretchKind, VisitOutcome};
use serde_json::{Value, json};
use tables::{Filter, Lake};

/// The service-level threshold of the figures, milliseconds.
const T: i64 = 20_000;

/// Figures over all tables, by name.
pub async fn of(lake: &Lake) -> Value {
    let all = Filter::default();
    let rows = lake.revisions(&all).await.expect("reads");
    let visits = lake.visits(&all).await.expect("reads");
    let mut queues = BTreeMap::<String, [i64; 5]>::new();
    for v in &visits {
        let q = queues.entry(v.queue.to_string()).or_default();
        let (answered, wait) = (v.outcome == VisitOutcome::Answered, v.wait_ms.unwrap_or(0));
        q[0] += 1;
        q[1] += i64::from(answered);
        q[2] += i64::from(v.outcome == VisitOutcome::Abandoned);
        q[3] += i64::from(answered && wait <= T);
        q[4] += if answered { wait } else { 0 };
    }
    let mut agents = BTreeMap::<String, i64>::new();
    for leg in lake.legs(&all).await.expect("reads") {
        *agents.entry(leg.agent.to_string()).or_default() += leg.talk_ms.unwrap_or(0);
    }
    let mut states = BTreeMap::<&str, i64>::new();
    for s in lake.stretches(&all).await.expect("reads") {
        let kind = match s.kind {
            StretchKind::Login => "login",
            StretchKind::Pause => "pause",
            StretchKind::Acw => "acw",
        };
        *states.entry(kind).or_default() += s.to.map_or(0, |to| to.millis_since(s.from));
    }
    let intervals = lake.intervals(&all).await.expect("reads");
    let recordings = lake.recordings(&all).await.expect("reads");
    json!({
        "rows": {
            "events": rows.events.len(), "queue_visits": rows.queue_visits.len(),
            "agent_legs": rows.agent_legs.len(), "agent_states": rows.agent_states.len(),
            "calls": rows.calls.len(), "queue_intervals": rows.queue_intervals.len(),
            "recordings": rows.recordings.len(),
        },
        "queues": queues,
        "agents": agents,
        "states": states,
        "calls": calls(lake).await,
        "received": intervals.iter().map(|i| i.counts.received).sum::<i64>(),
        "missing": recordings.iter().filter(|r| r.state == RecordingState::Missing).count(),
        "suspended": recordings.iter().map(|r| r.suspended.len()).sum::<usize>(),
        "first_join_us": visits.iter().map(|v| v.joined_at.0).min(),
        "last_event": visits.iter().map(|v| v.last_event.to_string()).max(),
    })
}

/// Figures of the nested lists.
async fn calls(lake: &Lake) -> Value {
    let mut calls = lake.calls(&Filter::default()).await.expect("reads");
    calls.retain(|c| c.merged_into.is_none());
    let talk = |c: &model::facts::Call| c.queue_visits.iter().filter_map(|v| v.talk_ms).sum::<i64>();
    let account = |c: &model::facts::Call| c.ivr.iter().filter(|(k, _)| k == "account").count();
    json!({
        "contacts": calls.len(),
        "visits": calls.iter().map(|c| c.queue_visits.len()).sum::<usize>(),
        "talk_ms": calls.iter().map(talk).sum::<i64>(),
        "legs": calls.iter().map(|c| c.agent_legs.len()).sum::<usize>(),
        "holds": calls.iter().map(|c| c.holds.len()).sum::<usize>(),
        "accounts": calls.iter().map(account).sum::<usize>(),
        "recordings": calls.iter().map(|c| c.recordings.len()).sum::<usize>(),
        "notes": calls.iter().map(|c| c.notes.len()).sum::<usize>(),
    })
}

/// The reports that example queries repeat, by the query's name.
pub async fn reports(lake: &Lake) -> BTreeMap<String, Vec<Value>> {
    let all = Filter::default();
    let visits = lake.visits(&all).await.expect("reads");
    let mut calls = lake.calls(&all).await.expect("reads");
    calls.retain(|c| c.merged_into.is_none());
    let whole = Options::default();
    let hourly =
        Options { interval: Interval::Hour, tz: "Europe/Berlin".parse().expect("a zone"), ..Options::default() };
    let rows = |text: String| serde_json::from_str::<Vec<Value>>(&text).expect("rows");
    BTreeMap::from([
        ("queues".to_owned(), rows(metrics::render::json(&metrics::queues(&visits, &whole), &whole))),
        ("queues_by_hour".to_owned(), rows(metrics::render::json(&metrics::queues(&visits, &hourly), &hourly))),
        ("contacts".to_owned(), rows(metrics::render::json(&metrics::contacts(&calls, &whole), &whole))),
    ])
}

/// Every figure that the query gives is that of the report, row for row.
pub fn assert_rows(query: &str, report: &[Value], found: &Value) {
    let found = found.as_array().expect("rows");
    assert_eq!(found.len(), report.len(), "{query}: rows");
    for (ours, theirs) in report.iter().zip(found) {
        let theirs = theirs.as_object().expect("a row");
        assert!(theirs.len() > 3, "{query}: figures");
        for (name, figure) in theirs {
            let given = ours.get(name).unwrap_or_else(|| panic!("{query}: the report has no {name}"));
            let same = match (given.as_f64(), figure.as_f64()) {
                (Some(a), Some(b)) => (a - b).abs() < 1e-9,
                _ => given == figure,
            };
            assert!(same, "{query}: {name} is {figure} instead of {given} in {ours}");
        }
    }
}
