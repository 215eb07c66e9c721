//! Rows a second into the CRM sandbox, beside what the sandbox takes at most.
//!
//! Contract: every part writes the same rows (a Task and a `Call_Metric__c` of each contact)
//! into a fresh sandbox, a process of its own with its records in memory. The ceiling: as
//! many loops as the writer has lanes, each posting ready-made Collections bodies of as many
//! rows as the writer's. `writer`: `CrmTarget::write` from rows, by Collections. `stage`: the
//! stage `crm` as configured by default, from `cti.calls` to acts in the log, with a question
//! about every caller.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use crm::{
    Auth, BulkJob, BulkJournal, CrmTarget, MappingContext, MappingSettings, Object, Outcome, Party, Row, Salesforce,
    SalesforceConfig, Secret, TaskState, Timing,
};
use event_log::{EmbeddedLog, EventLog};
use model::Roster;
use model::facts::Call;
use pipeline::crm_stage::CrmStage;
use pipeline::{clock, publish};
use serde_json::json;
use tests::crm_records::Poster;
use tests::rig::Rig;

use crate::Failure;
use crate::args::Args;
use crate::child::Service;
use crate::contacts::contact;
use crate::told::Told;

/// Contacts where none are said.
const CONTACTS: u64 = 10_000;
const PATIENCE: Duration = Duration::from_secs(60);

/// Measures all three.
///
/// # Errors
/// The sandbox refused something.
pub async fn crm(args: &Args) -> Result<Told, Failure> {
    let contacts: Vec<Call> = (0..args.count_or(CONTACTS)).map(contact).collect();
    let rig = Rig::new();
    let rows = rows(&contacts);
    let ceiling = ceiling(&rig, &rows).await?;
    let writer = writer(&rig, &rows).await?;
    let stage = stage(&rig, &contacts, rows.len()).await?;
    let mut told = Told::default();
    told.count("crm_rows", rows.len() as u64);
    for (name, rate) in [("ceiling", ceiling), ("writer", writer), ("stage", stage)] {
        told.figure(&format!("crm_{name}_rows_per_s"), rate);
    }
    told.figure("ratio_writer", writer / ceiling);
    told.figure("ratio_stage", stage / ceiling);
    Ok(told)
}

fn rows(contacts: &[Call]) -> Vec<Row> {
    let (settings, roster) = (MappingSettings::default(), Roster::default());
    let context = MappingContext { settings: &settings, roster: &roster, target: "salesforce" };
    let of = |call: &Call| crm::contact_rows(call, &context, &Party::None, &TaskState::NotWritten);
    contacts.iter().flat_map(of).collect()
}

fn sandbox(rig: &Rig) -> Result<(Service, String), Failure> {
    let log = tempfile::NamedTempFile::new()?.into_temp_path().keep()?;
    let mut service = Service::start(rig.environment(), &["crm-sandbox", "--listen", "127.0.0.1:0"], &log)?;
    let line = service.wait_for("crm sandbox: ", PATIENCE)?;
    let address = line.split('/').take(3).collect::<Vec<_>>().join("/");
    std::fs::remove_file(&log)?;
    Ok((service, address))
}

fn config(rig: &Rig, url: &str) -> Result<SalesforceConfig, Failure> {
    let secret = rig.path("sandbox-secret");
    std::fs::write(&secret, tests::rig::SANDBOX_SECRET)?;
    let auth = Auth::ClientCredentials {
        client_id: "ringledger-sandbox".to_owned(),
        client_secret: Secret::from_file(secret),
    };
    Ok(SalesforceConfig::new(url, auth))
}

