//! A CRM that takes nothing for a long while: its queue has a limit, at which only the
//! reading of contacts stops; once it takes rows again, none was lost or given twice.

mod common;

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use crm::{
    CrmError, CrmTarget, Later, LaterKind, MappingContext, MappingSettings, Outcome, Party, Row, Status, TaskState,
};
use event_log::{EmbeddedLog, EventLog};
use model::facts::{Call, QueueInterval};
use model::{Name, TOPIC_CALLS};
use pipeline::contacts;
use pipeline::crm_queue::MOST;
use pipeline::crm_stage::CrmStage;

/// More than may wait.
const CONTACTS: usize = MOST + 3_000;
/// Records that one partition may bring at a look.
const AT_ONCE: usize = 1_000;

/// Takes nothing until it is open; then notes whom it was asked about.
#[derive(Default)]
struct Target {
    open: AtomicBool,
    taken: Mutex<Vec<Name>>,
}

#[async_trait]
impl CrmTarget for Target {
    fn name(&self) -> Name {
        "test".into()
    }

    fn batch_rows(&self) -> usize {
        200
    }

    async fn find_party(&self, call: &Call) -> Result<Party, Later> {
        if !self.open.load(Ordering::SeqCst) {
            let message = "it answers nothing".to_owned();
            return Err(Later { kind: LaterKind::Unreachable, after_ms: 0, message });
        }
        self.taken.lock().unwrap().push(call.call_id.clone());
        Ok(Party::None)
    }

    // A contact without rows is settled as it is: what the log is told of rows is no matter here.
    fn contact_rows(&self, _: &Call, _: &MappingContext<'_>, _: &Party, _: &TaskState) -> Vec<Row> {
        Vec::new()
    }

    fn interval_rows(&self, _: &[QueueInterval]) -> Vec<Row> {
        Vec::new()
    }

    async fn write(&self, _: Vec<Row>) -> Vec<Outcome> {
        Vec::new()
    }

    async fn check(&self) -> Result<(), CrmError> {
        Ok(())
    }

    fn status(&self) -> Status {
        Status::default()
    }
}

fn call(n: usize) -> Call {
    common::abandoned(format!("c{n}"), None)
}

#[tokio::test]
async fn a_full_queue_stops_the_reading_and_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let log: Arc<dyn EventLog> = Arc::new(EmbeddedLog::open(dir.path()).unwrap());
    for topic in event_log::topics() {
        log.ensure_topic(&topic).await.unwrap();
    }
    log.append(TOPIC_CALLS, (0..CONTACTS).map(|n| contacts::to_record(&call(n))).collect()).await.unwrap();
    let target = Arc::new(Target::default());
    let mut stage = CrmStage::new(log.clone(), target.clone(), MappingSettings::default(), HashMap::new());
    let mut most = 0;
    for _ in 0..6 {
        stage.round(false).await.unwrap();
        most = most.max(stage.waiting());
    }
    assert!((MOST..MOST + AT_ONCE).contains(&most), "{most} wait");
    for partition in 0..log.partitions(TOPIC_CALLS).await.unwrap() {
        let stands = log.committed("ringledger-crm-test", TOPIC_CALLS, partition).await.unwrap();
        assert_eq!(stands.unwrap_or(0), 0, "nothing is finished: partition {partition} is read again after a kill");
    }

    target.open.store(true, Ordering::SeqCst);
    while stage.round(false).await.unwrap() {}
    assert_eq!(stage.waiting(), 0);
    let taken = target.taken.lock().unwrap();
    assert_eq!((taken.len(), taken.iter().collect::<HashSet<_>>().len()), (CONTACTS, CONTACTS));
}
