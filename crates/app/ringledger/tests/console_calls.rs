//! The console's calls over the bundled capture: what a search finds, what a contact and
//! its raw events say, and what somebody who sees one queue does not find.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;
mod console_app;

use std::collections::BTreeSet;

use axum::http::StatusCode;
use common::{ringledger, text};
use console_app::{ALL, App, DATA, HEARS, MEASURES, VIP, digits, encoded};
use model::facts::{Call, Recording};
use model::{Instant, Name};
use serde_json::Value;

#[tokio::test]
async fn a_search_finds_exactly_the_contacts_that_fit() {
    let app = App::new().await;
    for end in ["0300", "942", "+44 20 7946 0942", "5"] {
        let ends = |n: &Option<Name>| n.as_ref().is_some_and(|n| digits(n).ends_with(&digits(end)));
        let wanted = app.those(|c| ends(&c.ani) || ends(&c.ani_raw) || ends(&c.dnis));
        assert!(!wanted.is_empty(), "{end}");
        assert_eq!(app.ids(ALL, &format!("limit=500&number={}", encoded(end))).await, wanted, "{end}");
    }
    let asked = app.ids(ALL, "queue=support&agent=Frank%20O%27Neill&outcome=answered&min_duration=10s").await;
    let wanted = app.those(|c| {
        let by = |agent: &Name| agent == "Frank O'Neill";
        word(&c.outcome) == "answered"
            && c.ended_at.is_some_and(|e| e.millis_since(c.started_at) >= 10_000)
            && c.queue_visits.iter().any(|v| v.queue == "support")
            && (c.agent_legs.iter().any(|l| by(&l.agent))
                || c.queue_visits.iter().any(|v| v.agent.as_ref().is_some_and(by)))
    });
    assert!(!wanted.is_empty());
    assert_eq!(asked, wanted);
    let account =
        app.calls.iter().find_map(|c| Some(c.ivr.iter().find(|(k, _)| k == "AccountNumber")?.1.clone())).unwrap();
    let wanted = app.those(|c| c.ivr.iter().any(|(_, v)| *v == account));
    assert_eq!(app.ids(ALL, &format!("account={account}")).await, wanted);
}

