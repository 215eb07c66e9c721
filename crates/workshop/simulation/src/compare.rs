//! The end of a run, and what an undisturbed one gives.
//!
//! Contract: the tables are compared, every revision of every row, with the fold of the
//! very log that the run left: a fold without stage, store or flush. The CRM is compared
//! with one that was told of the same input by a stage that nothing disturbed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use crm::Object;
use event_log::{EventLog, NewRecord, Record, dead_letters};
use fastrand::Rng;
use model::facts::{Call, Facts};
use model::{Act, Name, TOPIC_CALLS, TOPIC_EVENTS};
use pipeline::crm_stage::CrmStage;
use pipeline::fold::{PartitionFold, Reject};
use pipeline::{contacts, publish};
use tables::Filter;

use crate::crm_records::{Held, Records, SimulatedCrm};
use crate::fates::mix;
use crate::memory_log::MemoryLog;
use crate::process::{Outside, Process, fold_config};
use crate::run::{PARTITIONS, topics};

/// Differences shown of one kind.
const SHOWN: usize = 3;

/// Rows by table, and CRM records.
pub type Sizes = (Vec<(&'static str, usize)>, usize);

/// Lets the last ones finish, and compares. `None`: they could not finish.
pub async fn ended(outside: &Outside, input: &[NewRecord], differences: &mut Vec<String>) -> Option<Sizes> {
    for round in 0..2 {
        if let Err(e) = finish(outside, round).await {
            differences.push(format!("the last processes failed: {e}"));
            return None;
        }
        // Whatever a dead or overtaken process left on its way has arrived then.
        let before = outside.ground.effects();
        tokio::time::sleep(Duration::from_secs(600)).await;
        if outside.ground.effects() == before {
            break;
        }
    }
    let (mut calm, rejects) = fold(&outside.log.all(TOPIC_EVENTS));
    let lake = Process::start(outside, "reader").lake().ok()?;
    let mut held = match lake.revisions(&Filter::default()).await {
        Ok(held) => held,
        Err(e) => {
            differences.push(format!("the tables cannot be read: {e}"));
            return None;
        }
    };
    let rows = tables(&mut held, &mut calm, differences);
    letters(outside, &rejects, differences).await;
    newest_calls(&outside.log, &calm.calls, differences);
    let (records, told) = undisturbed_crm(input).await;
    let crm = outside.crm.records();
    differ("CRM records", &texts(&crm), &texts(&records), differences);
    differ("CRM revisions", &revisions(&crm), &told_revisions(&crm, &calm.calls), differences);
    differ("CRM outcomes", &outcomes(&outside.log), &told, differences);
    Some((rows, crm.len()))
}

/// The last processes: all partitions by one, and the CRM until nothing is left to tell.
async fn finish(outside: &Outside, round: usize) -> Result<(), String> {
    let process = Process::start(outside, &format!("last-{round}"));
    let mut rng = Rng::with_seed(1);
    let mut stage =
        process.facts(&process.lake().map_err(|e| e.to_string())?, &mut rng).await.map_err(|e| e.to_string())?;
    stage.take_all(&(0..PARTITIONS).collect::<Vec<_>>()).await.map_err(|e| e.to_string())?;
    let log: Arc<dyn EventLog> = Arc::new(outside.log.clone());
    let mut crm = crm_stage(&log, &outside.crm);
    let mut feed = None;
    loop {
        let before = ends(&outside.log);
        stage.run_until_idle(&|_| {}).await.map_err(|e| e.to_string())?;
        while crm.round(true).await.map_err(|e| e.to_string())? {}
        process.intervals(&mut feed, &mut crm).await.map_err(|e| e.to_string())?;
        if ends(&outside.log) == before {
            break;
        }
    }
    if mix(outside.ground.seed(), "finishes").is_multiple_of(4) {
        stage.finish().await.map_err(|e| e.to_string())?;
    }
    Ok(())
}

fn crm_stage(log: &Arc<dyn EventLog>, held: &Held) -> CrmStage {
    let target = Arc::new(SimulatedCrm::new(held.clone(), None));
    CrmStage::new(log.clone(), target, crm::MappingSettings::default(), Default::default())
}

fn ends(log: &MemoryLog) -> Vec<usize> {
    log.all(TOPIC_EVENTS).iter().map(Vec::len).collect()
}

/// The fold of a log, and nothing else.
fn fold(partitions: &[Vec<Record>]) -> (Facts, Vec<Reject>) {
    let (mut facts, mut rejects) = (Facts::default(), Vec::new());
    for (partition, records) in (0..).zip(partitions) {
        let mut fold = PartitionFold::new(partition, fold_config());
        for record in records {
            if let Err(reject) = fold.apply(&record.open(), &mut facts) {
                rejects.push(*reject);
            }
        }
    }
    (facts, rejects)
}

/// Every revision of every row of every table.
fn tables(held: &mut Facts, calm: &mut Facts, differences: &mut Vec<String>) -> Vec<(&'static str, usize)> {
    // A call read from the tables has its recordings from their own table.
    held.calls.iter_mut().chain(&mut calm.calls).for_each(|c| c.recordings.clear());
    let mut sizes = Vec::new();
    macro_rules! same {
        ($($table:ident),*) => {$(
            let (has, wants) = (debug(&held.$table), debug(&calm.$table));
            sizes.push((stringify!($table), has.len()));
            differ(stringify!($table), &has, &wants, differences);
        )*};
    }
    same!(events, queue_visits, agent_legs, agent_states, calls, queue_intervals, recordings);
    sizes
}

fn debug<T: std::fmt::Debug>(rows: &[T]) -> Vec<String> {
    rows.iter().map(|r| format!("{r:?}")).collect()
}

/// Tells what one has more often than the other.
fn differ(what: &str, has: &[String], wants: &[String], differences: &mut Vec<String>) {
    let mut counts: BTreeMap<&str, i64> = BTreeMap::new();
    has.iter().for_each(|row| *counts.entry(row).or_default() += 1);
    wants.iter().for_each(|row| *counts.entry(row).or_default() -= 1);
    let wrong: Vec<_> = counts.into_iter().filter(|(_, n)| *n != 0).collect();
    if wrong.is_empty() {
        return;
    }
    let (more, fewer) = (wrong.iter().filter(|w| w.1 > 0).count(), wrong.iter().filter(|w| w.1 < 0).count());
    differences.push(format!("{what}: {} instead of {}; {more} too many, {fewer} missing", has.len(), wants.len()));
    for (row, n) in wrong.into_iter().take(2 * SHOWN) {
        let times = if n > 0 { format!("{n} too many") } else { format!("{} missing", -n) };
        differences.push(format!("  {times}: {row}"));
    }
}

/// Dead letters by what they are about.
async fn letters(outside: &Outside, rejects: &[Reject], differences: &mut Vec<String>) {
    let listed = dead_letters::list(&outside.log).await.unwrap_or_default();
    let has: Vec<String> = listed.iter().map(|l| format!("{} {} {:?}", l.id, l.reason, l.bytes)).collect();
    let wants: Vec<String> = rejects.iter().map(|r| format!("{} {} {:?}", r.position, r.reason, r.value)).collect();
    differ("dead letters", &has, &wants, differences);
}

/// Of each contact the highest revision that was published.
fn newest_calls(log: &MemoryLog, calm: &[Call], differences: &mut Vec<String>) {
    let published: Vec<Call> =
        log.all(TOPIC_CALLS).iter().flatten().filter_map(|r| contacts::from_record(r).ok()).collect();
    differ("published contacts", &newest(published.iter()), &newest(calm.iter()), differences);
}

fn newest<'a>(calls: impl Iterator<Item = &'a Call>) -> Vec<String> {
    let mut newest: BTreeMap<(&Name, &Name), &Call> = BTreeMap::new();
    for call in calls {
        let known = newest.entry((&call.switch, &call.call_id)).or_insert(call);
        if known.revision < call.revision {
            *known = call;
        }
    }
    let text = |call: &&Call| format!("{:?}", Call { recordings: Vec::new(), ..(*call).clone() });
    newest.values().map(text).collect()
}

/// What a CRM holds, and what is said of it, when one stage tells it of the whole input.
async fn undisturbed_crm(input: &[NewRecord]) -> (Records, Vec<String>) {
    let (log, held) = (topics().await, Held::default());
    let _ = log.append(TOPIC_EVENTS, input.to_vec()).await;
    let (facts, _) = fold(&log.all(TOPIC_EVENTS));
    let _ = publish::calls(&log, &facts.calls).await;
    let reader: Arc<dyn EventLog> = Arc::new(log.clone());
    let mut stage = crm_stage(&reader, &held);
    while stage.round(true).await.unwrap_or(false) {}
    let mut newest: BTreeMap<_, _> = BTreeMap::new();
    for row in facts.queue_intervals {
        newest.insert((row.center.clone(), row.switch.clone(), row.queue.clone(), row.interval_start), row);
    }
    let _ = stage.intervals(&newest.into_values().collect::<Vec<_>>()).await;
    (held.records(), outcomes(&log))
}

/// The field that says of which revision of a contact a record is.
const REVISION: &str = "Revision__c";

/// Records without the revisions of contacts: their numbers depend on when the log was told
/// of what the CRM had written.
fn texts(records: &Records) -> Vec<String> {
    let fields = |((object, _), fields): (&(Object, String), &BTreeMap<String, String>)| {
        let mut fields = fields.clone();
        if *object == Object::CallMetric {
            fields.remove(REVISION);
        }
        fields
    };
    records.iter().map(|(key, all)| format!("{key:?} {:?}", fields((key, all)))).collect()
}

/// The revision that each contact's record is of.
fn revisions(records: &Records) -> Vec<String> {
    let of = |((object, key), fields): (&(Object, String), &BTreeMap<String, String>)| {
        (*object == Object::CallMetric).then(|| format!("{key} {}", fields.get(REVISION).map_or("", String::as_str)))
    };
    records.iter().filter_map(of).collect()
}

/// The newest revision of each of these contacts that tells a CRM anything.
fn told_revisions(records: &Records, calm: &[Call]) -> Vec<String> {
    let mut newest: BTreeMap<String, i64> = BTreeMap::new();
    for call in calm.iter().filter(|c| !c.crm_only) {
        let known = newest.entry(format!("{}/{}/{}", call.center, call.switch, call.call_id)).or_default();
        *known = call.revision.max(*known);
    }
    let keys = records.keys().filter(|(object, _)| *object == Object::CallMetric);
    keys.map(|(_, key)| format!("{key} {}", newest.get(key).copied().unwrap_or_default())).collect()
}

/// What the log says became of CRM rows, each once. (How often and of which revision a row
/// was written depends on what was known by then.)
fn outcomes(log: &MemoryLog) -> Vec<String> {
    let mut told = BTreeSet::new();
    for record in log.all(TOPIC_EVENTS).iter().flatten() {
        let Ok(envelope) = record.envelope() else { continue };
        match serde_json::from_slice(&envelope.data) {
            Ok(Act::CrmWritten { call_id, object, record_id, .. }) => {
                told.insert(format!("written {object} of {call_id} as {record_id:?}"));
            }
            Ok(Act::CrmParked { call_id, object, reason, .. }) => {
                told.insert(format!("parked {object} of {call_id}: {reason}"));
            }
            _ => {}
        }
    }
    told.into_iter().collect()
}
