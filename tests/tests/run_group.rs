//! Several `ringledger run` processes: each stage in one of its own, two that share the
//! partitions; one of the two killed and started again, the broker restarted. In the end
//! the rows are those of an undisturbed process that folds the same log, and the CRM holds
//! one Task a contact.
#![cfg(feature = "real-parts")]

use std::time::Duration;

use crm::MappingSettings;
use model::facts::Facts;
use tables::{Filter, Lake};
use tests::crm_records::values;
use tests::figures;
use tests::kafka::Kafka;
use tests::process::succeed;
use tests::rig::{self, Rig, until};
use tests::s3::S3;
use tests::switch::{Switch, capture};

const PATIENCE: Duration = Duration::from_secs(120);
const SWITCHES: [&str; 3] = ["pbx1", "pbx2", "pbx3"];

#[tokio::test(flavor = "multi_thread")]
async fn killed_and_restarted_it_ends_as_if_undisturbed() {
    let (mut kafka, s3, mut rig) = (Kafka::start(), S3::start("ringledger"), Rig::new());
    rig.use_keys_of(&s3);
    let (_sandbox, crm) = rig.sandbox();
    let stream = capture("ami-calls.raw.gz");
    let switches = SWITCHES.map(|_| Switch::start(&stream));
    let sources: String = SWITCHES.iter().zip(&switches).map(|(n, s)| rig::source(n, s.port())).collect();
    let settings: String = SWITCHES.iter().map(|n| rig::switch(n, *n == "pbx1")).collect();
    let common = [rig::stores(&s3, "shared"), rig::limits()].concat();
    let patient = format!("[kafka]\nbrokers = \"{}\"\n", kafka.brokers());
    let of = |stages: &[&str], more: &str| {
        // Who is to be killed is to be missed soon; the others outlast a broker's restart.
        let kafka = if stages == ["facts"] { rig::kafka(&kafka.brokers()) } else { patient.clone() };
        rig.pipeline(stages[0], &[rig::stages(stages), kafka, common.clone(), more.to_owned()])
    };
    let collect = of(&["collect"], &(sources + &settings));
    let facts = of(&["facts"], "");
    let crm_stage = of(&["crm"], &rig::salesforce(&crm));
    let recordings = of(&["recordings"], &rig::switch("pbx1", true));
    let http = of(&["http"], &rig::http(&rig));

    switches.iter().for_each(|s| s.hold_at(0.5));
    let mut one = rig.run("facts-1", &facts, "data-1");
    let mut two = rig.run("facts-2", &facts, "data-2");
    let mut collecting = rig.run("collect", &collect, "data-3");
    let mut writing = rig.run("crm", &crm_stage, "data-4");
    let mut storing = rig.run("recordings", &recordings, "data-5");
    let mut serving = rig.run("http", &http, "data-6");
    let address = format!("http://{}", serving.wait_for("listening on http://", PATIENCE));
    switches.iter().for_each(|s| s.wait_played(PATIENCE));
    one.wait_for("partitions assigned", PATIENCE);
    two.wait_for("partitions assigned", PATIENCE);
    let lake = figures::on_s3(&s3, "shared").await;
    until("first rows", PATIENCE, || async {
        let visits = lake.visits(&Filter::default()).await.map_err(|e| e.to_string())?;
        if visits.is_empty() { Err("none") } else { Ok(()) }.map_err(str::to_owned)
    })
    .await;
    one.kill9();
    switches.iter().for_each(|s| s.hold_at(0.75));
    let mut one = rig.run("facts-1", &facts, "data-1");
    switches.iter().for_each(|s| s.wait_played(PATIENCE));
    kafka.restart();
    switches.iter().for_each(Switch::release);
    switches.iter().for_each(|s| s.wait_played(PATIENCE));

    let contacts = SWITCHES.len() * contacts_of_an_import(&rig).await;
    tasks_of_contacts(&lake, &crm, contacts).await;
    let health = reqwest::get(format!("{address}/healthz")).await.expect("an answer");
    assert_eq!(health.status(), 200);
    // The switches were heard by one process, once, whatever happened around it.
    switches.iter().for_each(|s| assert_eq!(s.logins(), (1, 0)));
    for process in [&mut collecting, &mut writing, &mut storing, &mut serving] {
        let status = process.terminate(Duration::from_secs(30));
        assert!(status.success(), "{}", process.said());
    }
    for process in [&mut one, &mut two] {
        let status = process.terminate(Duration::from_secs(30));
        assert!(status.success(), "{}", process.said());
    }
    let calm = rows_of_a_calm_run(&rig, &kafka, &s3).await;
    let disturbed = rows(&lake).await;
    for (name, calm, disturbed) in calm.iter().zip(&disturbed).map(|(c, d)| (c.0, &c.1, &d.1)) {
        assert!(!calm.is_empty() && calm == disturbed, "{name}: {} rows, undisturbed {}", disturbed.len(), calm.len());
    }
}

/// Keys of the contacts of a lake that ask for a Task.
async fn keys(lake: &Lake) -> Result<Vec<String>, String> {
    let settings = MappingSettings::default();
    let mut calls = lake.calls(&Filter::default()).await.map_err(|e| e.to_string())?;
    // A revision that only tells of CRM records asks for none, but the contact did before.
    calls.iter_mut().for_each(|c| c.crm_only = false);
    let ended = calls.iter().filter(|c| c.ended_at.is_some() && crm::mapping::wanted(c, &settings));
    let mut keys: Vec<String> = ended.map(crm::mapping::call_key).collect();
    keys.sort();
    Ok(keys)
}

/// How many contacts of one switch's stream ask for a Task.
async fn contacts_of_an_import(rig: &Rig) -> usize {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/data/asterisk-a/ami-calls.raw.gz");
    let folder = rig.shown("imported");
    let import = ["import", "--data-dir", &folder, "--switch", "pbx1", "--dialect", "asterisk.ami", file];
    succeed(rig.environment(), &import);
    keys(&figures::folder(&rig.path("imported/lake")).await).await.expect("contacts").len()
}

/// Waits until each of the contacts that ask for a Task has one, and no more.
async fn tasks_of_contacts(lake: &Lake, crm: &str, contacts: usize) {
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
async fn rows(lake: &Lake) -> Vec<(&'static str, Vec<String>)> {
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

/// The rows that one undisturbed process makes of the same log.
async fn rows_of_a_calm_run(rig: &Rig, kafka: &Kafka, s3: &S3) -> Vec<(&'static str, Vec<String>)> {
    let group = format!("[kafka]\nbrokers = \"{}\"\ngroup = \"calm\"\n", kafka.brokers());
    let limits = "[limits]\ndrain_seconds = 120\n".to_owned();
    let parts = [rig::stages(&["facts"]), group, rig::stores(s3, "calm"), limits];
    let pipeline = rig.pipeline("calm", &parts);
    let mut calm = rig.run("calm", &pipeline, "data-calm");
    calm.wait_for("partitions assigned", PATIENCE);
    // The drain folds all that the log holds.
    let status = calm.terminate(PATIENCE);
    assert!(status.success(), "{}", calm.said());
    rows(&figures::on_s3(s3, "calm").await).await
}
