//! `reports`: questions of the console over 13 months of a 500-agent centre, and the bare
//! reading of the same files beside them.
//!
//! Each question is asked first of a reader that has kept nothing (cold), then again
//! (warm). The data were written by other runs or by this one; they are warm in the
//! system's page cache as far as it has room.

mod ask;
mod centre;
mod data;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use tables::{Filter, Lake, Limits, Reports, Table};

use crate::Failure;
use crate::args::Args;
use crate::told::Told;
use crate::{child, memory};

/// Visits of 13 months where nothing else is said.
const VISITS: u64 = 15_000_000;
/// How often a question is asked again.
const AGAIN: usize = 5;

/// Makes the data, if they are not there, and asks.
///
/// # Errors
/// The data cannot be written or read.
pub async fn reports(args: &Args) -> Result<Told, Failure> {
    let folder = args.folder.clone().unwrap_or_else(|| PathBuf::from("target/reports"));
    let visits = args.count_or(VISITS);
    let lake = Arc::new(data::lake(&folder, visits).await?);
    let mut told = Told::default();
    for table in [Table::QueueVisits, Table::AgentLegs, Table::AgentStates, Table::Calls] {
        let size = lake.size(table).await?;
        told.count(&format!("{table}_rows"), size.rows.unwrap_or_default());
        told.count(&format!("{table}_mib"), size.bytes >> 20);
    }
    check(&lake).await?;
    let warm = questions(&lake, &mut told).await?;
    told.figure("median_of_all_warm_ms", percentile(warm, 50));
    told.maybe("peak_resident_mib", memory::peak_mib());
    peer(&lake, &mut told);
    Ok(told)
}

/// One week by the reader and by whole rows: no time is told of wrong figures.
async fn check(lake: &Arc<Lake>) -> Result<(), Failure> {
    let question = ask::week_by_half_hours();
    let rows = Reports::new(Arc::clone(lake), Limits::default()).queues(&question).await?;
    let filter = Filter { from: question.options.from, to: question.options.to, ..Filter::default() };
    let whole = metrics::queues(&lake.visits(&filter).await?, &question.options);
    if rows.is_empty() || rows != whole {
        return Err("the reader's week is not that of the whole rows: no time is told".into());
    }
    Ok(())
}

/// Asks everything; gives all times of questions that were asked before, milliseconds.
async fn questions(lake: &Arc<Lake>, told: &mut Told) -> Result<Vec<f64>, Failure> {
    let mut all = Vec::new();
    let reports = Reports::new(Arc::clone(lake), Limits::default());
    for question in ask::questions() {
        let fresh = Reports::new(Arc::clone(lake), Limits::default());
        let (cold, rows) = timed(&fresh, &question).await?;
        drop(fresh);
        timed(&reports, &question).await?;
        let mut times = Vec::new();
        for _ in 0..AGAIN {
            times.push(timed(&reports, &question).await?.0);
        }
        let name = question.name();
        told.count(&format!("{name}_rows"), rows as u64);
        told.figure(&format!("{name}_cold_ms"), cold);
        for (percent, word) in [(50, "p50"), (95, "p95"), (100, "max")] {
            told.figure(&format!("{name}_{word}_ms"), percentile(times.clone(), percent));
        }
        eprintln!("{name}: cold {cold:.0} ms, then {times:.0?}, {rows} rows, {} MiB kept", reports.kept_bytes() >> 20);
        all.extend(times);
    }
    Ok(all)
}

async fn timed(reports: &Reports, question: &ask::Ask) -> Result<(f64, usize), Failure> {
    let begun = Instant::now();
    let rows = question.ask(reports).await?;
    Ok((begun.elapsed().as_secs_f64() * 1e3, rows))
}

fn percentile(mut times: Vec<f64>, percent: usize) -> f64 {
    times.sort_by(f64::total_cmp);
    let rank = (times.len() * percent).div_ceil(100).max(1);
    times.get(rank - 1).copied().unwrap_or_default()
}

/// The same sums of 13 months by day, by DuckDB over the same files, where the tests'
/// Python environment has it.
fn peer(lake: &Lake, told: &mut Told) {
    let python = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../tests/real/venv/bin/python");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/peers/reports_duckdb.py");
    let mut command = std::process::Command::new(python);
    command.arg(script).arg(lake.path_of(Table::QueueVisits));
    match child::tell(command, "DuckDB") {
        Ok(theirs) => told.0.extend(theirs.0),
        Err(why) => eprintln!("DuckDB was not asked: {why}"),
    }
}
