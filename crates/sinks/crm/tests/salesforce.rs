//! The writer against the sandbox, over real HTTP.

mod common;

use common::{bench, call};
use crm::{CrmTarget, MappingContext, Object, Outcome, Party, TaskState};
use model::{Name, Roster};

#[tokio::test]
async fn a_contact_becomes_one_task_and_one_metric_linked_to_its_caller() {
    let bench = bench().await;
    let target = bench.connect().await;
    let config = bench.config();
    let roster = Roster::default();
    let context = MappingContext { settings: &config.mapping, roster: &roster, target: "salesforce" };
    let call = call("1795326271.9", "07700900096");
    let party = target.find_party(&call).await.unwrap();
    assert!(matches!(party, Party::Contact { .. }), "{party:?}");
    let rows = target.contact_rows(&call, &context, &party, &TaskState::NotWritten);
    assert_eq!(rows.iter().map(|r| r.object).collect::<Vec<_>>(), [Object::Task, Object::CallMetric]);
    for _ in 0..2 {
        let outcomes = target.write(rows.clone()).await;
        assert!(outcomes.iter().all(|o| matches!(o, Outcome::Written { id: Some(_), .. })), "{outcomes:?}");
    }
    assert_eq!(bench.sandbox.count("Task").unwrap(), 1);
    let task = bench
        .query("SELECT Id, Subject, Status, WhoId, WhatId FROM Task WHERE PBX_Call_Key__c = 'london/pbx1/1795326271.9'")
        .await;
    assert_eq!(task["records"][0]["Status"], "Completed");
    assert_eq!(task["records"][0]["WhoId"].as_str(), party.who());
    assert_eq!(task["records"][0]["WhatId"].as_str(), party.what());
    let metric = bench.query("SELECT Task_Id__c, Contact__c, Match_Status__c FROM Call_Metric__c").await;
    assert_eq!(metric["records"][0]["Task_Id__c"], task["records"][0]["Id"]);
    assert_eq!(metric["records"][0]["Match_Status__c"], "linked");
}

#[tokio::test]
async fn callers_are_matched_by_account_number_then_by_phone_and_answers_are_kept() {
    let bench = bench().await;
    let target = bench.connect().await;
    let mut by_account = call("1", "+447700900099");
    by_account.ivr = vec![(Name::new("AccountNumber"), Name::new("634123"))];
    let found = target.find_party(&by_account).await.unwrap();
    assert!(matches!(found, Party::Account { .. }), "{found:?}");
    // Contacts and their own account behind one number, contacts of one account in two
    // notations, contacts of two accounts, a lead, nobody, a withheld number.
    let word = async |ani: &str| {
        let party = target.find_party(&call("2", ani)).await.unwrap();
        match party {
            Party::Contact { .. } => "contact",
            Party::Account { .. } => "account",
            Party::Lead { .. } => "lead",
            Party::Review { .. } => "review",
            Party::None => "none",
        }
    };
    for (ani, expected) in [
        ("07700900096", "contact"),
        ("+442079460922", "account"),
        ("+442079460961", "review"),
        ("12025550133", "lead"),
        ("+447700900098", "none"),
    ] {
        assert_eq!(word(ani).await, expected, "{ani}");
    }
    let asked = || bench.seen("/search") + bench.seen("/query");
    let before = asked();
    for ani in ["07700900096", "+447700900098"] {
        word(ani).await;
    }
    assert_eq!(asked(), before, "answers are kept, misses too");
    bench.timing.advance(301_000);
    word("+447700900098").await;
    assert_eq!(asked(), before + 1, "but not for ever");
    let mut withheld = call("3", "+442079460922");
    withheld.ani_withheld = true;
    assert_eq!(target.find_party(&withheld).await.unwrap(), Party::None);
}

#[tokio::test]
async fn an_account_number_that_nobody_has_falls_back_to_the_phone() {
    let bench = bench().await;
    let target = bench.connect().await;
    let mut call = call("1", "07700900096");
    call.ivr = vec![(Name::new("AccountNumber"), Name::new("999999"))];
    assert!(matches!(target.find_party(&call).await.unwrap(), Party::Contact { .. }));
    bench.sandbox.set_faults(crm_sandbox::Faults { limit_exhausted: true, ..Default::default() });
    call.ani = Some(Name::new("+447700900097"));
    let later = target.find_party(&call).await.unwrap_err();
    assert_eq!(later.kind, crm::LaterKind::LimitExceeded);
}

#[tokio::test]
async fn optional_fields_that_the_organisation_lacks_are_left_out_and_required_ones_refuse() {
    let lacking = |fields: &[&str]| crm_sandbox::Settings {
        without_fields: fields.iter().map(|f| (*f).to_owned()).collect(),
        ..Default::default()
    };
    let bench = common::bench_with(lacking(&["Task.Recording_URL__c", "Call_Metric__c.Hold_Ms__c"])).await;
    let target = bench.connect().await;
    let mut row = common::task(1);
    row.fields.push((Name::new("Recording_URL__c"), crm::Scalar::Text("https://ledger.example/r/1".into())));
    assert!(matches!(target.write(vec![row]).await[0], Outcome::Written { .. }));
    let bench = common::bench_with(lacking(&["Task.PBX_Call_Key__c"])).await;
    let error =
        crm::Salesforce::connect(bench.config(), bench.timing.clone(), bench.journal.clone()).await.err().unwrap();
    let text = error.to_string();
    assert!(matches!(error, crm::CrmError::Schema(_)), "{text}");
    assert!(text.contains("PBX_Call_Key__c") && text.contains("deploy/salesforce"), "{text}");
}
