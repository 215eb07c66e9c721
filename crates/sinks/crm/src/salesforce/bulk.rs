//! Bulk API 2.0 for backlogs: a job's id is kept before its upload, so that after a
//! crash its results are fetched instead of the rows being sent again.
//!
//! Rows that a job refuses for a passing reason, or does not process, go through
//! Collections afterwards.

use std::collections::HashMap;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use reqwest::Method;
use serde_json::{Value, json};

use super::Salesforce;
use super::bulk_csv::{Result1, Upload, results, uploads};
use super::collections::{Placed, Settled};
use super::failure::{Failure, Fate, Kind, fate};
use super::http::{Answer, Body, Call};
use crate::row::{Object, Outcome};
use crate::target::{BulkJob, Later, LaterKind};

/// Wait between two looks at a job, doubling from the first to the second: a small job is
/// done in moments, and three looks more cost a long one nothing.
const POLL_MS: (u64, u64) = (125, 10_000);

/// What a finished job did.
pub(super) struct Harvest {
    pub object: String,
    pub successful: HashMap<String, Result1>,
    failed: HashMap<String, Result1>,
}

/// Why a step of a job did not work.
pub(super) enum Stop {
    /// Passing: give the rows again later.
    Later(Later),
    /// The CRM refuses the job itself.
    Refused(Failure),
}

