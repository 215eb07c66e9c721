//! `check-sources`: one switch seen through several dialects must give the same figures.
//!
//! Each dialect is folded alone, in memory, from the log; the tables are not touched, and a
//! running writer is not disturbed. The dialect that makes the switch's figures is the one
//! that the others are compared with. Memory: the newest revision of each visit.

use std::collections::{BTreeMap, HashMap};
use std::process::ExitCode;
use std::time::Duration;

use event_log::{EventLog, Record};
use metrics::Options;
use model::facts::{Facts, Visit};
use model::{Act, Dialect, Instant, Name, TOPIC_EVENTS};
use pipeline::fold::PartitionFold;
use pipeline::switch_fold::FoldConfig;
use serde_json::{Map, Value};

use super::agreement::{self, Difference, Side};
use crate::failure::Failure;
use crate::options::instant;
use crate::output::{print, say};
use crate::plain::{self, object};
use crate::upkeep_args::CheckSources;
use crate::wiring;

/// Records and bytes of one read.
const READ: (usize, usize) = (5_000, 8 << 20);

/// What the log says of one switch.
#[derive(Default)]
struct Switch {
    partition: i32,
    dialects: BTreeMap<Dialect, Coverage>,
    /// The dialect that makes the figures: set by an act, else the first one seen.
    figures: Option<Dialect>,
}

/// What there is of one dialect.
#[derive(Clone, Copy)]
struct Coverage {
    records: u64,
    first: Instant,
    last: Instant,
}

