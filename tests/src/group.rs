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
    same_rows(&calm, &rows(lake).await).unwrap_or_else(|odd| panic!("{odd}"));
}

/// Two sets of tables are equal, row for row, and none is empty.
///
/// # Errors
/// The first table that differs, with a row that only one of the two holds.
pub fn same_rows(calm: &[(&str, Vec<String>)], disturbed: &[(&str, Vec<String>)]) -> Result<(), String> {
    for ((name, calm), (_, disturbed)) in calm.iter().zip(disturbed) {
        if !calm.is_empty() && calm == disturbed {
            continue;
        }
        let only = |of: &Vec<String>, other: &Vec<String>| of.iter().find(|r| !other.contains(r)).cloned();
        let odd = only(disturbed, calm).or_else(|| only(calm, disturbed));
        return Err(format!("{name}: {} rows, undisturbed {}: {odd:?}", disturbed.len(), calm.len()));
    }
    Ok(())
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

#[cfg(test)]
mod tests {
    use super::same_rows;

    #[test]
    fn a_wrong_a_missing_and_a_doubled_row() {
        let table = |rows: &[&str]| vec![("calls", rows.iter().map(|r| (*r).to_owned()).collect::<Vec<_>>())];
        let calm = table(&["a", "b"]);
        assert_eq!(same_rows(&calm, &calm), Ok(()));
        let said = |rows: &[&str]| same_rows(&calm, &table(rows)).unwrap_err();
        assert!(said(&["a", "c"]).contains("\"c\""));
        assert_eq!(said(&["a"]), "calls: 1 rows, undisturbed 2: Some(\"b\")");
        assert!(said(&["a", "b", "b"]).starts_with("calls: 3 rows, undisturbed 2"));
        assert!(same_rows(&table(&[]), &table(&[])).is_err(), "nothing proves nothing");
    }
}
