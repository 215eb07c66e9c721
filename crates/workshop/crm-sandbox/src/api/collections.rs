//! sObject Collections: up to 200 rows a request, answered row by row in their order.

use axum::Json;
use axum::extract::{Path, Query, State};
use serde::Deserialize;
use serde_json::{Value, json};

use super::records::{key_field, known_object, shown, without_attributes};
use super::sent::Sent;
use crate::error::{ApiError, ApiResult, RowError};
use crate::schema::Object;
use crate::state::Sandbox;
use crate::store::{Record, Write};

/// Rows in one request.
const MOST_ROWS: usize = 200;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Rows {
    #[serde(default)]
    all_or_none: bool,
    records: Vec<Record>,
}

fn limited(count: usize) -> ApiResult<()> {
    if count > MOST_ROWS {
        return Err(ApiError::bad(
            "EXCEEDED_ID_LIMIT",
            "record limit reached. cannot submit more than 200 records in this call",
        ));
    }
    Ok(())
}

fn type_of(row: &Record) -> Option<&str> {
    row.get("attributes")?.get("type")?.as_str()
}

/// The one object of a request; rows must say their type, and the same one.
///
/// Assumption: several types in one create are refused here; Salesforce takes them in
/// chunks, which nothing in this workspace uses.
fn one_object(rows: &[Record]) -> ApiResult<&'static Object> {
    let mut types = rows.iter().map(type_of);
    let first = types.next().flatten().ok_or_else(no_type)?;
    for other in types {
        if !other.ok_or_else(no_type)?.eq_ignore_ascii_case(first) {
            return Err(ApiError::bad("INVALID_FIELD", "the rows of one request must have one type"));
        }
    }
    known_object(first).map_err(|_| ApiError::bad("INVALID_TYPE", format!("sObject type '{first}' is not supported.")))
}

fn no_type() -> ApiError {
    ApiError::bad("JSON_PARSER_ERROR", "The Type field is required in each row's attributes")
}

fn run(sandbox: &Sandbox, object: &'static Object, key: Option<&str>, rows: Rows) -> ApiResult<Json<Value>> {
    limited(rows.records.len())?;
    let records: Vec<Record> = rows.records.into_iter().map(without_attributes).collect();
    for row in &records {
        sandbox.check_well_formed(object, row)?;
    }
    let mut faults = sandbox.faults();
    let write = Write { object, key, rows: records, all_or_none: rows.all_or_none, faults: &mut faults };
    let outcomes = sandbox.inner.store.rows(write)?;
    sandbox.with_faults(|f| f.lock_times = faults.lock_times);
    Ok(Json(outcomes.iter().map(crate::store::Outcome::to_json).collect()))
}

/// `PATCH /composite/sobjects/{object}/{field}`.
pub(super) async fn upsert(
    State(sandbox): State<Sandbox>,
    Path((_, object, field)): Path<(String, String, String)>,
    Sent(rows): Sent<Rows>,
) -> ApiResult<Json<Value>> {
    let object = known_object(&object)?;
    let key = key_field(object, &field)?;
    limited(rows.records.len())?;
    if one_object(&rows.records)?.name != object.name {
        return Err(ApiError::bad("INVALID_FIELD", "the type of the rows is not that of the address"));
    }
    run(&sandbox, object, Some(&key.name), rows)
}

/// `POST /composite/sobjects`.
pub(super) async fn create(State(sandbox): State<Sandbox>, Sent(rows): Sent<Rows>) -> ApiResult<Json<Value>> {
    limited(rows.records.len())?;
    let object = one_object(&rows.records)?;
    if rows.records.iter().any(|r| r.keys().any(|k| k.eq_ignore_ascii_case("id"))) {
        return Err(ApiError::bad("INVALID_FIELD", "cannot specify Id in an insert call"));
    }
    run(&sandbox, object, None, rows)
}

/// `PATCH /composite/sobjects`.
pub(super) async fn update(State(sandbox): State<Sandbox>, Sent(rows): Sent<Rows>) -> ApiResult<Json<Value>> {
    limited(rows.records.len())?;
    let object = one_object(&rows.records)?;
    if rows.records.iter().any(|r| !r.keys().any(|k| k.eq_ignore_ascii_case("id"))) {
        return Err(ApiError::bad("MISSING_ARGUMENT", "Id not specified in an update call"));
    }
    run(&sandbox, object, None, rows)
}

#[derive(Deserialize)]
pub(super) struct Deletion {
    ids: String,
}

/// `DELETE /composite/sobjects?ids=…`.
pub(super) async fn delete(State(sandbox): State<Sandbox>, Query(which): Query<Deletion>) -> ApiResult<Json<Value>> {
    let ids: Vec<&str> = which.ids.split(',').filter(|i| !i.is_empty()).collect();
    limited(ids.len())?;
    let mut out = Vec::new();
    for id in ids {
        out.push(if sandbox.inner.store.delete(id)? {
            json!({ "id": id, "success": true, "errors": [] })
        } else {
            let error = RowError::new("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", &[]);
            json!({ "success": false, "errors": [error] })
        });
    }
    Ok(Json(Value::Array(out)))
}

#[derive(Deserialize)]
pub(super) struct Wanted {
    ids: String,
    fields: String,
}

/// `GET /composite/sobjects/{object}?ids=…&fields=…`.
pub(super) async fn retrieve(
    State(sandbox): State<Sandbox>,
    Path((version, object)): Path<(String, String)>,
    Query(wanted): Query<Wanted>,
) -> ApiResult<Json<Value>> {
    let ids = wanted.ids.split(',').map(str::to_owned).collect();
    let fields = wanted.fields.split(',').map(str::to_owned).collect();
    fetch(&sandbox, &version, &object, ids, fields)
}

#[derive(Deserialize)]
pub(super) struct WantedLists {
    ids: Vec<String>,
    fields: Vec<String>,
}

/// `POST /composite/sobjects/{object}` with lists in the body.
pub(super) async fn retrieve_posted(
    State(sandbox): State<Sandbox>,
    Path((version, object)): Path<(String, String)>,
    Sent(wanted): Sent<WantedLists>,
) -> ApiResult<Json<Value>> {
    fetch(&sandbox, &version, &object, wanted.ids, wanted.fields)
}

fn fetch(
    sandbox: &Sandbox,
    version: &str,
    object: &str,
    ids: Vec<String>,
    fields: Vec<String>,
) -> ApiResult<Json<Value>> {
    let object = known_object(object)?;
    limited(ids.len())?;
    let mut names = vec!["Id".to_owned()];
    for f in &fields {
        let field = object.field(f.trim()).ok_or_else(|| {
            ApiError::bad("INVALID_FIELD", format!("No such column '{f}' on entity '{}'", object.name))
        })?;
        names.push(field.name.clone());
    }
    let mut out = Vec::new();
    for id in ids {
        let found = sandbox.inner.store.get(&id)?.filter(|_| id.starts_with(object.prefix));
        out.push(found.map_or(Value::Null, |r| {
            let picked = r.into_iter().filter(|(k, _)| names.contains(k)).collect();
            shown(object, version, picked)
        }));
    }
    Ok(Json(Value::Array(out)))
}
