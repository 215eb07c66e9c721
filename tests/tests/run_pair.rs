//! Two whole pipelines side by side: two processes of one consumer group, each with every
//! stage and both switches. Each switch has one writer, each row is there once, each
//! contact has one Task; and whoever stays takes over all of it.
#![cfg(feature = "real-parts")]

use std::collections::BTreeMap;
use std::time::Duration;

use event_log::{EventLog, KafkaConfig, KafkaLog};
use model::TOPIC_EVENTS;
use model::facts::RecordingState;
use tables::{Filter, Lake};
use tests::figures;
use tests::group;
use tests::kafka::Kafka;
use tests::rig::{self, Rig, until};
use tests::s3::S3;
use tests::switch::{Switch, capture};

const PATIENCE: Duration = Duration::from_secs(180);
const SWITCHES: [&str; 2] = ["pbx1", "pbx2"];

#[tokio::test(flavor = "multi_thread")]
async fn two_whole_pipelines_share_the_work_and_double_nothing() {
    let (kafka, s3, mut rig) = (Kafka::start(), S3::start("ringledger"), Rig::new());
    rig.use_keys_of(&s3);
    let (_sandbox, crm) = rig.sandbox();
    let stream = capture("ami-calls.raw.gz");
    let switches = SWITCHES.map(|_| Switch::start(&stream));
    switches.iter().for_each(|s| s.hold_at(0.0));
    let mut parts = vec![rig::kafka(&kafka.brokers()), rig::stores(&s3, "shared"), rig::salesforce(&crm)];
    parts.extend([rig::http(&rig), rig::limits()]);
    parts.extend(SWITCHES.iter().zip(&switches).map(|(n, s)| rig::source(n, s.port())));
    parts.extend(SWITCHES.iter().map(|n| rig::switch(n, true)));
    let pipeline = rig.pipeline("whole", &parts);
    let mut one = rig.run("one", &pipeline, "data-1");
    let mut two = rig.run("two", &pipeline, "data-2");
    for process in [&mut one, &mut two] {
        process.wait_for("partitions assigned", PATIENCE);
    }
    switches.iter().for_each(Switch::release);
    switches.iter().for_each(|s| s.wait_played(PATIENCE));

    let lake = figures::on_s3(&s3, "shared").await;
    let contacts = SWITCHES.len() * group::contacts_of_an_import(&rig).await;
    group::tasks_of_contacts(&lake, &crm, contacts).await;
    recordings_settle(&lake).await;
    switches.iter().for_each(|s| assert_eq!(s.logins(), (1, 0), "one process hears a switch"));
    one_writer_a_source(&kafka).await;

    // Who leaves is followed by who stays, in every task.
    let turns = |said: &str| -> Vec<String> {
        let mine = said.lines().filter(|l| l.contains("it is this process's turn"));
        mine.filter_map(|l| Some(l.split_once("task=")?.1.trim_matches('"').to_owned())).collect()
    };
    let handed = turns(&one.said());
    let status = one.terminate(rig::DRAINS);
    assert!(status.success(), "{status:?}\n{}", one.said());
    until("every task has its owner", PATIENCE, || async {
        let taken = turns(&two.said());
        let missing: Vec<_> = handed.iter().filter(|t| !taken.contains(t)).collect();
        if missing.is_empty() { Ok(()) } else { Err(format!("{missing:?}")) }
    })
    .await;
    let heard_anew = handed.iter().filter(|t| t.starts_with("collect ")).count();
    until("each switch is heard again", PATIENCE, || async {
        let logins: usize = switches.iter().map(|s| s.logins().0).sum();
        if logins == SWITCHES.len() + heard_anew { Ok(()) } else { Err(logins.to_string()) }
    })
    .await;
    let status = two.terminate(rig::DRAINS);
    assert!(status.success(), "{status:?}\n{}", two.said());
    assert!(handed.len() + turns(&two.said()).len() >= 6, "two sources, two folders, a CRM, maintenance: {handed:?}");
    // What the CRM's and the recordings' tasks told after the last fold is taken in by the
    // next start, as ever.
    let common = [rig::kafka(&kafka.brokers()), rig::stores(&s3, "shared"), rig::limits()].concat();
    let mut last = rig.run("last", &rig.pipeline("last", &[rig::stages(&["facts"]), common]), "data-3");
    last.wait_for("partitions assigned", PATIENCE);
    let status = last.terminate(rig::DRAINS);
    assert!(status.success(), "{status:?}\n{}", last.said());
    group::ends_as_undisturbed(&rig, &kafka, &s3, &lake).await;
    group::tasks_of_contacts(&lake, &crm, contacts).await;
}

/// Every recording that was announced has an outcome, and one.
async fn recordings_settle(lake: &Lake) {
    until("an outcome for each recording", PATIENCE, || async {
        let rows = lake.recordings(&Filter::default()).await.map_err(|e| e.to_string())?;
        let pending = rows.iter().filter(|r| r.state == RecordingState::Pending).count();
        let stored = rows.iter().filter(|r| r.state == RecordingState::Recorded).count();
        if pending == 0 && stored >= SWITCHES.len() {
            Ok(())
        } else {
            Err(format!("{pending} pending, {stored} stored"))
        }
    })
    .await;
}

/// Of each switch's own events the sequence grows one by one, and its epoch never falls.
async fn one_writer_a_source(kafka: &Kafka) {
    let config = KafkaConfig { brokers: kafka.brokers(), settings: Default::default() };
    let log = KafkaLog::connect(&config).await.expect("a connection");
    let mut last = BTreeMap::new();
    for switch in SWITCHES {
        let partition = log.partition_of(TOPIC_EVENTS, switch.as_bytes()).await.expect("a partition");
        let high = log.watermarks(TOPIC_EVENTS, partition).await.expect("marks").high;
        let mut at = 0;
        while at < high {
            let records = log.read(TOPIC_EVENTS, partition, at, 10_000, 32 << 20, PATIENCE).await.expect("records");
            at = records.last().expect("a record below the end").offset + 1;
            let of_switch = records.iter().map(|r| r.envelope().expect("an event"));
            for envelope in of_switch.filter(|e| e.sequence > 0 && e.switch == switch) {
                let now = (envelope.epoch, envelope.sequence);
                if let Some((epoch, sequence)) = last.insert((switch, envelope.source.clone()), now) {
                    assert!(now.0 == epoch && now.1 > sequence, "{switch}: {now:?} after {:?}", (epoch, sequence));
                }
            }
        }
    }
    assert_eq!(last.len(), SWITCHES.len(), "{last:?}");
}
