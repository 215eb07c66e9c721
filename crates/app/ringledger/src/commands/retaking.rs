//! Reading dead letters once more: what `dead-letters retry` does.
//!
//! Contract: an event that is taken in has its place and content in its id, as in an
//! import, so a retry killed and repeated appends nothing twice. Every key in it is masked,
//! for what the caller was doing then is not known.

use std::time::Duration;

use bytes::Bytes;
use collectors::feed::{Feed, FeedTarget};
use dialects::{Framed, Masker, NativeRecord};
use event_log::dead_letters::DeadLetter;
use event_log::{EventLog, LogError};
use model::{Dialect, Envelope, Position, TOPIC_DEAD_LETTERS, TOPIC_EVENTS};

use crate::data_dir;
use crate::failure::Failure;
use crate::place::Found;
use crate::run::services::Services;

/// Reason of the mark that says that a letter was taken in.
pub const TAKEN_IN: &str = "taken_in";
/// So many bytes of a record that is too long are kept: it is not whole.
const CUT: usize = 64 << 10;

/// What a second reading found.
pub enum Tried {
    /// The bytes are records now.
    Reads(Vec<Framed>),
    /// It stands in the log; a replay takes it in, and how.
    Replay(String),
    /// As before, and why.
    StillNot(String),
}

/// Reads a letter once more; changes nothing.
///
/// # Errors
/// The log cannot be read.
pub async fn attempt(log: &dyn EventLog, letter: &DeadLetter) -> Result<Tried, Failure> {
    match letter.position {
        Some(position) => in_log(log, letter, position).await,
        None => Ok(framed(letter)),
    }
}

async fn in_log(log: &dyn EventLog, letter: &DeadLetter, position: Position) -> Result<Tried, Failure> {
    let (p, o) = (position.partition, position.offset);
    let read = match log.read(TOPIC_EVENTS, p, o, 1, 4 << 20, Duration::from_secs(5)).await {
        Err(e @ LogError::OutOfRange { .. }) => return Ok(Tried::StillNot(e.to_string())),
        other => other?,
    };
    let Some(record) = read.first().filter(|r| r.offset == o) else {
        return Ok(Tried::StillNot(format!("{position} is not in the log")));
    };
    let envelope = match record.envelope() {
        Ok(envelope) => envelope,
        Err(e) => return Ok(Tried::StillNot(e.to_string())),
    };
    let dialect = envelope.dialect.as_str();
    let Some(mut decoder) = dialects::registry::decoder(&envelope.dialect, &envelope.switch, &envelope.center) else {
        return Ok(Tried::StillNot(format!("this build has no decoder for {dialect}")));
    };
    Ok(match decoder.decode(&envelope, position, &mut Vec::new()) {
        Err(e) => Tried::StillNot(e.to_string()),
        Ok(()) if letter.reason == "too_late" => Tried::Replay(
            "it came after the late horizon; `ringledger replay --late-horizon` with a longer one takes it in"
                .to_owned(),
        ),
        Ok(()) => Tried::Replay("this build reads it; `ringledger replay` takes it in at its place".to_owned()),
    })
}

fn framed(letter: &DeadLetter) -> Tried {
    let name = letter.dialect.as_deref().unwrap_or_default();
    let dialect = Dialect::of(name);
    let Some(mut framer) = dialects::registry::framer(&dialect) else {
        return Tried::StillNot(format!("this build cannot frame the dialect '{name}'"));
    };
    if letter.bytes.len() >= CUT {
        return Tried::StillNot(format!("only its first {CUT} bytes were kept"));
    }
    if letter.text.contains("breaks off") {
        return Tried::StillNot("its end was never received".to_owned());
    }
    let mut out = Vec::new();
    framer.push(&letter.bytes, &mut out);
    // The empty line behind a message is no part of its bytes.
    if dialect == Dialect::AsteriskAmi {
        framer.push(b"\r\n", &mut out);
    }
    framer.finish(&mut out);
    match out.iter().find_map(|f| f.record.as_ref().err()) {
        Some(e) => Tried::StillNot(e.reason.clone()),
        None if out.is_empty() => Tried::StillNot("there is no record in it".to_owned()),
        None => Tried::Reads(moved(out, letter)),
    }
}

/// At the place in their stream that the letter's id tells.
fn moved(mut framed: Vec<Framed>, letter: &DeadLetter) -> Vec<Framed> {
    let base: u64 = letter.id.rsplit('-').next().and_then(|n| n.parse().ok()).unwrap_or(0);
    framed.iter_mut().for_each(|f| f.offset += base);
    framed
}

/// Appends what reads now and marks the letters; folds it into the tables where the log is
/// the embedded one (with Kafka the running processes do).
///
/// # Errors
/// Another process writes to the data directory, or the log or the tables failed.
pub async fn take_in(found: Found, readable: &[(&DeadLetter, &Vec<Framed>)]) -> Result<(), Failure> {
    let services = Services::open(found.config, Some(found.root)).await?;
    for (letter, framed) in readable {
        let dialect = Dialect::of(letter.dialect.as_deref().unwrap_or_default());
        let Some(inner) = dialects::registry::masker(&dialect) else { continue };
        let target = FeedTarget {
            switch: letter.switch.clone().unwrap_or_default(),
            center: letter.center.clone().unwrap_or_else(|| "main".into()),
            dialect,
        };
        let mut feed = Feed::open(services.log.clone(), target, Box::new(OutOfPlace(inner))).await?;
        let now = pipeline::clock::now();
        framed.iter().for_each(|f| feed.push((*f).clone(), now));
        feed.flush().await?;
        let mark = DeadLetter {
            reason: TAKEN_IN.into(),
            text: "read by a retry and appended to the log".to_owned(),
            position: None,
            at: now,
            bytes: Bytes::new(),
            ..(*letter).clone()
        };
        services.log.append(TOPIC_DEAD_LETTERS, vec![mark.to_record()]).await?;
    }
    if services.embedded.is_none() {
        return Ok(());
    }
    let mut stage = data_dir::facts_of(&services).await?;
    stage.run_until_idle(&|_| {}).await?;
    stage.finish().await?;
    Ok(())
}

/// A masker that never believes to know what a caller is doing.
struct OutOfPlace(Box<dyn Masker>);

impl Masker for OutOfPlace {
    fn mask(&mut self, record: &mut NativeRecord) -> u32 {
        self.0.gap();
        self.0.mask(record)
    }

    fn observe(&mut self, envelope: &Envelope) {
        self.0.observe(envelope);
    }

    fn gap(&mut self) {
        self.0.gap();
    }
}
