//! Where the fold's time goes, part by part, on one thread, over an embedded log.
//!
//! Contract: each part is run by itself over the same batches; what a part needs of the
//! part before is made outside its time. Parts overlap in the product, so their sum is
//! processor time, not the time of a fold.

use std::sync::Arc;
use std::time::{Duration, Instant};

use event_log::{EmbeddedLog, EventLog, Record};
use model::facts::Facts;
use model::{Decoder, Dialect, Envelope, Event, Position, TOPIC_EVENTS};
use pipeline::fold::PartitionFold;
use pipeline::limits::{FLUSH_ROWS, READ_BYTES, READ_RECORDS};
use tables::{Lake, Table, Txn};
use timeline::Timeline;

use crate::Failure;
use crate::args::Args;
use crate::fold::{config, lake};
use crate::generate::generate;
use crate::told::Told;

/// Time of each part.
#[derive(Default)]
struct Spent {
    read: Duration,
    envelope: Duration,
    decode: Duration,
    timeline: Duration,
    fold: Duration,
    commit: Duration,
}

/// One of everything.
struct Bench {
    decoder: Box<dyn Decoder>,
    timeline: Timeline,
    fold: PartitionFold,
    lake: Arc<Lake>,
    pending: Facts,
    committed: Option<i64>,
    spent: Spent,
}

/// Measures them.
///
/// # Errors
/// The log or the tables failed.
pub async fn parts(args: &Args) -> Result<Told, Failure> {
    let folder = tempfile::tempdir()?;
    let log: Arc<dyn EventLog> = Arc::new(EmbeddedLog::open(folder.path())?);
    let args = Args { switches: 1, ..args.clone() };
    generate(log.clone(), &args).await?;
    let partition = log.partition_of(TOPIC_EVENTS, b"pbx-0").await?;
    let mut bench = Bench {
        decoder: dialects::registry::decoder(&Dialect::AsteriskAmi, "pbx-0", "main").ok_or("AMI has no decoder")?,
        timeline: Timeline::new("main".into(), "pbx-0".into(), timeline::Config::default()),
        fold: PartitionFold::new(partition, config(&args)),
        lake: lake(&folder.path().join("lake")).await?,
        pending: Facts::default(),
        committed: None,
        spent: Spent::default(),
    };
    let high = log.watermarks(TOPIC_EVENTS, partition).await?.high;
    let mut next = 0;
    while next < high {
        let begun = Instant::now();
        let records = log.read(TOPIC_EVENTS, partition, next, READ_RECORDS, READ_BYTES, Duration::ZERO).await?;
        bench.spent.read += begun.elapsed();
        next = records.last().map_or(high, |r| r.offset + 1);
        bench.batch(&records, partition)?;
        if bench.pending.len() >= FLUSH_ROWS || next >= high {
            bench.commit(next - 1).await?;
        }
    }
    Ok(bench.spent.told(high as u64))
}

impl Bench {
    fn batch(&mut self, records: &[Record], partition: i32) -> Result<(), Failure> {
        let begun = Instant::now();
        let envelopes = records.iter().map(Record::envelope).collect::<Result<Vec<Envelope>, _>>()?;
        self.spent.envelope += begun.elapsed();
        let begun = Instant::now();
        let mut events: Vec<Event> = Vec::new();
        for (record, envelope) in records.iter().zip(&envelopes) {
            if envelope.dialect == Dialect::AsteriskAmi {
                self.decoder.decode(envelope, Position { partition, offset: record.offset }, &mut events)?;
            }
        }
        self.spent.decode += begun.elapsed();
        let mut aside = Facts::default();
        let begun = Instant::now();
        for event in &events {
            self.timeline.apply(&envelopes[0].source, event, &mut aside)?;
        }
        self.spent.timeline += begun.elapsed();
        let begun = Instant::now();
        for record in records.iter().map(Record::open) {
            self.fold.apply(&record, &mut self.pending).map_err(|reject| reject.text)?;
        }
        self.spent.fold += begun.elapsed();
        Ok(())
    }

    async fn commit(&mut self, version: i64) -> Result<(), Failure> {
        let facts = std::mem::take(&mut self.pending);
        let txn = Txn { app_id: "bench/facts/cti.events-0".into(), version, seen: self.committed };
        let begun = Instant::now();
        for table in Table::ALL {
            self.lake.commit(table, &facts, std::slice::from_ref(&txn)).await?;
        }
        self.spent.commit += begun.elapsed();
        self.committed = Some(version);
        Ok(())
    }
}

impl Spent {
    fn told(&self, records: u64) -> Told {
        let mut told = Told::default();
        told.count("parts_records", records);
        let known = self.envelope + self.decode + self.timeline;
        let parts = [
            ("read", self.read),
            ("envelope", self.envelope),
            ("decode", self.decode),
            ("timeline", self.timeline),
            ("metrics_and_the_rest_of_fold", self.fold.saturating_sub(known)),
            ("rows_parquet_commit", self.commit),
        ];
        for (name, spent) in parts {
            told.figure(&format!("parts_{name}_us_per_record"), spent.as_secs_f64() * 1e6 / records as f64);
        }
        told
    }
}
