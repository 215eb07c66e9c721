//! `dead-letters`: what could not be read, and reading it once more.
//!
//! What a retry can do: bytes that never became a record are framed, masked and appended
//! where this build reads them. A record that stands in the log is only tried, for the log
//! is never rewritten: a replay takes it in at its place.

use std::collections::HashSet;
use std::process::ExitCode;

use dialects::Framed;
use event_log::dead_letters::{self, DeadLetter, TAKEN_IN};
use event_log::{EventLog, LogError};
use model::Name;
use serde_json::{Map, Value};

use crate::args::{Format, Place};
use crate::data_dir;
use crate::failure::Failure;
use crate::output::{print, say};
use crate::place::Found;
use crate::plain::{self, object};
use crate::retaking::{self, Tried};
use crate::run::services::Services;
use crate::upkeep_args::DeadLetters;

/// Runs it.
///
/// # Errors
/// The log cannot be read or written, or there is no such letter.
pub async fn run(args: DeadLetters) -> Result<ExitCode, Failure> {
    match args {
        DeadLetters::List { place, all, format } => {
            let letters = Letters::read(&*place.find()?.log().await?).await?;
            let shown = letters.all.iter().filter(|l| all || !letters.taken.contains(&l.id));
            let rows: Vec<_> =
                shown.map(|l| if format == Format::Table { letters.short(l) } else { letters.row(l) }).collect();
            print(&plain::objects_as(&rows, format));
            Ok(ExitCode::SUCCESS)
        }
        DeadLetters::Show { id, place, format } => {
            let letters = Letters::read(&*place.find()?.log().await?).await?;
            let letter = letters.named(&id)?;
            let mut row = letters.row(letter);
            let text = std::str::from_utf8(&letter.bytes).ok();
            row.insert("data".to_owned(), text.into());
            row.insert("data_hex".to_owned(), text.is_none().then(|| hex::encode(&letter.bytes)).into());
            print(&if format == Format::Table { plain::lines(&row) } else { plain::objects_as(&[row], format) });
            Ok(ExitCode::SUCCESS)
        }
        DeadLetters::Retry { id: None, all: false, .. } => {
            Err(Failure::Usage("dead-letters retry: say which, with --id ID or --all".to_owned()))
        }
        DeadLetters::Retry { place, id, all: _, format } => retry(&place, id.as_deref(), format).await,
    }
}

/// The letters, and which of them were taken in since.
struct Letters {
    all: Vec<DeadLetter>,
    taken: HashSet<Name>,
}

impl Letters {
    async fn read(log: &dyn EventLog) -> Result<Self, Failure> {
        let found = match dead_letters::list(log).await {
            // A log that never met anything unreadable.
            Err(LogError::Unknown(_)) => Vec::new(),
            other => other?,
        };
        let (marks, all): (Vec<_>, Vec<_>) = found.into_iter().partition(|l| l.reason == TAKEN_IN);
        Ok(Self { all, taken: marks.into_iter().map(|l| l.id).collect() })
    }

    /// By its id, or by a beginning that only one has.
    fn named(&self, id: &str) -> Result<&DeadLetter, Failure> {
        if let Some(exact) = self.all.iter().find(|l| l.id == id) {
            return Ok(exact);
        }
        let mut found = self.all.iter().filter(|l| l.id.starts_with(id));
        match (found.next(), found.next()) {
            (Some(one), None) => Ok(one),
            (None, _) => Err(Failure::Usage(format!(
                "no dead letter has the id {id}; `ringledger dead-letters list` lists them"
            ))),
            (Some(_), Some(_)) => {
                Err(Failure::Usage(format!("several dead letters begin with {id}; give the whole id")))
            }
        }
    }

    fn row(&self, l: &DeadLetter) -> Map<String, Value> {
        object([
            ("id", l.id.as_str().into()),
            ("reason", l.reason.as_str().into()),
            ("text", l.text.as_str().into()),
            ("center", l.center.as_deref().into()),
            ("switch", l.switch.as_deref().into()),
            ("source", l.source.as_deref().into()),
            ("dialect", l.dialect.as_deref().into()),
            ("position", l.position.map(|p| p.to_string()).into()),
            ("at", l.at.to_rfc3339().into()),
            ("bytes", l.bytes.len().into()),
            ("taken_in", self.taken.contains(&l.id).into()),
        ])
    }

    fn short(&self, l: &DeadLetter) -> Map<String, Value> {
        let taken = if self.taken.contains(&l.id) { " (taken in since)" } else { "" };
        object([
            ("at", l.at.to_rfc3339().into()),
            ("reason", format!("{}{taken}", l.reason).into()),
            ("switch", l.switch.as_deref().into()),
            ("bytes", l.bytes.len().into()),
            ("id", l.id.as_str().into()),
            ("text", l.text.as_str().into()),
        ])
    }
}

async fn retry(place: &Place, id: Option<&str>, format: Format) -> Result<ExitCode, Failure> {
    let found = place.find()?;
    let log = found.log().await?;
    let letters = Letters::read(&*log).await?;
    let wanted: Vec<DeadLetter> = match id {
        Some(id) => vec![letters.named(id)?.clone()],
        None => letters.all.clone(),
    };
    let mut tried = Vec::new();
    for letter in wanted.into_iter().filter(|l| !letters.taken.contains(&l.id)) {
        let result = retaking::attempt(&*log, &letter).await?;
        tried.push((letter, result));
    }
    drop(log);
    let readable: Vec<_> =
        tried.iter().filter_map(|(l, t)| if let Tried::Reads(framed) = t { Some((l, framed)) } else { None }).collect();
    if !readable.is_empty() {
        take_in(found, &readable).await?;
    }
    let rows: Vec<_> = tried.iter().map(|(l, t)| outcome(l, t)).collect();
    print(&plain::objects_as(&rows, format));
    let unreadable = tried.iter().filter(|(_, t)| matches!(t, Tried::StillNot(_))).count();
    let replay = tried.iter().filter(|(_, t)| matches!(t, Tried::Replay(_))).count();
    say(&format!("{} taken in, {replay} wait for a replay, {unreadable} still cannot be read", readable.len()));
    Ok(if unreadable > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Appends what reads now; folds it into the tables where the log is the embedded one (with
/// Kafka the running processes do).
async fn take_in(found: Found, readable: &[(&DeadLetter, &Vec<Framed>)]) -> Result<(), Failure> {
    let services = Services::open(found.config, Some(found.root)).await?;
    for (letter, framed) in readable {
        retaking::append(&*services.log, letter, framed, "the command line").await?;
    }
    data_dir::fold_here(&services).await
}

fn outcome(letter: &DeadLetter, tried: &Tried) -> Map<String, Value> {
    let (result, text) = tried.told();
    object([
        ("id", letter.id.as_str().into()),
        ("reason", letter.reason.as_str().into()),
        ("result", result.into()),
        ("text", text.into()),
    ])
}
