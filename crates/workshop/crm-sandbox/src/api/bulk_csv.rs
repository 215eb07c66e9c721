//! Working off a bulk job: CSV in, rows written 200 at a time, three CSVs out.
//!
//! Result files are `"sf__Id","sf__Created",…` and `"sf__Id","sf__Error",…`, as the
//! documentation gives them. Assumption: the rows of the results are put in another
//! order than those of the upload (the documentation promises none), so that no client
//! can lean on it.

use serde_json::{Value, json};

use super::bulk::text;
use crate::schema::{self, Kind, Object};
use crate::state::Sandbox;
use crate::store::{Job, JobText, Outcome, Record, Write, now_text};

struct Table {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
}

/// Works the job off; what goes wrong ends in the job's state.
pub(super) fn work(sandbox: &Sandbox, id: &str) {
    let store = &sandbox.inner.store;
    let Ok(Some(mut job)) = store.job(id) else { return };
    job.insert("state".into(), json!("InProgress"));
    if let Err(e) = store.put_job(id, &job) {
        tracing::error!(job = id, "the sandbox cannot keep a job's state: {e}");
        return;
    }
    if let Err(reason) = run(sandbox, id, &mut job) {
        job.insert("state".into(), json!("Failed"));
        job.insert("errorMessage".into(), json!(reason));
    }
    job.insert("systemModstamp".into(), json!(now_text()));
    if let Err(e) = store.put_job(id, &job) {
        tracing::error!(job = id, "the sandbox cannot keep a job's state: {e}");
    }
}

fn run(sandbox: &Sandbox, id: &str, job: &mut Job) -> Result<(), String> {
    let store = &sandbox.inner.store;
    let csv = store.job_text(id, JobText::Csv).map_err(|e| e.to_string())?.unwrap_or_default();
    let object = schema::object(text(job, "object")).ok_or("unknown object")?;
    let table = read(&csv, text(job, "columnDelimiter"))?;
    check_header(object, &table.header)?;
    let key = match text(job, "externalIdFieldName") {
        "" => None,
        k if k.eq_ignore_ascii_case("id") => None,
        k => Some(k.to_owned()),
    };
    let mut done = Vec::with_capacity(table.rows.len());
    for chunk in table.rows.chunks(200) {
        done.extend(write(sandbox, object, key.as_deref(), &table.header, chunk)?);
    }
    let failed = done.iter().filter(|o| !o.success).count();
    let (successful, failures) = results(&table, &done)?;
    store.put_job_text(id, JobText::Successful, &successful).map_err(|e| e.to_string())?;
    store.put_job_text(id, JobText::Failed, &failures).map_err(|e| e.to_string())?;
    store
        .put_job_text(id, JobText::Unprocessed, &line(table.header.iter().map(String::as_str))?)
        .map_err(|e| e.to_string())?;
    job.insert("state".into(), json!("JobComplete"));
    job.insert("numberRecordsProcessed".into(), json!(done.len()));
    job.insert("numberRecordsFailed".into(), json!(failed));
    job.insert("retries".into(), json!(0));
    job.insert("totalProcessingTime".into(), json!(1));
    Ok(())
}

fn read(csv: &str, delimiter: &str) -> Result<Table, String> {
    let delimiter = match delimiter {
        "TAB" => b'\t',
        "SEMICOLON" => b';',
        "PIPE" => b'|',
        "CARET" => b'^',
        "BACKQUOTE" => b'`',
        _ => b',',
    };
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).from_reader(csv.as_bytes());
    let owned = |r: &csv::StringRecord| r.iter().map(str::to_owned).collect::<Vec<_>>();
    let header = owned(reader.headers().map_err(|e| format!("InvalidBatch : {e}"))?);
    let rows = reader
        .records()
        .map(|r| r.map(|r| owned(&r)))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|e| format!("InvalidBatch : {e}"))?;
    Ok(Table { header, rows })
}

/// Some clients put a leading `Id` column in front and leave it blank on an upsert.
fn check_header(object: &Object, header: &[String]) -> Result<(), String> {
    match header.iter().find(|h| object.field(h).is_none() && !h.is_empty()) {
        Some(h) => Err(format!("InvalidBatch : Field name not found : {h}")),
        None => Ok(()),
    }
}

fn write(
    sandbox: &Sandbox,
    object: &'static Object,
    key: Option<&str>,
    header: &[String],
    chunk: &[Vec<String>],
) -> Result<Vec<Outcome>, String> {
    let mut out: Vec<Option<Outcome>> = Vec::new();
    let mut rows = Vec::new();
    for cells in chunk {
        let row = row(object, header, cells);
        match sandbox.check_well_formed(object, &row) {
            Ok(()) => {
                rows.push(row);
                out.push(None);
            }
            Err(e) => out.push(Some(Outcome::failed(vec![e]))),
        }
    }
    let mut faults = sandbox.faults();
    let write = Write { object, key, rows, all_or_none: false, faults: &mut faults };
    let _with_others = sandbox.inner.gate.blocking_read();
    let mut written = sandbox.inner.store.rows(write).map_err(|e| e.to_string())?.into_iter();
    sandbox.with_faults(|f| f.lock_times = faults.lock_times);
    Ok(out.into_iter().filter_map(|o| o.or_else(|| written.next())).collect())
}

/// `#N/A` sets null, an empty cell sets nothing.
fn row(object: &Object, header: &[String], cells: &[String]) -> Record {
    let mut row = Record::new();
    for (name, cell) in header.iter().zip(cells) {
        let Some(field) = object.field(name).filter(|_| !cell.is_empty()) else { continue };
        let value = match field.kind {
            _ if cell == "#N/A" => Value::Null,
            Kind::Boolean => json!(cell.eq_ignore_ascii_case("true") || cell == "1"),
            Kind::Double | Kind::Int => cell.parse::<f64>().map_or_else(|_| json!(cell), |n| json!(n)),
            _ => json!(cell),
        };
        row.insert(field.name.clone(), value);
    }
    row
}

fn results(table: &Table, done: &[Outcome]) -> Result<(String, String), String> {
    let head = |second| ["sf__Id", second].into_iter().chain(table.header.iter().map(String::as_str));
    let mut successful = line(head("sf__Created"))?;
    let mut failures = line(head("sf__Error"))?;
    for (cells, outcome) in table.rows.iter().zip(done).rev() {
        let id = outcome.id.as_deref().unwrap_or_default();
        let rest = cells.iter().map(String::as_str);
        if outcome.success {
            let created = if outcome.created { "true" } else { "false" };
            successful.push_str(&line([id, created].into_iter().chain(rest))?);
        } else {
            let error = outcome
                .errors
                .first()
                .map_or_else(String::new, |e| format!("{}:{}:{} --", e.code, e.message, e.fields.join(",")));
            failures.push_str(&line([id, &error].into_iter().chain(rest))?);
        }
    }
    Ok((successful, failures))
}

fn line<'a>(cells: impl Iterator<Item = &'a str>) -> Result<String, String> {
    let mut writer = csv::WriterBuilder::new().quote_style(csv::QuoteStyle::Always).from_writer(Vec::new());
    writer.write_record(cells).map_err(|e| e.to_string())?;
    let bytes = writer.into_inner().map_err(|e| e.to_string())?;
    String::from_utf8(bytes).map_err(|e| e.to_string())
}
