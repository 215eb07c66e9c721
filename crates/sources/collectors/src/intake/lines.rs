//! Importing adapters' events from a file: one structured CloudEvent a line.
//!
//! Order: that of the file. Duplicates: source and id are the identity, of everything that
//! the log has ever had, so that a second import changes nothing and a killed one goes on.
//! An event that cannot be taken goes to the dead letters. `switch` and `center` may be
//! left out: then they are those of the import. Memory: about 50 bytes for each adapter
//! event in the log.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use bytes::Bytes;
use dialects::masking::{blot, luhn};
use event_log::dead_letters::DeadLetter;
use event_log::{EventLog, LogError, NewRecord};
use model::{Dialect, Envelope, Instant, Name, TOPIC_DEAD_LETTERS, TOPIC_EVENTS};
use rustc_hash::FxHashSet;

use super::ids::{Ids, key};
use super::{check, limits, read};
use crate::feed::{FeedCounts, FeedTarget};
use crate::ids::{letter_id, record_id};
use crate::import::ImportError;
use crate::scan;

/// Events appended at once.
const BATCH: usize = 2_000;

/// One import of adapters' events.
struct Lines<'a> {
    log: &'a dyn EventLog,
    target: &'a FeedTarget,
    ids: Ids,
    letters: FxHashSet<Bytes>,
    batch: Vec<NewRecord>,
    dead: Vec<NewRecord>,
    counts: FeedCounts,
}

/// Imports a file (plain, `.gz`, `.zst`, `-`). `target` gives switch and centre of events
/// that name none.
///
/// # Errors
/// The file cannot be read (what was read before is appended), or the log cannot be
/// written.
pub async fn import(
    log: &dyn EventLog,
    target: &FeedTarget,
    path: &Path,
    now: &(dyn Fn() -> Instant + Sync),
) -> Result<FeedCounts, ImportError> {
    let failed = |cause| ImportError::File { path: path.display().to_string(), cause };
    let mut input = BufReader::new(crate::open::open(path).map_err(failed)?);
    let ids = Ids::read_since(log, Instant(0), usize::MAX).await?;
    let letters = letters(log).await?;
    let (batch, dead, counts) = (Vec::new(), Vec::new(), FeedCounts::default());
    let mut lines = Lines { log, target, ids, letters, batch, dead, counts };
    let (mut offset, mut line) = (0, Vec::new());
    loop {
        line.clear();
        let read = next_line(&mut input, &mut line);
        let n = match read {
            Ok(n) => n,
            Err(e) => {
                lines.write().await?;
                return Err(failed(e));
            }
        };
        if n == 0 {
            break;
        }
        if !line.trim_ascii().is_empty() {
            lines.take(offset, line.trim_ascii(), now());
        }
        offset += n;
        if lines.batch.len() + lines.dead.len() >= BATCH {
            lines.write().await?;
        }
    }
    lines.write().await?;
    Ok(lines.counts)
}

/// The next line, at most a little more of it than an event may have; how long it was.
fn next_line(input: &mut impl BufRead, line: &mut Vec<u8>) -> std::io::Result<u64> {
    let most = limits::BODY as u64 + 1;
    let mut length = input.by_ref().take(most).read_until(b'\n', line)? as u64;
    let mut rest = Vec::new();
    while length >= most && line.last() != Some(&b'\n') && rest.last() != Some(&b'\n') {
        rest.clear();
        let n = input.by_ref().take(most).read_until(b'\n', &mut rest)? as u64;
        length += n;
        if n == 0 {
            break;
        }
    }
    Ok(length)
}

/// The ids of all dead letters.
async fn letters(log: &dyn EventLog) -> Result<FxHashSet<Bytes>, LogError> {
    let mut known = FxHashSet::default();
    for partition in 0..log.partitions(TOPIC_DEAD_LETTERS).await? {
        scan::whole(log, TOPIC_DEAD_LETTERS, partition, |record| {
            known.extend(record.headers.iter().find(|(k, _)| k == "ce_id").map(|(_, id)| id.clone()));
        })
        .await?;
    }
    Ok(known)
}

impl Lines<'_> {
    fn take(&mut self, offset: u64, line: &[u8], received: Instant) {
        match self.event(line, received) {
            Ok((event, masked)) => {
                if !self.ids.remember(key(&event), received) {
                    self.counts.known += 1;
                    return;
                }
                self.batch.push(NewRecord::event(&event));
                self.counts.appended += 1;
                self.counts.masked += u64::from(masked);
            }
            Err(why) => self.bury(offset, line, &why, received),
        }
    }

    fn event(&self, line: &[u8], received: Instant) -> Result<(Envelope, u32), String> {
        if line.len() > limits::BODY {
            return Err(format!("the line is longer than {} bytes; expected one event", limits::BODY));
        }
        let event = serde_json::from_slice(line)
            .map_err(|_| "no JSON object; expected one structured CloudEvent".to_owned())?;
        let mut raw = read::structured(event);
        raw.attributes.entry("switch".to_owned()).or_insert_with(|| self.target.switch.to_string());
        check::event(raw, received, &self.target.center).map_err(|faults| faults.in_words())
    }

    fn bury(&mut self, offset: u64, line: &[u8], why: &str, at: Instant) {
        let source: Name = self.target.source();
        let id = letter_id(&source, &Dialect::CtiAdapter, &record_id("", offset, line));
        if !self.letters.insert(Bytes::copy_from_slice(id.as_bytes())) {
            return;
        }
        let text = format!("{}, byte {offset}: {why}", Dialect::CtiAdapter.as_str());
        let letter = DeadLetter {
            id,
            reason: "unframed".into(),
            text: luhn::masked(&text).unwrap_or(text),
            source: Some(source),
            switch: Some(self.target.switch.clone()),
            dialect: Some(Dialect::CtiAdapter.as_str().into()),
            center: Some(self.target.center.clone()),
            position: None,
            at,
            bytes: Bytes::from(blot(line.get(..64 << 10).unwrap_or(line))),
        };
        self.dead.push(letter.to_record());
        self.counts.dead_letters += 1;
    }

    async fn write(&mut self) -> Result<(), LogError> {
        if !self.dead.is_empty() {
            self.log.append(TOPIC_DEAD_LETTERS, std::mem::take(&mut self.dead)).await?;
        }
        if !self.batch.is_empty() {
            self.log.append(TOPIC_EVENTS, std::mem::take(&mut self.batch)).await?;
        }
        Ok(())
    }
}
