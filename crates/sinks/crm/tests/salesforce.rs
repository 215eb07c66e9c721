//! The writer against the sandbox, over real HTTP.

mod common;

use common::{bench, call};
use crm::{CrmTarget, MappingContext, Object, Outcome, Party, TaskState};
use model::Roster;

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
