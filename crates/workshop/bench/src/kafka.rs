//! The run that counts: a real Kafka on this machine, filled, read barely, then folded.
//!
//! Each step is a process of its own, so that one's memory is not told as another's.

use std::sync::Arc;
use std::time::Instant;

use event_log::{EventLog, KafkaConfig, KafkaLog};
use tests::kafka::Kafka;

use crate::Failure;
use crate::args::Args;
use crate::child::step;
use crate::fold::whole_fold;
use crate::told::Told;

/// Bare reads before and after the fold; the faster one counts, so that a cold cache does
/// not flatter the fold.
const BARE: usize = 2;

/// Kafka, records, bare reads, the fold, and the ratio of their rates.
///
/// # Errors
/// A step failed.
pub async fn whole(args: &Args) -> Result<Told, Failure> {
    let kafka = Kafka::start();
    let args = &Args { brokers: Some(kafka.brokers()), ..args.clone() };
    let mut told = step(args, "generate")?;
    let bare = read_barely(args)?;
    let fold = step(args, "fold")?;
    let ratio = fold.get("fold_per_s").unwrap_or(0.0) / rate(&bare);
    for part in [bare, fold] {
        told.0.extend(part.0);
    }
    told.figure("ratio", ratio);
    Ok(told)
}

/// The faster of two bare reads.
///
/// # Errors
/// Kafka cannot be reached.
pub fn read_barely(args: &Args) -> Result<Told, Failure> {
    let mut bare: Option<Told> = None;
    for _ in 0..BARE {
        let read = step(args, "bare")?;
        if bare.as_ref().is_none_or(|b| rate(b) < rate(&read)) {
            bare = Some(read);
        }
    }
    Ok(bare.unwrap_or_default())
}

fn rate(bare: &Told) -> f64 {
    bare.get("bare_per_s").unwrap_or(f64::NAN)
}

/// The log that `--brokers` names.
///
/// # Errors
/// It cannot be reached.
pub async fn connect(args: &Args) -> Result<Arc<dyn EventLog>, Failure> {
    Ok(Arc::new(KafkaLog::connect(&config(args)?).await?))
}

fn config(args: &Args) -> Result<KafkaConfig, Failure> {
    Ok(KafkaConfig { brokers: args.brokers()?, ..KafkaConfig::default() })
}

/// Fills Kafka.
///
/// # Errors
/// It cannot be reached or written.
pub async fn generate(args: &Args) -> Result<Told, Failure> {
    let log = connect(args).await?;
    let begun = Instant::now();
    let made = crate::generate::generate(log, args).await?;
    let mut told = Told::default();
    told.count("generated", made);
    told.figure("generate_per_s", made as f64 / begun.elapsed().as_secs_f64());
    Ok(told)
}

/// Reads Kafka with nothing but a consumer's own loop.
///
/// # Errors
/// It cannot be reached.
pub async fn bare(args: &Args) -> Result<Told, Failure> {
    let config = config(args)?;
    let read = tokio::task::spawn_blocking(move || event_log::bench::read_all(&config, model::TOPIC_EVENTS)).await??;
    let mut told = Told::default();
    told.count("bare_records", read.records);
    told.figure("bare_mib", read.bytes as f64 / f64::from(1 << 20));
    told.figure("bare_s", read.seconds);
    told.figure("bare_per_s", read.records as f64 / read.seconds);
    Ok(told)
}

/// Folds Kafka into tables.
///
/// # Errors
/// It cannot be reached, or the stage failed.
pub async fn fold(args: &Args) -> Result<Told, Failure> {
    whole_fold(connect(args).await?, args).await
}
