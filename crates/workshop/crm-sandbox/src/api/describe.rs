//! What there is: versions, resources, objects, fields, limits.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use serde_json::{Value, json};

use super::records::known_object;
use crate::error::ApiResult;
use crate::schema::{self, Field, Kind, Object};
use crate::serve::Origin;
use crate::state::Sandbox;

/// `GET /services/data`.
pub(super) async fn versions() -> Json<Value> {
    // The label is the platform's release name; only the newest ones are stated.
    let list: Vec<Value> = (42..=65)
        .map(|n| json!({ "label": format!("API {n}.0"), "url": format!("/services/data/v{n}.0"), "version": format!("{n}.0") }))
        .collect();
    Json(Value::Array(list))
}

/// `GET /services/data/{version}`.
pub(super) async fn resources(Path(version): Path<String>, headers: HeaderMap) -> Json<Value> {
    let base = format!("/services/data/{version}");
    Json(json!({
        "sobjects": format!("{base}/sobjects"),
        "query": format!("{base}/query"),
        "search": format!("{base}/search"),
        "composite": format!("{base}/composite"),
        "jobs": format!("{base}/jobs"),
        "limits": format!("{base}/limits"),
        "identity": format!("{}/id/00D000000000001EAA/005000000000001AAA", Origin::of(&headers).url()),
    }))
}

/// `GET /limits`.
pub(super) async fn limits(State(sandbox): State<Sandbox>) -> Json<Value> {
    let (used, limit) = sandbox.usage();
    Json(json!({
        "DailyApiRequests": { "Max": limit, "Remaining": limit.saturating_sub(used) },
        "DailyBulkV2QueryJobs": { "Max": 10_000, "Remaining": 10_000 },
    }))
}

/// `GET /sobjects`.
pub(super) async fn objects(Path(version): Path<String>) -> Json<Value> {
    let list: Vec<Value> = schema::objects().iter().map(|o| summary(o, &version)).collect();
    Json(json!({ "encoding": "UTF-8", "maxBatchSize": 200, "sobjects": list }))
}

/// `GET /sobjects/{object}`.
pub(super) async fn object(Path((version, name)): Path<(String, String)>) -> ApiResult<Json<Value>> {
    let object = known_object(&name)?;
    Ok(Json(json!({ "objectDescribe": summary(object, &version), "recentItems": [] })))
}

/// `GET /sobjects/{object}/describe`.
pub(super) async fn describe(
    State(sandbox): State<Sandbox>,
    Path((version, name)): Path<(String, String)>,
) -> ApiResult<Json<Value>> {
    let object = known_object(&name)?;
    let mut out = summary(object, &version);
    out["fields"] = object.fields.iter().filter(|f| !sandbox.lacks(object.name, &f.name)).map(field).collect();
    Ok(Json(out))
}

fn summary(object: &Object, version: &str) -> Value {
    let base = format!("/services/data/{version}/sobjects/{}", object.name);
    json!({
        "name": object.name,
        "label": object.name.trim_end_matches("__c").replace('_', " "),
        "keyPrefix": object.prefix,
        "custom": object.name.ends_with("__c"),
        "createable": true, "updateable": true, "deletable": true, "queryable": true,
        "searchable": true, "retrieveable": true,
        "urls": { "sobject": base, "describe": format!("{base}/describe"), "rowTemplate": format!("{base}/{{ID}}") },
    })
}

fn field(f: &Field) -> Value {
    let references: &[&str] = if let Kind::Reference(to) = f.kind { to } else { &[] };
    json!({
        "name": f.name,
        "label": f.name.trim_end_matches("__c").replace('_', " "),
        "type": f.kind.name(),
        "length": f.kind.length(),
        "custom": f.name.ends_with("__c"),
        "nillable": !f.required && f.kind != Kind::Boolean,
        "defaultedOnCreate": f.kind == Kind::Boolean || f.name == "OwnerId",
        "createable": !f.read_only,
        "updateable": !f.read_only,
        "externalId": f.external_id,
        "idLookup": f.id_lookup || f.kind == Kind::Id,
        "unique": f.unique,
        "caseSensitive": f.case_sensitive,
        "referenceTo": references,
        "picklistValues": [],
    })
}
