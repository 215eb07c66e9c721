//! Reading dead letters once more: what `dead-letters retry` does, and the console.
//!
//! Contract: an event that is taken in has its place and content in its id, as in an
//! import, so that a retry killed and repeated counts once; a source that is being heard
//! goes on undisturbed (`collectors::retake`).

use std::time::Duration;

use bytes::Bytes;
use collectors::feed::FeedTarget;
use collectors::retake::retake;
use dialects::Framed;
use event_log::dead_letters::{DeadLetter, TAKEN_IN};
use event_log::{EventLog, LogError};
use model::{Dialect, Position, TOPIC_DEAD_LETTERS, TOPIC_EVENTS};

use crate::failure::Failure;

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

/// Appends what a letter reads as now and marks it as taken in by `who`; says how many events.
///
/// # Errors
/// The log failed.
pub async fn append(log: &dyn EventLog, letter: &DeadLetter, framed: &[Framed], who: &str) -> Result<u64, Failure> {
    let dialect = Dialect::of(letter.dialect.as_deref().unwrap_or_default());
    let Some(mut masker) = dialects::registry::masker(&dialect) else { return Ok(0) };
    let target = FeedTarget {
        switch: letter.switch.clone().unwrap_or_default(),
        center: letter.center.clone().unwrap_or_else(|| "main".into()),
        dialect,
    };
    let now = pipeline::clock::now();
    let appended = retake(log, &target, &mut *masker, framed, letter.at, now).await?;
    let mark = DeadLetter {
        reason: TAKEN_IN.into(),
        text: format!("read by a retry of {who} and appended to the log"),
        position: None,
        at: now,
        bytes: Bytes::new(),
        ..letter.clone()
    };
    log.append(TOPIC_DEAD_LETTERS, vec![mark.to_record()]).await?;
    tracing::info!(who, id = %letter.id, reason = %letter.reason, appended, "a dead letter was taken in");
    Ok(appended)
}

impl Tried {
    /// A word for it, and what it means.
    pub fn told(&self) -> (&'static str, String) {
        match self {
            Self::Reads(framed) => ("taken_in", format!("{} events appended to the log and folded", framed.len())),
            Self::Replay(text) => ("replay", text.clone()),
            Self::StillNot(text) => ("unreadable", text.clone()),
        }
    }
}
