//! What is done with parked rows: given again, corrected, given up. Each is an act in the
//! log that names who did it, and so is in the row's history.
//!
//! Contract: a row is given to the target that this process has connected already, where it
//! has, so that its lanes hold for both; a write is an upsert by key, so that given twice it
//! is one record. Acts are told after the CRM answered.

use std::collections::BTreeMap;
use std::sync::Arc;

use crm::correction::corrected;
use crm::{CrmTarget, Outcome, Row};
use event_log::NewRecord;
use model::facts::EventRow;
use model::{Act, Name, Position, TOPIC_EVENTS};

use super::ParkedRow;
use crate::failure::Failure;
use crate::run::services::Services;
use crate::run::targets;

/// What became of a row that was given again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Given {
    /// The CRM has it.
    Written,
    /// Still refused, with what the CRM said.
    Refused(String),
    /// Not now, and why.
    Later(String),
    /// This process cannot write to its CRM, or cannot read the row; and why.
    Not(String),
}

impl Given {
    /// A word for it, and what it means.
    pub fn told(&self) -> (&'static str, &str) {
        match self {
            Self::Written => ("written", "written"),
            Self::Refused(text) => ("refused", text),
            Self::Later(text) => ("later", text),
            Self::Not(text) => ("not_given", text),
        }
    }
}

/// What giving rows again came to.
#[derive(Clone, Debug, Default)]
pub struct Giving {
    /// What became of each, in their order.
    pub outcomes: Vec<Given>,
    /// The acts that tell of it, as the tables will have them.
    pub told: Vec<EventRow>,
}

/// Gives rows to their CRMs again.
///
/// # Errors
/// A CRM cannot be connected, or the log failed.
pub async fn give(services: &Services, rows: &[&ParkedRow], who: &str) -> Result<Giving, Failure> {
    let mut by_target: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (i, row) in rows.iter().enumerate() {
        by_target.entry(row.target.as_str()).or_default().push(i);
    }
    let (mut given, mut told) = (vec![Given::Not("this build cannot read the row".to_owned()); rows.len()], Vec::new());
    for (name, indexes) in by_target {
        let readable: Vec<(usize, Row)> = indexes.iter().filter_map(|i| Some((*i, rows[*i].row.clone()?))).collect();
        let Some(target) = target(services, name).await? else {
            let why = format!("this process knows no CRM named {name}; give the pipeline file that has it");
            indexes.into_iter().for_each(|i| given[i] = Given::Not(why.clone()));
            continue;
        };
        let outcomes = target.write(readable.iter().map(|(_, row)| row.clone()).collect()).await;
        for ((i, _), outcome) in readable.iter().zip(&outcomes) {
            let (outcome, acts) = tell(services, rows[*i], outcome, who).await?;
            given[*i] = outcome;
            told.extend(acts);
        }
    }
    Ok(Giving { outcomes: given, told })
}

/// The target of this name in acts: the one that writes in this process, else a new one.
async fn target(services: &Services, name: &str) -> Result<Option<Arc<dyn CrmTarget>>, Failure> {
    if let Some(known) = services.targets.of(name) {
        return Ok(Some(known));
    }
    let of_config =
        targets::names(&services.config).into_iter().find(|n| targets::name_of(&services.config, n) == name);
    let Some(section) = of_config else { return Ok(None) };
    let connected = targets::connect(&services.config, &services.state, section).await;
    Ok(Some(connected.map_err(|e| Failure::Other(e.to_string()))?.0))
}

/// Says what became of a row to the log.
async fn tell(
    services: &Services,
    p: &ParkedRow,
    outcome: &Outcome,
    who: &str,
) -> Result<(Given, Vec<EventRow>), Failure> {
    let (given, said) = match outcome {
        Outcome::Parked(parked) => {
            let text = format!("{}: {}", parked.code, parked.reason);
            (Given::Refused(text.clone()), format!("still refused: {text}"))
        }
        Outcome::Later(later) => return Ok((Given::Later(later.message.clone()), Vec::new())),
        Outcome::Written { .. } => (Given::Written, "written".to_owned()),
    };
    let (call_id, target, object) = names(p);
    let mut acts = vec![Act::CrmRetried { call_id, target, object, who: who.into(), outcome: said }];
    if let Outcome::Written { id, .. } = outcome {
        let (call_id, target, object) = names(p);
        let record_id = id.as_deref().map(Into::into);
        acts.push(Act::CrmWritten { call_id, target, object, record_id, revision: 0 });
    }
    let told = append(services, p, "retry", &acts).await?;
    tracing::info!(
        who,
        object = p.object,
        call_id = p.call_id,
        outcome = given.told().0,
        "a parked row was given again"
    );
    Ok((given, told))
}

/// Keeps a correction: the next retry writes the row so.
///
/// # Errors
/// A field may not be corrected, or the log failed.
pub async fn correct(
    services: &Services,
    p: &ParkedRow,
    fields: Vec<(Name, Option<String>)>,
    who: &str,
    reason: &str,
) -> Result<Vec<EventRow>, Failure> {
    let row = p.row.as_ref().ok_or_else(|| Failure::Usage("this build cannot read the row".to_owned()))?;
    corrected(row, &fields).map_err(|e| Failure::Usage(e.to_string()))?;
    let (call_id, target, object) = names(p);
    let act = Act::CrmCorrected { call_id, target, object, fields, who: who.into(), reason: reason.to_owned() };
    let told = append(services, p, "correct", &[act]).await?;
    tracing::info!(who, object = p.object, call_id = p.call_id, "a parked row was corrected");
    Ok(told)
}

/// Gives a row up: it is not written, and stands parked no more.
///
/// # Errors
/// The log failed.
pub async fn discard(services: &Services, p: &ParkedRow, who: &str, reason: &str) -> Result<Vec<EventRow>, Failure> {
    let (call_id, target, object) = names(p);
    let act = Act::CrmDiscarded { call_id, target, object, who: who.into(), reason: reason.to_owned() };
    let told = append(services, p, "discard", &[act]).await?;
    tracing::info!(who, object = p.object, call_id = p.call_id, "a parked row was given up");
    Ok(told)
}

fn names(p: &ParkedRow) -> (Name, Name, Name) {
    (p.call_id.as_str().into(), p.target.as_str().into(), p.object.as_str().into())
}

/// At the parked event's own time, so that whoever reads that day finds all of it. Gives the
/// acts as the tables will have them.
async fn append(services: &Services, p: &ParkedRow, word: &str, acts: &[Act]) -> Result<Vec<EventRow>, Failure> {
    let now = pipeline::clock::now();
    let place = (&p.event.center, &p.event.switch);
    let record = |(nth, act): (usize, &Act)| {
        let id = format!("{word}-{}-{}-{nth}", p.event.position, now.0);
        NewRecord::event(&act.envelope("crm", id.into(), place, p.event.at, now))
    };
    let landed = services.log.append(TOPIC_EVENTS, acts.iter().enumerate().map(record).collect()).await?;
    let row = |((partition, offset), act): ((i32, i64), &Act)| EventRow {
        event_id: format!("{partition}/{offset}/0").into(),
        details: serde_json::json!({ "Acted": act }).to_string(),
        position: Position { partition, offset },
        known_at: now,
        ..p.event.clone()
    };
    Ok(landed.into_iter().zip(acts).map(row).collect())
}
