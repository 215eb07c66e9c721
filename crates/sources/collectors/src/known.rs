//! What of a source is in the log already: read back once before the source goes on.
//!
//! Memory: 8 bytes an id of that source. A repeated append is kept out here; what slips
//! through (a kill between append and answer) is dropped by the fold's sequence check.

use std::hash::{Hash, Hasher};
use std::time::Duration;

use bytes::Bytes;
use dialects::Masker;
use event_log::{EventLog, LogError, Record};
use model::{Act, Dialect, Envelope, Instant, Name, TOPIC_DEAD_LETTERS, TOPIC_EVENTS};
use rustc_hash::{FxHashSet, FxHasher};

/// Records of the first window that [`Known::read_tail`] looks at.
const TAIL: i64 = 100_000;

/// What is in the log of one source and dialect.
#[derive(Default)]
pub struct Known {
    ids: FxHashSet<u64>,
    /// Highest sequence.
    pub sequence: u64,
    /// Highest epoch.
    pub epoch: u64,
    /// Time of the last record.
    pub last_time: Option<Instant>,
    /// Id of the last record.
    pub last_id: Option<Name>,
    roster: Option<Bytes>,
    settings: Option<Bytes>,
}

impl Known {
    /// Reads back everything of `source` and `dialect` from the partition of `switch`;
    /// `masker` sees each record, so that its state is that of an undisturbed run. Ids of
    /// our own acts on that switch count as known too.
    ///
    /// # Errors
    /// The log cannot be read.
    pub async fn read_back(
        log: &dyn EventLog,
        switch: &Name,
        source: &Name,
        dialect: &Dialect,
        masker: &mut dyn Masker,
    ) -> Result<Self, LogError> {
        let mut known = Self::default();
        let partition = log.partition_of(TOPIC_EVENTS, switch.as_bytes()).await?;
        scan(log, TOPIC_EVENTS, partition, |record| {
            if let Ok(envelope) = record.envelope()
                && envelope.switch == *switch
            {
                known.take(&envelope, source, dialect, masker);
            }
        })
        .await?;
        for partition in 0..log.partitions(TOPIC_DEAD_LETTERS).await? {
            scan(log, TOPIC_DEAD_LETTERS, partition, |record| {
                if let Some((_, id)) = record.headers.iter().find(|(k, _)| k == "ce_id") {
                    known.remember(id);
                }
            })
            .await?;
        }
        Ok(known)
    }

    /// As [`Known::read_back`], but only as far back as the source's last record: enough
    /// to go on with its sequence and its calls' masking. Reads backwards in doubling
    /// windows.
    ///
    /// # Errors
    /// The log cannot be read.
    pub async fn read_tail(
        log: &dyn EventLog,
        switch: &Name,
        source: &Name,
        dialect: &Dialect,
        masker: &mut dyn Masker,
    ) -> Result<Self, LogError> {
        let partition = log.partition_of(TOPIC_EVENTS, switch.as_bytes()).await?;
        let marks = log.watermarks(TOPIC_EVENTS, partition).await?;
        let mut window = TAIL;
        loop {
            let from = (marks.high - window).max(marks.low);
            let mut known = Self::default();
            scan_range(log, TOPIC_EVENTS, partition, from, marks.high, |record| {
                if let Ok(envelope) = record.envelope()
                    && envelope.switch == *switch
                {
                    known.take(&envelope, source, dialect, masker);
                }
            })
            .await?;
            if known.last_time.is_some() || from == marks.low {
                return Ok(known);
            }
            window = window.saturating_mul(2);
        }
    }

    fn take(&mut self, envelope: &Envelope, source: &Name, dialect: &Dialect, masker: &mut dyn Masker) {
        if envelope.dialect == Dialect::Ringledger {
            self.remember(envelope.id.as_bytes());
            self.take_act(&envelope.data);
        } else if envelope.source == *source && envelope.dialect == *dialect {
            self.remember(envelope.id.as_bytes());
            self.sequence = self.sequence.max(envelope.sequence);
            self.epoch = self.epoch.max(envelope.epoch);
            self.last_time = Some(envelope.time);
            self.last_id = Some(envelope.id.clone());
            masker.observe(envelope);
        }
    }

    /// Keeps what shapes rows, to tell whether it changes.
    fn take_act(&mut self, data: &Bytes) {
        match serde_json::from_slice(data) {
            Ok(Act::RosterSet { .. }) => self.roster = Some(data.clone()),
            Ok(Act::SettingsSet { .. }) => self.settings = Some(data.clone()),
            _ => {}
        }
    }

    /// Whether `act` (in force from now on) differs from the one of its kind that is in
    /// force; acts of other kinds always do.
    pub fn changes(&mut self, act: &Act, data: &Bytes) -> bool {
        let slot = match act {
            Act::RosterSet { .. } => &mut self.roster,
            Act::SettingsSet { .. } => &mut self.settings,
            _ => return true,
        };
        slot.replace(data.clone()).as_ref() != Some(data)
    }

    /// Counts an id as known; says whether it is new.
    pub fn remember(&mut self, id: &[u8]) -> bool {
        self.ids.insert(hash(id))
    }

    /// Whether an id is known.
    pub fn contains(&self, id: &[u8]) -> bool {
        self.ids.contains(&hash(id))
    }
}

fn hash(id: &[u8]) -> u64 {
    let mut h = FxHasher::default();
    id.hash(&mut h);
    h.finish()
}

/// Calls `take` with every record of a partition that is there now.
async fn scan(
    log: &dyn EventLog,
    topic: &str,
    partition: i32,
    take: impl FnMut(&Record),
) -> Result<(), LogError> {
    let marks = log.watermarks(topic, partition).await?;
    scan_range(log, topic, partition, marks.low, marks.high, take).await
}

/// Calls `take` with every record from `offset` to before `high`.
async fn scan_range(
    log: &dyn EventLog,
    topic: &str,
    partition: i32,
    mut offset: i64,
    high: i64,
    mut take: impl FnMut(&Record),
) -> Result<(), LogError> {
    while offset < high {
        let records = log.read(topic, partition, offset, 10_000, 16 << 20, Duration::from_secs(5)).await?;
        let Some(last) = records.last() else { break };
        offset = last.offset + 1;
        records.iter().for_each(&mut take);
    }
    Ok(())
}
