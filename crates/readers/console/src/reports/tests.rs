//! Pages and API over a few visits: who sees what, what opens, what is marked.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use model::facts::{EventRow, Facts, Visit, VisitOutcome};
use model::{Instant, Position};
use serde_json::Value;
use tower::ServiceExt as _;

use crate::{Access, Role, Sees, Token, router};

const ALL: &str = "sees-everything-1";
const SALES: &str = "sees-sales-only-1";
const ADAPTER: &str = "is-an-adapter-token";

/// 2026-11-22T08:00:00Z, a Sunday.
const BEGIN: i64 = 1_795_334_400;

fn visit(queue: &str, n: i64, answered: bool, revision: i64) -> Visit {
    let joined_at = Instant::from_secs(BEGIN + n * 60);
    let left_at = Some(joined_at.plus_millis(10_000));
    let position = Position { partition: 0, offset: n.abs() };
    Visit {
        visit_id: format!("{queue}-{n}").into(),
        call_id: format!("call-{queue}-{n}").into(),
        center: "main".into(),
        switch: "pbx1".into(),
        queue: queue.into(),
        joined_at,
        answered_at: left_at.filter(|_| answered),
        left_at,
        outcome: if answered { VisitOutcome::Answered } else { VisitOutcome::Abandoned },
        wait_ms: Some(10_000),
        wait_observed_ms: Some(10_000),
        talk_ms: answered.then_some(60_000),
        hold_ms: None,
        acw_ms: None,
        agent: answered.then(|| "Ada <b>".into()),
        entry_position: Some(1),
        consult: false,
        transferred: None,
        ani: Some("+4930123456".into()),
        dnis: None,
        closed: true,
        retracted: false,
        revision,
        known_at: joined_at,
        first_event: position,
        last_event: position,
        filed: joined_at.days(),
    }
}

fn gap() -> EventRow {
    let (from, to) = (Instant::from_secs(BEGIN + 1_200), Instant::from_secs(BEGIN + 1_500));
    EventRow {
        event_id: "0/9/0".into(),
        source: "/switch/pbx1".into(),
        kind: "SourceGap".into(),
        at: to,
        center: "main".into(),
        switch: "pbx1".into(),
        call_id: None,
        queue: None,
        agent: None,
        party: None,
        details: serde_json::to_string(&model::Body::SourceGap { from, to }).expect("JSON"),
        position: Position { partition: 0, offset: 9 },
        known_at: to,
    }
}

/// Minutes of a week.
const WEEK: i64 = 7 * 24 * 60;

/// Three visits of sales, one of them restated, and two of secret; one of sales a week before.
async fn app() -> Router {
    let queue_visits = vec![
        visit("sales", 1 - WEEK, true, 1),
        visit("sales", 0, true, 1),
        visit("sales", 1, true, 1),
        visit("sales", 2, false, 1),
        visit("sales", 2, false, 2),
        visit("secret", 3, true, 1),
        visit("secret", 4, false, 1),
    ];
    let facts = Facts { queue_visits, events: vec![gap()], ..Facts::default() };
    let sees = Sees { centers: None, queues: Some(vec!["sales".into()]) };
    let tokens = vec![
        Token::new("ann", Role::Analyst, ALL),
        Token { sees, ..Token::new("sam", Role::Analyst, SALES) },
        Token::new("ada", Role::Adapter, ADAPTER),
    ];
    router(Arc::clone(&crate::testing::server_over(Access::new(tokens, Vec::new()), &facts).await))
}

async fn get(app: &Router, path: &str, secret: &str) -> (u16, String) {
    let request = Request::builder().uri(path).header("authorization", format!("Bearer {secret}"));
    let response = app.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let status = response.status().as_u16();
    (status, String::from_utf8_lossy(&to_bytes(response.into_body(), 8 << 20).await.unwrap()).into_owned())
}

async fn rows(app: &Router, path: &str, secret: &str) -> Value {
    let (status, text) = get(app, path, secret).await;
    assert_eq!(status, 200, "{path}: {text}");
    serde_json::from_str::<Value>(&text).unwrap()["rows"].clone()
}

const RANGE: &str = "from=2026-11-22T08:00:00Z&to=2026-11-22T09:00:00Z&interval=15m&tz=UTC";
const PAGES: [&str; 5] = ["/reports/queues", "/reports/agents", "/reports/contacts", "/reports/visits", "/staffing"];

#[tokio::test]
async fn queues_that_are_not_seen_are_in_no_row_sum_or_page() {
    let app = app().await;
    let total = |rows: &Value| rows.as_array().unwrap().last().unwrap()["offered"].clone();
    let path = "/api/v1/reports/queues?total=true";
    assert_eq!(total(&rows(&app, path, ALL).await), 6);
    assert_eq!(total(&rows(&app, path, SALES).await), 4);
    for words in ["", "queue=secret", "queue=secret&queue=sales"] {
        for report in ["queues", "agents", "contacts", "lost", "waits"] {
            let (status, text) = get(&app, &format!("/api/v1/reports/{report}?total=true&{words}"), SALES).await;
            assert_eq!(status, 200, "{text}");
            assert!(!text.contains("\"secret\""), "{report} {words}: {text}");
        }
    }
    let behind = rows(&app, "/api/v1/reports/visits?center=main&queue=secret", SALES).await;
    assert_eq!(behind, Value::Array(vec![]));
    for page in PAGES {
        let (_, text) = get(&app, &format!("{page}?{RANGE}"), SALES).await;
        assert!(!text.contains("secret"), "{page}");
    }
    let (status, text) = get(&app, &format!("/staffing?{RANGE}&queue=secret&center=main"), SALES).await;
    assert!(status == 400 && text.contains("nobody joined"), "{text}");
}

