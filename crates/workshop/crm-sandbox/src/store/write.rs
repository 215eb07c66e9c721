//! Writing rows: create, update, upsert, within the transaction of one request.

use std::collections::HashMap;

use rusqlite::{Connection, params};
use serde_json::{Value, json};

use super::{Record, check, find, full_id, get};
use crate::error::RowError;
use crate::faults::{Faults, take};
use crate::schema::{Kind, Object};

/// What is to be written.
pub(crate) struct Write<'a> {
    pub object: &'a Object,
    /// The external id of an upsert; `None` creates, or updates rows that have an id.
    pub key: Option<&'a str>,
    pub rows: Vec<Record>,
    pub all_or_none: bool,
    pub faults: &'a mut Faults,
}

/// What became of one row.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    pub id: Option<String>,
    pub success: bool,
    pub created: bool,
    pub errors: Vec<RowError>,
    /// Ids of all records that share the external id, where there are several.
    pub several: Vec<String>,
}

impl Outcome {
    pub(crate) fn failed(errors: Vec<RowError>) -> Self {
        Self { id: None, success: false, created: false, errors, several: Vec::new() }
    }

    /// `{id, success, errors, created}` as Collections give it.
    pub fn to_json(&self) -> Value {
        let mut out = json!({ "success": self.success, "errors": self.errors });
        if let Some(id) = &self.id {
            out["id"] = json!(id);
        }
        if self.success {
            out["created"] = json!(self.created);
        }
        out
    }
}

/// After a roll-back no row is written; those without an error of their own say why.
pub(crate) fn rolled_back(outcomes: &mut [Outcome]) {
    for o in outcomes.iter_mut().filter(|o| o.success) {
        let text = "Record rolled back because not all records were valid and the request was using AllOrNone header";
        *o = Outcome::failed(vec![RowError::new("ALL_OR_NONE_OPERATION_ROLLED_BACK", text, &[])]);
    }
}

pub(crate) struct Writer<'a> {
    db: &'a Connection,
}

impl<'a> Writer<'a> {
    pub fn new(db: &'a Connection) -> Self {
        Self { db }
    }

    pub fn run(&self, write: Write<'_>) -> rusqlite::Result<Vec<Outcome>> {
        let shared = write.key.map(|k| shared_keys(&write.rows, k)).unwrap_or_default();
        let mut outcomes = Vec::with_capacity(write.rows.len());
        for row in write.rows {
            let value = write.key.and_then(|k| text_of(&row, k));
            if value.as_ref().is_some_and(|v| shared.get(v).copied().unwrap_or(0) > 1) {
                let text = format!("Duplicate external id specified: {}", value.unwrap_or_default());
                outcomes.push(Outcome::failed(vec![RowError::new("DUPLICATE_VALUE", text, &[])]));
            } else if locked(write.faults, &row) {
                let text = "unable to obtain exclusive access to this record";
                outcomes.push(Outcome::failed(vec![RowError::new("UNABLE_TO_LOCK_ROW", text, &[])]));
            } else if let Some(field) = refused(write.faults, &row) {
                let text = format!("a rule of this organisation refuses what {field} says");
                outcomes.push(Outcome::failed(vec![RowError::new(
                    "FIELD_CUSTOM_VALIDATION_EXCEPTION",
                    text,
                    &[&field],
                )]));
            } else {
                outcomes.push(self.one(write.object, write.key, row)?);
            }
        }
        Ok(outcomes)
    }

    fn one(&self, object: &Object, key: Option<&str>, mut row: Record) -> rusqlite::Result<Outcome> {
        match key {
            Some(key) => {
                let Some(value) = text_of(&row, key) else {
                    let text = format!("{key} not specified");
                    return Ok(Outcome::failed(vec![RowError::new("MISSING_ARGUMENT", text, &[key])]));
                };
                let found = find(self.db, object, key, &value)?;
                let several: Vec<String> = found.iter().filter_map(|r| text_of(r, "Id")).collect();
                match several.as_slice() {
                    [] => self.create(object, row),
                    [id] => self.update(object, id, row),
                    _ => {
                        let text = format!("{key}: more than one record found for external id field: {several:?}");
                        let errors = vec![RowError::new("DUPLICATE_EXTERNAL_ID", text, &[key])];
                        Ok(Outcome { several, ..Outcome::failed(errors) })
                    }
                }
            }
            None => match text_of(&row, "Id") {
                Some(id) => {
                    row.shift_remove("Id");
                    row.shift_remove("id");
                    self.update(object, &full_id(&id), row)
                }
                None => self.create(object, row),
            },
        }
    }

    fn create(&self, object: &Object, row: Record) -> rusqlite::Result<Outcome> {
        let errors = check::row(self.db, object, &row, true)?;
        if !errors.is_empty() {
            return Ok(Outcome::failed(errors));
        }
        if let Some(error) = self.duplicate(object, &row, None)? {
            return Ok(Outcome::failed(vec![error]));
        }
        let now = now_text();
        self.db.execute("INSERT INTO record (id, object, data) VALUES ('new', ?1, '{}')", [object.name])?;
        let seq = self.db.last_insert_rowid();
        let id = full_id(&format!("{}{seq:012}", object.prefix));
        let mut data = Record::new();
        data.insert("Id".into(), json!(id));
        for f in &object.fields {
            let default = if f.kind == Kind::Boolean { json!(false) } else { Value::Null };
            data.entry(f.name.clone()).or_insert(default);
        }
        data.insert("CreatedDate".into(), json!(now));
        if object.field("Name").is_some_and(|f| f.read_only) {
            data.insert("Name".into(), json!(format!("{}-{seq:08}", object.prefix)));
        }
        merge(object, &mut data, row, &now);
        self.db.prepare_cached("UPDATE record SET id = ?2, data = ?3 WHERE seq = ?1")?.execute(params![
            seq,
            id,
            Value::Object(data).to_string()
        ])?;
        Ok(Outcome { id: Some(id), success: true, created: true, errors: Vec::new(), several: Vec::new() })
    }

