//! `ringledger check`: what is right is said to be; what is wrong is said with which part,
//! where it is and what to do, and no secret is shown.
#![cfg(feature = "real-parts")]

use tests::kafka::{Kafka, PASSWORD, USER};
use tests::process::run;
use tests::rig::{self, Rig};
use tests::s3::S3;
use tests::switch::{Switch, capture};

const WRONG: &str = "entirely-wrong-secret";

/// What `check` printed on both, and whether it was content.
fn check(rig: &Rig, pipeline: &str) -> (bool, String) {
    let output = run(rig.environment(), &["check", pipeline, "--data-dir", &rig.shown("data")]);
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}

fn sasl(kafka: &Kafka) -> String {
    format!(
        "[kafka]\nbrokers = \"{}\"\nsettings = {{ \"security.protocol\" = \"SASL_SSL\", \"sasl.mechanism\" = \
         \"SCRAM-SHA-512\", \"sasl.username\" = \"{USER}\", \"ssl.ca.location\" = \"{}\" }}\nsecrets = {{ \
         \"sasl.password\" = {{ env = \"KAFKA_PASSWORD\" }} }}\n",
        kafka.sasl_brokers(),
        kafka.ca_pem().display()
    )
}

/// The line of what failed; nothing else failed, and no secret of anybody is shown.
fn failure(rig: &mut Rig, pipeline: &str, variable: &str) -> String {
    let right: Vec<(String, String)> = rig.environment().to_vec();
    rig.set(variable, WRONG);
    let (content, said) = check(rig, pipeline);
    assert!(!content, "{said}");
    for (name, value) in right.iter().filter(|(n, _)| n.contains("SECRET") || n.contains("PASSWORD")) {
        assert!(!said.contains(value.as_str()), "{name} is shown: {said}");
        rig.set(name, value);
    }
    assert!(!said.contains(WRONG), "{said}");
    let failed: Vec<&str> = said.lines().filter(|l| l.starts_with("FAILED")).collect();
    assert!(!failed.is_empty(), "{said}");
    failed.join("\n")
}

#[test]
fn each_wrong_password_is_told_with_its_place_and_no_secret() {
    let (kafka, s3, mut rig) = (Kafka::start(), S3::start("ringledger"), Rig::new());
    rig.use_keys_of(&s3);
    rig.set("KAFKA_PASSWORD", PASSWORD);
    let (_sandbox, crm) = rig.sandbox();
    let switch = Switch::start(&capture("ami-calls.raw.gz"));
    let source = rig::source("pbx1", switch.port());
    let parts = [sasl(&kafka), rig::stores(&s3, "check"), source, rig::salesforce(&crm), rig::http(&rig)];
    let pipeline = rig.pipeline("whole", &parts);
    let (content, said) = check(&rig, &pipeline);
    assert!(content && said.lines().all(|l| l.starts_with("ok ")), "{said}");
    assert!(said.contains("cti.events has 48 partitions") && said.contains("crm salesforce: signed in"), "{said}");

    let at_switch = failure(&mut rig, &pipeline, "SWITCH_SECRET");
    assert!(at_switch.contains(&format!("127.0.0.1:{}", switch.port())), "{at_switch}");
    assert!(at_switch.contains("'observer'") && at_switch.contains("manager.conf"), "{at_switch}");
    let at_kafka = failure(&mut rig, &pipeline, "KAFKA_PASSWORD");
    assert!(at_kafka.contains(&kafka.sasl_brokers()) && at_kafka.contains("sasl.password"), "{at_kafka}");
    let at_s3 = failure(&mut rig, &pipeline, "AWS_SECRET_ACCESS_KEY");
    assert!(at_s3.contains("tables") && at_s3.contains("vault") && at_s3.contains("AWS_SECRET_ACCESS_KEY"), "{at_s3}");
    assert!(at_s3.contains(&s3.endpoint()), "{at_s3}");
    let at_crm = failure(&mut rig, &pipeline, "RINGLEDGER_SANDBOX_SECRET");
    assert!(at_crm.contains(&crm) && at_crm.contains("client_secret"), "{at_crm}");
}

#[test]
fn an_unknown_key_is_told_with_file_line_and_nearest_name() {
    let rig = Rig::new();
    let pipeline = rig.pipeline("wrong", &["[http]\nlisten = \"127.0.0.1:0\"\ntoken_file = \"x\"".to_owned()]);
    for command in ["check", "run"] {
        let output = run(rig.environment(), &[command, &pipeline, "--data-dir", &rig.shown("data")]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("wrong.toml: line 3: unknown field `token_file`"), "{said}");
        assert!(said.contains("did you mean `tokens_file`?"), "{said}");
    }
}
