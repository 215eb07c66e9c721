//! Collections upserts in lanes: a lane per hash of the parent record, one request in
//! flight in each, so that no two requests lock the same parent.
//!
//! A chunk is replayed (the same upsert, never a plain create) until every row has an
//! outcome or the attempts are used up; then its rows are left for later.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::Ordering;

use futures::future::join_all;
use reqwest::Method;
use serde::Deserialize;

use super::Salesforce;
use super::failure::{Failure, Fate, Kind, Told, fate};
use super::http::Call;
use super::upsert::Upsert;
use crate::row::{Object, Outcome, Parked, Row};
use crate::target::{Later, LaterKind};
use crate::timing::backoff;

/// A row and its place in the list that was given.
pub(super) type Placed<'a> = (usize, &'a Row);
pub(super) type Settled = Vec<(usize, Outcome)>;

#[derive(Deserialize)]
struct Result1 {
    #[serde(default)]
    id: Option<String>,
    success: bool,
    #[serde(default)]
    created: bool,
    #[serde(default)]
    errors: Vec<Told>,
}

impl Salesforce {
    /// Writes rows of one object, each key once.
    pub(super) async fn write_lanes(&self, object: Object, rows: &[Placed<'_>]) -> Settled {
        let mut lanes: Vec<Vec<Placed<'_>>> = vec![Vec::new(); self.config.lanes];
        for row in rows {
            lanes[lane_of(&row.1.parent, self.config.lanes)].push(*row);
        }
        let work = lanes.into_iter().filter(|l| !l.is_empty()).map(|lane| self.lane(object, lane));
        join_all(work).await.into_iter().flatten().collect()
    }

    async fn lane(&self, object: Object, rows: Vec<Placed<'_>>) -> Settled {
        let mut out = Vec::with_capacity(rows.len());
        for chunk in rows.chunks(self.config.batch_rows) {
            out.extend(self.chunk(object, chunk.to_vec()).await);
        }
        out
    }

    /// One chunk. A whole-request 400 is bisected until the poison row stands alone.
    async fn chunk(&self, object: Object, rows: Vec<Placed<'_>>) -> Settled {
        let mut out = Vec::with_capacity(rows.len());
        let mut groups = vec![rows];
        while let Some(group) = groups.pop() {
            match self.group(object, group, &mut out).await {
                Some((mut left, _)) if left.len() > 1 => {
                    let right = left.split_off(left.len() / 2);
                    groups.push(right);
                    groups.push(left);
                }
                Some((alone, failure)) => {
                    out.extend(alone.into_iter().map(|(i, row)| (i, self.park(row, &failure.code, &failure.message))));
                }
                None => {}
            }
        }
        out
    }

    /// Sends a group until every row has an outcome; gives the rows back where the whole
    /// request was refused.
    async fn group<'a>(
        &self,
        object: Object,
        rows: Vec<Placed<'a>>,
        out: &mut Settled,
    ) -> Option<(Vec<Placed<'a>>, Failure)> {
        let mut pending = rows;
        let mut attempt = 0;
        loop {
            if let Some(later) = self.circuit() {
                out.extend(pending.iter().map(|(i, _)| (*i, Outcome::Later(later.clone()))));
                return None;
            }
            let last = match self.once(object, &pending).await {
                Ok(results) => {
                    let (again, why) = self.sort(pending, results, out);
                    pending = again;
                    why
                }
                Err(f) if f.kind == Kind::BadRequest => return Some((pending, f)),
                Err(f) => self.react(&f),
            };
            if pending.is_empty() {
                return None;
            }
            attempt += 1;
            let hopeless = last.kind == LaterKind::Refused || last.kind == LaterKind::LimitExceeded;
            if attempt >= self.config.attempts || hopeless {
                out.extend(pending.iter().map(|(i, _)| (*i, Outcome::Later(last.clone()))));
                return None;
            }
            self.pause(attempt).await;
        }
    }

    /// Waits before a repetition.
    pub(super) async fn pause(&self, attempt: u32) {
        self.retries.fetch_add(1, Ordering::Relaxed);
        let timing = self.http.timing.as_ref();
        let ms = backoff(timing, attempt.saturating_sub(1), self.config.backoff_ms, self.config.backoff_most_ms);
        timing.wait(ms).await;
    }