impl Salesforce {
    /// Writes a backlog of one object.
    pub(super) async fn write_bulk(&self, object: Object, rows: &[Placed<'_>]) -> Settled {
        let all_later = |later: &Later| rows.iter().map(|(i, _)| (*i, Outcome::Later(later.clone()))).collect();
        if let Some(later) = self.circuit() {
            return all_later(&later);
        }
        if !self.http.budget.bulk_allowed() {
            let message = "85 % of the CRM's daily request limit is used; catching up waits".to_owned();
            return all_later(&Later { kind: LaterKind::Budget, after_ms: self.config.circuit_ms, message });
        }
        let uploads = match uploads(&self.fields, object, rows, self.config.bulk_job_rows) {
            Ok(uploads) => uploads,
            Err(e) => {
                return all_later(&self.later(LaterKind::Unavailable, &format!("the bulk upload cannot be made: {e}")));
            }
        };
        let mut out = Vec::with_capacity(rows.len());
        for upload in uploads {
            // The journal holds one job: while one is at work no other is begun.
            if self.job_open.load(Ordering::SeqCst) {
                let later = self.later(LaterKind::Unavailable, "another bulk job is still at work");
                out.extend(upload.rows.iter().map(|(i, _)| (*i, Outcome::Later(later.clone()))));
                continue;
            }
            out.extend(self.one_job(object, upload).await);
        }
        out
    }

    async fn one_job(&self, object: Object, upload: Upload<'_>) -> Settled {
        let Upload { csv, rows } = upload;
        let harvest = match self.run_job(object, csv, rows.len()).await {
            Ok(job) => self.harvest(&job).await,
            Err(stop) => Err(stop),
        };
        match harvest {
            Ok(harvest) => self.settle(object, rows, &harvest).await,
            Err(Stop::Later(later)) => rows.iter().map(|(i, _)| (*i, Outcome::Later(later.clone()))).collect(),
            // What bulk refuses as a whole, Collections sorts out row by row.
            Err(Stop::Refused(f)) => {
                tracing::warn!(reason = %f.message, "the CRM refuses a bulk job; its rows go through Collections");
                self.write_lanes(object, &rows).await
            }
        }
    }

    /// Creates, remembers, uploads and closes a job.
    async fn run_job(&self, object: Object, csv: Vec<u8>, count: usize) -> Result<BulkJob, Stop> {
        let order = json!({
            "object": object.name(), "operation": "upsert", "externalIdFieldName": object.key_field(),
            "contentType": "CSV", "lineEnding": "LF", "columnDelimiter": "COMMA",
        });
        // A create whose answer is lost leaves an open job without data behind, which the
        // platform drops after its retention; no row is in it.
        let created = self.step(&Call::json(Method::POST, "/jobs/ingest", &order)).await?;
        let job_id = field(&created, "id").map_err(|f| Stop::Later(self.react(&f)))?;
        let job = BulkJob { job_id, object: object.name().to_owned(), rows: count as u64 };
        self.journal.store(&job).await.map_err(|e| {
            Stop::Later(self.later(LaterKind::Unavailable, &format!("the bulk job's id cannot be kept: {e}")))
        })?;
        self.job_open.store(true, Ordering::SeqCst);
        self.upload(&job, csv.into()).await?;
        self.close(&job).await?;
        Ok(job)
    }

    async fn upload(&self, job: &BulkJob, csv: Bytes) -> Result<(), Stop> {
        let path = format!("/jobs/ingest/{}/batches", job.job_id);
        let call = Call { method: Method::PUT, path, body: Body::Csv(csv) };
        let before = self.retries.load(Ordering::Relaxed);
        match self.step(&call).await {
            Ok(_) => Ok(()),
            // After a broken connection the first upload may have been taken.
            // Assumption: a second one is then refused with 400.
            Err(Stop::Refused(f)) if self.retries.load(Ordering::Relaxed) > before => {
                tracing::info!(job = %job.job_id, "a repeated upload was refused ({}); going on with the first", f.code);
                Ok(())
            }
            Err(stop) => Err(self.abort(job, stop).await),
        }
    }

    async fn close(&self, job: &BulkJob) -> Result<(), Stop> {
        let call =
            Call::json(Method::PATCH, format!("/jobs/ingest/{}", job.job_id), &json!({ "state": "UploadComplete" }));
        match self.step(&call).await {
            Ok(_) => Ok(()),
            // A repeated close finds the job no longer open.
            Err(Stop::Refused(f)) if f.kind == Kind::BadRequest && self.state(job).await? != "Open" => Ok(()),
            Err(stop) => Err(self.abort(job, stop).await),
        }
    }

    /// A job that cannot be used is given up, so that it is not taken up again.
    pub(super) async fn abort(&self, job: &BulkJob, stop: Stop) -> Stop {
        if matches!(stop, Stop::Refused(_)) {
            let call =
                Call::json(Method::PATCH, format!("/jobs/ingest/{}", job.job_id), &json!({ "state": "Aborted" }));
            if let Err(f) = self.http.call(&call).await {
                tracing::warn!(job = %job.job_id, "the bulk job cannot be aborted: {}", f.message);
            }
            self.forget(job).await;
        }
        stop
    }

    pub(super) async fn forget(&self, job: &BulkJob) {
        match self.journal.clear().await {
            Ok(()) => self.job_open.store(false, Ordering::SeqCst),
            // It is looked at again at the next write, and found finished.
            Err(e) => tracing::warn!(job = %job.job_id, "the bulk job's id cannot be cleared: {e}"),
        }
    }

    pub(super) async fn state(&self, job: &BulkJob) -> Result<String, Stop> {
        let answer = self.step(&Call::get(format!("/jobs/ingest/{}", job.job_id))).await?;
        field(&answer, "state").map_err(|f| Stop::Later(self.react(&f)))
    }

    /// Waits for a job and reads its results. The job is forgotten by the caller.
    pub(super) async fn harvest(&self, job: &BulkJob) -> Result<Harvest, Stop> {
        let (mut poll, mut waited) = (POLL_MS.0, 0);
        loop {
            match self.state(job).await?.as_str() {
                "JobComplete" => break,
                state @ ("Failed" | "Aborted") => {
                    self.forget(job).await;
                    let text = format!("the bulk job {} ended as {state}", job.job_id);
                    return Err(Stop::Refused(Failure::new(Kind::BadRequest, state, text)));
                }
                _ if waited >= self.config.bulk_wait_ms => {
                    let text = format!("the bulk job {} is still at work after {} s", job.job_id, waited / 1000);
                    return Err(Stop::Later(self.later(LaterKind::Unavailable, &text)));
                }
                _ => {}
            }
            self.http.timing.wait(poll).await;
            waited += poll;
            poll = (poll * 2).min(POLL_MS.1);
        }
        let object = Object::ALL.into_iter().find(|o| o.name() == job.object);
        let object = object.unwrap_or(Object::Task);
        let successful = self.result_file(job, object, "successfulResults").await?;
        let failed = self.result_file(job, object, "failedResults").await?;
        Ok(Harvest { object: job.object.clone(), successful, failed })
    }

    async fn result_file(&self, job: &BulkJob, object: Object, name: &str) -> Result<HashMap<String, Result1>, Stop> {
        let answer = self.step(&Call::get(format!("/jobs/ingest/{}/{name}", job.job_id))).await?;
        results(&answer.body, object).map_err(|e| {
            let text = format!("{name} of the bulk job {} cannot be read: {e}", job.job_id);
            Stop::Later(self.later(LaterKind::Unavailable, &text))
        })
    }

    /// Outcomes by external id; the job is forgotten once they stand.
    async fn settle(&self, object: Object, rows: Vec<Placed<'_>>, harvest: &Harvest) -> Settled {
        let mut out = Vec::with_capacity(rows.len());
        let mut rest = Vec::new();
        for (i, row) in rows {
            let failed = harvest.failed.get(&row.key).map(|r| r.second.as_str());
            match (harvest.successful.get(&row.key), failed) {
                (Some(r), _) => out.push((i, written(r))),
                (None, Some(error)) if fate(code_of(error)) == Fate::Park => {
                    out.push((i, self.park(row, code_of(error), error.trim_end_matches(" --"))));
                }
                _ => rest.push((i, row)),
            }
        }
        if !rest.is_empty() {
            out.extend(self.write_lanes(object, &rest).await);
        }
        match self.journal.load().await {
            Ok(Some(job)) => self.forget(&job).await,
            // Somebody has cleared it already.
            Ok(None) => self.job_open.store(false, Ordering::SeqCst),
            Err(e) => tracing::warn!("the bulk job's id cannot be read, so it is looked at again: {e}"),
        }
        out
    }

    /// One call of a job, repeated while it fails for a passing reason.
    async fn step(&self, call: &Call) -> Result<Answer, Stop> {
        let mut attempt = 0;
        loop {
            if let Some(later) = self.circuit() {
                return Err(Stop::Later(later));
            }
            let failure = match self.http.call(call).await {
                Ok(answer) => return Ok(answer),
                Err(f) => f,
            };
            if matches!(failure.kind, Kind::BadRequest | Kind::Missing) {
                return Err(Stop::Refused(failure));
            }
            let later = self.react(&failure);
            attempt += 1;
            if attempt >= self.config.attempts || matches!(later.kind, LaterKind::Refused | LaterKind::LimitExceeded) {
                return Err(Stop::Later(later));
            }
            self.pause(attempt).await;
        }
    }
}

pub(super) fn written(result: &Result1) -> Outcome {
    Outcome::Written { id: result.id.clone(), created: result.second.eq_ignore_ascii_case("true") }
}

/// `CODE:message:fields --`.
fn code_of(error: &str) -> &str {
    error.split(':').next().unwrap_or(error)
}

fn field(answer: &Answer, name: &str) -> Result<String, Failure> {
    let value: Value = answer.json()?;
    let missing = || Failure::new(Kind::Unavailable, "", format!("the CRM's answer about a bulk job has no '{name}'"));
    value[name].as_str().map(str::to_owned).ok_or_else(missing)
}
