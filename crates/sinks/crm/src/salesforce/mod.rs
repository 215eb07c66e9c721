//! The Salesforce target.
//!
//! Rows of one `write` are coalesced by key (the highest revision is sent), Tasks go
//! first, and the ids that they get are put into the `Call_Metric__c` rows that follow.

mod budget;
mod bulk;
mod bulk_csv;
mod collections;
mod describe;
mod failure;
mod http;
mod resume;
mod search;
mod session;
mod upsert;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use async_trait::async_trait;
use model::Name;
use model::facts::{Call as Contact, QueueInterval};

use crate::config::{CrmError, SalesforceConfig};
use crate::mapping::{self, MappingContext, TaskState};
use crate::matcher::{Cache, Matcher, Party};
use crate::row::{Object, Outcome, Row, Scalar};
use crate::target::{BulkJournal, CrmTarget, Later, Status};
use crate::timing::Timing;

use budget::Gate;
use collections::Placed;
use describe::Fields;
use http::Http;

pub use describe::mapped_fields;

/// A Salesforce organisation.
pub struct Salesforce {
    config: SalesforceConfig,
    http: Http,
    fields: Fields,
    gate: Gate,
    matcher: Matcher,
    cache: Cache,
    journal: Arc<dyn BulkJournal>,
    /// The journal may hold a job: true until it was looked at.
    job_open: AtomicBool,
    retries: AtomicU64,
}

impl Salesforce {
    /// Logs in and asks what the organisation has.
    ///
    /// # Errors
    /// `Config` for a wrong configuration, `Refused` for a refused log-in, `Unreachable`,
    /// and `Schema` where required objects or fields are missing.
    pub async fn connect(
        config: SalesforceConfig,
        timing: Arc<dyn Timing>,
        journal: Arc<dyn BulkJournal>,
    ) -> Result<Self, CrmError> {
        config.validate()?;
        let http = Http::new(&config, timing)?;
        http.login().await.map_err(|f| describe::refused(&f, ""))?;
        let fields = Fields::ask(&http).await?;
        Ok(Self {
            gate: Gate::new(config.lanes),
            matcher: Matcher::new(config.matching.clone()),
            cache: Cache::new(config.matching.cache_ms),
            config,
            http,
            fields,
            journal,
            job_open: AtomicBool::new(true),
            retries: AtomicU64::new(0),
        })
    }

    async fn write_object(&self, object: Object, rows: &[Placed<'_>]) -> Vec<(usize, Outcome)> {
        if rows.is_empty() {
            return Vec::new();
        }
        if rows.len() >= self.config.bulk_rows {
            return self.write_bulk(object, rows).await;
        }
        self.write_lanes(object, rows).await
    }
}

#[async_trait]
impl CrmTarget for Salesforce {
    fn name(&self) -> Name {
        self.config.name.clone()
    }

    fn batch_rows(&self) -> usize {
        self.config.batch_rows
    }

    async fn find_party(&self, call: &Contact) -> Result<Party, Later> {
        self.party(call).await
    }

    fn contact_rows(&self, call: &Contact, context: &MappingContext<'_>, party: &Party, task: &TaskState) -> Vec<Row> {
        mapping::contact_rows(call, context, party, task)
    }

    fn interval_rows(&self, rows: &[QueueInterval]) -> Vec<Row> {
        mapping::interval_rows(rows)
    }

    async fn write(&self, mut rows: Vec<Row>) -> Vec<Outcome> {
        let chosen = coalesce(&rows);
        let mut outcomes = match self.resume(&rows).await {
            Ok(done) => done,
            Err(later) => return rows.iter().map(|_| Outcome::Later(later.clone())).collect(),
        };
        for object in Object::ALL {
            if object == Object::CallMetric {
                wait_for_tasks(&mut rows, &chosen, &mut outcomes);
            }
            let of_object: Vec<Placed<'_>> = rows
                .iter()
                .enumerate()
                .filter(|(i, r)| r.object == object && chosen[*i] == *i && !outcomes.contains_key(i))
                .collect();
            outcomes.extend(self.write_object(object, &of_object).await);
        }
        let missing =
            || Outcome::Later(self.later(crate::target::LaterKind::Unavailable, "the CRM gave this row no outcome"));
        chosen.iter().map(|i| outcomes.get(i).cloned().unwrap_or_else(missing)).collect()
    }

    async fn check(&self) -> Result<(), CrmError> {
        Fields::ask(&self.http).await?;
        self.try_matching().await
    }

    fn status(&self) -> Status {
        Status {
            budget: self.http.budget.usage(),
            circuit_open_ms: self.http.budget.open_ms(self.http.timing.now()),
            requests: self.http.requests.load(Ordering::Relaxed),
            retries: self.retries.load(Ordering::Relaxed),
            logins: self.http.logins.load(Ordering::Relaxed),
        }
    }
}

/// For each row, which row is sent for its key: the highest revision, the later one of
/// equals. (The same key twice in one request fails every row that shares it.)
fn coalesce(rows: &[Row]) -> Vec<usize> {
    let mut best: HashMap<(Object, &str), usize> = HashMap::new();
    for (i, row) in rows.iter().enumerate() {
        let place = best.entry((row.object, &row.key)).or_insert(i);
        if row.revision >= rows[*place].revision {
            *place = i;
        }
    }
    rows.iter().map(|r| best[&(r.object, r.key.as_str())]).collect()
}

/// Puts the ids of the Tasks just written into the metrics of the same contacts; the
/// metrics of a Task that is left for later are left for later with it.
fn wait_for_tasks(rows: &mut [Row], chosen: &[usize], outcomes: &mut HashMap<usize, Outcome>) {
    let tasks: HashMap<String, usize> = rows
        .iter()
        .enumerate()
        .filter(|(i, r)| r.object == Object::Task && chosen[*i] == *i)
        .map(|(i, r)| (r.key.clone(), i))
        .collect();
    for (i, row) in rows.iter_mut().enumerate().filter(|(_, r)| r.object == Object::CallMetric) {
        match tasks.get(&row.key).and_then(|t| outcomes.get(t)).cloned() {
            Some(Outcome::Written { id: Some(id), .. }) if row.field("Task_Id__c").is_none() => {
                row.fields.push((Name::new_static("Task_Id__c"), Scalar::Text(id)));
            }
            Some(later @ Outcome::Later(_)) => {
                outcomes.insert(i, later);
            }
            _ => {}
        }
    }
}