    async fn once(&self, object: Object, rows: &[Placed<'_>]) -> Result<Vec<Result1>, Failure> {
        let records = rows.iter().map(|(_, row)| self.fields.record(row)).collect();
        let path = format!("/composite/sobjects/{}/{}", object.name(), object.key_field());
        let call = Call::json(Method::PATCH, path, &Upsert { all_or_none: false, records });
        let place = self.gate.enter(self.http.timing.now()).await;
        if self.http.budget.paced() {
            self.http.timing.wait(self.config.pace_ms).await;
        }
        let answer = self.http.call(&call).await;
        drop(place);
        let answer = answer?;
        let nonsense = |text: String| Failure::new(Kind::Unavailable, "", text);
        let results: Vec<Result1> = serde_json::from_slice(&answer.body).map_err(|e| match answer.json() {
            Err(no_json) => no_json,
            Ok(_) => nonsense(format!(
                "the CRM's answer to an upsert of {} is not of the documented form: {e}",
                object.name()
            )),
        })?;
        if results.len() != rows.len() {
            return Err(nonsense(format!("the CRM answered {} rows of {}", results.len(), rows.len())));
        }
        Ok(results)
    }

    /// Outcomes of the rows that have one; the others, with the reason of the last.
    fn sort<'a>(&self, rows: Vec<Placed<'a>>, results: Vec<Result1>, out: &mut Settled) -> (Vec<Placed<'a>>, Later) {
        let mut again = Vec::new();
        let mut why = self.later(LaterKind::Locked, "");
        for ((i, row), result) in rows.into_iter().zip(results) {
            if result.success {
                out.push((i, Outcome::Written { id: result.id, created: result.created }));
                continue;
            }
            let error = result.errors.into_iter().next().unwrap_or_default();
            match fate(&error.code) {
                Fate::Park => out.push((i, self.park(row, &error.code, &told(&error)))),
                Fate::Again => {
                    why = self.later(
                        LaterKind::Locked,
                        &format!("{} {}: {} {}", row.object.name(), row.key, error.code, told(&error)),
                    );
                    again.push((i, row));
                }
            }
        }
        (again, why)
    }

    /// What a failed request changes, and what its rows are told if it was the last one.
    pub(super) fn react(&self, f: &Failure) -> Later {
        let now = self.http.timing.now();
        match f.kind {
            Kind::Limit => {
                self.http
                    .budget
                    .open_circuit(now.plus_millis(i64::try_from(self.config.circuit_ms).unwrap_or(i64::MAX)));
                tracing::warn!(
                    "the CRM's daily request limit is used up; nothing is sent for {} s",
                    self.config.circuit_ms / 1000
                );
                Later { kind: LaterKind::LimitExceeded, after_ms: self.config.circuit_ms, message: f.message.clone() }
            }
            Kind::Concurrency => {
                let allowed = self.gate.halve(now);
                tracing::warn!(allowed, "the CRM refuses so many requests at once; concurrency is halved");
                self.later(LaterKind::Unavailable, &f.message)
            }
            Kind::Unreachable => self.later(LaterKind::Unreachable, &f.message),
            Kind::Unavailable => self.later(LaterKind::Unavailable, &f.message),
            Kind::Session | Kind::Refused | Kind::Missing | Kind::BadRequest => {
                Later { kind: LaterKind::Refused, after_ms: self.config.circuit_ms, message: f.message.clone() }
            }
        }
    }

    pub(super) fn later(&self, kind: LaterKind, message: &str) -> Later {
        Later { kind, after_ms: self.config.backoff_most_ms, message: message.to_owned() }
    }

    /// Why nothing may be sent now, where the circuit is open.
    pub(super) fn circuit(&self) -> Option<Later> {
        let after_ms = self.http.budget.open_ms(self.http.timing.now())?;
        let message = "the CRM's daily request limit was used up; waiting before asking again".to_owned();
        Some(Later { kind: LaterKind::LimitExceeded, after_ms, message })
    }

    pub(super) fn park(&self, row: &Row, code: &str, reason: &str) -> Outcome {
        tracing::warn!(object = row.object.name(), key = %row.key, code, reason, "the CRM refuses this row for good; it is parked");
        Outcome::Parked(Box::new(Parked {
            target: self.config.name.clone(),
            code: code.to_owned(),
            reason: reason.to_owned(),
            row: row.clone(),
        }))
    }
}

fn told(error: &Told) -> String {
    if error.fields.is_empty() {
        error.message.clone()
    } else {
        format!("{} [{}]", error.message, error.fields.join(", "))
    }
}

fn lane_of(parent: &str, lanes: usize) -> usize {
    let mut hasher = DefaultHasher::new();
    parent.hash(&mut hasher);
    usize::try_from(hasher.finish() % lanes as u64).unwrap_or(0)
}
