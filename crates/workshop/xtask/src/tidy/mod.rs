//! The house rules, as checks. Each gives findings; an error fails, a warning is told.

mod lengths;
mod links;
mod monitoring;
mod rooms;
mod words;

use crate::{deploy, workspace};

/// One broken rule.
#[derive(Debug, PartialEq, Eq)]
pub struct Finding {
    /// Where: `file` or `file:line`.
    pub place: String,
    /// What, and what to do.
    pub what: String,
    /// Whether it fails the check.
    pub fails: bool,
}

impl Finding {
    /// A broken rule that fails the check.
    pub fn error(place: impl Into<String>, what: impl Into<String>) -> Self {
        Self { place: place.into(), what: what.into(), fails: true }
    }

    /// One that is only told.
    pub fn warning(place: impl Into<String>, what: impl Into<String>) -> Self {
        Self { place: place.into(), what: what.into(), fails: false }
    }
}

/// Checks the whole repository.
///
/// # Errors
/// How many rules are broken; each is printed.
pub fn check() -> Result<(), String> {
    let files = workspace::files()?;
    let mut found = rooms::check(&rooms::metadata()?);
    for file in &files {
        let Some(text) = workspace::text(file) else { continue };
        found.extend(lengths::check(file, &text));
        found.extend(words::check(file, &text));
        found.extend(links::check(file, &text, &files));
    }
    found.extend(deploy::check(&files));
    found.extend(monitoring::check(&files));
    for finding in &found {
        let kind = if finding.fails { "error" } else { "warning" };
        eprintln!("{kind}: {}: {}", finding.place, finding.what);
    }
    match found.iter().filter(|f| f.fails).count() {
        0 => {
            eprintln!("tidy: {} files in order, {} warnings", files.len(), found.len());
            Ok(())
        }
        n => Err(format!("{n} house rules are broken")),
    }
}
