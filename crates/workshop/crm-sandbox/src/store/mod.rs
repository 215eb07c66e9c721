//! Records in SQLite: one table of JSON documents, indexed by each external id.
//!
//! Contract: ids are handed out in order and never twice; a record's `seq` is the order
//! of its creation; `Store::rows` runs in one transaction.

mod check;
mod jobs;
mod write;

use std::path::Path;
use std::sync::{Mutex, MutexGuard};

use rusqlite::{Connection, OptionalExtension, params};
use serde_json::{Map, Value};

use crate::schema::{self, Object};
use crate::state::lock;

pub(crate) use check::well_formed as check_well_formed;
pub(crate) use jobs::{Job, JobText};
pub(crate) use write::{Outcome, Write, now_text};

use write::Writer;

pub(crate) type Record = Map<String, Value>;

const TABLES: &str = "
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL;
    CREATE TABLE IF NOT EXISTS record (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        object TEXT NOT NULL,
        data TEXT NOT NULL
    );
    CREATE INDEX IF NOT EXISTS record_object ON record (object, seq);
    CREATE TABLE IF NOT EXISTS job (
        id TEXT PRIMARY KEY, info TEXT NOT NULL, csv TEXT,
        successful TEXT, failed TEXT, unprocessed TEXT
    );";

pub(crate) struct Store {
    db: Mutex<Connection>,
}

impl Store {
    pub fn open(path: Option<&Path>) -> rusqlite::Result<Self> {
        let db = match path {
            Some(p) => Connection::open(p)?,
            None => Connection::open_in_memory()?,
        };
        db.execute_batch(TABLES)?;
        for object in schema::objects() {
            for f in object.fields.iter().filter(|f| f.id_lookup || f.name == "AccountNumber") {
                let column = column(&f.name, f.case_sensitive);
                db.execute_batch(&format!(
                    "CREATE INDEX IF NOT EXISTS ix_{}_{} ON record (object, {column});",
                    object.name, f.name
                ))?;
            }
        }
        Ok(Self { db: Mutex::new(db) })
    }

    pub fn db(&self) -> MutexGuard<'_, Connection> {
        lock(&self.db)
    }

    pub fn count(&self, object: &str) -> rusqlite::Result<u64> {
        let count: i64 =
            self.db().query_row("SELECT count(*) FROM record WHERE object = ?1", [object], |r| r.get(0))?;
        Ok(count.unsigned_abs())
    }

    /// Writes rows in one transaction; `all_or_none` rolls back where one fails.
    pub fn rows(&self, write: Write<'_>) -> rusqlite::Result<Vec<Outcome>> {
        let mut db = self.db();
        // A savepoint, so that it also works inside a composite request's.
        let mut tx = db.savepoint()?;
        let all_or_none = write.all_or_none;
        let mut outcomes = Writer::new(&tx).run(write)?;
        if all_or_none && outcomes.iter().any(|o| !o.success) {
            tx.rollback()?;
            tx.commit()?;
            write::rolled_back(&mut outcomes);
        } else {
            tx.commit()?;
        }
        Ok(outcomes)
    }

    /// Begins what `end_all` keeps or takes back. The caller keeps every other request out.
    pub fn begin_all(&self) -> rusqlite::Result<()> {
        self.db().execute_batch("SAVEPOINT composite")
    }

    /// Keeps or takes back what was written since `begin_all`.
    pub fn end_all(&self, keep: bool) -> rusqlite::Result<()> {
        let back = if keep { "" } else { "ROLLBACK TO composite; " };
        self.db().execute_batch(&format!("{back}RELEASE composite"))
    }

    /// A record by its id (15 or 18 characters).
    pub fn get(&self, id: &str) -> rusqlite::Result<Option<Record>> {
        get(&self.db(), id)
    }

    /// Records whose `field` equals `value`, at most 10.
    pub fn find(&self, object: &Object, field: &str, value: &str) -> rusqlite::Result<Vec<Record>> {
        find(&self.db(), object, field, value)
    }

    pub fn delete(&self, id: &str) -> rusqlite::Result<bool> {
        Ok(self.db().execute("DELETE FROM record WHERE id = ?1", [full_id(id)])? > 0)
    }
}

/// The SQL expression of a field: comparisons of text ignore case unless the field says
/// otherwise, as SOQL's do.
pub(crate) fn column(field: &str, case_sensitive: bool) -> String {
    let collation = if case_sensitive { "BINARY" } else { "NOCASE" };
    format!("json_extract(data, '$.{field}') COLLATE {collation}")
}

pub(crate) fn get(db: &Connection, id: &str) -> rusqlite::Result<Option<Record>> {
    let text: Option<String> = db
        .prepare_cached("SELECT data FROM record WHERE id = ?1")?
        .query_row([full_id(id)], |r| r.get(0))
        .optional()?;
    Ok(text.map(|t| parse(&t)))
}

pub(crate) fn find(db: &Connection, object: &Object, field: &str, value: &str) -> rusqlite::Result<Vec<Record>> {
    let Some(def) = object.field(field) else { return Ok(Vec::new()) };
    let column = column(&def.name, def.case_sensitive);
    let sql = format!("SELECT data FROM record WHERE object = ?1 AND {column} = ?2 ORDER BY seq LIMIT 10");
    let mut statement = db.prepare_cached(&sql)?;
    let rows = statement.query_map(params![object.name, value], |r| r.get::<_, String>(0))?;
    rows.map(|r| r.map(|t| parse(&t))).collect()
}

pub(crate) fn parse(text: &str) -> Record {
    serde_json::from_str(text).unwrap_or_default()
}

/// The 18-character form of an id; anything else is given back as it is.
pub(crate) fn full_id(id: &str) -> String {
    if id.len() != 15 || !id.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return id.to_owned();
    }
    let mut full = id.to_owned();
    for five in id.as_bytes().chunks(5) {
        let bits = five.iter().enumerate().fold(0_usize, |n, (i, b)| n | (usize::from(b.is_ascii_uppercase()) << i));
        full.push(char::from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"[bits]));
    }
    full
}

#[cfg(test)]
mod tests {
    use super::full_id;

    #[test]
    fn the_suffix_of_an_id_is_the_published_checksum() {
        // The pair is from Salesforce's own documentation of 15- and 18-character ids.
        assert_eq!(full_id("001A0000006Vm9r"), "001A0000006Vm9rIAC");
    }
}
