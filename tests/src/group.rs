//! What several processes must end with, whatever became of them on the way: the rows of
//! one undisturbed process that folds the same log, and one Task a contact.

use std::time::Duration;

use crm::MappingSettings;
use model::facts::Facts;
use tables::{Filter, Lake};

use crate::crm_records::values;
use crate::figures;
use crate::kafka::Kafka;
use crate::process::succeed;
use crate::rig::{self, Rig, until};
use crate::s3::S3;

const PATIENCE: Duration = Duration::from_secs(180);

/// Keys of the contacts of a lake that ask for a Task.
///
/// # Errors
/// The tables cannot be read.
pub async fn keys(lake: &Lake) -> Result<Vec<String>, String> {
    let settings = MappingSettings::default();
    let mut calls = lake.calls(&Filter::default()).await.map_err(|e| e.to_string())?;
    // A revision that only tells of CRM records asks for none, but the contact did before.
    calls.iter_mut().for_each(|c| c.crm_only = false);
    let ended = calls.iter().filter(|c| c.ended_at.is_some() && crm::mapping::wanted(c, &settings));
    let mut keys: Vec<String> = ended.map(crm::mapping::call_key).collect();
    keys.sort();
    Ok(keys)
}

/// How many contacts of one switch's stream (`ami-calls.raw.gz`) ask for a Task.
///
/// # Panics
/// Where it cannot be imported.
pub async fn contacts_of_an_import(rig: &Rig) -> usize {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/data/asterisk-a/ami-calls.raw.gz");
    let folder = rig.shown("imported");
    let import = ["import", "--data-dir", &folder, "--switch", "pbx1", "--dialect", "asterisk.ami", file];
    succeed(rig.environment(), &import);
    keys(&figures::folder(&rig.path("imported/lake")).await).await.expect("contacts").len()
}

/// Waits until each of the contacts that ask for a Task has one, and no more.
///
/// # Panics
/// Where that does not come.
pub async fn tasks_of_contacts(lake: &Lake, crm: &str, contacts: usize) {
    until("one Task a contact", PATIENCE, || async {
        let (keys, tasks) = (keys(lake).await?, values(crm, "Task", "PBX_Call_Key__c").await?);
        if tasks == keys && keys.len() == contacts {
            Ok(())
        } else {
            Err(format!("{} Tasks, {} contacts of {contacts}", tasks.len(), keys.len()))
        }
    })
    .await;
}

/// Every revision of every table, as text, sorted.
///
/// # Panics
/// Where they cannot be read.
pub async fn rows(lake: &Lake) -> Vec<(&'static str, Vec<String>)> {
    fn lines<T: std::fmt::Debug>(rows: &[T]) -> Vec<String> {
        let mut lines: Vec<String> = rows.iter().map(|r| format!("{r:?}")).collect();
        lines.sort();
        lines
    }
    let Facts { queue_visits, agent_legs, agent_states, calls, queue_intervals, recordings, .. } =
        lake.revisions(&Filter::default()).await.expect("revisions");
    vec![
        ("queue_visits", lines(&queue_visits)),
        ("agent_legs", lines(&agent_legs)),
        ("agent_states", lines(&agent_states)),
        ("calls", lines(&calls)),
        ("queue_intervals", lines(&queue_intervals)),
        ("recordings", lines(&recordings)),
        ("events", lines(&lake.events(&Filter::default()).await.expect("events"))),
    ]
}

/// The lake holds, row for row, what one undisturbed process makes of the same log.
///
/// # Panics
/// Where it does not.
pub async fn ends_as_undisturbed(rig: &Rig, kafka: &Kafka, s3: &S3, lake: &Lake) {
    let calm = rows_of_a_calm_run(rig, kafka, s3).await;
    let disturbed = rows(lake).await;
    for (name, calm, disturbed) in calm.iter().zip(&disturbed).map(|(c, d)| (c.0, &c.1, &d.1)) {
        let odd =
            || disturbed.iter().find(|r| !calm.contains(r)).or_else(|| calm.iter().find(|r| !disturbed.contains(r)));
        let counts = format!("{name}: {} rows, undisturbed {}", disturbed.len(), calm.len());
        assert!(!calm.is_empty() && calm == disturbed, "{counts}: {:?}", odd());
    }
}

/// The rows that one undisturbed process makes of the same log.
async fn rows_of_a_calm_run(rig: &Rig, kafka: &Kafka, s3: &S3) -> Vec<(&'static str, Vec<String>)> {
    let group = format!("[kafka]\nbrokers = \"{}\"\ngroup = \"calm\"\n", kafka.brokers());
    let limits = format!("[limits]\ndrain_seconds = 120\n{}", rig::LATE_HORIZON);
    let parts = [rig::stages(&["facts"]), group, rig::stores(s3, "calm"), limits];
    let pipeline = rig.pipeline("calm", &parts);
    let mut calm = rig.run("calm", &pipeline, "data-calm");
    calm.wait_for("partitions assigned", PATIENCE);
    // The drain folds all that the log holds.
    let status = calm.terminate(PATIENCE);
    assert!(status.success(), "{}", calm.said());
    rows(&figures::on_s3(s3, "calm").await).await
}
