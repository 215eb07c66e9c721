//! Single records: create, read, update, delete, and upsert by external id.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::sent::Sent;
use crate::error::{ApiError, ApiResult};
use crate::schema::{self, Field, Object};
use crate::state::Sandbox;
use crate::store::{Outcome, Record, Write};

pub(super) fn known_object(name: &str) -> ApiResult<&'static Object> {
    schema::object(name).ok_or_else(|| ApiError::not_found("The requested resource does not exist"))
}

/// The field of an upsert: unknown, or no external id, is 404.
pub(super) fn key_field(object: &'static Object, name: &str) -> ApiResult<&'static Field> {
    object.field(name).filter(|f| f.id_lookup).ok_or_else(|| {
        ApiError::not_found("Provided external ID field does not exist or is not accessible: ".to_owned() + name)
    })
}

/// A record as answers show it, with its `attributes` first.
pub(super) fn shown(object: &Object, version: &str, record: Record) -> Value {
    let id = record.get("Id").and_then(Value::as_str).unwrap_or_default();
    let url = format!("/services/data/{version}/sobjects/{}/{id}", object.name);
    let mut out = Record::new();
    out.insert("attributes".into(), json!({ "type": object.name, "url": url }));
    out.extend(record);
    Value::Object(out)
}

pub(super) fn without_attributes(mut row: Record) -> Record {
    row.shift_remove("attributes");
    row
}

async fn write(sandbox: &Sandbox, object: &'static Object, key: Option<&str>, row: Record) -> ApiResult<Outcome> {
    sandbox.check_well_formed(object, &row)?;
    let mut faults = sandbox.faults();
    let write = Write { object, key, rows: vec![row], all_or_none: false, faults: &mut faults };
    let outcomes = sandbox.inner.store.rows(write)?;
    sandbox.with_faults(|f| f.lock_times = faults.lock_times);
    outcomes
        .into_iter()
        .next()
        .ok_or_else(|| ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "UNKNOWN_EXCEPTION", "no outcome"))
}

fn first_error(outcome: &Outcome) -> ApiError {
    outcome
        .errors
        .first()
        .cloned()
        .map_or_else(|| ApiError::bad("UNKNOWN_EXCEPTION", "no reason given"), ApiError::from)
}

/// `POST /sobjects/{object}`.
pub(super) async fn create(
    State(sandbox): State<Sandbox>,
    Path((_, object)): Path<(String, String)>,
    Sent(row): Sent<Record>,
) -> ApiResult<Response> {
    let outcome = write(&sandbox, known_object(&object)?, None, without_attributes(row)).await?;
    if !outcome.success {
        return Err(first_error(&outcome));
    }
    Ok((StatusCode::CREATED, Json(json!({ "id": outcome.id, "success": true, "errors": [] }))).into_response())
}

/// `GET /sobjects/{object}/{id}`.
pub(super) async fn get(
    State(sandbox): State<Sandbox>,
    Path((version, object, id)): Path<(String, String, String)>,
) -> ApiResult<Json<Value>> {
    let object = known_object(&object)?;
    let record = sandbox.inner.store.get(&id)?.filter(|_| id.starts_with(object.prefix));
    let record = record.ok_or_else(|| ApiError::not_found("Provided Id does not exist or is not accessible"))?;
    Ok(Json(shown(object, &version, record)))
}

/// `PATCH /sobjects/{object}/{id}`.
pub(super) async fn update(
    State(sandbox): State<Sandbox>,
    Path((_, object, id)): Path<(String, String, String)>,
    Sent(row): Sent<Record>,
) -> ApiResult<StatusCode> {
    let object = known_object(&object)?;
    let mut row = without_attributes(row);
    row.insert("Id".into(), json!(id));
    let outcome = write(&sandbox, object, None, row).await?;
    if outcome.success { Ok(StatusCode::NO_CONTENT) } else { Err(first_error(&outcome)) }
}

/// `DELETE /sobjects/{object}/{id}`.
pub(super) async fn delete(
    State(sandbox): State<Sandbox>,
    Path((_, object, id)): Path<(String, String, String)>,
) -> ApiResult<StatusCode> {
    let object = known_object(&object)?;
    if id.starts_with(object.prefix) && sandbox.inner.store.delete(&id)? {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(ApiError::not_found("Provided Id does not exist or is not accessible"))
}

type KeyPath = Path<(String, String, String, String)>;

/// `GET /sobjects/{object}/{field}/{value}`.
pub(super) async fn get_by_key(
    State(sandbox): State<Sandbox>,
    Path((version, object, field, value)): KeyPath,
) -> ApiResult<Response> {
    let object = known_object(&object)?;
    let field = key_field(object, &field)?;
    let mut found = sandbox.inner.store.find(object, &field.name, &value)?;
    match found.len() {
        0 => Err(ApiError::not_found("The requested resource does not exist")),
        1 => Ok(Json(shown(object, &version, found.remove(0))).into_response()),
        _ => Ok(several(object, &version, ids(&found))),
    }
}

/// `DELETE /sobjects/{object}/{field}/{value}`.
pub(super) async fn delete_by_key(
    State(sandbox): State<Sandbox>,
    Path((version, object, field, value)): KeyPath,
) -> ApiResult<Response> {
    let object = known_object(&object)?;
    let field = key_field(object, &field)?;
    let found = ids(&sandbox.inner.store.find(object, &field.name, &value)?);
    match found.as_slice() {
        [] => Err(ApiError::not_found("The requested resource does not exist")),
        [id] => {
            sandbox.inner.store.delete(id)?;
            Ok(StatusCode::NO_CONTENT.into_response())
        }
        _ => Ok(several(object, &version, found)),
    }
}

fn ids(records: &[Record]) -> Vec<String> {
    records.iter().filter_map(|r| r.get("Id").and_then(Value::as_str)).map(str::to_owned).collect()
}

fn several(object: &Object, version: &str, ids: Vec<String>) -> Response {
    let urls: Vec<String> =
        ids.iter().map(|id| format!("/services/data/{version}/sobjects/{}/{id}", object.name)).collect();
    (StatusCode::MULTIPLE_CHOICES, Json(json!(urls))).into_response()
}

/// `PATCH /sobjects/{object}/{field}/{value}`: 201 created, 200 updated, 300 several.
pub(super) async fn upsert(
    State(sandbox): State<Sandbox>,
    Path((version, object, field, value)): KeyPath,
    Sent(row): Sent<Record>,
) -> ApiResult<Response> {
    let object = known_object(&object)?;
    let field = key_field(object, &field)?;
    let mut row = without_attributes(row);
    row.insert(field.name.clone(), json!(value));
    let outcome = write(&sandbox, object, Some(&field.name), row).await?;
    if outcome.several.len() > 1 {
        return Ok(several(object, &version, outcome.several));
    }
    let Some(id) = outcome.id.clone().filter(|_| outcome.success) else { return Err(first_error(&outcome)) };
    // Since API version 46 an update answers 200 with a body; before, 204 without one.
    let old = version.trim_start_matches('v').parse::<f32>().is_ok_and(|v| v < 46.0);
    let body = json!({ "id": id, "success": true, "errors": [], "created": outcome.created });
    let location: HeaderName = header::LOCATION;
    let url = format!("/services/data/{version}/sobjects/{}/{id}", object.name);
    Ok(match (outcome.created, old) {
        (true, _) => (StatusCode::CREATED, [(location, url)], Json(body)).into_response(),
        (false, true) => StatusCode::NO_CONTENT.into_response(),
        (false, false) => (StatusCode::OK, Json(body)).into_response(),
    })
}
