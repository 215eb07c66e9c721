//! Bulk API 2.0 ingest: a job is created, its CSV uploaded, closed, worked off, and its
//! results fetched as CSV. Paths of the results are case-insensitive.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::records::{key_field, known_object};
use super::sent::Sent;
use crate::error::{ApiError, ApiResult};
use crate::state::Sandbox;
use crate::store::{Job, JobText, now_text};

/// Most bytes of one upload, before encoding.
const MOST_BYTES: usize = 100 * 1024 * 1024;

fn job(sandbox: &Sandbox, id: &str) -> ApiResult<Job> {
    let found = sandbox.inner.store.job(id)?;
    found.ok_or_else(|| ApiError::not_found("The requested resource does not exist"))
}

pub(super) fn text<'a>(job: &'a Job, name: &str) -> &'a str {
    job.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// `POST /jobs/ingest`.
pub(super) async fn create(
    State(sandbox): State<Sandbox>,
    Path(version): Path<String>,
    Sent(body): Sent<Job>,
) -> ApiResult<Json<Job>> {
    let object = known_object(text(&body, "object"))
        .map_err(|_| ApiError::bad("INVALIDENTITY", format!("Unable to find object: {}", text(&body, "object"))))?;
    let operation = text(&body, "operation");
    if !["insert", "upsert", "update", "delete"].contains(&operation) {
        return Err(ApiError::bad("INVALIDJOB", format!("operation '{operation}' is not supported")));
    }
    let key = text(&body, "externalIdFieldName");
    if operation == "upsert" && !key.eq_ignore_ascii_case("id") {
        key_field(object, key)
            .map_err(|_| ApiError::bad("INVALIDJOB", format!("InvalidJob : Field name not found : {key}")))?;
    }
    if !matches!(text(&body, "contentType"), "" | "CSV") {
        return Err(ApiError::bad("INVALIDJOB", "contentType must be CSV"));
    }
    let id = format!("750{}AAA", (0..12).map(|_| fastrand::alphanumeric()).collect::<String>());
    let info = new_job(&id, &version, object.name, &body);
    sandbox.inner.store.put_job(&id, &info)?;
    Ok(Json(info))
}

/// What a job says of itself when it is new.
fn new_job(id: &str, version: &str, object: &str, body: &Job) -> Job {
    let (operation, key) = (text(body, "operation"), text(body, "externalIdFieldName"));
    let mut info = Job::new();
    let or = |name: &str, default: &str| {
        if text(body, name).is_empty() { default.to_owned() } else { text(body, name).to_owned() }
    };
    for (name, value) in [
        ("id", json!(id)),
        ("operation", json!(operation)),
        ("object", json!(object)),
        ("createdById", json!("005000000000001AAA")),
        ("createdDate", json!(now_text())),
        ("systemModstamp", json!(now_text())),
        ("state", json!("Open")),
        ("externalIdFieldName", if key.is_empty() { Value::Null } else { json!(key) }),
        ("concurrencyMode", json!("Parallel")),
        ("contentType", json!("CSV")),
        ("apiVersion", json!(version.trim_start_matches('v').parse::<f64>().unwrap_or(59.0))),
        ("contentUrl", json!(format!("services/data/{version}/jobs/ingest/{id}/batches"))),
        ("lineEnding", json!(or("lineEnding", "LF"))),
        ("columnDelimiter", json!(or("columnDelimiter", "COMMA"))),
        ("jobType", json!("V2Ingest")),
    ] {
        info.insert(name.into(), value);
    }
    info
}

