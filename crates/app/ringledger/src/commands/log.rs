//! `log cat`: events as they were kept. `log copy`: the embedded log into Kafka.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use event_log::{EventLog, KafkaConfig, KafkaLog};

use crate::args::Log;
use crate::data_dir;
use crate::failure::Failure;
use crate::output::say;
use crate::upkeep_args::LogCopy;

/// Runs it.
///
/// # Errors
/// The log cannot be read.
pub async fn run(args: Log) -> Result<ExitCode, Failure> {
    match args {
        Log::Cat { place, partition, from, topic } => {
            let log = place.find()?.log().await?;
            let partitions = log.partitions(&topic).await?;
            let wanted = match partition {
                Some(p) => p..p + 1,
                None => 0..partitions,
            };
            for partition in wanted {
                if !cat(&*log, &topic, partition, from).await? {
                    break;
                }
            }
            Ok(ExitCode::SUCCESS)
        }
        Log::Copy(args) => copy(args).await,
    }
}

async fn copy(args: LogCopy) -> Result<ExitCode, Failure> {
    let from = data_dir::open_log(&args.data.data_dir)?;
    let settings = args.kafka_config.as_deref().map(settings).transpose()?.unwrap_or_default();
    let to = KafkaLog::connect(&KafkaConfig { brokers: args.brokers.clone(), settings }).await?;
    let mut told = 0;
    let mut progress = |topic: &str, records: u64| {
        if records >= told + 100_000 {
            told = records;
            say(&format!("{topic}: {records} records copied"));
        }
    };
    let copied = event_log::copy::copy_log(&from, &to, &mut progress).await?;
    say(&format!(
        "{} records copied to {}, {} were there already; positions and times are those of {}",
        copied.records,
        args.brokers,
        copied.before,
        args.data.data_dir.display()
    ));
    Ok(ExitCode::SUCCESS)
}

/// librdkafka settings from `name = value` lines; `#` begins a comment line.
fn settings(path: &Path) -> Result<BTreeMap<String, String>, Failure> {
    let text = std::fs::read_to_string(path).map_err(|e| Failure::File(path.display().to_string(), e))?;
    let lines = text.lines().map(str::trim).enumerate().filter(|(_, l)| !l.is_empty() && !l.starts_with('#'));
    lines
        .map(|(n, line)| match line.split_once('=') {
            Some((name, value)) if !name.trim().is_empty() => Ok((name.trim().to_owned(), value.trim().to_owned())),
            _ => Err(Failure::Usage(format!("{}, line {}: wanted is `name = value`", path.display(), n + 1))),
        })
        .collect()
}

/// Prints a partition from `from` on; `false` where nobody reads any more.
async fn cat(log: &dyn EventLog, topic: &str, partition: i32, from: i64) -> Result<bool, Failure> {
    let marks = log.watermarks(topic, partition).await?;
    let mut offset = from.max(marks.low);
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    while offset < marks.high {
        let records = log.read(topic, partition, offset, 1000, 8 << 20, Duration::from_secs(5)).await?;
        let Some(last) = records.last() else { break };
        offset = last.offset + 1;
        for record in &records {
            if writeln!(out, "{}", line(topic, record)).is_err() {
                return Ok(false);
            }
        }
    }
    Ok(out.flush().is_ok())
}

/// The structured form, with the position beside it; a record that is no CloudEvent is
/// printed as its value.
pub fn line(topic: &str, record: &event_log::Record) -> serde_json::Value {
    let mut value = match record.envelope() {
        Ok(envelope) => envelope.to_structured(),
        Err(_) => serde_json::json!({
            "key": String::from_utf8_lossy(&record.key),
            "value": serde_json::from_slice::<serde_json::Value>(&record.value)
                .unwrap_or_else(|_| String::from_utf8_lossy(&record.value).into_owned().into()),
        }),
    };
    if let Some(object) = value.as_object_mut() {
        object.insert("position".to_owned(), format!("{topic}/{}/{}", record.partition, record.offset).into());
    }
    value
}
