//! A CRM in memory: upserts by external id, and fails before or after it did the work.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use crm::{
    CrmError, CrmTarget, Later, LaterKind, MappingContext, Object, Outcome, Parked, Party, Row, Scalar, Status,
    TaskState,
};
use model::Name;
use model::facts::{Call, QueueInterval};

use crate::broken::Broken;
use crate::fates::{Fate, mix};
use crate::ground::{Ground, Life};
use crate::happened::Kind;

/// Its records: object and external id, and the fields as they stand.
pub type Records = BTreeMap<(Object, String), BTreeMap<String, String>>;

/// What it holds; clones are the same.
#[derive(Clone, Default)]
pub struct Held(Arc<Mutex<Records>>);

impl Held {
    /// All records.
    pub fn records(&self) -> Records {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn upsert(&self, row: &Row, anew: bool) {
        let mut records = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = if anew { format!("{} #{}", row.key, records.len()) } else { row.key.clone() };
        let record = records.entry((row.object, key)).or_default();
        record.extend(row.fields.iter().map(|(name, value)| (name.to_string(), value.to_json().to_string())));
    }
}

/// One process's way to it.
pub struct SimulatedCrm {
    held: Held,
    /// `None`: nothing fails.
    ground: Option<(Arc<Ground>, Arc<Life>)>,
}

fn later() -> Later {
    Later { kind: LaterKind::Unreachable, after_ms: 700, message: "the simulated CRM does not answer".to_owned() }
}

impl SimulatedCrm {
    /// The way of a process; without one: a CRM that always works.
    pub fn new(held: Held, ground: Option<(Arc<Ground>, Arc<Life>)>) -> Self {
        Self { held, ground }
    }

    fn is_broken(&self, how: Broken) -> bool {
        self.ground.as_ref().is_some_and(|(ground, _)| ground.is_broken(how))
    }

    async fn fate(&self, what: &str) -> Fate {
        let Some((ground, life)) = &self.ground else { return Fate::Fine };
        let lot = ground.fates.draw(what, 4);
        ground.turn_of(life, lot.delay_ms).await;
        if life.is_over() && !lot.outlives {
            std::future::pending::<()>().await;
        }
        ground.trace.log(ground.now_ms(), format!("{} {what}: {:?}", life.name, lot.fate));
        match lot.fate {
            Fate::Before => ground.happened.note(Kind::CrmBefore),
            Fate::Fine => {}
            _ => ground.happened.note(Kind::CrmAfter),
        }
        lot.fate
    }

    /// Some rows it never takes, whoever asks.
    fn one(&self, row: Row, fate: Fate) -> Outcome {
        if mix(7, &row.key).is_multiple_of(16) {
            let (target, code) = (self.name(), "STRING_TOO_LONG".to_owned());
            return Outcome::Parked(Box::new(Parked { target, code, reason: "too long".to_owned(), row }));
        }
        if fate == Fate::Before {
            return Outcome::Later(later());
        }
        if !self.is_broken(Broken::CrmForgets) {
            self.held.upsert(&row, self.is_broken(Broken::CrmIgnoresId));
        }
        match fate {
            Fate::Fine => Outcome::Written { id: Some(format!("id-{}", row.key)), created: true },
            _ => Outcome::Later(later()),
        }
    }
}

/// A row as it is sent: the metric of a contact names the Task of the same write, and waits
/// for it (as the one for Salesforce does).
fn with_task(row: &Row, rows: &[Row], outcomes: &BTreeMap<usize, Outcome>) -> Result<Row, Later> {
    let task = rows.iter().position(|r| r.object == Object::Task && r.key == row.key);
    let mut row = row.clone();
    match task.filter(|_| row.object == Object::CallMetric).and_then(|at| outcomes.get(&at)) {
        Some(Outcome::Written { id: Some(id), .. }) if row.field("Task_Id__c").is_none() => {
            row.fields.push((Name::new_static("Task_Id__c"), Scalar::Text(id.clone())));
            Ok(row)
        }
        Some(Outcome::Later(later)) => Err(later.clone()),
        _ => Ok(row),
    }
}

#[async_trait]
impl CrmTarget for SimulatedCrm {
    fn name(&self) -> Name {
        "simulated".into()
    }

    fn batch_rows(&self) -> usize {
        20
    }

    async fn find_party(&self, call: &Call) -> Result<Party, Later> {
        match self.fate(&format!("find {}", call.call_id)).await {
            Fate::Fine => Ok(Party::None),
            _ => Err(later()),
        }
    }

    fn contact_rows(&self, call: &Call, context: &MappingContext<'_>, party: &Party, task: &TaskState) -> Vec<Row> {
        crm::contact_rows(call, context, party, task)
    }

    fn interval_rows(&self, rows: &[QueueInterval]) -> Vec<Row> {
        crm::interval_rows(rows)
    }

    async fn write(&self, rows: Vec<Row>) -> Vec<Outcome> {
        let mut outcomes: BTreeMap<usize, Outcome> = BTreeMap::new();
        for object in Object::ALL {
            for (i, row) in rows.iter().enumerate().filter(|(_, row)| row.object == object) {
                let outcome = match with_task(row, &rows, &outcomes) {
                    Ok(row) => {
                        let fate = self.fate(&format!("upsert {} {}", row.object.name(), row.key)).await;
                        self.one(row, fate)
                    }
                    Err(put_off) => Outcome::Later(put_off),
                };
                outcomes.insert(i, outcome);
            }
        }
        outcomes.into_values().collect()
    }

    async fn check(&self) -> Result<(), CrmError> {
        Ok(())
    }

    fn status(&self) -> Status {
        Status::default()
    }
}
