//! A CRM that works, keeps silent or refuses as it is told. (Each test uses a part of it.)
#![allow(dead_code)]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use crm::{CrmError, CrmTarget, Later, LaterKind, MappingContext, Outcome, Parked, Party, Row, Status, TaskState};
use model::Name;
use model::facts::{Call, QueueInterval};

/// What the CRM does.
#[derive(Clone, Copy, PartialEq)]
pub enum Mood {
    /// It takes everything.
    Works,
    /// It answers no question.
    Mute,
    /// It fails the question about this caller only.
    MuteAbout(&'static str),
    /// It puts every row off.
    Busy,
    /// It refuses every row for good.
    Refuses,
}

/// A CRM that does as its mood is.
pub struct Fake {
    mood: Mutex<Mood>,
    /// Questions about a caller so far.
    pub asked: AtomicUsize,
    /// Key and revision of each row that it took.
    pub took: Mutex<Vec<String>>,
}

impl Fake {
    /// In a mood.
    pub fn new(mood: Mood) -> Arc<Self> {
        Arc::new(Self { mood: Mutex::new(mood), asked: AtomicUsize::new(0), took: Mutex::default() })
    }

    fn mood(&self) -> Mood {
        *self.mood.lock().unwrap()
    }

    /// Another mood from now on.
    pub fn turns(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }
}

#[async_trait]
impl CrmTarget for Fake {
    fn name(&self) -> Name {
        "fake".into()
    }

    fn batch_rows(&self) -> usize {
        200
    }

    async fn find_party(&self, call: &Call) -> Result<Party, Later> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let fails = match self.mood() {
            Mood::Mute => true,
            Mood::MuteAbout(number) => call.ani.as_deref() == Some(number),
            _ => false,
        };
        let later = Later { kind: LaterKind::Unreachable, after_ms: 0, message: "no connection".to_owned() };
        if fails { Err(later) } else { Ok(Party::None) }
    }

    fn contact_rows(&self, call: &Call, context: &MappingContext<'_>, party: &Party, task: &TaskState) -> Vec<Row> {
        crm::contact_rows(call, context, party, task)
    }

    fn interval_rows(&self, rows: &[QueueInterval]) -> Vec<Row> {
        crm::interval_rows(rows)
    }

    async fn write(&self, rows: Vec<Row>) -> Vec<Outcome> {
        let mood = self.mood();
        let outcome = |row: Row| match mood {
            Mood::Refuses => {
                let (target, code) = (self.name(), "STRING_TOO_LONG".to_owned());
                Outcome::Parked(Box::new(Parked { target, code, reason: "too long".to_owned(), row }))
            }
            Mood::Busy => {
                let message = "limits are exhausted".to_owned();
                Outcome::Later(Later { kind: LaterKind::Unreachable, after_ms: 0, message })
            }
            _ => {
                self.took.lock().unwrap().push(format!("{} {}", row.key, row.revision));
                Outcome::Written { id: Some(format!("id-{}", row.key)), created: true }
            }
        };
        rows.into_iter().map(outcome).collect()
    }

    async fn check(&self) -> Result<(), CrmError> {
        Ok(())
    }

    fn status(&self) -> Status {
        Status::default()
    }
}
