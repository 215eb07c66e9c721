//! `crm parked|retry`: rows that a CRM refused for good.

use std::collections::HashMap;
use std::process::ExitCode;

use crm::{Outcome, Row};
use event_log::NewRecord;
use model::facts::EventRow;
use model::{Act, TOPIC_EVENTS};
use serde_json::{Map, Value, json};
use tables::{Filter, Lake};

use crate::args::Crm;
use crate::config;
use crate::data_dir;
use crate::failure::Failure;
use crate::output::{print, say};
use crate::plain;
use crate::run::{services::Services, targets};

/// A parked row, with the event that says so.
struct ParkedRow {
    event: EventRow,
    target: String,
    object: String,
    call_id: String,
    reason: String,
    row: String,
}

/// Runs it.
///
/// # Errors
/// The tables cannot be read, or a row cannot be given again.
pub async fn run(args: Crm) -> Result<ExitCode, Failure> {
    match args {
        Crm::Parked { data, format } => {
            let lake = data_dir::open_lake(&data.data_dir).await?;
            let rows: Vec<Map<String, Value>> = parked(&lake).await?.iter().map(cells).collect();
            print(&plain::objects_as(&rows, format));
            Ok(ExitCode::SUCCESS)
        }
        Crm::Retry { data, files, key } => {
            let config = config::read(&files).map_err(|e| Failure::Usage(e.to_string()))?;
            let services = Services::open(config, Some(data.data_dir)).await?;
            retry(&services, key.as_deref()).await
        }
    }
}

fn cells(p: &ParkedRow) -> Map<String, Value> {
    let row: Value = serde_json::from_str(&p.row).unwrap_or(Value::Null);
    let cells = [
        ("at", json!(p.event.at.to_rfc3339())),
        ("target", json!(p.target)),
        ("object", json!(p.object)),
        ("call_id", json!(p.call_id)),
        ("key", row.get("key").cloned().unwrap_or(Value::Null)),
        ("reason", json!(p.reason)),
        ("position", json!(p.event.position.to_string())),
    ];
    cells.into_iter().map(|(k, v)| (k.to_owned(), v)).collect()
}

/// Rows that were parked and not written since, oldest first.
async fn parked(lake: &Lake) -> Result<Vec<ParkedRow>, Failure> {
    let mut events = lake.events(&Filter::default()).await?;
    events.retain(|e| e.kind == "Acted" && e.source == "/ringledger/crm");
    events.sort_by_key(|e| e.position);
    let mut standing: HashMap<(String, String, String), ParkedRow> = HashMap::new();
    for event in events {
        let details: Value = serde_json::from_str(&event.details).unwrap_or(Value::Null);
        let Ok(act) = serde_json::from_value::<Act>(details.get("Acted").cloned().unwrap_or(details)) else { continue };
        match act {
            Act::CrmWritten { call_id, target, object, .. } => {
                standing.remove(&(target.to_string(), object.to_string(), call_id.to_string()));
            }
            Act::CrmParked { call_id, target, object, reason, row } => {
                let (target, object, call_id) = (target.to_string(), object.to_string(), call_id.to_string());
                let key = (target.clone(), object.clone(), call_id.clone());
                standing.insert(key, ParkedRow { event, target, object, call_id, reason, row });
            }
            _ => {}
        }
    }
    let mut rows: Vec<ParkedRow> = standing.into_values().collect();
    rows.sort_by_key(|p| p.event.position);
    Ok(rows)
}

async fn retry(services: &Services, key: Option<&str>) -> Result<ExitCode, Failure> {
    let mut refused = false;
    let wanted = |p: &ParkedRow| key.is_none_or(|k| p.call_id == k || p.row.contains(&format!("\"key\":\"{k}\"")));
    let rows = parked(&services.lake).await?;
    for name in targets::names(&services.config) {
        let mine: Vec<&ParkedRow> = rows.iter().filter(|p| p.target == name && wanted(p)).collect();
        if mine.is_empty() {
            continue;
        }
        let connected = targets::connect(&services.config, &services.root, name).await;
        let (target, _) = connected.map_err(|e| Failure::Other(e.to_string()))?;
        let given: Vec<Row> = mine.iter().filter_map(|p| serde_json::from_str(&p.row).ok()).collect();
        let outcomes = target.write(given).await;
        for (p, outcome) in mine.iter().zip(&outcomes) {
            refused |= tell(services, p, outcome).await?;
        }
    }
    Ok(if refused { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Says what became of a row, to the person and to the log; `true` where it still stands.
async fn tell(services: &Services, p: &ParkedRow, outcome: &Outcome) -> Result<bool, Failure> {
    match outcome {
        Outcome::Parked(parked) => {
            say(&format!("{} {}: still refused: {}: {}", p.object, p.call_id, parked.code, parked.reason));
            Ok(true)
        }
        Outcome::Later(later) => {
            say(&format!("{} {}: not now: {}", p.object, p.call_id, later.message));
            Ok(true)
        }
        Outcome::Written { id, .. } => {
            say(&format!("{} {}: written", p.object, p.call_id));
            let act = Act::CrmWritten {
                call_id: p.call_id.as_str().into(),
                target: p.target.as_str().into(),
                object: p.object.as_str().into(),
                record_id: id.as_deref().map(Into::into),
                revision: 0,
            };
            let now = pipeline::clock::now();
            let place = (&p.event.center, &p.event.switch);
            let envelope_id = format!("retry-{}-{}", p.event.position, now.0);
            let envelope = act.envelope("crm", envelope_id.into(), place, p.event.at, now);
            services.log.append(TOPIC_EVENTS, vec![NewRecord::event(&envelope)]).await?;
            Ok(false)
        }
    }
}
