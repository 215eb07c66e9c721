//! Several `ringledger run` processes: each stage in one of its own, two that share the
//! partitions; one of the two killed and started again, the broker restarted. In the end
//! the rows are those of an undisturbed process that folds the same log, and the CRM holds
//! one Task a contact.
#![cfg(feature = "real-parts")]

use std::time::Duration;

use tables::Filter;
use tests::figures;
use tests::group;
use tests::kafka::Kafka;
use tests::rig::{self, Rig, until};
use tests::s3::S3;
use tests::switch::{Switch, capture};

const PATIENCE: Duration = Duration::from_secs(240);
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

    let contacts = SWITCHES.len() * group::contacts_of_an_import(&rig).await;
    group::tasks_of_contacts(&lake, &crm, contacts).await;
    let health = reqwest::get(format!("{address}/healthz")).await.expect("an answer");
    assert_eq!(health.status(), 200);
    // The switches were heard by one process, once, whatever happened around it.
    switches.iter().for_each(|s| assert_eq!(s.logins(), (1, 0)));
    for process in [&mut collecting, &mut writing, &mut storing, &mut serving] {
        let status = process.terminate(rig::DRAINS);
        assert!(status.success(), "{}", process.said());
    }
    for process in [&mut one, &mut two] {
        let status = process.terminate(rig::DRAINS);
        assert!(status.success(), "{}", process.said());
    }
    group::ends_as_undisturbed(&rig, &kafka, &s3, &lake).await;
}
