//! The pages for people: what the sandbox holds, newest first, with links between records
//! and to recordings.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Html;
use serde_json::Value;

use crate::error::ApiError;
use crate::schema::{self, Kind, Object};
use crate::state::Sandbox;
use crate::store::{Record, parse};

/// Records of one object on the front page.
const SHOWN: u64 = 500;

/// Light and dark as the browser says; tables scroll in their own frame, never the page.
const STYLE: &str = "\
:root{color-scheme:light dark}\
body{font:15px/1.45 system-ui,sans-serif;margin:1.5rem auto;padding:0 1rem;max-width:90rem}\
h1{font-size:1.4rem}h2{font-size:1.1rem;margin:2rem 0 .5rem}\
.frame{overflow-x:auto}.frame td{white-space:nowrap}table{border-collapse:collapse}\
td,th{padding:.3rem .7rem;border-bottom:1px solid light-dark(#d5d9de,#42474d);text-align:left;vertical-align:top}\
th{font-weight:600;background:light-dark(#f4f6f8,#23272b)}\
td.number{text-align:right;font-variant-numeric:tabular-nums}\
.one{width:100%}.one td{overflow-wrap:anywhere}.one th{width:35%}\
small{color:light-dark(#5a6470,#a9b2bc)}a{color:light-dark(#0b5cab,#8ab8ff)}";

const COLUMNS: [(&str, &[&str]); 6] = [
    (
        "Task",
        &[
            "Subject",
            "CallDisposition",
            "CallDurationInSeconds",
            "Recording_URL__c",
            "CallType",
            "ActivityDate",
            "WhoId",
            "WhatId",
        ],
    ),
    (
        "Call_Metric__c",
        &[
            "PBX_Call_Key__c",
            "Outcome__c",
            "Queue__c",
            "Agent__c",
            "Recording_URL__c",
            "Recording_Status__c",
            "Wait_Ms__c",
            "Talk_Ms__c",
            "Match_Status__c",
        ],
    ),
    (
        "Queue_Interval_Metric__c",
        &["Queue__c", "Interval_Start__c", "Offered__c", "Answered__c", "Abandoned__c", "Answered_In_Sl__c"],
    ),
    ("Account", &["Name", "AccountNumber", "Phone"]),
    ("Contact", &["FirstName", "LastName", "Phone", "AccountId"]),
    ("Lead", &["FirstName", "LastName", "Company", "Phone", "MobilePhone"]),
];

/// `GET /`.
pub(crate) async fn index(State(sandbox): State<Sandbox>) -> Result<Html<String>, ApiError> {
    let mut body = String::from(
        "<h1>CRM sandbox</h1><p>What was written here, newest first. It answers as Salesforce's REST, Collections and Bulk 2.0 interfaces do.</p>",
    );
    for (name, columns) in COLUMNS {
        let Some(object) = schema::object(name) else { continue };
        let total = sandbox.inner.store.count(name)?;
        let note = if total > SHOWN { format!("{total}, the newest {SHOWN} shown") } else { total.to_string() };
        body.push_str(&format!("<h2>{name} <small>{note}</small></h2>"));
        if total == 0 {
            body.push_str("<p><small>none yet</small></p>");
            continue;
        }
        let rows = table(object, columns, &newest(&sandbox, name)?);
        // A frame that scrolls is a region that the keyboard reaches.
        body.push_str(&format!(
            "<div class=\"frame\" role=\"region\" aria-label=\"{name}\" tabindex=\"0\">{rows}</div>"
        ));
    }
    Ok(Html(document("CRM sandbox", &body)))
}

fn newest(sandbox: &Sandbox, object: &str) -> rusqlite::Result<Vec<Record>> {
    let db = sandbox.inner.store.db();
    let mut statement = db.prepare("SELECT data FROM record WHERE object = ?1 ORDER BY seq DESC LIMIT ?2")?;
    let rows = statement.query_map(rusqlite::params![object, SHOWN.cast_signed()], |r| r.get::<_, String>(0))?;
    rows.map(|r| r.map(|t| parse(&t))).collect()
}

fn table(object: &Object, columns: &[&str], records: &[Record]) -> String {
    let mut out = String::from("<table><tr><th scope=\"col\">Id</th>");
    for c in columns {
        out.push_str(&format!("<th scope=\"col\">{}</th>", escape(c)));
    }
    out.push_str("</tr>");
    for r in records {
        out.push_str(&format!("<tr><td>{}</td>", record_link(&plain(r.get("Id")))));
        for c in columns {
            let class = if r.get(*c).is_some_and(Value::is_number) { " class=\"number\"" } else { "" };
            out.push_str(&format!("<td{class}>{}</td>", cell(object, c, r.get(*c))));
        }
        out.push_str("</tr>");
    }
    out + "</table>"
}

/// `GET /records/{id}`.
pub(crate) async fn record(State(sandbox): State<Sandbox>, Path(id): Path<String>) -> Result<Html<String>, ApiError> {
    let missing = || ApiError::new(StatusCode::NOT_FOUND, "NOT_FOUND", "no such record");
    let found = sandbox.inner.store.get(&id)?.ok_or_else(missing)?;
    let object = schema::object_of_id(&id).ok_or_else(missing)?;
    let mut body = format!("<p><a href=\"/\">All records</a></p><h1>{}</h1><table class=\"one\">", escape(object.name));
    for (name, value) in &found {
        body.push_str(&format!(
            "<tr><th scope=\"row\">{}</th><td>{}</td></tr>",
            breakable(name),
            cell(object, name, Some(value))
        ));
    }
    Ok(Html(document(object.name, &(body + "</table>"))))
}

/// A field's name that may be broken between its words.
fn breakable(name: &str) -> String {
    let mut out = String::new();
    let mut before = '_';
    for c in name.chars() {
        if c.is_ascii_uppercase() && !before.is_ascii_uppercase() && !out.is_empty() {
            out.push_str("<wbr>");
        }
        out.push_str(&escape(c.encode_utf8(&mut [0; 4])));
        before = c;
    }
    out
}

fn cell(object: &Object, name: &str, value: Option<&Value>) -> String {
    let text = plain(value);
    if text.is_empty() {
        return "–".to_owned();
    }
    match object.field(name).map(|f| f.kind) {
        Some(Kind::Url) if text.starts_with("http://") || text.starts_with("https://") => {
            format!("<a href=\"{0}\" rel=\"noreferrer\">{0}</a>", escape(&text))
        }
        Some(Kind::Id | Kind::Reference(_)) => record_link(&text),
        _ => escape(&text),
    }
}

fn record_link(id: &str) -> String {
    format!("<a href=\"/records/{0}\">{0}</a>", escape(id))
}

fn plain(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(s)) => s.clone(),
        Some(v) => v.to_string(),
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

fn document(title: &str, body: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>{}</title>\
         <link rel=\"icon\" href=\"data:,\"><style>{STYLE}</style></head><body><main>{body}</main></body></html>",
        escape(title)
    )
}