/// Runs it.
///
/// # Errors
/// The log cannot be read, or an option is wrong.
pub async fn run(args: CheckSources) -> Result<ExitCode, Failure> {
    let options = Options {
        from: args.from.as_deref().map(instant).transpose()?,
        to: args.to.as_deref().map(instant).transpose()?,
        ..Options::default()
    };
    let log = args.place.find()?.log().await?;
    let log = &*log;
    let mut switches = look(log).await?;
    if let Some(name) = &args.switch {
        let known: Vec<String> = switches.keys().map(ToString::to_string).collect();
        switches.retain(|s, _| s == name);
        if switches.is_empty() {
            return Err(Failure::Usage(format!("--switch {name}: the log has {}", known.join(", "))));
        }
    }
    let (mut rows, mut beyond) = (Vec::new(), 0_usize);
    for (name, switch) in &switches {
        tell_coverage(name, switch);
        if switch.dialects.len() < 2 {
            continue;
        }
        for difference in compare(log, name, switch, &options).await? {
            beyond += usize::from(!difference.agrees());
            rows.push(cells(name, &difference));
        }
    }
    print(&plain::objects_as(&rows, args.format));
    Ok(if beyond > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Which switches there are, through which dialects.
async fn look(log: &dyn EventLog) -> Result<BTreeMap<Name, Switch>, Failure> {
    let mut switches: BTreeMap<Name, Switch> = BTreeMap::new();
    for partition in 0..log.partitions(TOPIC_EVENTS).await? {
        each(log, partition, |record| {
            let Ok(envelope) = record.envelope() else { return };
            let switch = switches.entry(envelope.switch.clone()).or_default();
            switch.partition = partition;
            if envelope.dialect.makes_figures() {
                let at = envelope.time;
                let seen = switch.dialects.entry(envelope.dialect.clone());
                let seen = seen.or_insert(Coverage { records: 0, first: at, last: at });
                seen.records += 1;
                (seen.first, seen.last) = (seen.first.min(at), seen.last.max(at));
                switch.figures.get_or_insert(envelope.dialect);
            } else if switch.dialects.is_empty()
                && let Ok(Act::SettingsSet { settings }) = serde_json::from_slice(&envelope.data)
                && let Some(figures) = settings.figures
            {
                switch.figures = Some(Dialect::of(&figures));
            }
        })
        .await?;
    }
    switches.retain(|_, s| !s.dialects.is_empty());
    Ok(switches)
}

async fn each(log: &dyn EventLog, partition: i32, mut take: impl FnMut(&Record)) -> Result<(), Failure> {
    let marks = log.watermarks(TOPIC_EVENTS, partition).await?;
    let mut next = marks.low;
    while next < marks.high {
        let records = log.read(TOPIC_EVENTS, partition, next, READ.0, READ.1, Duration::from_secs(5)).await?;
        let Some(last) = records.last() else { break };
        next = last.offset + 1;
        records.iter().for_each(&mut take);
    }
    Ok(())
}

fn tell_coverage(name: &Name, switch: &Switch) {
    for (dialect, c) in &switch.dialects {
        let role = match &switch.figures {
            Some(figures) if figures == dialect => "makes the figures",
            _ => "is checked against them",
        };
        say(&format!("{name}: {} {role}: {} events, {} to {}", dialect.as_str(), c.records, c.first, c.last));
    }
    if switch.dialects.len() < 2 {
        say(&format!("{name}: seen through one dialect only, there is nothing to compare"));
        return;
    }
    let apart = |of: fn(&Coverage) -> Instant| {
        let times = || switch.dialects.values().map(of);
        times().max().zip(times().min()).map_or(0, |(most, least)| most.millis_since(least))
    };
    if apart(|c| c.first) > 60_000 || apart(|c| c.last) > 60_000 {
        say(&format!(
            "{name}: the dialects do not cover the same time; compare a stretch that all of them cover, with \
             --from and --to at moments when nobody called"
        ));
    }
}

async fn compare(
    log: &dyn EventLog,
    name: &Name,
    switch: &Switch,
    options: &Options,
) -> Result<Vec<Difference>, Failure> {
    let mut sides = Vec::new();
    for dialect in switch.dialects.keys() {
        let visits = fold_alone(log, name, switch.partition, dialect).await?;
        sides.push(Side::new(dialect.clone(), visits, options));
    }
    let figures = |s: &&Side| Some(&s.dialect) == switch.figures.as_ref();
    let Some(reference) = sides.iter().find(figures).or(sides.first()) else { return Ok(Vec::new()) };
    let mut all = Vec::new();
    for other in sides.iter().filter(|s| s.dialect != reference.dialect) {
        let compared = agreement::compare(reference, other);
        tell_agreement(name, reference, other, &compared);
        all.extend(compared.differences);
    }
    Ok(all)
}

/// The newest revisions of the visits that one dialect alone makes.
async fn fold_alone(log: &dyn EventLog, name: &Name, partition: i32, dialect: &Dialect) -> Result<Vec<Visit>, Failure> {
    let config = FoldConfig { force_figures: Some(dialect.clone()), ..wiring::fold_config() };
    let mut fold = PartitionFold::new(partition, config);
    let (mut visits, mut facts, mut rejects) = (HashMap::<Name, Visit>::new(), Facts::default(), 0_u64);
    each(log, partition, |record| {
        if record.key != name.as_bytes() {
            return;
        }
        rejects += u64::from(fold.apply(&record.open(), &mut facts).is_err());
        let made = std::mem::take(&mut facts).queue_visits;
        visits.extend(made.into_iter().map(|v| (v.visit_id.clone(), v)));
    })
    .await?;
    if rejects > 0 {
        say(&format!(
            "{name}: {rejects} events of {} cannot be taken in, see `ringledger dead-letters`",
            dialect.as_str()
        ));
    }
    Ok(visits.into_values().filter(|v| !v.retracted).collect())
}

fn tell_agreement(name: &Name, reference: &Side, other: &Side, compared: &agreement::Compared) {
    let (a, b) = (reference.dialect.as_str(), other.dialect.as_str());
    let beyond = compared.differences.iter().filter(|d| !d.agrees()).count();
    say(&format!(
        "{name}: {a} and {b}: {} figures of {} queues compared: {} are equal, {} differ within the tolerance, \
         {beyond} differ beyond it",
        compared.figures,
        compared.queues,
        compared.figures - compared.differences.len(),
        compared.differences.len() - beyond,
    ));
    for text in agreement::tolerance(reference, other) {
        say(&format!("{name}: {text}"));
    }
}

fn cells(switch: &Name, d: &Difference) -> Map<String, Value> {
    object([
        ("center", d.center.as_str().into()),
        ("queue", d.queue.as_str().into()),
        ("switch", switch.as_str().into()),
        ("figure", d.figure.into()),
        ("dialect", d.reference.0.as_str().into()),
        ("value", d.reference.1.into()),
        ("other_dialect", d.other.0.as_str().into()),
        ("other_value", d.other.1.into()),
        ("difference", d.difference().into()),
        ("tolerance", d.tolerance.into()),
        ("agrees", d.agrees().into()),
    ])
}
