//! Bulk 2.0 jobs, kept beside the records so that they outlive a restart.

use rusqlite::{OptionalExtension, params};
use serde_json::Value;

use super::{Store, parse};

/// One job's information, as the API states it.
pub(crate) type Job = serde_json::Map<String, Value>;

/// The texts that belong to a job.
#[derive(Clone, Copy, Debug)]
pub(crate) enum JobText {
    Csv,
    Successful,
    Failed,
    Unprocessed,
}

impl JobText {
    const fn column(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Successful => "successful",
            Self::Failed => "failed",
            Self::Unprocessed => "unprocessed",
        }
    }
}

impl Store {
    pub fn put_job(&self, id: &str, job: &Job) -> rusqlite::Result<()> {
        let text = Value::Object(job.clone()).to_string();
        self.db().execute(
            "INSERT INTO job (id, info) VALUES (?1, ?2) ON CONFLICT (id) DO UPDATE SET info = ?2",
            params![id, text],
        )?;
        Ok(())
    }

    pub fn job(&self, id: &str) -> rusqlite::Result<Option<Job>> {
        let db = self.db();
        let text: Option<String> = db.query_row("SELECT info FROM job WHERE id = ?1", [id], |r| r.get(0)).optional()?;
        Ok(text.map(|t| parse(&t)))
    }

    pub fn jobs(&self) -> rusqlite::Result<Vec<Job>> {
        let db = self.db();
        let mut statement = db.prepare("SELECT info FROM job ORDER BY id")?;
        let rows = statement.query_map([], |r| r.get::<_, String>(0))?;
        rows.map(|r| r.map(|t| parse(&t))).collect()
    }

    pub fn delete_job(&self, id: &str) -> rusqlite::Result<bool> {
        Ok(self.db().execute("DELETE FROM job WHERE id = ?1", [id])? > 0)
    }

    pub fn put_job_text(&self, id: &str, which: JobText, text: &str) -> rusqlite::Result<()> {
        let sql = format!("UPDATE job SET {} = ?2 WHERE id = ?1", which.column());
        self.db().execute(&sql, params![id, text])?;
        Ok(())
    }

    pub fn job_text(&self, id: &str, which: JobText) -> rusqlite::Result<Option<String>> {
        let sql = format!("SELECT {} FROM job WHERE id = ?1", which.column());
        Ok(self.db().query_row(&sql, [id], |r| r.get(0)).optional()?.flatten())
    }
}