async fn ceiling(rig: &Rig, rows: &[Row]) -> Result<f64, Failure> {
    let (_running, url) = sandbox(rig)?;
    let config = config(rig, &url)?;
    let mut seconds = 0.0;
    for object in [Object::Task, Object::CallMetric] {
        let of: Vec<&Row> = rows.iter().filter(|r| r.object == object).collect();
        let bodies = of.chunks(config.batch_rows).map(|chunk| {
            let records: Vec<_> = chunk.iter().map(|r| with_type(object, r)).collect();
            (chunk.len(), json!({ "allOrNone": false, "records": records }).to_string().into_bytes())
        });
        let mut lanes: Vec<Vec<(usize, Vec<u8>)>> = vec![Vec::new(); config.lanes];
        bodies.enumerate().for_each(|(i, body)| lanes[i % config.lanes].push(body));
        let poster = Arc::new(Poster::new(&url).await?);
        let begun = Instant::now();
        let tasks = lanes.into_iter().map(|lane| tokio::spawn(post(poster.clone(), object, lane)));
        for task in futures::future::join_all(tasks).await {
            task??;
        }
        seconds += begun.elapsed().as_secs_f64();
    }
    Ok(rows.len() as f64 / seconds)
}

fn with_type(object: Object, row: &Row) -> serde_json::Value {
    let mut record = serde_json::Map::new();
    record.insert("attributes".to_owned(), json!({ "type": object.name() }));
    record.extend(row.to_json());
    record.into()
}

async fn post(poster: Arc<Poster>, object: Object, bodies: Vec<(usize, Vec<u8>)>) -> Result<(), String> {
    for (rows, body) in bodies {
        let written = poster.upsert(object.name(), object.key_field(), body).await?;
        if written != rows {
            return Err(format!("the sandbox took {written} of {rows} rows"));
        }
    }
    Ok(())
}

async fn writer(rig: &Rig, rows: &[Row]) -> Result<f64, Failure> {
    let (_running, url) = sandbox(rig)?;
    let config = SalesforceConfig { bulk_rows: usize::MAX, ..config(rig, &url)? };
    let target = Salesforce::connect(config, Arc::new(Clock), Arc::new(Journal::default())).await?;
    let given = rows.to_vec();
    let begun = Instant::now();
    let outcomes = target.write(given).await;
    let seconds = begun.elapsed().as_secs_f64();
    match outcomes.iter().find(|o| !matches!(o, Outcome::Written { .. })) {
        Some(refused) => Err(format!("a row was not written: {refused:?}").into()),
        None => Ok(rows.len() as f64 / seconds),
    }
}

async fn stage(rig: &Rig, contacts: &[Call], rows: usize) -> Result<f64, Failure> {
    let (_running, url) = sandbox(rig)?;
    let folder = tempfile::tempdir()?;
    let log: Arc<dyn EventLog> = Arc::new(EmbeddedLog::open(folder.path())?);
    for topic in event_log::topics() {
        log.ensure_topic(&topic).await?;
    }
    publish::calls(&*log, contacts).await?;
    let target = Salesforce::connect(config(rig, &url)?, Arc::new(Clock), Arc::new(Journal::default())).await?;
    let mut stage = CrmStage::new(log, Arc::new(target), MappingSettings::default(), HashMap::new());
    let begun = Instant::now();
    while stage.round(true).await? {}
    let seconds = begun.elapsed().as_secs_f64();
    let written: u64 = stage.counts.written.values().sum();
    if written != rows as u64 {
        return Err(format!("{written} of {rows} rows were written: {:?}", stage.counts).into());
    }
    Ok(rows as f64 / seconds)
}

struct Clock;

#[async_trait]
impl Timing for Clock {
    fn now(&self) -> model::Instant {
        clock::now()
    }

    async fn wait(&self, ms: u64) {
        tokio::time::sleep(Duration::from_millis(ms)).await;
    }

    fn chance(&self) -> f64 {
        0.5
    }
}

/// One job, in memory: nothing is killed here.
#[derive(Default)]
struct Journal(Mutex<Option<BulkJob>>);

#[async_trait]
impl BulkJournal for Journal {
    async fn load(&self) -> Result<Option<BulkJob>, String> {
        Ok(self.0.lock().map_err(|e| e.to_string())?.clone())
    }

    async fn store(&self, job: &BulkJob) -> Result<(), String> {
        *self.0.lock().map_err(|e| e.to_string())? = Some(job.clone());
        Ok(())
    }

    async fn clear(&self) -> Result<(), String> {
        *self.0.lock().map_err(|e| e.to_string())? = None;
        Ok(())
    }
}