/// `PUT /jobs/ingest/{id}/batches`: exactly 201.
pub(super) async fn upload(
    State(sandbox): State<Sandbox>,
    Path((_, id, part)): Path<(String, String, String)>,
    body: bytes::Bytes,
) -> ApiResult<StatusCode> {
    if !part.eq_ignore_ascii_case("batches") {
        return Err(ApiError::not_found("The requested resource does not exist"));
    }
    let job = job(&sandbox, &id)?;
    if text(&job, "state") != "Open" {
        return Err(ApiError::bad("INVALIDJOBSTATE", "data can be uploaded to an open job only"));
    }
    if body.len() > MOST_BYTES {
        return Err(ApiError::bad("EXCEEDEDQUOTA", "the file is larger than 100 MB"));
    }
    if sandbox.inner.store.job_text(&id, JobText::Csv)?.is_some() {
        return Err(ApiError::bad("INVALIDJOBSTATE", "the job has its data already; one upload a job"));
    }
    let csv = std::str::from_utf8(&body).map_err(|e| ApiError::bad("INVALIDBATCH", format!("not UTF-8: {e}")))?;
    sandbox.inner.store.put_job_text(&id, JobText::Csv, csv)?;
    Ok(StatusCode::CREATED)
}

/// `PATCH /jobs/ingest/{id}` with the new state.
pub(super) async fn change(
    State(sandbox): State<Sandbox>,
    Path((_, id)): Path<(String, String)>,
    Sent(change): Sent<Job>,
) -> ApiResult<Json<Job>> {
    let mut job = job(&sandbox, &id)?;
    let state = text(&change, "state").to_owned();
    let allowed = matches!(
        (text(&job, "state"), state.as_str()),
        ("Open", "UploadComplete") | ("Open" | "UploadComplete" | "InProgress", "Aborted")
    );
    if !allowed {
        let text = format!("a job that is {} cannot become {state}", text(&job, "state"));
        return Err(ApiError::bad("INVALIDJOBSTATE", text));
    }
    job.insert("state".into(), json!(state));
    job.insert("systemModstamp".into(), json!(now_text()));
    sandbox.inner.store.put_job(&id, &job)?;
    if state == "UploadComplete" {
        let worker = sandbox.clone();
        tokio::task::spawn_blocking(move || super::bulk_csv::work(&worker, &id));
    }
    Ok(Json(job))
}

/// `GET /jobs/ingest/{id}`.
pub(super) async fn info(
    State(sandbox): State<Sandbox>,
    Path((_, id)): Path<(String, String)>,
) -> ApiResult<Json<Job>> {
    let mut job = job(&sandbox, &id)?;
    if text(&job, "state") == "JobComplete" && sandbox.with_faults(|f| crate::faults::take(&mut f.bulk_polls)) {
        job.insert("state".into(), json!("InProgress"));
    }
    Ok(Json(job))
}

/// `GET /jobs/ingest`.
pub(super) async fn list(State(sandbox): State<Sandbox>) -> ApiResult<Json<Value>> {
    Ok(Json(json!({ "done": true, "records": sandbox.inner.store.jobs()?, "nextRecordsUrl": null })))
}

/// `DELETE /jobs/ingest/{id}`.
pub(super) async fn delete(
    State(sandbox): State<Sandbox>,
    Path((_, id)): Path<(String, String)>,
) -> ApiResult<StatusCode> {
    let job = job(&sandbox, &id)?;
    if matches!(text(&job, "state"), "UploadComplete" | "InProgress") {
        return Err(ApiError::bad("INVALIDJOBSTATE", "a job at work cannot be deleted"));
    }
    sandbox.inner.store.delete_job(&id)?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /jobs/ingest/{id}/successfulResults|failedResults|unprocessedrecords`.
pub(super) async fn results(
    State(sandbox): State<Sandbox>,
    Path((_, id, part)): Path<(String, String, String)>,
) -> ApiResult<Response> {
    let which = match part.to_ascii_lowercase().as_str() {
        "successfulresults" => JobText::Successful,
        "failedresults" => JobText::Failed,
        "unprocessedrecords" => JobText::Unprocessed,
        _ => return Err(ApiError::not_found("The requested resource does not exist")),
    };
    let job = job(&sandbox, &id)?;
    if !matches!(text(&job, "state"), "JobComplete" | "Failed" | "Aborted") {
        return Err(ApiError::bad("INVALIDJOBSTATE", "the job has no results yet"));
    }
    let csv = sandbox.inner.store.job_text(&id, which)?.unwrap_or_default();
    Ok(([(header::CONTENT_TYPE, "text/csv")], csv).into_response())
}