    fn update(&self, object: &Object, id: &str, row: Record) -> rusqlite::Result<Outcome> {
        let Some(mut data) = get(self.db, id)? else {
            let errors = vec![RowError::new("ENTITY_IS_DELETED", "entity is deleted", &[])];
            return Ok(Outcome::failed(errors));
        };
        let errors = check::row(self.db, object, &row, false)?;
        if !errors.is_empty() {
            return Ok(Outcome::failed(errors));
        }
        if let Some(error) = self.duplicate(object, &row, Some(id))? {
            return Ok(Outcome::failed(vec![error]));
        }
        merge(object, &mut data, row, &now_text());
        self.db
            .prepare_cached("UPDATE record SET data = ?2 WHERE id = ?1")?
            .execute(params![id, Value::Object(data).to_string()])?;
        Ok(Outcome { id: Some(id.to_owned()), success: true, created: false, errors: Vec::new(), several: Vec::new() })
    }

    /// A unique field whose value another record has already. The custom keys are
    /// unique; `AccountNumber` and the like are not.
    fn duplicate(&self, object: &Object, row: &Record, own: Option<&str>) -> rusqlite::Result<Option<RowError>> {
        for f in object.fields.iter().filter(|f| f.unique) {
            let Some(value) = text_of(row, &f.name) else { continue };
            for other in find(self.db, object, &f.name, &value)? {
                let id = text_of(&other, "Id").unwrap_or_default();
                if Some(id.as_str()) != own {
                    let text = format!("duplicate value found: {} duplicates value on record with id: {id}", f.name);
                    return Ok(Some(RowError::new("DUPLICATE_VALUE", text, &[])));
                }
            }
        }
        Ok(None)
    }
}

fn merge(object: &Object, data: &mut Record, row: Record, now: &str) {
    for (name, value) in row {
        if let Some(field) = object.field(&name) {
            data.insert(field.name.clone(), stored(field.kind, value));
        }
    }
    data.insert("LastModifiedDate".into(), json!(now));
    data.insert("SystemModstamp".into(), json!(now));
}

/// The value as it is kept: ids in 18 characters, numbers as numbers, blank text as null.
fn stored(kind: Kind, value: Value) -> Value {
    match (kind, value) {
        (Kind::Boolean, Value::Null) => json!(false),
        (_, Value::String(s)) if s.is_empty() => Value::Null,
        (Kind::Reference(_), Value::String(s)) => json!(full_id(&s)),
        (Kind::Double | Kind::Int, Value::String(s)) => s.parse::<f64>().map_or(Value::Null, |n| json!(n)),
        (Kind::Text(_) | Kind::LongText(_), v @ (Value::Number(_) | Value::Bool(_))) => json!(v.to_string()),
        (Kind::DateTime, Value::String(s)) => json!(datetime(&s).unwrap_or(s)),
        (_, v) => v,
    }
}

/// Salesforce answers instants in UTC with milliseconds and `+0000`.
fn datetime(text: &str) -> Option<String> {
    let at = chrono::DateTime::parse_from_rfc3339(text)
        .or_else(|_| chrono::DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f%z"))
        .ok()?;
    Some(at.to_utc().format("%Y-%m-%dT%H:%M:%S%.3f+0000").to_string())
}

pub(crate) fn now_text() -> String {
    chrono::Utc::now().format("%Y-%m-%dT%H:%M:%S%.3f+0000").to_string()
}

fn shared_keys(rows: &[Record], key: &str) -> HashMap<String, u32> {
    let mut seen = HashMap::new();
    for value in rows.iter().filter_map(|r| text_of(r, key)) {
        *seen.entry(value).or_insert(0) += 1;
    }
    seen
}

fn locked(faults: &mut Faults, row: &Record) -> bool {
    if faults.lock.is_empty() || faults.lock_times == 0 {
        return false;
    }
    let hit = row.values().any(|v| v.as_str().is_some_and(|s| faults.lock.iter().any(|l| l == s)));
    hit && take(&mut faults.lock_times)
}

/// The field that holds a text which the fault switch refuses.
fn refused(faults: &Faults, row: &Record) -> Option<String> {
    let bad = |v: &Value| v.as_str().is_some_and(|s| faults.refuse.iter().any(|r| s.contains(r.as_str())));
    row.iter().find(|(_, v)| bad(v)).map(|(name, _)| name.clone())
}

/// A field's value as text, whatever the case of its name; blank is none.
pub(crate) fn text_of(row: &Record, name: &str) -> Option<String> {
    let value = row.iter().find(|(k, _)| k.eq_ignore_ascii_case(name)).map(|(_, v)| v)?;
    match value {
        Value::String(s) if s.is_empty() => None,
        Value::String(s) => Some(s.clone()),
        Value::Number(n) => Some(n.to_string()),
        _ => None,
    }
}
