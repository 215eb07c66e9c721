//! `crm parked|retry`: rows that a CRM refused for good.

use std::path::PathBuf;
use std::process::ExitCode;

use crm::Row;
use serde_json::{Map, Value, json};
use tables::Filter;

use crate::args::{Crm, Format};
use crate::config;
use crate::data_dir;
use crate::failure::Failure;
use crate::output::{print, say};
use crate::parked::{Given, ParkedRow, give, standing};
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
    let known: Vec<String> =
        targets::names(&services.config).iter().map(|n| targets::name_of(&services.config, n)).collect();
    let asked = |p: &ParkedRow| key.is_none_or(|k| p.call_id == k || p.row.as_ref().is_some_and(|r| r.key == k));
    let wanted: Vec<&ParkedRow> =
        rows.iter().filter(|p| p.row.is_some() && known.contains(&p.target) && asked(p)).collect();
    if wanted.is_empty() && key.is_some() {
        return Err(Failure::Usage(nothing(&rows, key)));
    }
    if wanted.is_empty() {
        say(&nothing(&rows, key));
    }
    let given = give(&services, &wanted, "the command line").await?.outcomes;
    wanted.iter().zip(&given).for_each(|(p, given)| tell(p, given));
    data_dir::fold_here(&services).await?;
    let refused = given.iter().any(|g| *g != Given::Written);
    Ok(if refused { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Says what became of a row to the person.
fn tell(p: &ParkedRow, given: &Given) {
    let text = match given {
        Given::Written => "written".to_owned(),
        Given::Refused(text) => format!("still refused: {text}"),
        Given::Later(text) => format!("not now: {text}"),
        Given::Not(text) => format!("not given: {text}"),
    };
    say(&format!("{} {}: {text}", p.object, p.call_id));
}

fn nothing(rows: &[ParkedRow], key: Option<&str>) -> String {
    match (rows.len(), key) {
        (0, _) => "nothing is parked".to_owned(),
        (n, Some(key)) => format!("none of the {n} parked rows has the key or call {key}; see `ringledger crm parked`"),
        (n, None) => format!("none of the {n} parked rows is of a CRM that the pipeline files name"),
    }
}
