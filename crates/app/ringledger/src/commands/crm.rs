//! `crm parked|retry`: rows that a CRM refused for good.

use std::path::PathBuf;
use std::process::ExitCode;

use crm::{Outcome, Row};
use event_log::NewRecord;
use model::{Act, TOPIC_EVENTS};
use serde_json::{Map, Value, json};
use tables::Filter;

use crate::args::{Crm, Format};
use crate::config;
use crate::data_dir;
use crate::failure::Failure;
use crate::output::{print, say};
use crate::parked::{ParkedRow, standing};
use crate::plain;
use crate::run::{services::Services, targets};

/// Runs it.
///
/// # Errors
/// The tables cannot be read, or a row cannot be given again.
pub async fn run(args: Crm) -> Result<ExitCode, Failure> {
    match args {
        Crm::Parked { place, format } => {
            let lake = place.find()?.lake().await?;
            let rows = standing(&lake, &Filter::default()).await?;
            let cells: Vec<_> = rows.iter().map(|p| cells(p, format)).collect();
            print(&plain::objects_as(&cells, format));
            Ok(ExitCode::SUCCESS)
        }
        Crm::Retry { data_dir, files, key } => retry(data_dir, &files, key.as_deref()).await,
    }
}

fn cells(p: &ParkedRow, format: Format) -> Map<String, Value> {
    let mut cells = plain::object([
        ("at", json!(p.event.at.to_rfc3339())),
        ("target", json!(p.target)),
        ("object", json!(p.object)),
        ("call_id", json!(p.call_id)),
        ("key", json!(p.row.as_ref().map(|r| r.key.as_str()))),
        ("reason", json!(p.reason)),
        ("position", json!(p.event.position.to_string())),
    ]);
    if format != Format::Table {
        let payload = p.row.as_ref().map(Row::to_json);
        cells.insert("payload".to_owned(), payload.map_or(Value::Null, Value::Object));
    }
    cells
}

async fn retry(data_dir: Option<PathBuf>, files: &[PathBuf], key: Option<&str>) -> Result<ExitCode, Failure> {
    let config = config::read(files).map_err(|e| Failure::Usage(e.to_string()))?;
    if targets::names(&config).is_empty() {
        return Err(Failure::Usage("the pipeline files name no CRM; give the one with [crm.salesforce]".to_owned()));
    }
    let services = Services::open(config, data_dir).await?;
    let rows = standing(&services.lake, &Filter::default()).await?;
    let wanted = |p: &ParkedRow| key.is_none_or(|k| p.call_id == k || p.row.as_ref().is_some_and(|r| r.key == k));
    let (mut given, mut refused) = (0_usize, false);
    for name in targets::names(&services.config) {
        let known = targets::name_of(&services.config, name);
        let mine: Vec<(&ParkedRow, Row)> =
            rows.iter().filter(|p| p.target == known && wanted(p)).filter_map(|p| Some((p, p.row.clone()?))).collect();
        if mine.is_empty() {
            continue;
        }
        given += mine.len();
        let connected = targets::connect(&services.config, &services.state, name).await;
        let (target, _) = connected.map_err(|e| Failure::Other(e.to_string()))?;
        let outcomes = target.write(mine.iter().map(|(_, row)| row.clone()).collect()).await;
        for ((p, _), outcome) in mine.iter().zip(&outcomes) {
            refused |= tell(&services, p, outcome).await?;
        }
    }
    if given == 0 && key.is_some() {
        return Err(Failure::Usage(nothing(&rows, key)));
    }
    if given == 0 {
        say(&nothing(&rows, key));
    }
    take_in(&services).await?;
    Ok(if refused { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn nothing(rows: &[ParkedRow], key: Option<&str>) -> String {
    match (rows.len(), key) {
        (0, _) => "nothing is parked".to_owned(),
        (n, Some(key)) => format!("none of the {n} parked rows has the key or call {key}; see `ringledger crm parked`"),
        (n, None) => format!("none of the {n} parked rows is of a CRM that the pipeline files name"),
    }
}

/// What was told is folded here where nobody else folds it, so that `crm parked` knows.
async fn take_in(services: &Services) -> Result<(), Failure> {
    if services.embedded.is_none() {
        return Ok(());
    }
    let mut facts = data_dir::facts_of(services).await?;
    facts.run_until_idle(&|_| {}).await?;
    Ok(facts.finish().await?)
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
