//! `/query` and `/search`.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use serde::Deserialize;
use serde_json::{Value, json};

use super::records::shown;
use crate::error::{ApiError, ApiResult};
use crate::query::{Selected, soql, sosl};
use crate::state::Sandbox;

/// Rows of one answer, unless the client asks for less (at least 200, as documented).
const PAGE: usize = 2_000;

#[derive(Deserialize)]
pub(super) struct Asked {
    q: String,
}

fn text(asked: Result<Query<Asked>, QueryRejection>) -> ApiResult<String> {
    let Query(asked) = asked.map_err(|_| ApiError::bad("MALFORMED_QUERY", "the parameter q holds no query"))?;
    Ok(asked.q)
}

/// `GET /query?q=…`.
pub(super) async fn query(
    State(sandbox): State<Sandbox>,
    Path(version): Path<String>,
    headers: HeaderMap,
    asked: Result<Query<Asked>, QueryRejection>,
) -> ApiResult<Json<Value>> {
    page(&sandbox, &version, &text(asked)?, 0, page_size(&headers), None)
}

/// `GET /query/{cursor}`, the `nextRecordsUrl` of an earlier answer.
pub(super) async fn more(
    State(sandbox): State<Sandbox>,
    Path((version, cursor)): Path<(String, String)>,
    headers: HeaderMap,
) -> ApiResult<Json<Value>> {
    let invalid = || ApiError::bad("INVALID_QUERY_LOCATOR", "invalid query locator");
    let (id, offset) = cursor.split_once('-').ok_or_else(invalid)?;
    let soql = sandbox.cursor(id).ok_or_else(invalid)?;
    let offset = offset.parse().map_err(|_| invalid())?;
    page(&sandbox, &version, &soql, offset, page_size(&headers), Some(id))
}

fn page_size(headers: &HeaderMap) -> usize {
    headers
        .get("Sforce-Query-Options")
        .and_then(|v| v.to_str().ok())
        .and_then(|v| v.split(',').find_map(|o| o.trim().strip_prefix("batchSize=")))
        .and_then(|n| n.parse::<usize>().ok())
        .map_or(PAGE, |n| n.clamp(200, PAGE))
}

fn page(
    sandbox: &Sandbox,
    version: &str,
    text: &str,
    offset: usize,
    size: usize,
    cursor: Option<&str>,
) -> ApiResult<Json<Value>> {
    let query = soql::parse(text).map_err(|e| ApiError::bad(e.code, e.message))?;
    let Selected { total, rows } = query.run(&sandbox.inner.store.db(), offset, size)?;
    if query.counts() {
        return Ok(Json(json!({ "totalSize": total, "done": true, "records": [] })));
    }
    let end = offset + rows.len();
    let records: Vec<Value> = rows.into_iter().map(|r| shown(query.object, version, r)).collect();
    let mut out = json!({ "totalSize": total, "done": end >= total, "records": records });
    if end < total {
        let id = cursor.map_or_else(|| sandbox.keep_cursor(text), str::to_owned);
        out["nextRecordsUrl"] = json!(format!("/services/data/{version}/query/{id}-{end}"));
    }
    Ok(Json(out))
}

/// `GET /search?q=…`.
pub(super) async fn search(
    State(sandbox): State<Sandbox>,
    Path(version): Path<String>,
    asked: Result<Query<Asked>, QueryRejection>,
) -> ApiResult<Json<Value>> {
    let search = sosl::parse(&text(asked)?).map_err(|e| ApiError::bad(e.code, e.message))?;
    let found = search.run(&sandbox.inner.store.db())?;
    let records: Vec<Value> = found.into_iter().map(|(object, r)| shown(object, &version, r)).collect();
    Ok(Json(json!({ "searchRecords": records })))
}
