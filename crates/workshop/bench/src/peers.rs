//! The same topic to the same figures by what a user would pick instead: Kafka Streams and
//! Quix Streams (`peers/`, each as its own guide writes it).
//!
//! Contract: all read what the same generator wrote, from the first record to the last, and
//! write queue visits to Parquet in a local folder; figures of every queue are compared
//! before any time is told. Peers make queue visits and figures of queues only; the fold
//! makes all seven tables. Times are from the start of the stream to the end of the last
//! flush, without the start of a JVM or an interpreter.

use std::path::Path;
use std::process::Command;

use tests::kafka::Kafka;

use crate::Failure;
use crate::args::Args;
use crate::child::{step, tell};
use crate::figures::{self, Figures};
use crate::told::Told;
use crate::{fold, generate, kafka, setup};

/// What Kafka's own scripts would let a program of this kind have, and some.
const HEAP: &str = "-Xmx1g";

/// Measures all, and the ratios to the best peer.
///
/// # Errors
/// A step failed, or figures differ.
pub async fn peers(args: &Args) -> Result<Told, Failure> {
    let (class_path, python) = (setup::class_path()?, setup::python("python")?);
    let kafka = Kafka::start();
    let folder = tempfile::tempdir()?;
    // Whole repetitions: nobody waits in a queue when the stream ends.
    let whole = generate::per_repetition()? * args.switches;
    let args = Args {
        events: args.events.div_ceil(whole) * whole,
        brokers: Some(kafka.brokers()),
        folder: Some(folder.path().join("ringledger")),
        ..args.clone()
    };
    let mut told = step(&args, "generate")?;
    let bare = kafka::read_barely(&args)?;
    let records = bare.get("bare_records").ok_or("the bare read told no records")?;
    told.0.extend(bare.0);
    let ours = step(&args, "fold")?;
    let lake = fold::lake(&args.folder()?.join("lake")).await?;
    let figures = figures::of_lake(&lake).await?;
    let peers = [
        ("kafka_streams", java(&class_path)),
        ("quix", script(&python, &setup::sources().join("quix/queue_visits.py"))),
    ];
    let mut best = (f64::NAN, f64::NAN);
    for (name, command) in peers {
        let found = run(command, &args, name, records, folder.path(), &figures)?;
        best = (best.0.max(found.0), best.1.min(found.1));
        told.figure(&format!("{name}_per_s"), found.0);
        told.figure(&format!("{name}_rss_peak_mib"), found.1);
        told.figure(&format!("{name}_processor_us_per_event"), found.2);
    }
    let (rate, rss) = (ours.get("fold_per_s"), ours.get("fold_rss_peak_mib"));
    told.0.extend(ours.0);
    told.maybe("ratio_to_the_best_peer", rate.map(|r| r / best.0));
    told.maybe("memory_to_the_least_peer", rss.map(|r| r / best.1));
    Ok(told)
}

fn java(class_path: &str) -> Command {
    let mut command = Command::new("java");
    command.args([HEAP, "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp", class_path]);
    command.arg("ringledger.bench.QueueVisits");
    command
}

fn script(python: &Path, script: &Path) -> Command {
    let mut command = Command::new(python);
    command.arg(script);
    command
}

/// Runs a peer; its records a second, its memory, its processor time a record.
fn run(
    mut command: Command,
    args: &Args,
    name: &str,
    records: f64,
    folder: &Path,
    ours: &Figures,
) -> Result<(f64, f64, f64), Failure> {
    let out = folder.join(name);
    std::fs::create_dir_all(&out)?;
    command.arg(args.brokers()?).arg(model::TOPIC_EVENTS).arg(format!("{records:.0}")).arg(&out);
    let told = tell(command, name)?;
    figures::agree(ours, name, &figures::of_peer(&told)?)?;
    let figure = |of: &str| told.get(of).ok_or_else(|| format!("{name} told no {of}"));
    let written: i64 = ours.values().map(|f| f[0]).sum();
    if figure("visits")? != written as f64 || figure("records")? != records {
        return Err(format!("{name} made {} visits of {} records", figure("visits")?, figure("records")?).into());
    }
    Ok((records / figure("seconds")?, figure("rss_peak_mib")?, figure("processor_s")? * 1e6 / records))
}