#[tokio::test]
async fn roles_decide_who_may_make_reports() {
    let app = app().await;
    for page in PAGES {
        assert_eq!(get(&app, page, ADAPTER).await.0, 403, "{page}");
        assert_eq!(get(&app, page, "nobody").await.0, 401, "{page}");
    }
    for report in ["queues", "agents", "contacts", "lost", "waits", "visits?center=main&queue=sales"] {
        let path = format!("/api/v1/reports/{report}");
        assert_eq!(get(&app, &path, ADAPTER).await.0, 403, "{path}");
        assert_eq!(get(&app, &path, ALL).await.0, 200, "{path}");
    }
}

#[tokio::test]
async fn restated_rows_and_gaps_are_marked_on_the_page_and_told_by_the_api() {
    let app = app().await;
    let (_, text) = get(&app, &format!("/api/v1/reports/queues?{RANGE}"), ALL).await;
    let answer: Value = serde_json::from_str(&text).unwrap();
    let restated = serde_json::json!([
        {"center": "main", "queue": "sales", "interval_start": "2026-11-22T08:00:00Z", "visits": 1}
    ]);
    assert_eq!(answer["restated"], restated, "{text}");
    assert_eq!(answer["gaps"][0]["from"], "2026-11-22T08:20:00Z");
    assert_eq!(answer["notes"][0], "ACW not measured: AHT is talk alone.");
    let (status, page) = get(&app, &format!("/reports/queues?{RANGE}"), ALL).await;
    assert_eq!(status, 200);
    assert!(page.contains("↻ 1 restated") && page.contains("1 visits restated"), "{page}");
    assert!(page.contains("pbx1: 2026-11-22 08:20 – 2026-11-22 08:25"), "{page}");
    assert_eq!(page.matches("<rect class=\"gap\"").count(), 3 + 3, "a band and its legend in each chart");
    assert!(page.contains("ACW not measured"));
}

#[tokio::test]
async fn a_figure_opens_its_visits_and_these_their_calls() {
    let app = app().await;
    let (_, page) = get(&app, &format!("/reports/queues?{RANGE}&service_level=5s"), ALL).await;
    let link = page.split("href=\"").map(|s| s.split('"').next().unwrap());
    let link = link.filter(|l| l.contains("column=abandoned") && l.contains("queue=sales")).last().unwrap();
    assert!(link.contains("service_level=5s"), "the question goes along: {link}");
    let (status, visits) = get(&app, &link.replace("&amp;", "&"), ALL).await;
    assert_eq!(status, 200, "{link}");
    assert!(visits.contains("href=\"/calls/call-sales-2?switch=pbx1\""), "{visits}");
    assert!(!visits.contains("call-sales-1"));
    let (_, all) =
        get(&app, &format!("/reports/visits?{RANGE}&center=main&queue=sales&at=2026-11-22T08:00:00Z"), ALL).await;
    assert!(all.contains("Ada &lt;b&gt;") && !all.contains("<b>"));
}

#[tokio::test]
async fn the_week_before_stands_beside_and_an_unreadable_view_says_why() {
    let app = app().await;
    let later = "from=2026-11-29T08:00:00Z&to=2026-11-29T09:00:00Z&interval=15m&tz=UTC&compare=week";
    let (_, page) = get(&app, &format!("/reports/queues?{later}"), ALL).await;
    assert!(page.contains("There is nothing in this range."), "{page}");
    let (_, page) = get(&app, &format!("/reports/queues?{RANGE}&compare=week"), ALL).await;
    assert!(page.contains("the difference to the week before"), "{page}");
    assert!(page.contains("</a> <span class=\"difference\">+2</span>"), "three offered, one then: {page}");
    for words in ["tz=Mars/Base", "interval=20m", "from=x", "heat=moon&from=2026-11-22&to=2026-11-23"] {
        let (status, page) = get(&app, &format!("/reports/queues?{words}"), ALL).await;
        assert!(status == 400 && page.contains("role=\"alert\"") && page.contains("<form"), "{words}: {status}");
    }
}

#[tokio::test]
async fn the_description_has_every_column() {
    let app = app().await;
    let (_, text) = get(&app, "/api/v1/openapi.json", ALL).await;
    let described: Value = serde_json::from_str(&text).unwrap();
    let needed = described["paths"]["/api/v1/reports/visits"]["get"]["parameters"].as_array().unwrap();
    let needed = needed.iter().filter(|p| p["required"] == true).map(|p| p["name"].as_str().unwrap());
    assert_eq!(needed.collect::<Vec<_>>(), ["center", "queue"]);
    let zones = described["components"]["schemas"]["TimeZone"]["enum"].as_array().unwrap();
    assert!(zones.contains(&"Europe/Berlin".into()), "{zones:?}");
    for (report, schema) in [("queues", "QueuesAnswer"), ("waits", "WaitsAnswer"), ("visits", "VisitsAnswer")] {
        let rows = rows(&app, &format!("/api/v1/reports/{report}?center=main&queue=sales"), ALL).await;
        let properties = &described["components"]["schemas"][schema]["properties"]["rows"]["items"]["properties"];
        for (name, value) in rows[0].as_object().expect("a row") {
            let kinds = &properties[name]["type"];
            let kind = match value {
                Value::Null => "null",
                Value::String(_) => "string",
                Value::Number(n) if n.is_i64() => "integer",
                Value::Number(_) => "number",
                Value::Bool(_) => "boolean",
                Value::Array(_) | Value::Object(_) => "object",
            };
            let fits = |k: &Value| k == kind || (k == "number" && kind == "integer");
            assert!(
                fits(kinds) || kinds.as_array().is_some_and(|k| k.iter().any(fits)),
                "{schema}.{name}: {kinds} {kind}"
            );
        }
    }
}