#[tokio::test]
async fn pages_are_disjoint_complete_and_newest_first() {
    let app = App::new().await;
    let pages = app.pages(ALL, "limit=37").await;
    assert!(pages.iter().rev().skip(1).all(|p| p.len() == 37));
    let all = pages.concat();
    let ids: BTreeSet<String> = all.iter().map(|c| c["call_id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(ids.len(), all.len(), "no contact twice");
    assert_eq!(ids, app.those(|_| true));
    let starts: Vec<Instant> =
        all.iter().map(|c| Instant::parse_rfc3339(c["started_at"].as_str().unwrap()).unwrap()).collect();
    assert!(starts.is_sorted_by(|a, b| a >= b));
}

fn word(value: &impl serde::Serialize) -> String {
    serde_json::to_value(value).unwrap().as_str().unwrap().to_owned()
}

/// An instant of the tables as the API writes it.
fn time(at: Option<Instant>) -> Value {
    at.map(Instant::to_rfc3339).into()
}

/// Fields that the API writes as the row has them.
const PLAIN: [&str; 12] = [
    "call_id",
    "revision",
    "ani",
    "ani_raw",
    "ani_withheld",
    "dnis",
    "conferenced",
    "outcome",
    "direction",
    "ended_by",
    "disposition",
    "notes",
];

/// Some fields of a list of the API.
fn listed<const N: usize>(told: &Value, list: &str, fields: [&str; N]) -> Vec<[Value; N]> {
    told[list].as_array().unwrap().iter().map(|r| fields.map(|f| r[f].clone())).collect()
}

fn same_visits(told: &Value, call: &Call) {
    let fields = ["queue", "outcome", "wait_ms", "talk_ms", "hold_ms", "agent", "joined_at", "answered_at", "left_at"];
    let wanted: Vec<[Value; 9]> = call
        .queue_visits
        .iter()
        .map(|v| {
            let (queue, outcome) = (v.queue.to_string().into(), v.outcome.outcome().to_owned().into());
            let agent = v.agent.as_deref().into();
            let times = [Some(v.joined_at), v.answered_at, v.left_at].map(time);
            let [joined, answered, left] = times;
            [queue, outcome, v.wait_ms.into(), v.talk_ms.into(), v.hold_ms.into(), agent, joined, answered, left]
        })
        .collect();
    assert_eq!(listed(told, "queue_visits", fields), wanted, "visits of {}", call.call_id);
}

fn same_parts(told: &Value, call: &Call) {
    let holds: Vec<[Value; 2]> = call.holds.iter().map(|h| [time(Some(h.from)), time(h.to)]).collect();
    assert_eq!(listed(told, "holds", ["from", "to"]), holds);
    let transfers: Vec<[Value; 2]> =
        call.transfers.iter().map(|t| [time(Some(t.at)), t.to_agent.as_deref().into()]).collect();
    assert_eq!(listed(told, "transfers", ["at", "to_agent"]), transfers);
    let state = |r: &Recording| [r.recording_id.to_string().into(), word(&r.state).into()];
    let recordings: Vec<[Value; 2]> = call.recordings.iter().map(state).collect();
    assert_eq!(listed(told, "recordings", ["recording_id", "state"]), recordings);
    let legs: BTreeSet<String> =
        listed(told, "agent_legs", ["leg_id"]).into_iter().map(|[id]| id.to_string()).collect();
    let wanted: BTreeSet<String> =
        call.agent_legs.iter().map(|l| Value::from(l.leg_id.to_string()).to_string()).collect();
    assert_eq!(legs, wanted, "legs of {}", call.call_id);
}

#[tokio::test]
async fn a_contact_says_what_its_row_says() {
    let app = App::new().await;
    let passed_on = app.calls.iter().filter(|c| !c.transfers.is_empty()).take(5);
    for call in app.calls.iter().step_by(60).chain(passed_on) {
        let told = app.json(ALL, &format!("/api/v1/calls/{}?switch=asterisk-a", encoded(&call.call_id))).await;
        let row = serde_json::to_value(call).unwrap();
        for field in PLAIN {
            assert_eq!(told[field], row[field], "{field} of {}", call.call_id);
        }
        assert_eq!([&told["started_at"], &told["ended_at"]], [&time(Some(call.started_at)), &time(call.ended_at)]);
        let positions = [&call.first_event, &call.last_event].map(|p| Value::from(p.to_string()));
        assert_eq!([&told["first_event"], &told["last_event"]], [&positions[0], &positions[1]]);
        same_visits(&told, call);
        same_parts(&told, call);
        let last = told["revisions"].as_array().unwrap().last().unwrap();
        assert_eq!([&last["revision"], &last["event"]], [&told["revision"], &told["last_event"]]);
    }
}

#[tokio::test]
async fn raw_events_are_those_that_explain_lists() {
    let app = App::new().await;
    let passed = app.calls.iter().find(|c| c.transfers.len() == 1 && !c.holds.is_empty()).unwrap();
    let explained =
        ringledger(&["explain", "call", &passed.call_id, "--data-dir", text(&DATA), "--format", "json"]).ok().json();
    let path = format!("/api/v1/calls/{}/events?limit=9", passed.call_id);
    let (mut records, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = app.json(ALL, &format!("{path}{cursor}")).await;
        records.extend(page["records"].as_array().unwrap().clone());
        let Some(next) = page["next"].as_str() else { break };
        cursor = format!("&cursor={}", encoded(next));
    }
    let lines = explained["events"].as_array().unwrap();
    let positions = |list: &[Value]| list.iter().map(|r| r["position"].clone()).collect::<Vec<_>>();
    assert_eq!(positions(&records), positions(lines));
    for (record, line) in records.iter().zip(lines) {
        let kept: Value = serde_json::from_str(record["value"].as_str().unwrap()).unwrap();
        assert_eq!(kept, line["data"]);
        assert_eq!(record["encoding"], "utf-8");
        assert_eq!([&record["cut"], &record["trouble"]], [&Value::Bool(false), &Value::Null]);
        let kind = record["headers"].as_array().unwrap().iter().find(|h| h["key"] == "ce_type").unwrap();
        assert_eq!(kind["value"], line["type"]);
    }
    let rows: usize = records.iter().map(|r| r["events"].as_array().unwrap().len()).sum();
    let told = app.json(ALL, &format!("/api/v1/calls/{}", passed.call_id)).await;
    assert_eq!(told["events"], rows);
}

#[tokio::test]
async fn who_sees_one_queue_finds_its_contacts_and_no_others() {
    let app = App::new().await;
    let vip = app.those(|c| c.queue_visits.iter().any(|v| v.queue == "vip"));
    assert!(!vip.is_empty() && vip.len() < app.calls.len());
    assert_eq!(app.ids(VIP, "limit=100").await, vip);
    assert!(app.ids(VIP, "queue=sales").await.is_subset(&vip));
    let hidden = app.calls.iter().find(|c| !vip.contains(c.call_id.as_str())).unwrap();
    let shown = vip.iter().next().unwrap();
    for path in ["/api/v1/calls/ID", "/api/v1/calls/ID/events", "/calls/ID"] {
        assert_eq!(app.page(VIP, &path.replace("ID", &hidden.call_id)).await.0, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(app.page(VIP, &path.replace("ID", shown)).await.0, StatusCode::OK, "{path}");
        assert_eq!(app.page(VIP, &path.replace("ID", "a%2Fb..%3A%22%3E")).await.0, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(app.page(MEASURES, &path.replace("ID", shown)).await.0, StatusCode::FORBIDDEN, "{path}");
    }
    let (_, text) = app.page(VIP, &format!("/api/v1/calls/{}", hidden.call_id)).await;
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap()["status"], 404);
}

#[tokio::test]
async fn the_pages_are_whole_and_refuse_what_they_cannot_read() {
    let app = App::new().await;
    let heard = app.calls.iter().find(|c| c.recordings.iter().any(|r| r.uri.is_some())).unwrap();
    let path = format!("/calls/{}?switch=asterisk-a", heard.call_id);
    let (_, page) = app.page(HEARS, &path).await;
    for part in
        ["<svg class=\"story\"", "The timeline as a table", "Raw events", "cti.events/", "Revisions", "Queue visits"]
    {
        assert!(page.contains(part), "{part}");
    }
    let link = format!("/r/{}", heard.recordings.iter().find(|r| r.uri.is_some()).unwrap().recording_id);
    assert!(page.contains(&link));
    let (_, page) = app.page(ALL, &path).await;
    assert!(!page.contains(&link) && page.contains("your role does not hear it"));
    let (status, page) = app.page(ALL, "/calls?outcome=happy&number=%3Cb%3E1").await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(page.contains("role=\"alert\"") && page.contains("no_answer") && !page.contains("<b>"), "{page}");
    let (status, page) = app.page(ALL, "/calls?number=000000000000").await;
    assert!(status == StatusCode::OK && page.contains("No call fits this search."));
    let (_, page) = app.page(ALL, "/calls?queue=vip&limit=10").await;
    assert!(page.contains("rel=\"next\" href=\"/calls?queue=vip&amp;cursor="), "{page}");
    let (status, problem) = app.page(ALL, "/api/v1/calls?agnet=x").await;
    assert!(status == StatusCode::BAD_REQUEST && problem.contains("agnet"), "{problem}");
    for path in ["/api/v1/calls?queue=vip", &format!("/api/v1/calls/{}", heard.call_id)] {
        let tag = app.ask(ALL, path, &[]).await.headers()["etag"].clone();
        let again = app.ask(ALL, path, &[("if-none-match", tag.to_str().unwrap())]).await;
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
    }
}
