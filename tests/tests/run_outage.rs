//! The object store is gone for a while under a running process: it survives, says what it
//! waits for, and ends as if undisturbed.
#![cfg(feature = "real-parts")]

use std::time::Duration;

use tables::Filter;
use tests::figures;
use tests::group;
use tests::kafka::Kafka;
use tests::rig::{self, Rig, until};
use tests::s3::S3;
use tests::switch::{Switch, capture};

const PATIENCE: Duration = Duration::from_secs(180);

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_gone_for_a_while_is_told_and_costs_no_row() {
    let (kafka, mut s3, mut rig) = (Kafka::start(), S3::start("ringledger"), Rig::new());
    rig.use_keys_of(&s3);
    let switch = Switch::start(&capture("ami-calls.raw.gz"));
    switch.hold_at(0.4);
    let parts = [
        rig::stages(&["collect", "facts", "http"]),
        rig::kafka(&kafka.brokers()),
        rig::stores(&s3, "shared"),
        rig::source("pbx1", switch.port()),
        rig::switch("pbx1", false),
        rig::http(&rig),
        rig::limits(),
    ];
    let mut running = rig.run("run", &rig.pipeline("outage", &parts), "data");
    let address = format!("http://{}", running.wait_for("listening on http://", PATIENCE));
    let lake = figures::on_s3(&s3, "shared").await;
    until("first rows", PATIENCE, || async {
        let visits = lake.visits(&Filter::default()).await.map_err(|e| e.to_string())?;
        if visits.is_empty() { Err("none".to_owned()) } else { Ok(()) }
    })
    .await;
    rig::until_ready(&address, PATIENCE).await;
    let before = rig::metric(&address, "ringledger_events_appended_total").await.expect("a metric");

    s3.stop();
    switch.hold_at(0.7);
    until("readiness and a metric tell what is waited for", PATIENCE, || async {
        let (status, text) = rig::ready(&address).await?;
        let waited = rig::metric(&address, "ringledger_waiting_seconds{for=\"table ").await?;
        if status == 503 && text.contains("waits for table ") && waited >= 1.0 {
            Ok(())
        } else {
            Err(format!("{status} {text} {waited}"))
        }
    })
    .await;
    // The switch is heard on: only the tables wait.
    rig::until_metric(&address, "ringledger_events_appended_total", before + 1.0, PATIENCE).await;
    until("it tries again", PATIENCE, || async {
        let said = running.said();
        let tries = said.lines().filter(|l| l.contains("trying again") && l.contains("table ")).count();
        if tries >= 2 { Ok(()) } else { Err(format!("{tries} tries")) }
    })
    .await;
    assert!(running.runs(), "{}", running.said());
    s3.restart();
    switch.release();
    switch.wait_played(PATIENCE);
    rig::until_ready(&address, PATIENCE).await;
    until("nothing is waited for", PATIENCE, || async {
        let waited = rig::metric(&address, "ringledger_waiting_seconds{for=\"table ").await?;
        if waited == 0.0 { Ok(()) } else { Err(waited.to_string()) }
    })
    .await;

    let status = running.terminate(rig::DRAINS);
    assert!(status.success(), "{status:?}\n{}", running.said());
    assert_eq!(switch.logins(), (1, 0), "the switch saw nothing of it");
    group::ends_as_undisturbed(&rig, &kafka, &s3, &lake).await;
}
